/* SPDX-License-Identifier: MIT */
/*
 * Starting points for the fuzzers: small compressed streams of every kind.
 */
#ifndef T_SEEDS_H
#define T_SEEDS_H

#include <stddef.h>
#include <stdint.h>

typedef void (*t_seed_fn)(void *arg, const uint8_t *data, size_t len);

/* Make each seed and hand it to @fn; the memory is valid during the call. */
void t_seeds(t_seed_fn fn, void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Numbers drawn from a seed: many sequences side by side, where t_rnd() has one.
 */
#ifndef T_CHANCE_H
#define T_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct t_chance {
	uint64_t state;
};

void t_chance_begin(struct t_chance *chance, uint64_t seed);
uint32_t t_draw(struct t_chance *chance);
uint32_t t_below(struct t_chance *chance, uint32_t n);
bool t_once_in(struct t_chance *chance, uint32_t n);
/* 1 to max, each length of the number as often. */
size_t t_draw_len(struct t_chance *chance, size_t max);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Cuts that the content chooses, so that a change in the input changes the
 * output only near it (rsyncable).
 */
#ifndef WD_CUT_H
#define WD_CUT_H

#include <stddef.h>
#include <stdint.h>

#define CUT_MIN (32u << 10) /* bytes: no cut before, and fed in such steps */

/*
 * cut_find() - the next cut
 * @roll: the hash so far
 * @from: bytes of @data that were looked at before
 *
 * Returns bytes up to a place that the last 64 bytes choose; 0 if there is
 * none.
 */
size_t cut_find(uint64_t *roll, const uint8_t *data, size_t len, size_t from);

/* Note bytes in which there is no cut. */
void cut_pass(uint64_t *roll, const uint8_t *data, size_t len);

#endif

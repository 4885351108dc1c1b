/* SPDX-License-Identifier: MIT */
/*
 * Whether output is right: zlib decides, which is none of the engines' own code
 * (but its own).
 */
#ifndef WDBENCH_VERIFY_H
#define WDBENCH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <warpdrive/wd_comp.h>

/*
 * verify_packed() - whether compressed data is that of the plain one
 * @packed: any number of members, or streams
 *
 * Returns 0, -EBADMSG if it is not, -ENOMEM.
 */
int verify_packed(enum wd_comp_format format, const uint8_t *packed, size_t packed_len,
		  const uint8_t *plain, size_t plain_len);

/* CRC-32 as gzip has it. */
uint32_t verify_sum(const void *data, size_t len);

/* So that output of an earlier round cannot pass for that of this one. */
void verify_spoil(uint8_t *out, size_t len);

#endif

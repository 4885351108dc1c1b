/* SPDX-License-Identifier: MIT */
/*
 * The inputs of fuzz_sim_requests: five bytes, changes, and data.
 */
#ifndef SIM_CASE_H
#define SIM_CASE_H

#define SIM_CASE_LEN		5

/* First byte; bits 1 and 2: raw, zlib, gzip */
#define SIM_CASE_DECOMPRESS	0x01
#define SIM_CASE_SGL		0x08
#define SIM_CASE_STATEFUL	0x10
#define SIM_CASE_SMALL		0x20	/* little space for output */
#define SIM_CASE_V2		0x40

/*
 * Then: window and number of requests of a stream, space for output, pieces of the
 * lists, number of changes.  A change: request and what, offset in two bytes, bits.
 */
#define SIM_CHANGE_LEN		4
#define SIM_CHANGE_SQE		0
#define SIM_CHANGE_CONTEXT	1
#define SIM_CHANGE_SRC_LIST	2
#define SIM_CHANGE_DST_LIST	3

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the engine does with bytes: DEFLATE in both directions, LZ4 in one, checksums,
 * trailers.
 * All of it in host memory; nothing here knows requests, lists or the guest.
 *
 * Formats are HZIP_ALG_DEFLATE, _ZLIB and _GZIP, without their headers.
 */
#ifndef SIM_CODEC_H
#define SIM_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_WINDOW_MAX	32768u
#define SIM_TRAILER_MAX	8u

/* ---- checksums and trailers ---- */

uint32_t sim_checksum_start(unsigned int alg);
uint32_t sim_checksum_add(unsigned int alg, uint32_t sum, const uint8_t *data,
			  size_t len);
/* To and from the form it has in an SQE. */
uint32_t sim_checksum_pack(unsigned int alg, uint32_t sum);
uint32_t sim_checksum_unpack(unsigned int alg, uint32_t packed);

size_t sim_trailer_len(unsigned int alg);
void sim_trailer_put(unsigned int alg, uint32_t sum, uint32_t isize, uint8_t *trailer);

/* ---- compression ---- */

struct sim_deflate {
	const uint8_t *history;		/* what matches may reach back to */
	size_t history_len;
	const uint8_t *in;
	size_t in_len;
	int window_bits;
	int level;
	bool finish;			/* else sync flush */
	/* by sim_deflate(): from malloc(), with room for a trailer after it */
	uint8_t *out;
	size_t out_len;
};

/* 0 or -ENOMEM. */
int sim_deflate(struct sim_deflate *d);

/* An LZ4 block, from malloc().  0, -ENOSPC if it is longer than space, -ENOMEM. */
int sim_lz4(const uint8_t *in, size_t in_len, size_t space, uint8_t **out,
	    size_t *out_len);

/* ---- decompression ---- */

/*
 * A decoder that stops between any two bits of input and bytes of output.  This is
 * all it remembers, besides the window.
 */
struct sim_inflate {
	uint64_t bits;		/* taken but not decoded, lowest first */
	uint32_t stored_left;
	uint16_t match_len;	/* of a match, what did not fit */
	uint16_t match_dist;
	uint16_t have;		/* lengths of a dynamic block that were read */
	uint16_t lits;		/* how many lengths it has */
	uint8_t dists;
	uint8_t code_lens;
	uint8_t nbits;
	uint8_t mode;
	uint8_t last;		/* the block is the last */
	uint8_t trailer_len;
	uint8_t trailer[SIM_TRAILER_MAX];
	uint8_t code_len[20];
	uint8_t len[320];	/* of literals and lengths, then of distances */
};

struct sim_io {
	const uint8_t *in;
	size_t in_len, in_pos;
	uint8_t *out;		/* history bytes are before it */
	size_t out_len, out_pos;
	size_t history;
	unsigned int hold_bits;	/* do not start a block that has less input */
};

enum sim_stop {
	SIM_STOP_NONE,
	SIM_STOP_INPUT,		/* all input taken */
	SIM_STOP_SPACE,		/* all space used, and there is more to write */
	SIM_STOP_HELD,		/* all input taken, too little for a block */
	SIM_STOP_END,		/* the last block is complete */
	SIM_STOP_BAD,
};

/* Whether a state that was kept elsewhere is one the decoder can continue with. */
bool sim_inflate_valid(const struct sim_inflate *z, size_t history);
/* Of a block that was begun, and of its data. */
bool sim_inflate_in_block(const struct sim_inflate *z);
bool sim_inflate_in_data(const struct sim_inflate *z);
bool sim_inflate_ended(const struct sim_inflate *z);

enum sim_stop sim_inflate(struct sim_inflate *z, struct sim_io *io);
/* After SIM_STOP_END: collect a trailer of len bytes; false if some are missing. */
bool sim_inflate_trailer(struct sim_inflate *z, struct sim_io *io, size_t len);
/* Give back the whole bytes that were taken from this input and not decoded. */
void sim_inflate_give_back(struct sim_inflate *z, struct sim_io *io);

#endif

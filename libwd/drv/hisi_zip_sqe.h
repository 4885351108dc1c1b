/* SPDX-License-Identifier: MIT */
/*
 * Requests and results of the ZIP engine, <hw/hisi_zip_sqe.h>, for its driver.
 *
 * The engine reads and writes DEFLATE data, and the trailer of gzip and zlib data; what
 * comes before is written and read here.  Each request is a whole stream, and all it
 * makes ends in a final block, which is opened where more is to follow.
 *
 * Raw data is made as gzip or zlib data, whose trailer has the checksum that is wanted
 * and is dropped: so do also those devices that know no raw data.
 *
 * Nothing that comes from the device is believed before it is compared with what was
 * sent, of which there is a copy that the device does not reach.
 */
#ifndef WD_HISI_ZIP_SQE_H
#define WD_HISI_ZIP_SQE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hw/hisi_zip_sqe.h>

#include "../internal.h"
#include "inflight.h"

/*
 * struct hisi_zip_caps - what a device can do
 * @type: of its requests, HZIP_SQE_TYPE0 or 3
 * @algs: bit n: HZIP_ALG_ n
 */
struct hisi_zip_caps {
	uint32_t type;
	uint32_t algs;
};

/*
 * A place for a request in flight.
 *
 * @in, @in_len, @out, @out_cap: as the device was told, but for a chunk's own end, which
 *            is in @in_len and not at @in
 * @room:     bytes for output that there are
 * @head_len: bytes before @in or @out that the device does not see: a header
 * @alg:      HZIP_ALG_*
 * @format:   the request's own
 * @compress: not the other way round
 * @open:     the stream goes on
 * @lists:    for input in two pieces; the queue's to free
 */
struct hisi_zip_slot {
	struct inflight_slot flight;
	const uint8_t *in;
	uint8_t *out;
	uint32_t in_len, out_cap;
	size_t room;
	uint32_t head_len;
	uint8_t alg, format;
	bool compress, open;
	uint8_t *lists;
};

/* A result as it was read, once, from where the device writes. */
struct hisi_zip_result {
	uint64_t tag;
	uint32_t status, consumed, produced, checksum;
};

/* Which kind of queue @work is for, HZIP_QUEUE_*, or -EOPNOTSUPP: none. */
int hisi_zip_queue_of(const struct wd_work *work);

/*
 * Write the request for @work, with the slot's tag, to @sqe.  0, -EOPNOTSUPP for what
 * the device cannot do, or what it is better not asked for, such as data whose header
 * makes no sense; -ENOMEM.
 */
int hisi_zip_encode(struct hisi_zip_slot *slot, const struct wd_work *work,
		    const struct hisi_zip_caps *caps, struct hisi_zip_sqe *sqe);

/* The tag comes back where a request of that type has it. */
void hisi_zip_read(struct hisi_zip_result *res, const struct hisi_zip_sqe *sqe,
		   uint32_t type);

/*
 * Give the request of @work, the slot's own, what is possible for it.  False, and
 * nothing given, for a result that cannot be.
 */
bool hisi_zip_decode(const struct hisi_zip_slot *slot, struct wd_work *work,
		     const struct hisi_zip_result *res);

#endif

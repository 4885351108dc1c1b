/* SPDX-License-Identifier: MIT */
/*
 * What devices do in a second: a sample of them compared with the one before.
 */
#ifndef CLI_TOP_RATE_H
#define CLI_TOP_RATE_H

#include "top_sample.h"

/*
 * struct top_row - a device; numbers are NOT_KNOWN if so
 * @facts:    of the later sample
 * @state:    in a word
 * @bad:      it does not do its work
 * @requests: that were done in a second, by whomever they were sent
 * @consumed, @produced: bytes in a second
 * @busy:     share of the time, 0 to 1, of the cores of a direction
 * @kernel_requests: those of the kernel alone
 * @kernel_pending:  of these, how many the device has now
 * @used, @free: queues of processes
 * @errors, @resets, @fallbacks: since the driver took the device
 */
struct top_row {
	const struct device_facts *facts;
	const char *state;
	bool bad;
	double requests;
	double consumed, produced;
	double busy[DIRECTIONS];
	double kernel_requests;
	int64_t kernel_pending;
	int64_t used, free;
	int64_t errors, resets, fallbacks;
};

/* Device @i of @now; @before may be NULL, or without that device. */
void fill_row(struct top_row *row, const struct top_sample *before,
	      const struct top_sample *now, unsigned int i);

/* The value of a counter, NOT_KNOWN if @dev has none of that name. */
int64_t counter_value(const struct device_facts *dev, const char *name);

/* The queues that processes have, as far as that is known. */
int64_t used_queues(const struct device_facts *dev);

/* Requests that the kernel has sent; those that were answered, or ended by a reset. */
#define COUNTER_SENT	 "send_cnt"
#define COUNTER_ANSWERED "recv_cnt"
#define COUNTER_ABORTED	 "aborted"
/* Requests of the kernel that the CPU did. */
#define COUNTER_REDONE "fallback_cnt"
/* Requests that a device did, where it counts those of everybody. */
#define COUNTER_DONE "requests"

/*
 * By how much a counter has grown, NOT_KNOWN if that of @before is not known, or was
 * larger: then somebody has begun anew to count.
 */
int64_t grown(int64_t before, int64_t now);

#endif

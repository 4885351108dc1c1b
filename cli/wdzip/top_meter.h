/* SPDX-License-Identifier: MIT */
/*
 * What the cores of an engine did in an interval, from counters that soon run over.
 */
#ifndef CLI_TOP_METER_H
#define CLI_TOP_METER_H

#include "device_core.h"

/*
 * Seconds after which bytes and cycles cannot be told any more.  A core that does 7 GB/s,
 * which is what a whole engine makes, needs 0.61 for 2^32 bytes.
 */
#define METER_GAP_MAX 0.6

enum direction {
	COMPRESSION,
	DECOMPRESSION,
	DIRECTIONS,
};

/*
 * struct core_meter - one device, from @begun on
 * @begun, @at: seconds; when it was begun, and read last
 * @known:     whether @requests counts all
 * @exact:     whether the others do
 * @work, @cycles: of all cores of a direction
 * @last:      what was read last
 */
struct core_meter {
	double begun, at;
	bool known, exact;
	uint64_t requests;
	uint64_t consumed, produced;
	uint64_t work[DIRECTIONS], cycles[DIRECTIONS];
	struct engine_cores last;
};

/* Begin at @now, when @cores was read; without cores nothing will be known. */
void meter_begin(struct core_meter *m, const struct engine_cores *cores,
		 double now);

/*
 * Add what was done since the reading before.  Cores that are missing, or began anew as
 * their engine was reset, leave nothing known; too long a gap nothing exact.
 */
void meter_add(struct core_meter *m, const struct engine_cores *cores,
	       double now);

/* Seconds that were metered. */
double meter_seconds(const struct core_meter *m);

#endif

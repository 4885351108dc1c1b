/* SPDX-License-Identifier: MIT */
/*
 * What a queue of a device without SVA is asked, whatever device it is: its driver copies
 * data to memory that the device reaches, and back.
 */
#ifndef T_NO_SVA_H
#define T_NO_SVA_H

#include <stdbool.h>

#include "t_attempt.h"

/*
 * The device under test.
 * @name:     of its driver
 * @region:   bytes of its region that can be had, 0 for all
 * @slice:    of a slice of it, 0 for its own
 * @raw:      it decompresses raw data
 * @vanish:   the device goes, and all its memory is ones
 */
struct t_no_sva {
	const char *name;
	size_t *region, *slice;
	bool raw;
	void (*vanish)(void);
};

void t_no_sva_each_kind(const struct t_no_sva *dev);
void t_no_sva_a_full_region_is_busy(const struct t_no_sva *dev);
void t_no_sva_what_is_dropped_takes_no_room(const struct t_no_sva *dev);
void t_no_sva_too_large_is_for_others(const struct t_no_sva *dev);
void t_no_sva_lent_memory(const struct t_no_sva *dev);
void t_no_sva_sessions(const struct t_no_sva *dev);
void t_no_sva_a_device_that_goes(const struct t_no_sva *dev);

/* Define t_NAME(), a test for cmocka: NAME, of device @dev. */
#define T_NO_SVA(name, dev)                                                    \
	static void t_##name(void **state)                                     \
	{                                                                      \
		(void)state;                                                   \
		t_no_sva_##name(dev);                                          \
	}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the tests of strictness share: a started device with a queue for each direction,
 * requests that succeed, and what is expected of violations.
 *
 * Each test ends without a violation that it has not asked for.
 */
#ifndef T_STRICT_H
#define T_STRICT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver.h"

#define T_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define T_DEPTH		32u
#define T_IN_LEN	3000u
#define T_OUT_LEN	4096u

/* Vectors as the capability words have them. */
#define T_IRQ_EQ	0
#define T_IRQ_AEQ	1
#define T_IRQ_ABNORMAL	3

struct t_rig {
	struct t_dev dev;
	struct t_queue comp, decomp;	/* queues 0 and 1 */
	struct t_mem in;		/* T_IN_LEN, text; read-only to the device */
	struct t_mem out;		/* T_OUT_LEN */
	uint32_t packed_len;		/* of what t_rig_works() left in out */
};

/* Configurations: requests run in the doorbell write, nothing is logged. */
void t_config(struct sim_config *config, uint8_t revision);

/* A device that nobody has touched; one that is started, with both queues. */
void t_rig_create(struct t_rig *rig, const struct sim_config *config);
void t_rig_start(struct t_rig *rig);
void t_rig_destroy(struct t_rig *rig);
/* Both queues again, after a reset and t_start(). */
void t_rig_queues(struct t_rig *rig);

/* Fixtures for cmocka: *state is a struct t_rig; the teardown wants no violations. */
int t_setup(void **state);		/* V3, started */
int t_setup_v2(void **state);
int t_setup_untouched(void **state);
int t_teardown(void **state);

#define T_STARTED(test)		T_WITH(test, t_setup)
#define T_STARTED_V2(test)	T_WITH(test, t_setup_v2)
#define T_UNTOUCHED(test)	T_WITH(test, t_setup_untouched)
#define T_WITH(test, setup)	cmocka_unit_test_setup_teardown(test, setup, t_teardown)

/* A command of the mailbox is refused with an error. */
#define T_MB_FAILS(call) assert_in_range(call, 1, 15)

/* A request from in to out, of raw DEFLATE (V2: zlib), that is as it should be. */
void t_rig_sqe(const struct t_rig *rig, struct hisi_zip_sqe *sqe);
/* It runs on the compressing queue, and works. */
void t_rig_works(struct t_rig *rig);
/* Run it and return its status. */
uint32_t t_rig_status(struct t_queue *q, struct hisi_zip_sqe *sqe);
/* All that was fetched is answered: take it, with doorbells; how many. */
unsigned int t_take_all(struct t_queue *q, bool c_flag);

/*
 * There were violations of that class, and of no other; the last one's description has
 * that word.  They are forgotten.
 */
void t_expect(struct t_rig *rig, enum sim_violation class, const char *word);
void t_expect_none(struct t_rig *rig);

struct sim_stats t_stats(struct t_rig *rig);

#endif

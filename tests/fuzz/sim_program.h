/* SPDX-License-Identifier: MIT */
/*
 * The small programs that fuzz_sim_registers runs: an operation's byte, then what it
 * takes.  Their bytes are taken modulo what there is, so that any bytes are a program;
 * what is missing at the end is 0.
 */
#ifndef SIM_PROGRAM_H
#define SIM_PROGRAM_H

enum sim_op {
	SIM_OP_READ,		/* place, width */
	SIM_OP_WRITE,		/* place, 4 bytes */
	SIM_OP_ACCESS,		/* flags, 3 bytes of offset, width, 16 bytes */
	SIM_OP_DOORBELL,	/* queue, command, 2 bytes of index, priority, random */
	SIM_OP_MAILBOX,		/* command, queue, slot, flags */
	SIM_OP_MEMORY,		/* 2 bytes of offset, length, bytes */
	SIM_OP_EVENT,		/* which */
	SIM_OP_START,		/* the whole function */
	SIM_OP_QUEUE,		/* queue, type, depth */
	SIM_OP_REQUEST,		/* queue, algorithm, length, flags */
	SIM_OP_TAKE,		/* queue, flags: doorbells as for all completions */
	SIM_OPS
};

/* SIM_OP_ACCESS */
#define SIM_ACCESS_WRITE	1
#define SIM_ACCESS_BAR4		2
#define SIM_ACCESS_OTHER_BAR	4

/* SIM_OP_MAILBOX: one write, two, four, or without the last one */
#define SIM_MAILBOX_SHAPES	4
#define SIM_MAILBOX_READ	0x80

/* SIM_OP_EVENT */
enum sim_event {
	SIM_EVENT_RESET,
	SIM_EVENT_MASTER_OFF,
	SIM_EVENT_MASTER_ON,
	SIM_EVENT_STEP,
	SIM_EVENT_FAULT,	/* from here on the texts of faults */
};

/* SIM_OP_REQUEST */
#define SIM_REQUEST_SGL		1
#define SIM_REQUEST_STATEFUL	2
#define SIM_REQUEST_NO_DOORBELL	4
#define SIM_REQUEST_SMALL	8	/* space for output */

#endif

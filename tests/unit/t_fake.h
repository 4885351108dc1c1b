/* SPDX-License-Identifier: MIT */
/*
 * Fake devices: a driver with as many of them as a test wants, each a thread that
 * does requests one after the other, as fast and as badly as it is told to.
 */
#ifndef T_FAKE_H
#define T_FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define T_FAKES_MAX	4u

/*
 * struct t_fake - one device; settings first, then what happened
 * @node:      the memory node it is on; -1 at first, for none
 * @status, @reason: why it cannot be used, as it is listed
 * @no_queue:  why it gives no queue, though it is listed as good until then
 * @ns_per_byte: of input; the thread sleeps as long, 0: as fast as it can
 * @ill:       of 1000 requests so many are failed, lied about, refused, or lost
 * @lies_in:   it only lies, and about these first bytes of its output; 0: as it likes
 * @deadly:    of 1000 requests so many are its last
 * @refusal:   what it answers to all that is sent, 0: it takes it
 * @full:      so many times it says that it has no room
 * @kills:     the signal that a process gets which opens a queue of it, 0: none
 * @held:      it begins nothing before t_fake_release()
 * @keeps:     so many requests it never gives back, and their output, and with the first
 *             of a queue's all that the queue has, if that is not abandoned
 * @plain:     it stores data instead of compressing it, which costs no CPU
 * @remembers: it compresses data the first time, and knows the result from then on
 * @refused:   it gave no queue, and is listed so
 * @requests:  done
 * @faults:    of them, those that went wrong on purpose
 * @peak:      the most that was in flight at a time
 * @idle_ns:   without work, from its first request to its last
 */
struct t_fake {
	int node, status, no_queue;
	const char *reason;
	double ns_per_byte;
	unsigned int ill, deadly;
	unsigned int lies_in;
	unsigned int full;
	int refusal, kills;
	bool refused;
	atomic_bool held;
	atomic_uint keeps;
	bool plain, remembers;
	uint64_t requests, faults;
	unsigned int peak;
	int64_t idle_ns, busy_ns;
};

extern struct t_fake t_fake[T_FAKES_MAX];

/* "fake-0" and so on are there from now on; settings are zero. */
void t_fake_install(unsigned int count, uint64_t seed);
void t_fake_remove(void);

/*
 * What devices keep they write to, as they may for as long as the process lives; also when
 * a queue is closed whose requests were abandoned.
 */
void t_fake_use_kept(void);

/* Device @i does what it has been given. */
void t_fake_release(unsigned int i);

#endif

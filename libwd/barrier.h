/* SPDX-License-Identifier: MIT */
/*
 * Barriers between what a process and a device write, named after their purpose.
 * C's own fences are for threads, which ThreadSanitizer takes literally.
 */
#ifndef WD_BARRIER_H
#define WD_BARRIER_H

/* Entries are written before the device is told of them, by a write to a register. */
static inline void wd_barrier_before_doorbell(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/* Entries are read before the device is told that it may write there again. */
static inline void wd_barrier_before_release(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb osh" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/* It is seen that there is an entry before it, and what it tells of, is read. */
static inline void wd_barrier_after_cqe(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshld" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/* A doorbell is rung before it is looked whether the device sleeps. */
static inline void wd_barrier_after_doorbell(void)
{
#if defined(__x86_64__)
	__asm__ volatile("mfence" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb sy" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/* An entry is read before it is looked whether the device is still there. */
static inline void wd_barrier_after_entry(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb ishld" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/* Nothing to do but look again. */
static inline void wd_cpu_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

#endif

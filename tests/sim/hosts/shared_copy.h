/* SPDX-License-Identifier: MIT */
/*
 * Copies from and to memory that a driver may be polling or writing at this moment.
 *
 * Contexts, SQEs and entries of rings go word by word, or by what they have of one, the
 * last after the others: it has the phase, which makes an entry valid.
 */
#ifndef SIM_SHARED_COPY_H
#define SIM_SHARED_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Nothing that is polled is longer. */
#define SHARED_COPY_ENTRY_MAX	128u

static inline void shared_copy_out(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len > SHARED_COPY_ENTRY_MAX) {
		memcpy(to, from, len);
		return;
	}
	while (len) {
		if (len >= 4 && !((uintptr_t)to % 4)) {
			uint32_t word;

			memcpy(&word, from, sizeof(word));
			__atomic_store_n((uint32_t *)to, word, __ATOMIC_RELEASE);
			to += 4;
			from += 4;
			len -= 4;
		} else {
			__atomic_store_n(to++, *from++, __ATOMIC_RELEASE);
			len--;
		}
	}
}

static inline void shared_copy_in(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len > SHARED_COPY_ENTRY_MAX) {
		memcpy(to, from, len);
		return;
	}
	while (len) {
		if (len >= 4 && !((uintptr_t)from % 4)) {
			uint32_t word = __atomic_load_n((const uint32_t *)from,
							__ATOMIC_ACQUIRE);

			memcpy(to, &word, sizeof(word));
			to += 4;
			from += 4;
			len -= 4;
		} else {
			*to++ = __atomic_load_n(from++, __ATOMIC_ACQUIRE);
			len--;
		}
	}
}

#endif

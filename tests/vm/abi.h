/* SPDX-License-Identifier: MIT */
/*
 * What the parts of abi share.
 */
#ifndef ABI_H
#define ABI_H

#include <sys/mman.h>

#include "rawq.h"

#define RW (PROT_READ | PROT_WRITE)

/* End the program, with a message, if @got is not @want. */
void check(long long got, long long want, const char *what, const char *file,
	   int line);

#define EXPECT(expr, want)                                                     \
	check((long long)(expr), (long long)(want), #expr, __FILE__, __LINE__)
#define EXPECT_TRUE(expr) check(!!(expr), 1, #expr, __FILE__, __LINE__)

/* A test, called by its name. */
struct abi_test {
	const char *name;
	void (*fn)(void);
};

/* clang-format off */
#define TEST(name)	{ #name, name }
/* clang-format on */

extern const struct abi_test dummy_tests[];
extern const size_t n_dummy_tests;
extern const struct abi_test stop_tests[];
extern const size_t n_stop_tests;
extern const struct abi_test no_sva_tests[];
extern const size_t n_no_sva_tests;

/* Bytes of a page. */
size_t page(void);

/* A queue that is open, and no more. */
struct rawq opened(void);

/* Errno of an ioctl with NULL for an argument, 0 if it worked. */
int call(const struct rawq *q, unsigned long cmd);

/* What poll tells now. */
int events(const struct rawq *q);

/* In a child: it must not fail an expectation. */
void in_child(void (*fn)(struct rawq *), struct rawq *q);

/* That another process than the owner does not wait for a queue. */
void poll_not_mine(struct rawq *q);

/* 0, or the signal that reading @p gives, or writing to it. */
int touch(const volatile void *p, bool writing);

/* Take the device away. */
void unbind(void);

/* A queue that is open, mapped and started. */
struct rawq started(void);

/* That the queue works: a copy of some bytes. */
void works(struct rawq *q);

/* Text that can be compressed, always the same. */
void fill(char *p, size_t n);

/* Write to a file of sysfs or debugfs. */
void put(const char *path, const char *text);

/* Ask the device for @count faults of a kind. */
void inject(const char *fault, const char *count);

#endif

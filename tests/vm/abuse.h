/* SPDX-License-Identifier: MIT */
/*
 * What the parts of abuse share.
 */
#ifndef ABUSE_H
#define ABUSE_H

#include <stddef.h>
#include <sys/mman.h>

#include "rawq.h"

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define FOREVER 100 /* seconds; on no machine does anything here take so long */

/* End the program, with a message. */
void __attribute__((noreturn)) fail(const char *what, long got);

/* Memory of the process's own. */
void *memory(size_t size);

/* Seconds. */
double now(void);

/* A queue that is open, mapped and started. */
struct rawq begin(void);

/* Write to a file of sysfs. */
void put(const char *path, const char *text);

/* ---- deaf.c, each with a number of the test's ---- */

void stuck(long how);
void deaf(long unused);
void deaf_call(long unused);
void hoard(long files);
void hold(long files);
void leave_unhandled(long files);

#endif

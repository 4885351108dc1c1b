/* SPDX-License-Identifier: MIT */
/*
 * Data to try things on: like text, always the same.
 */
#ifndef CLI_DOCTOR_SAMPLE_H
#define CLI_DOCTOR_SAMPLE_H

#include <stddef.h>

/* Fill @buf with @len bytes that compress to about a third. */
void make_sample(char *buf, size_t len);

#endif

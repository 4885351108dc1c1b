/* SPDX-License-Identifier: MIT */
/*
 * What --top=json prints: a line for each device.
 */
#ifndef CLI_TOP_JSON_H
#define CLI_TOP_JSON_H

#include "top_sample.h"

void top_print_json(const struct top_sample *before,
		    const struct top_sample *now);

#endif

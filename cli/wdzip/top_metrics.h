/* SPDX-License-Identifier: MIT */
/*
 * What --top=openmetrics prints, for programs that collect numbers of machines.
 */
#ifndef CLI_TOP_METRICS_H
#define CLI_TOP_METRICS_H

#include "top_sample.h"

void top_print_metrics(const struct top_sample *now);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A picture of what came out.
 */
#ifndef WDBENCH_REPORT_PLOT_H
#define WDBENCH_REPORT_PLOT_H

#include "report.h"

/*
 * plot_write() - an SVG picture
 *
 * What it shows follows from what was varied: speed against depth, block size,
 * threads or queues; latency against rate; latency by percentile for requests; else speed against
 * ratio, a line for each engine through its levels.
 *
 * Returns false, having written nothing, if there is nothing to draw.
 */
bool plot_write(FILE *out, const struct report *report);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What was forecast, apart from what came out.
 */
#ifndef WDBENCH_REPORT_FORECAST_H
#define WDBENCH_REPORT_FORECAST_H

#include "json.h"
#include "report.h"

/* Nothing if nobody asked. */
void report_forecast(FILE *out, const struct report *report);

/* The member "forecast", null if nobody asked. */
void report_forecast_json(struct json *j, const struct report *report);

#endif

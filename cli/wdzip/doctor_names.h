/* SPDX-License-Identifier: MIT */
/*
 * What the values of facts and findings are called, for people and programs alike.
 */
#ifndef CLI_DOCTOR_NAMES_H
#define CLI_DOCTOR_NAMES_H

#include "doctor_judge.h"

const char *device_state_name(enum device_state state);

/* Of the machine, by the worst finding: "ok", "degraded", "failed". */
const char *machine_state_name(int worst);

const char *severity_name(enum severity severity);

/* "no-file", "open" and so on; see enum doctor_test_result. */
const char *test_name(enum doctor_test_result result);

const char *node_name(enum device_node_kind kind);

/* "V2" and so on; NULL if neither the kind of its queues nor its revision tell. */
const char *generation(const struct device_facts *dev);

/* "SVA", "no IOMMU", "shared IOMMU", "no SVA"; NULL if not known. */
const char *address_mode(const struct device_facts *dev);

#endif

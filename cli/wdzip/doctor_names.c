/* SPDX-License-Identifier: MIT */
/*
 * What the values of facts and findings are called, for people and programs alike.
 */
#include <stddef.h>
#include <string.h>

#include "doctor_names.h"

const char *device_state_name(enum device_state state)
{
	static const char *const names[] = {
		[STATE_OK] = "ok",
		[STATE_DEGRADED] = "degraded",
		[STATE_UNUSABLE] = "unusable",
		[STATE_ISOLATED] = "isolated",
		[STATE_RESETTING] = "resetting",
		[STATE_HIDDEN] = "hidden",
		[STATE_OTHER] = "other",
	};

	return names[state];
}

const char *machine_state_name(int worst)
{
	if (worst >= SEVERITY_ERROR)
		return "failed";
	return worst >= SEVERITY_WARNING ? "degraded" : "ok";
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

/* clang-format off */
const char *test_name(enum doctor_test_result result)
{
	static const char *const names[] = {
		[TEST_NOT_RUN] = "not run",
		[TEST_OK] = "passed",
		[TEST_NO_QUEUE] = "no queue",
		[TEST_FAILED] = "failed",
		[TEST_WRONG] = "wrong data",
		[TEST_TIMEOUT] = "no answer",
		[TEST_DIED] = "died",
	};

	return names[result];
}

const char *node_name(enum device_node_kind kind)
{
	static const char *const names[] = {
		[NODE_UNKNOWN] = "not known",
		[NODE_MISSING] = "missing",
		[NODE_OTHER] = "not a device",
		[NODE_WRONG] = "another device",
		[NODE_RIGHT] = "there",
	};

	return names[kind];
}
/* clang-format on */

static bool has_api(const struct device_facts *dev, const char *api)
{
	return !strncmp(dev->api, api, strlen(api));
}

/* V4 and V5 have the revision of V3; only the queues of V5 are of a kind of their own. */
const char *generation(const struct device_facts *dev)
{
	if (has_api(dev, "hisi_qm_v5") || dev->revision == 0x51)
		return "V5";
	if (has_api(dev, "hisi_qm_v3"))
		return "V3 or V4";
	if (has_api(dev, "hisi_qm_v2") || dev->revision == 0x21)
		return "V2";
	switch (dev->revision) {
	case 0x20:
		return "V1";
	case 0x30:
		return "V3 or later";
	case 0x50:
		return "V4";
	default:
		return NULL;
	}
}

const char *address_mode(const struct device_facts *dev)
{
	if (dev->flags < 0)
		return NULL;
	if (dev->flags & FLAG_SVA)
		return "SVA";
	if (dev->flags & FLAG_IOMMU)
		return "shared IOMMU";
	return dev->flags & FLAG_NO_IOMMU ? "no IOMMU" : "no SVA";
}

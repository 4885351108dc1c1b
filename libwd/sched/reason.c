/* SPDX-License-Identifier: MIT */
/*
 * The reasons for which work goes from one queue to another.
 */
#include <string.h>

#include "../internal.h"
#include "reason.h"

/* clang-format off */
static const struct {
	const char *word, *text;
} reasons[] = {
	[WD_COMP_REASON_NONE] = { "none", "there is no reason" },
	[WD_COMP_REASON_NO_DEVICE] = { "no-device", "the device is not there" },
	[WD_COMP_REASON_NO_PERMISSION] = {
		"no-permission", "there is no permission for the device" },
	[WD_COMP_REASON_NO_QUEUE] = { "no-queue", "all queues of the device are in use" },
	[WD_COMP_REASON_ISOLATED] = {
		"isolated", "the device is isolated after errors, or gives no queue" },
	[WD_COMP_REASON_ADDRESS_MODE] = {
		"address-mode", "the device takes no addresses that the process has" },
	[WD_COMP_REASON_NO_MEMORY] = { "no-memory", "there was no memory for it" },
	[WD_COMP_REASON_UNSUPPORTED] = {
		"unsupported", "the device cannot do this format or size" },
	[WD_COMP_REASON_NO_ROOM] = { "no-room", "the output did not fit" },
	[WD_COMP_REASON_FAILED] = { "failed", "the device failed the request" },
	[WD_COMP_REASON_WRONG] = { "wrong", "the device's output was wrong" },
	[WD_COMP_REASON_NONSENSE] = {
		"nonsense", "the device said what cannot be, and its queue was given up" },
	[WD_COMP_REASON_TIMED_OUT] = {
		"timed-out", "the device did not answer, and its queue was given up" },
	[WD_COMP_REASON_GONE] = { "gone", "the device has gone away" },
	[WD_COMP_REASON_RESET] = { "reset", "the device lost its queues in a reset" },
	[WD_COMP_REASON_QUARANTINED] = {
		"quarantined", "the device had failed, and was left alone for a while" },
	[WD_COMP_REASON_TOO_SMALL] = {
		"too-small", "it was so small that the CPU is faster" },
};
/* clang-format on */

static enum wd_comp_reason known(enum wd_comp_reason reason)
{
	return (unsigned int)reason < ARRAY_SIZE(reasons) ? reason
							  : WD_COMP_REASON_NONE;
}

WD_API const char *wd_comp_reason_word(enum wd_comp_reason reason)
{
	return reasons[known(reason)].word;
}

WD_API const char *wd_comp_reason_text(enum wd_comp_reason reason)
{
	return reasons[known(reason)].text;
}

enum wd_comp_reason reason_no_queue(int err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		return WD_COMP_REASON_NO_PERMISSION;
	case -EBUSY:
		return WD_COMP_REASON_NO_QUEUE;
	case -EOPNOTSUPP:
		return WD_COMP_REASON_ADDRESS_MODE;
	case -ENOMEM:
		return WD_COMP_REASON_NO_MEMORY;
	case -ENODEV:
		return WD_COMP_REASON_NO_DEVICE;
	default:
		return WD_COMP_REASON_ISOLATED;
	}
}

enum wd_comp_reason reason_of_request(int status)
{
	switch (status) {
	case 0:
		return WD_COMP_REASON_WRONG;
	case -EOPNOTSUPP:
	case -EINVAL:
		return WD_COMP_REASON_UNSUPPORTED;
	case -ENOSPC:
		return WD_COMP_REASON_NO_ROOM;
	case -EPROTO:
		return WD_COMP_REASON_NONSENSE;
	case -ETIMEDOUT:
		return WD_COMP_REASON_TIMED_OUT;
	case -ENODEV:
		return WD_COMP_REASON_GONE;
	default:
		return WD_COMP_REASON_FAILED;
	}
}

/* False: the list does not have it.  @device, if it does. */
static bool look_up(const char *name, struct wd_device *device)
{
	struct wd_device *devs;
	int n = wd_device_list(&devs);
	bool found = false;

	for (int i = 0; i < n && !found; i++) {
		found = wd_device_is_called(&devs[i], name);
		if (found)
			*device = devs[i];
	}
	if (n >= 0)
		wd_device_list_free(devs);
	return found;
}

enum wd_comp_reason reason_lost(const char *device)
{
	struct wd_device dev;

	if (!look_up(device, &dev) || dev.status == -ENODEV)
		return WD_COMP_REASON_GONE;
	return dev.status == -EIO ? WD_COMP_REASON_ISOLATED
				  : WD_COMP_REASON_RESET;
}

void reason_look_up(const char *device, char *why)
{
	struct wd_device dev;

	why[0] = '\0';
	if (look_up(device, &dev))
		memcpy(why, dev.reason, sizeof(dev.reason));
}

/* SPDX-License-Identifier: MIT */
/*
 * Why work was done elsewhere: which reason a status stands for.  Their words are
 * for applications, too.
 */
#ifndef WD_REASON_H
#define WD_REASON_H

#include <warpdrive/wd_comp.h>

/* No queue could be had, because of the negative errno @err. */
enum wd_comp_reason reason_no_queue(int err);

/* A queue did not take a request, or gave it back, with @status. */
enum wd_comp_reason reason_of_request(int status);

/*
 * @device gives nothing back any more: it is gone, or it is there still, and has lost
 * its queues in a reset.
 */
enum wd_comp_reason reason_lost(const char *device);

/* What the list of devices has against @device, in WD_REASON_MAX bytes; or nothing. */
void reason_look_up(const char *device, char *why);

#endif

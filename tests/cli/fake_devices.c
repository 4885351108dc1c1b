/* SPDX-License-Identifier: MIT */
/*
 * Linked with wdzip: devices "fake-0" and "fake-1", as bad as the environment says.
 *
 * WD_FAKE_COUNT: how many there are, 2; WD_FAKE_ILL, WD_FAKE_DEADLY: of 1000 requests;
 * WD_FAKE_LIES_IN, WD_FAKE_HELD, and of the first WD_FAKE_KEEPS: see t_fake.h;
 * WD_FAKE_STATUS: why they cannot be used, a number of errno, and WD_FAKE_REASON the same
 * for people; WD_FAKE_NO_QUEUE, WD_FAKE_REFUSAL: what opening, or sending, fails with;
 * WD_FAKE_KILLS: the signal that the process gets which opens one; WD_FAKE_TELL: a file
 * that gets the number of requests that were done.
 *
 * A test may tell of them in sysfs, too: there the drivers of real devices do not look.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t_fake.h"
#include "transport/transport.h"

static unsigned int number(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 10) : 0;
}

static int next_real(unsigned int *pos, struct wd_transport_dev *dev)
{
	while (wd_uacce_transport.next(pos, dev))
		if (strncmp(dev->name, "fake-", 5))
			return 1;
	return 0;
}

static void hide_from_others(void)
{
	static struct wd_transport_ops transport;

	transport = wd_uacce_transport;
	transport.next = next_real;
	wd_transport = &transport;
}

static void __attribute__((constructor)) install(void)
{
	hide_from_others();
	t_fake_install(getenv("WD_FAKE_COUNT") ? number("WD_FAKE_COUNT") : 2,
		       1);
	atomic_store(&t_fake[0].keeps, number("WD_FAKE_KEEPS"));
	for (int i = 0; i < 2; i++) {
		t_fake[i].ill = number("WD_FAKE_ILL");
		t_fake[i].deadly = number("WD_FAKE_DEADLY");
		t_fake[i].lies_in = number("WD_FAKE_LIES_IN");
		atomic_store(&t_fake[i].held, number("WD_FAKE_HELD"));
		t_fake[i].status = -(int)number("WD_FAKE_STATUS");
		t_fake[i].reason = getenv("WD_FAKE_REASON");
		t_fake[i].no_queue = -(int)number("WD_FAKE_NO_QUEUE");
		t_fake[i].refusal = -(int)number("WD_FAKE_REFUSAL");
		t_fake[i].kills = (int)number("WD_FAKE_KILLS");
	}
}

static void __attribute__((destructor)) tell(void)
{
	const char *path = getenv("WD_FAKE_TELL");
	FILE *file = path ? fopen(path, "w") : NULL;

	t_fake_use_kept();
	if (!file)
		return;
	fprintf(file, "%" PRIu64 " %" PRIu64 "\n", t_fake[0].requests, t_fake[1].requests);
	fclose(file);
}

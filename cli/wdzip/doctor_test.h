/* SPDX-License-Identifier: MIT */
/*
 * The self-test: a round trip by each device that can be used.
 */
#ifndef CLI_DOCTOR_TEST_H
#define CLI_DOCTOR_TEST_H

#include "doctor_facts.h"

/*
 * Fill @test of the devices that the library could use.  All at the same time, each in a
 * process of its own that is ended when it takes too long: what a device does to it, or
 * leaves undone, is no harm here.  To be called before this process has threads.
 */
void test_devices(struct doctor_facts *facts);

#endif

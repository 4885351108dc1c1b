/* SPDX-License-Identifier: MIT */
/*
 * Which devices an engine's name means, in which order, and when it is refused.
 * The devices are t_fake.c, which count as hardware.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <warpdrive/wd_comp.h>

#include "cgroup.h"
#include "sched/engine.h"
#include "sched/near.h"
#include "t_fake.h"
#include "t_util.h"

static int create(struct wd_comp_sess **s, const char *engine)
{
	struct wd_comp_setup setup = { .engine = engine };

	*s = NULL;
	return wd_comp_create(s, &setup);
}

/* ---- hw and auto ---- */

static void t_hw_is_all_hardware_and_nothing_else(void **state)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	struct wd_comp_info info;
	struct wd_comp_sess *s;

	(void)state;
	t_fake[1].status = -EACCES;
	assert_int_equal(create(&s, "hw"), 0);
	assert_int_equal(wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX), 3);
	assert_string_equal(lanes[0].name, "fake-0");
	assert_string_equal(lanes[1].name, "fake-2");
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_string_equal(info.engine, "hw");
	wd_comp_destroy(s);
}

/* The reason of the first device is the one that counts. */
static void t_hw_is_refused_when_no_hardware_can_be_used(void **state)
{
	static const int statuses[] = { -EACCES, -EBUSY, -EIO, -EOPNOTSUPP,
					-ENODEV };
	struct wd_comp_sess *s;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(statuses); i++) {
		for (unsigned int k = 0; k < 3; k++)
			t_fake[k].status = statuses[i];
		assert_int_equal(create(&s, "hw"), statuses[i]);
		assert_int_equal(create(&s, "hw,sw"), 0);
		wd_comp_destroy(s);
	}
	t_fake_remove();
	assert_int_equal(create(&s, "hw"), -ENODEV);
}

/* A device can be lost between being listed and being asked. */
static void t_hw_is_refused_when_no_queue_can_be_had(void **state)
{
	struct wd_comp_sess *s;

	(void)state;
	for (unsigned int k = 0; k < 3; k++)
		t_fake[k].no_queue = -ENODEV;
	assert_int_equal(create(&s, "hw"), -ENODEV);
	t_fake[0].no_queue = -EBUSY;
	assert_int_equal(create(&s, "hw"), -EBUSY);
	assert_int_equal(create(&s, "hw,sw"), 0);
	wd_comp_destroy(s);
	t_fake[2].no_queue = 0;
	assert_int_equal(create(&s, "hw"), 0);
	wd_comp_destroy(s);
}

static void t_auto_is_hardware_and_the_cpu(void **state)
{
	struct wd_comp_info info;
	struct wd_comp_sess *s;

	(void)state;
	t_fake[1].status = -EIO;
	assert_int_equal(create(&s, NULL), 0);
	assert_int_equal(wd_comp_get_lanes(s, NULL, 0), 3);
	assert_int_equal(wd_comp_get_info(s, &info), 0);
	assert_string_equal(info.engine, "fake-0+fake-2+sw");
	wd_comp_destroy(s);
}

static void t_auto_is_the_cpu_where_no_hardware_can_be_used(void **state)
{
	struct wd_comp_info info;
	struct wd_comp_sess *s;

	(void)state;
	for (unsigned int k = 0; k < 3; k++)
		t_fake[k].status = -EACCES;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(create(&s, "auto"), 0);
		assert_int_equal(wd_comp_get_lanes(s, NULL, 0), 1);
		assert_int_equal(wd_comp_get_info(s, &info), 0);
		assert_string_equal(info.engine, "sw");
		wd_comp_destroy(s);
		t_fake_remove();
	}
}

/* Its queues may become free while there is work. */
static void t_auto_keeps_full_devices_for_later(void **state)
{
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	struct wd_comp_sess *s;

	(void)state;
	t_fake[0].status = -EBUSY;
	assert_int_equal(create(&s, "auto"), 0);
	assert_int_equal(wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX), 4);
	assert_string_equal(lanes[0].name, "fake-1");
	assert_string_equal(lanes[1].name, "fake-2");
	assert_string_equal(lanes[2].name, "fake-0");
	wd_comp_destroy(s);
}

static void t_a_machine_without_hardware_is_looked_through_once(void **state)
{
	struct wd_comp_sess *s;

	(void)state;
	t_fake_remove();
	assert_int_equal(create(&s, "auto"), 0);
	wd_comp_destroy(s);
	assert_true(atomic_load(&engine_no_hardware));
	t_fake_install(3, 7);
	atomic_store(&engine_no_hardware, true);
	assert_int_equal(create(&s, "auto"), 0);
	assert_int_equal(wd_comp_get_lanes(s, NULL, 0), 1);
	wd_comp_destroy(s);
	/* Who asks for it means it. */
	assert_int_equal(create(&s, "hw"), 0);
	wd_comp_destroy(s);
}

/* ---- memory nodes ---- */

static char root[64];

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/devices/system/node/%s", root,
		 name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* A machine with node @node as the others have them. */
static void make_nodes(unsigned int node, const char *online,
		       const char *distances)
{
	static const char *const dirs[] = { "", "/sys", "/sys/devices",
					    "/sys/devices/system",
					    "/sys/devices/system/node" };
	char path[320];

	strcpy(root, "/tmp/wd_nodes.XXXXXX");
	assert_non_null(mkdtemp(root));
	for (size_t i = 1; i < T_ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(path, sizeof(path), "%s%s/node%u", root, dirs[4], node);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("online", online);
	snprintf(path, sizeof(path), "node%u/distance", node);
	write_file(path, distances);
	wd_host_root = root;
}

static void remove_nodes(void)
{
	char command[128];

	wd_host_root = "";
	snprintf(command, sizeof(command), "rm -r '%s'", root);
	assert_int_equal(system(command), 0);
}

static void t_distances_are_those_of_nodes_that_are_online(void **state)
{
	static struct near near;

	(void)state;
	make_nodes(4, "0-1,4,7\n", "20 32 10 255\n");
	near_read(&near, 4);
	assert_int_equal(near_distance(&near, 0), 20);
	assert_int_equal(near_distance(&near, 1), 32);
	assert_int_equal(near_distance(&near, 4), 10);
	assert_int_equal(near_distance(&near, 7), 255);
	assert_int_equal(near_distance(&near, 2), NEAR_UNKNOWN);
	assert_int_equal(near_distance(&near, -1), NEAR_UNKNOWN);
	assert_int_equal(near_distance(&near, 100000), NEAR_UNKNOWN);
	near_read(&near, 5);
	assert_int_equal(near_distance(&near, 0), NEAR_UNKNOWN);
	remove_nodes();
}

static void t_odd_lists_of_nodes_do_no_harm(void **state)
{
	static const char *const odd[][2] = {
		{ "", "10" },		{ "0-", "10" }, { "5-2", "10 20" },
		{ "0-99999999", "10" }, { "x", "y" },	{ "0", "" },
		{ "0-3", "10 20" },	{ "-1", "10" },
	};
	static struct near near;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(odd); i++) {
		make_nodes(0, odd[i][0], odd[i][1]);
		near_read(&near, 0);
		assert_int_equal(near_distance(&near, 1000), NEAR_UNKNOWN);
		remove_nodes();
	}
}

/* Near before far, far before unknown, and all of these before full. */
static void t_near_devices_come_first(void **state)
{
	static const char *const order[] = { "fake-2", "fake-0", "fake-1",
					     "fake-3" };
	static const char *const engines[] = { "hw", "auto" };
	unsigned int node = near_node();
	struct wd_comp_lane lanes[WD_COMP_LANES_MAX];
	char online[32];
	cpu_set_t one;

	(void)state;
	t_fake_install(4, 7);
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	node = near_node();
	snprintf(online, sizeof(online), "%u-%u", node, node + 1);
	make_nodes(node, online, "10 20");
	t_fake[0].node = (int)node + 1;
	t_fake[2].node = (int)node;
	t_fake[3].node = (int)node;
	t_fake[3].status = -EBUSY;
	for (size_t e = 0; e < T_ARRAY_SIZE(engines); e++) {
		struct wd_comp_sess *s;

		assert_int_equal(create(&s, engines[e]), 0);
		assert_int_equal(wd_comp_get_lanes(s, lanes, WD_COMP_LANES_MAX),
				 5);
		for (size_t i = 0; i < T_ARRAY_SIZE(order); i++)
			assert_string_equal(lanes[i].name, order[i]);
		wd_comp_destroy(s);
	}
	remove_nodes();
}

static int set_up(void **state)
{
	(void)state;
	alarm(T_ALARM_SECONDS);
	t_fake_install(3, 7);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	t_fake_remove();
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_hw_is_all_hardware_and_nothing_else),
		TEST(t_hw_is_refused_when_no_hardware_can_be_used),
		TEST(t_hw_is_refused_when_no_queue_can_be_had),
		TEST(t_auto_is_hardware_and_the_cpu),
		TEST(t_auto_is_the_cpu_where_no_hardware_can_be_used),
		TEST(t_auto_keeps_full_devices_for_later),
		TEST(t_a_machine_without_hardware_is_looked_through_once),
		TEST(t_distances_are_those_of_nodes_that_are_online),
		TEST(t_odd_lists_of_nodes_do_no_harm),
		TEST(t_near_devices_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

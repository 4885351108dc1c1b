/* SPDX-License-Identifier: MIT */
/*
 * Names of engines: lists of what can be used, each a device, a driver, one of
 * the words below, or several of these at once.
 *
 * This table, and the one of names for the CPU in device.c, are the only places that
 * know such words.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "near.h"

atomic_bool engine_no_hardware;

static bool usable_device(const struct wd_device *dev)
{
	return dev->kind != WD_DEVICE_CPU && !dev->status;
}

static bool is_chosen(const struct engine_choice *choice, const char *name)
{
	for (unsigned int i = 0; i < choice->devices; i++)
		if (!strcmp(choice->device[i], name))
			return true;
	return false;
}

static int add_device(struct engine_choice *choice, const char *name)
{
	if (is_chosen(choice, name))
		return 0;
	if (choice->devices == ARRAY_SIZE(choice->device))
		return -EINVAL;
	strcpy(choice->device[choice->devices++], name);
	return 0;
}

/* ---- words ---- */

static int choose_cpu(struct engine_choice *choice);
static int choose_auto(struct engine_choice *choice);
static int choose_hybrid(struct engine_choice *choice);
static int choose_hardware(struct engine_choice *choice);

enum {
	CPU_WORD,
	AUTO_WORD,
	HYBRID_WORD,
	HARDWARE_WORD
};

static const struct {
	const char *word;
	int (*choose)(struct engine_choice *choice);
} words[] = {
	[CPU_WORD] = { "sw", choose_cpu },
	[AUTO_WORD] = { "auto", choose_auto },
	[HYBRID_WORD] = { "hybrid", choose_hybrid },
	[HARDWARE_WORD] = { "hw", choose_hardware },
};

/* CPU workers are always there and need no search. */
static int choose_cpu(struct engine_choice *choice)
{
	choice->cpu = true;
	return 0;
}

/* Every device that can be used, and the CPU. */
static int choose_hybrid(struct engine_choice *choice)
{
	struct wd_device *devs;
	int n = wd_device_list(&devs);
	int ret = -ENODEV;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (usable_device(&devs[i]))
			ret = add_device(choice, devs[i].name);
		else if (devs[i].status && ret == -ENODEV)
			ret = devs[i].status;
		if (ret == -EINVAL)
			break;
	}
	wd_device_list_free(devs);
	/* More devices than lanes: those that fit. */
	if (choice->devices)
		ret = 0;
	choice->cpu = true;
	return ret;
}

/* ---- hardware ---- */

/* Beside devices that can be used there are those whose queues others have just now. */
static bool is_full(const struct wd_device *dev)
{
	return dev->status == -EBUSY;
}

static bool wanted_hardware(const struct wd_device *dev)
{
	return wd_device_is_hardware(dev) && (!dev->status || is_full(dev));
}

/* Those with free queues come first, then those near to @arg; then by name. */
static int compare_devices(const void *a, const void *b, void *arg)
{
	const struct wd_device *one = a, *two = b;
	uint32_t one_far = near_distance(arg, one->numa_node);
	uint32_t two_far = near_distance(arg, two->numa_node);

	if (is_full(one) != is_full(two))
		return is_full(one) ? 1 : -1;
	if (one_far != two_far)
		return one_far > two_far ? 1 : -1;
	return strverscmp(one->name, two->name);
}

/* All that are wanted, or as many as there are lanes for; else why there is none. */
static int add_hardware(struct engine_choice *choice, struct wd_device *devs,
			int n)
{
	struct near *near = malloc(sizeof(*near));
	int ret = -ENODEV;

	if (!near)
		return -ENOMEM;
	near_read(near, near_node());
	qsort_r(devs, (size_t)n, sizeof(*devs), compare_devices, near);
	free(near);
	for (int i = 0; i < n; i++) {
		if (wanted_hardware(&devs[i]))
			add_device(choice, devs[i].name);
		if (!wd_device_is_hardware(&devs[i]))
			continue;
		if (!devs[i].status || ret == -ENODEV)
			ret = devs[i].status;
	}
	return ret;
}

static bool any_hardware(const struct wd_device *devs, int n)
{
	for (int i = 0; i < n; i++)
		if (wd_device_is_hardware(&devs[i]))
			return true;
	return false;
}

/* 0 if there is hardware that can be used now, else why it cannot. */
static int find_hardware(struct engine_choice *choice)
{
	struct wd_device *devs;
	int n = wd_device_list(&devs);
	int ret = -ENODEV;

	if (n < 0)
		return n;
	if (any_hardware(devs, n))
		ret = add_hardware(choice, devs, n);
	else
		atomic_store(&engine_no_hardware, true);
	wd_device_list_free(devs);
	return ret;
}

/* All of it, and nothing else: a queue is asked for at once. */
static int choose_hardware(struct engine_choice *choice)
{
	choice->at_once = true;
	return find_hardware(choice);
}

static void add_text(struct engine_choice *choice, const char *text)
{
	size_t len = strlen(choice->text);

	strncat(choice->text, text, sizeof(choice->text) - 1 - len);
}

/* The names that it has itself, not the word for it. */
static void name_devices(struct engine_choice *choice)
{
	choice->text[0] = '\0';
	for (unsigned int i = 0; i < choice->devices; i++) {
		add_text(choice, choice->device[i]);
		add_text(choice, "+");
	}
	add_text(choice, words[CPU_WORD].word);
}

/*
 * What is best: the hardware there is, and the CPU.  A machine without any is looked
 * through once.
 */
static int choose_auto(struct engine_choice *choice)
{
	if (!atomic_load_explicit(&engine_no_hardware, memory_order_relaxed))
		find_hardware(choice);
	name_devices(choice);
	return choose_cpu(choice);
}

/* ---- devices ---- */

/* 0 if there is a device or driver of that name that can be used. */
static int choose_device(struct engine_choice *choice, const char *name)
{
	struct wd_device *devs;
	int n = wd_device_list(&devs);
	int ret = -ENODEV;

	if (n < 0)
		return n;
	for (int i = 0; i < n && ret; i++) {
		if (!wd_device_is_called(&devs[i], name))
			continue;
		if (!devs[i].status || ret == -ENODEV)
			ret = devs[i].status;
		if (ret)
			continue;
		if (devs[i].kind == WD_DEVICE_CPU)
			choice->cpu = true;
		else
			ret = add_device(choice, name);
	}
	wd_device_list_free(devs);
	return ret;
}

static int choose_name(struct engine_choice *choice, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, name))
			return words[i].choose(choice);
	return choose_device(choice, name);
}

/* ---- the list ---- */

/* Cut the next of the names that @sep separates off *@list; false if it is too long. */
static bool next_name(char *name, const char **list, const char *seps)
{
	size_t len = strcspn(*list, seps);

	if (len >= WD_NAME_MAX)
		return false;
	memcpy(name, *list, len);
	name[len] = '\0';
	*list += len;
	return true;
}

/* "A+B": both, or neither. */
static int choose_sum(struct engine_choice *choice, const char **list)
{
	size_t len = strcspn(*list, ",");
	int first = 0;

	memset(choice, 0, sizeof(*choice));
	memcpy(choice->text, *list, wd_min(len, sizeof(choice->text) - 1));
	for (;;) {
		char name[WD_NAME_MAX];
		int ret = next_name(name, list, "+,") ? choose_name(choice, name) :
							-ENODEV;

		if (!first)
			first = ret;
		if (**list != '+') {
			*list += strcspn(*list, ",");
			return first;
		}
		(*list)++;
	}
}

int engine_choose(struct engine_choice *choice, const char *list)
{
	int first = 0;

	if (!list)
		list = words[AUTO_WORD].word;
	for (;;) {
		int ret = choose_sum(choice, &list);

		if (!ret) {
			/* What comes after it is for when there is no queue. */
			choice->at_once &= !*list;
			return 0;
		}
		if (!first)
			first = ret;
		if (!*list)
			return first;
		list++;
	}
}

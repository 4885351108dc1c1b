/* SPDX-License-Identifier: MIT */
/*
 * Names of engines: lists of what can be used, each a device, a driver, one of
 * the words below, or several of these at once.
 *
 * This table, and the one of names for the CPU in device.c, are the only places that
 * know such words.
 */
#include <string.h>

#include "engine.h"

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

enum { CPU_WORD, AUTO_WORD, HYBRID_WORD };

static const struct {
	const char *word;
	int (*choose)(struct engine_choice *choice);
} words[] = {
	[CPU_WORD] = { "sw", choose_cpu },
	[AUTO_WORD] = { "auto", choose_auto },
	[HYBRID_WORD] = { "hybrid", choose_hybrid },
};

/* CPU workers are always there and need no search. */
static int choose_cpu(struct engine_choice *choice)
{
	choice->cpu = true;
	return 0;
}

/* What is best, by the name that it has itself. */
static int choose_auto(struct engine_choice *choice)
{
	if (!choice->devices)
		strcpy(choice->text, words[CPU_WORD].word);
	return choose_cpu(choice);
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

		if (!ret)
			return 0;
		if (!first)
			first = ret;
		if (!*list)
			return first;
		list++;
	}
}

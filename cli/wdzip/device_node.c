/* SPDX-License-Identifier: MIT */
/*
 * The file of a device in /dev: what it is, who may use it, and who has it open.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "account.h"
#include "device_node.h"
#include "kernel_file.h"

#define GROUPS_MAX 1024
#define FILES_MAX  200000u /* open ones that are looked at, of all processes */

/* ---- the file ---- */

static bool is_member(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return getegid() == gid;
}

static void read_owner(struct device_node *node)
{
	account_user_name(node->owner, sizeof(node->owner), node->uid);
	account_group_name(node->group, sizeof(node->group), node->gid);
	node->member = is_member(node->gid);
	node->listed = account_is_listed(node->gid);
}

/* "major:minor", as sysfs has it for each device with a file. */
static void read_device_number(const char *name, struct device_node *node)
{
	int64_t major_number, minor_number;
	char text[32], *colon;

	node->dev_major = node->dev_minor = NOT_KNOWN;
	read_text(text, sizeof(text), "/sys/class/uacce/%s/dev", name);
	colon = strchr(text, ':');
	if (!colon)
		return;
	*colon = '\0';
	if (!parse_number(text, &major_number) ||
	    !parse_number(colon + 1, &minor_number))
		return;
	node->dev_major = major_number;
	node->dev_minor = minor_number;
}

static bool has_number(const struct device_node *node, dev_t number)
{
	return node->dev_major < 0 || (node->dev_major == major(number) &&
				       node->dev_minor == minor(number));
}

static enum device_node_kind kind_of(const struct device_node *node,
				     const char *path, struct stat *st)
{
	if (stat(path, st))
		return errno == ENOENT ? NODE_MISSING : NODE_UNKNOWN;
	if (!S_ISCHR(st->st_mode))
		return NODE_OTHER;
	return has_number(node, st->st_rdev) ? NODE_RIGHT : NODE_WRONG;
}

void gather_node(struct device_facts *dev)
{
	struct device_node *node = &dev->node;
	char path[WD_NAME_MAX + 8];
	struct stat st = { 0 };

	snprintf(path, sizeof(path), "/dev/%s", dev->name);
	read_device_number(dev->name, node);
	node->kind = kind_of(node, path, &st);
	if (node->kind == NODE_MISSING || node->kind == NODE_UNKNOWN)
		return;
	node->mode = st.st_mode & 07777;
	node->uid = st.st_uid;
	node->gid = st.st_gid;
	node->usable = !faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS);
	node->group_rw = (st.st_mode & 060) == 060;
	read_owner(node);
}

/* ---- who has it open ---- */

static void add_user(struct device_facts *dev, int pid)
{
	struct device_user *user = dev->users;

	for (unsigned int i = 0; i < dev->user_count; i++, user++) {
		if (user->pid == pid) {
			user->queues++;
			return;
		}
	}
	if (dev->user_count == USERS_MAX) {
		dev->users_hidden = true;
		return;
	}
	user->pid = pid;
	user->queues = 1;
	read_text(user->name, sizeof(user->name), "/proc/%d/comm", pid);
	dev->user_count++;
}

static void look_at_file(struct device_list *list, int pid, const char *target)
{
	if (strncmp(target, "/dev/", 5))
		return;
	for (unsigned int i = 0; i < list->count; i++)
		if (list->devices[i].name[0] &&
		    !strcmp(target + 5, list->devices[i].name))
			add_user(&list->devices[i], pid);
}

/* False if it may not be looked into.  @left: files that may still be looked at. */
static bool look_at_process(struct device_list *list, int pid,
			    unsigned int *left)
{
	char path[64], target[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return errno != EACCES && errno != EPERM;
	while (*left && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target,
				       sizeof(target) - 1);

		--*left;
		if (n <= 0)
			continue;
		target[n] = '\0';
		look_at_file(list, pid, target);
	}
	closedir(dir);
	return true;
}

void gather_users(struct device_list *list)
{
	DIR *dir = list->count ? opendir("/proc") : NULL;
	bool hidden = !dir;
	unsigned int left = FILES_MAX;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (isdigit((unsigned char)entry->d_name[0]) && pid > 0 &&
		    pid != getpid() && !look_at_process(list, pid, &left))
			hidden = true;
	}
	hidden |= !left;
	if (dir)
		closedir(dir);
	for (unsigned int i = 0; i < list->count; i++)
		list->devices[i].users_hidden |= hidden;
}

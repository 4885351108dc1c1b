/* SPDX-License-Identifier: MIT */
/*
 * The control groups of this process.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"

#define MOUNT		"/sys/fs/cgroup"
#define GROUPS_MAX	8192	/* bytes of /proc/self/cgroup */

const char *wd_host_root = "";

bool wd_host_read(const char *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	size_t n;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	setvbuf(f, NULL, _IONBF, 0);
	n = fread(text, 1, size - 1, f);
	fclose(f);
	text[n] = '\0';
	return n > 0;
}

/* In a container the group's path may be from outside: then only the mount is. */
static void walk_up(const char *mount, const char *group, bool v2,
		    void (*visit)(void *arg, const char *dir, bool v2), void *arg)
{
	char dir[PATH_MAX];
	size_t base = strlen(wd_host_root) + strlen(mount);
	char *slash;

	if (snprintf(dir, sizeof(dir), "%s%s%s", wd_host_root, mount, group) >=
	    (int)sizeof(dir))
		return;
	for (;;) {
		visit(arg, dir, v2);
		slash = strrchr(dir, '/');
		if (!slash || (size_t)(slash - dir) < base)
			return;
		*slash = '\0';
	}
}

static bool has_word(char *list, const char *word)
{
	char *save = NULL;

	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (!strcmp(w, word))
			return true;
	return false;
}

/* /proc/self/cgroup: "0::/group" (v2), "4:cpu,cpuacct:/group" (v1). */
void wd_cgroup_walk(const char *controller,
		    void (*visit)(void *arg, const char *dir, bool v2), void *arg)
{
	char text[GROUPS_MAX], dir[PATH_MAX], mount[64];
	char *save = NULL;

	snprintf(dir, sizeof(dir), "%s/proc/self", wd_host_root);
	if (!wd_host_read(dir, "cgroup", text, sizeof(text)))
		return;
	snprintf(mount, sizeof(mount), MOUNT "/%s", controller);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':');
		char *group = list ? strchr(list + 1, ':') : NULL;

		if (!group)
			continue;
		*list++ = '\0';
		*group++ = '\0';
		if (!*list)
			walk_up(MOUNT, group, true, visit, arg);
		else if (has_word(list, controller))
			walk_up(mount, group, false, visit, arg);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Users and groups by their numbers.
 *
 * An entry can have any size: that of a group has the names of all its members.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "kernel_file.h"

#define SIZE_FIRST 1024u       /* bytes of an entry's text */
#define SIZE_MOST  (16u << 20) /* what is larger is not believed */

/* @text: of what is found, to be freed */
struct entry {
	char *text;
	size_t size;
};

static bool grow(struct entry *e)
{
	size_t size = e->size ? 2 * e->size : SIZE_FIRST;
	char *text = size > SIZE_MOST ? NULL : realloc(e->text, size);

	if (!text)
		return false;
	e->text = text;
	e->size = size;
	return true;
}

/* NULL if there is none. */
static const struct passwd *find_user(struct entry *e, struct passwd *pwd,
				      uid_t uid)
{
	struct passwd *found = NULL;
	int ret = ERANGE;

	while (ret == ERANGE && grow(e))
		ret = getpwuid_r(uid, pwd, e->text, e->size, &found);
	return ret ? NULL : found;
}

static const struct group *find_group(struct entry *e, struct group *grp,
				      gid_t gid)
{
	struct group *found = NULL;
	int ret = ERANGE;

	while (ret == ERANGE && grow(e))
		ret = getgrgid_r(gid, grp, e->text, e->size, &found);
	return ret ? NULL : found;
}

static void copy_name(char *to, size_t size, const char *name, unsigned int id)
{
	if (name && is_plain_name(name, size))
		strcpy(to, name);
	else
		snprintf(to, size, "%u", id);
}

void account_user_name(char *name, size_t size, uid_t uid)
{
	struct entry entry = { 0 };
	struct passwd pwd;
	const struct passwd *user = find_user(&entry, &pwd, uid);

	copy_name(name, size, user ? user->pw_name : NULL, uid);
	free(entry.text);
}

void account_group_name(char *name, size_t size, gid_t gid)
{
	struct entry entry = { 0 };
	struct group grp;
	const struct group *group = find_group(&entry, &grp, gid);

	copy_name(name, size, group ? group->gr_name : NULL, gid);
	free(entry.text);
}

static bool has_member(gid_t gid, const char *user)
{
	struct entry entry = { 0 };
	struct group grp;
	const struct group *group = find_group(&entry, &grp, gid);
	bool has = false;

	for (char **name = group ? group->gr_mem : NULL; name && *name; name++)
		has |= !strcmp(*name, user);
	free(entry.text);
	return has;
}

bool account_is_listed(gid_t gid)
{
	struct entry entry = { 0 };
	struct passwd pwd;
	const struct passwd *user = find_user(&entry, &pwd, geteuid());
	bool listed =
		user && (user->pw_gid == gid || has_member(gid, user->pw_name));

	free(entry.text);
	return listed;
}

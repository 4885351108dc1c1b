/* SPDX-License-Identifier: MIT */
/*
 * Users and groups by their numbers.
 */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The name, or, where there is none that is plain and shorter than @size, the number. */
void account_user_name(char *name, size_t size, uid_t uid);
void account_group_name(char *name, size_t size, gid_t gid);

/*
 * Whether the user of this process belongs to the group by the entries of both, though
 * the session may be older than these.
 */
bool account_is_listed(gid_t gid);

#endif

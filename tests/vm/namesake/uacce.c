// SPDX-License-Identifier: GPL-2.0
/*
 * In place of Linux's own uacce: a module of its name, with the symbol that tells that
 * it is there.  For a test of wd_uacce, which must not be loaded beside it.
 */
#include <linux/module.h>

/* The kernel's tools fail at a module that brings no types of its own (7.3). */
struct uacce_namesake {
	unsigned int asked;
};

static struct uacce_namesake namesake;

void uacce_alloc(void);

void uacce_alloc(void)
{
	namesake.asked++;
}
EXPORT_SYMBOL_GPL(uacce_alloc);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Nothing but the name of Linux's uacce");

// SPDX-License-Identifier: GPL-2.0
/*
 * In place of Linux's own uacce: a module of its name, with the symbol that tells that
 * it is there.  For a test of wd_uacce, which must not be loaded beside it.
 */
#include <linux/module.h>

void uacce_alloc(void);

void uacce_alloc(void)
{
}
EXPORT_SYMBOL_GPL(uacce_alloc);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Nothing but the name of Linux's uacce");

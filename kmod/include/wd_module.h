/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules give each other, in a namespace of their own: nobody else's module
 * gets at it by accident, nor is one of Linux's taken for it.  And the version that all
 * of them tell.
 */
#ifndef _WD_MODULE_H
#define _WD_MODULE_H

#include <linux/export.h>
#include <linux/module.h>
#include <linux/version.h>

/* The project's, as CMakeLists.txt has it. */
#define WD_MODULE_VERSION "0.1.0"

/* The namespace is a string since 6.13, and was a bare word before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define WD_EXPORT_SYMBOL(sym)	EXPORT_SYMBOL_NS_GPL(sym, "WARPDRIVE")
#define WD_IMPORT_NS		MODULE_IMPORT_NS("WARPDRIVE")
#else
#define WD_EXPORT_SYMBOL(sym)	EXPORT_SYMBOL_NS_GPL(sym, WARPDRIVE)
#define WD_IMPORT_NS		MODULE_IMPORT_NS(WARPDRIVE)
#endif

#endif

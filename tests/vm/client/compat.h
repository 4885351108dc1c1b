/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels.
 */
#ifndef ACOMP_CLIENT_COMPAT_H
#define ACOMP_CLIENT_COMPAT_H

#include <linux/crypto.h>
#include <linux/version.h>

/* What a completion is given: the request, or since 6.3 what the caller asked for. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define COMPLETION_ARG struct crypto_async_request

static inline void *completion_data(COMPLETION_ARG *arg)
{
	return arg->data;
}
#else
#define COMPLETION_ARG void

static inline void *completion_data(COMPLETION_ARG *arg)
{
	return arg;
}
#endif

#endif

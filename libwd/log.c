/* SPDX-License-Identifier: MIT */
/*
 * Messages, error texts and the version: what the library says about itself.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static _Atomic(wd_log_fn) log_fn;
static _Atomic(void *) log_arg;

WD_API void wd_set_log(wd_log_fn fn, void *arg)
{
	atomic_store(&log_arg, arg);
	atomic_store(&log_fn, fn);
}

void wd_log(enum wd_log_level level, const char *fmt, ...)
{
	wd_log_fn fn = atomic_load(&log_fn);
	char msg[512];
	va_list ap;

	if (!fn)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	fn(atomic_load(&log_arg), level, msg);
}

static const struct {
	int err;
	const char *text;
} err_texts[] = {
	{ 0, "success" },
	{ EAGAIN, "nothing has completed yet" },
	{ EBUSY, "the queue is full, or no queue is free" },
	{ ENODEV, "no such device, or it went away" },
	{ ENOENT, "nothing is in flight" },
	{ EACCES, "permission denied" },
	{ ETIMEDOUT, "timed out" },
	{ ENOSPC, "the output buffer is too small" },
	{ EBADMSG, "corrupt data or a wrong checksum" },
	{ ENODATA, "the data ends too early" },
	{ EIO, "device error" },
	{ ERESTART, "a device failed the stream, which is to be begun again" },
	{ EOPNOTSUPP, "not supported by this device" },
	{ EINVAL, "invalid argument" },
	{ ENOMEM, "out of memory" },
	{ EPROTO, "the device talks nonsense" },
	{ ESTALE,
	  "the queue or session belongs to another process: it was made before a fork" },
};

WD_API const char *wd_strerror(int err)
{
	if (err < 0)
		err = -(unsigned int)err;
	for (size_t i = 0; i < ARRAY_SIZE(err_texts); i++)
		if (err_texts[i].err == err)
			return err_texts[i].text;
	return "unknown error";
}

WD_API const char *wd_version(void)
{
	return WD_VERSION;
}

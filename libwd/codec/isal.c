/* SPDX-License-Identifier: MIT */
/*
 * Loading ISA-L.  Without it everything still works, slower: wd_isal() is NULL
 * then, and libdeflate and zlib do its work.
 */
#define log_fmt(f) "isal: " f
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "../internal.h"
#include "isal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct wd_isal functions;
static const struct wd_isal *_Atomic loaded;
static atomic_bool missing;

static bool load(void)
{
	/* Stays until the process ends. */
	void *handle = dlopen(WD_ISAL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const char *err;

	if (!handle) {
		err = dlerror();
		wd_warn("not used: %s", err ? err : WD_ISAL_LIBRARY);
		return false;
	}
#define LOAD(name)							\
	functions.name = (__typeof__(name) *)dlsym(handle, #name);	\
	if (!functions.name) {						\
		wd_warn("not used: %s has no %s()", WD_ISAL_LIBRARY, #name);	\
		return false;						\
	}
	WD_ISAL_FUNCTIONS(LOAD)
#undef LOAD
	return true;
}

static void load_once(void)
{
	if (load())
		atomic_store_explicit(&loaded, &functions, memory_order_release);
	else
		atomic_store(&missing, true);
}

const struct wd_isal *wd_isal(void)
{
	pthread_once(&once, load_once);
	return wd_isal_if_loaded();
}

const struct wd_isal *wd_isal_if_loaded(void)
{
	return atomic_load_explicit(&loaded, memory_order_acquire);
}

bool wd_isal_missing(void)
{
	return atomic_load(&missing);
}

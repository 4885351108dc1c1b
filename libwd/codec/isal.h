/* SPDX-License-Identifier: MIT */
/*
 * ISA-L, loaded when it is first needed: relocating it takes longer than
 * compressing a small file, which has no use for it.
 */
#ifndef WD_ISAL_H
#define WD_ISAL_H

#include <stdbool.h>
#include <stddef.h>

#if WD_HAVE_ISAL

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

/* The functions that are used, under their own names. */
#define WD_ISAL_FUNCTIONS(F)	\
	F(crc32_gzip_refl)	\
	F(isal_deflate)		\
	F(isal_deflate_init)	\
	F(isal_deflate_set_dict)	\
	F(isal_inflate)		\
	F(isal_inflate_init)	\
	F(isal_inflate_reset)	\
	F(isal_inflate_set_dict)

struct wd_isal {
#define WD_ISAL_MEMBER(name)	__typeof__(name) *name;
	WD_ISAL_FUNCTIONS(WD_ISAL_MEMBER)
#undef WD_ISAL_MEMBER
};

/* NULL if this machine has none.  Any thread; the first call loads. */
const struct wd_isal *wd_isal(void);

/* The same, but NULL too if nothing has asked for it yet. */
const struct wd_isal *wd_isal_if_loaded(void);

/* Whether it was asked for and could not be loaded. */
bool wd_isal_missing(void);

#else

struct wd_isal;

static inline const struct wd_isal *wd_isal(void)
{
	return NULL;
}

static inline const struct wd_isal *wd_isal_if_loaded(void)
{
	return NULL;
}

static inline bool wd_isal_missing(void)
{
	return true;
}

#endif

#endif

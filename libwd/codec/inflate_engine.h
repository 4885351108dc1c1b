/* SPDX-License-Identifier: MIT */
/*
 * What inflate.c asks of a library that decodes streams.
 */
#ifndef WD_INFLATE_ENGINE_H
#define WD_INFLATE_ENGINE_H

#include "codec.h"

/*
 * struct wd_inflate_engine - functions behind those of the same names in codec.h
 * @init:  0 or -ENOMEM, with the engine's memory in @inf->state
 * @begin: the window's length is at most WD_COMP_WINDOW_MAX
 * @run:   sets @consumed, @produced and @status of the request, and says in @inf
 *         where the stream stands
 */
struct wd_inflate_engine {
	const char *name;
	int (*init)(struct wd_inflate *inf);
	void (*exit)(struct wd_inflate *inf);
	int (*begin)(struct wd_inflate *inf, const uint8_t *window, size_t len);
	void (*run)(struct wd_inflate *inf, struct wd_comp_req *req);
};

extern const struct wd_inflate_engine wd_inflate_isal;

#endif

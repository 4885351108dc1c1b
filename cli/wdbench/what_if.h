/* SPDX-License-Identifier: MIT */
/*
 * The machine that --what-if asks about.
 */
#ifndef WDBENCH_WHAT_IF_H
#define WDBENCH_WHAT_IF_H

#include <stdbool.h>

/*
 * struct what_if - how many there are of what, in all
 * @given: somebody asked
 * @cores: each like a CPU of this machine; 0 for as many as this one has
 * @zip:   ZIP engines
 * @numa:  memory nodes, over which cores and engines are spread evenly
 */
struct what_if {
	bool given;
	unsigned long cores;
	unsigned long zip;
	unsigned long numa;
};

/*
 * what_if_parse() - read "zip=2,numa=2,cores=64", in any order; what is left out is 0
 *                   engines, one node, and 0 cores
 *
 * Returns NULL, or what is wrong with it.
 */
const char *what_if_parse(struct what_if *w, const char *text);

/* Of @total that are spread over @w's nodes: those on node @node. */
unsigned long what_if_on_node(const struct what_if *w, unsigned long total,
			      unsigned long node);

#endif

// SPDX-License-Identifier: MIT
/*
 * Numbers from a seed: see chance.h.
 */
#include "chance.h"

void t_chance_begin(struct t_chance *chance, uint64_t seed)
{
	chance->state = seed * 0x9e3779b97f4a7c15u + 1;
	for (int i = 0; i < 4; i++)
		t_draw(chance);
}

uint32_t t_draw(struct t_chance *chance)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return (uint32_t)(chance->state >> 32);
}

uint32_t t_below(struct t_chance *chance, uint32_t n)
{
	return t_draw(chance) % n;
}

bool t_once_in(struct t_chance *chance, uint32_t n)
{
	return !t_below(chance, n);
}

size_t t_draw_len(struct t_chance *chance, size_t max)
{
	unsigned int bits = 0;
	size_t least, n;

	while (max >> bits > 1)
		bits++;
	least = (size_t)1 << t_below(chance, bits + 1);
	n = least + t_draw(chance) % least;
	return n < max ? n : max;
}

/* SPDX-License-Identifier: MIT */
/*
 * What another machine would do, from what this one did.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forecast.h"

/* ---- one of them ---- */

double forecast_threads(unsigned long n, unsigned long pieces)
{
	unsigned long turns;

	if (!pieces)
		return (double)n;
	turns = (pieces + n - 1) / n;
	return (double)pieces / (double)turns;
}

double forecast_serial(double one, double two, double gain)
{
	double serial;

	if (gain <= 1 || one <= 0)
		return 0;
	serial = (two / one - 1 / gain) / (1 - 1 / gain);
	return fmin(fmax(serial, 0), 1);
}

/* Amdahl's law; less than one core takes its share of the time. */
static double speed_up(double serial, double n)
{
	return n < 1 ? n : 1 / (serial + (1 - serial) / n);
}

/*
 * struct load - what works at once, MB/s on all nodes together
 * @cores, @engines: of these
 */
struct load {
	double cores;
	double engines;
};

/* What goes through memory for each plain byte, as a share of a copy of it. */
static double copies(const struct basis *b)
{
	return b->ratio > 0 ? (1 + 1 / b->ratio) / 2 : 1;
}

/* MB/s of node @node; what an engine did goes through memory once more to be checked. */
static double on_node(const struct load *load, const struct basis *b,
		      const struct what_if *w, unsigned long node, bool *memory)
{
	double cores = load->cores *
		       (double)what_if_on_node(w, w->cores, node) /
		       (double)w->cores;
	double engines =
		w->zip ? load->engines *
				 (double)what_if_on_node(w, w->zip, node) /
				 (double)w->zip
		       : 0;
	double need =
		copies(b) * (cores + engines * (b->check_mb_s > 0 ? 2 : 1));

	if (b->copy_mb_s <= 0 || need <= b->copy_mb_s)
		return cores + engines;
	*memory = true;
	return (cores + engines) * b->copy_mb_s / need;
}

static double on_all_nodes(struct load load, const struct basis *b,
			   const struct what_if *w, bool *memory)
{
	double sum = 0;

	for (unsigned long i = 0; i < w->numa; i++)
		sum += on_node(&load, b, w, i, memory);
	return sum;
}

void forecast_make(struct forecast *f, const struct basis *b,
		   const struct what_if *w)
{
	double threads = forecast_threads(w->cores, b->pieces);
	double cores = b->mb_s * speed_up(b->serial, threads);
	double engines = ZIP_MB_S * (double)w->zip;
	double left = (double)w->cores;
	double beside;

	*f = (struct forecast){ .memory = false };
	if (b->check_mb_s > 0) {
		engines = fmin(engines, left * b->check_mb_s);
		left -= engines / b->check_mb_s;
	}
	beside = b->mb_s * speed_up(b->serial, fmin(threads, left));
	f->cores = on_all_nodes((struct load){ cores, 0 }, b, w, &f->memory);
	f->engines =
		on_all_nodes((struct load){ 0, engines }, b, w, &f->memory);
	f->both = on_all_nodes((struct load){ beside, engines }, b, w,
			       &f->memory);
}

/* ---- all of them ---- */

/* struct sources - where they come from, and for which machine */
struct sources {
	const struct result *results;
	size_t count;
	const struct what_if *w;
	double copy_mb_s;
};

/* With so many threads, in direction @op, of the same engine and input as @like. */
static const struct result *find_like(const struct sources *s,
				      const struct result *like,
				      enum wd_comp_op op, uint32_t threads)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct result *r = &s->results[i];

		if (r->outcome == BENCH_OK && r->input == like->input &&
		    r->setup.op == op && r->setup.threads == threads &&
		    !strcmp(r->setup.engine, like->setup.engine) &&
		    r->setup.level == like->setup.level &&
		    (op != like->setup.op ||
		     r->setup.block == like->setup.block))
			return r;
	}
	return NULL;
}

/* Round by round, as they were taken in turns. */
static bool compare_rounds(struct outlook *o, double gain)
{
	unsigned int n = o->one->rounds < o->two->rounds ? o->one->rounds
							 : o->two->rounds;
	double *serial = calloc(n, sizeof(*serial));
	bool ok = serial;

	for (unsigned int i = 0; ok && i < n; i++)
		serial[i] = forecast_serial(o->one->seconds[i],
					    o->two->seconds[i], gain);
	ok = ok && stats_spread(serial, n, &o->serial);
	free(serial);
	o->expected = o->one->mb_s.median * gain;
	o->deviation = o->expected / o->two->mb_s.median - 1;
	return ok;
}

/* 0 where the result does not tell. */
static unsigned long pieces_of(const struct result *r)
{
	size_t block = r->setup.block;

	return block ? (unsigned long)((r->plain + block - 1) / block) : 0;
}

static void make_outlook(struct outlook *o, const struct sources *s)
{
	struct basis basis = {
		.mb_s = o->one->mb_s.median,
		.serial = o->serial.median,
		.ratio = result_ratio(o->one),
		.pieces = pieces_of(o->one),
		.check_mb_s = o->check ? o->check->mb_s.median : 0,
		.copy_mb_s = s->copy_mb_s,
	};

	o->basis = basis;
	forecast_make(&o->mid, &basis, s->w);
	basis.mb_s = o->one->mb_s.q1;
	basis.serial = o->serial.q3;
	forecast_make(&o->low, &basis, s->w);
	basis.mb_s = o->one->mb_s.q3;
	basis.serial = o->serial.q1;
	forecast_make(&o->high, &basis, s->w);
}

static bool look_ahead(struct outlook *o, const struct sources *s,
		       const struct result *one)
{
	double gain = forecast_threads(2, pieces_of(one));

	o->one = one;
	o->two = find_like(s, one, one->setup.op, 2);
	if (s->w->zip && one->setup.op == WD_COMP_COMPRESS)
		o->check = find_like(s, one, WD_COMP_DECOMPRESS, 1);
	if (o->two && !compare_rounds(o, gain))
		return false;
	make_outlook(o, s);
	return true;
}

int forecast_all(struct outlook **outlooks, size_t *count,
		 const struct result *results, size_t n_results,
		 const bool ops[2], const struct what_if *w, double copy_mb_s)
{
	struct sources s = { results, n_results, w, copy_mb_s };

	*count = 0;
	*outlooks = calloc(n_results, sizeof(**outlooks));
	if (!*outlooks)
		return -ENOMEM;
	for (size_t i = 0; i < n_results; i++) {
		const struct result *r = &results[i];

		if (r->outcome != BENCH_OK || r->setup.threads != 1 ||
		    !ops[r->setup.op])
			continue;
		if (!look_ahead(&(*outlooks)[*count], &s, r))
			return -ENOMEM;
		(*count)++;
	}
	return 0;
}

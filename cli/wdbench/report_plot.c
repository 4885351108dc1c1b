/* SPDX-License-Identifier: MIT */
/*
 * A picture of what came out, as SVG 1.1.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_plot.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define WIDTH		900.0
#define HEIGHT		560.0
#define LEFT		80.0
#define RIGHT		(WIDTH - 170)	/* the names of the lines are right of it */
#define TOP		70.0
#define BOTTOM		(HEIGHT - 70)
#define SERIES_MAX	24u
#define LABEL		64
#define LABEL_STEP	15.0		/* between names that would cover each other */
#define FONT		"font-family='Helvetica, Arial, sans-serif'"

/* Dark enough for lines on white, and distinct for people who see few colours. */
static const char *const colours[] = {
	"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7f7f7f", "#a6761d",
	"#56b4e9", "#000000", "#e69f00", "#6a3d9a",
};

enum kind {
	KIND_RATIO,		/* speed against ratio */
	KIND_SWEEP,		/* speed against what was varied */
	KIND_LATENCY,		/* latency by percentile */
};

struct axis {
	const char *title;
	double low, high;
	bool log;
};

struct point {
	double x, y;
	char label[16];
};

/* struct series - a line; @points are @count, allocated */
struct series {
	char name[LABEL];
	struct point *points;
	size_t count;
};

/* struct plot - @at: where what is varied is in struct setup, for KIND_SWEEP */
struct plot {
	FILE *out;
	const struct report *report;
	enum kind kind;
	double (*at)(const struct setup *s);
	struct axis x, y;
	struct series series[SERIES_MAX];
	size_t n_series;
};

/* ---- what is shown ---- */

static double depth_of(const struct setup *s)
{
	return s->depth;
}

static double block_of(const struct setup *s)
{
	return (double)s->block;
}

static double threads_of(const struct setup *s)
{
	return s->threads;
}

static double queues_of(const struct setup *s)
{
	return s->queues;
}

static double rate_of(const struct setup *s)
{
	return s->rate;
}

static const struct {
	double (*at)(const struct setup *s);
	const char *title;
} sweeps[] = {
	{ rate_of, "requests a second wanted" },
	{ depth_of, "requests in flight" },
	{ block_of, "bytes of a block" },
	{ threads_of, "threads" },
	{ queues_of, "queues" },
};

static bool is_shown(const struct result *r)
{
	return r->outcome == BENCH_OK && result_speed(r) > 0;
}

/* Whether two results of one engine, level and direction differ in it. */
static bool is_varied(const struct report *report, double (*at)(const struct setup *s))
{
	for (size_t i = 0; i < report->n_results; i++) {
		const struct setup *a = &report->results[i].setup;

		for (size_t k = 0; k < i; k++) {
			const struct setup *b = &report->results[k].setup;

			if (is_shown(&report->results[i]) &&
			    is_shown(&report->results[k]) && !a->command && !b->command &&
			    !strcmp(a->engine, b->engine) && a->level == b->level &&
			    a->op == b->op && at(a) != at(b))
				return true;
		}
	}
	return false;
}

static void choose_kind(struct plot *p)
{
	const struct result *first = p->report->results;

	for (size_t i = 0; i < ARRAY_SIZE(sweeps); i++) {
		if (!is_varied(p->report, sweeps[i].at))
			continue;
		p->kind = KIND_SWEEP;
		p->at = sweeps[i].at;
		p->x = (struct axis){ sweeps[i].title, INFINITY, 0, true };
		p->y = (struct axis){ "MB/s", INFINITY, 0, true };
		/* The speed is what was asked for; what it costs is the question. */
		if (p->at == rate_of)
			p->y.title = "latency (p99), microseconds";
		return;
	}
	if (first->setup.mode != MODE_SESSION) {
		p->kind = KIND_LATENCY;
		p->x = (struct axis){ "percentile", 1, 10, true };
		p->y = (struct axis){ "microseconds", INFINITY, 0, true };
		return;
	}
	p->kind = KIND_RATIO;
	p->x = (struct axis){ "ratio: uncompressed to compressed size", INFINITY, 0,
			      false };
	p->y = (struct axis){ "MB/s", INFINITY, 0, true };
}

/* ---- lines ---- */

static bool has_both_ops(const struct report *report)
{
	for (size_t i = 1; i < report->n_results; i++)
		if (report->results[i].setup.op != report->results[0].setup.op)
			return true;
	return false;
}

/* Results with the same name are points of one line. */
static void series_name(const struct plot *p, const struct result *r, char *name)
{
	char label[LABEL];

	if (r->setup.command) {
		size_t len = strcspn(r->setup.command, " ");

		snprintf(label, sizeof(label), "%.*s", (int)len, r->setup.command);
	} else if (p->kind == KIND_RATIO) {
		snprintf(label, sizeof(label), "%.*s", LABEL - 1,
			 r->setup.engine);
	} else {
		report_label(r, label, sizeof(label));
	}
	snprintf(name, LABEL, "%.44s%s%.10s", label,
		 has_both_ops(p->report) ? ", " : "",
		 has_both_ops(p->report) ? op_name(r->setup.op) : "");
}

static struct series *find_series(struct plot *p, const struct result *r)
{
	char name[LABEL];

	series_name(p, r, name);
	for (size_t i = 0; i < p->n_series; i++)
		if (!strcmp(p->series[i].name, name))
			return &p->series[i];
	if (p->n_series == SERIES_MAX)
		return NULL;
	strcpy(p->series[p->n_series].name, name);
	return &p->series[p->n_series++];
}

static void widen(struct axis *axis, double value)
{
	if (value < axis->low)
		axis->low = value;
	if (value > axis->high)
		axis->high = value;
}

static bool add_point(struct plot *p, struct series *s, double x, double y,
		      const char *label)
{
	struct point *points = realloc(s->points, (s->count + 1) * sizeof(*points));

	if (!points)
		return false;
	s->points = points;
	s->points[s->count] = (struct point){ .x = x, .y = y };
	snprintf(s->points[s->count].label, sizeof(s->points[0].label), "%.15s", label);
	s->count++;
	widen(&p->x, x);
	widen(&p->y, y);
	return true;
}

/* The level that a command was given, as far as it can be seen. */
static void point_label(const struct result *r, char *label, size_t size)
{
	const char *at = r->setup.command;

	label[0] = '\0';
	if (r->setup.level >= 0)
		snprintf(label, size, "%d", r->setup.level);
	while (at && (at = strstr(at, " -"))) {
		at += 2;
		if (*at >= '0' && *at <= '9') {
			snprintf(label, size, "%.*s", (int)strspn(at, "0123456789"), at);
			return;
		}
	}
}

/* Percentiles by the logarithm of 1 / (1 - p): 0, 90, 99, 99.9 are as far apart. */
static bool add_latencies(struct plot *p, struct series *s, const struct hist *h)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; h && i < HIST_BUCKETS; i++) {
		double rest;

		if (!h->buckets[i])
			continue;
		rest = 1 - (double)seen / (double)h->count;
		if (!add_point(p, s, 1 / rest, (double)hist_high(i) / 1e3, ""))
			return false;
		seen += h->buckets[i];
	}
	return true;
}

static double height(const struct plot *p, const struct result *r)
{
	if (p->kind == KIND_SWEEP && p->at == rate_of)
		return (double)hist_quantile(r->latency, 0.99) / 1e3;
	return result_speed(r);
}

static bool collect(struct plot *p)
{
	for (size_t i = 0; i < p->report->n_results; i++) {
		const struct result *r = &p->report->results[i];
		char label[16] = "";
		struct series *s;
		double x;

		if (!is_shown(r) || (p->kind == KIND_SWEEP && r->setup.command))
			continue;
		s = find_series(p, r);
		if (!s)
			continue;
		if (p->kind == KIND_LATENCY) {
			if (!add_latencies(p, s, r->latency))
				return false;
			continue;
		}
		x = p->kind == KIND_RATIO ? result_ratio(r) : p->at(&r->setup);
		if (p->kind == KIND_RATIO)
			point_label(r, label, sizeof(label));
		if (x > 0 && !add_point(p, s, x, height(p, r), label))
			return false;
	}
	return p->n_series;
}

/* ---- axes ---- */

static double position(const struct axis *axis, double value, double from, double to)
{
	double share;

	if (axis->log)
		share = log(value / axis->low) / log(axis->high / axis->low);
	else
		share = (value - axis->low) / (axis->high - axis->low);
	return from + share * (to - from);
}

static double x_at(const struct plot *p, double value)
{
	return position(&p->x, value, LEFT, RIGHT);
}

static double y_at(const struct plot *p, double value)
{
	return position(&p->y, value, BOTTOM, TOP);
}

/* Some room around the points. */
static void round_axis(struct axis *axis)
{
	double room;

	if (axis->log) {
		room = pow(axis->high / axis->low, 0.06);
		if (room < 1.05)
			room = 1.3;
		axis->low /= room;
		axis->high *= room;
	} else {
		room = 0.06 * (axis->high - axis->low);
		if (room <= 0)
			room = 0.1 * axis->high;
		axis->low -= room;
		axis->high += room;
	}
}

/* 1, 2 or 5 times a power of ten: the largest that is not above @value. */
static double nice_below(double value)
{
	double power = pow(10, floor(log10(value)));

	return value / power >= 5 ? 5 * power : value / power >= 2 ? 2 * power : power;
}

static double next_tick(const struct axis *axis, double tick, double step)
{
	if (!axis->log)
		return tick + step;
	/* 1, 2, 5, 10; only 1, 10 where there is much to show. */
	if (axis->high / axis->low > 1e4)
		return tick * 10;
	return nice_below(tick * 2.51);
}

static double first_tick(const struct axis *axis, double step)
{
	double tick;

	if (!axis->log)
		return ceil(axis->low / step) * step;
	tick = pow(10, floor(log10(axis->low)));
	while (tick < axis->low * 0.999999)
		tick = next_tick(axis, tick, 0);
	return tick;
}

static void put_text(FILE *out, double x, double y, const char *anchor, const char *style,
		     const char *text)
{
	fprintf(out, "<text x='%.1f' y='%.1f' text-anchor='%s' %s>", x, y, anchor, style);
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if ((unsigned char)*text >= 0x20)
			fputc(*text, out);
	}
	fputs("</text>\n", out);
}

#define GREY_TEXT	FONT " font-size='12' fill='#555555'"

static void tick_text(const struct plot *p, const struct axis *axis, double tick,
		      char *text, size_t size)
{
	if (axis == &p->x && p->kind == KIND_LATENCY)
		snprintf(text, size, "%.6g", 100 * (1 - 1 / tick));
	else if (axis == &p->x && p->at == block_of && tick >= 1024 * 1024)
		snprintf(text, size, "%.4gM", tick / 1048576);
	else if (axis == &p->x && p->at == block_of && tick >= 1024)
		snprintf(text, size, "%.4gK", tick / 1024);
	else
		snprintf(text, size, "%.6g", tick);
}

static void put_x_tick(const struct plot *p, double tick)
{
	double x = x_at(p, tick);
	char text[32];

	fprintf(p->out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' "
		"stroke='#e4e4e4'/>\n", x, TOP, x, BOTTOM);
	tick_text(p, &p->x, tick, text, sizeof(text));
	put_text(p->out, x, BOTTOM + 18, "middle", GREY_TEXT, text);
}

static void put_y_tick(const struct plot *p, double tick)
{
	double y = y_at(p, tick);
	char text[32];

	fprintf(p->out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' "
		"stroke='#e4e4e4'/>\n", LEFT, y, RIGHT, y);
	tick_text(p, &p->y, tick, text, sizeof(text));
	put_text(p->out, LEFT - 8, y + 4, "end", GREY_TEXT, text);
}

/* Values that were measured at, where these are few. */
static bool put_own_ticks(const struct plot *p)
{
	double seen[16];
	size_t n = 0;

	if (p->kind != KIND_SWEEP)
		return false;
	for (size_t i = 0; i < p->n_series; i++) {
		for (size_t k = 0; k < p->series[i].count; k++) {
			double x = p->series[i].points[k].x;
			size_t j = 0;

			while (j < n && seen[j] != x)
				j++;
			if (j < n)
				continue;
			if (n == ARRAY_SIZE(seen))
				return false;
			seen[n++] = x;
		}
	}
	for (size_t j = 0; j < n; j++)
		put_x_tick(p, seen[j]);
	return true;
}

static void put_axes(const struct plot *p)
{
	double step = nice_below((p->x.high - p->x.low) / 4);

	if (!put_own_ticks(p))
		for (double t = first_tick(&p->x, step); t <= p->x.high;
		     t = next_tick(&p->x, t, step))
			put_x_tick(p, t);
	step = nice_below((p->y.high - p->y.low) / 4);
	for (double t = first_tick(&p->y, step); t <= p->y.high;
	     t = next_tick(&p->y, t, step))
		put_y_tick(p, t);
	fprintf(p->out, "<path d='M%.1f %.1fV%.1fH%.1f' fill='none' stroke='#888888'/>\n",
		LEFT, TOP, BOTTOM, RIGHT);
	put_text(p->out, (LEFT + RIGHT) / 2, BOTTOM + 42, "middle",
		 FONT " font-size='13' fill='#333333'", p->x.title);
	fprintf(p->out, "<text transform='translate(%.1f %.1f) rotate(-90)' "
		"text-anchor='middle' " FONT " font-size='13' fill='#333333'>%s</text>\n",
		LEFT - 52, (TOP + BOTTOM) / 2, p->y.title);
}

/* ---- drawing ---- */

static void put_series(const struct plot *p, size_t i)
{
	const struct series *s = &p->series[i];
	const char *colour = colours[i % ARRAY_SIZE(colours)];
	char style[200];

	fprintf(p->out, "<polyline fill='none' stroke='%s' stroke-width='2' "
		"stroke-linejoin='round' points='", colour);
	for (size_t k = 0; k < s->count; k++)
		fprintf(p->out, "%.1f,%.1f ", x_at(p, s->points[k].x),
			y_at(p, s->points[k].y));
	fputs("'/>\n", p->out);
	if (p->kind == KIND_LATENCY)
		return;
	snprintf(style, sizeof(style), FONT " font-size='11' fill='%s' "
		 "stroke='#ffffff' stroke-width='2.5' paint-order='stroke'", colour);
	for (size_t k = 0; k < s->count; k++) {
		double x = x_at(p, s->points[k].x), y = y_at(p, s->points[k].y);

		fprintf(p->out, "<circle cx='%.1f' cy='%.1f' r='3.5' fill='%s' "
			"stroke='#ffffff'/>\n", x, y, colour);
		put_text(p->out, x, y - 7, "middle", style, s->points[k].label);
	}
}

/* A name to be put beside the end of its line. */
struct name {
	size_t series;
	double y;
};

static int by_place(const void *a, const void *b)
{
	double x = ((const struct name *)a)->y, y = ((const struct name *)b)->y;

	return (x > y) - (x < y);
}

/* The point farthest to the right. */
static const struct point *line_end(const struct series *s)
{
	const struct point *end = s->points;

	for (size_t k = 1; k < s->count; k++)
		if (s->points[k].x >= end->x)
			end = &s->points[k];
	return end;
}

static void put_names(const struct plot *p)
{
	struct name names[SERIES_MAX];
	double below = TOP;

	for (size_t i = 0; i < p->n_series; i++)
		names[i] = (struct name){ i, y_at(p, line_end(&p->series[i])->y) };
	qsort(names, p->n_series, sizeof(names[0]), by_place);
	for (size_t i = 0; i < p->n_series; i++) {
		const struct series *s = &p->series[names[i].series];
		const char *colour = colours[names[i].series % ARRAY_SIZE(colours)];
		double end = x_at(p, line_end(s)->x);
		double y = names[i].y > below ? names[i].y : below;
		char style[128];

		snprintf(style, sizeof(style),
			 FONT " font-size='13' font-weight='bold' fill='%s'", colour);
		fprintf(p->out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' "
			"stroke='%s' stroke-width='0.6' stroke-dasharray='2 3'/>\n",
			end + 5, names[i].y, RIGHT + 8, y, colour);
		put_text(p->out, RIGHT + 12, y + 4, "start", style, s->name);
		below = y + LABEL_STEP;
	}
}

static void put_title(const struct plot *p)
{
	const struct result *r = p->report->results;
	const struct environment *env = p->report->env;
	const char *slash = strrchr(r->input->name, '/');
	const char *name = slash && slash[1] ? slash + 1 : r->input->name;
	char text[400];

	snprintf(text, sizeof(text), "%s of %s, %zu bytes",
		 has_both_ops(p->report) ? "compression and decompression" :
		 r->setup.op == WD_COMP_COMPRESS ? "compression" : "decompression",
		 name, r->input->size);
	text[0] = text[0] == 'c' ? 'C' : 'D';
	put_text(p->out, LEFT, 30, "start",
		 FONT " font-size='17' font-weight='bold' fill='#222222'", text);
	snprintf(text, sizeof(text), "%s, %u CPUs usable, %s, libwd %s",
		 env->cpu[0] ? env->cpu : env->machine, env->cpus_usable, env->kernel,
		 wd_version());
	put_text(p->out, LEFT, 50, "start", GREY_TEXT, text);
}

bool plot_write(FILE *out, const struct report *report)
{
	struct plot p = { .out = out, .report = report };
	bool ok;

	choose_kind(&p);
	ok = collect(&p);
	if (ok) {
		round_axis(&p.x);
		round_axis(&p.y);
		if (p.kind == KIND_LATENCY)
			p.x.low = 1;
		fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' "
			"height='%.0f' viewBox='0 0 %.0f %.0f'>\n"
			"<rect width='100%%' height='100%%' fill='#ffffff'/>\n",
			WIDTH, HEIGHT, WIDTH, HEIGHT);
		put_title(&p);
		put_axes(&p);
		for (size_t i = 0; i < p.n_series; i++)
			put_series(&p, i);
		put_names(&p);
		fputs("</svg>\n", out);
	}
	for (size_t i = 0; i < p.n_series; i++)
		free(p.series[i].points);
	return ok;
}

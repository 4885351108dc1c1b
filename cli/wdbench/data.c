/* SPDX-License-Identifier: MIT */
/*
 * What is compressed: files, all files below a directory, or generated data.
 *
 * The generator writes words of a made-up vocabulary, as often as Zipf's law has
 * it, runs of noise between them where the ratio wanted is smaller than that of the
 * words, and repeats where it is larger.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "message.h"
#include "data.h"

/* ---- files ---- */

static int grow(struct data *data, size_t *room, size_t more)
{
	size_t want = *room ? *room : 64 << 10;
	uint8_t *bytes;

	if (more <= *room - data->size)
		return 0;
	while (want - data->size < more)
		want *= 2;
	bytes = realloc(data->bytes, want);
	if (!bytes)
		return -ENOMEM;
	data->bytes = bytes;
	*room = want;
	return 0;
}

static int read_all(struct data *data, size_t *room, int fd, size_t most)
{
	struct stat st;
	bool messages;
	size_t record;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	record = channel_record(&st);
	messages = channel_has_messages(fd, &st);
	/* It may have no end. */
	if (S_ISCHR(st.st_mode) && !most)
		return -EFBIG;
	/* All of it at once, and one byte to see the end. */
	if (S_ISREG(st.st_mode) && grow(data, room, (size_t)st.st_size + 1) < 0)
		return -ENOMEM;
	for (;;) {
		size_t least = messages ? channel_next_message(fd) : 0;

		/* The end of a regular file needs no more room than it has. */
		if (least < record && !(S_ISREG(st.st_mode) && data->size))
			least = record;
		if (grow(data, room, least ? least : 1) < 0)
			return -ENOMEM;
		n = read(fd, data->bytes + data->size, *room - data->size);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0)
			data->size += (size_t)n;
		if (most && data->size > most) {
			data->size = most;
			data->cut = true;
			return 0;
		}
	}
}

static int open_input(const char *path)
{
	int fd = channel_spelled(path);

	if (fd < 0)
		return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	errno = EBADF;
	return channel_is_readable(fd) ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
}

static int read_file(struct data *data, size_t *room, const char *path, size_t most)
{
	int fd = open_input(path);
	int ret = fd < 0 ? -errno : read_all(data, room, fd, most);

	if (fd >= 0)
		close(fd);
	if (ret == -EFBIG)
		msg_error("%s: a device may have no end: give --limit", msg_name(path));
	else if (ret < 0)
		msg_error("%s: %s", msg_name(path), strerror(-ret));
	if (ret < 0)
		return -1;
	data->files++;
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int read_tree(struct data *data, size_t *room, const char *path, size_t most)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;
	int ret = 0;

	if (!fts) {
		msg_error("%s: %s", msg_name(path), strerror(errno));
		return -1;
	}
	while (!ret && !data->cut && (entry = fts_read(fts))) {
		switch (entry->fts_info) {
		case FTS_F:
			ret = read_file(data, room, entry->fts_path, most);
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			msg_error("%s: %s", msg_name(entry->fts_path),
				  strerror(entry->fts_errno));
			ret = -1;
			break;
		default:
			break;
		}
	}
	fts_close(fts);
	return ret;
}

int data_read(struct data *data, const char *path, size_t most)
{
	struct stat st;
	size_t room = 0;
	int ret;

	memset(data, 0, sizeof(*data));
	data->name = strdup(path);
	if (!data->name) {
		msg_error("memory exhausted");
		return -1;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ret = read_tree(data, &room, path, most);
	else
		ret = read_file(data, &room, path, most);
	if (!ret && !data->size) {
		msg_error("%s: nothing in it to compress", msg_name(path));
		ret = -1;
	}
	if (ret)
		data_free(data);
	return ret;
}

/* ---- generated ---- */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define WORDS		4096u
#define WORD_MAX	14u
#define TEXT_RATIO	2.62	/* of words alone, gzip -6 */
#define REPEAT_RATIO	130.0	/* of what was there before */
#define PIECE		2048u	/* bytes of one kind in a row, on average */

struct generator {
	uint64_t state;
	char words[WORDS][WORD_MAX + 2];
	uint8_t lengths[WORDS];
	uint32_t often[WORDS];		/* cumulated, so that a number finds its word */
};

/* splitmix64: good enough, and the same everywhere. */
static uint64_t next_random(struct generator *g)
{
	uint64_t x = g->state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint32_t below(struct generator *g, uint32_t limit)
{
	return (uint32_t)(((next_random(g) >> 32) * limit) >> 32);
}

static void make_words(struct generator *g)
{
	static const char letters[] = "etaoinshrdlucmfwypvbgkqjxz";
	uint32_t sum = 0;

	for (unsigned int i = 0; i < WORDS; i++) {
		unsigned int len = 2 + below(g, 4) + below(g, 4) + (i > 100 ? below(g, 5) : 0);

		for (unsigned int k = 0; k < len; k++) {
			/* The smaller of two: some letters are more frequent. */
			uint32_t a = below(g, 26), b = below(g, 26);

			g->words[i][k] = letters[a < b ? a : b];
		}
		g->words[i][len] = below(g, 12) ? ' ' : '\n';
		g->lengths[i] = (uint8_t)(len + 1);
		/* In integers, so that no machine rounds in another way. */
		sum += 4000000u / (i + 3);
		g->often[i] = sum;
	}
}

static unsigned int pick_word(struct generator *g)
{
	uint32_t x = below(g, g->often[WORDS - 1]);
	unsigned int low = 0, high = WORDS - 1;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (x < g->often[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static size_t put_text(struct generator *g, uint8_t *out, size_t room)
{
	size_t done = 0;

	while (done < room) {
		unsigned int w = pick_word(g);
		size_t len = g->lengths[w];

		if (len > room - done)
			len = room - done;
		memcpy(out + done, g->words[w], len);
		done += len;
	}
	return done;
}

static void put_noise(struct generator *g, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(next_random(g) >> 56);
}

static void put_repeat(struct generator *g, uint8_t *out, size_t len, size_t before)
{
	size_t reach = before < 20000 ? before : 20000;
	size_t distance = 1 + below(g, (uint32_t)reach);

	for (size_t i = 0; i < len; i++)
		out[i] = out[i - distance];
}

/*
 * Where pieces of different kinds meet, gzip loses more than their shares tell.
 * Measured: what has to be asked for to get a ratio.
 */
static double corrected(double ratio)
{
	static const struct {
		double got, asked;
	} table[] = {
		{ 1, 1 }, { 1.122, 1.2 }, { 1.365, 1.5 }, { 1.822, 2 }, { 2.418, 2.5 },
		{ 2.929, 3 }, { 3.841, 4 }, { 5.519, 6 }, { 8.674, 10 }, { 15.54, 20 },
		{ 23.50, 30 }, { 39.30, 50 }, { 56.00, 75 },
	};
	size_t i = 1;

	while (i < ARRAY_SIZE(table) - 1 && table[i].got < ratio)
		i++;
	return table[i - 1].asked + (ratio - table[i - 1].got) *
	       (table[i].asked - table[i - 1].asked) /
	       (table[i].got - table[i - 1].got);
}

/* Shares of noise and of repeats in units of 2^-16. */
static void shares(double ratio, uint32_t *noise, uint32_t *repeat)
{
	ratio = corrected(ratio);
	*noise = *repeat = 0;
	if (ratio < TEXT_RATIO)
		*noise = (uint32_t)lround(65536 * (1 / ratio - 1 / TEXT_RATIO) /
					  (1 - 1 / TEXT_RATIO));
	else
		*repeat = (uint32_t)lround(65536 * (1 / TEXT_RATIO - 1 / ratio) /
					   (1 / TEXT_RATIO - 1 / REPEAT_RATIO));
}

static void fill(struct generator *g, uint8_t *out, size_t size, double ratio)
{
	uint32_t noise, repeat;
	size_t done = 0;

	shares(ratio, &noise, &repeat);
	while (done < size) {
		size_t len = PIECE / 2 + below(g, PIECE);
		uint32_t kind = below(g, 65536);

		if (len > size - done)
			len = size - done;
		if (kind < noise)
			put_noise(g, out + done, len);
		else if (kind < repeat && done)
			put_repeat(g, out + done, len, done);
		else
			put_text(g, out + done, len);
		done += len;
	}
}

int data_generate(struct data *data, size_t size, double ratio, uint64_t seed)
{
	struct generator *g = calloc(1, sizeof(*g));

	memset(data, 0, sizeof(*data));
	data->bytes = malloc(size);
	if (asprintf(&data->name, "generated, ratio %g, seed %llu", ratio,
		     (unsigned long long)seed) < 0)
		data->name = NULL;
	if (!g || !data->bytes || !data->name) {
		msg_error("memory exhausted");
		data_free(data);
		free(g);
		return -1;
	}
	g->state = seed;
	make_words(g);
	fill(g, data->bytes, size, ratio);
	data->size = size;
	data->ratio = ratio;
	data->seed = seed;
	free(g);
	return 0;
}

void data_free(struct data *data)
{
	free(data->name);
	free(data->bytes);
	memset(data, 0, sizeof(*data));
}

/* SPDX-License-Identifier: MIT */
/*
 * The loop that moves a source through a session.
 */
#include <errno.h>
#include <stdatomic.h>

#include "progress.h"
#include "pump.h"

int pump_make_ready(struct pump *pump)
{
	if (pump->is_ready || !pump->ready)
		return 0;
	pump->is_ready = true;
	return pump->ready(pump->arg);
}

static int take_output(struct pump *pump, const void *data, size_t len)
{
	if (pump_make_ready(pump) < 0 || pump->sink(pump->arg, data, len) < 0)
		return -1;
	pump->produced += len;
	progress_update(pump->taken, pump->produced);
	return 0;
}

/* what drain() found; negative values are errors of the session */
enum drained {
	DRAINED_MORE,		/* nothing there now: give input, or wait */
	DRAINED_END,		/* the stream is complete */
	DRAINED_STOPPED,
};

/* Hand on the output there is; with @wait, wait for the first piece. */
static int drain(struct pump *pump, bool wait)
{
	int timeout = WD_NO_WAIT;
	const void *data;
	size_t len;
	int ret;

	if (wait)
		timeout = progress_enabled() ? PROGRESS_STEP_MS : WD_WAIT_FOREVER;
	for (;;) {
		ret = wd_comp_get_output(pump->sess, &data, &len, timeout);
		switch (ret) {
		case 1:
			break;
		case 0:
			return pump_make_ready(pump) < 0 ? DRAINED_STOPPED : DRAINED_END;
		case -EAGAIN:
			return DRAINED_MORE;
		case -ETIMEDOUT:
			progress_tick();
			continue;
		default:
			return ret;
		}
		if (take_output(pump, data, len) < 0)
			return DRAINED_STOPPED;
		ret = wd_comp_put_output(pump->sess);
		if (ret < 0)
			return ret;
		timeout = WD_NO_WAIT;
	}
}

/*
 * Before waiting for someone to type, or to write into a pipe, everything that
 * can be known from the input so far goes out.
 */
static int drain_all(struct pump *pump)
{
	int ret = wd_comp_put_input(pump->sess, 0, WD_COMP_SYNC_FLUSH);

	while (ret == 0) {
		uint64_t before = pump->produced;

		ret = drain(pump, true);
		if (ret != DRAINED_MORE || pump->produced == before)
			break;
	}
	return ret;
}

/*
 * One read into the session's memory.
 *
 * Returns 1 after that, 0 if the session wants its output taken first, or a
 * negative error of the session.
 */
static int feed(struct pump *pump, bool *at_end, enum pump_result *result)
{
	size_t room;
	void *buf;
	ssize_t n;
	int ret;

	ret = wd_comp_get_input(pump->sess, &buf, &room);
	if (ret == -EAGAIN)
		return 0;
	if (ret == -EINVAL) {
		/* The stream has ended, or failed, before the file. */
		*at_end = true;
		return 0;
	}
	if (ret < 0)
		return ret;

	n = pump->source.read(pump->source.arg, buf, room);
	if (n < 0) {
		pump->err = errno;
		*result = PUMP_READ_ERROR;
		return 0;
	}
	*at_end = n == 0;
	pump->taken += n;
	if (n)
		pump->last = ((unsigned char *)buf)[n - 1];
	ret = wd_comp_put_input(pump->sess, n, n ? WD_COMP_NO_FLUSH : WD_COMP_FINISH);
	return ret < 0 ? ret : 1;
}

static enum pump_result stopped(struct pump *pump, int ret)
{
	if (ret == DRAINED_END)
		return PUMP_DONE;
	if (ret == DRAINED_STOPPED)
		return PUMP_STOPPED;
	pump->err = ret;
	return PUMP_SESSION_ERROR;
}

/* ---- with the session reading by itself ---- */

/* On any thread. */
static int64_t read_at(void *arg, void *buf, size_t len, uint64_t offset)
{
	struct pump *pump = arg;
	ssize_t n = pump->source.read_at(pump->source.arg, buf, len, offset);

	if (n >= 0)
		return n;
	atomic_store(&pump->read_errno, errno);
	return -EIO;
}

/* Not worth it, or not possible, for what fits into a chunk. */
static bool begin_source(struct pump *pump)
{
	uint64_t size = pump->source.size;
	struct wd_comp_info info;

	if (!pump->side_by_side || !pump->source.read_at ||
	    wd_comp_get_info(pump->sess, &info) < 0 || size <= info.chunk_size)
		return false;
	return wd_comp_set_source(pump->sess, read_at, pump, size) == 0;
}

static void note_taken(struct pump *pump)
{
	struct wd_comp_info info;

	if (wd_comp_get_info(pump->sess, &info) == 0)
		pump->taken = info.total_in;
}

static enum pump_result run_source(struct pump *pump)
{
	enum pump_result result;
	int ret;

	do {
		ret = drain(pump, true);
		note_taken(pump);
	} while (ret == DRAINED_MORE);
	result = stopped(pump, ret);
	if (result == PUMP_SESSION_ERROR && atomic_load(&pump->read_errno)) {
		pump->err = atomic_load(&pump->read_errno);
		result = PUMP_READ_ERROR;
	}
	/* Other threads may still be reading; the file is about to be closed. */
	if (result != PUMP_DONE)
		wd_comp_reset(pump->sess, WD_COMP_SIZE_UNKNOWN);
	else
		pump->source.seek(pump->source.arg, pump->taken);
	return result;
}

/* ---- either way ---- */

static bool would_wait(const struct pump *pump)
{
	return pump->interactive && pump->source.would_wait &&
	       pump->source.would_wait(pump->source.arg);
}

static enum pump_result run_copying(struct pump *pump)
{
	enum pump_result result = PUMP_DONE;
	bool at_end = false;
	bool wait = false;
	int ret;

	for (;;) {
		uint64_t before = pump->produced;
		bool stuck;

		ret = drain(pump, wait);
		if (ret != DRAINED_MORE)
			return stopped(pump, ret);
		/* Without room for input, waiting must have given output. */
		stuck = wait && pump->produced == before;
		if (stuck && at_end)
			return stopped(pump, -EIO);
		if (!at_end && would_wait(pump)) {
			ret = drain_all(pump);
			if (ret != DRAINED_MORE)
				return stopped(pump, ret);
		}
		wait = at_end;
		if (at_end)
			continue;

		ret = feed(pump, &at_end, &result);
		if (ret < 0)
			return stopped(pump, ret);
		if (result != PUMP_DONE)
			return result;
		wait = ret == 0;
		if (stuck && wait && !at_end)
			return stopped(pump, -EIO);
		progress_update(pump->taken, pump->produced);
	}
}

enum pump_result pump_run(struct pump *pump)
{
	return begin_source(pump) ? run_source(pump) : run_copying(pump);
}

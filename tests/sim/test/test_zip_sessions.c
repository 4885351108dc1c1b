/* SPDX-License-Identifier: MIT */
/*
 * Sessions on ZIP engines with all that can be wrong with them, at random: what comes out
 * is right, nobody waits for ever, and the model finds nothing wrong with what was
 * asked of it.
 *
 * WD_ENGINE_SCRIPTS: how many are tried; WD_ENGINE_SEED: of the first;
 * WD_ENGINE_STALL_MS: after which a device counts as lost; WD_ENGINE_LOG: to see what the
 * library has to say.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drv/inflight.h"
#include "t_util.h"
#include "with_model.h"

#include <cmocka.h>

#define SCRIPTS	     40u
#define CHUNKS	     24u
#define LEN_MAX	     (CHUNKS * WD_COMP_CHUNK_MIN)
#define CASE_SECONDS 300u
#define STALL_MS     200
#define REQUESTS_MAX 30u
#define FAULTS	     4u

/* What is tried now, for who looks why it failed. */
static char script[512], about[128];

static void say_case(int sig)
{
	ssize_t n = write(STDERR_FILENO, about, strlen(about));

	n += write(STDERR_FILENO, script, strlen(script));
	n += write(STDERR_FILENO, "\n", 1);
	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

/* ---- scripts ---- */

/* clang-format off */
static const struct {
	const char *format; /* of two numbers: which request, and what */
	uint32_t below;     /* the second one */
} faults[] = {
	{ "fail %u %u", 256 },
	{ "flip %u %u", 1u << 20 },
	{ "flip-crc %u %u", 32 },
	{ "delay %u %u", 20000 },
	{ "hang %u", 1 },
	{ "tag %u %u", 1u << 31 },
	{ "drop-irq %u", 1 },
	{ "dup-irq %u", 1 },
	{ "@%u mailbox %u", 15 },
	{ "@%u mailbox-hang", 1 },
	{ "@%u stop %u", 15 },
	{ "@%u stop-hang", 1 },
	{ "@%u mem-hang", 1 },
	{ "@%u vft-hang", 1 },
	{ "@%u axi-hang", 1 },
	{ "@%u flr-slow %u", 50 },
	{ "@%u ras qm %u", 15 },
	{ "@%u ras zip %u", 13 },
	{ "@%u eqe %u", 65536 },
	{ "@%u eqe %u stale", 65536 },
	{ "@%u aeq %u 0", 16 },
	{ "@%u aeq %u 1 stale", 16 },
	{ "@%u cqe 0 %u", 1024 },
	{ "@%u cqe 0 %u stale", 1024 },
	{ "@%u storm %u 50", 4 },
	{ "@%u late 0 %u", 2000 },
	{ "@%u aer 14", 1 },
	{ "@%u remove", 1 },
	{ "@%u fuzz %u,50", 1u << 20 },
	{ "@%u fuzz %u,400", 1u << 20 },
};
/* clang-format on */

/* Values of 0 mean nothing to some of them. */
static void add_fault(void)
{
	size_t len = strlen(script);
	uint32_t which = t_rnd_below(T_ARRAY_SIZE(faults));
	uint32_t value = t_rnd_below(faults[which].below);
	bool needs_one = strstr(faults[which].format, "mailbox ") ||
			 strstr(faults[which].format, "stop ") ||
			 strstr(faults[which].format, "flr-slow");

	if (needs_one && !value)
		value = 1;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(script + len, sizeof(script) - len, faults[which].format,
		 1 + t_rnd_below(REQUESTS_MAX), value);
#pragma GCC diagnostic pop
	strcat(script, "; ");
}

static void begin_model(uint32_t seed)
{
	struct with_model_setup setup;
	uint32_t version = t_rnd_below(4);

	with_model_default(&setup, version ? QM_HW_V3 : QM_HW_V2);
	if (version == 3)
		assert_int_equal(
			sim_config_set(&setup.config, QM_SUB_VERSION, QM_HW_V5),
			0);
	setup.count = 1 + t_rnd_below(3);
	setup.config.workers = t_rnd_below(3);
	script[0] = '\0';
	for (uint32_t n = t_rnd_below(FAULTS + 1); n; n--)
		add_fault();
	assert_true(script_read(&setup.script, script,
				t_rnd_below(4) ? 0 : t_rnd_below(1001), seed));
	with_model_begin(&setup);
}

/* ---- sessions ---- */

static void pass(enum wd_comp_op op, enum wd_comp_format format,
		 const char *engine, const struct t_bytes *in,
		 struct t_bytes *out)
{
	struct wd_comp_setup setup = {
		.op = op,
		.format = format,
		.level = 1,
		.chunk_size = WD_COMP_CHUNK_MIN,
		.engine = engine,
		.size_hint = WD_COMP_SIZE_UNKNOWN,
		.threads = 1 + t_rnd_below(3),
	};
	const struct t_feed feed = { .in_max = 1 + t_rnd_below(200000) };
	struct wd_comp_sess *s;
	size_t left;

	assert_int_equal(wd_comp_create(&s, &setup), 0);
	assert_int_equal(t_stream(s, &feed, in->data, in->len, out, &left), 1);
	assert_int_equal(left, 0);
	wd_comp_destroy(s);
}

static void check_packed(enum wd_comp_format format,
			 const struct t_bytes *packed,
			 const struct t_bytes *plain)
{
	struct t_verdict v;

	t_judge(&v, format, packed->data, packed->len, NULL, 0);
	assert_int_equal(v.ret, 0);
	assert_int_equal(v.out.len, plain->len);
	assert_memory_equal(v.out.data, plain->data, plain->len);
	t_bytes_free(&v.out);
}

static void try_script(uint32_t seed)
{
	static const char *const engines[] = { "hisi_zip", "hybrid" };
	enum wd_comp_format format;
	struct t_bytes plain = { 0 }, packed = { 0 }, back = { 0 };
	const char *engine;

	t_seed(seed);
	format = (enum wd_comp_format)t_rnd_below(WD_COMP_RAW + 1);
	engine = engines[t_rnd_below(2)];
	snprintf(about, sizeof(about),
		 "WD_ENGINE_SEED=%u %s, format %d: ", seed, engine,
		 (int)format);
	plain.len = 1 + t_rnd_below(LEN_MAX);
	plain.cap = plain.len;
	plain.data = malloc(plain.len);
	assert_non_null(plain.data);
	t_fill(plain.data, plain.len, (enum t_kind)t_rnd_below(T_KINDS));

	begin_model(seed);
	pass(WD_COMP_COMPRESS, format, engine, &plain, &packed);
	check_packed(format, &packed, &plain);
	with_model_end();

	/* With other faults. */
	begin_model(seed + 1);
	pass(WD_COMP_DECOMPRESS, format, engine, &packed, &back);
	assert_int_equal(back.len, plain.len);
	assert_memory_equal(back.data, plain.data, plain.len);
	with_model_end();
	t_bytes_free(&plain);
	t_bytes_free(&packed);
	t_bytes_free(&back);
}

static void say(void *arg, enum wd_log_level level, const char *text)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

static uint32_t number(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void t_no_fault_gets_a_wrong_byte_out_of_a_session(void **state)
{
	uint32_t first = number("WD_ENGINE_SEED", 1);
	uint32_t scripts = number("WD_ENGINE_SCRIPTS", T_REPEAT(SCRIPTS));

	(void)state;
	if (getenv("WD_ENGINE_LOG"))
		wd_set_log(say, NULL);
	wd_stall_ms = (int)number("WD_ENGINE_STALL_MS", STALL_MS);
	for (uint32_t i = 0; i < scripts; i++) {
		alarm(CASE_SECONDS);
		try_script(first + i);
	}
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_no_fault_gets_a_wrong_byte_out_of_a_session),
	};
	int ret;

	signal(SIGABRT, say_case);
	signal(SIGALRM, say_case);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	if (ret)
		fprintf(stderr, "%s%s\n", about, script);
	return ret;
}

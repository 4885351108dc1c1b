// SPDX-License-Identifier: MIT
/*
 * Requests that a driver must not send: each rule of SQEs, lists and streams by a test
 * of its own that breaks it and looks at what is counted, what is said, and the answer.
 */
#include "strict.h"

static void set_len(__le32 *field, uint32_t len)
{
	*field = cpu_to_le32(len);
}

/* ---- requests ---- */

/* It is answered with an error, and touches nothing. */
static void check_bad_request(struct t_rig *rig, struct t_queue *q,
			      const struct hisi_zip_sqe *bad, enum sim_violation class,
			      const char *word)
{
	struct hisi_zip_sqe sqe = *bad;
	uint32_t status;

	/* Or an error of the bus would be the end of all requests. */
	if (rig->dev.config.revision >= QM_HW_V3)
		t_write(&rig->dev, HZIP_SHUTDOWN_SELECT, 0);
	memset(rig->out.p, 0xee, T_OUT_LEN);
	status = t_rig_status(q, &sqe);
	assert_int_not_equal(status, HZIP_STATUS_OK);
	assert_int_not_equal(status, HZIP_STATUS_NEGATIVE);
	assert_int_not_equal(status, HZIP_STATUS_END);
	assert_int_equal(le32_to_cpu(sqe.produced), 0);
	for (uint32_t i = 0; i < T_OUT_LEN; i++)
		assert_int_equal(rig->out.p[i], 0xee);
	t_expect(rig, class, word);
}

static void check_bad_word(struct t_rig *rig, size_t dword, uint32_t value,
			   enum sim_violation class)
{
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	memcpy((uint8_t *)&sqe + dword * 4, &value, 4);
	check_bad_request(rig, &rig->comp, &sqe, class, "queue 0 slot");
	t_rig_works(rig);
}

static void t_fields_of_storage_requests_are_zero(void **state)
{
	static const size_t dwords[] = { 5, 6, 10, 11, 12, 16, 17, 24, 25 };

	for (size_t i = 0; i < T_ARRAY_SIZE(dwords); i++)
		check_bad_word(*state, dwords[i], 1, SIM_V_RESERVED);
}

static void t_reserved_bits_of_a_request_are_zero(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	check_bad_word(rig, 7, le32_to_cpu(sqe.dw7) | BIT(24), SIM_V_RESERVED);
	check_bad_word(rig, 8, BIT(24), SIM_V_RESERVED);
	check_bad_word(rig, 9, le32_to_cpu(sqe.dw9) | BIT(16), SIM_V_RESERVED);
}

static void t_a_request_has_the_type_of_the_device(void **state)
{
	struct t_rig *rig = *state;

	check_bad_word(rig, 7, 0, SIM_V_SQE);
	check_bad_word(rig, 7, 1u << 28, SIM_V_SQE);
	check_bad_word(rig, 7, 15u << 28, SIM_V_SQE);
}

static void t_v2_knows_both_types_but_not_all_formats(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	check_bad_word(rig, 7, 1u << 28, SIM_V_SQE);
	t_rig_sqe(rig, &sqe);
	sqe.dw7 = cpu_to_le32(3u << 28);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	t_rig_sqe(rig, &sqe);
	check_bad_word(rig, 9, (le32_to_cpu(sqe.dw9) & ~HZIP_SQE_ALG) | HZIP_ALG_DEFLATE,
		       SIM_V_SQE);
}

static void t_formats_buffers_and_windows_exist(void **state)
{
	struct t_rig *rig = *state;
	static const uint32_t dw9[] = {
		0x00, 0x05, 0x10, 0xff, HZIP_ALG_LZ4, HZIP_ALG_LZ77_ONLY,
		HZIP_ALG_LZ77_ZSTD, HZIP_ALG_DEFLATE | 2 << 8,
		HZIP_ALG_DEFLATE | 15 << 8, HZIP_ALG_DEFLATE | 5 << 12,
		HZIP_ALG_DEFLATE | 15 << 12,
	};

	for (size_t i = 0; i < T_ARRAY_SIZE(dw9); i++)
		check_bad_word(rig, 9, dw9[i], SIM_V_SQE);
}

/* Of the two words that say so, either will do. */
static void t_lz4_has_to_be_there(void **state)
{
	static const uint32_t words[] = { HZIP_CAP_KERNEL_ALGS,
					  HZIP_CAP_USER_ALGS };
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(words); i++) {
		struct hisi_zip_sqe sqe;

		t_config(&config, QM_HW_V3);
		assert_int_equal(sim_config_set(&config, words[i], 0x130), 0);
		t_rig_create(&rig, &config);
		t_rig_start(&rig);
		t_sqe_make(&sqe, &rig.dev, HZIP_ALG_LZ4, rig.in.bus, T_IN_LEN,
			   rig.out.bus, T_OUT_LEN);
		assert_int_equal(t_rig_status(&rig.comp, &sqe), HZIP_STATUS_OK);
		assert_in_range(le32_to_cpu(sqe.produced), 1, T_IN_LEN);
		t_expect_none(&rig);
		t_sqe_make(&sqe, &rig.dev, HZIP_ALG_LZ4, rig.in.bus, T_IN_LEN,
			   rig.out.bus, T_OUT_LEN);
		check_bad_request(&rig, &rig.decomp, &sqe, SIM_V_SQE,
				  "decompress");
		t_rig_destroy(&rig);
	}
}

static void t_a_request_has_addresses(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	sqe.src_low = 0;
	sqe.src_high = 0;
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SQE, "address 0");
	t_rig_sqe(rig, &sqe);
	sqe.dst_low = 0;
	sqe.dst_high = 0;
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SQE, "address 0");
}

static void t_a_stateless_request_ignores_what_is_of_streams(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	sqe.dw7 |= cpu_to_le32(HZIP_SQE_NEW | HZIP_SQE_FINISH);
	sqe.ctx_dw0 = cpu_to_le32(1);
	sqe.ctx_low = cpu_to_le32(0x1000);
	sqe.isize = cpu_to_le32(7);
	sqe.checksum = cpu_to_le32(7);
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	assert_int_equal(le32_to_cpu(sqe.isize), T_IN_LEN);
}

static void t_a_request_has_a_size(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	set_len(&sqe.in_len, 0);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SIZE, "");
	t_rig_sqe(rig, &sqe);
	set_len(&sqe.in_len, HZIP_LEN_MAX + 1);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SIZE, "");
	t_rig_sqe(rig, &sqe);
	set_len(&sqe.out_len, HZIP_LEN_MAX + 1);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SIZE, "");
}

static void t_a_request_without_space_is_ignored(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe, before;

	t_rig_sqe(rig, &before);
	set_len(&before.out_len, HZIP_OUT_MIN - 1);
	before.produced = cpu_to_le32(0x1234);
	before.isize = cpu_to_le32(0x5678);
	sqe = before;
	assert_int_equal(t_run(&rig->comp, &sqe), 0);
	assert_memory_equal(&sqe, &before, sizeof(sqe));
	t_expect(rig, SIM_V_SIZE, "15 bytes");
}

static void t_buffers_lie_in_memory(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	set_len(&sqe.in_len, T_IN_LEN + 1);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_DMA, "not mapped");
	assert_int_equal(t_read(&rig->dev, HZIP_ERR_STATUS), HZIP_ERR_AXI_READ);
	t_write(&rig->dev, HZIP_ERR_SOURCE, ~0u);
	t_rig_sqe(rig, &sqe);
	sqe.dst_low = cpu_to_le32(0x1000);
	sqe.dst_high = 0;
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_DMA, "0x1000");
	assert_int_equal(t_read(&rig->dev, HZIP_ERR_STATUS), HZIP_ERR_AXI_WRITE);
}

static void t_read_only_memory_is_not_written(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	sqe.dst_low = sqe.src_low;
	set_len(&sqe.in_len, 100);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_DMA, "write");
}

static void t_words_that_are_no_results_are_left_alone(void **state)
{
	static const size_t kept[] = {
		4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23,
		24, 25, 26, 27,
	};
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe, sent;

	t_rig_sqe(rig, &sent);
	t_sqe_set_tag(&sent, 0x1122334455667788);
	sqe = sent;
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	for (size_t i = 0; i < T_ARRAY_SIZE(kept); i++)
		assert_memory_equal((uint8_t *)&sqe + kept[i] * 4,
				    (uint8_t *)&sent + kept[i] * 4, 4);
	assert_true(t_sqe_tag(&sqe) == 0x1122334455667788);
}

/* ---- lists ---- */

struct lists {
	struct t_mem mem;	/* two lists of 4 for the input, one for the output */
	struct hisi_sgl *src, *more, *dst;
	struct hisi_zip_sqe sqe;
};

#define LIST_LEN	256u

static void lists_make(struct t_rig *rig, struct lists *l)
{
	const struct t_piece dst = { rig->out.bus, T_OUT_LEN };
	struct t_piece src[6];
	struct t_mem part;

	t_alloc(&rig->dev, &l->mem, 3 * LIST_LEN, 64, true);
	for (uint32_t i = 0; i < 6; i++)
		src[i] = (struct t_piece){ rig->in.bus + i * 500, 500 };
	assert_int_equal(t_sgl_size(6, 4), 2 * (64 + 4 * 32));
	part = (struct t_mem){ l->mem.p, l->mem.bus, 2 * LIST_LEN };
	t_sgl_make(&part, src, 6, 4);
	part = (struct t_mem){ l->mem.p + 2 * LIST_LEN, l->mem.bus + 2 * LIST_LEN,
			       LIST_LEN };
	t_sgl_make(&part, &dst, 1, 4);
	l->src = (struct hisi_sgl *)l->mem.p;
	l->more =
		(struct hisi_sgl *)(l->mem.p + (le64_to_cpu(l->src->next) - l->mem.bus));
	l->dst = (struct hisi_sgl *)part.p;
	t_rig_sqe(rig, &l->sqe);
	l->sqe.dw9 |= cpu_to_le32(FIELD_PREP(HZIP_SQE_BUFFERS, HZIP_BUFFERS_SGL));
	l->sqe.src_low = cpu_to_le32((uint32_t)l->mem.bus);
	l->sqe.src_high = cpu_to_le32((uint32_t)(l->mem.bus >> 32));
	l->sqe.dst_low = cpu_to_le32((uint32_t)(l->mem.bus + 2 * LIST_LEN));
	l->sqe.dst_high = l->sqe.src_high;
}

static void check_bad_lists(struct t_rig *rig, struct lists *l, enum sim_violation class,
			    const char *word)
{
	check_bad_request(rig, &rig->comp, &l->sqe, class, word);
	t_free(&rig->dev, &l->mem);
	t_rig_works(rig);
}

static void t_good_lists_work(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	struct lists l;

	lists_make(rig, &l);
	sqe = l.sqe;
	assert_int_equal(t_rig_status(&rig->comp, &sqe), HZIP_STATUS_OK);
	assert_int_equal(le32_to_cpu(sqe.consumed), T_IN_LEN);
	t_expect_none(rig);
	t_free(&rig->dev, &l.mem);
}

static void t_lists_lie_aligned(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.sqe.src_low += cpu_to_le32(32);
	check_bad_lists(rig, &l, SIM_V_ALIGN, "aligned");
	lists_make(rig, &l);
	l.src->next += cpu_to_le64(32);
	check_bad_lists(rig, &l, SIM_V_ALIGN, "list 1");
}

static void t_lists_lie_in_memory(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.sqe.src_high = 0;
	check_bad_lists(rig, &l, SIM_V_DMA, "not mapped");
	lists_make(rig, &l);
	l.src->next = cpu_to_le64(0x1000);
	check_bad_lists(rig, &l, SIM_V_DMA, "0x1000");
	lists_make(rig, &l);
	l.src->entry[1].addr = cpu_to_le64(0x1000);
	check_bad_lists(rig, &l, SIM_V_DMA, "0x1000");
	lists_make(rig, &l);
	l.dst->entry[0].addr = cpu_to_le64(0x1000);
	check_bad_lists(rig, &l, SIM_V_DMA, "0x1000");
}

static void t_entries_have_addresses_and_sizes(void **state)
{
	static const uint32_t lens[] = { 0, HISI_SGL_ENTRY_LEN_MAX + 1, 0xffffffff };
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.src->entry[2].addr = 0;
	check_bad_lists(rig, &l, SIM_V_SGL, "entry 2");
	for (size_t i = 0; i < T_ARRAY_SIZE(lens); i++) {
		lists_make(rig, &l);
		set_len(&l.src->entry[1].len, lens[i]);
		check_bad_lists(rig, &l, SIM_V_SGL, "entry 1");
		lists_make(rig, &l);
		set_len(&l.dst->entry[0].len, lens[i]);
		check_bad_lists(rig, &l, SIM_V_SGL, "entry 0");
	}
}

static void t_the_counts_of_lists_fit(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.src->entries = cpu_to_le16(5);
	check_bad_lists(rig, &l, SIM_V_SGL, "5 entries");
	lists_make(rig, &l);
	l.src->slots = cpu_to_le16(256);
	check_bad_lists(rig, &l, SIM_V_SGL, "256 slots");
	lists_make(rig, &l);
	l.src->slots_chain = cpu_to_le16(3);
	check_bad_lists(rig, &l, SIM_V_SGL, "chain");
	lists_make(rig, &l);
	l.src->slots_chain = cpu_to_le16(5);
	check_bad_lists(rig, &l, SIM_V_SGL, "6 entries");
}

static void t_reserved_fields_of_lists_are_zero(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.src->reserved1 = cpu_to_le16(1);
	check_bad_lists(rig, &l, SIM_V_RESERVED, "reserved");
	lists_make(rig, &l);
	l.dst->entry[0].reserved = cpu_to_le32(1);
	check_bad_lists(rig, &l, SIM_V_RESERVED, "entry 0");
}

static void t_fields_of_software_in_lists_are_ignored(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	memset(l.src->software1, 0xff, sizeof(l.src->software1));
	l.src->software2 = UINT64_MAX;
	l.src->entry[0].software1 = UINT64_MAX;
	l.src->entry[0].software2 = UINT64_MAX;
	assert_int_equal(t_rig_status(&rig->comp, &l.sqe), HZIP_STATUS_OK);
	t_free(&rig->dev, &l.mem);
}

static void t_lists_hold_what_the_request_says(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.src->next = 0;
	check_bad_lists(rig, &l, SIM_V_SGL, "2000 bytes of 3000");
	lists_make(rig, &l);
	l.sqe.dw7 |= cpu_to_le32(1);
	check_bad_lists(rig, &l, SIM_V_SGL, "");
	lists_make(rig, &l);
	l.sqe.dw8 = cpu_to_le32(0xffffff);
	check_bad_lists(rig, &l, SIM_V_SGL, "");
}

static void t_lists_do_not_go_around(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.more->next = cpu_to_le64(l.mem.bus);
	l.more->entries = cpu_to_le16(1);
	check_bad_lists(rig, &l, SIM_V_SGL, "loop");
}

/* Of 10 bytes each. */
static uint32_t run_chain(struct t_rig *rig, unsigned int lists)
{
	struct t_piece pieces[HISI_SGL_LISTS_MAX + 1];
	struct hisi_zip_sqe sqe;
	struct t_mem chain;
	struct lists l;
	uint32_t status;

	for (unsigned int i = 0; i < lists; i++)
		pieces[i] = (struct t_piece){ rig->in.bus + i * 10, 10 };
	lists_make(rig, &l);
	t_alloc(&rig->dev, &chain, t_sgl_size(lists, 1), 64, true);
	t_sgl_make(&chain, pieces, lists, 1);
	sqe = l.sqe;
	set_len(&sqe.in_len, lists * 10);
	sqe.src_low = cpu_to_le32((uint32_t)chain.bus);
	sqe.src_high = cpu_to_le32((uint32_t)(chain.bus >> 32));
	status = t_rig_status(&rig->comp, &sqe);
	t_free(&rig->dev, &chain);
	t_free(&rig->dev, &l.mem);
	return status;
}

static void t_a_chain_has_at_most_256_lists(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(run_chain(rig, HISI_SGL_LISTS_MAX), HZIP_STATUS_OK);
	t_expect_none(rig);
	assert_int_not_equal(run_chain(rig, HISI_SGL_LISTS_MAX + 1), HZIP_STATUS_OK);
	t_expect(rig, SIM_V_SGL, "256 lists");
}

static void t_lists_have_addresses(void **state)
{
	struct t_rig *rig = *state;
	struct lists l;

	lists_make(rig, &l);
	l.sqe.src_low = 0;
	l.sqe.src_high = 0;
	check_bad_lists(rig, &l, SIM_V_SGL, "address 0");
}

static void t_offsets_need_lists(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;

	t_rig_sqe(rig, &sqe);
	sqe.dw7 |= cpu_to_le32(1);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SQE, "");
	t_rig_sqe(rig, &sqe);
	sqe.dw8 = cpu_to_le32(1);
	check_bad_request(rig, &rig->comp, &sqe, SIM_V_SQE, "");
}

/* ---- streams ---- */

struct stream {
	struct t_mem ctx;
	struct hisi_zip_sqe sqe;	/* of the second request */
};

/* The first half of the input is compressed, and the request for the rest made. */
static void stream_begin(struct t_rig *rig, struct stream *s)
{
	struct hisi_zip_sqe first;
	uint64_t ctx;

	t_alloc(&rig->dev, &s->ctx, HZIP_CTX_SIZE, 64, true);
	ctx = s->ctx.bus + HZIP_CTX_DEVICE;
	t_rig_sqe(rig, &first);
	first.dw7 |= cpu_to_le32(HZIP_SQE_STATEFUL | HZIP_SQE_NEW);
	set_len(&first.in_len, 1500);
	first.ctx_low = cpu_to_le32((uint32_t)ctx);
	first.ctx_high = cpu_to_le32((uint32_t)(ctx >> 32));
	assert_int_equal(t_rig_status(&rig->comp, &first), HZIP_STATUS_OK);
	s->sqe = first;
	s->sqe.dw7 &= cpu_to_le32(~HZIP_SQE_NEW);
	s->sqe.dw7 |= cpu_to_le32(HZIP_SQE_FINISH);
	s->sqe.src_low += cpu_to_le32(1500);
}

static void check_bad_stream(struct t_rig *rig, struct stream *s, const char *word)
{
	check_bad_request(rig, &rig->comp, &s->sqe, SIM_V_STREAM, word);
	t_free(&rig->dev, &s->ctx);
}

static void t_a_good_stream_works(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	assert_int_equal(t_rig_status(&rig->comp, &s.sqe), HZIP_STATUS_OK);
	t_expect_none(rig);
	t_free(&rig->dev, &s.ctx);
}

static void t_carried_words_are_those_returned(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	s.sqe.ctx_dw0 ^= cpu_to_le32(1);
	check_bad_stream(rig, &s, "");
	stream_begin(rig, &s);
	s.sqe.ctx_dw1 ^= cpu_to_le32(1);
	check_bad_stream(rig, &s, "");
	stream_begin(rig, &s);
	s.sqe.ctx_dw2 ^= cpu_to_le32(1);
	check_bad_stream(rig, &s, "");
	stream_begin(rig, &s);
	s.sqe.isize ^= cpu_to_le32(1);
	check_bad_stream(rig, &s, "");
	stream_begin(rig, &s);
	s.sqe.checksum ^= cpu_to_le32(1);
	check_bad_stream(rig, &s, "");
}

static void t_the_context_buffer_is_as_returned(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	memset(s.ctx.p, 0, s.ctx.len);
	check_bad_stream(rig, &s, "");
	/* Of the window it holds, too. */
	stream_begin(rig, &s);
	s.ctx.p[HZIP_CTX_DEVICE + HZIP_CTX_WINDOW + 700] ^= 1;
	check_bad_stream(rig, &s, "");
}

static void t_what_is_not_the_devices_of_a_context_buffer_is_left_alone(void **state)
{
	const size_t end = HZIP_CTX_DEVICE + HZIP_CTX_DEVICE_SIZE;
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	for (size_t i = 0; i < HZIP_CTX_DEVICE; i++)
		assert_int_equal(s.ctx.p[i], 0);
	for (size_t i = end; i < HZIP_CTX_SIZE; i++)
		assert_int_equal(s.ctx.p[i], 0);
	memset(s.ctx.p, 0x55, HZIP_CTX_DEVICE);
	memset(s.ctx.p + end, 0x55, HZIP_CTX_SIZE - end);
	assert_int_equal(t_rig_status(&rig->comp, &s.sqe), HZIP_STATUS_OK);
	t_free(&rig->dev, &s.ctx);
}

static void t_a_stream_needs_its_context_buffer(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	s.sqe.ctx_low = 0;
	s.sqe.ctx_high = 0;
	check_bad_request(rig, &rig->comp, &s.sqe, SIM_V_SQE, "");
	s.sqe.ctx_low = cpu_to_le32(0x1000);
	check_bad_request(rig, &rig->comp, &s.sqe, SIM_V_DMA, "0x");
	t_free(&rig->dev, &s.ctx);
}

static void t_a_stream_does_not_change_its_queue_or_format(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	s.sqe.dw9 = cpu_to_le32((le32_to_cpu(s.sqe.dw9) & ~HZIP_SQE_ALG) | HZIP_ALG_ZLIB);
	check_bad_stream(rig, &s, "");
	stream_begin(rig, &s);
	check_bad_request(rig, &rig->decomp, &s.sqe, SIM_V_STREAM, "");
	t_free(&rig->dev, &s.ctx);
}

static void t_a_stream_that_ended_does_not_go_on(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	assert_int_equal(t_rig_status(&rig->comp, &s.sqe), HZIP_STATUS_OK);
	check_bad_stream(rig, &s, "");
}

static void t_a_new_stream_ignores_what_was_before(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	s.sqe.dw7 |= cpu_to_le32(HZIP_SQE_NEW);
	s.sqe.isize = cpu_to_le32(0xffffffff);
	s.sqe.checksum = cpu_to_le32(0x12345678);
	assert_int_equal(t_rig_status(&rig->comp, &s.sqe), HZIP_STATUS_OK);
	assert_int_equal(le32_to_cpu(s.sqe.isize), 1500);
	t_free(&rig->dev, &s.ctx);
}

static void t_a_stream_has_space_for_a_step(void **state)
{
	struct t_rig *rig = *state;
	struct stream s;

	stream_begin(rig, &s);
	set_len(&s.sqe.out_len, HZIP_STREAM_OUT_MIN - 1);
	check_bad_request(rig, &rig->comp, &s.sqe, SIM_V_SIZE, "");
	/* For all of the input, and an eighth. */
	set_len(&s.sqe.out_len, 1500 * 9 / 8 - 1);
	check_bad_request(rig, &rig->comp, &s.sqe, SIM_V_SIZE, "");
	t_free(&rig->dev, &s.ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_STARTED(t_fields_of_storage_requests_are_zero),
		T_STARTED(t_reserved_bits_of_a_request_are_zero),
		T_STARTED(t_a_request_has_the_type_of_the_device),
		T_STARTED_V2(t_v2_knows_both_types_but_not_all_formats),
		T_STARTED(t_formats_buffers_and_windows_exist),
		cmocka_unit_test(t_lz4_has_to_be_there),
		T_STARTED(t_a_request_has_addresses),
		T_STARTED(t_a_stateless_request_ignores_what_is_of_streams),
		T_STARTED(t_a_request_has_a_size),
		T_STARTED(t_a_request_without_space_is_ignored),
		T_STARTED(t_buffers_lie_in_memory),
		T_STARTED(t_read_only_memory_is_not_written),
		T_STARTED(t_words_that_are_no_results_are_left_alone),

		T_STARTED(t_good_lists_work),
		T_STARTED(t_lists_lie_aligned),
		T_STARTED(t_lists_lie_in_memory),
		T_STARTED(t_entries_have_addresses_and_sizes),
		T_STARTED(t_the_counts_of_lists_fit),
		T_STARTED(t_reserved_fields_of_lists_are_zero),
		T_STARTED(t_fields_of_software_in_lists_are_ignored),
		T_STARTED(t_lists_hold_what_the_request_says),
		T_STARTED(t_lists_do_not_go_around),
		T_STARTED(t_a_chain_has_at_most_256_lists),
		T_STARTED(t_lists_have_addresses),
		T_STARTED(t_offsets_need_lists),

		T_STARTED(t_a_good_stream_works),
		T_STARTED(t_carried_words_are_those_returned),
		T_STARTED(t_the_context_buffer_is_as_returned),
		T_STARTED(
			t_what_is_not_the_devices_of_a_context_buffer_is_left_alone),
		T_STARTED(t_a_stream_needs_its_context_buffer),
		T_STARTED(t_a_stream_does_not_change_its_queue_or_format),
		T_STARTED(t_a_stream_that_ended_does_not_go_on),
		T_STARTED(t_a_new_stream_ignores_what_was_before),
		T_STARTED(t_a_stream_has_space_for_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

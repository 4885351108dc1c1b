// SPDX-License-Identifier: MIT
/*
 * The register file: first values, what may be read and written and how, and what the
 * registers around mailbox, partition of queues, memories and counters do.
 */
#include "strict.h"

static void create_v3(struct t_rig *rig, uint32_t offset, uint32_t value)
{
	struct sim_config config;

	t_config(&config, QM_HW_V3);
	assert_int_equal(sim_config_set(&config, offset, value), 0);
	t_rig_create(rig, &config);
}

static uint32_t counter(struct t_rig *rig, uint32_t offset)
{
	return t_read(&rig->dev, offset);
}

/* ---- values ---- */

static const struct {
	uint32_t offset, value;
} first_values[] = {
	{ QM_AEQ_INT_SOURCE, 0 },
	{ QM_AEQ_INT_MASK, 1 },
	{ QM_EQ_INT_SOURCE, 0 },
	{ QM_EQ_INT_MASK, 1 },
	{ QM_IFC_MASK, 1 },
	{ QM_IFC_STATUS, 0 },
	{ QM_ISOLATION, 0 },
	{ QM_CACHE_WB_DONE, 1 },
	{ QM_SUB_VERSION, 0 },
	{ QM_MB, 0 },
	{ QM_ERR_STATUS, 0 },
	{ QM_ERR_FIFO_INFO, 0 },
	{ QM_ERR_DOORBELL_INFO, 0 },
	{ QM_VFT_READY, 1 },
	{ QM_PEH_VENDOR_ID, 0x19e5 },
	{ QM_PEH_DFX0, 0 },
	{ QM_PEH_DFX1, 0 },
	{ QM_QUEUES, 0x00200400 },
	{ QM_DFX_IDLE, 1 },
	{ QM_DFX_SQE_COUNT, 0 },
	{ HZIP_ERR_STATUS, 0 },
	{ HZIP_SVA_TRANSACTIONS, 0 },
	{ HZIP_CORES, 0 },
};

static void check_first_values(struct t_rig *rig)
{
	for (size_t i = 0; i < T_ARRAY_SIZE(first_values); i++) {
		uint32_t value = t_read(&rig->dev, first_values[i].offset);

		if (value != first_values[i].value)
			fail_msg("0x%x is 0x%x, not 0x%x", first_values[i].offset, value,
				 first_values[i].value);
	}
}

static void t_registers_have_their_first_values_after_creation(void **state)
{
	check_first_values(*state);
}

static void t_registers_have_their_first_values_after_a_reset(void **state)
{
	struct t_rig *rig = *state;

	t_rig_works(rig);
	t_write(&rig->dev, QM_PEH_VENDOR_ID, 0x5a5a);
	assert_int_equal(t_read(&rig->dev, QM_PEH_VENDOR_ID), 0x5a5a);
	t_reset(&rig->dev);
	check_first_values(rig);
}

static const uint32_t kept[] = {
	QM_CACHE_CTL, QM_TIMEOUT_CFG, QM_DB_TIMEOUT_CFG, QM_ARUSER_CFG1, QM_ARUSER_ENABLE,
	QM_AWUSER_CFG1, QM_AWUSER_ENABLE, QM_WUSER_ENABLE, QM_AXI_CFG, QM_AXI_ENABLE,
	QM_PEH_AXUSER_CFG, QM_PEH_AXUSER_ENABLE, QM_PEH_VENDOR_ID, QM_ERR_MASK,
	QM_RAS_CE_ENABLE, QM_RAS_FE_ENABLE, QM_RAS_NFE_ENABLE, QM_RAS_CE_THRESHOLD,
	QM_DFX_SEL_MB, QM_DFX_SEL_DB, QM_DFX_SEL_SQE, QM_DFX_SEL_CQE, QM_SHUTDOWN_SELECT,
	QM_SHAPER_CFG, HZIP_CLOCK_GATE, HZIP_CTRL, HZIP_ARCACHE_0, HZIP_ARCACHE_1,
	HZIP_AWCACHE_0, HZIP_AWCACHE_1, HZIP_ERR_MASK, HZIP_BD_RUSER, HZIP_BD_WUSER,
	HZIP_SGL_RUSER, HZIP_DATA_RUSER, HZIP_DATA_WUSER, HZIP_RAS_CE_ENABLE,
	HZIP_RAS_NFE_ENABLE, HZIP_RAS_FE_ENABLE, HZIP_PREFETCH_CFG, HZIP_LIT_LEN_CTRL,
	HZIP_SHUTDOWN_SELECT,
};

static void t_configuration_is_kept_as_written(void **state)
{
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(kept); i++) {
		uint32_t value = 0x10203041u + (uint32_t)i;

		t_write(&rig->dev, kept[i], value);
		if (t_read(&rig->dev, kept[i]) != value)
			fail_msg("0x%x does not keep 0x%x", kept[i], value);
	}
	for (size_t i = 0; i < T_ARRAY_SIZE(kept); i++)
		assert_int_equal(t_read(&rig->dev, kept[i]), 0x10203041u + (uint32_t)i);
}

static void t_what_only_the_device_writes_is_read_only(void **state)
{
	static const uint32_t read_only[] = {
		QM_AEQ_INT_SOURCE, QM_EQ_INT_SOURCE, QM_IFC_STATUS, QM_ISOLATION,
		QM_FUNS_ACTIVE, QM_CACHE_WB_DONE, QM_SUB_VERSION, QM_CAP_FEATURES,
		QM_CAP_EQ_DEPTHS, HZIP_CAP_USER_ALGS, QM_ERR_STATUS, QM_ERR_FIFO_INFO,
		QM_ERR_DOORBELL_INFO, QM_ERR_AXI_READ_INFO, QM_MEM_DONE, QM_PEH_DFX0,
		QM_PEH_DFX1, QM_QUEUES, QM_DFX_SQE_COUNT, QM_DFX_IDLE, QM_AXI_RETURNED,
		HZIP_ERR_STATUS, HZIP_SRAM_ECC_INFO, HZIP_RAS_CTRL, HZIP_SVA_TRANSACTIONS,
		HZIP_CORES + HZIP_CORE_BD_DONE,
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(read_only); i++) {
		uint32_t before = t_read(&rig->dev, read_only[i]);
		char where[16];

		t_write(&rig->dev, read_only[i], ~before);
		assert_int_equal(t_read(&rig->dev, read_only[i]), before);
		snprintf(where, sizeof(where), "0x%x", read_only[i]);
		t_expect(rig, SIM_V_READ_ONLY, where);
	}
}

static void t_bits_that_do_not_exist_are_not_kept(void **state)
{
	static const struct {
		uint32_t offset, exist;
	} fields[] = {
		{ QM_EQ_INT_MASK, 1 },
		{ QM_AEQ_INT_MASK, 1 },
		{ QM_IFC_MASK, 1 },
		{ QM_PAGE_SIZE, 3 },
		{ QM_VFT_READ, 1 },
		{ QM_COUNTER_CLEAR, 1 },
		{ HZIP_PERF_MODE, 1 },
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(fields); i++) {
		t_write(&rig->dev, fields[i].offset, ~0u);
		assert_int_equal(t_read(&rig->dev, fields[i].offset), fields[i].exist);
		t_expect(rig, SIM_V_RESERVED, "0xffffffff");
	}
}

static void t_a_write_to_where_nothing_is_changes_nothing(void **state)
{
	static const uint32_t holes[] = {
		0x10, 0x1c, 0x64, 0x314, 0x1010, 0x3000, 0x3180, 0x10001c, 0x10003c,
		0x100160, 0x104090, 0x200000, 0x300008, 0x300ffc, 0x301300, 0x301ffc,
		0x3020a0, 0x30a000, 0x3ffffc,
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(holes); i++) {
		t_write(&rig->dev, holes[i], 1);
		t_expect(rig, SIM_V_NO_REGISTER, "no register");
		assert_int_equal(t_read(&rig->dev, holes[i]), 0);
	}
}

/* ---- widths ---- */

static void t_ordinary_registers_take_32_bits_only(void **state)
{
	static const size_t widths[] = { 1, 2, 8, 16 };
	struct t_rig *rig = *state;
	uint8_t ones[16], data[16];

	memset(ones, 0xff, sizeof(ones));
	t_write(&rig->dev, HZIP_ARCACHE_0, 0x11223344);
	for (size_t i = 0; i < T_ARRAY_SIZE(widths); i++) {
		memset(data, 0, sizeof(data));
		sim_bar_read(rig->dev.sim, QM_BAR_REGS, HZIP_ARCACHE_0, data, widths[i]);
		assert_memory_equal(data, ones, widths[i]);
		t_expect(rig, SIM_V_WIDTH, "0x301040");
		sim_bar_write(rig->dev.sim, QM_BAR_REGS, HZIP_ARCACHE_0, ones, widths[i]);
		t_expect(rig, SIM_V_WIDTH, "0x301040");
		assert_int_equal(t_read(&rig->dev, HZIP_ARCACHE_0), 0x11223344);
	}
}

static void t_accesses_are_aligned(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(t_read(&rig->dev, HZIP_ARCACHE_0 + 2), UINT32_MAX);
	t_expect(rig, SIM_V_WIDTH, "0x301042");
	t_write(&rig->dev, HZIP_ARCACHE_0 + 1, 1);
	t_expect(rig, SIM_V_WIDTH, "0x301041");
	assert_int_equal(t_read(&rig->dev, HZIP_ARCACHE_0), 0);
	t_write64(&rig->dev, QM_DB_SQ_CQ + 4, 0);
	t_expect(rig, SIM_V_HALF_DOORBELL, "");
}

static void t_accesses_beyond_a_bar_read_as_ones(void **state)
{
	struct t_rig *rig = *state;
	uint64_t end = sim_bar_size(rig->dev.sim, QM_BAR_REGS);

	assert_int_equal(t_read(&rig->dev, end), UINT32_MAX);
	t_expect(rig, SIM_V_WIDTH, "");
	assert_int_equal(t_read(&rig->dev, end - 2), UINT32_MAX);
	t_expect(rig, SIM_V_WIDTH, "");
	t_write(&rig->dev, end, 1);
	t_expect(rig, SIM_V_WIDTH, "");
	t_write(&rig->dev, UINT64_MAX - 3, 1);
	t_expect(rig, SIM_V_WIDTH, "");
}

static void t_message_registers_take_64_bits(void **state)
{
	struct t_rig *rig = *state;

	t_write64(&rig->dev, QM_IFC_SOURCE_P, UINT64_MAX);
	assert_true(t_read64(&rig->dev, QM_IFC_SOURCE_P) == 0);
	assert_true(t_read64(&rig->dev, QM_IFC_READY_P) == 0);
}

static void t_bars_have_the_sizes_that_drivers_map(void **state)
{
	struct t_rig *rig = *state;

	assert_true(sim_bar_size(rig->dev.sim, QM_BAR_REGS) == HZIP_BAR_SIZE);
	for (unsigned int bar = 0; bar < 8; bar++) {
		if (bar != QM_BAR_REGS)
			assert_true(sim_bar_size(rig->dev.sim, bar) == 0);
	}
	assert_int_equal(sim_irq_count(rig->dev.sim), 4);
	assert_int_equal(sim_revision(rig->dev.sim), QM_HW_V3);
}

/* ---- capabilities ---- */

static void t_capability_words_are_those_of_the_configuration(void **state)
{
	static const struct {
		uint32_t offset, value;
	} words[] = {
		{ QM_CAP_EQ_DEPTHS, 0x04000800 },
		{ QM_CAP_QUEUE_DEPTHS, 0x04000400 },
		{ QM_CAP_IRQ_EQ, 0x10000 },
		{ QM_CAP_IRQ_AEQ, 0x10001 },
		{ QM_CAP_IRQ_ABNORMAL, 0x10003 },
		{ QM_CAP_NFE, 0x7c77 },
		{ QM_CAP_RESET, 0x6c77 },
		{ QM_CAP_CE, 0x8 },
		{ HZIP_CAP_NFE, 0x1ffe },
		{ HZIP_CAP_RESET, 0x7fe },
		{ HZIP_CAP_CE, 0x1 },
		{ HZIP_CAP_CORES, 0x12050203 },
		{ HZIP_CAP_CORE_MAP, 0x001c0003 },
		{ HZIP_CAP_KERNEL_ALGS, 0x30 },
	};
	struct t_rig *rig = *state;

	for (uint32_t i = 0; i < SIM_CAPS; i++)
		assert_int_equal(t_read(&rig->dev, QM_CAPS + 4 * i),
				 rig->dev.config.caps[i]);
	for (size_t i = 0; i < T_ARRAY_SIZE(words); i++)
		assert_int_equal(t_read(&rig->dev, words[i].offset), words[i].value);
	/* A version, or drivers believe in every feature. */
	assert_int_not_equal(t_read(&rig->dev, QM_CAP_FEATURES) & QM_CAP_VERSION, 0);
}

/* Drivers do not look at words that have no version, so the device must be as they think. */
static void t_without_a_version_no_word_counts(void **state)
{
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	t_config(&config, QM_HW_V3);
	for (uint32_t i = 0; i < SIM_CAPS; i++)
		config.caps[i] = 0;
	t_rig_create(&rig, &config);
	t_rig_start(&rig);
	assert_int_equal(t_read(&rig.dev, QM_CAP_FEATURES), 0);
	assert_int_equal(sim_irq_count(rig.dev.sim), 4);
	t_rig_works(&rig);
	assert_int_equal(t_vft_write(&rig.dev, QM_VFT_SHAPER, 0, 1), 0);
	assert_int_equal(t_mailbox(&rig.dev, QM_MB_CMD_STOP_QP, 0, 0, false),
			 0);
	assert_int_equal(t_mailbox(&rig.dev, QM_MB_CMD_FLUSH_QM, 0, 0, false),
			 0);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

static void t_capability_words_can_be_overridden(void **state)
{
	static const struct {
		uint32_t offset, value;
	} words[] = {
		{ 0x30, 1 }, { 0x210, 0x50 }, { 0x3100, 0x201 }, { 0x3104, 0x00400040 },
		{ 0x317c, 0x12345678 }, { 0x100158, 0x00020040 },
	};
	static const uint32_t others[] = {
		0, 0x2c, 0x34, 0x30fc, 0x3101, 0x3180, 0x100154
	};
	struct sim_config config;
	struct t_rig rig;

	(void)state;
	for (size_t i = 0; i < T_ARRAY_SIZE(words); i++) {
		create_v3(&rig, words[i].offset, words[i].value);
		assert_int_equal(t_read(&rig.dev, words[i].offset), words[i].value);
		t_expect_none(&rig);
		t_rig_destroy(&rig);
	}
	t_config(&config, QM_HW_V3);
	for (size_t i = 0; i < T_ARRAY_SIZE(others); i++)
		assert_int_equal(sim_config_set(&config, others[i], 1), -EINVAL);
	assert_int_equal(sim_config_init(&config, 0x20), -EINVAL);
	assert_int_equal(sim_config_init(&config, 0x50), -EINVAL);
}

static void t_v2_has_none_of_what_came_with_v3(void **state)
{
	static const uint32_t v3[] = {
		QM_IFC_MASK, QM_CAP_FEATURES, QM_CAP_EQ_DEPTHS, QM_IFC_SET_P,
		QM_SHAPER_CFG, QM_SHUTDOWN_SELECT, HZIP_PEH_AUTO_GATE,
		HZIP_PREFETCH_CFG, HZIP_LIT_LEN_CTRL, HZIP_SHUTDOWN_SELECT,
	};
	struct t_rig *rig = *state;

	for (size_t i = 0; i < T_ARRAY_SIZE(v3); i++) {
		assert_int_equal(t_read(&rig->dev, v3[i]), 0);
		t_write(&rig->dev, v3[i], 1);
		t_expect(rig, SIM_V_NO_REGISTER, "");
	}
	t_rig_works(rig);
}

/* ---- memories, partition, tables ---- */

static void t_memories_are_ready_after_their_initialization(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(t_read(&rig->dev, QM_MEM_DONE) & 1, 0);
	assert_int_equal(t_mem_init(&rig->dev), 0);
	assert_int_equal(t_read(&rig->dev, QM_MEM_DONE) & 1, 1);
	t_reset(&rig->dev);
	assert_int_equal(t_read(&rig->dev, QM_MEM_DONE) & 1, 1);
}

static void t_vft_is_kept_for_each_function_and_type(void **state)
{
	struct t_rig *rig = *state;
	uint64_t data;

	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 1, t_vft_sqc(64, 8)), 0);
	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_SQC, 63, t_vft_sqc(72, 2)), 0);
	assert_int_equal(t_vft_write(&rig->dev, QM_VFT_CQC, 1, QM_VFT_CQC_VALID), 0);
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_SQC, 0, &data), 0);
	assert_true(data == t_vft_sqc(0, T_QUEUES));
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_SQC, 1, &data), 0);
	assert_true(data == t_vft_sqc(64, 8));
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_SQC, 63, &data), 0);
	assert_true(data == t_vft_sqc(72, 2));
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_CQC, 1, &data), 0);
	assert_true(data == QM_VFT_CQC_VALID);
	assert_int_equal(t_vft_read(&rig->dev, QM_VFT_CQC, 2, &data), 0);
	assert_true(data == 0);
	t_rig_works(rig);
}

static void t_vft_is_ready_only_when_the_operation_ran(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(t_read(&rig->dev, QM_VFT_READY), 1);
	t_write(&rig->dev, QM_VFT_READY, 0);
	assert_int_equal(t_read(&rig->dev, QM_VFT_READY), 0);
	t_write(&rig->dev, QM_VFT_READ, 1);
	t_write(&rig->dev, QM_VFT_TYPE, QM_VFT_SQC);
	t_write(&rig->dev, QM_VFT_FUNCTION, 0);
	assert_int_equal(t_read(&rig->dev, QM_VFT_READY), 0);
	t_write(&rig->dev, QM_VFT_OP, 1);
	assert_int_equal(t_read(&rig->dev, QM_VFT_READY), 1);
	assert_int_equal(t_read(&rig->dev, QM_VFT_DATA_HIGH), 0x7f000);
}

static void t_contexts_are_written_back_to_their_tables(void **state)
{
	struct t_rig *rig = *state;
	const struct hisi_qm_sqc *sqc = (const void *)rig->dev.sqc_table.p;
	const struct hisi_qm_cqc *cqc = (const void *)rig->dev.cqc_table.p;

	t_rig_works(rig);
	t_write(&rig->dev, QM_CACHE_WB_START, 1);
	assert_true(t_read_until(&rig->dev, QM_CACHE_WB_DONE, 1, 1));
	assert_int_equal(le16_to_cpu(sqc[0].tail), 1);
	assert_int_equal(sqc[0].base_low, rig->comp.sqc.base_low);
	assert_int_equal(le16_to_cpu(cqc[0].tail), 1);
	assert_int_equal(cqc[1].base_high, rig->decomp.cqc.base_high);
	assert_int_equal(le16_get_bits(sqc[1].w13, QM_SQC_TYPE), HZIP_QUEUE_DECOMPRESS);
	/* Queues that nobody started have no context. */
	assert_int_equal(sqc[2].base_low, 0);
}

/* ---- mailbox ---- */

static void write_part(struct t_rig *rig, const struct hisi_qm_mailbox *mb, size_t at,
		       size_t width)
{
	sim_bar_write(rig->dev.sim, QM_BAR_REGS, QM_MB + at, (const uint8_t *)mb + at,
		      width);
}

static struct hisi_qm_mailbox table_command(struct t_rig *rig, uint64_t addr)
{
	(void)rig;
	return t_mailbox_make(QM_MB_CMD_SQC_BT, 0, addr, false);
}

static uint64_t table_base(struct t_rig *rig)
{
	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_BT, 0, 0, true), 0);
	return t_mailbox_addr(&rig->dev);
}

/* Only the part with the last of the 16 bytes makes the device act. */
static void check_mailbox_in_parts(struct t_rig *rig, size_t width, uint64_t addr)
{
	struct hisi_qm_mailbox mb = table_command(rig, addr);
	uint64_t before = t_stats(rig).mailboxes;

	for (size_t at = 0; at < sizeof(mb); at += width) {
		assert_int_equal(t_stats(rig).mailboxes, before);
		write_part(rig, &mb, at, width);
	}
	assert_int_equal(t_stats(rig).mailboxes, before + 1);
	assert_int_equal(t_mailbox_wait(&rig->dev), 0);
	assert_true(table_base(rig) == addr);
}

static void t_mailbox_can_be_written_in_parts(void **state)
{
	struct t_rig *rig = *state;

	check_mailbox_in_parts(rig, 16, 0x123456789a00);
	check_mailbox_in_parts(rig, 8, 0x223456789a00);
	check_mailbox_in_parts(rig, 4, 0x323456789a00);
}

static void t_mailbox_does_not_act_on_its_first_words(void **state)
{
	struct t_rig *rig = *state;
	uint64_t base = table_base(rig), before = t_stats(rig).mailboxes;
	struct hisi_qm_mailbox mb = table_command(rig, 0x423456789a00);

	for (size_t at = 0; at < 12; at += 4)
		write_part(rig, &mb, at, 4);
	write_part(rig, &mb, 0, 8);
	assert_int_equal(t_stats(rig).mailboxes, before);
	assert_int_equal(t_mailbox_addr(&rig->dev), 0x423456789a00);
	/* Those words are the next command's, whose own come over them. */
	mb = t_mailbox_make(QM_MB_CMD_SQC_BT, 0, 0, true);
	t_mailbox_write(&rig->dev, &mb);
	assert_int_equal(t_mailbox_wait(&rig->dev), 0);
	assert_true(t_mailbox_addr(&rig->dev) == base);
}

static void t_mailbox_reads_the_same_with_any_width(void **state)
{
	struct t_rig *rig = *state;
	uint8_t whole[16], parts[16];

	table_base(rig);
	sim_bar_read(rig->dev.sim, QM_BAR_REGS, QM_MB, whole, 16);
	for (size_t at = 0; at < 16; at += 8)
		sim_bar_read(rig->dev.sim, QM_BAR_REGS, QM_MB + at, parts + at, 8);
	assert_memory_equal(whole, parts, 16);
	for (size_t at = 0; at < 16; at += 4)
		sim_bar_read(rig->dev.sim, QM_BAR_REGS, QM_MB + at, parts + at, 4);
	assert_memory_equal(whole, parts, 16);
	for (size_t at = 0; at < 2; at++) {
		sim_bar_read(rig->dev.sim, QM_BAR_REGS, QM_MB + at, parts, 1);
		t_expect(rig, SIM_V_WIDTH, "");
	}
}

static void t_mailbox_is_busy_for_as_long_as_a_command_takes(void **state)
{
	struct sim_config config;
	struct t_rig rig;
	struct hisi_qm_mailbox mb;

	(void)state;
	t_config(&config, QM_HW_V3);
	config.mailbox_delay_us = 5;
	t_rig_create(&rig, &config);
	assert_int_equal(t_mem_init(&rig.dev), 0);
	inproc_set_time(rig.dev.host, 1000000);
	mb = table_command(&rig, 0x1000);
	t_mailbox_write(&rig.dev, &mb);
	inproc_set_time(rig.dev.host, 1004999);
	assert_true(t_read(&rig.dev, QM_MB) & QM_MB_BUSY);
	inproc_set_time(rig.dev.host, 1005000);
	assert_false(t_read(&rig.dev, QM_MB) & QM_MB_BUSY);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

static void t_a_function_learns_its_queues(void **state)
{
	struct t_rig *rig = *state;

	assert_int_equal(t_mailbox(&rig->dev, QM_MB_CMD_SQC_VFT, 0, 0, true), 0);
	assert_true(t_mailbox_addr(&rig->dev) == t_vft_sqc(0, T_QUEUES));
}

/* ---- dumps ---- */

static void dump(struct t_queue *q, struct hisi_qm_sqc *sqc, struct hisi_qm_cqc *cqc)
{
	assert_int_equal(t_context_dump(q->dev, QM_MB_CMD_SQC, q->id, sqc, sizeof(*sqc)),
			 0);
	assert_int_equal(t_context_dump(q->dev, QM_MB_CMD_CQC, q->id, cqc, sizeof(*cqc)),
			 0);
}

static void t_dumps_follow_the_queue(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;

	for (uint32_t n = 1; n <= 3 * T_DEPTH; n++) {
		uint32_t toggle = n / T_DEPTH % 2;

		t_rig_works(rig);
		dump(&rig->comp, &sqc, &cqc);
		assert_int_equal(le16_to_cpu(sqc.tail), n % T_DEPTH);
		assert_int_equal(le16_to_cpu(cqc.tail), n % T_DEPTH);
		assert_int_equal(le16_get_bits(sqc.w11, QM_C_TOGGLE), toggle);
		assert_int_equal(le16_get_bits(cqc.w11, QM_C_TOGGLE), toggle);
		assert_int_equal(le32_get_bits(cqc.dw6, QM_CQC_PHASE), !toggle);
	}
	assert_int_equal(sqc.base_low, rig->comp.sqc.base_low);
	assert_int_equal(sqc.w13, rig->comp.sqc.w13);
	assert_int_equal(cqc.dw3, rig->comp.cqc.dw3);
}

static void t_dumps_differ_while_a_request_is_not_answered(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_zip_sqe sqe;
	struct hisi_qm_sqc sqc;
	struct hisi_qm_cqc cqc;

	t_rig_works(rig);
	assert_int_equal(sim_fault(rig->dev.sim, "hang 1"), 0);
	t_rig_sqe(rig, &sqe);
	t_send(&rig->comp, &sqe);
	dump(&rig->comp, &sqc, &cqc);
	assert_int_equal(le16_to_cpu(sqc.tail), 2);
	assert_int_equal(le16_to_cpu(cqc.tail), 1);
	assert_int_equal(t_read(&rig->dev, QM_DFX_IDLE), 0);
}

static void t_the_event_queues_can_be_dumped(void **state)
{
	struct t_rig *rig = *state;
	struct hisi_qm_eqc eqc;

	t_rig_works(rig);
	assert_int_equal(t_context_dump(&rig->dev, QM_MB_CMD_EQC, 0, &eqc, sizeof(eqc)),
			 0);
	assert_int_equal(le16_to_cpu(eqc.tail), 1);
	assert_int_equal(le16_to_cpu(eqc.head), 0);
	assert_int_equal(le32_get_bits(eqc.dw6, QM_EQC_DEPTH), T_EQ_DEPTH - 1);
	assert_int_equal(t_eq_handle(&rig->dev), 1);
	assert_int_equal(t_context_dump(&rig->dev, QM_MB_CMD_EQC, 0, &eqc, sizeof(eqc)),
			 0);
	assert_int_equal(le16_to_cpu(eqc.head), 1);
	assert_int_equal(t_context_dump(&rig->dev, QM_MB_CMD_AEQC, 0, &eqc, sizeof(eqc)),
			 0);
	assert_int_equal(le16_to_cpu(eqc.tail), 0);
	assert_int_equal(eqc.base_low, (uint32_t)rig->dev.aeq.mem.bus);
}

/* ---- what Linux reads for its debugfs ---- */

static void read_range(struct t_rig *rig, uint32_t offset, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		t_read(&rig->dev, offset + 4 * i);
}

static void read_debugfs(struct t_rig *rig)
{
	read_range(rig, 0, 0xc3);
	read_range(rig, 0x100000, 0x5a);
	read_range(rig, 0x104000, 0x2e);
	read_range(rig, 0x1040c8, 0x11);
	read_range(rig, 0x301000, 0xb0);
	for (uint32_t core = 0; core < HZIP_CORES_MAX; core++)
		read_range(rig, HZIP_CORES + core * HZIP_CORE_STRIDE, 0x28);
}

static void t_reading_everything_has_no_side_effect(void **state)
{
	struct t_rig *rig = *state;
	uint32_t source, requests;
	struct sim_stats before;

	t_rig_works(rig);
	before = t_stats(rig);
	source = t_read(&rig->dev, QM_EQ_INT_SOURCE);
	requests = counter(rig, QM_DFX_SQE_COUNT);
	assert_int_not_equal(source, 0);
	for (int i = 0; i < 2; i++)
		read_debugfs(rig);
	assert_int_equal(t_read(&rig->dev, QM_EQ_INT_SOURCE), source);
	assert_int_equal(counter(rig, QM_DFX_SQE_COUNT), requests);
	assert_int_equal(t_stats(rig).mailboxes, before.mailboxes);
	assert_int_equal(t_stats(rig).irqs, before.irqs);
	assert_int_equal(t_stats(rig).writes, before.writes);
	t_rig_works(rig);
}

static void t_an_untouched_device_can_be_read(void **state)
{
	read_debugfs(*state);
	t_expect_none(*state);
}

/* ---- counters ---- */

static void t_the_queue_managers_counters_count(void **state)
{
	struct t_rig *rig = *state;
	uint32_t mailboxes = counter(rig, QM_DFX_MB_COUNT);
	uint32_t doorbells = counter(rig, QM_DFX_DB_COUNT);

	for (int i = 0; i < 3; i++)
		t_rig_works(rig);
	table_base(rig);
	assert_int_equal(counter(rig, QM_DFX_SQE_COUNT), 3);
	assert_int_equal(counter(rig, QM_DFX_CQE_COUNT), 3);
	assert_int_equal(counter(rig, QM_DFX_TO_ENGINE_COUNT), 3);
	assert_int_equal(counter(rig, QM_DFX_FINISH_COUNT), 3);
	assert_int_equal(counter(rig, QM_DFX_MB_COUNT), mailboxes + 1);
	/* A submission and a completion each. */
	assert_int_equal(counter(rig, QM_DFX_DB_COUNT), doorbells + 6);
}

static void t_the_queue_managers_counters_clear_when_told_to(void **state)
{
	struct t_rig *rig = *state;

	t_rig_works(rig);
	t_write(&rig->dev, QM_COUNTER_CLEAR, 1);
	assert_int_equal(counter(rig, QM_DFX_SQE_COUNT), 1);
	assert_int_equal(counter(rig, QM_DFX_SQE_COUNT), 0);
	t_write(&rig->dev, QM_COUNTER_CLEAR, 0);
	t_rig_works(rig);
	assert_int_equal(counter(rig, QM_DFX_SQE_COUNT), 1);
	assert_int_equal(counter(rig, QM_DFX_SQE_COUNT), 1);
}

static uint32_t all_cores(struct t_rig *rig, uint32_t first, uint32_t count,
			  uint32_t offset)
{
	uint32_t sum = 0;

	for (uint32_t core = first; core < first + count; core++)
		sum += counter(rig, HZIP_CORES + core * HZIP_CORE_STRIDE + offset);
	return sum;
}

static uint32_t comp_cores(struct t_rig *rig, uint32_t offset)
{
	return all_cores(rig, 0, HZIP_CORES_COMP, offset);
}

static void t_the_cores_counters_count_and_clear(void **state)
{
	struct t_rig *rig = *state;

	for (int i = 0; i < 5; i++)
		t_rig_works(rig);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_FETCHED), 5);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_GOOD), 5);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_BAD), 0);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_DONE), 5);
	assert_int_equal(comp_cores(rig, HZIP_CORE_CONSUMED), 5 * T_IN_LEN);
	assert_int_equal(comp_cores(rig, HZIP_CORE_PRODUCED), 5 * rig->packed_len);
	assert_int_equal(all_cores(rig, HZIP_CORES_COMP, HZIP_CORES_MAX - HZIP_CORES_COMP,
				   HZIP_CORE_BD_FETCHED), 0);
	/* As Linux sweeps them. */
	t_write(&rig->dev, HZIP_COUNTER_CLEAR, 5);
	comp_cores(rig, HZIP_CORE_BD_DONE);
	assert_int_equal(comp_cores(rig, HZIP_CORE_CONSUMED), 5 * T_IN_LEN);
	assert_int_equal(comp_cores(rig, HZIP_CORE_CONSUMED), 0);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_DONE), 0);
	t_write(&rig->dev, HZIP_COUNTER_CLEAR, 0);
	t_rig_works(rig);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_DONE), 1);
	assert_int_equal(comp_cores(rig, HZIP_CORE_BD_DONE), 1);
}

/* ---- doorbell pages ---- */

static void t_isolated_doorbells_have_a_page_for_each_queue(void **state)
{
	struct t_rig rig;
	uint64_t size;

	(void)state;
	create_v3(&rig, QM_ISOLATION, 1);
	size = sim_bar_size(rig.dev.sim, QM_BAR_DOORBELLS);
	assert_true(size >= (uint64_t)QM_DOORBELL_STRIDE * T_QUEUES);
	assert_true(!(size & (size - 1)));
	t_rig_start(&rig);
	t_rig_works(&rig);
	assert_int_equal(t_take_all(&rig.comp, true), 0);
	t_expect_none(&rig);
	t_rig_destroy(&rig);
}

static void t_a_doorbell_page_serves_its_own_queue_only(void **state)
{
	uint64_t doorbell = 1 | 1ull << 32;
	struct t_rig rig;

	(void)state;
	create_v3(&rig, QM_ISOLATION, 1);
	t_rig_start(&rig);
	sim_bar_write(rig.dev.sim, QM_BAR_DOORBELLS, QM_DB_SQ_CQ, &doorbell, 8);
	t_expect(&rig, SIM_V_DOORBELL_QUEUE, "queue 1 in the page of queue 0");
	sim_bar_write(rig.dev.sim, QM_BAR_DOORBELLS, QM_DOORBELL_STRIDE + QM_DB_SQ_CQ,
		      &doorbell, 4);
	t_expect(&rig, SIM_V_HALF_DOORBELL, "");
	sim_bar_write(rig.dev.sim, QM_BAR_DOORBELLS, QM_DOORBELL_STRIDE, &doorbell, 8);
	t_expect(&rig, SIM_V_NO_REGISTER, "");
	assert_int_equal(t_stats(&rig).requests, 0);
	t_rig_works(&rig);
	t_rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T_UNTOUCHED(t_registers_have_their_first_values_after_creation),
		T_STARTED(t_registers_have_their_first_values_after_a_reset),
		T_UNTOUCHED(t_configuration_is_kept_as_written),
		T_STARTED(t_what_only_the_device_writes_is_read_only),
		T_UNTOUCHED(t_bits_that_do_not_exist_are_not_kept),
		T_UNTOUCHED(t_a_write_to_where_nothing_is_changes_nothing),
		T_UNTOUCHED(t_ordinary_registers_take_32_bits_only),
		T_UNTOUCHED(t_accesses_are_aligned),
		T_UNTOUCHED(t_accesses_beyond_a_bar_read_as_ones),
		T_UNTOUCHED(t_message_registers_take_64_bits),
		T_UNTOUCHED(t_bars_have_the_sizes_that_drivers_map),
		T_UNTOUCHED(t_capability_words_are_those_of_the_configuration),
		cmocka_unit_test(t_without_a_version_no_word_counts),
		cmocka_unit_test(t_capability_words_can_be_overridden),
		T_STARTED_V2(t_v2_has_none_of_what_came_with_v3),
		T_UNTOUCHED(t_memories_are_ready_after_their_initialization),
		T_STARTED(t_vft_is_kept_for_each_function_and_type),
		T_STARTED(t_vft_is_ready_only_when_the_operation_ran),
		T_STARTED(t_contexts_are_written_back_to_their_tables),
		T_STARTED(t_mailbox_can_be_written_in_parts),
		T_STARTED(t_mailbox_does_not_act_on_its_first_words),
		T_STARTED(t_mailbox_reads_the_same_with_any_width),
		cmocka_unit_test(
			t_mailbox_is_busy_for_as_long_as_a_command_takes),
		T_STARTED(t_a_function_learns_its_queues),
		T_STARTED(t_dumps_follow_the_queue),
		T_STARTED(t_dumps_differ_while_a_request_is_not_answered),
		T_STARTED(t_the_event_queues_can_be_dumped),
		T_STARTED(t_reading_everything_has_no_side_effect),
		T_UNTOUCHED(t_an_untouched_device_can_be_read),
		T_STARTED(t_the_queue_managers_counters_count),
		T_STARTED(t_the_queue_managers_counters_clear_when_told_to),
		T_STARTED(t_the_cores_counters_count_and_clear),
		cmocka_unit_test(
			t_isolated_doorbells_have_a_page_for_each_queue),
		cmocka_unit_test(t_a_doorbell_page_serves_its_own_queue_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * The configuration space as firmware and drivers use it, without a bus.
 */
#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "pci.h"

#define DEVCTL	(PCI_CAP_EXPRESS + PCI_EXP_DEVCTL)

static struct {
	struct sim *sim;
	struct pci pci;
	unsigned int resets;
	bool bus_master;
	uint64_t now_ns;
} t;

/* The model, and what it is told. */
void __real_sim_reset(struct sim *sim);
void __wrap_sim_reset(struct sim *sim);
void __real_sim_set_bus_master(struct sim *sim, bool on);
void __wrap_sim_set_bus_master(struct sim *sim, bool on);

void __wrap_sim_reset(struct sim *sim)
{
	t.resets++;
	__real_sim_reset(sim);
}

void __wrap_sim_set_bus_master(struct sim *sim, bool on)
{
	t.bus_master = on;
	__real_sim_set_bus_master(sim, on);
}

static int dma_read(void *host, int32_t pasid, uint64_t addr, void *buf, size_t len)
{
	(void)host, (void)pasid, (void)addr, (void)buf, (void)len;
	return -1;
}

static int dma_write(void *host, int32_t pasid, uint64_t addr, const void *buf,
		     size_t len)
{
	(void)host, (void)pasid, (void)addr, (void)buf, (void)len;
	return -1;
}

static void raise_irq(void *host, unsigned int vector)
{
	(void)host, (void)vector;
}

static uint64_t now(void *host)
{
	(void)host;
	return t.now_ns;
}

static const struct sim_host_ops ops = {
	.dma_read = dma_read,
	.dma_write = dma_write,
	.raise_irq = raise_irq,
	.now = now,
};

static void create(uint8_t revision, uint32_t offset, uint32_t value)
{
	struct sim_config config;

	assert_int_equal(sim_config_init(&config, revision), 0);
	if (offset)
		assert_int_equal(sim_config_set(&config, offset, value), 0);
	/* Before there is a model, whose threads ask for the time. */
	t.bus_master = true;
	t.now_ns = 0;
	assert_int_equal(sim_create(&t.sim, &config, &ops, NULL), 0);
	pci_init(&t.pci, t.sim);
	t.resets = 0;
}

static int setup(void **state)
{
	(void)state;
	create(0x30, 0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_destroy(t.sim);
	t.sim = NULL;
	return 0;
}

static void recreate(uint8_t revision, uint32_t offset, uint32_t value)
{
	sim_destroy(t.sim);
	create(revision, offset, value);
}

static uint32_t get(size_t offset, size_t len)
{
	uint32_t value = 0;

	pci_config_read(&t.pci, offset, &value, len);
	return value;
}

static void put(size_t offset, size_t len, uint32_t value)
{
	assert_false(pci_config_write(&t.pci, offset, &value, len));
}

static uint32_t register_read(uint64_t offset)
{
	uint32_t value = 0;

	pci_bar_read(&t.pci, QM_BAR_REGS, offset, &value, sizeof(value));
	return value;
}

/* ---- identity ---- */

static void t_a_function_is_known_by_its_ids(void **state)
{
	(void)state;
	assert_int_equal(get(PCI_VENDOR_ID, 4), 0xa25019e5);
	assert_int_equal(get(PCI_CLASS_REVISION, 4), 0x12000030);
	assert_int_equal(get(PCI_HEADER_TYPE, 1), PCI_HEADER_TYPE_NORMAL);
	assert_int_equal(get(PCI_INTERRUPT_PIN, 1), 0);
	recreate(0x21, 0, 0);
	assert_int_equal(get(PCI_CLASS_REVISION, 4), 0x12000021);
}

static void t_capabilities_are_a_list(void **state)
{
	unsigned int seen = 0;

	(void)state;
	assert_true(get(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	for (uint32_t at = get(PCI_CAPABILITY_LIST, 1); at; at = get(at + 1, 1)) {
		assert_in_range(at, PCI_STD_HEADER_SIZEOF, 0xfc);
		assert_int_equal(at % 4, 0);
		seen = seen << 8 | get(at, 1);
		assert_true(seen >> 24 == 0);
	}
	assert_int_equal(seen, PCI_CAP_ID_PM << 16 | PCI_CAP_ID_MSI << 8 |
			       PCI_CAP_ID_EXP);
	/* One extended one. */
	assert_int_equal(get(0x100, 2), PCI_EXT_CAP_ID_ERR);
	assert_int_equal(get(0x102, 2) >> 4, 0);
}

static void t_what_is_not_writable_stays(void **state)
{
	uint8_t before[PCI_CONFIG_SIZE], after[PCI_CONFIG_SIZE], ones[PCI_CONFIG_SIZE];

	(void)state;
	pci_config_read(&t.pci, 0, before, sizeof(before));
	memset(ones, 0xff, sizeof(ones));
	/* But do not ask for a reset. */
	ones[DEVCTL + 1] = 0x7f;
	assert_false(pci_config_write(&t.pci, 0, ones, sizeof(ones)));
	pci_config_read(&t.pci, 0, after, sizeof(after));
	assert_int_equal(get(PCI_VENDOR_ID, 4), 0xa25019e5);
	assert_int_equal(get(PCI_CLASS_REVISION, 4), 0x12000030);
	assert_int_equal(get(PCI_COMMAND, 2), 0x546);
	assert_int_equal(get(PCI_ROM_ADDRESS, 4), 0);
	memset(ones, 0, sizeof(ones));
	assert_false(pci_config_write(&t.pci, 0, ones, sizeof(ones)));
	for (size_t i = 0; i < sizeof(after); i++) {
		uint8_t fixed = (uint8_t)~t.pci.writable[i];

		/* Not every value of the power state can be written. */
		if (i == PCI_CAP_PM + PCI_PM_CTRL)
			fixed &= (uint8_t)~PCI_PM_CTRL_STATE_MASK;
		assert_int_equal(after[i] & fixed, before[i] & fixed);
		assert_int_equal(get(i, 1) & fixed, before[i] & fixed);
	}
}

/* ---- BARs ---- */

static uint64_t bar_size(unsigned int bar)
{
	size_t at = PCI_BASE_ADDRESS_0 + bar * 4;
	uint64_t size;

	put(at, 4, 0xffffffff);
	put(at + 4, 4, 0xffffffff);
	size = (uint64_t)get(at + 4, 4) << 32 | (get(at, 4) & ~0xfu);
	return size ? -size : 0;
}

static void t_bar_2_tells_its_size(void **state)
{
	(void)state;
	assert_int_equal(get(PCI_BASE_ADDRESS_2, 4), 0xc);
	assert_int_equal(bar_size(2), HZIP_BAR_SIZE);
	assert_int_equal(get(PCI_BASE_ADDRESS_2, 4) & 0xf, 0xc);
	assert_int_equal(pci_bar_size(&t.pci, 2), HZIP_BAR_SIZE);
	put(PCI_BASE_ADDRESS_2, 4, 0xfe7fffff);
	put(PCI_BASE_ADDRESS_3, 4, 0x12345678);
	assert_int_equal(get(PCI_BASE_ADDRESS_2, 4), 0xfe40000c);
	assert_int_equal(get(PCI_BASE_ADDRESS_3, 4), 0x12345678);
}

static void t_there_is_no_other_bar(void **state)
{
	(void)state;
	assert_int_equal(bar_size(0), 0);
	assert_int_equal(bar_size(4), 0);
	for (unsigned int bar = 0; bar < 9; bar++) {
		if (bar != 2)
			assert_int_equal(pci_bar_size(&t.pci, bar), 0);
	}
}

static void t_isolated_doorbells_are_in_bar_4(void **state)
{
	(void)state;
	recreate(0x30, QM_ISOLATION, 1);
	assert_int_equal(get(PCI_BASE_ADDRESS_4, 4), 0xc);
	assert_int_equal(bar_size(4), sim_bar_size(t.sim, 4));
	assert_true(sim_bar_size(t.sim, 4) >= QM_DOORBELL_STRIDE);
}

static void t_memory_enable_decides_who_answers(void **state)
{
	const uint32_t mask = 1;
	struct sim_stats before, after;

	(void)state;
	sim_stats(t.sim, &before);
	assert_int_equal(register_read(QM_CAP_FEATURES), 0xffffffff);
	pci_bar_write(&t.pci, QM_BAR_REGS, QM_EQ_INT_MASK, &mask, sizeof(mask));
	sim_stats(t.sim, &after);
	assert_int_equal(before.reads + before.writes, after.reads + after.writes);
	put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	assert_int_equal(register_read(QM_CAP_FEATURES), SIM_FEATURES);
	pci_bar_write(&t.pci, QM_BAR_REGS, QM_EQ_INT_MASK, &mask, sizeof(mask));
	sim_stats(t.sim, &after);
	assert_int_equal(after.writes, before.writes + 1);
	put(PCI_COMMAND, 2, 0);
	assert_int_equal(register_read(QM_CAP_FEATURES), 0xffffffff);
}

static void t_nobody_answers_outside_a_bar(void **state)
{
	uint64_t value = 0;

	(void)state;
	put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pci_bar_read(&t.pci, 2, HZIP_BAR_SIZE - 4, &value, 8);
	assert_true(value == UINT64_MAX);
	value = 0;
	pci_bar_read(&t.pci, 2, UINT64_MAX - 3, &value, 8);
	assert_true(value == UINT64_MAX);
	value = 0;
	pci_bar_read(&t.pci, 0, 0, &value, 8);
	assert_true(value == UINT64_MAX);
	pci_bar_write(&t.pci, 2, HZIP_BAR_SIZE, &value, 8);
	assert_int_equal(sim_violations_total(t.sim), 0);
}

static void t_a_function_in_d3_does_not_answer(void **state)
{
	size_t ctrl = PCI_CAP_PM + PCI_PM_CTRL;

	(void)state;
	put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	put(ctrl, 2, 3);
	assert_int_equal(get(ctrl, 2) & PCI_PM_CTRL_STATE_MASK, 3);
	assert_int_equal(register_read(QM_CAP_FEATURES), 0xffffffff);
	/* It has no D1. */
	put(ctrl, 2, 1);
	assert_int_equal(get(ctrl, 2) & PCI_PM_CTRL_STATE_MASK, 3);
	put(ctrl, 2, 0);
	assert_int_equal(get(ctrl, 2), PCI_PM_CTRL_NO_SOFT_RESET);
	assert_int_equal(register_read(QM_CAP_FEATURES), SIM_FEATURES);
	assert_int_equal(t.resets, 0);
}

/* ---- bits with an effect ---- */

static void t_bus_master_reaches_the_device(void **state)
{
	(void)state;
	assert_false(t.bus_master);
	put(PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	assert_true(t.bus_master);
	put(PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	assert_false(t.bus_master);
	put(PCI_COMMAND, 1, PCI_COMMAND_MASTER);
	assert_true(t.bus_master);
	assert_int_equal(t.resets, 0);
}

static void check_first_values(void)
{
	static struct pci fresh;

	pci_init(&fresh, t.sim);
	assert_memory_equal(t.pci.config, fresh.config, sizeof(fresh.config));
}

static void t_flr_resets_everything(void **state)
{
	uint16_t flr = get(DEVCTL, 2) | PCI_EXP_DEVCTL_BCR_FLR;

	(void)state;
	assert_true(get(PCI_CAP_EXPRESS + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	put(PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	put(PCI_BASE_ADDRESS_2, 4, 0xfe000000);
	put(PCI_CAP_MSI + PCI_MSI_ADDRESS_LO, 4, 0xfee00000);
	put(DEVCTL, 2, 0x5000);
	assert_int_equal(t.resets, 0);
	assert_true(pci_config_write(&t.pci, DEVCTL, &flr, sizeof(flr)));
	assert_int_equal(t.resets, 1);
	assert_false(t.bus_master);
	assert_int_equal(get(DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR, 0);
	check_first_values();
}

/* ---- reported errors ---- */

static void t_errors_have_a_capability(void **state)
{
	(void)state;
	assert_int_equal(get(PCI_CAP_AER, 4), 0x00020001);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_UNCOR_STATUS, 4), 0);
	put(PCI_CAP_AER + PCI_ERR_UNCOR_MASK, 4, UINT32_MAX);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_UNCOR_MASK, 4), SIM_AER_ALL);
	put(PCI_CAP_AER + PCI_ERR_UNCOR_SEVER, 4, 0);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_UNCOR_SEVER, 4), 0);
	put(PCI_CAP_AER + PCI_ERR_COR_STATUS, 4, UINT32_MAX);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_COR_STATUS, 4), 0);
	put(PCI_CAP_AER, 4, 0);
	assert_int_equal(get(PCI_CAP_AER, 4), 0x00020001);
	pci_reset(&t.pci);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_UNCOR_MASK, 4), 0);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_UNCOR_SEVER, 4), 0x00062010);
}

static void t_errors_stay_until_they_are_cleared(void **state)
{
	const size_t status = PCI_CAP_AER + PCI_ERR_UNCOR_STATUS;

	(void)state;
	assert_int_equal(sim_fault(t.sim, "aer 20"), 0);
	assert_int_equal(sim_fault(t.sim, "aer 14"), 0);
	assert_int_equal(get(status, 4),
			 PCI_ERR_UNC_UNSUP | PCI_ERR_UNC_COMP_TIME);
	assert_int_equal(get(status + 1, 1), PCI_ERR_UNC_COMP_TIME >> 8);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_CAP, 4), 14);
	put(status, 4, 0);
	pci_reset(&t.pci);
	put(status + 1, 1, 0xff);
	assert_int_equal(get(status, 4), PCI_ERR_UNC_UNSUP);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_CAP, 4), 20);
	put(status, 4, UINT32_MAX);
	assert_int_equal(get(status, 4), 0);
	assert_int_equal(get(PCI_CAP_AER + PCI_ERR_CAP, 4), 0);
}

/* The host's clock stands. */
static void t_flr_may_take_time(void **state)
{
	uint16_t flr = get(DEVCTL, 2) | PCI_EXP_DEVCTL_BCR_FLR;

	(void)state;
	assert_int_equal(sim_fault(t.sim, "flr-slow 1"), 0);
	assert_true(pci_config_write(&t.pci, DEVCTL, &flr, sizeof(flr)));
	assert_int_equal(get(PCI_VENDOR_ID, 4), UINT32_MAX);
	put(PCI_CACHE_LINE_SIZE, 1, 0x40);
	t.now_ns = 1000000;
	assert_int_equal(get(PCI_VENDOR_ID, 4), 0xa25019e5);
	assert_int_equal(get(PCI_CACHE_LINE_SIZE, 1), 0);
	/* One that is not ordered by software is no FLR. */
	assert_int_equal(sim_fault(t.sim, "flr-slow 1"), 0);
	pci_reset(&t.pci);
	assert_int_equal(get(PCI_VENDOR_ID, 4), 0xa25019e5);
}

static void t_flr_is_seen_in_a_write_of_any_width(void **state)
{
	static const struct {
		size_t offset, len;
	} writes[] = {
		{ DEVCTL + 1, 1 }, { DEVCTL, 4 }, { DEVCTL - 4, 8 },
		{ 0, PCI_CONFIG_SIZE },
	};
	static const struct {
		size_t offset, len;
	} others[] = {
		{ DEVCTL, 1 }, { DEVCTL + 2, 2 }, { DEVCTL - 4, 4 }, { 0, DEVCTL + 1 },
	};
	uint8_t ones[PCI_CONFIG_SIZE];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (size_t i = 0; i < 4; i++) {
		assert_false(pci_config_write(&t.pci, others[i].offset, ones,
					      others[i].len));
		assert_true(pci_config_write(&t.pci, writes[i].offset, ones,
					     writes[i].len));
		assert_int_equal(t.resets, i + 1);
		check_first_values();
	}
}

/* ---- MSI ---- */

static unsigned int msi_capable(void)
{
	uint32_t flags = get(PCI_CAP_MSI + PCI_MSI_FLAGS, 2);

	assert_true(flags & PCI_MSI_FLAGS_64BIT);
	assert_true(flags & PCI_MSI_FLAGS_MASKBIT);
	return 1u << ((flags & PCI_MSI_FLAGS_QMASK) >> 1);
}

static void t_a_device_that_is_gone_reads_as_ones(void **state)
{
	uint16_t master = PCI_COMMAND_MASTER;

	(void)state;
	assert_int_equal(sim_fault(t.pci.sim, "remove"), 0);
	assert_int_equal(get(PCI_VENDOR_ID, 4), 0xffffffff);
	assert_false(pci_config_write(&t.pci, PCI_COMMAND, &master, sizeof(master)));
	assert_false(t.bus_master);
	assert_int_equal(sim_fault(t.pci.sim, "return"), 0);
	assert_int_equal(get(PCI_VENDOR_ID, 2), HISI_PCI_VENDOR);
}

static void t_msi_has_a_power_of_two_messages(void **state)
{
	static const unsigned int messages[][2] = {
		{ 1, 1 }, { 2, 2 }, { 3, 4 }, { 4, 4 }, { 5, 8 }, { 32, 32 }, { 100, 32 },
	};

	(void)state;
	assert_int_equal(msi_capable(), 4);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		recreate(0x30, QM_CAP_IRQ_COUNT, messages[i][0] << 16);
		assert_int_equal(msi_capable(), messages[i][1]);
		assert_int_equal(pci_msi_count(&t.pci), messages[i][1]);
	}
	recreate(0x21, 0, 0);
	assert_int_equal(msi_capable(), 4);
}

static void t_msi_takes_address_data_and_masks(void **state)
{
	size_t cap = PCI_CAP_MSI;

	(void)state;
	put(cap + PCI_MSI_ADDRESS_LO, 4, 0xfee0100f);
	put(cap + PCI_MSI_ADDRESS_HI, 4, 0x1);
	put(cap + PCI_MSI_DATA_64, 2, 0x4021);
	put(cap + PCI_MSI_MASK_64, 4, 0xffffffff);
	put(cap + PCI_MSI_PENDING_64, 4, 0xffffffff);
	put(cap + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE | 2 << 4);
	assert_int_equal(get(cap + PCI_MSI_ADDRESS_LO, 4), 0xfee0100c);
	assert_int_equal(get(cap + PCI_MSI_ADDRESS_HI, 4), 0x1);
	assert_int_equal(get(cap + PCI_MSI_DATA_64, 2), 0x4021);
	assert_int_equal(get(cap + PCI_MSI_MASK_64, 4), 0xf);
	assert_int_equal(get(cap + PCI_MSI_PENDING_64, 4), 0);
	assert_int_equal(get(cap + PCI_MSI_FLAGS, 2), 0x1a5);
	recreate(0x30, QM_CAP_IRQ_COUNT, 32u << 16);
	put(cap + PCI_MSI_MASK_64, 4, 0xffffffff);
	assert_int_equal(get(cap + PCI_MSI_MASK_64, 4), 0xffffffff);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_a_function_is_known_by_its_ids),
		TEST(t_capabilities_are_a_list),
		TEST(t_what_is_not_writable_stays),
		TEST(t_bar_2_tells_its_size),
		TEST(t_there_is_no_other_bar),
		TEST(t_isolated_doorbells_are_in_bar_4),
		TEST(t_memory_enable_decides_who_answers),
		TEST(t_nobody_answers_outside_a_bar),
		TEST(t_a_function_in_d3_does_not_answer),
		TEST(t_bus_master_reaches_the_device),
		TEST(t_flr_resets_everything),
		TEST(t_flr_may_take_time),
		TEST(t_errors_have_a_capability),
		TEST(t_errors_stay_until_they_are_cleared),
		TEST(t_flr_is_seen_in_a_write_of_any_width),
		TEST(t_a_device_that_is_gone_reads_as_ones),
		TEST(t_msi_has_a_power_of_two_messages),
		TEST(t_msi_takes_address_data_and_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

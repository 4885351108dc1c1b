// SPDX-License-Identifier: MIT
/*
 * The configuration space: see pci.h.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "hisi_qm_regs.h"
#include "hisi_zip_regs.h"
#include "pci.h"

#define BAR_FIRST	PCI_BASE_ADDRESS_0
#define BAR_FLAGS	(PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64 | \
			 PCI_BASE_ADDRESS_MEM_PREFETCH)
#define BAR_SIZE_MIN	4096u
#define MSI_MAX		32u

#define DEVCAP		(PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_RBER | \
			 PCI_EXP_DEVCAP_FLR | 1 /* payload of 256 bytes */)
#define DEVCTL_FIRST	(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | \
			 PCI_EXP_DEVCTL_READRQ_512B)
#define DEVCTL_WRITABLE	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
			 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD | \
			 PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_NOSNOOP_EN | \
			 PCI_EXP_DEVCTL_READRQ)
#define AER_FATAL_FIRST                                                        \
	(PCI_ERR_UNC_DLP | PCI_ERR_UNC_FCP | PCI_ERR_UNC_RX_OVER |             \
	 PCI_ERR_UNC_MALF_TLP)
#define AER_COR_ALL                                                            \
	(PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP |       \
	 PCI_ERR_COR_REP_ROLL | PCI_ERR_COR_REP_TIMER | PCI_ERR_COR_ADV_NFAT)
#define LINK		(PCI_EXP_LNKSTA_NLW_X1 * 16 | PCI_EXP_LNKCAP_SLS_16_0GB)

static void set(struct pci *pci, size_t offset, size_t len, uint32_t value,
		uint32_t writable)
{
	memcpy(&pci->config[offset], &value, len);
	memcpy(&pci->writable[offset], &writable, len);
}

static uint32_t get(const struct pci *pci, size_t offset, size_t len)
{
	uint32_t value = 0;

	memcpy(&value, &pci->config[offset], len);
	return value;
}

static uint64_t power_of_two(uint64_t n)
{
	uint64_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

uint64_t pci_bar_size(const struct pci *pci, unsigned int bar)
{
	uint64_t size = 0;

	/* The odd ones are the upper halves. */
	if (bar < PCI_BARS && bar % 2 == 0)
		size = sim_bar_size(pci->sim, bar);
	if (!size || size > UINT64_MAX / 4)
		return 0;
	return size < BAR_SIZE_MIN ? BAR_SIZE_MIN : power_of_two(size);
}

unsigned int pci_msi_count(const struct pci *pci)
{
	unsigned int count = sim_irq_count(pci->sim);

	return count > MSI_MAX ? MSI_MAX : (unsigned int)power_of_two(count);
}

static void set_header(struct pci *pci)
{
	set(pci, PCI_VENDOR_ID, 2, HISI_PCI_VENDOR, 0);
	set(pci, PCI_DEVICE_ID, 2, HZIP_PCI_PF, 0);
	set(pci, PCI_COMMAND, 2, 0,
	    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		    PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	set(pci, PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0);
	set(pci, PCI_CLASS_REVISION, 4, HZIP_PCI_CLASS << 8 | sim_revision(pci->sim), 0);
	set(pci, PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
	set(pci, PCI_SUBSYSTEM_VENDOR_ID, 2, HISI_PCI_VENDOR, 0);
	set(pci, PCI_SUBSYSTEM_ID, 2, HZIP_PCI_PF, 0);
	set(pci, PCI_CAPABILITY_LIST, 1, PCI_CAP_PM, 0);
	set(pci, PCI_INTERRUPT_LINE, 1, 0, 0xff);
}

/* What stays 0 when ones are written tells a BAR's size. */
static void set_bars(struct pci *pci)
{
	for (unsigned int bar = 0; bar < PCI_BARS; bar += 2) {
		uint64_t size = pci_bar_size(pci, bar);
		size_t at = BAR_FIRST + bar * 4;

		if (!size)
			continue;
		set(pci, at, 4, BAR_FLAGS, (uint32_t)-size);
		set(pci, at + 4, 4, 0, (uint32_t)(-size >> 32));
	}
}

static void set_pm(struct pci *pci)
{
	set(pci, PCI_CAP_PM, 2, PCI_CAP_ID_PM | PCI_CAP_MSI << 8, 0);
	set(pci, PCI_CAP_PM + PCI_PM_PMC, 2, 3 /* version */, 0);
	set(pci, PCI_CAP_PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, 0);
}

static void set_msi(struct pci *pci)
{
	unsigned int count = pci_msi_count(pci);
	uint32_t flags = PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT;

	for (unsigned int log2 = 1; count >> log2; log2++)
		flags = (flags & ~(uint32_t)PCI_MSI_FLAGS_QMASK) | log2 << 1;
	set(pci, PCI_CAP_MSI, 2, PCI_CAP_ID_MSI | PCI_CAP_EXPRESS << 8, 0);
	set(pci, PCI_CAP_MSI + PCI_MSI_FLAGS, 2, flags,
	    PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	set(pci, PCI_CAP_MSI + PCI_MSI_ADDRESS_LO, 4, 0, ~3u);
	set(pci, PCI_CAP_MSI + PCI_MSI_ADDRESS_HI, 4, 0, ~0u);
	set(pci, PCI_CAP_MSI + PCI_MSI_DATA_64, 2, 0, 0xffff);
	set(pci, PCI_CAP_MSI + PCI_MSI_MASK_64, 4, 0, GENMASK(count - 1, 0));
}

static void set_express(struct pci *pci)
{
	size_t cap = PCI_CAP_EXPRESS;

	set(pci, cap, 2, PCI_CAP_ID_EXP, 0);
	set(pci, cap + PCI_EXP_FLAGS, 2, PCI_EXP_TYPE_ENDPOINT << 4 | 2 /* version */, 0);
	set(pci, cap + PCI_EXP_DEVCAP, 4, DEVCAP, 0);
	set(pci, cap + PCI_EXP_DEVCTL, 2, DEVCTL_FIRST, DEVCTL_WRITABLE);
	set(pci, cap + PCI_EXP_LNKCAP, 4, LINK, 0);
	set(pci, cap + PCI_EXP_LNKCTL, 2, 0,
	    PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
	set(pci, cap + PCI_EXP_LNKSTA, 2, LINK, 0);
	set(pci, cap + PCI_EXP_LNKCAP2, 4,
	    PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB |
		    PCI_EXP_LNKCAP2_SLS_8_0GB | PCI_EXP_LNKCAP2_SLS_16_0GB, 0);
	set(pci, cap + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_16_0GT, 0);
}

/* Advanced error reporting; the status itself is the model's. */
static void set_aer(struct pci *pci)
{
	size_t cap = PCI_CAP_AER;

	set(pci, cap, 4, PCI_EXT_CAP_ID_ERR | 2 << 16 /* version */, 0);
	set(pci, cap + PCI_ERR_UNCOR_MASK, 4, 0, SIM_AER_ALL);
	set(pci, cap + PCI_ERR_UNCOR_SEVER, 4, AER_FATAL_FIRST, SIM_AER_ALL);
	set(pci, cap + PCI_ERR_COR_MASK, 4, PCI_ERR_COR_ADV_NFAT, AER_COR_ALL);
}

static void first_values(struct pci *pci)
{
	memset(pci->config, 0, sizeof(pci->config));
	memset(pci->writable, 0, sizeof(pci->writable));
	set_header(pci);
	set_bars(pci);
	set_pm(pci);
	set_msi(pci);
	set_express(pci);
	set_aer(pci);
}

void pci_reset(struct pci *pci)
{
	/* What is being executed still has its memory. */
	sim_reset(pci->sim);
	sim_set_bus_master(pci->sim, false);
	first_values(pci);
}

void pci_init(struct pci *pci, struct sim *sim)
{
	pci->sim = sim;
	first_values(pci);
	sim_set_bus_master(sim, false);
}

/* Those of the len bytes from offset that lie in a register of four. */
static void overlay(size_t reg, uint32_t value, size_t offset, uint8_t *data,
		    size_t len)
{
	for (size_t i = 0; i < 4; i++) {
		if (reg + i >= offset && reg + i - offset < len)
			data[reg + i - offset] = (uint8_t)(value >> 8 * i);
	}
}

void pci_config_read(const struct pci *pci, size_t offset, void *data, size_t len)
{
	uint32_t aer;

	if (sim_is_removed(pci->sim)) {
		memset(data, 0xff, len);
		return;
	}
	memcpy(data, &pci->config[offset], len);
	aer = sim_aer(pci->sim, 0);
	overlay(PCI_CAP_AER + PCI_ERR_UNCOR_STATUS, aer, offset, data, len);
	/* The first error. */
	overlay(PCI_CAP_AER + PCI_ERR_CAP,
		aer ? (uint32_t)__builtin_ctz(aer) : 0, offset, data, len);
}

/* The byte at an offset if the write has one for it, else 0. */
static uint8_t written(size_t offset, const uint8_t *data, size_t len, size_t at)
{
	return at >= offset && at - offset < len ? data[at - offset] : 0;
}

/* The function has D0 and D3hot; a write of others has no effect. */
static void set_power_state(struct pci *pci, uint8_t state)
{
	uint8_t *ctrl = &pci->config[PCI_CAP_PM + PCI_PM_CTRL];

	if (state == 0 || state == 3)
		*ctrl = (uint8_t)((*ctrl & ~PCI_PM_CTRL_STATE_MASK) | state);
}

bool pci_config_write(struct pci *pci, size_t offset, const void *data, size_t len)
{
	const size_t devctl_high = PCI_CAP_EXPRESS + PCI_EXP_DEVCTL + 1;
	const size_t pm_ctrl = PCI_CAP_PM + PCI_PM_CTRL;
	const size_t uncor = PCI_CAP_AER + PCI_ERR_UNCOR_STATUS;
	const uint8_t *bytes = data;
	uint32_t clear = 0;
	uint32_t command = get(pci, PCI_COMMAND, 2);

	if (sim_is_removed(pci->sim))
		return false;
	if (written(offset, bytes, len, devctl_high) & PCI_EXP_DEVCTL_BCR_FLR >> 8) {
		pci_reset(pci);
		sim_stay_away(pci->sim);
		return true;
	}
	for (size_t i = 0; i < 4; i++)
		clear |= (uint32_t)written(offset, bytes, len, uncor + i)
			 << 8 * i;
	sim_aer(pci->sim, clear);
	for (size_t i = 0; i < len; i++) {
		uint8_t mask = pci->writable[offset + i];
		uint8_t *reg = &pci->config[offset + i];

		*reg = (uint8_t)((*reg & ~mask) | (bytes[i] & mask));
	}
	if (pm_ctrl >= offset && pm_ctrl - offset < len)
		set_power_state(pci, bytes[pm_ctrl - offset] & PCI_PM_CTRL_STATE_MASK);
	command ^= get(pci, PCI_COMMAND, 2);
	if (command & PCI_COMMAND_MASTER)
		sim_set_bus_master(pci->sim,
				   get(pci, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
	return false;
}

static bool listens(const struct pci *pci, unsigned int bar, uint64_t offset,
		    size_t width)
{
	uint64_t size = pci_bar_size(pci, bar);
	uint32_t power = get(pci, PCI_CAP_PM + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK;

	return get(pci, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY && !power &&
	       offset <= size && width <= size - offset;
}

void pci_bar_read(struct pci *pci, unsigned int bar, uint64_t offset, void *data,
		  size_t width)
{
	if (listens(pci, bar, offset, width))
		sim_bar_read(pci->sim, bar, offset, data, width);
	else
		memset(data, 0xff, width);
}

void pci_bar_write(struct pci *pci, unsigned int bar, uint64_t offset, const void *data,
		   size_t width)
{
	if (listens(pci, bar, offset, width))
		sim_bar_write(pci->sim, bar, offset, data, width);
}

/* SPDX-License-Identifier: MIT */
/*
 * The PCI function in front of the model: its configuration space, and what the bits
 * in there do to accesses and to the model.  No bus, no socket; one thread at a time.
 */
#ifndef SIM_PCI_H
#define SIM_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim.h"

#define PCI_CONFIG_SIZE	4096u
#define PCI_BARS	6u

/* Where the capabilities are. */
#define PCI_CAP_PM	0x40
#define PCI_CAP_MSI	0x50
#define PCI_CAP_EXPRESS	0x80
#define PCI_CAP_AER	0x100

struct pci {
	struct sim *sim;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];	/* bits that a write changes */
};

/* The function as after power-on; sim must outlive it. */
void pci_init(struct pci *pci, struct sim *sim);
/* Reset the model and every register in here. */
void pci_reset(struct pci *pci);

/* Interrupt messages of the MSI capability: a power of two. */
unsigned int pci_msi_count(const struct pci *pci);
/* Bytes of the address space a BAR asks for: 0 or a power of two. */
uint64_t pci_bar_size(const struct pci *pci, unsigned int bar);

/* Both: len bytes that are inside the configuration space. */
void pci_config_read(const struct pci *pci, size_t offset, void *data, size_t len);
/* True if that reset the function. */
bool pci_config_write(struct pci *pci, size_t offset, const void *data, size_t len);

/* An access from the bus: reads as ones and is not written where nobody listens. */
void pci_bar_read(struct pci *pci, unsigned int bar, uint64_t offset, void *data,
		  size_t width);
void pci_bar_write(struct pci *pci, unsigned int bar, uint64_t offset, const void *data,
		   size_t width);

#endif

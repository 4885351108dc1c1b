/* SPDX-License-Identifier: MIT */
/*
 * Queue files of a device that is the model: what a kernel's driver does for them, with
 * shared virtual addressing, and for the device when something is wrong with it.
 *
 * It has no thread: somebody calls zip_files_handle() when there was an interrupt.  All
 * functions may be called by any thread.  What a process may not do aborts.
 */
#ifndef ZIP_FILES_H
#define ZIP_FILES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver.h"

#define ZIP_FILES_MAX  32u /* open at a time, at most */
#define ZIP_FILES_MMIO 8192u

struct zip_files;

/*
 * struct zip_file - a queue file, open or not
 * @open, @started: as the process wanted it
 * @reset:  it was started, and the device lost it
 * @event:  readable when there was an event, until the process asks for the next one
 * @events: of its queue, that were told
 * @tail:   of the SQ, as the last doorbell said
 * @mmio:   what the process maps for doorbells
 */
struct zip_file {
	struct zip_files *of;
	bool open, started, reset;
	int event;
	uint32_t events, tail;
	uint16_t type;
	uint8_t *mmio;
	struct t_mem dus;
	struct t_queue queue;
};

/*
 * The text of a fault for the model, of those that are due before so many requests are
 * fetched, after @fetched before; false: no more.
 */
typedef bool zip_fault_fn(void *arg, uint64_t fetched, uint32_t fresh,
			  char text[64]);

/*
 * @gone:   nothing is left of it, by a fault or because a reset went wrong
 * @lies:   what it says of being done is not to be believed, until its next reset
 */
struct zip_files {
	struct t_dev dev;
	pthread_mutex_t lock; /* all of it, taken before the model's */
	bool gone, lies;
	bool holds; /* it lets go of no queue before its file is closed */
	uint32_t depth;
	zip_fault_fn *next_fault;
	void *fault_arg;
	struct zip_file file[ZIP_FILES_MAX];
};

/* A device, started, with rings of that many entries.  Without memory it aborts. */
struct zip_files *zip_files_create(const struct sim_config *config,
				   uint32_t depth);
/* No file is open. */
void zip_files_destroy(struct zip_files *z);

/* As for sim_fault(), or "fuzz ..." for sim_fuzz(); aborts if they do not know it. */
void zip_files_fault(struct zip_files *z, const char *text);
/* There was an interrupt with that message. */
void zip_files_handle(struct zip_files *z, unsigned int vector);

/* Bytes of the DUS region. */
size_t zip_files_dus(const struct zip_files *z);

/* NULL: all are in use. */
struct zip_file *zip_file_open(struct zip_files *z);
void zip_file_close(struct zip_file *f);
int zip_file_ctl(struct zip_file *f, unsigned long request, void *arg);
/* NULL if there is no such region of that size. */
void *zip_file_map(struct zip_file *f, unsigned int region, size_t size);
/* At @addr of its MMIO region. */
void zip_file_bell(struct zip_file *f, const void *addr, uint64_t value);

#endif

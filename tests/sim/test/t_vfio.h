/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the vfio-user server share: the server, in a thread, with a device
 * behind it, and one client at a time.
 */
#ifndef SIM_T_VFIO_H
#define SIM_T_VFIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "message.h"
#include "sim.h"

/* clang-format off */
#define PAGE		4096u
#define RAM_SIZE	(64 * PAGE)
#define CONFIG		VFIO_USER_REGION_CONFIG
#define READ		VFIO_USER_MAP_READ
#define WRITE		VFIO_USER_MAP_WRITE
/* clang-format on */

/* Of the test that runs. */
struct t_vfio {
	struct sim *sim;
	struct vfio_user *host;
	FILE *log;
	int client, server, stop;
	pthread_t thread;
	bool running;
	int result;
	int ram; /* a file of RAM_SIZE bytes */
};

extern struct t_vfio t;

/* Fixtures for cmocka: a client is connected, and has said nothing. */
int setup(void **state);
int teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The next client, when the one before has left. */
void connect_client(void);
/* The client closes its connection. */
int leave(void);
/* What serving the client came to. */
int end_of_client(void);
unsigned int log_lines(void);
/* Of this process. */
unsigned int open_files(void);

/* What the client does: the errno of each. */
int call(uint16_t command, const void *body, size_t len);
int map_ram(uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags);

/* What the device does. */
int dma_read(uint64_t addr, void *buf, size_t len);
int dma_write(uint64_t addr, const void *buf, size_t len);
/* It can read these bytes. */
bool reaches(uint64_t addr, size_t len);

#endif

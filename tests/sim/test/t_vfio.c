// SPDX-License-Identifier: MIT
/*
 * The server in a thread, and a client of it: see t_vfio.h.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "t_client.h"
#include "t_vfio.h"
#include "vfio_user.h"

#define ALARM_SECONDS 1500

struct t_vfio t;

/* ---- server ---- */

static void *serve(void *arg)
{
	(void)arg;
	t.result = vfio_user_serve(t.host, t.sim, t.server, t.stop);
	close(t.server);
	return NULL;
}

void connect_client(void)
{
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	t.client = fds[0];
	t.server = fds[1];
	assert_int_equal(pthread_create(&t.thread, NULL, serve, NULL), 0);
	t.running = true;
}

int end_of_client(void)
{
	assert_int_equal(pthread_join(t.thread, NULL), 0);
	t.running = false;
	close(t.client);
	return t.result;
}

int leave(void)
{
	shutdown(t.client, SHUT_RDWR);
	return end_of_client();
}

int setup(void **state)
{
	struct sim_config config;

	(void)state;
	memset(&t, 0, sizeof(t));
	alarm(ALARM_SECONDS);
	t.log = tmpfile();
	t.stop = eventfd(0, EFD_CLOEXEC);
	t.ram = memfd_create("sim-test-ram", MFD_CLOEXEC);
	t.host = vfio_user_create(t.log);
	if (!t.log || t.stop < 0 || t.ram < 0 || ftruncate(t.ram, RAM_SIZE) ||
	    !t.host)
		return -1;
	if (sim_config_init(&config, 0x30) ||
	    sim_create(&t.sim, &config, &vfio_user_ops, t.host))
		return -1;
	connect_client();
	return 0;
}

int teardown(void **state)
{
	(void)state;
	if (t.running)
		leave();
	sim_destroy(t.sim);
	vfio_user_destroy(t.host);
	close(t.ram);
	close(t.stop);
	fclose(t.log);
	return 0;
}

unsigned int log_lines(void)
{
	unsigned int lines = 0;
	int c;

	rewind(t.log);
	while ((c = fgetc(t.log)) != EOF)
		lines += c == '\n';
	return lines;
}

unsigned int open_files(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* ---- what the client does ---- */

int call(uint16_t command, const void *body, size_t len)
{
	return t_call(t.client, command, body, len, NULL);
}

int map_ram(uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags)
{
	return t_map(t.client, addr, size, t.ram, offset, flags);
}

/* ---- what the device does ---- */

int dma_read(uint64_t addr, void *buf, size_t len)
{
	return vfio_user_ops.dma_read(t.host, SIM_NO_PASID, addr, buf, len);
}

int dma_write(uint64_t addr, const void *buf, size_t len)
{
	return vfio_user_ops.dma_write(t.host, SIM_NO_PASID, addr, buf, len);
}

bool reaches(uint64_t addr, size_t len)
{
	uint8_t buf[2 * PAGE];

	assert_true(len <= sizeof(buf));
	return !dma_read(addr, buf, len);
}

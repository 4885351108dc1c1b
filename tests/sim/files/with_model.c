/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <misc/uacce/hisi_qm.h>
#include <misc/uacce/uacce.h>

#include "transport/transport.h"
#include "with_model.h"

#define NAME  "hisi_zip-"
#define DEPTH 1024u

/*
 * @files:   NULL until somebody needs it
 * @raised:  interrupts that nobody has handled, a bit for each message
 */
struct device {
	struct zip_files *files;
	struct script script;
	pthread_t thread;
	pthread_mutex_t lock; /* raised, stop */
	pthread_cond_t news;
	uint32_t raised;
	bool stop;
};

static struct with_model_setup setup;
static struct device device[WITH_MODEL_MAX];
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* ---- interrupts ---- */

static void on_irq(void *arg, unsigned int vector)
{
	struct device *d = arg;

	pthread_mutex_lock(&d->lock);
	d->raised |= 1u << vector;
	pthread_cond_signal(&d->news);
	pthread_mutex_unlock(&d->lock);
}

static void *handle(void *arg)
{
	struct device *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		uint32_t raised = d->raised;

		if (!raised) {
			pthread_cond_wait(&d->news, &d->lock);
			continue;
		}
		d->raised = 0;
		pthread_mutex_unlock(&d->lock);
		for (unsigned int i = 0; i < INPROC_VECTORS; i++)
			if (raised & 1u << i)
				zip_files_handle(d->files, i);
		pthread_mutex_lock(&d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* ---- devices ---- */

/* The program's signals are for its own threads. */
static void make(struct device *d)
{
	char text[SCRIPT_TEXT];
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->news, NULL);
	d->files = zip_files_create(&setup.config, setup.depth);
	d->files->holds = setup.holds;
	if (!setup.sleep)
		inproc_on_irq(d->files->dev.host, on_irq, d);
	while (script_next(&d->script, 0, 0, text))
		zip_files_fault(d->files, text);
	d->files->next_fault = script_next;
	d->files->fault_arg = &d->script;
	if (!setup.sleep)
		check(!pthread_create(&d->thread, NULL, handle, d));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void unmake(struct device *d)
{
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_signal(&d->news);
	pthread_mutex_unlock(&d->lock);
	if (!setup.sleep)
		pthread_join(d->thread, NULL);
	zip_files_destroy(d->files);
	pthread_cond_destroy(&d->news);
	pthread_mutex_destroy(&d->lock);
}

struct zip_files *with_model_device(unsigned int i)
{
	return device[i].files;
}

/* NULL: there is none of that name. */
static struct device *find_device(const char *name)
{
	size_t len = strlen(NAME);
	unsigned int i;

	if (strncmp(name, NAME, len) || strlen(name) != len + 1)
		return NULL;
	i = (unsigned int)(name[len] - '0');
	return i < setup.count ? &device[i] : NULL;
}

static struct zip_file *file_of(int handle)
{
	for (unsigned int i = 0; i < setup.count; i++)
		for (unsigned int k = 0; device[i].files && k < ZIP_FILES_MAX;
		     k++) {
			struct zip_file *f = &device[i].files->file[k];

			if (f->open && f->event == handle)
				return f;
		}
	return NULL;
}

/* ---- the transport ---- */

static const char *api(void)
{
	if (setup.config.revision < QM_HW_V3)
		return HISI_QM_API_VER2;
	return setup.config.sub_version >= QM_HW_V5 ? HISI_QM_API_VER5
						    : HISI_QM_API_VER3;
}

static int t_find(const char *name, struct wd_transport_dev *td)
{
	const struct zip_files like = { .depth = setup.depth };

	if (!find_device(name))
		return -ENODEV;
	memset(td, 0, sizeof(*td));
	snprintf(td->name, sizeof(td->name), "%s", name);
	snprintf(td->api, sizeof(td->api), "%s", api());
	snprintf(td->algs, sizeof(td->algs), "%s",
		 setup.config.revision < QM_HW_V3
			 ? "zlib gzip"
			 : "zlib gzip deflate lz77_zstd");
	td->flags = UACCE_DEV_SVA;
	td->free_queues = (int32_t)setup.queues;
	td->numa_node = -1;
	td->region_size[UACCE_QFRT_MMIO] = ZIP_FILES_MMIO;
	td->region_size[UACCE_QFRT_DUS] = zip_files_dus(&like);
	return 0;
}

static int t_next(unsigned int *pos, struct wd_transport_dev *td)
{
	char name[sizeof(NAME) + 1];

	if (*pos >= setup.count)
		return 0;
	snprintf(name, sizeof(name), NAME "%c", '0' + (char)(*pos)++);
	return !t_find(name, td);
}

static bool has_room(const struct device *d)
{
	unsigned int open = 0;

	for (unsigned int k = 0; k < ZIP_FILES_MAX; k++)
		open += d->files->file[k].open;
	return open < setup.queues;
}

static int t_open(const char *name)
{
	struct device *d = find_device(name);
	struct zip_file *f;
	int ret;

	if (!d)
		return -ENODEV;
	pthread_mutex_lock(&making);
	if (!d->files)
		make(d);
	f = has_room(d) ? zip_file_open(d->files) : NULL;
	ret = f ? f->event : -EBUSY;
	pthread_mutex_unlock(&making);
	return ret;
}

static void t_close(int handle)
{
	struct zip_file *f;

	pthread_mutex_lock(&making);
	f = file_of(handle);
	if (f)
		zip_file_close(f);
	else
		close(handle);
	pthread_mutex_unlock(&making);
}

static struct zip_file *open_file(int handle)
{
	struct zip_file *f;

	pthread_mutex_lock(&making);
	f = file_of(handle);
	pthread_mutex_unlock(&making);
	check(f);
	return f;
}

static int t_ctl(int handle, unsigned long request, void *arg)
{
	return zip_file_ctl(open_file(handle), request, arg);
}

static void *t_map(int handle, unsigned int region, size_t size, int *err)
{
	void *p = zip_file_map(open_file(handle), region, size);

	check(p);
	*err = 0;
	return p;
}

static void t_unmap(void *addr, size_t size)
{
	(void)addr;
	(void)size;
}

/* The page tells whose it is. */
static void t_bell(void *addr, uint64_t value)
{
	for (unsigned int i = 0; i < setup.count; i++) {
		const uint8_t *base =
			device[i].files ? device[i].files->file[0].mmio : NULL;
		size_t at = (size_t)((uint8_t *)addr - base);

		if (base && at < (size_t)ZIP_FILES_MAX * ZIP_FILES_MMIO) {
			zip_file_bell(
				&device[i].files->file[at / ZIP_FILES_MMIO],
				addr, value);
			return;
		}
	}
	abort();
}

static int t_group(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int t_join(int group, int handle)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = handle };

	return epoll_ctl(group, EPOLL_CTL_ADD, handle, &event) ? -errno : 0;
}

/* Each event is told of once. */
static int t_poll_group(int group, int timeout_ms)
{
	struct epoll_event event[ZIP_FILES_MAX];
	int n;

	if (setup.sleep)
		return setup.sleep(timeout_ms);
	n = epoll_wait(group, event, ZIP_FILES_MAX, timeout_ms);

	for (int i = 0; i < n; i++) {
		uint64_t count;

		if (read(event[i].data.fd, &count, sizeof(count)) < 0)
			check(errno == EAGAIN);
	}
	return n < 0 ? -errno : n > 0;
}

static int t_poll(int handle, int timeout_ms)
{
	(void)handle;
	(void)timeout_ms;
	abort();
}

static const struct wd_transport_ops transport = {
	.name = "model",
	.next = t_next,
	.find = t_find,
	.open = t_open,
	.close = t_close,
	.ctl = t_ctl,
	.map = t_map,
	.unmap = t_unmap,
	.doorbell = t_bell,
	.poll = t_poll,
	.group = t_group,
	.join = t_join,
	.poll_group = t_poll_group,
};

/* ---- the beginning and the end ---- */

void with_model_default(struct with_model_setup *s, uint8_t revision)
{
	memset(s, 0, sizeof(*s));
	s->count = 1;
	s->queues = ZIP_FILES_MAX;
	s->depth = DEPTH;
	check(!sim_config_init(&s->config, revision));
	s->config.workers = 1;
	s->config.abort_on_violation = true;
}

void with_model_begin(const struct with_model_setup *s)
{
	setup = *s;
	memset(device, 0, sizeof(device));
	for (unsigned int i = 0; i < setup.count; i++) {
		device[i].script = setup.script;
		device[i].script.state += i;
	}
	t_wait_ms = setup.script.waits ? 1000 : T_WAIT_MS;
	wd_transport = &transport;
}

void with_model_end(void)
{
	for (unsigned int i = 0; i < setup.count; i++)
		if (device[i].files)
			unmake(&device[i]);
	memset(device, 0, sizeof(device));
	wd_transport = &wd_uacce_transport;
}

// SPDX-License-Identifier: MIT
/*
 * The first process of a test machine: loads what it takes to reach the host's
 * file system, mounts that below /host, changes its root to it, runs the tests and
 * leaves their status and the kernel's log behind.
 *
 * The kernel's command line says what to run, after "--": a program and its
 * arguments.  Everything that goes wrong here ends the machine without a status,
 * which is what "run" looks for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT	"/run/out"	/* the writable share, as the tests see it */

static void power_off(void)
{
	sync();
	reboot(RB_AUTOBOOT);	/* which ends the machine: see "run" */
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	printf("init: ");
	vprintf(fmt, ap);
	printf(": %s\n", strerror(err));
	va_end(ap);
	fflush(stdout);
	power_off();
	_exit(1);
}

/* In the order of the list, which has each after what it needs. */
static void load_modules(void)
{
	FILE *list = fopen("/modules/list", "r");
	char name[128], path[160];

	if (!list)
		return;
	while (fscanf(list, "%127s", name) == 1) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die("%s", path);
		if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
			die("loading %s", name);
		close(fd);
	}
	fclose(list);
}

static void mount_on(const char *source, const char *target, const char *type,
		     unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options))
		die("mounting %s on %s", type, target);
}

static void mount_all(void)
{
	mkdir("/host", 0755);
	mount_on("host", "/host", "9p", MS_RDONLY,
		 "trans=virtio,version=9p2000.L,cache=loose,msize=524288");
	/* Where the root is another one than the host's. */
	mount("top", "/host/mnt", "9p", MS_RDONLY,
	      "trans=virtio,version=9p2000.L,cache=loose,msize=524288");
	mount_on("proc", "/host/proc", "proc", 0, NULL);
	mount_on("sysfs", "/host/sys", "sysfs", 0, NULL);
	mount_on("devtmpfs", "/host/dev", "devtmpfs", 0, NULL);
	/* Not on /tmp: what is to be tested may be there. */
	mount_on("tmpfs", "/host/run", "tmpfs", 0, NULL);
	mkdir("/host/run/tmp", 01777);
	mount("debugfs", "/host/sys/kernel/debug", "debugfs", 0, NULL);
	mkdir("/host" OUT, 0755);
	mount_on("out", "/host" OUT, "9p", 0,
		 "trans=virtio,version=9p2000.L,msize=524288");
	/* Shells and bats look for these. */
	symlink("/proc/self/fd", "/host/dev/fd");
	symlink("/proc/self/fd/0", "/host/dev/stdin");
	symlink("/proc/self/fd/1", "/host/dev/stdout");
	symlink("/proc/self/fd/2", "/host/dev/stderr");
	mkdir("/host/dev/shm", 01777);
	mount("tmpfs", "/host/dev/shm", "tmpfs", 0, NULL);
}

/* The tests' standard output and error, as a file of the host. */
static void redirect(void)
{
	int fd = open(OUT "/log", O_WRONLY | O_CREAT | O_APPEND, 0644);
	int null = open("/dev/null", O_RDONLY);

	if (fd < 0 || null < 0)
		die("%s/log", OUT);
	dup2(null, 0);
	dup2(fd, 1);
	dup2(fd, 2);
}

static int run(char **argv)
{
	pid_t child = fork();
	int status = 0;

	if (child < 0)
		die("fork");
	if (!child) {
		setsid();
		redirect();
		execv(argv[0], argv);
		printf("%s: %s\n", argv[0], strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	/* Orphans of the tests come here, too. */
	for (;;) {
		int s;
		pid_t pid = wait(&s);

		if (pid == child) {
			status = WIFEXITED(s) ? WEXITSTATUS(s) : 128 + WTERMSIG(s);
			break;
		}
		if (pid < 0 && errno != EINTR)
			die("wait");
	}
	return status;
}

static void save_kernel_log(void)
{
	static char log[4 << 20];
	int n = klogctl(3, log, sizeof(log));	/* SYSLOG_ACTION_READ_ALL */
	FILE *f = fopen(OUT "/kernel", "w");

	if (n < 0 || !f || fwrite(log, 1, (size_t)n, f) != (size_t)n || fclose(f))
		die("the kernel's log");
}

static void save_status(int status)
{
	FILE *f = fopen(OUT "/status", "w");

	if (!f || fprintf(f, "%d\n", status) < 0 || fclose(f))
		die("%s/status", OUT);
}

int main(int argc, char **argv)
{
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	load_modules();
	mount_all();
	if (chroot("/host") || chdir("/"))
		die("chroot");
	if (argc < 2)
		die("nothing to run");
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/run/tmp", 1);
	setenv("TMPDIR", "/run/tmp", 1);
	setenv("LC_ALL", access("/usr/lib/locale/C.utf8", F_OK) ? "C" : "C.UTF-8", 1);
	setenv("WD_VM_OUT", OUT, 1);
	status = run(argv + 1);
	save_kernel_log();
	save_status(status);
	power_off();
}

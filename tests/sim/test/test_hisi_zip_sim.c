// SPDX-License-Identifier: MIT
/*
 * The program hisi-zip-sim: its options, its sockets, commands while it works, and
 * what it says at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hisi_qm_regs.h"
#include "pci.h"
#include "t_client.h"

#define ALARM_SECONDS	1500
#define ARGS_MAX	16
#define CONFIG		VFIO_USER_REGION_CONFIG
#define NO_REGISTER	0x9000u		/* in BAR 2 */

static struct {
	char dir[64];
	char socket[96], control[96], file[96];
	pid_t pid;
	int out;			/* what it prints */
} t;

static int setup(void **state)
{
	const struct rlimit no_core = { 0, 0 };

	(void)state;
	memset(&t, 0, sizeof(t));
	alarm(ALARM_SECONDS);
	setrlimit(RLIMIT_CORE, &no_core);
	strcpy(t.dir, "/tmp/hisi-zip-sim.XXXXXX");
	if (!mkdtemp(t.dir))
		return -1;
	snprintf(t.socket, sizeof(t.socket), "%s/socket", t.dir);
	snprintf(t.control, sizeof(t.control), "%s/control", t.dir);
	snprintf(t.file, sizeof(t.file), "%s/file", t.dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (t.pid) {
		kill(t.pid, SIGKILL);
		waitpid(t.pid, NULL, 0);
		close(t.out);
	}
	unlink(t.socket);
	unlink(t.control);
	unlink(t.file);
	return rmdir(t.dir);
}

/* ---- the program ---- */

/* Arguments up to NULL; what it prints is in t.out. */
static void start(const char *arg, ...)
{
	char *argv[ARGS_MAX] = { (char *)"hisi-zip-sim" };
	posix_spawn_file_actions_t actions;
	int argc = 1, fds[2];
	va_list args;

	va_start(args, arg);
	for (; arg; arg = va_arg(args, const char *)) {
		assert_true(argc < ARGS_MAX - 1);
		argv[argc++] = (char *)arg;
	}
	va_end(args);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
					 0);
	assert_int_equal(posix_spawn(&t.pid, SIM_PROGRAM, &actions, NULL, argv,
				     environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	t.out = fds[0];
}

/* Its exit status, 128 and a signal; text has room for all that it printed. */
static int finish(char *text, size_t room)
{
	struct pollfd pfd = { .fd = t.out, .events = POLLIN };
	size_t len = 0;
	int status;
	ssize_t n;

	do {
		assert_int_equal(poll(&pfd, 1, T_TIMEOUT_MS), 1);
		n = read(t.out, text + len, room - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	text[len] = 0;
	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	close(t.out);
	t.pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void expect_end(int want_status, const char *want_text)
{
	char text[4096];

	assert_int_equal(finish(text, sizeof(text)), want_status);
	assert_string_equal(text, want_text);
}

static void wait_ready(void)
{
	struct pollfd pfd = { .fd = t.out, .events = POLLIN };
	char text[6];

	for (size_t i = 0; i < sizeof(text); i++) {
		assert_int_equal(poll(&pfd, 1, T_TIMEOUT_MS), 1);
		assert_int_equal(read(t.out, &text[i], 1), 1);
	}
	assert_memory_equal(text, "ready\n", sizeof(text));
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* A client that can read registers. */
static int attach(void)
{
	const uint16_t command = PCI_COMMAND_MEMORY;
	int fd = connect_to(t.socket);

	t_agree(fd);
	assert_int_equal(t_write(fd, CONFIG, PCI_COMMAND, &command, 2), 0);
	return fd;
}

static uint32_t get(int fd, uint64_t offset)
{
	uint32_t value;

	assert_int_equal(t_read(fd, 2, offset, &value, 4), 0);
	return value;
}

static void put(int fd, uint64_t offset, uint32_t value)
{
	assert_int_equal(t_write(fd, 2, offset, &value, 4), 0);
}

#define CLEAN	"requests 0\ninterrupts 0\nviolations 0\n"

/* ---- beginning and end ---- */

static void t_once_means_one_client(void **state)
{
	int fd;

	(void)state;
	start("--socket", t.socket, "--once", NULL);
	wait_ready();
	fd = attach();
	assert_int_equal(get(fd, QM_CAP_FEATURES), SIM_FEATURES);
	close(fd);
	expect_end(0, CLEAN);
	assert_int_equal(access(t.socket, F_OK), -1);
}

static void t_clients_come_one_after_the_other(void **state)
{
	int fd, next;

	(void)state;
	start("--socket", t.socket, NULL);
	wait_ready();
	for (uint32_t i = 1; i < 10; i++) {
		fd = attach();
		assert_int_equal(get(fd, QM_VFT_FUNCTION), 0);
		put(fd, QM_VFT_FUNCTION, i);
		close(fd);
	}
	/* One waits for the other. */
	fd = attach();
	next = connect_to(t.socket);
	t_post(next, VFIO_USER_VERSION, VFIO_USER_NO_REPLY, "\0\0\0\0", 4, NULL, 0);
	assert_int_equal(get(fd, QM_CAP_FEATURES), SIM_FEATURES);
	close(fd);
	assert_int_equal(get(next, QM_CAP_FEATURES), 0xffffffff);
	kill(t.pid, SIGTERM);
	expect_end(0, CLEAN);
	close(next);
}

static void t_a_signal_ends_it(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start("--socket", t.socket, "--control", t.control, NULL);
		wait_ready();
		kill(t.pid, signals[i]);
		expect_end(0, CLEAN);
		assert_int_equal(access(t.socket, F_OK), -1);
		assert_int_equal(access(t.control, F_OK), -1);
	}
}

static void t_violations_are_told_at_the_end(void **state)
{
	int fd;

	(void)state;
	start("--socket", t.socket, "--log", t.file, NULL);
	wait_ready();
	fd = attach();
	put(fd, NO_REGISTER, 1);
	put(fd, NO_REGISTER, 1);
	close(fd);
	fd = attach();
	assert_int_equal(t_write(fd, 2, QM_VFT_FUNCTION, "\1", 1), 0);
	close(fd);
	kill(t.pid, SIGTERM);
	expect_end(3, "requests 0\ninterrupts 0\nviolations 3\n"
		      "violations.width 1\nviolations.no-register 2\n");
}

static void t_it_aborts_if_it_shall(void **state)
{
	uint32_t value = 1;
	int fd;

	(void)state;
	start("--socket", t.socket, "--abort", NULL);
	wait_ready();
	fd = attach();
	t_post(fd, VFIO_USER_REGION_WRITE, VFIO_USER_NO_REPLY,
	       &(struct { struct vfio_user_access a; uint32_t v; })
	       { { NO_REGISTER, 2, 4 }, value }, 20, NULL, 0);
	t_expect_closed(fd);
	expect_end(128 + SIGABRT, "");
	close(fd);
}

/* ---- sockets ---- */

static void t_a_socket_that_was_left_is_replaced(void **state)
{
	char text[64];

	(void)state;
	start("--socket", t.socket, "--control", t.control, NULL);
	wait_ready();
	kill(t.pid, SIGKILL);
	finish(text, sizeof(text));
	assert_int_equal(access(t.socket, F_OK), 0);
	start("--socket", t.socket, "--control", t.control, "--once", NULL);
	wait_ready();
	close(attach());
	expect_end(0, CLEAN);
}

static void t_what_is_no_socket_stays(void **state)
{
	struct stat st;
	int fd = open(t.file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	start("--socket", t.file, NULL);
	expect_end(1, "");
	start("--socket", t.socket, "--control", t.file, NULL);
	expect_end(1, "");
	assert_int_equal(lstat(t.file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(access(t.socket, F_OK), -1);
	/* Not even what a link points to. */
	unlink(t.file);
	assert_int_equal(symlink(t.socket, t.file), 0);
	start("--socket", t.file, NULL);
	expect_end(1, "");
	assert_int_equal(lstat(t.file, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void t_a_socket_in_use_stays(void **state)
{
	pid_t first;
	int out, fd;

	(void)state;
	start("--socket", t.socket, "--once", NULL);
	wait_ready();
	fd = attach();
	first = t.pid;
	out = t.out;
	start("--socket", t.socket, NULL);
	expect_end(1, "");
	t.pid = first;
	t.out = out;
	assert_int_equal(get(fd, QM_CAP_FEATURES), SIM_FEATURES);
	close(fd);
	expect_end(0, CLEAN);
}

static void t_sockets_are_for_their_owner(void **state)
{
	struct stat st;

	(void)state;
	start("--socket", t.socket, "--control", t.control, NULL);
	wait_ready();
	assert_int_equal(stat(t.socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(t.control, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	kill(t.pid, SIGTERM);
	expect_end(0, CLEAN);
}

/* ---- options ---- */

static void t_what_cannot_be_is_an_error(void **state)
{
	static const char *const wrong[][2] = {
		{ "--revision", "0x22" },
		{ "--revision", "V3" },
		{ "--revision", "0x130" },
		{ "--fault", "fail" },
		{ "--fault", "" },
		{ "--workers", "-1" },
		{ "--workers", "1000" },
		{ "--workers", "2x" },
		{ "--clock", "virtual" },
		{ "--cap", "0x3100" },
		{ "--cap", "0x3100=" },
		{ "--cap", "0x3102=1" },
		{ "--cap", "0x3100=0x100000000" },
		{ "--cap", "00000000000000000x3100=1" },
		{ "--cap", "=1" },
		{ "--trace", "/nowhere/at/all" },
		{ "--log", "/nowhere/at/all" },
		{ "--control", "/nowhere/at/all" },
		{ "--nothing", "at all" },
		{ "--fuzz", "on and on" },
		{ "--fuzz", "1,1001" },
		{ "--cap", "0x210=0x52" },
	};
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		start("--socket", t.socket, wrong[i][0], wrong[i][1], NULL);
		expect_end(1, "");
	}
	start(NULL, NULL);
	expect_end(1, "");
	start("--socket", t.socket, "more", NULL);
	expect_end(1, "");
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	start("--socket", path, NULL);
	expect_end(1, "");
	start("--revision", "0x21", "--cap", "0x3100=1", "--socket", t.socket, NULL);
	expect_end(1, "");
	assert_int_equal(access(t.socket, F_OK), -1);
}

static void t_help_tells_the_options(void **state)
{
	char text[4096];

	(void)state;
	start("--help", NULL);
	assert_int_equal(finish(text, sizeof(text)), 0);
	assert_non_null(strstr(text, "--socket PATH"));
	assert_non_null(strstr(text, "SIM_FAULTS"));
}

static void t_capabilities_and_revision_reach_the_device(void **state)
{
	struct vfio_user_irq_info info = { .argsz = sizeof(info), .index = 1 };
	struct t_reply reply;
	uint32_t value;
	int fd;

	(void)state;
	start("--socket", t.socket, "--cap", "0x311c=0x10001", "--cap=0x3100=0x201",
	      "--once", NULL);
	wait_ready();
	fd = attach();
	assert_int_equal(t_call(fd, VFIO_USER_GET_IRQ_INFO, &info, sizeof(info),
				&reply), 0);
	memcpy(&info, reply.body, sizeof(info));
	assert_int_equal(info.count, 1);
	assert_int_equal(get(fd, QM_CAP_FEATURES), 0x201);
	close(fd);
	expect_end(0, CLEAN);

	start("--socket", t.socket, "--revision", "0x21", "--workers", "0",
	      "--clock", "wall", "--once", NULL);
	wait_ready();
	fd = attach();
	assert_int_equal(t_read(fd, CONFIG, PCI_CLASS_REVISION, &value, 4), 0);
	assert_int_equal(value, 0x12000021);
	close(fd);
	expect_end(0, CLEAN);
}

static bool file_has(const char *text)
{
	char content[8192];
	FILE *file = fopen(t.file, "re");
	size_t len;

	assert_non_null(file);
	len = fread(content, 1, sizeof(content) - 1, file);
	fclose(file);
	content[len] = 0;
	return strstr(content, text);
}

/* Not only when it ends: a trace is for those who wonder what happens. */
static void t_the_trace_is_there_at_once(void **state)
{
	int fd;

	(void)state;
	start("--socket", t.socket, "--trace", t.file, "--once", NULL);
	wait_ready();
	fd = attach();
	assert_int_equal(get(fd, QM_CAP_FEATURES), SIM_FEATURES);
	assert_true(file_has("R 003100 4 601\n"));
	put(fd, QM_VFT_FUNCTION, 0x15);
	assert_true(file_has("W 100060 4 15\n"));
	close(fd);
	expect_end(0, CLEAN);
}

static void t_faults_are_taken_from_everywhere(void **state)
{
	int fd;

	(void)state;
	setenv("SIM_FAULTS", " ; fail 1 3;remove;", 1);
	start("--socket", t.socket, "--once", NULL);
	unsetenv("SIM_FAULTS");
	wait_ready();
	fd = attach();
	assert_int_equal(get(fd, QM_CAP_FEATURES), 0xffffffff);
	close(fd);
	expect_end(0, CLEAN);

	setenv("SIM_FAULTS", "remove;nothing", 1);
	start("--socket", t.socket, "--once", NULL);
	unsetenv("SIM_FAULTS");
	expect_end(1, "");

	start("--socket", t.socket, "--fault", "hang 2", "--fault", "remove", "--once",
	      NULL);
	wait_ready();
	fd = attach();
	assert_int_equal(get(fd, QM_CAP_FEATURES), 0xffffffff);
	close(fd);
	expect_end(0, CLEAN);
}

/* All reads lie then; violations are not told. */
static void t_values_can_be_random(void **state)
{
	unsigned int right = 0;
	int fd;

	(void)state;
	start("--socket", t.socket, "--fuzz", "3,1000", "--once", NULL);
	wait_ready();
	fd = attach();
	for (int i = 0; i < 100; i++)
		right += get(fd, QM_CAP_FEATURES) == SIM_FEATURES;
	assert_in_range(right, 0, 10);
	put(fd, NO_REGISTER, 1);
	close(fd);
	expect_end(0, CLEAN);
}

/* ---- commands ---- */

static void read_line(int fd, char *line, size_t room)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	do {
		assert_true(len < room - 1);
		assert_int_equal(poll(&pfd, 1, T_TIMEOUT_MS), 1);
		assert_int_equal(read(fd, line + len, 1), 1);
	} while (line[len++] != '\n');
	line[len - 1] = 0;
}

static void expect_answer(int fd, const char *command, const char *want)
{
	char line[2048];

	t_send(fd, command, strlen(command), NULL, 0);
	read_line(fd, line, sizeof(line));
	/* The beginning of it. */
	line[strlen(want)] = 0;
	assert_string_equal(line, want);
}

static void t_commands_are_answered_by_a_line(void **state)
{
	int control, fd;

	(void)state;
	start("--socket", t.socket, "--control", t.control, "--log", t.file, NULL);
	wait_ready();
	control = connect_to(t.control);
	fd = attach();
	expect_answer(control, "help\n", "ok fault TEXT, fuzz on|off|");
	expect_answer(control, "stats\n", "ok reads=0 writes=0 mailboxes=0 requests=0");
	expect_answer(control, "clock\n", "ok now_ns=");
	expect_answer(control, "violations\n", "ok total=0 width=0 no-register=0");
	put(fd, NO_REGISTER, 1);
	expect_answer(control, "violations\n", "ok total=1 width=0 no-register=1");
	expect_answer(control, "last\n", "ok ");
	expect_answer(control, "clear\n", "ok");
	expect_answer(control, "violations\r\n", "ok total=0");
	expect_answer(control, "fault fail 3 0x0e\n", "ok");
	expect_answer(control, "fault  remove\n", "ok");
	assert_int_equal(get(fd, QM_CAP_FEATURES), 0xffffffff);
	expect_answer(control, "fault return\n", "ok");
	expect_answer(control, "fuzz 1,0\n", "ok");
	expect_answer(control, "fuzz\n", "error");
	expect_answer(control, "fuzz never\n", "error not on, off or");
	put(fd, NO_REGISTER, 1);
	expect_answer(control, "violations\n", "ok total=0");
	expect_answer(control, "fuzz off\n", "ok");
	assert_int_equal(get(fd, QM_CAP_FEATURES), SIM_FEATURES);
	expect_answer(control, "quit\n", "ok");
	expect_end(0, CLEAN);
	close(fd);
	close(control);
}

static void t_what_is_no_command_is_an_error(void **state)
{
	int control;

	(void)state;
	start("--socket", t.socket, "--control", t.control, NULL);
	wait_ready();
	control = connect_to(t.control);
	expect_answer(control, "\n", "error");
	expect_answer(control, "hel\n", "error");
	expect_answer(control, "helps\n", "error");
	expect_answer(control, "quit now\n", "error");
	expect_answer(control, "fault\n", "error");
	expect_answer(control, "fault nothing\n", "error no such fault");
	for (unsigned int i = 0; i < 64; i++)
		expect_answer(control, "fault fail 1000 1\n", "ok");
	expect_answer(control, "fault fail 1000 1\n", "error too many faults");
	expect_answer(control, "fault clear\n", "ok");
	kill(t.pid, SIGTERM);
	expect_end(0, CLEAN);
	close(control);
}

/* Pieces of lines, several at once, and bytes that are no text. */
static void t_lines_come_as_they_like(void **state)
{
	static const char noise[] = "vio\0lations\n";
	char line[2048], longest[300];
	int control;

	(void)state;
	start("--socket", t.socket, "--control", t.control, NULL);
	wait_ready();
	control = connect_to(t.control);
	t_send(control, "cle", 3, NULL, 0);
	expect_answer(control, "ar\nclear\nfault nothing\n", "ok");
	read_line(control, line, sizeof(line));
	assert_string_equal(line, "ok");
	read_line(control, line, sizeof(line));
	assert_string_equal(line, "error no such fault");
	t_send(control, noise, sizeof(noise) - 1, NULL, 0);
	read_line(control, line, sizeof(line));
	assert_string_equal(line, "error not a line of text");
	t_send(control, "\xff\x80 %s%n\n", 8, NULL, 0);
	read_line(control, line, sizeof(line));
	assert_string_equal(line, "error no such command");
	memset(longest, 'a', sizeof(longest));
	t_send(control, longest, sizeof(longest), NULL, 0);
	read_line(control, line, sizeof(line));
	assert_string_equal(line, "error line too long");
	close(control);
	control = connect_to(t.control);
	expect_answer(control, "quit\n", "ok");
	expect_end(0, CLEAN);
	close(control);
}

static void t_many_give_commands(void **state)
{
	int fds[40];

	(void)state;
	start("--socket", t.socket, "--control", t.control, NULL);
	wait_ready();
	for (size_t i = 0; i < 16; i++)
		fds[i] = connect_to(t.control);
	for (size_t i = 16; i-- > 0;)
		expect_answer(fds[i], "clear\n", "ok");
	/* One more has to wait until another leaves. */
	fds[16] = connect_to(t.control);
	t_send(fds[16], "clear\n", 6, NULL, 0);
	expect_answer(fds[3], "clear\n", "ok");
	close(fds[3]);
	expect_answer(fds[16], "", "ok");
	fds[3] = fds[16];
	for (size_t i = 0; i < 16; i++)
		close(fds[i]);
	kill(t.pid, SIGTERM);
	expect_end(0, CLEAN);
}

static void t_who_does_not_read_is_not_waited_for(void **state)
{
	struct pollfd pfd;
	int deaf, control;

	(void)state;
	start("--socket", t.socket, "--control", t.control, NULL);
	wait_ready();
	deaf = connect_to(t.control);
	control = connect_to(t.control);
	pfd = (struct pollfd){ .fd = deaf, .events = POLLOUT };
	/* Until it is dropped. */
	do {
		assert_int_equal(poll(&pfd, 1, T_TIMEOUT_MS), 1);
	} while (send(deaf, "violations\n", 11, MSG_NOSIGNAL) > 0);
	expect_answer(control, "violations\n", "ok total=0");
	expect_answer(control, "quit\n", "ok");
	expect_end(0, CLEAN);
	close(deaf);
	close(control);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_once_means_one_client),
		TEST(t_clients_come_one_after_the_other),
		TEST(t_a_signal_ends_it),
		TEST(t_violations_are_told_at_the_end),
		TEST(t_it_aborts_if_it_shall),
		TEST(t_a_socket_that_was_left_is_replaced),
		TEST(t_what_is_no_socket_stays),
		TEST(t_a_socket_in_use_stays),
		TEST(t_sockets_are_for_their_owner),
		TEST(t_what_cannot_be_is_an_error),
		TEST(t_help_tells_the_options),
		TEST(t_capabilities_and_revision_reach_the_device),
		TEST(t_the_trace_is_there_at_once),
		TEST(t_faults_are_taken_from_everywhere),
		TEST(t_values_can_be_random),
		TEST(t_commands_are_answered_by_a_line),
		TEST(t_what_is_no_command_is_an_error),
		TEST(t_lines_come_as_they_like),
		TEST(t_many_give_commands),
		TEST(t_who_does_not_read_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

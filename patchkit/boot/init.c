// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's first and only process: runs the tests that /patchkit/plan names, one after the
 * other, and tells the host over two ports of virtio-serial.
 *
 * patchkit.status, one word and its values on a line:
 *	ready VERSION	the guest is up and will start its first test
 *	alive		every few seconds from then on: whatever a test does, this process still runs
 *	exit STATUS	all tests have ended; 0 if none failed, 1 if one did, 2 if there was none
 * patchkit.results: KTAP in the shape of the kernel's own tools/testing/selftests/kselftest/runner.sh,
 * each line of a test's output behind "# ", and after each result the time it took.
 * patchkit.coverage, if there is such a port: before the end, each file of counters that gcov has in
 *	debugfs, as its name and its size in a line, and its bytes.
 *
 * A line of the plan is TIMEOUT TARGET TEST with single spaces, the time in seconds (0: none). The
 * test is an executable TEST in the directory /kselftest/TARGET and is started there.
 *
 * A guest whose ports do not come up says so on the console and stops. There is no way to start
 * a test from outside, and nothing that a test prints is taken for anything but its output.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROTOCOL	1
#define ALIVE_SECONDS	2
#define PORT_SECONDS	20
#define KILL_SECONDS	10
#define COVERAGE	"/sys/kernel/debug/gcov"
/* What one test may say; a flood must not keep the guest busy for ever. */
#define OUTPUT_LIMIT	(4L << 20)

enum { KSFT_PASS = 0, KSFT_XFAIL = 2, KSFT_SKIP = 4 };

static int status_port = -1;
static int results_port = -1;
static int kernel_log = -1;
static int coverage_port = -1;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;		/* the host has gone, and will end us */
		data += done;
		size -= done;
	}
}

__attribute__((format(printf, 2, 3)))
static void say(int fd, const char *format, ...)
{
	char text[1024];
	va_list values;
	int size;

	va_start(values, format);
	size = vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	if (size >= (int)sizeof(text))
		size = sizeof(text) - 1;
	if (fd >= 0 && size > 0)
		write_all(fd, text, size);
}

/* End the guest: QEMU runs with -no-reboot, and a reset works where there is no ACPI to switch off. */
static void stop(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void give_up(const char *what)
{
	say(kernel_log, "<3>patchkit: %s: %s\n", what, strerror(errno));
	say(status_port, "failed %s: %s\n", what, strerror(errno));
	stop();
}

static void mount_one(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) < 0 && errno != EBUSY)
		say(kernel_log, "<5>patchkit: no %s on %s: %s\n", type, where, strerror(errno));
}

static void mount_all(void)
{
	mount_one("devtmpfs", "/dev", "mode=0755");
	kernel_log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	mount_one("proc", "/proc", NULL);
	mount_one("sysfs", "/sys", NULL);
	mount_one("tmpfs", "/tmp", "mode=1777");
	mount_one("tmpfs", "/run", "mode=0755");
	mkdir("/dev/shm", 01777);
	mount_one("tmpfs", "/dev/shm", "mode=1777");
	mount_one("debugfs", "/sys/kernel/debug", NULL);
	mount_one("hugetlbfs", "/dev/hugepages", NULL);
	if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST)
		say(kernel_log, "<5>patchkit: /dev/fd: %s\n", strerror(errno));
}

/* Return a descriptor of the virtio-serial port of that name, or -1. */
static int open_port(const char *wanted)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int found = -1;

	while (ports && found < 0 && (entry = readdir(ports))) {
		char path[512], name[64] = "";
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (!fgets(name, sizeof(name), file))
			name[0] = '\0';
		fclose(file);
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, wanted) == 0) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			found = open(path, O_WRONLY | O_CLOEXEC);
		}
	}
	if (ports)
		closedir(ports);
	return found;
}

static int wait_for_port(const char *wanted)
{
	double end = now() + PORT_SECONDS;
	int port;

	/* The driver adds ports from a work item of its own. */
	while ((port = open_port(wanted)) < 0 && now() < end)
		usleep(10000);
	return port;
}

static void open_ports(void)
{
	status_port = wait_for_port("patchkit.status");
	if (status_port < 0)
		give_up("port patchkit.status");
	results_port = wait_for_port("patchkit.results");
	if (results_port < 0)
		give_up("port patchkit.results");
}

/* Copy output to the host with "# " before each line; *fresh says whether a line starts here. */
static void forward(const char *data, size_t size, int *fresh, long *left)
{
	while (size > 0 && *left > 0) {
		const char *feed = memchr(data, '\n', size);
		size_t part = feed ? (size_t)(feed - data) + 1 : size;

		if (*fresh)
			write_all(results_port, "# ", 2);
		write_all(results_port, data, part);
		*fresh = feed != NULL;
		*left -= part;
		data += part;
		size -= part;
		if (*left <= 0)
			say(results_port, "%s# # patchkit: more output is left out\n",
			    *fresh ? "" : "\n"), *fresh = 1;
	}
}

static void run_child(const char *target, const char *test, int output)
{
	char directory[512], program[512];
	int null = open("/dev/null", O_RDONLY);
	char *argv[2] = { program, NULL };

	setsid();
	dup2(null, 0);
	dup2(output, 1);
	dup2(output, 2);
	snprintf(directory, sizeof(directory), "/kselftest/%s", target);
	snprintf(program, sizeof(program), "./%s", test);
	if (chdir(directory) == 0)
		execv(program, argv);
	dprintf(2, "# patchkit: cannot run %s/%s: %s\n", directory, test, strerror(errno));
	_exit(127);
}

struct outcome {
	int status;		/* as from waitpid() */
	int timed_out;
	int stuck;		/* not even SIGKILL ended it, or what it started */
	double seconds;
};

/* Reap whatever has ended; return whether *child* is among it, with its status in *out*. */
static int reap(pid_t child, struct outcome *out)
{
	int status, ended = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == child) {
			out->status = status;
			ended = 1;
		}
	}
	return ended;
}

static struct outcome run_one(const char *target, const char *test, int timeout)
{
	struct outcome out = { 0 };
	double started = now(), last = started, killed = 0;
	int fresh = 1, ended = 0, open_end = 1, pipes[2];
	long left = OUTPUT_LIMIT;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		give_up("pipe");
	child = fork();
	if (child < 0)
		give_up("fork");
	if (child == 0)
		run_child(target, test, pipes[1]);
	close(pipes[1]);
	while (!ended || open_end) {
		struct pollfd wait = { .fd = open_end ? pipes[0] : -1, .events = POLLIN };
		char data[8192];
		double time;

		/* Short, since the end of a child that closed its output wakes nobody up. */
		if (poll(&wait, 1, 20) > 0) {
			ssize_t got = read(pipes[0], data, sizeof(data));

			if (got > 0)
				forward(data, got, &fresh, &left);
			else if (got == 0 || errno != EINTR)
				open_end = 0;
		}
		time = now();
		if (time - last >= ALIVE_SECONDS) {
			say(status_port, "alive\n");
			last = time;
		}
		if (!ended && reap(child, &out)) {
			ended = 1;
			out.seconds = time - started;
			/* What it left behind would disturb the next, and may hold the pipe. */
			kill(-1, SIGKILL);
			if (!killed)
				killed = time;
		}
		if (!ended && !killed && timeout && time - started > timeout) {
			out.timed_out = 1;
			killed = time;
			kill(-1, SIGKILL);
		}
		if (killed && time - killed > KILL_SECONDS) {
			/* It sits in the kernel. Show where: w is for blocked tasks. */
			int trigger = open("/proc/sysrq-trigger", O_WRONLY);

			say(trigger, "w");
			if (trigger >= 0)
				close(trigger);
			out.stuck = 1;
			break;
		}
	}
	close(pipes[0]);
	if (!ended)
		out.seconds = now() - started;
	reap(0, &out);
	if (!fresh)
		say(results_port, "\n");
	return out;
}

/* Write the result of a test; return whether it is a failure. */
static int report(int number, const char *target, const char *test, int timeout, struct outcome *out)
{
	int exited = WIFEXITED(out->status), code = exited ? WEXITSTATUS(out->status) : -1;
	const char *name = "selftests";

	say(results_port, "# # patchkit: seconds=%.3f\n", out->seconds);
	if (out->stuck && !out->timed_out) {
		say(results_port, "not ok %d %s: %s: %s # error a process is there %d seconds after SIGKILL\n",
		    number, name, target, test, KILL_SECONDS);
		return 1;
	}
	if (out->stuck)
		say(results_port, "# # patchkit: still there %d seconds after SIGKILL\n", KILL_SECONDS);
	if (out->timed_out) {
		say(results_port, "not ok %d %s: %s: %s # TIMEOUT %d seconds\n",
		    number, name, target, test, timeout);
		return 1;
	}
	if (code == KSFT_PASS) {
		say(results_port, "ok %d %s: %s: %s\n", number, name, target, test);
		return 0;
	}
	if (code == KSFT_SKIP) {
		say(results_port, "ok %d %s: %s: %s # SKIP\n", number, name, target, test);
		return 0;
	}
	if (code == KSFT_XFAIL) {
		say(results_port, "ok %d %s: %s: %s # XFAIL\n", number, name, target, test);
		return 0;
	}
	if (exited)
		say(results_port, "not ok %d %s: %s: %s # exit=%d\n",
		    number, name, target, test, code);
	else
		say(results_port, "not ok %d %s: %s: %s # signal=%d\n",
		    number, name, target, test, WTERMSIG(out->status));
	return 1;
}

/* Files of debugfs say that they are empty, so each is read to its end first. */
static int send_counters(const char *path, const struct stat *status, int type, struct FTW *where)
{
	size_t size = 0, room = 0;
	char *data = NULL;
	ssize_t got = 0;
	int file;

	(void)status;
	(void)where;
	if (type != FTW_F || strlen(path) < 5 || strcmp(path + strlen(path) - 5, ".gcda") != 0)
		return 0;
	file = open(path, O_RDONLY | O_CLOEXEC);
	do {
		size += got;
		if (size == room) {
			char *more = realloc(data, room += 65536);

			if (!more)
				give_up(path);
			data = more;
		}
		got = file < 0 ? 0 : read(file, data + size, room - size);
	} while (got > 0);
	if (file >= 0)
		close(file);
	say(coverage_port, "%s %zu\n", path + strlen(COVERAGE), size);
	write_all(coverage_port, data, size);
	free(data);
	say(status_port, "alive\n");
	return 0;
}

int main(void)
{
	char line[512], target[256], test[256];
	int timeout, count = 0, number = 0, failed = 0;
	FILE *plan;

	mount_all();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "dumb", 1);
	setenv("LD_LIBRARY_PATH", "/lib", 1);	/* where the host puts what a test needs */
	signal(SIGPIPE, SIG_IGN);
	open_ports();
	plan = fopen("/patchkit/plan", "re");
	if (!plan)
		give_up("/patchkit/plan");
	while (fgets(line, sizeof(line), plan))
		count += sscanf(line, "%d %255s %255s", &timeout, target, test) == 3;
	say(status_port, "ready %d\n", PROTOCOL);
	say(results_port, "TAP version 13\n1..%d\n", count);
	rewind(plan);
	while (fgets(line, sizeof(line), plan)) {
		struct outcome out;

		if (sscanf(line, "%d %255s %255s", &timeout, target, test) != 3)
			continue;
		number++;
		/* In the console's log it shows which test a message of the kernel belongs to. */
		say(kernel_log, "<6>patchkit: test %d/%d %s: %s\n", number, count, target, test);
		say(results_port, "# selftests: %s: %s\n", target, test);
		out = run_one(target, test, timeout);
		failed += report(number, target, test, timeout, &out);
	}
	coverage_port = open_port("patchkit.coverage");
	if (coverage_port >= 0)
		nftw(COVERAGE, send_counters, 16, FTW_PHYS);
	say(kernel_log, "<6>patchkit: %d of %d tests failed\n", failed, count);
	say(status_port, "exit %d\n", !count ? 2 : failed ? 1 : 0);
	stop();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * In the guest: makes the calls that the host asks for over the port patchkit.explore, each sequence
 * in a process of its own, and tells what they returned and what /proc/self/status shows after each.
 *
 * A request is one line of words:
 *	KIND PAGES LIMIT CAPABLE FIRST LAST FIRST LAST CALL ARG ARG ARG ARG CALL ...
 * the names of kinds and calls as in sequences.h of the kselftests, which is what makes them. An
 * answer is one line, too: the pages that mlockall() locks besides the arena, then error, VmLck and
 * VmPin for each call, or "dead" and why.
 */
#include "sequences.h"

#include <dirent.h>

#define PORT		"patchkit.explore"
#define WORDS		1024
#define STUCK_SECONDS	120

/* names_of_calls[], from the model */
#include "calls.h"

static struct op ops[MAX_OPS];
static struct group asked;
static char *answer;
static size_t answer_size = 1 << 16;

/* A port can be open only once, so both directions share what is returned. */
static int open_port(void)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int found = -1;

	while (ports && found < 0 && (entry = readdir(ports))) {
		char path[512], name[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strcmp(strtok(name, "\n"), PORT)) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			found = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(file);
	}
	return found;
}

static int number_of(const char *name, const char * const *names, unsigned int nr)
{
	unsigned int i;

	for (i = 0; name && i < nr; i++)
		if (names[i] && !strcmp(name, names[i]))
			return i;
	return -1;
}

/* Fills in @asked; returns why it cannot be, or NULL. */
static const char *read_request(char *line)
{
	const char *word[WORDS];
	unsigned int nr = 0, at = 8, i;
	int number;

	for (char *next = strtok(line, " \n"); next && nr < WORDS; next = strtok(NULL, " \n"))
		word[nr++] = next;
	if (nr < at || (nr - at) % (1 + MAX_ARGS))
		return "a request of another form";
	number = number_of(word[0], KIND_NAMES, ARRAY_SIZE(KIND_NAMES));
	if (number < 0)
		return "an unknown kind";
	kind = number;
	asked = (struct group) {
		.name = "explore", .ops = ops, .pages = atoi(word[1]), .limit = atoi(word[2]),
		.capable = atoi(word[3]),
		.mapped = { { atoi(word[4]), atoi(word[5]) }, { atoi(word[6]), atoi(word[7]) } },
	};
	for (; at < nr; at += 1 + MAX_ARGS) {
		number = number_of(word[at], names_of_calls, ARRAY_SIZE(names_of_calls));
		if (number < 0 || asked.nr_ops == MAX_OPS)
			return "an unknown call, or too many";
		ops[asked.nr_ops].call = number;
		for (i = 0; i < MAX_ARGS; i++)
			ops[asked.nr_ops].arg[i] = atoi(word[at + 1 + i]);
		asked.nr_ops++;
	}
	group = &asked;
	return NULL;
}

static void make_calls(void)
{
	struct result r;
	size_t used;
	unsigned int i;

	alarm(STUCK_SECONDS);
	set_up();
	reset();
	used = sprintf(answer, "%ld", rest_pages);
	for (i = 0; i < asked.nr_ops && used < answer_size - 64; i++) {
		int error = do_call(&ops[i]);

		read_result(&r);
		used += sprintf(answer + used, " %d %ld %ld", error, r.locked, r.pinned);
	}
	_exit(0);
}

int main(void)
{
	static char line[1 << 16];
	int shared = PROT_READ | PROT_WRITE, port = open_port();
	FILE *in = fdopen(port, "r"), *out = fdopen(dup(port), "w");

	if (!in || !out)
		ksft_exit_fail_msg("no port " PORT "\n");
	page = sysconf(_SC_PAGESIZE);
	report = mmap(NULL, sizeof(*report), shared, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	answer = mmap(NULL, answer_size, shared, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED || answer == MAP_FAILED)
		ksft_exit_fail_msg("no shared memory\n");
	set_huge_pages(4, NULL);
	ksft_print_header();
	ksft_set_plan(1);
	fputs("ready\n", out);
	fflush(out);
	while (fgets(line, sizeof(line), in) && strcmp(line, "end\n")) {
		const char *why = read_request(line);
		int status = 0;
		pid_t pid;

		report->why[0] = '\0';
		if (!why) {
			pid = fork();
			if (!pid)
				make_calls();
			if (pid < 0 || waitpid(pid, &status, 0) != pid)
				why = "cannot fork";
		}
		if (!why && status)
			why = report->why[0] ? report->why : "the process was killed";
		if (why)
			fprintf(out, "dead %s\n", why);
		else
			fprintf(out, "%s\n", answer);
		fflush(out);
	}
	ksft_test_result_pass("explore\n");
	ksft_exit_pass();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how many instructions calls take that have to do with memory, on a
 * guest whose time stamp counter counts instructions (QEMU's -icount shift=0).
 * Nothing is pinned. benchmarks/mm.py runs it.
 */

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 5
#define SIZE (16 * 4096UL)
#define BIG (512 * 4096UL)

static char *present;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static char *map(void)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

static void map_unmap(void)
{
	if (munmap(map(), SIZE))
		fail("munmap");
}

static void touch(void)
{
	char *p = map();
	size_t at;

	for (at = 0; at < SIZE; at += 4096)
		p[at] = 1;
	if (munmap(p, SIZE))
		fail("munmap");
}

static void lock_unlock(void)
{
	if (mlock(present, SIZE) || munlock(present, SIZE))
		fail("mlock");
}

static void map_lock_unmap(void)
{
	char *p = map();

	if (mlock(p, SIZE) || munmap(p, SIZE))
		fail("mlock");
}

static void protect(void)
{
	if (mprotect(present, SIZE, PROT_READ) ||
	    mprotect(present, SIZE, PROT_READ | PROT_WRITE))
		fail("mprotect");
}

static void move(void)
{
	char *p = mremap(map(), SIZE, 2 * SIZE, MREMAP_MAYMOVE);

	if (p == MAP_FAILED || munmap(p, 2 * SIZE))
		fail("mremap");
}

static void grow_heap(void)
{
	if (sbrk(SIZE) == (void *)-1 || sbrk(-(intptr_t)SIZE) == (void *)-1)
		fail("sbrk");
}

static void forks(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("fork");
}

static const struct {
	const char *name;
	void (*call)(void);
	unsigned int nr;
} calls[] = {
	{ "mmap+munmap", map_unmap, 1024 },
	{ "mmap+touch+munmap", touch, 256 },
	{ "mlock+munlock", lock_unlock, 512 },
	{ "mmap+mlock+munmap", map_lock_unmap, 256 },
	{ "mprotect", protect, 512 },
	{ "mremap", move, 512 },
	{ "brk", grow_heap, 1024 },
	{ "fork", forks, 32 },
};

/* The smallest of some rounds has met the fewest interrupts. */
static uint64_t smallest(void (*call)(void), unsigned int nr)
{
	uint64_t least = UINT64_MAX;
	unsigned int round, i;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = __builtin_ia32_rdtsc(), taken;

		for (i = 0; i < nr; i++)
			call();
		taken = __builtin_ia32_rdtsc() - start;
		if (taken < least)
			least = taken;
	}
	return least;
}

int main(void)
{
	size_t at, i;

	/* What fork() has to copy, and what is locked: neighbours of nothing. */
	present = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (present == MAP_FAILED)
		fail("mmap");
	for (at = 0; at < BIG; at += 4096)
		present[at] = 1;
	present += BIG / 2;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint64_t once = smallest(calls[i].call, calls[i].nr);
		uint64_t twice = smallest(calls[i].call, 2 * calls[i].nr);

		/* The difference has neither the loop's start nor its end. */
		printf("mm: %s %.1f\n", calls[i].name,
		       (double)(twice - once) / calls[i].nr);
		fflush(stdout);
	}
	return 0;
}

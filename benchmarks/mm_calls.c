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
	{ "mmap+munmap", map_unmap, 49152 },
	{ "mmap+touch+munmap", touch, 8192 },
	{ "mlock+munlock", lock_unlock, 16384 },
	{ "mmap+mlock+munmap", map_lock_unmap, 8192 },
	{ "mprotect", protect, 32768 },
	{ "mremap", move, 32768 },
	{ "brk", grow_heap, 49152 },
	{ "fork", forks, 2048 },
};

/*
 * Interrupts and what RCU frees later belong to a call's price, and fall on a
 * few calls only: so many calls are made that their shares even out.
 */
static double mean(void (*call)(void), unsigned int nr)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < nr / 8; i++)
		call();
	start = __builtin_ia32_rdtsc();
	for (i = 0; i < nr; i++)
		call();
	return (double)(__builtin_ia32_rdtsc() - start) / nr;
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
		printf("mm: %s %.1f\n", calls[i].name,
		       mean(calls[i].call, calls[i].nr));
		fflush(stdout);
	}
	return 0;
}

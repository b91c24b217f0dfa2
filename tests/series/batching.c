// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs mlock_batch() and do_mlock_pages() as they were rendered, in user space: mmap_sem counts
 * who holds it and how many pages are faulted in per hold, and what another thread would do
 * between two holds is done when it is released.  Prints one line for each check that fails.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define min(a, b)	((a) < (b) ? (a) : (b))
#define VM_PFNMAP	0x00000400
#define VM_LOCKED	0x00002000
#define VM_IO		0x00004000
#define VM_DONTEXPAND	0x00040000
#define VM_RESERVED	0x00080000
#define VM_HUGETLB	0x00400000
#define current		NULL

struct rw_semaphore {
	int readers;
	int holds;
	unsigned long pages;		/* in this hold */
	unsigned long most;		/* in any hold */
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_flags;
};

struct mm_struct {
	struct rw_semaphore mmap_sem;
};

static struct mm_struct the_mm;
static struct vm_area_struct vmas[8];
static int nr_vmas;
static unsigned long locked_pages, present_pages, first_fault, last_fault;
static void (*between)(void);
static int fail_at;
static int failures;

#define CHECK(condition) \
	((condition) ? 0 : (failures++, printf("%s:%d: %s\n", __func__, __LINE__, #condition)))

static void down_read(struct rw_semaphore *sem)
{
	if (sem->readers++)
		printf("mmap_sem is taken twice\n"), failures++;
	sem->holds++;
	sem->pages = 0;
}

static void up_read(struct rw_semaphore *sem)
{
	sem->readers--;
	if (sem->pages > sem->most)
		sem->most = sem->pages;
	if (between)
		between();
}

static struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	int i;

	CHECK(mm->mmap_sem.readers == 1);
	for (i = 0; i < nr_vmas; i++)
		if (addr < vmas[i].vm_end)
			return &vmas[i];
	return NULL;
}

static int is_vm_hugetlb_page(struct vm_area_struct *vma)
{
	return !!(vma->vm_flags & VM_HUGETLB);
}

static struct vm_area_struct *get_gate_vma(void *task)
{
	return NULL;
}

static void fault(unsigned long start, unsigned long end, unsigned long *count)
{
	CHECK(the_mm.mmap_sem.readers == 1 && start < end);
	the_mm.mmap_sem.pages += (end - start) >> PAGE_SHIFT;
	*count += (end - start) >> PAGE_SHIFT;
	if (!first_fault)
		first_fault = start;
	last_fault = end;
}

static int make_pages_present(unsigned long start, unsigned long end)
{
	fault(start, end, &present_pages);
	return 0;
}

static long __mlock_vma_pages_range(struct vm_area_struct *vma,
				    unsigned long start, unsigned long end)
{
	CHECK(vma->vm_start <= start && end <= vma->vm_end && (vma->vm_flags & VM_LOCKED));
	if (fail_at && !--fail_at)
		return -ENOMEM;
	fault(start, end, &locked_pages);
	return 3;	/* pages of the last round: not an error */
}

static int __mlock_posix_error_return(long retval)
{
	if (retval == -EFAULT)
		return -ENOMEM;
	return retval == -ENOMEM ? -EAGAIN : retval;
}

struct mm_owner {
	struct mm_struct *mm;
};
static struct mm_owner owner = { &the_mm };
#undef current
#define current (&owner)

#include "rendered.h"

static void map(int count, ...)
{
	static const struct mm_struct clean;

	the_mm = clean;
	nr_vmas = count;
	locked_pages = present_pages = first_fault = last_fault = 0;
	between = NULL;
	fail_at = 0;
}

#define MAP(...) \
	do { \
		const struct vm_area_struct given[] = { __VA_ARGS__ }; \
		unsigned long n_; \
		map(sizeof(given) / sizeof(given[0])); \
		for (n_ = 0; n_ < sizeof(given) / sizeof(given[0]); n_++) \
			vmas[n_] = given[n_]; \
	} while (0)

#define PAGES(n)	((n) * PAGE_SIZE)

static void test_holds_are_bounded(void)
{
	MAP({ PAGES(1), PAGES(1 + 1000), VM_LOCKED }, { PAGES(1001), PAGES(2001), VM_LOCKED });
	CHECK(do_mlock_pages(PAGES(1), PAGES(2000), 0) == 0);
	CHECK(locked_pages == 2000 && the_mm.mmap_sem.most == MLOCK_BATCH_PAGES);
	CHECK(the_mm.mmap_sem.holds == 8 && the_mm.mmap_sem.readers == 0);
	CHECK(first_fault == PAGES(1) && last_fault == PAGES(2001));
}

static void test_only_the_range(void)
{
	MAP({ PAGES(1), PAGES(1000), VM_LOCKED });
	CHECK(do_mlock_pages(PAGES(7), PAGES(3), 0) == 0);
	CHECK(locked_pages == 3 && first_fault == PAGES(7) && last_fault == PAGES(10));
	MAP({ PAGES(1), PAGES(1000), VM_LOCKED });
	CHECK(do_mlock_pages(PAGES(7), 0, 0) == 0 && the_mm.mmap_sem.holds == 0);
}

static void unmap_rest(void)
{
	vmas[0].vm_end = PAGES(1 + MLOCK_BATCH_PAGES);
}

static void test_unmapped_in_between(void)
{
	MAP({ PAGES(1), PAGES(1001), VM_LOCKED });
	between = unmap_rest;
	CHECK(do_mlock_pages(PAGES(1), PAGES(1000), 0) == -ENOMEM);
	CHECK(locked_pages == MLOCK_BATCH_PAGES);
	MAP({ PAGES(1), PAGES(1001), VM_LOCKED }, { PAGES(2000), PAGES(2010), VM_LOCKED });
	between = unmap_rest;
	CHECK(do_mlock_pages(0, PAGES(5000), 1) == 0);
	CHECK(locked_pages == MLOCK_BATCH_PAGES + 10 && last_fault == PAGES(2010));
}

static void unlock_middle(void)
{
	if (the_mm.mmap_sem.holds != 1)
		return;
	vmas[0].vm_end = PAGES(300);
	vmas[1] = (struct vm_area_struct){ PAGES(300), PAGES(900), 0 };
	vmas[2] = (struct vm_area_struct){ PAGES(900), PAGES(1000), VM_LOCKED };
	nr_vmas = 3;
}

static void test_munlock_wins_and_the_rest_goes_on(void)
{
	MAP({ 0, PAGES(1000), VM_LOCKED });
	between = unlock_middle;
	CHECK(do_mlock_pages(0, PAGES(1000), 0) == 0);
	CHECK(locked_pages == 300 + 100 && last_fault == PAGES(1000));
}

static void unlock_then_lock(void)
{
	vmas[0].vm_flags = the_mm.mmap_sem.holds == 1 ? 0 : VM_LOCKED;
}

static void test_locked_again(void)
{
	MAP({ 0, PAGES(1024), VM_LOCKED });
	between = unlock_then_lock;
	CHECK(do_mlock_pages(0, PAGES(1024), 0) == 0);
	CHECK(locked_pages == 1024 - MLOCK_BATCH_PAGES);
}

static void test_hole(void)
{
	MAP({ PAGES(1), PAGES(2), VM_LOCKED }, { PAGES(3), PAGES(4), VM_LOCKED });
	CHECK(do_mlock_pages(PAGES(1), PAGES(3), 0) == -ENOMEM && locked_pages == 1);
	MAP({ PAGES(1), PAGES(2), VM_LOCKED }, { PAGES(3), PAGES(4), VM_LOCKED });
	CHECK(do_mlock_pages(0, -PAGES(1), 1) == 0 && locked_pages == 2);
}

static void test_special(void)
{
	MAP({ 0, PAGES(600), VM_DONTEXPAND }, { PAGES(600), PAGES(601), VM_HUGETLB },
	    { PAGES(601), PAGES(9999), VM_IO }, { PAGES(9999), PAGES(19999), VM_PFNMAP });
	CHECK(do_mlock_pages(0, PAGES(19999), 0) == 0);
	CHECK(present_pages == 601 && locked_pages == 0);
	CHECK(the_mm.mmap_sem.most == MLOCK_BATCH_PAGES);
}

static void test_errors(void)
{
	MAP({ 0, PAGES(1000), VM_LOCKED });
	fail_at = 2;
	CHECK(do_mlock_pages(0, PAGES(1000), 0) == -EAGAIN);
	CHECK(locked_pages == MLOCK_BATCH_PAGES);
	MAP({ 0, PAGES(1000), VM_LOCKED });
	fail_at = 2;
	CHECK(do_mlock_pages(0, PAGES(1000), 1) == 0);
	CHECK(locked_pages == 1000 - MLOCK_BATCH_PAGES);
}

static void test_top_of_the_address_space(void)
{
	const unsigned long top = -PAGES(1);

	MAP({ top - PAGES(100), top, VM_LOCKED });
	CHECK(do_mlock_pages(top - PAGES(100), PAGES(100), 0) == 0);
	CHECK(locked_pages == 100 && last_fault == top);
}

int main(void)
{
	test_holds_are_bounded();
	test_only_the_range();
	test_unmapped_in_between();
	test_munlock_wins_and_the_rest_goes_on();
	test_locked_again();
	test_hole();
	test_special();
	test_errors();
	test_top_of_the_address_space();
	return failures != 0;
}

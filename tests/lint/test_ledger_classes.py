# SPDX-License-Identifier: GPL-2.0-only
"""One small program for each kind of defect that takes more than one place to see.

Each balances as it stands; with one text replaced it does not, and the rule that says so names the
function.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from patchkit.lint import ledger
from patchkit.lint.analysis import Analysis
from patchkit.lint.counters import load_counters
from patchkit.lint.program import Program
from patchkit.tree.source import DirectoryTree

HEADER = """
struct mm_struct { unsigned long locked_vm, total_vm; atomic64_t pinned_vm; };
struct user_struct { atomic_long_t locked_vm; };
struct task_struct { struct mm_struct *mm; };
struct vm_area_struct { unsigned long vm_start, vm_end, vm_flags; struct mm_struct *vm_mm; };

static void account_size(struct mm_struct *mm, unsigned long flags, long pages)
{
	mm->total_vm = READ_ONCE(mm->total_vm) + pages;
}
"""

GROW = """
int stack_grow(struct vm_area_struct *vma, unsigned long address)
{
	address &= PAGE_MASK;
	if (address < vma->vm_start) {
		unsigned long grow = (vma->vm_start - address) >> PAGE_SHIFT;

		if (vma->vm_flags & VM_LOCKED)
			vma->vm_mm->locked_vm += grow;
		account_size(vma->vm_mm, vma->vm_flags, grow);
		vma->vm_start = address;
	}
	return 0;
}
"""

UNMAP = """
static void areas_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	do {
		account_size(mm, vma->vm_flags, -vma_pages(vma));
		vma = area_free(vma);
	} while (vma);
}

int areas_unmap(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *each;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	for (each = vma; each; each = area_next(each)) {
		if (each->vm_flags & VM_LOCKED)
			mm->locked_vm -= vma_pages(each);
	}
	areas_remove(mm, vma);
	mmap_write_downgrade(mm);
	return 0;
}
"""

COPY = """
int areas_copy(struct mm_struct *mm, struct mm_struct *old, struct vm_area_struct *vma)
{
	mm->total_vm = old->total_vm;
	if (vma->vm_flags & VM_DONTCOPY)
		account_size(mm, vma->vm_flags, -vma_pages(vma));
	return 0;
}
"""

LOCK = """
int area_lock(struct vm_area_struct *vma, unsigned long flags)
{
	unsigned long old = vma->vm_flags;
	long pages = vma_pages(vma);

	if (!(flags & VM_LOCKED))
		pages = -pages;
	else if (old & VM_LOCKED)
		pages = 0;
	vma->vm_mm->locked_vm += pages;
	vma->vm_flags = flags;
	if ((flags & VM_LOCKED) && (old & VM_LOCKED))
		area_fault_in(vma);
	return 0;
}
"""

GROW_EITHER = GROW.replace(
    "\t\t\tvma->vm_mm->locked_vm += grow;\n",
    "\t\t{\n\t\t\tif (vma->vm_flags & VM_PINNED)\n"
    "\t\t\t\tatomic64_add(grow, &vma->vm_mm->pinned_vm);\n"
    "\t\t\telse\n\t\t\t\tvma->vm_mm->locked_vm += grow;\n\t\t}\n",
)
"""Pages that are pinned are not counted as locked as well."""

FEWER = """
int pages_acquire(struct mm_struct *mm, unsigned long start, size_t count, struct page **pages)
{
	int ret = pin_user_pages_fast(start, count, FOLL_LONGTERM, pages);

	if (ret < 0)
		return ret;
	atomic64_add(ret, &mm->pinned_vm);
	return ret;
}

void pages_release(struct mm_struct *mm, struct page **pages, size_t count)
{
	unpin_user_pages(pages, count);
	atomic64_sub(count, &mm->pinned_vm);
}
"""

MIRROR = """
struct window { struct mm_struct *mm; unsigned long locked; };

int window_open(struct window *window)
{
	window->mm = current->mm;
	return 0;
}

int window_account(struct window *window, long pages)
{
	struct mm_struct *mm = window->mm;

	mm->locked_vm += pages;
	window->locked += pages;
	return 0;
}

void window_close(struct window *window)
{
	window->mm->locked_vm -= window->locked;
	kfree(window);
}
"""

RING = """
struct ring {
	refcount_t maps;
	unsigned long extra, pages;
	struct user_struct *user;
	struct mm_struct *mm;
};

static long ring_extra(struct user_struct *user, long *count)
{
	long most = ring_most(), extra = 0;
	long used = atomic_long_read(&user->locked_vm) + *count;

	if (used > most) {
		extra = used - most;
		*count -= extra;
	}
	return extra;
}

int ring_map(struct ring *ring, unsigned long pages)
{
	long count = pages;
	long extra;

	if (!refcount_inc_not_zero(&ring->maps))
		return -EINVAL;
	if (ring->pages)
		return 0;
	if (ring_fill(ring)) {
		refcount_dec(&ring->maps);
		return -ENOMEM;
	}
	extra = ring_extra(ring->user, &count);
	ring->extra = extra;
	ring->pages = pages;
	atomic_long_add(count, &ring->user->locked_vm);
	atomic64_add(extra, &ring->mm->pinned_vm);
	return 0;
}

void ring_unmap(struct ring *ring)
{
	if (!refcount_dec_and_test(&ring->maps))
		return;
	atomic_long_sub(ring->pages - ring->extra, &ring->user->locked_vm);
	atomic64_sub(ring->extra, &ring->mm->pinned_vm);
	kfree(ring);
}
"""

STATE = """
struct device { int by_address; };
struct guest { struct device *device; struct mm_struct *mm; };

static int guest_charge(struct guest *guest, unsigned long size)
{
	if (!guest->device->by_address)
		atomic64_add(PFN_DOWN(size), &guest->mm->pinned_vm);
	return 0;
}

static void guest_forget(struct guest *guest, unsigned long size)
{
	atomic64_sub(PFN_DOWN(size), &guest->mm->pinned_vm);
}

int guest_map(struct guest *guest, unsigned long size)
{
	if (guest->device->by_address)
		return guest_charge(guest, PAGE_ALIGN(size));
	return guest_charge(guest, size);
}

void guest_unmap(struct guest *guest, unsigned long size)
{
	if (guest->device->by_address)
		return;
	guest_forget(guest, size);
}
"""

LOOP = """
struct umem { struct mm_struct *mm; int pages; void *list; };

void umem_release(struct umem *umem)
{
	atomic64_sub(umem->pages, &umem->mm->pinned_vm);
	kfree(umem);
}

struct umem *umem_get(unsigned long start, unsigned long length)
{
	unsigned long count = PFN_UP(length);
	struct umem *umem = kzalloc(sizeof(*umem), GFP_KERNEL);
	long ret = 0;

	if (!umem)
		return ERR_PTR(-ENOMEM);
	umem->mm = current->mm;
	atomic64_add(count, &umem->mm->pinned_vm);
	umem->list = kcalloc(count, 8, GFP_KERNEL);
	if (!umem->list) {
		ret = -ENOMEM;
		goto out;
	}
	while (count) {
		ret = pin_user_pages(start, count, 0, umem->list);
		if (ret < 0)
			goto out;
		umem->pages += ret;
		count -= ret;
	}
	return umem;
out:
	if (count)
		atomic64_sub(count, &umem->mm->pinned_vm);
	umem_release(umem);
	return ERR_PTR(ret);
}
"""

REGION = """
struct region { unsigned long count; unsigned int flags; };

void region_free(struct user_struct *user, struct region *region)
{
	unsigned long count = region->count;

	if (region->flags & REGION_ONE)
		count = 1UL << region_order(region);
	if (user)
		atomic_long_sub(count, &user->locked_vm);
}

int region_make(struct user_struct *user, struct region *region, unsigned long size)
{
	int ret;

	atomic_long_add(PFN_DOWN(size), &user->locked_vm);
	region->count = PFN_DOWN(size);
	ret = region_fill(region);
	if (ret)
		region_free(user, region);
	return ret;
}
"""


HANDED_UP = """
struct buffer { struct mm_struct *mm; long locked; };

static bool buffer_charge(struct vm_area_struct *vma, long *extra)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (*extra > 8)
		*extra -= 8;
	atomic64_add(*extra, &vma->vm_mm->pinned_vm);
	if (mm_locked_pages(vma->vm_mm) <= limit || capable(CAP_IPC_LOCK))
		return true;
	atomic64_sub(*extra, &vma->vm_mm->pinned_vm);
	return false;
}

int buffer_map(struct vm_area_struct *vma, long pages)
{
	long extra = pages;
	struct buffer *buffer;

	if (!buffer_charge(vma, &extra))
		return -EPERM;
	buffer = buffer_alloc(pages);
	if (!buffer) {
		atomic64_sub(extra, &vma->vm_mm->pinned_vm);
		return -ENOMEM;
	}
	buffer->locked = extra;
	mmgrab(vma->vm_mm);
	buffer->mm = vma->vm_mm;
	buffer_attach(buffer);
	return 0;
}

void buffer_unmap(struct buffer *buffer)
{
	atomic64_sub(buffer->locked, &buffer->mm->pinned_vm);
	mmdrop(buffer->mm);
}
"""
"""What is charged is told through a pointer, and the caller has it remembered."""

FAULT = """
struct file_state { struct user_struct *user; };

vm_fault_t file_fault(struct file_state *file)
{
	int ret;

	atomic_long_add(1, &file->user->locked_vm);
	ret = file_add(file);
	if (ret) {
		atomic_long_sub(1, &file->user->locked_vm);
		return vmf_error(ret);
	}
	return VM_FAULT_LOCKED;
}

void file_evict(struct file_state *file)
{
	atomic_long_sub(1, &file->user->locked_vm);
	kfree(file);
}
"""

WINDOW = """
struct window { struct mm_struct *mm; unsigned long pages; };

int window_enable(struct window *window, unsigned long pages)
{
	window->mm = current->mm;
	window->mm->locked_vm += pages;
	window->pages = pages;
	return 0;
}

void window_disable(struct window *window)
{
	window->mm->locked_vm -= window->pages;
	kfree(window);
}
"""


TWO = """
struct table { unsigned long size; };
struct pool { struct mm_struct *mm; unsigned long locked; struct table *table; };

int pool_enable(struct pool *pool, unsigned long pages)
{
	pool->mm = current->mm;
	atomic64_add(pages, &pool->mm->pinned_vm);
	pool->locked = pages;
	return 0;
}

void pool_disable(struct pool *pool)
{
	atomic64_sub(pool->locked, &pool->mm->pinned_vm);
	pool->locked = 0;
}

int table_create(struct pool *pool, unsigned long size)
{
	atomic64_add(size >> PAGE_SHIFT, &pool->mm->pinned_vm);
	pool->table = table_make(size);
	return 0;
}

void table_free(struct pool *pool, struct table *table)
{
	atomic64_sub(table->size >> PAGE_SHIFT, &pool->mm->pinned_vm);
	kfree(table);
}
"""
"""One owner, two accounts; of the second one nobody knows who remembers how much it is."""


@dataclass(frozen=True)
class Kind:
    """A program; *find* replaced by *replace* is what *rule* says of *function*."""

    text: str
    find: str
    replace: str
    rule: str
    function: str


KINDS = {
    "a stack grows uncharged": Kind(
        GROW, "\t\tif (vma->vm_flags & VM_LOCKED)\n\t\t\tvma->vm_mm->locked_vm += grow;\n", "",
        "charge-missing", "stack_grow",
    ),
    "a pinned stack grows by less": Kind(
        GROW_EITHER, "add(grow,", "add(1,", "charge-missing", "stack_grow",
    ),
    "locked areas go charged": Kind(
        UNMAP,
        "\tfor (each = vma; each; each = area_next(each)) {\n"
        "\t\tif (each->vm_flags & VM_LOCKED)\n\t\t\tmm->locked_vm -= vma_pages(each);\n\t}\n",
        "", "release-without-uncharge", "areas_remove",
    ),
    "locked twice": Kind(
        LOCK, "\telse if (old & VM_LOCKED)\n\t\tpages = 0;\n", "", "double-charge", "area_lock",
    ),
    "what was asked for": Kind(
        FEWER, "atomic64_add(ret,", "atomic64_add(count,", "uncharge-amount-differs",
        "pages_acquire",
    ),
    "whoever runs": Kind(
        MIRROR, "*mm = window->mm", "*mm = current->mm", "uncharge-mm-differs", "window_account",
    ),
    "tested one, moved another": Kind(
        FEWER, "\tatomic64_sub(count, &mm->pinned_vm);",
        "\tif (mm)\n\t\tatomic64_sub(count, &current->mm->pinned_vm);",
        "uncharge-mm-differs", "pages_release",
    ),
    "a fault fails charged": Kind(
        FAULT, "\t\tatomic_long_sub(1, &file->user->locked_vm);\n\t\treturn vmf",
        "\t\treturn vmf", "charge-left-on-error", "file_fault",
    ),
    "taken when it is set up": Kind(
        WINDOW, "locked_vm += pages", "locked_vm -= pages", "charge-missing", "window_enable",
    ),
    "a reference is kept": Kind(
        RING, "\t\trefcount_dec(&ring->maps);\n", "", "charge-left-on-error", "ring_map",
    ),
    "charged for another reference": Kind(
        RING, "\tif (ring->pages)\n\t\treturn 0;\n",
        "\tif (ring->pages) {\n\t\tatomic_long_add(pages, &ring->user->locked_vm);\n"
        "\t\treturn 0;\n\t}\n", "double-charge", "ring_map",
    ),
    "a part counts twice": Kind(
        RING, "ring->pages - ring->extra", "ring->pages", "uncharge-amount-differs", "ring_unmap",
    ),
    "charged where nothing gives back": Kind(
        STATE, "\tif (!guest->device->by_address)\n\t\tatomic64_add", "\tatomic64_add",
        "guard-differs", "guest_charge",
    ),
    "the caller remembers, and nothing gives back": Kind(
        HANDED_UP, "\tatomic64_sub(buffer->locked, &buffer->mm->pinned_vm);\n", "",
        "release-without-uncharge", "buffer_charge",
    ),
    "one of two accounts": Kind(
        TWO, "\tatomic64_sub(table->size >> PAGE_SHIFT, &pool->mm->pinned_vm);\n", "",
        "release-without-uncharge", "table_create",
    ),
    "the rest of a loop": Kind(
        LOOP, "\tif (count)\n\t\tatomic64_sub(count, &umem->mm->pinned_vm);\n", "",
        "charge-left-on-error", "umem_get",
    ),
}  # fmt: skip

SAME = """
struct container { struct mm_struct *mm; unsigned long pages; };

int container_charge(struct container *container, struct mm_struct *mm, unsigned long pages)
{
	atomic64_add(pages, &mm->pinned_vm);
	container->mm = mm;
	container->pages = pages;
	return 0;
}

int container_release(struct container *container)
{
	if (container->mm != current->mm)
		return -EPERM;
	atomic64_sub(container->pages, &container->mm->pinned_vm);
	container->pages = 0;
	return 0;
}
"""
"""The running task's mm is known to be the one that was charged."""

BALANCED = {
    "the mm is compared before": SAME,
    "a copied address space": COPY,
    "a state that the path does not set": REGION,
}


def said(directory: Path, text: str) -> set[tuple[str, str]]:
    """Return rule and function of what the ledger has to say."""
    (directory / "a.c").write_text(HEADER + text, encoding="ascii")
    program = Program(DirectoryTree(directory), load_counters(), ("a.c",))
    return {(each.rule, each.function.name) for each in ledger.drafts(Analysis(program))}


@pytest.mark.parametrize("name", KINDS)
def test_what_balances_is_silent(tmp_path: Path, name: str) -> None:
    assert said(tmp_path, KINDS[name].text) == set()


@pytest.mark.parametrize("name", BALANCED)
def test_nothing_is_said_of_what_cannot_be_told(tmp_path: Path, name: str) -> None:
    assert said(tmp_path, BALANCED[name]) == set()


@pytest.mark.parametrize("name", KINDS)
def test_what_does_not_balance_is_said(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    assert kind.text.count(kind.find) == 1
    found = said(tmp_path, kind.text.replace(kind.find, kind.replace))
    assert (kind.rule, kind.function) in found


DRIVER = """
struct driver_mr { struct umem *first, *second; };

static void driver_keep(struct driver_mr *mr, struct umem *umem)
{
	mr->second = umem;
}

int driver_register(struct driver_mr *mr, unsigned long start, unsigned long length)
{
	struct umem *umem = umem_get(start, length);

	if (IS_ERR(umem))
		return PTR_ERR(umem);
	driver_keep(mr, umem);
	return 0;
}

void driver_unregister(struct driver_mr *mr)
{
	struct umem *umem = mr->second;

	umem_release(umem);
	kfree(mr);
}
"""


def owned(directory: Path, driver: str) -> set[tuple[str, str]]:
    """Return rule and function of what is said of a driver that names no counter."""
    (directory / "umem.h").write_text(
        HEADER + "struct umem { struct mm_struct *mm; int pages; void *list; };\n"
        "struct umem *umem_get(unsigned long start, unsigned long length);\n"
        "void umem_release(struct umem *umem);\n"
    )
    kept = LOOP.partition("};\n")[2]
    (directory / "umem.c").write_text('#include "umem.h"\n' + kept)
    (directory / "driver.c").write_text('#include "umem.h"\n' + driver)
    program = Program(DirectoryTree(directory), load_counters(), ("umem.c",))
    return {(each.rule, each.function.name) for each in ledger.drafts(Analysis(program))}


def test_who_keeps_a_charged_object_releases_it(tmp_path: Path) -> None:
    assert owned(tmp_path, DRIVER) == set()
    forgets = DRIVER.replace("\tumem_release(umem);\n", "\tprint_it(umem);\n")
    assert owned(tmp_path, forgets) == {("release-without-uncharge", "driver_unregister")}


def test_a_helper_of_a_header_releases_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "user.h").write_text(
        HEADER + "static inline void user_uncharge(struct user_struct *user, long count)\n{\n"
        "\tatomic_long_sub(count, &user->locked_vm);\n}\n"
        "int user_charge(struct user_struct *user, long count);\n"
    )
    (tmp_path / "user.c").write_text(
        '#include "user.h"\nint user_charge(struct user_struct *user, long count)\n{\n'
        "\tatomic_long_add(count, &user->locked_vm);\n\treturn 0;\n}\n"
    )
    (tmp_path / "region.c").write_text(
        '#include "user.h"\n'
        + REGION.replace("atomic_long_sub(count, &user->locked_vm)", "user_uncharge(user, count)")
        .replace("atomic_long_add(PFN_DOWN(size), &user->locked_vm)",
                 "ret = user_charge(user, PFN_DOWN(size))")
    )  # fmt: skip
    program = Program(DirectoryTree(tmp_path), load_counters(), ("user.c", "user.h"))
    found = {(each.rule, each.function.name) for each in ledger.drafts(Analysis(program))}
    assert found == set()

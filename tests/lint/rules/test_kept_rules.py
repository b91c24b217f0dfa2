# SPDX-License-Identifier: GPL-2.0-only
"""Defects that show only with what a caller hands in, a loop adds up, or an object remembers."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from one_file import Files, analysis_of, findings_of

from patchkit.lint.analysis import Analysis
from patchkit.lint.counters import load_counters
from patchkit.lint.program import Program
from patchkit.lint.rule import load_rules

HANDED = """
struct window { struct mm_struct *mm; unsigned long pages; };

static int window_pin(struct window *w, unsigned long pages, unsigned long limit)
{
	struct mm_struct *mm = current->mm;

	if (mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages > limit && !capable(CAP_IPC_LOCK))
		return -ENOMEM;
	atomic64_add(pages, &mm->pinned_vm);
	mmgrab(mm);
	w->mm = mm;
	w->pages = pages;
	return 0;
}

int window_map(struct window *w, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	return window_pin(w, pages, limit);
}

int window_replay(struct window *w)
{
	unsigned long all = rlimit(RLIMIT_MEMLOCK);

	all >>= PAGE_SHIFT;
	return window_pin(w, 1, all);
}

void window_release(struct window *w)
{
	atomic64_sub(w->pages, &w->mm->pinned_vm);
	mmdrop(w->mm);
	kfree(w);
}
"""

ASKED = """
struct window { struct mm_struct *mm; unsigned long pages; };

static bool window_fits(struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long pinned = mm->locked_vm + atomic64_read(&mm->pinned_vm) + pages;

	return pinned <= limit || !window_strict() || capable(CAP_IPC_LOCK);
}

int window_map(struct window *w, unsigned long pages)
{
	if (!window_fits(current->mm, pages))
		return -EPERM;
	if (window_busy(w))
		return -EBUSY;
	w->mm = current->mm;
	w->pages = pages;
	mmgrab(w->mm);
	atomic64_add(pages, &w->mm->pinned_vm);
	return 0;
}

void window_release(struct window *w)
{
	atomic64_sub(w->pages, &w->mm->pinned_vm);
	mmdrop(w->mm);
	kfree(w);
}
"""

JOINED = """
struct queue { struct mm_struct *mm; struct user_struct *user; unsigned long count; };
struct part { unsigned long size; bool big; };

static int joined_charge(struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm) > limit &&
		!capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	return 0;
}

int joined_set_up(struct queue *queue, struct part *part, int most)
{
	int i, err;

	queue->count = 0;
	for (i = 0; i < most; i++) {
		if (part[i].big)
			queue->count += part[i].size;
		else
			queue->count++;
	}
	if (!queue->count)
		return 0;
	err = joined_charge(queue->mm, queue->count);
	if (err)
		queue->count = 0;
	return err;
}

void joined_clean(struct queue *queue)
{
	atomic64_sub(queue->count, &queue->mm->pinned_vm);
}

int joined_open(struct queue *queue, unsigned long count)
{
	struct user_struct *user = current_user();

	if (atomic_long_add_return(count, &user->locked_vm) > PFN_DOWN(rlimit(RLIMIT_MEMLOCK)) &&
		!capable(CAP_IPC_LOCK)) {
		atomic_long_sub(count, &user->locked_vm);
		return -ENOBUFS;
	}
	queue->user = get_uid(user);
	queue->count = count;
	return 0;
}

static void joined_done(struct queue *queue)
{
	atomic_long_sub(queue->count, &queue->user->locked_vm);
	free_uid(queue->user);
	kfree(queue);
}

void joined_drain(struct root *root)
{
	struct node *node;

	while ((node = rb_first(root)))
		joined_done(rb_entry(node, struct queue, node));
}

void joined_close(struct file *file)
{
	struct queue *queue = queue_get(file->private_data);

	atomic_long_sub(queue->count, &queue->user->locked_vm);
	free_uid(queue->user);
	kfree(queue);
}
"""

PARTS = """
struct part { unsigned long size; };
struct parts { struct mm_struct *mm; unsigned long pages; void *area; };

static int parts_account(struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm) > limit &&
		!capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	return 0;
}

struct parts *parts_get(struct part *part, int count)
{
	struct parts *all = kzalloc(sizeof(*all), GFP_KERNEL);
	unsigned long size = 0;
	int i;

	if (!all)
		return NULL;
	for (i = 0; i < count; i++)
		size += part[i].size;
	all->pages = size >> PAGE_SHIFT;
	all->mm = current->mm;
	mmgrab(all->mm);
	atomic64_add(all->pages, &all->mm->pinned_vm);
	if (all->mm->locked_vm + atomic64_read(&all->mm->pinned_vm) >
		PFN_DOWN(rlimit(RLIMIT_MEMLOCK)) && !capable(CAP_IPC_LOCK))
		goto undo;
	all->area = vmalloc(size);
	if (!all->area)
		goto undo;
	return all;
undo:
	atomic64_sub(all->pages, &all->mm->pinned_vm);
drop:
	mmdrop(all->mm);
	kfree(all);
	return NULL;
}

int parts_count(struct parts *all, struct part *part, int count)
{
	unsigned long pages = 0;
	int i;

	for (i = 0; i < count; i++)
		pages += part[i].size >> PAGE_SHIFT;
	return parts_account(all->mm, pages);
}

void parts_put(struct parts *all)
{
	atomic64_sub(all->pages, &all->mm->pinned_vm);
	mmdrop(all->mm);
	kfree(all);
}
"""

KEPT = """
struct region { struct user_struct *user; unsigned long pages; void *map; };

static int region_charge(struct region *region)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (capable(CAP_IPC_LOCK))
		return 0;
	region->user = get_uid(current_user());
	if (atomic_long_add_return(region->pages, &region->user->locked_vm) > limit) {
		atomic_long_sub(region->pages, &region->user->locked_vm);
		free_uid(region->user);
		region->user = NULL;
		return -ENOBUFS;
	}
	return 0;
}

static void region_uncharge(struct region *region)
{
	if (region->user) {
		atomic_long_sub(region->pages, &region->user->locked_vm);
		free_uid(region->user);
		region->user = NULL;
	}
}

int region_set_up(struct region *region, unsigned long pages)
{
	int err;

	region->pages = pages;
	err = region_charge(region);
	if (err)
		return err;
	err = region_pin(region);
	if (err)
		goto out;
	err = region_map(region);
	if (err)
		goto unmap;
	return 0;
unmap:
	region_unpin(region);
out:
	region_uncharge(region);
	return err;
}

void region_release(struct region *region)
{
	region_uncharge(region);
	kfree(region);
}
"""


@dataclass(frozen=True)
class Kind:
    """A program; *find* replaced by *replace* is what *rule* says of *function*."""

    text: str
    find: str
    replace: str
    rule: str
    function: str


KINDS = {
    "a limit that is handed in bounds one counter": Kind(
        HANDED, "atomic64_read(&mm->pinned_vm) + ", "", "limit-check-one-counter", "window_pin",
    ),
    "a limit that is handed in bounds what is below it": Kind(
        HANDED, "pages > limit", "pages < limit", "limit-check-direction", "window_pin",
    ),
    "a capability excuses what is below the limit": Kind(
        ASKED, "pinned <= limit", "pinned >= limit", "limit-check-direction", "window_fits",
    ),
    "small sums are free": Kind(
        JOINED, "\terr = joined_charge(queue->mm, queue->count);",
        "\terr = queue->count > 1 ? joined_charge(queue->mm, queue->count) : 0;",
        "guard-differs", "joined_set_up",
    ),
    "an owner that was looked up is put first": Kind(
        JOINED,
        "queue_get(file->private_data);\n\n"
        "\tatomic_long_sub(queue->count, &queue->user->locked_vm);\n"
        "\tfree_uid(queue->user);\n",
        "queue_get(file->private_data);\n\n\tfree_uid(queue->user);\n"
        "\tatomic_long_sub(queue->count, &queue->user->locked_vm);\n",
        "use-after-put", "joined_close",
    ),
    "an exit leaves a sum charged": Kind(
        PARTS, "\tif (!all->area)\n\t\tgoto undo;", "\tif (!all->area)\n\t\tgoto drop;",
        "charge-left-on-error", "parts_get",
    ),
    "a sum is too long for its variable": Kind(
        PARTS, "\tunsigned long pages = 0;", "\tint pages = 0;", "count-truncated", "parts_count",
    ),
    "a sum of one is free": Kind(
        PARTS, "return parts_account(all->mm, pages);",
        "return pages > 1 ? parts_account(all->mm, pages) : 0;", "guard-differs", "parts_count",
    ),
    "what an object remembers is not kept on failure": Kind(
        KEPT, "goto unmap;", "return err;", "charge-left-on-error", "region_set_up",
    ),
    "only giving back is left": Kind(
        KEPT, "atomic_long_add_return(region->pages, &region->user->locked_vm) > limit) {\n"
        "\t\tatomic_long_sub(region->pages, &region->user->locked_vm);\n",
        "atomic_long_read(&region->user->locked_vm) + region->pages > limit) {\n",
        "charge-missing", "region_set_up",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_what_is_right_is_silent(name: str) -> None:
    kind = KINDS[name]
    assert findings_of(kind.text, kind.rule) == []


@pytest.mark.parametrize("name", KINDS)
def test_what_is_wrong_is_said(name: str) -> None:
    kind = KINDS[name]
    assert kind.text.count(kind.find) == 1
    found = findings_of(kind.text.replace(kind.find, kind.replace), kind.rule)
    assert kind.function in {each.function for each in found}


OTHERS = {
    "a number": HANDED.replace(
        "unsigned long all = rlimit(RLIMIT_MEMLOCK);", "unsigned long all = 7;"
    ),
    "a callback": HANDED + "int window_work(void)\n{\n\treturn later(window_pin);\n}\n",
    "a table": HANDED
    + "static const struct pin_operations window_operations = {\n\t.pin = window_pin,\n};\n",
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_limit_counts_only_if_all_callers_hand_it_in(other: str) -> None:
    before = analysis_of({"a.c": HANDED})
    edited = before.edited({"a.c": OTHERS[other].encode()})
    fresh = analysis_of({"a.c": OTHERS[other]})
    for analysis, own in ((before, 1), (edited, 0), (fresh, 0)):
        function = analysis.function("window_pin")
        assert function is not None
        assert len([each for each in function.checks() if not each.check.via]) == own
    for rule in load_rules():
        assert list(rule.check(edited)) == list(rule.check(fresh)), rule.id


HIDDEN = """
struct node { unsigned long pages; void *area; };

static void pages_back(struct mm_struct *mm, unsigned long pages)
{
	atomic64_sub(pages, &mm->pinned_vm);
}

static void node_unpin(struct mm_struct *mm, struct node *node, unsigned long pages)
{
	pages_back(mm, pages);
	kfree(node->area);
}

static void node_free(struct node *node)
{
	if (node->pages)
		node_unpin(mm_of(node), node, node->pages);
	kfree(node);
}

static long pages_get(struct mm_struct *mm, long pages)
{
	long got = pin_user_pages_fast(pages);

	atomic64_sub(pages - max(got, 0), &mm->pinned_vm);
	return got;
}

static int node_pin(struct node *node, long pages)
{
	struct mm_struct *mm = current->mm;
	long got;

	if (mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm) >
		PFN_DOWN(rlimit(RLIMIT_MEMLOCK)) && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	got = pages_get(mm, pages);
	if (got < 0)
		return got;
	if (got != pages) {
		pages_back(mm, got);
		return -EFAULT;
	}
	node->pages = pages;
	return 0;
}

static int node_add(struct handler *handler, unsigned long pages, struct node **result)
{
	struct node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	int ret;

	if (!node)
		return -ENOMEM;
	ret = node_pin(node, pages);
	if (ret == 0) {
		ret = handler_insert(handler, node);
		if (ret)
			node_free(node);
		else
			*result = node;
		return ret;
	}
	kfree(node);
	return ret;
}

int node_get(struct handler *handler, size_t start, size_t size, struct node **result)
{
	int ret = node_add(handler, PFN_UP(start + size) - PFN_DOWN(start), result);

	if (ret == -EEXIST)
		return 0;
	return ret;
}
"""


def test_what_a_callee_settles_with_others_is_not_its_callers_fault() -> None:
    found = findings_of(HIDDEN, "charge-left-on-error")
    assert [each for each in found if each.function == "node_get"] == []


PARTLY = """
static int hold_pages(struct mm_struct *mm, unsigned long pages)
{
	if (mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm) >
		PFN_DOWN(rlimit(RLIMIT_MEMLOCK)) && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	if (hold_first(mm)) {
		atomic64_sub(pages - 1, &mm->pinned_vm);
		return -EFAULT;
	}
	return 0;
}

int hold(struct mm_struct *mm, unsigned long pages)
{
	int ret = hold_pages(mm, pages);

	if (ret)
		return ret;
	return hold_map(pages) ? -EIO : 0;
}
"""


def test_what_a_callee_leaves_in_part_is_no_excuse_when_it_succeeds() -> None:
    found = findings_of(PARTLY, "charge-left-on-error")
    assert "hold" in {each.function for each in found}


_MEMBERS = "abcdefgh"

MANY = f"""
struct window {{ struct mm_struct *mm; unsigned long start, end; }};
struct area {{
	struct mm_struct *mm, *second_mm;
	unsigned long pages, second_pages;
	int {", ".join(_MEMBERS)};
}};

int area_map(struct area *area, struct window *window, unsigned long flags, bool second)
{{
	struct mm_struct *mm = window->mm;
	unsigned long pages = window->end - window->start;

	if (mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm) >
		PFN_DOWN(rlimit(RLIMIT_MEMLOCK)) && !capable(CAP_IPC_LOCK)) {{
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}}
	mmgrab(mm);
	if (second) {{
		area->second_mm = mm;
		area->second_pages = pages;
	}} else {{
		area->mm = mm;
		area->pages = pages;
	}}
	{"".join(f"if (flags & (1 << {n})) area->{m} = flags;" for n, m in enumerate(_MEMBERS))}
	return 0;
}}

void area_close(struct area *area)
{{
	atomic64_sub(area->pages, &area->mm->pinned_vm);
	mmdrop(area->mm);
	atomic64_sub(area->second_pages, &area->second_mm->pinned_vm);
	mmdrop(area->second_mm);
	atomic64_sub({" + ".join(f"area->{m}" for m in _MEMBERS)}, &area->mm->pinned_vm);
	kfree(area);
}}
"""


def test_what_was_lost_in_a_crowd_is_not_missed() -> None:
    analysis = analysis_of({"a.c": MANY})
    function = analysis.function("area_map")
    assert function is not None
    assert function.joined
    found = findings_of(MANY, "release-without-uncharge")
    assert [each for each in found if each.function == "area_map"] == []


USERS = {
    "mm/take.c": """
#include "take.h"

static void take_back(struct mm_struct *mm, unsigned long pages)
{
	atomic64_sub(pages, &mm->pinned_vm);
}

void taken_back(struct mm_struct *mm, unsigned long pages)
{
	take_back(mm, pages);
}

int taken(struct mm_struct *mm, unsigned long pages)
{
	if (mm->locked_vm + atomic64_add_return(pages, &mm->pinned_vm) >
		PFN_DOWN(rlimit(RLIMIT_MEMLOCK)) && !capable(CAP_IPC_LOCK)) {
		take_back(mm, pages);
		return -ENOMEM;
	}
	return 0;
}
""",
    "drivers/a.c": """
#include "take.h"

static void window_back(struct mm_struct *mm, unsigned long pages)
{
	taken_back(mm, pages);
}

int window_get(struct mm_struct *mm, unsigned long pages)
{
	int ret = taken(mm, pages);

	if (ret)
		return ret;
	ret = window_fill(pages);
	if (ret)
		window_back(mm, pages);
	return ret;
}
""",
}


def test_helpers_that_only_hand_on_make_no_difference() -> None:
    analysis = Analysis(Program(Files(USERS), load_counters(), ("mm/take.c",)))
    found = [each for rule in load_rules() for each in rule.check(analysis)]
    assert [each.rule for each in found if each.function == "window_get"] == []
    assert analysis.function("window_back", "drivers/a.c") is not None
    assert analysis.function("window_get", "drivers/a.c") is not None

# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.boot.crashes: each family of reports, found once, wherever a line is cut."""

from __future__ import annotations

import pytest

from patchkit.boot.crashes import CRASH_LIMIT, LINE_LIMIT, Scanner, scan

REPORTS = {
    "kasan": b"""[    4.100000] ==================================================================
[    4.100001] BUG: KASAN: slab-use-after-free in mpin_erase+0x1b/0x120
[    4.100002] Read of size 8 at addr ffff888004d0a018 by task limits/57
[    4.100003] CPU: 0 UID: 0 PID: 57 Comm: limits Not tainted 6.12.0 #1
[    4.100004] Oops: general protection fault, probably for non-canonical address: 0000 [#1] SMP
[    4.100005] Kernel panic - not syncing: Fatal exception
""",
    "ubsan": b"[ 1.0] UBSAN: array-index-out-of-bounds in mm/x.c:3:4\n",
    "oops": b"""[    2.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    2.000001] #PF: supervisor read access in kernel mode
[    2.000002] Oops: 0000 [#1] SMP
[    2.000003] RIP: 0010:mlock_fixup+0x1/0x2
[    2.000004] Kernel panic - not syncing: Fatal exception
[    2.000005] ---[ end Kernel panic - not syncing: Fatal exception ]---
""",
    "bug": b"""[    2.000000] ------------[ cut here ]------------
[    2.000001] kernel BUG at mm/mlock.c:123!
[    2.000002] invalid opcode: 0000 [#1] SMP
""",
    "warning": b"""[    2.000000] ------------[ cut here ]------------
[    2.000001] WARNING: CPU: 1 PID: 77 at kernel/fork.c:1012 __mmdrop+0x1a/0x20
[    2.000002] ---[ end trace 0000000000000000 ]---
""",
    "lockdep": b"""[    2.000000] ======================================================
[    2.000001] WARNING: possible circular locking dependency detected
[    2.000002] 6.12.0 #1 Not tainted
""",
    "atomic-sleep": b"[ 1.0] BUG: sleeping function called from invalid context at mm/x.c:3\n",
    "hung-task": b"[ 1.0] INFO: task limits:57 blocked for more than 120 seconds.\n",
    "rcu-stall": b"[ 1.0] rcu: INFO: rcu_sched self-detected stall on CPU\n",
    "lockup": b"[ 1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [limits:57]\n",
    "oom": b"[ 1.0] Kernel panic - not syncing: System is deadlocked on memory\n",
    "panic": b"[ 1.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n",
    "bad-page": b"[ 1.0] BUG: Bad rss-counter state mm:00000000d9 type:MM_ANONPAGES val:1\n",
    "slab": b"[ 1.0] BUG kmalloc-64 (Not tainted): Right Redzone overwritten\n",
    "corruption": b"[ 1.0] list_add corruption. next->prev should be prev (a), but was b.\n",
    "reboot": b"[    0.000000] Linux version 6.12\n[ 1.0] x\n[    0.000000] Linux version 6.12\n",
    "leak": b"[ 1.0] kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)\n",
}


@pytest.mark.parametrize(("kind", "log"), REPORTS.items(), ids=REPORTS.keys())
def test_each_family_is_found_once(kind: str, log: bytes) -> None:
    assert [crash.kind for crash in scan(b"[    0.0] before\n" + log + b"[ 9.0] after\n")] == [kind]


@pytest.mark.parametrize(("kind", "log"), REPORTS.items(), ids=REPORTS.keys())
def test_lines_may_be_cut_anywhere_and_end_as_they_like(kind: str, log: bytes) -> None:
    for size in (1, 3, 64):
        scanner = Scanner()
        for at in range(0, len(log), size):
            scanner.feed(log[at : at + size])
        scanner.end()
        assert tuple(scanner.crashes) == scan(log)
    assert [crash.kind for crash in scan(log.replace(b"\n", b"\r\n"))] == [kind]
    assert [crash.kind for crash in scan(log.rstrip(b"\n"))] == [kind]
    assert [crash.kind for crash in scan(b"\x1b[1m" + log.replace(b"\n", b"\n\x1b[0m"))] == [kind]


def test_the_title_is_the_same_in_the_next_run() -> None:
    (first,) = scan(REPORTS["warning"])
    (second,) = scan(REPORTS["warning"].replace(b"CPU: 1 PID: 77", b"CPU: 0 UID: 0 PID: 80"))
    assert first.title == second.title == "WARNING: at kernel/fork.c:1012 __mmdrop"
    (newer,) = scan(b"[ 1.0] WARNING: kernel/fork.c:1012 at __mmdrop+0x1a/0x20, CPU#1: limits/77\n")
    assert newer.title == "WARNING: kernel/fork.c:1012 at __mmdrop"
    assert scan(REPORTS["kasan"])[0].title == "BUG: KASAN: slab-use-after-free in mpin_erase"


def test_an_indented_report_is_seen() -> None:
    log = b"[    0.060000] \tKernel panic - not syncing: VFS: Unable to mount root fs\n"
    assert [crash.kind for crash in scan(log)] == ["panic"]
    assert [crash.kind for crash in scan(log.replace(b"] ", b"][    T1] "))] == ["panic"]


def test_a_file_is_named_as_in_the_tree() -> None:
    (crash,) = scan(b"[ 1.0] WARNING: CPU: 0 PID: 9 at ../tree/mm/vma.c:689 vma_modify+0x1/0x2\n")
    assert crash.title == "WARNING: at mm/vma.c:689 vma_modify"


def test_lines_are_counted_from_one() -> None:
    assert scan(REPORTS["kasan"])[0].line == 2
    assert scan(b"\n\n" + REPORTS["bug"])[0].line == 4


def test_two_reports_are_two_crashes() -> None:
    log = REPORTS["warning"] + REPORTS["warning"].replace(b"fork.c:1012", b"exit.c:9")
    assert [crash.title.split()[2] for crash in scan(log)] == [
        "kernel/fork.c:1012", "kernel/exit.c:9",
    ]  # fmt: skip


def test_a_report_behind_a_program_s_text_is_seen() -> None:
    log = b"a program without a line feed[    2.000001] BUG: unable to handle page fault\n"
    assert [crash.kind for crash in scan(log)] == ["oops"]


def test_a_crash_keeps_its_report_and_what_came_just_before() -> None:
    before = b"".join(b"[    0.000001] line %d\n" % number for number in range(9))
    (crash,) = scan(before + REPORTS["warning"] + b"[    9.000000] much later\n")
    assert crash.line == 11
    assert crash.context[0].endswith("line 7")
    assert "cut here" in crash.context[2]
    assert crash.title in crash.context[3] or "WARNING" in crash.context[3]
    assert "end trace" in crash.context[-1]
    assert not crash.interleaved
    first, second = scan(REPORTS["ubsan"] + REPORTS["rcu-stall"])
    assert [len(first.context), len(second.context)] == [1, 1]


def test_a_report_that_never_ends_is_kept_in_part() -> None:
    flood = b"[    1.000000] x\n" * 10_000
    (crash,) = scan(REPORTS["lockdep"] + flood)
    assert len(crash.context) < 100
    assert all(len(line) < 1000 for line in scan(b"BUG: x" + b"y" * 5000)[0].context)


@pytest.mark.parametrize(
    "log",
    [
        b"a program without a line feed[    2.000001] BUG: unable to handle page fault\n",
        b"[    2.000001] BUG: unable to handle page fault\nok 1 so[    2.000003] RIP: 0010:x\n",
        b"[    2.000001][   T57] BUG: unable to handle page fault\n"
        b"[    2.000002][   T57] RIP: 0010:x\n[    2.000002][    C1] something else\n",
    ],
)
def test_text_in_between_is_flagged(log: bytes) -> None:
    (crash,) = scan(log)
    assert (crash.kind, crash.interleaved) == ("oops", True)


@pytest.mark.parametrize(
    "line",
    [
        b"[    0.0] Linux version 6.12.117 (root@vm) (gcc) #1 SMP",
        b"[    1.0] Out of memory: Killed process 57 (limits) total-vm:1kB",
        b"[    1.0] limits[57]: segfault at 0 ip 0 sp 0 error 4 in limits",
        b"[    1.0] traps: limits[57] general protection fault ip:1 sp:2 error:0",
        b"[    1.0] random: crng init done",
        b"[    1.0] Kernel command line: panic=-1 oops=panic",
        b"[    1.0] rcu: Hierarchical RCU implementation.",
        b"[    1.0] Memory: 1000K/2000K available",
        b"# this test looks for a BUG: in the log",
        b"[    1.0] patchkit: test 1/2 mm: BUG: nothing",
    ],
)
def test_what_a_kernel_in_order_says_is_no_crash(line: bytes) -> None:
    assert scan(line + b"\n") == ()


def test_a_flood_costs_no_memory() -> None:
    scanner = Scanner()
    for _ in range(64):
        scanner.feed(b"x" * LINE_LIMIT)
        assert len(scanner._pending) <= 2 * LINE_LIMIT
    scanner.feed(b"\n")
    for number in range(3 * CRASH_LIMIT):
        scanner.feed(b"[ 1.0] BUG: Bad page state nr q%dq\n" % number)
    assert len(scanner.crashes) == CRASH_LIMIT


def test_a_warning_that_repeats_is_one_finding() -> None:
    assert len(scan(REPORTS["warning"] * 50)) == 1


def test_the_kernel_s_last_words_are_noticed() -> None:
    scanner = Scanner()
    scanner.feed(REPORTS["warning"])
    assert not scanner.panicked
    scanner.feed(REPORTS["kasan"])
    assert scanner.panicked


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 1 << 20])
def test_what_is_passed_over_quickly_is_counted_all_the_same(size: int) -> None:
    quiet = b"".join(b"[    1.%06d] nothing to see\n" % number for number in range(200))
    log = quiet + REPORTS["warning"] + quiet + REPORTS["ubsan"]
    scanner = Scanner()
    for at in range(0, len(log), size):
        scanner.feed(log[at : at + size])
    scanner.end()
    assert [crash.line for crash in scanner.crashes] == [202, 404]
    assert scanner.crashes[0].context[:2] == (
        "[    1.000198] nothing to see", "[    1.000199] nothing to see",
    )  # fmt: skip
    assert scanner.crashes[1].context[-2].endswith("1.000199] nothing to see")

# SPDX-License-Identifier: GPL-2.0-only
"""Find in a console's log what a kernel says when something is wrong with it.

One table, tried from the top: the first pattern that a line matches decides. A report of the kernel
has many lines (a KASAN report ends in an oops, an oops in a panic); it is one crash here, with the
title of its first line. What follows inside the same report is not counted again.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace

LINE_LIMIT = 16384
"""A longer line is looked at in pieces of this many bytes, which overlap by OVERLAP."""
OVERLAP = 256
CRASH_LIMIT = 1000
"""More crashes than this are not kept; the log has them all."""
CONTEXT_LIMIT = 50
"""So many crashes are kept with the lines around them; of others there is just the title."""
_REPORT_LINES = 150
"""A report that does not say where it ends is taken to end after this many lines."""
_LINES_BEFORE = 3
_LINES_SHOWN = 60
_LINE_SHOWN = 400
"""Bytes of a line that are kept with a crash."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Something that a kernel in order does not say."""

    kind: str
    """One of the kinds in TABLE."""
    title: str
    """The line that tells, without its time stamp and addresses."""
    line: int
    """Line in the log, from 1."""
    context: tuple[str, ...] = ()
    """The lines of the report, and a few before it."""
    interleaved: bool = False
    """Whether something else wrote into the report: a program, or another processor."""


TABLE: tuple[tuple[str, bytes], ...] = (
    # Sanitizers first: their reports go on with text that other patterns know too.
    ("kasan", rb"BUG: KASAN: .*"),
    ("kcsan", rb"BUG: KCSAN: .*"),
    ("kmsan", rb"BUG: KMSAN: .*"),
    ("kfence", rb"BUG: KFENCE: .*"),
    ("ubsan", rb"UBSAN: .*"),
    # Lockdep, by its words rather than by BUG or WARNING, which changed over the years.
    ("lockdep", rb"(?:WARNING|INFO|BUG): possible (?:circular|recursive|irq|deadlock).*"),
    ("lockdep", rb"(?:WARNING|INFO): (?:inconsistent lock state|suspicious RCU usage).*"),
    ("lockdep", rb"(?:WARNING|INFO): .*(?:-safe|-READ-safe) -> .*unsafe lock order detected.*"),
    ("lockdep", rb"(?:WARNING|BUG): (?:bad unlock balance|held lock freed|nested lock was not).*"),
    ("lockdep", rb"(?:WARNING|BUG): lock held (?:at|when) .*"),
    ("lockdep", rb"BUG: Invalid wait context.*|\[ BUG: .* \]"),
    ("lockdep", rb"INFO: trying to register non-static key.*"),
    ("lockdep", rb"BUG: MAX_(?:LOCK|LOCKDEP|STACK)[A-Z_]* too low.*|BUG: key .* not in \.data.*"),
    ("lockdep", rb"DEBUG_LOCKS_WARN_ON\(.*"),
    ("atomic-sleep", rb"BUG: sleeping function called from invalid context.*"),
    ("atomic-sleep", rb"BUG: scheduling while atomic.*"),
    # What stands still.
    ("hung-task", rb"INFO: task .* blocked (?:for more than|in I/O wait for more than) .*"),
    ("lockup", rb"BUG: (?:soft|hard) lockup.*|.*Watchdog detected hard LOCKUP.*"),
    ("lockup", rb"BUG: workqueue lockup.*"),
    ("rcu-stall", rb"INFO: rcu\S* (?:self-)?detected (?:expedited )?stall.*"),
    ("rcu-stall", rb"rcu: .*kthread (?:starved|timer wakeup).*"),
    # Memory management's own checks.
    ("oom", rb"Out of memory.*Kill(?:ed)? process 1\b.*"),
    ("oom", rb"Kernel panic - not syncing: (?:System is deadlocked on memory|Out of memory).*"),
    ("bad-page", rb"BUG: Bad (?:page|rss-counter|swap|zswap).*"),
    ("bad-page", rb"BUG: non-zero pgtables_bytes.*"),
    ("slab", rb"BUG [^ :]+ \((?:Not tainted|Tainted).*|=+ BUG: .*"),
    ("leak", rb"kmemleak: [1-9][0-9]* new suspected memory leaks.*"),
    ("corruption", rb"list_(?:add|del)(?:_valid)? corruption.*"),
    ("corruption", rb"usercopy: Kernel memory (?:exposure|overwrite) attempt.*"),
    ("corruption", rb"refcount_t: .*"),
    # The processor's own complaints.
    ("oops", rb"BUG: (?:unable to handle|kernel NULL pointer dereference).*"),
    ("oops", rb"BUG: (?:stack guard page|IRQ stack|task stack) .*"),
    ("oops", rb"Unable to handle kernel .*"),
    ("oops", rb"(?:Internal error: )?Oops(?: - [^:]+)?: .*"),
    ("oops", rb"(?:general protection|double) fault[^:]*:.*"),
    ("oops", rb"(?:divide error|invalid opcode|int3)[^:]*:.*"),
    ("oops", rb"traps: PANIC: .*|PANIC: double fault.*"),
    ("bug", rb"kernel BUG at .*"),
    ("bug", rb"BUG: .*"),
    ("warning", rb"WARNING: .*"),
    ("panic", rb"Kernel panic - not syncing.*"),
)
"""Kinds and patterns; a pattern begins where the message does, after the printk prefix."""

NOT_A_CRASH: tuple[bytes, ...] = (
    rb"WARNING: (?:Spectre|Meltdown|.*mitigation|unprivileged eBPF).*",
    rb"WARNING: .*(?:x86/|CPU bug|microcode).*not .*supported.*",
    rb"INFO: lockdep is turned off.*",
    # lockdep's own count of what the machine's command line asked for.
    rb"UBSAN: .*enabled.*",
)
"""Lines that look like one and say nothing about the kernel under test."""

PREFIX = rb"(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])?[ \t]*)?(?:\[ *[TC]\d+\] ?)?"
_BEFORE = rb"(?:(?:rcu|watchdog|NMI watchdog|kernel|CPU\d+)[^:]{0,16}: )*"
_LOOK = re.compile(
    PREFIX + _BEFORE + rb"(?:(?P<benign>" + rb"|".join(NOT_A_CRASH) + rb")|"
    + rb"|".join(b"(?P<k%d>%s)" % (number, text) for number, (_, text) in enumerate(TABLE))
    + rb")"
)  # fmt: skip
# A user's text may come before the kernel's on the same line when both write to the console.
_ANYWHERE = re.compile(
    rb"\[ *\d+\.\d+\] "
    rb"(?=(?:BUG|WARNING|Oops|Kernel panic|kernel BUG|INFO|UBSAN|general protection))"
)
_WORDS = (
    b"BUG", b"WARNING", b"INFO", b"UBSAN", b"Oops", b"panic", b"fault", b"error", b"opcode",
    b"int3", b"PANIC", b"LOCKUP", b"rcu", b"memory", b"corruption", b"refcount_t", b"Unable",
    b"kmemleak", b"usercopy", b"DEBUG_LOCKS",
)  # fmt: skip
"""No line of TABLE is without one; most lines are, and go no further. Searching for words one after
the other is many times faster than a pattern of them, which matters when a guest floods."""
_NOTEWORTHY = (*_WORDS, b"Linux version", b"---[", b"\x1b", b"\r")
"""What makes a look at single lines necessary."""
_END = re.compile(rb"---\[ end (?:trace|Kernel panic)")
_STAMP_INSIDE = re.compile(rb"[^\s<>]\s*\[ *\d+\.\d{6}\]")
"""A time stamp of the kernel's behind other text, which had not ended its line."""
_CALLER = re.compile(rb"(?:<\d+>)?\[ *\d+\.\d+\]\[ *([TC]\d+)\]")
_BANNER = re.compile(PREFIX + rb"Linux version \d")
_ADDRESS = re.compile(r"\b(?:0x)?[0-9a-f]{8,16}\b|\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?")
_WHO = re.compile(r"CPU: \d+ (?:UID: \d+ )?PID: \d+ |,? CPU#\d+: .*|\bby task .*| PID: \d+$")
_ESCAPE = re.compile(
    rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0e-\x1f]"
)


class Scanner:
    """Takes a log in pieces of any size and keeps the crashes in it."""

    def __init__(self) -> None:
        self.crashes: list[Crash] = []
        self.panicked = False
        """Whether the kernel has said that it will go no further."""
        self._line = 1
        self._pending = b""
        self._open_until = 0
        self._banners = 0
        self._seen: set[tuple[str, str]] = set()
        self._before: deque[bytes] = deque(maxlen=_LINES_BEFORE)
        self._report: list[bytes] = []
        """The lines of the last crash, while they come."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the log; a line may be cut anywhere."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        if lines:
            # It may have begun in earlier bytes; the others are all of these.
            self._look(lines.pop(0))
            self._line += 1
        if not self._report and not any(word in data for word in _NOTEWORTHY):
            self._line += len(lines)
            self._before.extend(line[:_LINE_SHOWN] for line in lines[-_LINES_BEFORE:])
            lines = []
        for line in lines:
            self._look(line)
            self._line += 1
        while len(self._pending) > LINE_LIMIT:
            self._look(self._pending[:LINE_LIMIT])
            self._pending = self._pending[LINE_LIMIT - OVERLAP :]

    def end(self) -> None:
        """Look at the last line, which no line feed ended."""
        if self._pending:
            self._look(self._pending)
            self._pending = b""
        self._close_report()

    def _look(self, line: bytes) -> None:
        line = line.replace(b"\r", b"")
        if b"\x1b" in line:
            line = _ESCAPE.sub(b"", line)
        known = len(self.crashes)
        self._find(line)
        if not self._report:
            self._before.append(line[:_LINE_SHOWN])
            return
        if len(self.crashes) == known:
            self._report.append(line[:_LINE_SHOWN])
        if _END.search(line) or len(self._report) == _LINES_SHOWN:
            self._close_report()

    def _find(self, line: bytes) -> None:
        """Look for the beginning of a report in *line*."""
        if _BANNER.match(line):
            self._banners += 1
            if self._banners > 1:
                self._add("reboot", "the kernel started again by itself", line)
            return
        if _END.search(line):
            self._open_until = 0
        if not any(word in line for word in _WORDS):
            return
        match = _LOOK.match(line)
        if match is None and (where := _ANYWHERE.search(line)):
            match = _LOOK.match(line, where.start())
        if match is None or match["benign"] is not None:
            return
        name = match.lastgroup
        assert name is not None
        kind = TABLE[int(name[1:])][0]
        if kind == "panic":
            self.panicked = True
        # The oops after a BUG and the panic after an oops belong to what came first.
        if self._line <= self._open_until and kind in ("oops", "panic", "warning", "bug"):
            return
        self._add(kind, _title(match[name]), line)
        self._open_until = self._line + _REPORT_LINES

    def _add(self, kind: str, title: str, line: bytes) -> None:
        # A warning that comes again and again is one finding; so is the overlap of a long line.
        if (kind, title) in self._seen or len(self.crashes) >= CRASH_LIMIT:
            return
        self._close_report()
        self._seen.add((kind, title))
        self.crashes.append(Crash(kind, title, self._line))
        if len(self.crashes) <= CONTEXT_LIMIT:
            self._report = [*self._before, line[:_LINE_SHOWN]]
        self._before.clear()

    def _close_report(self) -> None:
        """Give the last crash the lines that have come since."""
        if not self._report:
            return
        lines, self._report = self._report, []
        callers = {match[1] for line in lines if (match := _CALLER.match(line))}
        self.crashes[-1] = replace(
            self.crashes[-1],
            context=tuple(line.decode("utf-8", "backslashreplace") for line in lines),
            interleaved=len(callers) > 1 or any(_STAMP_INSIDE.search(line) for line in lines),
        )


def _title(text: bytes) -> str:
    """Return a line as it can be compared from run to run."""
    cleaned = _ADDRESS.sub("", text.decode("utf-8", "backslashreplace"))
    cleaned = _WHO.sub("", cleaned)
    # ccache makes the paths of sources relative before the compiler sees them.
    cleaned = cleaned.replace("../tree/", "")
    return re.sub(r"\s+", " ", cleaned).strip()


def scan(data: bytes) -> tuple[Crash, ...]:
    """Return the crashes in a whole log."""
    scanner = Scanner()
    scanner.feed(data)
    scanner.end()
    return tuple(scanner.crashes)

# SPDX-License-Identifier: GPL-2.0-only
"""Read test results in KTAP, in every form that kernels, kselftests and consoles give them.

What is understood:

- ``TAP version 13``, ``KTAP version 1``, or no version line at all;
- nesting by ``# `` in front of each line (kselftest's runner), by spaces (KTAP proper) or tabs (old
  KUnit), mixed and to any sensible depth; a test's own result follows those of the tests inside it;
- plans early, late, absent or wrong, and ``1..0 # SKIP reason``;
- results without number, without name (``ok 3 # SKIP reason``), with or without ``- ``; what
  kselftest_harness.h says as a test begins then names it;
- the directives SKIP, XFAIL, TODO, TIMEOUT, error, ``exit=N`` and ``signal=N``;
- ``Bail out!``;
- a message of the kernel in the middle of a result, where both write to one console;
- printk prefixes, carriage returns, bytes that are not UTF-8, and a runner's result that begins in
  the middle of a line because what a program said before it had no line feed.

A name has no number in it, since that changes when a test is added. Nothing here raises, whatever
the input, and a log that was cut short does not look better than the whole one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from patchkit.results.model import Case, Results, Status

LOG_LINES = 1000
"""How many lines of a test's output are kept with it, the last ones; the log has them all."""
MAX_DEPTH = 32
"""Deeper nesting than this is taken for text."""
_LINE_LIMIT = 65536

_PRINTK = re.compile(r"(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
_STAMP_INSIDE = re.compile(r"(?<=\S)[ \t]*\[ *\d+\.\d{6}\]")
_MIXED = "other text is on its line"
_INDENT = re.compile(r"(?:# |  |\t)*")
_VERSION = re.compile(r"K?TAP version \d+\s*")
_PLAN = re.compile(r"1\.\.(\d{1,9})(?:\s*#\s*(.*?))?\s*")
_RESULT = re.compile(r"(not ok|ok)(?:[ \t]+(\d+))?(?:[ \t]+(.*?))?\s*", re.DOTALL)
_BURIED = re.compile(r"(not ok|ok) (\d+) (selftests: \S+: .*?)\s*$")
_BAIL = re.compile(r"Bail out!\s*(.*?)\s*")
_SUBTEST = re.compile(r"Subtest: (.+?)\s*")
_STARTED = re.compile(r"selftests: (\S+: .+?)\s*")
_SKIPPED = re.compile(r"([^\s:]+): (.+)")
"""kselftest.h writes all that it knows of a skipped test behind the directive."""
_RUNNING = re.compile(r"\s*RUN {2,}(\S+) \.\.\.\s*")
"""kselftest_harness.h says what begins; up to 6.1 it leaves out the name of what is skipped."""
_SECONDS = re.compile(r"patchkit: seconds=(\d{1,9}(?:\.\d{1,9})?)")
_WORD = re.compile(r"(SKIP|XFAIL|TODO|TIMEOUT|error|exit=|signal=)[:\s]*(.*)", re.DOTALL | re.I)
_DIRECTIVE = re.compile(r"(?:^|(?<!\\)\s)#(?=\s|$|SKIP|TODO)\s*", re.I)


class _Level:
    """A nesting level that is being read, and what the one inside it has left."""

    def __init__(self, indent: str) -> None:
        self.indent = indent
        self.cases: list[Case] = []
        self.numbers: set[int] = set()
        self.plan: int | None = None
        self.skipped = ""
        self.bail = ""
        self.name = ""
        self.started = ""
        self.seconds: float | None = None
        self.inside: _Level | None = None
        self.log: deque[str] = deque(maxlen=LOG_LINES)

    def absorb(self, inner: _Level) -> None:
        """Keep what a level inside this one has left, for the result that follows."""
        inner.complete()
        if self.inside is None:
            self.inside = inner
            return
        kept = self.inside
        kept.cases += inner.cases
        kept.bail = kept.bail or inner.bail
        kept.name = kept.name or inner.name
        kept.skipped = kept.skipped and inner.skipped

    def settle(self) -> None:
        """A test that started, or has tests inside it, and that never reported is missing."""
        if self.started or (self.inside is not None and self.inside.cases):
            name = self.started or (self.inside.name if self.inside else "") or "unnamed"
            case = Case(name, "missing", "it started and never reported")
            case.cases = self.inside.cases if self.inside else []
            case.log = tuple(self.log)
            self.cases.append(case)
        if self.inside is not None:
            self.bail = self.bail or self.inside.bail
        self.started, self.inside = "", None
        self.log.clear()

    def complete(self) -> None:
        """Add the tests that the plan declared and nobody reported."""
        self.settle()
        # One that started and never reported fills a place of the plan too.
        filled = len(self.numbers) + sum(not case.line for case in self.cases)
        lacking = (self.plan or 0) - max(filled, len(self.cases))
        numbers = (n for n in range(1, (self.plan or 0) + 1) if n not in self.numbers)
        for _, number in zip(range(min(lacking, LOG_LINES)), numbers, strict=False):
            self.cases.append(Case(f"test {number}", "missing", f"the plan has {self.plan} tests"))


class Parser:
    """Takes a log in pieces of any size.

    *recover* also takes a runner's result out of the middle of a line. Leave it off where the
    writer ends every line: there such a result can only be something that a test printed.
    """

    def __init__(self, *, recover: bool = True) -> None:
        self._recover = recover
        self._pending = b""
        self._number = 0
        self._levels = [_Level("")]
        self._last_cut: Case | None = None

    @property
    def done(self) -> int:
        """How many tests of the outermost level have reported."""
        return len(self._levels[0].cases)

    @property
    def planned(self) -> int | None:
        """How many tests the outermost level declares; None when it has not said so."""
        return self._levels[0].plan

    @property
    def current(self) -> str:
        """The test of the outermost level that runs; empty between tests."""
        return self._levels[0].started

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._pending) > _LINE_LIMIT:
            # No result is that long; its end may still hold one without a line feed before it.
            self._pending = b"  " + self._pending[-_LINE_LIMIT // 2 :]

    def end(self) -> Results:
        """Take the last line, which no line feed ended, and return everything."""
        if self._pending:
            pending, self._pending = self._pending, b""
            self._take(pending, cut=True)
        self._close(0)
        top = self._levels[0]
        top.complete()
        self._distrust_the_end(top)
        return Results(tuple(top.cases), top.plan, top.bail, top.skipped)

    def _distrust_the_end(self, top: _Level) -> None:
        """Do not let the only test that passed be one whose line may go on with ``# SKIP``."""
        last = self._last_cut
        if last is None or last.status != "pass":
            return
        if not _something_passed(top.cases, last):
            last.status, last.reason = "missing", "the log ends within its result"

    def _take(self, raw: bytes, *, cut: bool = False) -> None:
        """Take one line; *cut* says that it may go on."""
        self._number += 1
        text = raw.decode("utf-8", "backslashreplace").replace("\r", "").replace("\0", "")
        if prefix := _PRINTK.match(text):
            text = text[prefix.end() :]
        found = _INDENT.match(text)
        indent = found[0] if found else ""
        body = text[len(indent) :].removeprefix(" ")
        if len(indent) > 2 * MAX_DEPTH or not self._structure(indent, body, cut):
            buried = _BURIED.search(text) if self._recover else None
            if buried is None:
                self._comment(indent, body, text)
                return
            self._levels[-1].log.append(text[: buried.start()])
            self._close(0)
            self._result(self._levels[0], buried, cut, recovered=True)

    def _structure(self, indent: str, body: str, cut: bool) -> bool:
        """Take a line that means something; return whether it did."""
        if _VERSION.fullmatch(body):
            level = self._enter(indent)
            if level.indent and (level.cases or level.plan is not None):
                # A second report at the same depth: what came before is another one's.
                self._close(len(self._levels) - 2)
                self._enter(indent)
            return True
        if match := _PLAN.fullmatch(body):
            level = self._enter(indent)
            if cut and level.cases:
                return True  # `1..1` may be the beginning of `1..12`
            level.plan = int(match[1])
            if level.plan == 0:
                why = re.sub(r"^skip(?:ped)?\b[:\s]*", "", match[2] or "", flags=re.I)
                level.skipped = why or "nothing to run"
            return True
        stamp = _STAMP_INSIDE.search(body) if body.startswith(("ok", "not ok")) else None
        if match := _RESULT.fullmatch(body[: stamp.start()] if stamp else body):
            # "ok" is a common word; without a number it needs something else that speaks for it.
            sure = match[2] or (match[3] or "").startswith("- ")
            if not sure and not (self._levels[-1].indent == indent and self._declared(indent)):
                return False
            self._result(self._enter(indent), match, cut, recovered=stamp is not None)
            return True
        if match := _BAIL.fullmatch(body):
            self._enter(indent).bail = match[1] or "no reason given"
            return True
        return False

    def _declared(self, indent: str) -> bool:
        level = self._levels[-1]
        return level.indent == indent and (level.plan is not None or bool(level.cases))

    def _enter(self, indent: str) -> _Level:
        """Make the level of *indent* the innermost one and return it."""
        keep = 0
        for place, level in enumerate(self._levels):
            if len(level.indent) < len(indent) or level.indent == indent:
                keep = place
        self._close(keep)
        if self._levels[-1].indent != indent:
            self._levels.append(_Level(indent))
        return self._levels[-1]

    def _close(self, keep: int) -> None:
        """End all levels inside number *keep*."""
        while len(self._levels) - 1 > keep:
            inner = self._levels.pop()
            self._levels[-1].absorb(inner)

    def _comment(self, indent: str, body: str, text: str) -> None:
        """Take a line that is no result: some say what starts, the rest is output."""
        outer = indent[: -len("# ")] if indent.endswith("# ") else None
        if outer is not None and (match := _STARTED.fullmatch(body)):
            level = self._enter(outer)
            level.settle()
            level.started = match[1]
            return
        if outer is not None and (match := _SUBTEST.fullmatch(body)):
            self._enter(outer).name = match[1]
            return
        if indent.endswith("# # ") and (match := _SECONDS.fullmatch(body)):
            self._owner(indent[: -len("# # ")]).seconds = float(match[1])
            return
        # What a test prints may itself begin with spaces or tabs.
        owner = self._owner(indent[: max(indent.rfind("# "), 0)])
        # Without what the runner and nesting put in front of it.
        owner.log.append(text.removeprefix(owner.indent).removeprefix("# "))

    def _owner(self, indent: str) -> _Level:
        """Return the innermost level that is no deeper than *indent*."""
        return next(level for level in reversed(self._levels) if len(level.indent) <= len(indent))

    def _result(
        self, level: _Level, match: re.Match[str], cut: bool, *, recovered: bool = False
    ) -> None:
        """Take the result of a test, with everything that has gathered for it."""
        name, directive = split_directive(match[3] or "")
        status, reason = read_status(match[1] == "ok", directive)
        name = name.removeprefix("selftests: ")
        if not name and status == "skip" and (named := _SKIPPED.fullmatch(reason)):
            name, reason = named.groups()
        inside = level.inside
        if not name:
            name = (inside.name if inside else "") or _running(level.log)
            name = name or f"test {match[2] or len(level.cases) + 1}"
        if level.started and level.started != name:
            # It is another test's result: the one that started has not reported.
            level.settle()
            inside = None
        if recovered:
            reason = reason or _MIXED
        case = Case(name, status, reason, level.seconds, self._number, recovered)
        case.log = tuple(level.log)
        if inside is not None:
            case.cases = inside.cases
            _judge(case, inside)
        if match[2] and len(match[2]) < 10:
            level.numbers.add(int(match[2]))
        level.cases.append(case)
        level.started, level.inside, level.seconds = "", None, None
        level.log.clear()
        if cut:
            self._last_cut = case


def _running(log: Iterable[str]) -> str:
    """Return the name of the test that *log* begins with; empty if it does not tell."""
    return next((match[1] for line in log if (match := _RUNNING.fullmatch(line))), "")


def _something_passed(cases: Iterable[Case], but: Case) -> bool:
    """Return whether a test without tests inside it passed, other than *but*."""
    return any(
        _something_passed(case.cases, but) if case.cases
        else case.status == "pass" and case is not but
        for case in cases
    )  # fmt: skip


def _judge(case: Case, inside: _Level) -> None:
    """A test is no better than the worst inside it."""
    if case.status in ("fail", "timeout"):
        return
    if inside.bail:
        case.status, case.reason = "fail", f"bail out: {inside.bail}"
        return
    bad = [inner for inner in inside.cases if inner.bad]
    if bad:
        case.status = "fail"
        case.reason = f"{bad[0].name}: {bad[0].status}" + (
            f", and {len(bad) - 1} more" if len(bad) > 1 else ""
        )
    elif inside.skipped and case.status == "pass":
        case.status, case.reason = "skip", inside.skipped


def split_directive(text: str) -> tuple[str, str]:
    """Return a result's name and what stands behind its ``#``."""
    match = _DIRECTIVE.search(text)
    name, directive = (text[: match.start()], text[match.end() :]) if match else (text, "")
    name = name.strip()
    name = "" if name == "-" else name.removeprefix("- ")
    return name.replace("\\#", "#").strip(), directive.strip()


def read_status(good: bool, directive: str) -> tuple[Status, str]:
    """Return what ``ok`` or ``not ok`` with *directive* means, and why."""
    match = _WORD.match(directive)
    word = match[1].lower() if match else ""
    rest = match[2].strip() if match else ""
    if word == "skip":
        return "skip", rest
    if word == "xfail" or (word == "todo" and not good):
        return "xfail", rest
    if word == "timeout":
        return "timeout", f"after {rest}" if rest else ""
    if word in ("exit=", "signal=", "error"):
        return ("fail" if word == "error" or not good else "pass"), directive
    return ("pass" if good else "fail"), directive


def parse(data: bytes | Iterable[bytes], *, recover: bool = True) -> Results:
    """Return the results in a whole log, given at once or in pieces."""
    parser = Parser(recover=recover)
    for piece in [data] if isinstance(data, bytes) else data:
        parser.feed(piece)
    return parser.end()

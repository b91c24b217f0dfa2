# SPDX-License-Identifier: GPL-2.0-only
"""A run as one HTML page that needs nothing else: results, times, and the console.

What a guest says is escaped, and the page forbids scripts and anything from elsewhere, so it can
be handed on and opened without trusting the kernel that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from patchkit.files import replace_file
from patchkit.results.excerpt import printable, read_console
from patchkit.results.model import Test
from patchkit.results.record import CONSOLE, Run

PAGE = "index.html"
HEAD, TAIL, AROUND = 400, 1000, 200
"""Lines of the console that are shown: the first, the last, and on both sides of a crash."""
_LINE = 2000
_LOG = 200


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage or a program on the time line; *left* and *width* in per cent."""

    name: str
    seconds: float
    left: float
    width: float
    status: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the console; *gap* lines before it are not shown."""

    number: int
    text: str
    crash: bool
    gap: int = 0


def write_page(run: Run, directory: Path) -> Path:
    """Write the page of *run*, whose other files are in *directory*, and return its path."""
    path = directory / PAGE
    replace_file(path, render_page(run, read_console(directory / CONSOLE)).encode())
    return path


def render_page(run: Run, console: Sequence[str]) -> str:
    """Return the page's text; *console* are the lines of the log."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters["printable"] = printable
    leaves = [test for test in run.tests if test.leaf]
    return environment.get_template("page.html.j2").render(
        run=run,
        stages=stage_bars(run),
        programs=program_bars(run.tests),
        counts={
            status: sum(test.status == status for test in leaves)
            for status in dict.fromkeys(test.status for test in leaves)
        },
        depth=lambda test: test.name.count(": "),
        log_of=lambda test: test.log[-_LOG:],
        lines=list(shown_lines(console, [crash.line for crash in run.crashes])),
    )


def stage_bars(run: Run) -> list[Bar]:
    """Return the stages one after the other."""
    return _bars([(name, seconds, "stage") for name, seconds in run.seconds.items()])


def program_bars(tests: Sequence[Test]) -> list[Bar]:
    """Return the programs whose time is known; init runs one after the other."""
    return _bars([
        (test.name, test.seconds, test.status) for test in tests if test.seconds is not None
    ])  # fmt: skip


def _bars(entries: Sequence[tuple[str, float, str]]) -> list[Bar]:
    total = sum(seconds for _, seconds, _ in entries) or 1.0
    bars, left = [], 0.0
    for name, seconds, status in entries:
        width = 100 * seconds / total
        bars.append(Bar(name, seconds, left, width, status))
        left += width
    return bars


def shown_lines(console: Sequence[str], crashes: Sequence[int]) -> Iterator[Line]:
    """Yield what is shown of the console; *crashes* are numbers of lines, from 1."""
    marked = set(crashes)
    shown = set(range(1, min(HEAD, len(console)) + 1))
    shown |= set(range(max(len(console) - TAIL, 0) + 1, len(console) + 1))
    for line in crashes:
        shown |= set(range(max(line - AROUND, 1), min(line + AROUND, len(console)) + 1))
    last = 0
    for number in sorted(shown):
        yield Line(number, console[number - 1][:_LINE], number in marked, number - last - 1)
        last = number

# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.results.record, page and excerpt: what is kept of a run, and how it is shown."""

from __future__ import annotations

import html.parser
from pathlib import Path

import msgspec
import pytest

from patchkit.boot.crashes import Crash, scan
from patchkit.errors import UserError
from patchkit.results.excerpt import excerpt, printable, read_console
from patchkit.results.ktap import parse
from patchkit.results.model import Test
from patchkit.results.page import AROUND, HEAD, TAIL, render_page, shown_lines, stage_bars
from patchkit.results.record import RESULTS, Run, read_run, write_run
from patchkit.results.verdict import judge

LOGS = Path(__file__).parents[1] / "logs"


@pytest.fixture
def run() -> Run:
    """A run that a guest has really made."""
    verdict = judge(
        parse((LOGS / "brk-charge-lost.ktap").read_bytes()),
        crashes=scan((LOGS / "brk-charge-lost.console").read_bytes()),
    )
    return Run(
        verdict=verdict.word, why=verdict.why, tests=verdict.tests, crashes=verdict.crashes,
        end="exited", accelerator="tcg", accelerator_why="asked for", tree="linux", commit="81427e",
        targets=("memlock", "mpin"), profile="default", seconds={"build": 30.0, "boot": 10.0},
        versions={"kernel": "Linux version 6.12"},
        commands={"reproduce": "patchkit test vm-pinned", "qemu": "qemu-system-x86_64"},
    )  # fmt: skip


class Checker(html.parser.HTMLParser):
    """Keeps what is open, and everything that a browser would fetch or run."""

    VOID = ("meta", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.marked = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert name not in ("src", "onclick")
            if name == "id":
                self.ids.add(value or "")
            elif name == "href":
                self.links.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "mark":
            self.marked += data


def check(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    return checker


def test_what_is_written_is_read_again(run: Run, tmp_path: Path) -> None:
    write_run(run, tmp_path)
    assert read_run(tmp_path) == run
    assert read_run(tmp_path).judged.word == "crash"


def test_a_directory_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run directory"):
        read_run(tmp_path)
    (tmp_path / RESULTS).write_text('{"schema": 1, "verdict": "good"}')
    with pytest.raises(UserError, match=r"results\.json: "):
        read_run(tmp_path)


def test_the_page_shows_results_times_and_the_console(run: Run) -> None:
    console = read_console(LOGS / "brk-charge-lost.console")
    text = render_page(run, console)
    page = check(text)
    assert page.links == {"#L149"} <= {f"#{name}" for name in page.ids}
    assert page.marked == console[148]
    assert "VMA charges left" in page.marked
    for test in run.tests:
        assert test.name in text
    assert "patchkit test vm-pinned" in text
    assert [(bar.name, bar.left, bar.width) for bar in stage_bars(run)] == [
        ("build", 0, 75), ("boot", 75, 25),
    ]  # fmt: skip


def test_a_guest_cannot_put_anything_into_the_page(run: Run) -> None:
    evil = "<script>alert(1)</script><img src=x>\x1b[2J</pre>"
    bad = Test(evil, "fail", evil, None, 1, True, (evil,))
    crash = Crash("bug", evil, 1, (evil,), True)
    text = render_page(
        msgspec.structs.replace(run, tests=(bad,), crashes=(crash,), why=evil),
        [printable(evil)],
    )
    page = check(text)
    assert not page.tags & {"script", "img"}
    assert "\x1b" not in text
    assert "default-src 'none'" in text


def test_a_long_console_is_shown_in_part() -> None:
    console = [f"line {number}" for number in range(1, 100_001)]
    shown = list(shown_lines(console, [50_000]))
    assert len(shown) == HEAD + TAIL + 2 * AROUND + 1
    assert sum(line.gap for line in shown) + len(shown) == len(console)
    assert [line.number for line in shown if line.crash] == [50_000]
    assert list(shown_lines([], [])) == []


def test_an_excerpt_is_what_came_while_the_test_ran() -> None:
    console = [
        "[ 1.0] boot", "[ 1.1] patchkit: test 1/2 mpin: a", "[ 1.2] one", "[ 1.3] two",
        "[ 1.4] patchkit: test 2/2 mpin: ab", "[ 1.5] three",
        "[ 1.6] patchkit: 0 of 2 tests failed", "[ 1.7] reboot",
    ]  # fmt: skip
    assert excerpt(console, "mpin: a") == ("[ 1.2] one", "[ 1.3] two")
    assert excerpt(console, "mpin: a: inner", 1) == ("[ 1.3] two",)
    assert excerpt(console, "mpin: ab: inner") == ("[ 1.5] three",)
    assert excerpt(console, "mpin: b") == ()


def test_escape_sequences_are_shown_not_obeyed(tmp_path: Path) -> None:
    assert printable("a\x1b]0;x\x07\tb\u009b1m") == "a\\x1b]0;x\\x07\tb\\x9b1m"
    (tmp_path / "log").write_bytes(b"\x1b[2Jx\r\ny\xff")
    assert read_console(tmp_path / "log") == ["\\x1b[2Jx", "y\\xff"]
    assert read_console(tmp_path / "none") == []

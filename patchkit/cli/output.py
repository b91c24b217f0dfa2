# SPDX-License-Identifier: GPL-2.0-only
"""Data on standard output, talk and progress on standard error."""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.text import Text

from patchkit.errors import PatchkitError
from patchkit.results.excerpt import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

# Tables and bars are imported where they are shown: short answers come sooner without them.

_PROCESSES = logging.getLogger("patchkit.process")

STATE_STYLES = {
    "apply": "green", "present": "cyan", "superseded": "cyan", "conflict": "bold red",
    "pass": "green", "ok": "green", "fail": "bold red", "crash": "bold red", "hang": "bold red",
    "lost": "bold red", "missing": "bold red", "timeout": "bold red", "skip": "yellow",
    "xfail": "yellow", "nothing-ran": "yellow", "infrastructure": "yellow",
}  # fmt: skip


class Output:
    """Where one invocation writes to."""

    def __init__(self, *, color: str, quiet: bool, verbose: bool, file: Path | None) -> None:
        forced = {"always": True, "never": False, "auto": None}[color]
        if color == "auto" and "NO_COLOR" in os.environ:
            forced = False
        self.quiet = quiet
        self.verbose = verbose
        self.file = file
        self._stream = file.open("w", encoding="utf-8") if file else sys.stdout
        self._data = Console(
            file=self._stream,
            force_terminal=forced,
            no_color=forced is False or file is not None,
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        self.talk_console = Console(
            stderr=True, force_terminal=forced, no_color=forced is False, highlight=False,
            markup=False, soft_wrap=True,
        )  # fmt: skip
        self._commands = logging.StreamHandler(sys.stderr)
        """Shows each command that is run; for ``-v`` only."""
        if verbose:
            self._commands.setFormatter(logging.Formatter("+ %(message)s"))
            _PROCESSES.addHandler(self._commands)
            _PROCESSES.setLevel(logging.INFO)

    def close(self) -> None:
        """Close the file of ``-o``, if there is one, and show no more commands."""
        if self.verbose:
            _PROCESSES.removeHandler(self._commands)
            _PROCESSES.setLevel(logging.NOTSET)
        if self.file:
            self._stream.close()

    def data(self, text: str = "", style: str | None = None) -> None:
        """Write a line of data, harmless to a terminal wherever it comes from."""
        self._data.print(Text(printable(text), style=style or ""))

    def raw(self, text: str) -> None:
        """Write text without a line feed of our own: as it is, but harmless to a terminal."""
        self._stream.write(printable(text) if self._stream.isatty() else text)

    def json(self, value: Any) -> None:
        """Write one JSON document."""
        encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
        self._stream.write(encoded.decode() + "\n")

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table; known states are coloured."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(
                *(Text(printable(cell), style=STATE_STYLES.get(cell, "")) for cell in row)
            )
        wide = Console(
            file=self._stream, width=200, no_color=self._data.no_color,
            force_terminal=self._data.is_terminal, highlight=False, markup=False,
        )  # fmt: skip
        (self._data if self._data.is_terminal else wide).print(table)

    def talk(self, text: str, style: str | None = None) -> None:
        """Say something to the person; silent with ``-q``."""
        if not self.quiet:
            self.talk_console.print(Text(printable(text), style=style or ""))

    def error(self, text: str, hint: str = "") -> None:
        """Say what went wrong and what to do next; never silent."""
        self.talk_console.print(Text(f"patchkit: {printable(text)}", style="bold red"))
        if hint:
            self.talk_console.print(Text(f"Next: {printable(hint)}"))

    def failure(self, error: Exception) -> None:
        """Say what ended a verb: an error that was expected, of the system, or of patchkit."""
        if isinstance(error, PatchkitError):
            self.error(error.message, error.hint)
        elif isinstance(error, OSError) and error.filename is not None:
            self.error(f"{os.fsdecode(error.filename)}: {error.strerror}")
        else:
            if self.verbose:
                self.talk_console.print(Text(printable(traceback.format_exc())))
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.error(
                f"patchkit itself failed: {type(error).__name__}: {error} "
                f"({Path(place.filename).name}:{place.lineno})",
                "this is a defect of patchkit, or of a rule that was added; -v shows where",
            )


class ProgressDisplay:
    """Progress bars on a terminal; elsewhere a plain line where a stage starts and ends."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> ProgressDisplay:
        if self._output.talk_console.is_terminal and not self._output.quiet:
            from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bars

            self._bars = Bars(
                TextColumn("{task.description:<12}"), BarColumn(), TaskProgressColumn(),
                TimeElapsedColumn(), TextColumn("{task.fields[detail]}"),
                console=self._output.talk_console,
            )  # fmt: skip
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Take one report; see patchkit.progress."""
        now = time.monotonic()
        first = stage not in self._started
        self._started.setdefault(stage, now)
        ended = total is not None and done >= total
        if self._bars is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total, detail=detail)
            self._bars.update(self._tasks[stage], completed=done, total=total, detail=detail[:60])
        elif first and not ended:
            self._output.talk(f"{stage}: {detail}" if detail else stage)
        if ended and stage not in self.seconds:
            self.seconds[stage] = now - self._started[stage]
            if self._bars is None:
                self._output.talk(f"{stage}: done in {self.seconds[stage]:.1f} s")

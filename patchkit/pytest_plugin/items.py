# SPDX-License-Identifier: GPL-2.0-only
"""Results of a guest, and findings of the lint, as items of pytest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from patchkit.errors import PatchkitError
from patchkit.pytest_plugin.kernel import BootedKernel, Kernel
from patchkit.results.excerpt import excerpt, printable
from patchkit.results.model import Test
from patchkit.results.verdict import counted

ROOT = "kernel"
LOG_LINES = 100
_GUEST_ENDS = ("crash", "hang", "lost")


class Failed(Exception):
    """An item has failed; the text is everything there is to say."""


class KernelItem(pytest.Item):
    """Something that is known already when pytest comes to run it."""

    seconds: float | None = None

    def runtest(self) -> None:
        """Say how it ended."""
        raise NotImplementedError

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | Any:
        """Return our own text; where in patchkit it was raised says nothing."""
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the heading of a failure."""
        return self.path, None, self.name


class CaseItem(KernelItem):
    """One KTAP case."""

    def __init__(self, *, test: Test, booted: BootedKernel, **more: Any) -> None:
        super().__init__(**more)
        self.test = test
        self.booted = booted
        self.seconds = test.seconds

    def runtest(self) -> None:
        """Pass, fail, skip or xfail as the case did."""
        test = self.test
        if test.status == "skip":
            pytest.skip(printable(test.reason) or "skipped in the guest")
        if test.status == "xfail":
            pytest.xfail(printable(test.reason) or "expected to fail in the guest")
        if test.status == "pass":
            return
        console = excerpt(self.booted.console(), test.name)
        raise Failed(
            "\n".join((
                f"{test.status}: {printable(test.reason)}" if test.reason else test.status,
                *_section("what it said", [printable(line) for line in test.log[-LOG_LINES:]]),
                *_section("the kernel's console meanwhile", console),
                f"run directory: {self.booted.directory}",
            ))
        )  # fmt: skip


class GuestItem(KernelItem):
    """The guest itself: it came to its end, and its kernel had nothing to complain about."""

    def __init__(self, *, booted: BootedKernel, **more: Any) -> None:
        super().__init__(**more)
        self.booted = booted
        self.seconds = booted.run.seconds.get("boot")

    def runtest(self) -> None:
        """Fail with what is on the console."""
        run = self.booted.run
        if run.verdict not in _GUEST_ENDS:
            return
        lines = [f"{run.verdict}: {printable(run.why)}"]
        for crash in run.crashes:
            mixed = " (other text is between its lines)" if crash.interleaved else ""
            title = f"line {crash.line} of the console: {crash.kind}{mixed}"
            lines += _section(title, [printable(line) for line in crash.context])
        if not run.crashes:
            lines += _section("the end of the console", self.booted.console()[-LOG_LINES:])
        raise Failed("\n".join((*lines, f"run directory: {self.booted.directory}")))


class FindingItem(KernelItem):
    """One finding of the lint, which is a failure; or that there is none, which is not."""

    def __init__(self, *, finding: dict[str, Any] | None, **more: Any) -> None:
        super().__init__(**more)
        self.finding = finding

    def runtest(self) -> None:
        """Fail if there is something."""
        if (found := self.finding) is not None:
            head = f"{found['file']}:{found['line']}: {found['severity']}: {found['message']}"
            raise Failed("\n".join((
                f"{head} [{found['rule']}]", *(f"  {step}" for step in found["path"]),
                f"patchkit explain {found['rule']} says what it is about",
            )))  # fmt: skip


class KernelCollector(pytest.Collector):
    """All that a session has about its kernel."""

    def __init__(self, *, kernel: Kernel, **more: Any) -> None:
        super().__init__(**more)
        self.kernel = kernel

    def collect(self) -> Iterator[pytest.Item]:
        """Boot the kernel, unless another worker has, and yield what came of it."""
        if self.kernel.request.tests:
            booted = self.kernel.booted()
            yield self._item(GuestItem, "guest", booted=booted)
            for test in counted(booted.run.judged):
                yield self._item(CaseItem, test.name, test=test, booted=booted)
        if self.kernel.request.lint:
            yield from self._findings()

    def _findings(self) -> Iterator[pytest.Item]:
        findings = self.kernel.findings()
        if not findings:
            yield self._item(FindingItem, "lint: clean", finding=None)
        seen: dict[str, int] = {}
        for finding in findings:
            # No line number: a finding keeps its name when lines move.
            name = f"lint: {finding['rule']}: {finding['file']}: {finding['function']}"
            seen[name] = seen.get(name, 0) + 1
            again = f"~{seen[name]}" if seen[name] > 1 else ""
            yield self._item(FindingItem, name + again, finding=finding)

    def _item(self, kind: type[KernelItem], name: str, **more: Any) -> pytest.Item:
        clean = printable(name).replace("::", ":")
        place = "::".join((ROOT, *clean.split(": ")))
        item: pytest.Item = kind.from_parent(self, name=clean, nodeid=place, **more)
        return item

    def repr_failure(  # type: ignore[override]  # as pytest.Collector itself overrides it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str | Any:
        """Return what a person can do something about."""
        error = excinfo.value
        if isinstance(error, PatchkitError):
            return printable(error.message) + (f"\nNext: {error.hint}" if error.hint else "")
        return super().repr_failure(excinfo)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"--- {title}", *lines] if lines else []

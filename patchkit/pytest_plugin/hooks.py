# SPDX-License-Identifier: GPL-2.0-only
"""What pytest calls while a session has a kernel."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from patchkit.errors import PatchkitError
from patchkit.pytest_plugin.items import ROOT, KernelCollector, KernelItem
from patchkit.pytest_plugin.kernel import Kernel, KernelRequest
from patchkit.results.excerpt import printable

_SHARED = "patchkit_directory"


class KernelPlugin:
    """One session, or one worker of pytest-xdist, with a kernel."""

    def __init__(self, config: pytest.Config) -> None:
        worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._owner = worker is None
        self._shared = Path(worker[_SHARED] if worker else tempfile.mkdtemp(prefix="patchkit-"))
        self.kernel = Kernel(_request(config), self._shared)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist where what is made once is kept."""
        node.workerinput[_SHARED] = str(self._shared)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add our items, before ``-k`` and the like choose among all."""
        request = self.kernel.request
        if not request.tests and not request.lint:
            return
        collector = KernelCollector.from_parent(session, name=ROOT, nodeid=ROOT, kernel=self.kernel)
        hook = session.ihook
        hook.pytest_collectstart(collector=collector)
        report: pytest.CollectReport = hook.pytest_make_collect_report(collector=collector)
        hook.pytest_collectreport(report=report)
        if report.passed:
            found = [item for item in report.result if isinstance(item, pytest.Item)]
            for item in found:
                hook.pytest_itemcollected(item=item)
            items.extend(found)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give a case the time that it took in the guest."""
        report = yield
        if isinstance(item, KernelItem) and item.seconds is not None:
            # Reports of setup and teardown are added up with it in JUnit XML.
            report.duration = item.seconds if report.when == "call" else 0.0
        return report

    def pytest_report_header(self) -> str:
        """Say which kernel it is."""
        request = self.kernel.request
        if request.run:
            return f"kernel: recorded in {request.run}"
        return f"kernel: {request.tree}" + (
            f" with {', '.join(request.series)}" if request.series else ""
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where everything is, and how to have it again."""
        path = self._shared / "booted.json"
        made = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if directory := made.get("directory"):
            terminalreporter.section("kernel")
            terminalreporter.line(f"run directory: {directory}")
            terminalreporter.line(f"again: {self.kernel.request.command}")

    def pytest_unconfigure(self) -> None:
        """Remove what the workers have shared; run directories stay."""
        if self._owner:
            shutil.rmtree(self._shared, ignore_errors=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self) -> Generator[None, object, object]:
        """Let a fixture of ours fail with a message instead of a trace."""
        try:
            return (yield)
        except PatchkitError as error:
            told = printable(error.message) + (f"\nNext: {error.hint}" if error.hint else "")
        return pytest.fail(told, pytrace=False)


def _request(config: pytest.Config) -> KernelRequest:
    """Read the options."""
    option = config.getoption
    run, templates = option("kernel_run"), option("kernel_templates")
    return KernelRequest(
        tree=option("kernel_tree"),
        series=_names(option("kernel_series")),
        targets=_names(option("kernel_targets")),
        arch=option("kernel_arch"),
        accelerator=option("kernel_accel"),
        profile=option("kernel_profile"),
        lint=option("kernel_lint"),
        run=Path(run).resolve() if run else None,
        templates=Path(templates) if templates else None,
    )


def _names(given: list[str]) -> tuple[str, ...]:
    """Return names that were given one by one or with commas between them."""
    return tuple(name for text in given for name in text.split(",") if name)

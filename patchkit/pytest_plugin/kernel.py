# SPDX-License-Identifier: GPL-2.0-only
"""The kernel of a pytest session, made once however many workers there are."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from patchkit import pipeline
from patchkit.boot.accel import Choice
from patchkit.commits.branch import default_branch
from patchkit.commits.repo import lent_identity
from patchkit.commits.status import planning_base
from patchkit.commits.transaction import ApplyRequest, apply
from patchkit.errors import ConflictError, NothingRanError, PatchkitError, UserError
from patchkit.lint.session import LintRequest, lint
from patchkit.paths import data_directory
from patchkit.pipeline import TestRequest
from patchkit.results.excerpt import read_console
from patchkit.results.record import CONSOLE, Run, read_run
from patchkit.series.plan import plan
from patchkit.series.wishes import Wishes, wishes
from patchkit.tree.resolve import OWN, repository_of
from patchkit.tree.source import DirectoryTree, GitTree, Tree


@dataclass(frozen=True, slots=True)
class KernelRequest:
    """What the options of a session ask for."""

    tree: str
    series: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    arch: str = ""
    accelerator: Choice = "auto"
    profile: Literal["default", "debug"] = "default"
    lint: bool = False
    run: Path | None = None
    templates: Path | None = None

    @property
    def tests(self) -> bool:
        """Whether there is anything to boot for."""
        return bool(self.run or self.series or self.targets)

    @property
    def command(self) -> str:
        """The command line that does the same without pytest."""
        words = ["patchkit", "test", *self.series, "--tree", self.tree]
        words += ["--targets", *self.targets] if self.targets else []
        words += ["--accel", self.accelerator] if self.accelerator != "auto" else []
        words += ["--profile", self.profile] if self.profile != "default" else []
        if self.templates:
            words += ["--templates", os.fspath(self.templates), "--trust-templates"]
        return shlex.join(words)


@dataclass(frozen=True, slots=True)
class BuiltKernel:
    """A kernel that has been built; its files stay in *directory*."""

    directory: Path
    image: Path
    config: Path
    commit: str
    """Full id; empty for a directory."""


@dataclass(frozen=True, slots=True)
class BootedKernel:
    """A kernel that has been booted with its tests, to its end."""

    directory: Path
    run: Run

    def console(self) -> list[str]:
        """Return the lines of its log."""
        return read_console(self.directory / CONSOLE)


class Kernel:
    """Makes each thing when it is first asked for, and once for all workers.

    *shared* is a directory that all workers see. An error is shared like a result: what failed for
    one worker is not tried again by the next.
    """

    def __init__(self, request: KernelRequest, shared: Path) -> None:
        self.request = request
        self.shared = shared
        self._trees: dict[str, Tree] = {}

    def _once(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        path = self.shared / f"{name}.json"
        with FileLock(self.shared / f"{name}.lock"):
            if not path.exists():
                try:
                    made = make()
                except PatchkitError as error:
                    made = {"error": error.message, "hint": error.hint}
                path.write_text(json.dumps(made), encoding="utf-8")
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if "error" in value:
            raise PatchkitError(value["error"], hint=value["hint"])
        return value

    # -- Trees

    def tree(self) -> Tree:
        """Return the tree as it is; fetches a Debian tree on first use."""
        if not self.request.tree:
            raise UserError("no tree was named", hint="pytest --kernel-tree TREE")
        found = self._once("tree", self._find_tree)
        return self._open(found, "base")

    def patched_tree(self) -> Tree:
        """Return the tree with the series on it; the same as tree() when there are none."""
        self.tree()
        return self._open(self._once("patched", self._apply), "revision")

    def commits(self) -> tuple[Path, str, str]:
        """Return the repository, the commit of the tree and that of the patched tree.

        UserError when the tree is not in git.
        """
        self.patched_tree()
        found, made = self._once("tree", self._find_tree), self._once("patched", self._apply)
        if found["repository"] is None:
            raise UserError(f"{self.request.tree}: not a git repository, so it has no commits")
        return Path(found["repository"]), found["base"], made["revision"]

    def _find_tree(self) -> dict[str, Any]:
        repository = repository_of(self.request.tree)
        if repository is None:
            return {"repository": None, "base": None}
        branch = default_branch(self.request.series) if self.request.series else ""
        base = planning_base(repository, branch, "HEAD") if branch else "HEAD"
        with GitTree(repository, base) as tree:
            return {"repository": os.fspath(repository), "base": tree.commit}

    def _open(self, found: dict[str, Any], which: str) -> Tree:
        if which not in self._trees:
            where, revision = found["repository"], found[which]
            self._trees[which] = (
                DirectoryTree(Path(self.request.tree), name=self.request.tree)
                if where is None
                else GitTree(Path(where), revision, name=self.request.tree)
            )
        return self._trees[which]

    def _apply(self) -> dict[str, Any]:
        found = self._once("tree", self._find_tree)
        if not self.request.series:
            return {"repository": found["repository"], "revision": found["base"]}
        if found["repository"] is None:
            raise UserError(
                f"{self.request.tree}: not a git repository, so a series cannot be applied to it"
            )
        made = plan(
            self.tree(), self.request.series, templates=self.request.templates,
            trust=self.request.templates is not None,
        )  # fmt: skip
        if made.conflicts:
            first = made.conflicts[0]
            raise ConflictError(f"{first.series}/{first.id} does not fit: {first.conflict}")
        repository = Path(found["repository"])
        own = self.request.tree.startswith(OWN)
        with _environment(lent_identity(repository) if own else {}):
            result = apply(ApplyRequest(repository, found["base"], made))
        return {"repository": found["repository"], "revision": result.after or result.base}

    # -- Kernels

    def built(self) -> BuiltKernel:
        """Build the patched tree."""
        if self.request.run:
            return _built(self.request.run, read_run(self.request.run).commit)
        made = self._once("built", self._build)
        return _built(Path(made["directory"]), made["commit"])

    def _build(self) -> dict[str, Any]:
        built = pipeline.build(self._test_request(targets=()))
        return {"directory": os.fspath(built.directory), "commit": built.commit}

    def booted(self) -> BootedKernel:
        """Build, boot and test."""
        directory = self.request.run
        if directory is None:
            directory = Path(self._once("booted", self._boot)["directory"])
        return BootedKernel(directory, read_run(directory))

    def _boot(self) -> dict[str, Any]:
        targets = self.targets()
        if not targets:
            raise NothingRanError(
                "there is nothing to boot for: no series and no selftests target was named",
                hint="pytest --kernel-series SERIES, or --kernel-targets TARGET",
            )
        result = pipeline.test(self._test_request(targets))
        return {"directory": os.fspath(result.run_directory)}

    def targets(self) -> tuple[str, ...]:
        """Return the kselftest targets: those asked for, or those that the series bring."""
        return self.request.targets or self.wishes().targets

    def wishes(self) -> Wishes:
        """Return what the series want of their guest."""
        templates = self.request.templates or data_directory("templates")
        return wishes(templates, self.request.series)

    def _test_request(self, targets: tuple[str, ...]) -> TestRequest:
        self.patched_tree()
        found = self._once("patched", self._apply)
        asked, wanted = self.request, self.wishes()
        return TestRequest(
            Path(found["repository"] or asked.tree), found["revision"], targets, asked.arch,
            asked.profile == "debug", asked.accelerator, memory=wanted.memory,
            append=wanted.append, reproduce=asked.command,
        )  # fmt: skip

    # -- Lint

    def findings(self) -> list[dict[str, Any]]:
        """Return what the lint finds; with a series only what is not there without it."""
        made: list[dict[str, Any]] = self._once("lint", self._lint)["findings"]
        return made

    def _lint(self) -> dict[str, Any]:
        since = ""
        if self.request.series:
            since = self._once("tree", self._find_tree)["base"]
        report = lint(LintRequest(self.patched_tree(), since=since))
        return {
            "findings": [
                {
                    "rule": finding.rule, "severity": finding.severity, "file": finding.file,
                    "line": finding.line, "function": finding.function,
                    "message": finding.message,
                    "path": [f"{step.file}:{step.line}: {step.what}" for step in finding.path],
                }
                for finding in report.findings
            ]
        }  # fmt: skip


def _built(directory: Path, commit: str) -> BuiltKernel:
    """Return the kernel in a run directory; its image is what is neither text nor archive."""
    images = [path for path in directory.iterdir() if path.name.endswith("Image")]
    if len(images) != 1:
        raise UserError(f"{directory}: it should have one kernel image, and has {len(images)}")
    return BuiltKernel(directory, images[0], directory / "config", commit)


@contextlib.contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Have more in the environment for a while; pytest's own process goes on with it."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

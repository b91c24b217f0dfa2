# SPDX-License-Identifier: GPL-2.0-only
"""From a tree to a verdict: the stages build, boot and results, one after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from patchkit import __version__
from patchkit.boot.accel import Choice, qemu_version
from patchkit.boot.initramfs import compile_init, initramfs, library_finder
from patchkit.boot.session import BootRequest, BootResult, boot
from patchkit.boot.vm import Clocks
from patchkit.build import kconfig, kernel, selftests
from patchkit.build.arch import Arch, load_arch, native_arch
from patchkit.build.fragments import Dropped
from patchkit.build.selftests import Selftest, SelftestsResult
from patchkit.build.source import hold, materialise
from patchkit.build.toolchain import Toolchain, detect
from patchkit.errors import NothingRanError, TreeError
from patchkit.files import replace_file
from patchkit.paths import cache_directory
from patchkit.progress import Progress, no_progress
from patchkit.results.coverage import Coverage, added_lines, measure, unpack
from patchkit.results.junit import write_junit
from patchkit.results.ktap import Parser
from patchkit.results.page import write_page
from patchkit.results.record import Run, banner, verdict_json, write_run
from patchkit.results.verdict import Verdict, judge
from patchkit.tree.git import git

TCG_SCALE = 2.0
"""How much longer a test may take in an emulated guest than its ``settings`` say."""
DEBUG_SCALE = 4.0
"""The same for a kernel with KASAN and lockdep."""
_START_SECONDS = 300.0
_UNLIMITED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class TestRequest:
    """A tree to build and test."""

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for one of its own

    tree: Path
    """A git repository of any kind, or with *revision* None a directory that is built as it is."""
    revision: str | None
    targets: tuple[str, ...] = ()
    """kselftest targets; none for a build without tests."""
    arch: str = ""
    """Empty for this machine's."""
    debug: bool = False
    accelerator: Choice = "auto"
    clocks: Clocks | None = None
    """None for limits that follow from the tests."""
    timeout: float = 0
    """Seconds for the whole guest, over what *clocks* say; 0 for no change."""
    jobs: int = 0
    """0 for as many as there are processors."""
    fragments: tuple[Path, ...] = ()
    """More configuration, with the last word."""
    accept_dropped: bool = False
    ccache: bool = True
    nice: int = 0
    cpus: int = 2
    memory: str = ""
    append: tuple[str, ...] = ()
    counted_since: str = ""
    """Measure what is executed of the lines that were added since this revision; empty for none."""
    reproduce: str = ""
    """The command that asks for just this; kept with the results."""


@dataclass(frozen=True, slots=True)
class Built:
    """A kernel, and its tests if there are any, copied to where they stay."""

    directory: Path
    image: Path
    config: Path
    tests: tuple[Selftest, ...]
    initramfs: Path | None
    commit: str
    """Full id; empty for a directory."""
    tree_id: str
    toolchain: Toolchain
    dropped: tuple[Dropped, ...]
    """Options that a fragment marks optional and this tree does not have."""
    steps: int
    """Files that were made; 0 when all was there."""
    build_directory: Path
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestResult:
    """A tree that has been tested."""

    __test__: ClassVar[bool] = False

    verdict: Verdict
    built: Built
    booted: BootResult
    reproduce: str
    seconds: Mapping[str, float]
    """Where the time went: ``source``, ``configure``, ``build``, ``selftests``, ``kvm-probe`` (only
    where KVM turned out not to work), ``boot`` (to init's first word) and ``tests``."""
    coverage: Coverage | None = None
    """None when it was not asked for, or the guest ended before its counters were read."""

    @property
    def run_directory(self) -> Path:
        """Where everything about this run is."""
        return self.built.directory

    def as_json(self) -> dict[str, Any]:
        """Return what ``test --format json`` prints; docs/json.md describes it."""
        return {
            "schema": 1,
            **verdict_json(self.verdict),
            "accelerator": self.booted.accelerator,
            "accelerator_why": self.booted.why,
            "qemu_died": self.booted.qemu_died,
            "console": os.fspath(self.booted.console),
            "run_directory": os.fspath(self.run_directory),
            "reproduce": self.reproduce,
            "dropped": [str(entry) for entry in self.built.dropped],
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            **(
                {}
                if self.coverage is None
                else {"coverage": msgspec.to_builtins(self.coverage.files)}
            ),
        }


def test(request: TestRequest, progress: Progress = no_progress) -> TestResult:
    """Build the kernel and its tests, boot them, and return the verdict.

    The run directory has the console's log, the results (``results.ktap``, ``results.json``,
    ``junit.xml`` and as a page, ``index.html``), the configuration, the kernel, the initramfs,
    ``metadata.json`` and the commands that repeat it all.

    Raises what build() raises, NothingRanError when no target is asked for, and
    InfrastructureError when QEMU cannot be started. A guest that crashes or hangs is a verdict.
    """
    if not request.targets:
        raise NothingRanError(
            "there are no tests to run: no selftests target was named",
            hint="name a series that brings one, or use --targets TARGET",
        )
    built = build(request, progress)
    assert built.initramfs is not None
    clocks = request.clocks or default_clocks(built.tests, _scale(request), debug=request.debug)
    if request.timeout:
        clocks = dataclasses.replace(clocks, total=request.timeout)
    parser = Parser(recover=False)

    def follow(data: bytes) -> None:
        parser.feed(data)
        progress("tests", min(parser.done, len(built.tests) - 1), len(built.tests), parser.current)

    progress("tests", 0, len(built.tests), "waiting for the guest")
    booted = boot(
        BootRequest(
            arch_of(request), built.image, built.initramfs, built.directory,
            request.accelerator, clocks, request.cpus, request.memory, request.append,
            bool(request.counted_since),
        ),
        progress, follow,
    )  # fmt: skip
    verdict = judge(
        parser.end(),
        declared=[f"{test.target}: {test.name}" for test in built.tests],
        crashes=booted.vm.crashes, vm=booted.vm, clocks=clocks,
    )  # fmt: skip
    progress("tests", len(built.tests), len(built.tests), f"{verdict.word}: {verdict.why}")
    vm = booted.vm
    ready = vm.ready_seconds if vm.ready_seconds is not None else vm.seconds
    seconds = dict(built.seconds)
    if booted.probe_seconds:
        seconds["kvm-probe"] = booted.probe_seconds
    seconds |= {"boot": ready, "tests": vm.seconds - ready}
    coverage = _coverage(request, built, booted)
    result = TestResult(verdict, built, booted, request.reproduce, seconds, coverage)
    write_junit(verdict, built.directory / "junit.xml", name=" ".join(request.targets))
    (built.directory / "qemu.sh").write_text(f"#!/bin/sh\nexec {booted.command}\n")
    _write_metadata(built.directory, request, built, result)
    record = _record(request, result)
    write_run(record, built.directory)
    write_page(record, built.directory)
    return result


def _added(request: TestRequest) -> dict[str, frozenset[int]]:
    """Return the lines whose execution is counted."""
    if not request.counted_since:
        return {}
    assert request.revision is not None
    words = ("diff", "--unified=0", "--no-ext-diff", "--no-textconv", "--no-renames")
    diff = git(request.tree, *words, request.counted_since, request.revision, "--")
    return added_lines(diff.decode("utf-8", "replace"))


def _coverage(request: TestRequest, built: Built, booted: BootResult) -> Coverage | None:
    """Read the guest's counters, if it came to its end."""
    if booted.counters is None or booted.vm.exit_status is None:
        return None
    directory = built.directory / "coverage"
    found = unpack(booted.counters, built.build_directory, directory)
    coverage = measure(found, f"{arch_of(request).prefix}gcov", _added(request))
    shutil.rmtree(directory, ignore_errors=True)
    document = {"schema": 1, "files": msgspec.to_builtins(coverage.files)}
    replace_file(built.directory / "coverage.json", json.dumps(document, indent=1).encode() + b"\n")
    return coverage


def _record(request: TestRequest, result: TestResult) -> Run:
    """Return everything about a run that is kept with it."""
    verdict, booted, built = result.verdict, result.booted, result.built
    return Run(
        verdict=verdict.word, why=verdict.why, tests=verdict.tests, crashes=verdict.crashes,
        end=booted.vm.end, accelerator=booted.accelerator, accelerator_why=booted.why,
        qemu_died=booted.qemu_died,
        tree=os.fspath(request.tree), commit=built.commit, targets=request.targets,
        profile="debug" if request.debug else "default",
        seconds={name: round(value, 3) for name, value in result.seconds.items()},
        versions={
            "patchkit": __version__, "kernel": banner(booted.console),
            "compiler": built.toolchain.version,
            "qemu": qemu_version(arch_of(request)),
        },
        commands={"reproduce": result.reproduce, "qemu": booted.command},
        dropped=tuple(str(entry) for entry in built.dropped),
    )  # fmt: skip


def build(request: TestRequest, progress: Progress = no_progress) -> Built:
    """Build the kernel and the tests of *request* into a run directory of their own.

    Raises OptionsDropped, BuildFailed (the tree does not build: the answer is no), TreeError,
    NothingRanError (no such target, no tests in it) and InfrastructureError.
    """
    arch = arch_of(request)
    toolchain = detect(arch, ccache=request.ccache, nice=request.nice)
    jobs = request.jobs or len(os.sched_getaffinity(0))
    started = time.monotonic()
    with _source(request, progress) as (source, parent, commit, tree_id):
        seconds = {"source": time.monotonic() - started}
        selftests.check_targets(source, request.targets)
        run = _run_directory(request, commit)
        _write_metadata(run, request)
        made = kernel.build(
            kernel.BuildRequest(
                source, parent, arch, toolchain,
                (
                    *kconfig.fragments_for(
                        arch, debug=request.debug, coverage=bool(request.counted_since)
                    ),
                    *selftests.config_fragments(source, request.targets),
                    *request.fragments,
                ),
                jobs, tree_id, request.accept_dropped, tuple(_added(request)),
            ),
            progress,
        )  # fmt: skip
        seconds |= made.seconds
        image = run / made.image.name
        config = run / "config"
        shutil.copyfile(made.image, image)
        shutil.copyfile(made.config, config)
        tests: tuple[Selftest, ...] = ()
        archive: Path | None = None
        if request.targets:
            installed = selftests.build_selftests(
                selftests.SelftestsRequest(
                    source, made.directory, arch, toolchain, request.targets, jobs, tree_id
                ),
                progress,
            )
            seconds["selftests"] = installed.seconds
            tests = installed.tests
            archive = run / "initramfs.cpio"
            _write_initramfs(archive, installed, toolchain, _scale(request))
    return Built(
        run, image, config, tests, archive, commit, tree_id, toolchain, made.dropped, made.steps,
        made.directory, seconds,
    )  # fmt: skip


def default_clocks(tests: tuple[Selftest, ...], scale: float, *, debug: bool = False) -> Clocks:
    """Return limits that let every test use the time that its target's ``settings`` give it."""
    needed = sum((test.timeout or _UNLIMITED_SECONDS) * scale for test in tests)
    usual = Clocks()
    slower = DEBUG_SCALE if debug else 1.0
    return dataclasses.replace(
        usual,
        first_byte=usual.first_byte * slower,
        ready=usual.ready * slower,
        silence=usual.silence * slower,
        total=_START_SECONDS * slower + needed,
    )


def _write_initramfs(
    path: Path, installed: SelftestsResult, toolchain: Toolchain, scale: float
) -> None:
    init = compile_init(toolchain)
    finder = library_finder(toolchain)
    path.write_bytes(initramfs(init, installed.install, installed.tests, finder, scale=scale))


def arch_of(request: TestRequest) -> Arch:
    """Return the architecture to build for; UserError when patchkit does not know it."""
    return load_arch(request.arch) if request.arch else native_arch()


def _scale(request: TestRequest) -> float:
    """Return by how much the limits of tests grow; whether KVM works is not known here yet."""
    emulated = 1.0 if request.accelerator == "kvm" else TCG_SCALE
    return emulated * (DEBUG_SCALE if request.debug else 1.0)


@contextlib.contextmanager
def _source(request: TestRequest, progress: Progress) -> Iterator[tuple[Path, Path, str, str]]:
    """Hold the sources; yields them, where build directories belong, and the ids of the commit."""
    if request.revision is not None:
        with materialise(request.tree, request.revision, progress=progress) as source:
            yield source.path, source.slot, source.commit, source.tree_id
        return
    root = request.tree.resolve()
    if (root / ".config").exists() or (root / "include" / "config").exists():
        raise TreeError(
            f"{root}: it has been built or configured in place, and then the kernel's rules "
            "refuse a build elsewhere",
            hint=f"make -C {root} mrproper (this deletes its .config)",
        )
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    parent = cache_directory() / "builds" / f"{root.name}-{digest}"
    parent.mkdir(parents=True, exist_ok=True)
    with hold(parent):
        yield root, parent, "", ""


def _run_directory(request: TestRequest, commit: str) -> Path:
    """Make a new directory that sorts by time."""
    root = cache_directory() / "runs"
    root.mkdir(parents=True, exist_ok=True)
    what = commit[:12] or request.tree.name
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{what}"
    number = 0
    while True:
        path = root / (f"{stem}-{number}" if number else stem)
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
            continue
        return path


def _write_metadata(
    run: Path,
    request: TestRequest,
    built: Built | None = None,
    result: TestResult | None = None,
) -> None:
    """Write what the run is about: at its start, and again with its outcome."""
    facts: dict[str, Any] = {
        "schema": 1,
        "patchkit": __version__,
        "state": "done" if result else "started",
        "tree": os.fspath(request.tree),
        "revision": request.revision,
        "targets": list(request.targets),
        "debug": request.debug,
        "reproduce": request.reproduce,
    }
    if built is not None:
        facts |= {
            "commit": built.commit,
            "tree_id": built.tree_id,
            "compiler": built.toolchain.version,
            "ccache": built.toolchain.ccache,
            "build_directory": os.fspath(built.build_directory),
        }
    if result is not None:
        vm = result.booted.vm
        facts |= {
            "qemu": result.booted.command,
            "end": vm.end,
            "qemu_status": vm.returncode,
            "init_status": vm.exit_status,
            "qemu_stderr": vm.stderr,
        }
    replace_file(run / "metadata.json", json.dumps(facts, indent=2).encode() + b"\n")
    if request.reproduce:
        (run / "reproduce.sh").write_text(f"#!/bin/sh\nexec {request.reproduce}\n")

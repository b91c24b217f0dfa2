# SPDX-License-Identifier: GPL-2.0-only
"""Debian's own kernels, built and booted: minutes the first time, seconds after that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from patchkit import pipeline
from patchkit.boot.vm import Clocks
from patchkit.build.fragments import read_config
from patchkit.pipeline import TestRequest, TestResult
from patchkit.tree.source import GitTree

pytestmark = [pytest.mark.boot, pytest.mark.prove]

TARGET = "membarrier"
"""Small, in C alone, and in every tree; it asks nothing of the kernel that ours does not have."""


def run(tree: GitTree, **more: object) -> TestResult:
    fields: dict[str, object] = {"revision": tree.commit, "targets": (TARGET,), **more}
    return pipeline.test(TestRequest(tree.repository, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["6.12"])
def test_a_kernel_as_debian_has_it_passes_its_own_tests(
    real_tree: Callable[[str], GitTree], version: str
) -> None:
    result = run(real_tree(version))
    assert result.verdict.word == "pass", result.verdict.why
    names = {item.name for item in result.verdict.tests}
    assert "membarrier: membarrier_test_single_thread" in names
    assert any(name.startswith("membarrier: membarrier_test_single_thread: ") for name in names)
    assert "Brought up 1 node, 2 CPUs" in result.booted.console.read_text(errors="replace")
    assert result.built.dropped == ()
    options = read_config(result.built.config)
    assert len(options) < 700, "the configuration has grown, and so has every build"


@pytest.mark.parametrize("version", ["6.12"])
def test_a_kernel_that_finds_no_init_is_a_crash_in_bounded_time(
    real_tree: Callable[[str], GitTree], version: str
) -> None:
    result = run(real_tree(version), append=("rdinit=/nowhere", "init=/nowhere"))
    assert result.verdict.word == "crash"
    assert "Kernel panic" in result.verdict.why
    assert result.booted.vm.end in ("exited", "panic")  # not a clock


@pytest.mark.parametrize("version", ["6.12"])
def test_a_guest_that_never_gets_to_its_tests_says_where_it_stands(
    real_tree: Callable[[str], GitTree], version: str
) -> None:
    # The kernel waits for a root file system on a disk that is not there.
    result = run(
        real_tree(version),
        append=("rdinit=/nowhere", "root=/dev/sda", "rootwait"),
        clocks=Clocks(ready=60),
    )
    assert (result.verdict.word, result.booted.vm.end) == ("hang", "ready")
    console = result.booted.console.read_text(errors="replace")
    assert "sending an NMI" in console
    assert "panic" in console.partition("sending an NMI")[2]

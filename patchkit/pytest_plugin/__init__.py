# SPDX-License-Identifier: GPL-2.0-only
"""The pytest plugin: options and fixtures; everything else is imported when they are used.

pytest loads this module in every project of an environment that patchkit is installed in, so it
imports pytest and the standard library alone, and does nothing unless a ``--kernel-…`` option is
given. ``pytest -p no:patchkit`` does not load it at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from patchkit.pytest_plugin.kernel import BootedKernel, BuiltKernel, Kernel
    from patchkit.tree.source import Tree

PLUGIN = "patchkit-kernel"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("patchkit", "kernels (patchkit)")
    group.addoption(
        "--kernel-tree", metavar="TREE", default="",
        help="the kernel under test: a checkout or directory, debian:VERSION or fixture:ERA",
    )  # fmt: skip
    group.addoption(
        "--kernel-series",
        metavar="SERIES",
        action="append",
        default=[],
        help="apply this series first, and run the kselftests that come with it (again for more)",
    )
    group.addoption(
        "--kernel-targets",
        metavar="TARGET",
        action="append",
        default=[],
        help="run this kselftest target (again for more)",
    )
    group.addoption("--kernel-arch", metavar="ARCH", default="", help="default: this machine's")
    group.addoption(
        "--kernel-accel", choices=("auto", "kvm", "tcg"), default="auto",
        help="how QEMU runs the kernel (default: KVM where it works)",
    )  # fmt: skip
    group.addoption(
        "--kernel-profile", choices=("default", "debug"), default="default",
        help="debug: with lockdep, DEBUG_VM and KASAN",
    )  # fmt: skip
    group.addoption(
        "--kernel-lint",
        action="store_true",
        help="one item for each finding of the lint; with a series, for each that it brings",
    )
    group.addoption(
        "--kernel-run",
        metavar="DIRECTORY",
        default="",
        help="take the results from this run directory of patchkit; boot nothing",
    )
    group.addoption(
        "--kernel-templates",
        metavar="DIRECTORY",
        default="",
        help="series that are not patchkit's; naming them here is trusting them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take part only where a kernel is asked for."""
    if config.getoption("kernel_tree") or config.getoption("kernel_run"):
        from patchkit.pytest_plugin.hooks import KernelPlugin

        config.pluginmanager.register(KernelPlugin(config), PLUGIN)


def _kernel(request: pytest.FixtureRequest) -> Kernel:
    plugin = request.config.pluginmanager.get_plugin(PLUGIN)
    if plugin is None:
        pytest.skip("no kernel was named: use --kernel-tree TREE")
    kernel: Kernel = plugin.kernel
    return kernel


@pytest.fixture(scope="session")
def kernel_tree(request: pytest.FixtureRequest) -> Tree:
    """The tree of --kernel-tree as it is: ``kernel_tree.read("mm/mlock.c")``."""
    return _kernel(request).tree()


@pytest.fixture(scope="session")
def patched_tree(request: pytest.FixtureRequest) -> Tree:
    """The tree with --kernel-series applied."""
    return _kernel(request).patched_tree()


@pytest.fixture(scope="session")
def built_kernel(request: pytest.FixtureRequest) -> BuiltKernel:
    """A kernel built from the patched tree: its image, its configuration."""
    return _kernel(request).built()


@pytest.fixture(scope="session")
def booted_kernel(request: pytest.FixtureRequest) -> BootedKernel:
    """The same, booted with its kselftests to the end: results and console."""
    return _kernel(request).booted()

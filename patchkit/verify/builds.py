# SPDX-License-Identifier: GPL-2.0-only
"""Compile, check and keep results, commit by commit, in the one checkout that a repository has."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from patchkit.build.source import Source, materialise
from patchkit.progress import Progress
from patchkit.verify import kerneldoc, sparse
from patchkit.verify.compilers import Compiler
from patchkit.verify.kbuild import Compiled, Kernel, options_text
from patchkit.verify.kerneldoc import Documented
from patchkit.verify.model import Step, VerifyRequest
from patchkit.verify.settings import Flavour
from patchkit.verify.sparse import Checked
from patchkit.verify.store import Store

FORMAT = "2"
"""Part of every key: results of an older form are not looked at."""

T = TypeVar("T", Compiled, Checked, Documented)


class Checkout:
    """The files of one commit, written only when a result is not there already."""

    def __init__(self, enter: Callable[[], Source]) -> None:
        self._enter = enter
        self._source: Source | None = None
        self._kernels: dict[str, Kernel] = {}

    @property
    def source(self) -> Source:
        """The files, which are written now at the latest."""
        if self._source is None:
            self._source = self._enter()
        return self._source

    def kernel(
        self, flavour: Flavour, compiler: Compiler, request: VerifyRequest, progress: Progress
    ) -> Kernel:
        """Return a configured build directory for this commit."""
        if flavour.name not in self._kernels:
            kernel = Kernel(
                self.source, flavour, compiler, jobs=request.jobs, nice=request.nice,
                progress=progress,
            )  # fmt: skip
            kernel.configure()
            self._kernels[flavour.name] = kernel
        return self._kernels[flavour.name]


class Builds:
    """Everything that needs the files of a commit, with results from the store where possible."""

    def __init__(
        self, repository: Path, request: VerifyRequest, store: Store, progress: Progress
    ) -> None:
        self._repository = repository
        self._request = request
        self._store = store
        self._progress = progress
        self.ran = False
        """Whether anything had to be run since this was last set to False."""

    @contextlib.contextmanager
    def at(self, commit: str) -> Iterator[Checkout]:
        """Give access to the files of *commit*, until the context ends."""
        with contextlib.ExitStack() as stack:

            def enter() -> Source:
                self.ran = True
                return stack.enter_context(
                    materialise(
                        self._repository, commit, cache=self._request.cache,
                        progress=self._progress,
                    )
                )  # fmt: skip

            yield Checkout(enter)

    def compiled(
        self,
        checkout: Checkout,
        step: Step,
        flavour: Flavour,
        compiler: Compiler,
        objects: Sequence[str],
    ) -> dict[str, Compiled]:
        """Return what comes of compiling *objects*."""

        def make(missing: list[str]) -> dict[str, Compiled]:
            kernel = checkout.kernel(flavour, compiler, self._request, self._progress)
            return kernel.compile(missing)

        key = ("compile", step.tree, repr(flavour), options_text(), compiler.version)
        return self._cached(Compiled, key, objects, make, keep=lambda result: result.reached)

    def checked(
        self,
        checkout: Checkout,
        step: Step,
        flavour: Flavour,
        compiler: Compiler,
        objects: Sequence[str],
    ) -> dict[str, Checked]:
        """Return what sparse says of *objects*, which have been compiled before."""

        def make(missing: list[str]) -> dict[str, Checked]:
            kernel = checkout.kernel(flavour, compiler, self._request, self._progress)
            program = sparse.find(checkout.source.path, self._store.directory, self._progress)
            return sparse.check(kernel, program, missing)

        # Whether the installed one will do depends on the tree, which is in the key.
        installed = sparse.installed_version()
        key = ("sparse", step.tree, installed, repr(flavour), options_text(), compiler.version)
        return self._cached(Checked, key, objects, make, keep=lambda result: result.ran)

    def documented(
        self, checkout: Checkout, step: Step, files: Sequence[str]
    ) -> dict[str, Documented]:
        """Return what kernel-doc says of *files*."""

        def make(missing: list[str]) -> dict[str, Documented]:
            return kerneldoc.check(checkout.source.path, missing)

        return self._cached(Documented, ("kernel-doc", step.tree), files, make)

    def _cached(
        self,
        kind: type[T],
        key: tuple[str, ...],
        names: Sequence[str],
        make: Callable[[list[str]], dict[str, T]],
        keep: Callable[[T], bool] = lambda _: True,
    ) -> dict[str, T]:
        found: dict[str, T] = {}
        for name in names:
            kept = self._store.get(kind, FORMAT, *key, name)
            if kept is not None:
                found[name] = kept
        missing = [name for name in names if name not in found]
        if missing:
            self.ran = True
            for name, result in make(missing).items():
                found[name] = result
                if keep(result):
                    self._store.put(result, FORMAT, *key, name)
        return found

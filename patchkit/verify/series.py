# SPDX-License-Identifier: GPL-2.0-only
"""The checks that need the files of commits: compilers, sparse, kernel-doc, tests, a kernel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from patchkit.build.arch import load_arch
from patchkit.build.fragments import digest, wanted
from patchkit.build.kconfig import fragments_for
from patchkit.build.toolchain import detect
from patchkit.errors import InfrastructureError
from patchkit.progress import Progress
from patchkit.verify import compare, compilers, kerneldoc, wholes
from patchkit.verify.builds import Builds, Checkout
from patchkit.verify.kbuild import Compiled
from patchkit.verify.kerneldoc import Documented
from patchkit.verify.model import Outcome, Row, Step, VerifyRequest
from patchkit.verify.selection import (
    COVERAGE,
    KERNEL_DOC,
    SPARSE,
    VMA_TESTS,
    VMLINUX,
    direct_objects,
    flavours_for,
    select,
)
from patchkit.verify.settings import Flavour, settings
from patchkit.verify.sparse import Checked
from patchkit.verify.store import Store
from patchkit.verify.touched import files_of, objects, sources_of, steps

T = TypeVar("T")
_ARCH = "x86_64"
"""What a whole kernel is linked for."""


class Timed:
    """A clock that makes a row when it is stopped."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def row(self, check: str, step: Step, outcome: Outcome, *, cached: bool = False) -> Row:
        """Return the row of a check that ends now."""
        seconds = time.monotonic() - self._started
        return Row(check, step.commit, step.subject, outcome.state, outcome.output, seconds, cached)


class _Facts:
    """What was found out about one commit."""

    def __init__(self) -> None:
        self.compiled: dict[str, dict[str, Compiled]] = {}
        self.checked: dict[str, Checked] = {}
        self.documented: dict[str, Documented] = {}
        self.wholes: dict[str, Outcome] = {}
        self.broken: dict[str, Outcome] = {}
        """Checks that could not run, and why."""
        self.seconds: dict[str, float] = {}
        self.fresh: set[str] = set()
        """Checks that had to run something; the others came out of the store."""


class SeriesRun:
    """One invocation of verify on the steps of a series."""

    def __init__(
        self,
        repository: Path,
        base: str,
        picked: Sequence[Step],
        chosen: Sequence[str],
        builds: Builds,
        request: VerifyRequest,
        store: Store,
        progress: Progress,
    ) -> None:
        self._repository = repository
        self._steps = picked
        self._chosen = chosen
        self._builds = builds
        self._request = request
        self._store = store
        self._progress = progress
        self._base = steps(repository, base, [base], each=False)[0]
        self._base_files = frozenset(files_of(repository, base))
        self._flavours = flavours_for(chosen)
        self._oldest_clang = compilers.minimum(repository, base, "llvm")
        self._compilers = {f.name: compilers.find(f, self._oldest_clang) for f in self._flavours}

    def rows(self) -> list[Row]:
        """Run everything and return the rows, in no particular order."""
        found: list[tuple[Step, _Facts]] = []
        for number, step in enumerate(self._steps):
            self._progress("verify", number, len(self._steps) + 1, step.subject)
            found.append((step, self._examine(step, last=step is self._steps[-1])))
        self._progress("verify", len(self._steps), len(self._steps) + 1, "the base")
        before = self._examine_base([facts for _, facts in found])
        rows = [row for step, facts in found for row in self._judge(step, facts, before)]
        self._progress("verify", len(self._steps) + 1, len(self._steps) + 1, "done")
        return rows

    def _try(self, facts: _Facts, check: str, work: Callable[[], T]) -> T | None:
        """Run a check; one that cannot run is noted and does not stop the others."""
        started = time.monotonic()
        self._builds.ran = False
        try:
            return work()
        except InfrastructureError as error:
            hint = f"\n{error.hint}" if error.hint else ""
            facts.broken[check] = Outcome("infrastructure", f"{error.message}{hint}")
            return None
        finally:
            facts.seconds[check] = facts.seconds.get(check, 0.0) + time.monotonic() - started
            if self._builds.ran:
                facts.fresh.add(check)

    def _examine(self, step: Step, *, last: bool) -> _Facts:
        facts = _Facts()
        files = files_of(self._repository, step.commit)
        every = objects(step.changes, files)
        with self._builds.at(step.commit) as checkout:
            if KERNEL_DOC in self._chosen:
                documented = self._try(
                    facts, KERNEL_DOC,
                    lambda: self._builds.documented(checkout, step, sources_of(step.changes)),
                )  # fmt: skip
                facts.documented = documented or {}
            for flavour in self._flavours:
                if last or not flavour.once:
                    self._compile(checkout, step, flavour, every, facts, last=last)
            if VMA_TESTS in self._chosen and f"{wholes.VMA_TESTS}/Makefile" in files:
                self._vma_tests(checkout, step, facts)
            if VMLINUX in self._chosen and last:
                self._vmlinux(checkout, step, facts)
        return facts

    def _compile(
        self,
        checkout: Checkout,
        step: Step,
        flavour: Flavour,
        every: Sequence[str],
        facts: _Facts,
        *,
        last: bool,
    ) -> None:
        names = select(flavour, step.changes, every, facts.compiled)
        if not names:
            return
        compiler = self._compilers[flavour.name]
        if compiler is None:
            text = compilers.missing(flavour, self._oldest_clang)
            facts.broken[flavour.name] = Outcome("infrastructure", text)
            return
        found = self._try(
            facts, flavour.name,
            partial(self._builds.compiled, checkout, step, flavour, compiler, names),
        )  # fmt: skip
        facts.compiled[flavour.name] = found or {}
        built = [name for name, result in (found or {}).items() if result.built]
        if not last:
            # What a header makes sparse say elsewhere shows at the end of the series.
            own = direct_objects(step.changes)
            built = [name for name in built if name in own]
        if flavour.sparse and SPARSE in self._chosen and built:
            checked = self._try(
                facts, SPARSE,
                partial(self._builds.checked, checkout, step, flavour, compiler, built),
            )  # fmt: skip
            facts.checked = checked or {}

    def _vma_tests(self, checkout: Checkout, step: Step, facts: _Facts) -> None:
        if not wholes.vma_tests_matter(step.changes):
            return
        outcome = self._try(
            facts, VMA_TESTS,
            lambda: self._whole(
                (VMA_TESTS, step.tree),
                lambda: wholes.vma_tests(checkout.source, self._request.jobs),
            ),
        )  # fmt: skip
        if outcome is not None:
            facts.wholes[VMA_TESTS] = outcome

    def _vmlinux(self, checkout: Checkout, step: Step, facts: _Facts) -> None:
        def work() -> Outcome:
            arch = load_arch(_ARCH)
            toolchain = detect(arch, nice=self._request.nice)
            options = digest(wanted(fragments_for(arch)).values())
            return self._whole(
                (VMLINUX, step.tree, options, toolchain.id),
                lambda: wholes.vmlinux(
                    checkout.source, arch, toolchain, self._request.jobs, self._progress
                ),
            )

        outcome = self._try(facts, VMLINUX, work)
        if outcome is not None:
            facts.wholes[VMLINUX] = outcome

    def _whole(self, key: tuple[str, ...], work: Callable[[], Outcome]) -> Outcome:
        kept = self._store.get(Outcome, *key)
        if kept is not None:
            return kept
        self._builds.ran = True
        outcome = work()
        if outcome.state != "infrastructure":
            self._store.put(outcome, *key)
        return outcome

    def _examine_base(self, found: Sequence[_Facts]) -> _Facts:
        """Look at the base as far as the commits give reason to."""
        before = _Facts()
        base = self._base
        with self._builds.at(base.commit) as checkout:
            for flavour in self._flavours:
                compiler = self._compilers[flavour.name]
                suspects = self._in_base(
                    name
                    for facts in found
                    for name, result in facts.compiled.get(flavour.name, {}).items()
                    if result.warnings or not result.built
                )
                if suspects and compiler is not None:
                    compiled = self._try(
                        before, flavour.name,
                        partial(self._builds.compiled, checkout, base, flavour, compiler, suspects),
                    )  # fmt: skip
                    before.compiled[flavour.name] = compiled or {}
                noisy = self._in_base(
                    name for facts in found for name, r in facts.checked.items() if r.warnings
                )
                if flavour.sparse and noisy and compiler is not None:
                    checked = self._try(
                        before, SPARSE,
                        partial(self._builds.checked, checkout, base, flavour, compiler, noisy),
                    )  # fmt: skip
                    before.checked = checked or {}
            files = sorted(
                {
                    name
                    for facts in found
                    for name, result in facts.documented.items()
                    if result.warnings and name in self._base_files
                }
            )
            if files:
                documented = self._try(
                    before, KERNEL_DOC, lambda: self._builds.documented(checkout, base, files)
                )
                before.documented = documented or {}
        return before

    def _in_base(self, names: Iterable[str]) -> list[str]:
        return sorted({name for name in names if f"{name[:-2]}.c" in self._base_files})

    def _judge(self, step: Step, facts: _Facts, before: _Facts) -> list[Row]:
        outcomes: dict[str, Outcome] = dict(facts.wholes)
        for flavour in self._flavours:
            now = facts.compiled.get(flavour.name)
            if now and flavour.name in self._chosen:
                base = before.compiled.get(flavour.name, {})
                outcomes[flavour.name] = compare.judge_objects(now, base).outcome
        if facts.checked:
            outcomes[SPARSE] = compare.judge_sparse(facts.checked, before.checked)
        if facts.documented:
            outcomes[KERNEL_DOC] = kerneldoc.judge(facts.documented, before.documented)
        for source in (before.broken, facts.broken):
            outcomes.update({name: why for name, why in source.items() if name in self._chosen})
        uncovered = self._uncovered(step, facts.compiled)
        if uncovered:
            text = "\n".join(["no check compiles", *uncovered])
            outcomes[COVERAGE] = Outcome("infrastructure", text)
        return [
            Row(
                check, step.commit, step.subject, outcome.state, outcome.output,
                facts.seconds.get(check, 0.0), check not in facts.fresh,
            )
            for check, outcome in outcomes.items()
        ]  # fmt: skip

    def _uncovered(self, step: Step, compiled: Mapping[str, Mapping[str, Compiled]]) -> list[str]:
        """Return the changed sources that nothing compiled, when all flavours were asked for."""
        if len(self._flavours) < len(settings().flavour) or not compiled:
            return []
        built = {
            name
            for results in compiled.values()
            for name, result in results.items()
            if result.built
        }
        return [name for name in direct_objects(step.changes) if name not in built]

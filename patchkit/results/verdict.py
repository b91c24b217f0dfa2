# SPDX-License-Identifier: GPL-2.0-only
"""One word for a whole run: the worst of everything that is known about it.

A guest that prints ``ok`` after an oops has not passed, nor has one that ended before its last
test, nor one whose tests were all skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from patchkit.boot.crashes import Crash, Scanner
from patchkit.boot.vm import Clocks, VmResult
from patchkit.errors import ExitCode
from patchkit.results.ktap import Parser
from patchkit.results.model import Results, Test

Word = Literal["pass", "fail", "crash", "hang", "lost", "nothing-ran"]

EXIT_CODES: dict[Word, ExitCode] = {
    "pass": ExitCode.YES,
    "fail": ExitCode.NO,
    "crash": ExitCode.NO,
    "hang": ExitCode.NO,
    "lost": ExitCode.INFRASTRUCTURE,
    "nothing-ran": ExitCode.NOTHING_RAN,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer."""

    word: Word
    why: str
    """One sentence for a person."""
    tests: tuple[Test, ...]
    crashes: tuple[Crash, ...]

    @property
    def exit_code(self) -> ExitCode:
        """What a verb that gives this verdict exits with."""
        return EXIT_CODES[self.word]


def judge(
    results: Results,
    *,
    declared: Iterable[str] = (),
    crashes: Sequence[Crash] = (),
    vm: VmResult | None = None,
    clocks: Clocks | None = None,
) -> Verdict:
    """Return the verdict on *results*.

    *declared* are the outermost tests that must have run: one that never reported is missing, and
    one that was skipped has not passed. *vm* is how the guest ended, None when there is just a log.
    *clocks* are only for the sentence.
    """
    declared = tuple(declared)
    tests = results.tests()
    names = {test.name for test in tests}
    lacking = [name for name in dict.fromkeys(declared) if name not in names]
    tests = _without_placeholders(tests, len(lacking)) + tuple(
        Test(name, "missing", "it was asked for and never reported", None, 0, True)
        for name in lacking
    )
    word, why = _worst(results, tests, crashes, vm, clocks or Clocks())
    skipped = [test for test in tests if test.status == "skip" and test.name in declared]
    if word == "pass" and skipped:
        word, why = (
            "fail",
            f"{skipped[0].name} was asked for and skipped"
            + (f": {skipped[0].reason}" if skipped[0].reason else ""),
        )
    return Verdict(word, why, tests, tuple(crashes))


def _without_placeholders(tests: tuple[Test, ...], lacking: int) -> tuple[Test, ...]:
    """Drop as many of the plan's nameless missing tests as there are names for them now."""
    kept = []
    for test in tests:
        nameless = test.status == "missing" and test.name.startswith("test ") and test.leaf
        if nameless and lacking > 0:
            lacking -= 1
        else:
            kept.append(test)
    return tuple(kept)


def _worst(
    results: Results,
    tests: Sequence[Test],
    crashes: Sequence[Crash],
    vm: VmResult | None,
    clocks: Clocks,
) -> tuple[Word, str]:
    if crashes:
        more = f" (and {len(crashes) - 1} more)" if len(crashes) > 1 else ""
        return "crash", f"{crashes[0].kind}: {crashes[0].title}{more}"
    if vm is not None and (verdict := _guest(vm, clocks)):
        return verdict
    bad = [test for test in tests if test.bad and test.leaf] or [test for test in tests if test.bad]
    if bad:
        more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
        return "fail", f"{bad[0].name}: {bad[0].status}{more}"
    if results.bail:
        return "fail", f"bail out: {results.bail}"
    leaves = [test for test in tests if test.leaf]
    ran = [test for test in leaves if test.status != "skip"]
    if not ran:
        if not leaves:
            return "nothing-ran", results.skipped or "there are no results"
        reason = next((test.reason for test in leaves if test.reason), "")
        return "nothing-ran", f"all {len(leaves)} tests were skipped" + (reason and f": {reason}")
    if vm is not None and vm.exit_status != 0:
        return "fail", f"the guest's init ended with status {vm.exit_status}"
    if vm is None and results.plan is None:
        return "lost", "the log has no plan, so nothing shows that it is whole"
    return "pass", f"{len(ran)} of {len(leaves)} tests passed" + (
        f", {len(leaves) - len(ran)} skipped" if len(leaves) > len(ran) else ""
    )


def _guest(vm: VmResult, clocks: Clocks) -> tuple[Word, str] | None:
    """Return what the guest's end alone makes of it; None when it came to a regular one."""
    if vm.end == "first-byte":
        return "hang", f"the kernel printed nothing within {clocks.first_byte:g} s"
    if vm.end == "ready":
        return "hang", f"the guest did not reach its tests within {clocks.ready:g} s"
    if vm.end == "silence":
        return "hang", f"the guest said nothing for {clocks.silence:g} s"
    if vm.end == "total":
        return "hang", f"the guest was not done after {clocks.total:g} s"
    if vm.end == "panic":
        return "crash", "the kernel panicked"
    if vm.failure:
        return "lost", f"the guest's init could not do its work: {vm.failure}"
    if vm.exit_status is None:
        how = f"QEMU ended with status {vm.returncode}"
        said = vm.stderr.splitlines()[-1:] or [""]
        return "lost", how + " before the last test" + (f": {said[0]}" if said[0] else "")
    if vm.returncode not in (0, None):
        return "lost", f"QEMU ended with status {vm.returncode} after the last test"
    return None


def counted(verdict: Verdict) -> list[Test]:
    """Return what is a case of its own: tests without tests inside, and those that failed although
    none inside them did."""
    tests = verdict.tests
    return [
        test for test in tests
        if test.leaf or (
            test.bad
            and not any(inner.bad and inner.name.startswith(f"{test.name}: ") for inner in tests)
        )
    ]  # fmt: skip


def judge_log(pieces: Iterable[bytes], *, declared: Iterable[str] = ()) -> Verdict:
    """Return the verdict on a log of any kind: KTAP alone, or a console with or without it."""
    parser, scanner = Parser(), Scanner()
    for piece in pieces:
        parser.feed(piece)
        scanner.feed(piece)
    scanner.end()
    return judge(parser.end(), declared=declared, crashes=scanner.crashes)

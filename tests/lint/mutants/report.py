# SPDX-License-Identifier: GPL-2.0-only
"""Tables of a run, and what two runs differ in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mutants.run import Result, Run


def percent(good: int, made: int) -> str:
    return f"{100 * good / made:.1f} %" if made else "–"


def table(results: Sequence[Result], harmless: bool) -> str:
    """Return operator × made, found and missed as a Markdown table."""
    head = (
        ("operator", "made", "unchanged", "changed", "share")
        if harmless
        else ("operator", "made", "found", "missed", "share")
    )
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    chosen = [one for one in results if one.harmless == harmless]
    for operator in sorted({one.operator for one in chosen}):
        lines.append(_row(operator, [one for one in chosen if one.operator == operator]))
    groups: list[tuple[str, Callable[[Result], bool]]] = [("**all**", lambda _: True)]
    if not harmless:
        groups = [
            ("**one function, or with its direct callers**", lambda one: one.reach == "near"),
            ("**further**", lambda one: one.reach == "far"),
            *groups,
        ]
    lines += [_row(name, [one for one in chosen if test(one)]) for name, test in groups]
    return "\n".join(lines)


def _row(name: str, results: Sequence[Result]) -> str:
    made, good = len(results), sum(one.good for one in results)
    return f"| {name} | {made} | {good} | {made - good} | {percent(good, made)} |"


def summary(run: Run) -> str:
    """Return a run's tables and times; nothing that tells one mutant from another."""
    seconds = [one.seconds for one in run.results] or [0.0]
    ordered = sorted(seconds)
    failed = sum(bool(one.failed) for one in run.results)
    return "\n".join(
        (
            f"{run.date} UTC, commit {run.commit}, seed {run.seed}, half: {run.half}",
            "",
            table(run.results, False),
            "",
            table(run.results, True),
            "",
            f"{len(run.results)} mutants in {run.seconds:.0f} s; a mutant: mean "
            f"{sum(seconds) / len(seconds):.3f} s, median {ordered[len(ordered) // 2]:.3f} s, "
            f"slowest {ordered[-1]:.2f} s. First analysis: "
            + ", ".join(f"{tree} {took:.1f} s" for tree, took in sorted(run.build.items()))
            + ". Findings on the pristine trees: "
            + ", ".join(f"{tree} {count}" for tree, count in sorted(run.base.items()))
            + f". Exceptions: {failed}.",
        )
    )


def line(one: Result) -> str:
    """Return one result as a line."""
    mark = "good" if one.good else "FAILED" if one.failed else "bad "
    said = "; ".join([*(f"+{f}" for f in one.more), *(f"-{f}" for f in one.fewer)])
    place = f"{one.tree} {one.path} {one.function}"
    return f"{mark} {one.id} [{one.reach}] {place} {one.seconds:.2f}s {one.failed or said}"


def compare(before: Run, after: Run) -> str:
    """Return what the second run found or lost against the first, by mutant."""
    old = {one.id: one for one in before.results}
    new = {one.id: one for one in after.results}
    both = sorted(set(old) & set(new))

    def listed(name: str, ids: Iterable[str]) -> list[str]:
        chosen = list(ids)
        return [f"{name}: {len(chosen)}", *(f"  {line(new[i])}" for i in chosen)]

    return "\n".join(
        (
            f"{before.commit} ({before.date}) against {after.commit} ({after.date}): "
            f"{len(both)} mutants in both, {len(old) - len(both)} only before, "
            f"{len(new) - len(both)} only after",
            *listed("gained", (i for i in both if new[i].good and not old[i].good)),
            *listed("lost", (i for i in both if old[i].good and not new[i].good)),
        )
    )

# SPDX-License-Identifier: GPL-2.0-only
"""What a commit made worse than its base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from patchkit.verify.kbuild import Compiled
from patchkit.verify.model import Outcome, tail
from patchkit.verify.sparse import Checked


def new_messages(now: Iterable[str], before: Iterable[str]) -> list[str]:
    """Return the messages in *now* that are not in *before*, or are there more often."""
    return sorted((Counter(now) - Counter(before)).elements())


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome for a set of objects, and which of them the configuration does not have."""

    outcome: Outcome
    foreign: tuple[str, ...]


def judge_objects(now: Mapping[str, Compiled], base: Mapping[str, Compiled]) -> Judged:
    """Compare objects: those that do not build at the base either are not of this configuration."""
    problems: list[str] = []
    foreign: list[str] = []
    stuck: list[str] = []
    for name, result in now.items():
        before = base.get(name)
        if result.built:
            known = before.warnings if before is not None else ()
            problems += [f"{name}: new: {text}" for text in new_messages(result.warnings, known)]
        elif before.built if before is not None else result.enabled and result.reached:
            problems += [f"{name} does not build:", *result.output.splitlines()]
        elif result.reached:
            foreign.append(name)
        else:
            stuck += [f"make does not get as far as {name}:", *result.output.splitlines()]
    if problems:
        return Judged(Outcome("fail", tail(problems)), tuple(foreign))
    if stuck:
        return Judged(Outcome("infrastructure", tail(stuck)), tuple(foreign))
    built = len(now) - len(foreign)
    return Judged(Outcome("ok", f"{built} objects"), tuple(foreign))


def judge_sparse(now: Mapping[str, Checked], base: Mapping[str, Checked]) -> Outcome:
    """Compare what sparse said; an object that it did not analyse is an infrastructure error."""
    skipped = [name for name, result in now.items() if not result.ran]
    if skipped:
        count = f"{len(skipped)} of {len(now)} objects"
        text = [f"sparse did not run on {count}, such as {skipped[0]}:"]
        return Outcome("infrastructure", tail(text + now[skipped[0]].output.splitlines()))
    problems: list[str] = []
    for name, result in now.items():
        before = base.get(name)
        if before is not None and not before.ran:
            return Outcome("infrastructure", f"sparse did not run on {name} of the base")
        known = before.warnings if before is not None else ()
        problems += [f"{name}: new: {text}" for text in new_messages(result.warnings, known)]
    if problems:
        return Outcome("fail", tail(problems))
    return Outcome("ok", f"{len(now)} objects")

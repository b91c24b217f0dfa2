# SPDX-License-Identifier: GPL-2.0-only
"""All mutants of a tree, and the choice among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mutants import defects_checks, defects_moves, defects_values, harmless_flow, harmless_names
from mutants.effects import CHARGE, OTHER, UNCHARGE, Effect, checks
from mutants.model import Mutant, Proposal, Reach, rank
from mutants.ops import Context
from mutants.survey import Place, Survey, survey
from mutants.view import View, errors
from patchkit.tree.source import GitTree

DEFECTS = (*defects_moves.OPERATORS, *defects_values.OPERATORS, *defects_checks.OPERATORS)
HARMLESS = (*harmless_names.OPERATORS, *harmless_flow.OPERATORS)

PER_FUNCTION = 2
"""So many mutants of one operator in one function of one tree."""
PER_PATH = 3
"""So many of one operator in one file of one tree."""
PER_OPERATOR = {False: 8, True: 4}
"""So many of one operator in one tree, defects and harmless ones."""


def _text(view: View, proposal: Proposal) -> bytes | None:
    """Return the function's new text; None when edits overlap."""
    text = view.text
    last = len(text)
    for edit in sorted(proposal.edits, key=lambda edit: edit.start, reverse=True):
        if edit.end > last:
            return None
        text = text[: edit.start] + edit.new + text[edit.end :]
        last = edit.start
    return proposal.before + text


def _cut(start: int, old: bytes, new: bytes) -> tuple[int, bytes, bytes]:
    """Narrow a replacement to the whole lines that differ."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while (
        tail < min(len(before), len(after)) - head
        and before[len(before) - 1 - tail] == after[len(after) - 1 - tail]
    ):
        tail += 1
    start += sum(len(line) for line in before[:head])
    return (
        start,
        b"".join(before[head : len(before) - tail]),
        b"".join(after[head : len(after) - tail]),
    )


def _reach(known: Survey, place: Place, proposal: Proposal) -> Reach:
    """Tell whether a function and its direct callers show both ends of a pair."""
    if not proposal.pairing:
        return proposal.reach
    around = [place, *known.callers(place)]
    signs = frozenset().union(*(one.signs(proposal.counter) for one in around))
    return "near" if len(signs) == 2 else "far"


def _partners(known: Survey, place: Place, proposal: Proposal) -> tuple[str, ...]:
    """Return the functions that hold the other half of what an edited function did."""
    mine = {e.helper.name for e in place.effects if e.helper is not None}
    found = {caller.name for caller in known.callers(place)} | mine
    directory = place.view.path.rpartition("/")[0]
    for path, places in known.places.items():
        if path.rpartition("/")[0] != directory:
            continue
        for other in places:
            if path == place.view.path:
                moved = {e.counter for e in other.effects if e.kind in (CHARGE, UNCHARGE, OTHER)}
                if not proposal.counter or proposal.counter in moved:
                    found.add(other.name)
            elif any(e.helper is not None and e.helper.name in mine for e in other.effects):
                found.add(other.name)
    return tuple(sorted(found - {place.name}))


def _mutant(version: str, view: View, proposal: Proposal, harmless: bool) -> Mutant | None:
    new = _text(view, proposal)
    if new is None or new == view.text:
        return None
    start, old, text = _cut(view.extent.start, view.text, new)
    return Mutant(
        tree=version,
        path=view.path,
        function=view.name,
        operator=proposal.operator,
        harmless=harmless,
        start=start,
        old=old,
        new=text,
        reach=proposal.reach,
        counter=proposal.counter,
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mutant before it is chosen: reach and partners are not known yet."""

    mutant: Mutant
    place: Place
    proposal: Proposal

    def parses(self) -> bool:
        """Tell whether the function has no more syntax errors than before."""
        new = _text(self.place.view, self.proposal)
        return new is not None and errors(new) <= errors(self.place.view.text)

    def settled(self, known: Survey) -> Mutant:
        """Return the mutant with reach and partners."""
        if self.mutant.harmless:
            return self.mutant
        return replace(
            self.mutant,
            reach=_reach(known, self.place, self.proposal),
            partners=_partners(known, self.place, self.proposal),
        )


def _proposals(known: Survey, harmless: bool) -> Iterator[tuple[Place, Proposal]]:
    for path, places in known.places.items():
        for place in places:
            context = Context(known, place)
            checked = any(True for _ in checks(place.view))
            if not place.effects and not checked:
                continue
            if harmless and not checked and not any(_accounts(e) for e in place.effects):
                continue
            for operator in HARMLESS if harmless else DEFECTS:
                for proposal in operator(context):
                    yield place, proposal
        if harmless:
            continue
        maps = any("vma->" in e_owner for e_owner in _owners(places))
        for view in known.views.get(path, ()):
            for proposal in defects_checks.flags(view, maps):
                yield Place(view, ()), proposal


def _accounts(effect: Effect) -> bool:
    return effect.helper is None or effect.helper.accounting


def _owners(places: Iterable[Place]) -> Iterator[str]:
    for place in places:
        for effect in place.effects:
            if effect.owner is not None:
                yield place.view.t(effect.owner)


def candidates(version: str, known: Survey) -> Iterator[Candidate]:
    """Yield everything that the operators can make of a tree, each once."""
    seen: set[str] = set()
    for harmless in (False, True):
        for place, proposal in _proposals(known, harmless):
            mutant = _mutant(version, place.view, proposal, harmless)
            if mutant is not None and mutant.id not in seen:
                seen.add(mutant.id)
                yield Candidate(mutant, place, proposal)


def choose(found: Iterable[Candidate]) -> list[Candidate]:
    """Choose among candidates by a stable order, spread over files, functions and operators."""
    functions: Counter[tuple[str, ...]] = Counter()
    paths: Counter[tuple[str, ...]] = Counter()
    operators: Counter[tuple[str, ...]] = Counter()
    chosen = []
    for candidate in sorted(found, key=lambda one: rank(one.mutant.id)):
        mutant = candidate.mutant
        keys = (
            (functions, (mutant.tree, mutant.operator, mutant.path, mutant.function), PER_FUNCTION),
            (paths, (mutant.tree, mutant.operator, mutant.path), PER_PATH),
            (operators, (mutant.tree, mutant.operator), PER_OPERATOR[mutant.harmless]),
        )
        if any(counter[key] >= limit for counter, key, limit in keys) or not candidate.parses():
            continue
        for counter, key, _ in keys:
            counter[key] += 1
        chosen.append(candidate)
    return chosen


def mutants(version: str, tree: GitTree) -> list[Mutant]:
    """Return the mutants of a tree that are measured, by path."""
    known = survey(tree)
    found = [candidate.settled(known) for candidate in choose(candidates(version, known))]
    return sorted(found, key=lambda one: (one.harmless, one.path, one.id))

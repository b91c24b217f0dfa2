# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of series on another tree: the renderings compared, and what to do where none fits.

Each patch is rendered for both trees. Where both take it, the difference of the two patches is
shown as a range-diff, with the facts that are not the same. Where the other tree refuses it, what
its authors changed in the very functions that the template names is shown beside the conflict.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from patchkit.commits.render import People, Rendered, render
from patchkit.commits.repo import Identity, Repository
from patchkit.commits.scratch import base_commit, scratch_repository
from patchkit.errors import InfrastructureError, UserError
from patchkit.series.model import PatchPlan, Plan, State
from patchkit.tree.csource import parse
from patchkit.tree.facts import Fact
from patchkit.tree.source import Tree

_PLACE = re.compile(r"^(\S+): @@ (?:(?:after|before) )?(\w+) ([^@]+?)(?: if [^@]+)? @@ \(")
_NOBODY = Identity("patchkit <patchkit@localhost>", "0 +0000")
SHOWN = 160
"""Lines of a function's change that a report shows; the rest is a command away."""
ITEMS_SHOWN = 3
"""Items of a list that one tree has and the other has not."""


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact that a template asked for in both trees, with another answer."""

    name: str
    before: Fact
    after: Fact


@dataclass(frozen=True, slots=True)
class Moved:
    """What a function or another entity is in both trees; *diff* is "" when it is the same.

    *found* says where it is in the other tree, or that it is not there.
    """

    place: str
    found: str
    diff: str


@dataclass(frozen=True, slots=True)
class Ported:
    """One patch on both trees; *before* is None for one that the first tree does not have.

    *difference* is a range-diff of the two renderings, "" when they are the same; *moved* is
    filled for a conflict.
    """

    key: str
    subject: str
    before: State
    after: State
    facts: tuple[FactChange, ...]
    difference: str
    conflict: str
    why: tuple[str, ...]
    moved: tuple[Moved, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.before == self.after and not (self.difference or self.conflict)


def compare(first: Tree, before: Plan, other: Tree, after: Plan) -> tuple[Ported, ...]:
    """Compare what the same series are on two trees, patch by patch.

    UserError when the first tree has conflicts itself: it then says nothing about the other.
    """
    if before.conflicts:
        names = ", ".join(f"{patch.series}/{patch.id}" for patch in before.conflicts)
        raise UserError(
            f"{before.tree}: {names} does not fit there either; compare with a tree that fits",
            hint="--from debian:6.12",
        )
    old = {_key(patch): patch for patch in before.patches}
    if set(old) != {_key(patch) for patch in after.patches}:
        raise InfrastructureError(
            "the templates have changed while the first tree was looked at",
            hint="run the same command again",
        )
    differences = _differences(before, after)
    return tuple(
        Ported(
            _key(patch), patch.subject, old[_key(patch)].state, patch.state,
            tuple(_facts(old[_key(patch)], patch)), differences.get(_key(patch), ""),
            patch.conflict,
            tuple(f"{item.file}:{item.line}: {item.why}" for item in patch.evidence),
            tuple(_moved(first, other, patch.conflict)),
        )
        for patch in after.patches
    )  # fmt: skip


def _key(patch: PatchPlan) -> str:
    return f"{patch.series}/{patch.id}"


def _facts(before: PatchPlan, after: PatchPlan) -> Iterator[FactChange]:
    known = {fact.name: fact for fact in before.facts}
    for fact in after.facts:
        if fact.name in known and known[fact.name].value != fact.value:
            yield FactChange(fact.name, known[fact.name], fact)


def _differences(before: Plan, after: Plan) -> dict[str, str]:
    """Return the range-diff of each patch that both trees take, by key; the same ones are ""."""
    with scratch_repository() as scratch:
        old = {one.key: one for one in _rendered(scratch, before)}
        new = {one.key: one for one in _rendered(scratch, after)}
        return {key: _range_diff(scratch, old[key], one) for key, one in new.items() if key in old}


def _rendered(scratch: Repository, plan: Plan) -> tuple[Rendered, ...]:
    if not plan.changed:
        return ()
    start = base_commit(scratch, plan, _NOBODY)
    return render(scratch, start, plan, People(_NOBODY, _NOBODY), {})


def _range_diff(scratch: Repository, old: Rendered, new: Rendered) -> str:
    words = ("-c", "diff.noprefix=false", "range-diff", "--no-color", "--creation-factor=100",
             f"{old.parent}..{old.commit}", f"{new.parent}..{new.commit}")  # fmt: skip
    text = scratch.git(*words).stdout.decode("utf-8", "backslashreplace")
    # The first line only says which commits these were.
    return "\n".join(line.removeprefix("    ") for line in text.splitlines()[1:])


def _moved(first: Tree, other: Tree, conflict: str) -> Iterator[Moved]:
    """Yield what the trees' authors changed in the places that a conflict names."""
    seen = set()
    for line in conflict.splitlines():
        found = _PLACE.match(line)
        if found is None or found.groups() in seen:
            continue
        seen.add(found.groups())
        path, kind, name = found.groups()
        before, _ = _entity(first, path, kind, name)
        after, where = _entity(other, path, kind, name)
        if before is None or after is None:
            missing = f"not in {path} of {(first if before is None else other).name}"
            yield Moved(f"{path}: {kind} {name}", missing, "")
            continue
        lines = list(difflib.unified_diff(before, after, first.name, other.name, n=3, lineterm=""))
        if len(lines) > SHOWN:
            lines[SHOWN:] = [f"… {len(lines) - SHOWN} more lines"]
        yield Moved(f"{path}: {kind} {name}", where, "\n".join(lines))


def _entity(tree: Tree, path: str, kind: str, name: str) -> tuple[list[str] | None, str]:
    """Return the text of an entity, or of all of a name, and where the first one is."""
    data = tree.read(path)
    extents = parse(data).find(kind, name) if data is not None else ()
    if data is None or not extents:
        return None, ""
    texts = [data[extent.start : extent.end].decode("utf-8", "replace") for extent in extents]
    return "\n".join(texts).splitlines(), f"{path}:{extents[0].line}"


def markdown(ported: tuple[Ported, ...], first: str, other: str) -> str:
    """Return the comparison as Markdown, for an issue tracker: conflicts first."""
    lines = [f"# From {first} to {other}", "", *_table(ported), ""]
    for one in sorted(ported, key=lambda item: not item.conflict):
        if one.same:
            continue
        lines += [f"## {one.key}", "", one.subject, ""]
        if one.conflict:
            lines += _fenced(one.conflict, "")
        for moved in one.moved:
            lines += [f"`{moved.place}` ({moved.found}):", ""]
            lines += _fenced(moved.diff, "diff") if moved.diff else ["The same in both.", ""]
        lines += [f"* {why}" for why in one.why] + ([""] if one.why else [])
        lines += [*(f"* {text}" for text in fact_lines(one)), ""] if one.facts else []
        if one.difference:
            lines += _fenced(one.difference, "diff")
    return "\n".join(lines).rstrip("\n") + "\n"


def fact_lines(one: Ported) -> list[str]:
    """Return the facts that are not the same, in words."""
    return [f"{change.name}: {_change(change.before, change.after)}" for change in one.facts]


def _change(before: Fact, after: Fact) -> str:
    if not (isinstance(before.value, tuple) and isinstance(after.value, tuple)):
        return f"{before.value!r}{_where(before)}, now {after.value!r}{_where(after)}"
    # Such as all the lines of a table.
    gone = [item for item in before.value if item not in after.value]
    new = [item for item in after.value if item not in before.value]
    told = [f"{word} {_some(items)}" for word, items in (("lost", gone), ("got", new)) if items]
    return f"{'; '.join(told) or 'in another order'}{_where(after)}"


def _where(fact: Fact) -> str:
    return f" ({fact.file}:{fact.line})" if fact.file else ""


def _some(items: list[str]) -> str:
    more = f" and {len(items) - ITEMS_SHOWN} more" if len(items) > ITEMS_SHOWN else ""
    return ", ".join(repr(" ".join(item.split())) for item in items[:ITEMS_SHOWN]) + more


def _table(ported: tuple[Ported, ...]) -> list[str]:
    rows = [f"| {one.key} | {one.before} | {one.after} | {said(one)} |" for one in ported]
    return ["| patch | before | after | |", "|---|---|---|---|", *rows]


def said(one: Ported) -> str:
    """Return in a word how the two renderings differ."""
    if one.conflict:
        return "does not fit"
    if one.difference:
        facts = len(one.facts)
        return f"differs by {facts} fact{'' if facts == 1 else 's'}" if facts else "context differs"
    return "" if one.same else "see below"


def _fenced(text: str, language: str) -> list[str]:
    fence = "````" if "```" in text else "```"
    return [f"{fence}{language}", text, fence, ""]

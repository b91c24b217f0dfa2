# SPDX-License-Identifier: GPL-2.0-only
"""Work out, patch by patch, what series do to a tree, and why or why not.

Every patch sees the tree as the patches before it leave it. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from patchkit.errors import ConflictError, TemplateError, UserError
from patchkit.paths import data_directory
from patchkit.series.apply import apply
from patchkit.series.manifest import SHARED_FACTS, Patch, Series, list_series, load_series
from patchkit.series.model import Evidence, PatchPlan, Plan
from patchkit.series.policy import check_changes
from patchkit.series.render import Renderer
from patchkit.series.semantic import parse
from patchkit.series.udiff import unified
from patchkit.tree.facts import Definitions, Fact, FactSet, FactValue, load_definitions, probe
from patchkit.tree.source import OverlayTree, Tree


def plan(
    tree: Tree, names: Sequence[str], *, templates: Path | None = None, trust: bool = False
) -> Plan:
    """Plan series on a tree, those that they need first.

    *templates* is a templates directory other than patchkit's own; that takes *trust*, for a
    template decides what is put into a kernel. UserError for unknown series and without trust,
    TemplateError when a template is wrong. Conflicts are part of the plan, not exceptions.
    """
    directory = templates if templates is not None else data_directory("templates")
    own = is_own(directory)
    if not own and not trust:
        raise UserError(
            f"{directory}: these templates are not patchkit's own; what they render goes into the "
            "kernel as it is",
            hint="read them, then add --trust-templates",
        )
    with Renderer(fresh=not own) as renderer:
        series = in_order(directory, names)
        planner = _Planner(tree, _definitions(directory, series), renderer)
        for one in series:
            planner.plan_series(one)
        return Plan(tree.name, tuple(planner.patches))


def is_own(templates: Path) -> bool:
    """Tell whether a templates directory is the one that comes with patchkit."""
    return templates.resolve() == data_directory("templates").resolve()


def in_order(templates: Path, names: Sequence[str]) -> list[Series]:
    """Load series and those that they need, in an order that respects what they need and follow.

    TemplateError when they need or follow each other in a circle.
    """
    ordered: dict[str, Series] = {}
    loaded: dict[str, Series] = {}
    pending = [(name, False) for name in reversed(names)]
    path: list[str] = []
    while pending:
        name, leaving = pending.pop()
        if leaving:
            path.pop()
            ordered[name] = loaded[name]
            continue
        if name in ordered:
            continue
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            raise TemplateError(
                f"{loaded[name].manifest}: series.needs and series.after go in a circle: {circle}"
            )
        loaded[name] = load_series(templates, name)
        path.append(name)
        pending.append((name, True))
        first = [*loaded[name].needs, *(other for other in loaded[name].after if other in names)]
        pending.extend((other, False) for other in reversed(first))
    return list(ordered.values())


def definitions_for(templates: Path, names: Sequence[str]) -> Definitions:
    """Return the shared facts and those of some series and what they need (all, if none named)."""
    series = in_order(templates, names) if names else list_series(templates)
    return _definitions(templates, series)


def digests(templates: Path) -> dict[str, str]:
    """Return the present digest of every patch, by ``SERIES/ID``."""
    return {
        f"{series.name}/{patch.id}": patch.digest
        for series in list_series(templates)
        for patch in series.patches
    }


def _definitions(templates: Path, series: Sequence[Series]) -> Definitions:
    shared = templates / SHARED_FACTS
    files = [shared] if shared.is_file() else []
    return load_definitions(*files, *(one.manifest for one in series))


class _Used:
    """Facts of one state of the tree, noting which were asked for."""

    def __init__(self, facts: FactSet) -> None:
        self.facts = facts
        self.asked: dict[str, Fact] = {}

    def __call__(self, name: str) -> FactValue:
        value = self.facts.value(name)
        self.asked[name] = self.facts[name]
        return value

    def all(self, names: Sequence[str]) -> list[Fact]:
        for name in names:
            self(name)
        return [self.asked[name] for name in names]


class _Planner:
    """The tree as it becomes, and the patches so far."""

    def __init__(self, tree: Tree, definitions: Definitions, renderer: Renderer) -> None:
        self.base = tree
        self.definitions = definitions
        self.renderer = renderer
        self.patches: list[PatchPlan] = []
        self.changed: dict[str, bytes | None] = {}
        self.modes: dict[str, int] = {}
        self.tree: Tree = tree
        self.facts = probe(definitions, tree)
        self.failed: list[str] = []

    def plan_series(self, series: Series) -> None:
        """Plan all patches of a series; after a conflict the others are tried all the same."""
        self.renderer.enter(series)
        for patch in series.patches:
            used = _Used(self.facts)
            blank = PatchPlan(
                series.name, patch.id, patch.subject, "", "apply", digest=patch.digest
            )
            try:
                made = self._plan_patch(series, patch, used, blank)
            except TemplateError as error:
                if not self.failed:
                    raise
                # What this patch builds on is not there, so nothing can be said about it.
                made = replace(blank, state="conflict", conflict=error.message)
            except ConflictError as error:
                made = replace(blank, state="conflict", conflict=error.message)
            if made.state == "conflict":
                if self.failed:
                    text = f"{made.conflict}\n(tried without {', '.join(self.failed)}, which "
                    made = replace(made, conflict=text + "does not fit either)")
                self.failed.append(f"{series.name}/{patch.id}")
            self.patches.append(replace(made, facts=tuple(used.asked.values())))

    def _plan_patch(self, series: Series, patch: Patch, used: _Used, blank: PatchPlan) -> PatchPlan:
        where = f"{series.name}/{patch.id}"
        source = f"series.toml: {patch.id}.when"
        if patch.when and not self.renderer.holds(patch.when, source, used):
            return replace(blank, state="superseded", evidence=_superseded(patch, used))
        held = self._bools(where, "holds", patch.holds, used)
        if held and all(fact.value for fact in held):
            return replace(
                blank, state="present",
                evidence=tuple(Evidence(fact.file, fact.line, fact.why) for fact in held),
            )  # fmt: skip
        names = [requirement.fact for requirement in patch.requires]
        needed = self._bools(where, "requires", names, used)
        lacking = [
            f"{item.message}\n  {fact.file}:{fact.line}: {fact.why} (fact {fact.name})"
            for item, fact in zip(patch.requires, needed, strict=True)
            if not fact.value
        ]
        if lacking:
            raise ConflictError("\n".join(lacking))
        return self._apply(patch, where, used, blank)

    def _bools(self, where: str, key: str, names: Sequence[str], used: _Used) -> list[Fact]:
        facts = used.all(names)
        for fact in facts:
            if not isinstance(fact.value, bool):
                raise TemplateError(
                    f"{where}: {key}: expected facts that are true or false; {fact.name} is "
                    f"{fact.value!r}"
                )
        return facts

    def _apply(self, patch: Patch, where: str, used: _Used, blank: PatchPlan) -> PatchPlan:
        text, origins = self.renderer.render(patch.template, used)
        parsed = parse(text, patch.template, origins)
        made = replace(blank, subject=parsed.subject, message=parsed.message)

        def new_file(name: str) -> bytes:
            return self.renderer.render(name, used)[0].encode()

        try:
            changes = apply(parsed, self.tree, new_file)
        except ConflictError as error:
            return replace(made, state="conflict", conflict=error.message)
        if not changes:
            raise TemplateError(
                f"{where}: changes nothing in this tree; 'holds' or 'when' should say so"
            )
        check_changes(self.tree, changes, where)
        changed = {**self.changed, **{change.path: change.new for change in changes}}
        modes = {**self.modes, **{change.path: change.mode for change in changes}}
        tree = OverlayTree(self.base, changed, modes)
        facts = probe(self.definitions, tree)
        for name in patch.holds:
            fact = facts[name]
            if not fact.value:
                raise TemplateError(
                    f"{where}: should establish {name}, but afterwards: {fact.why} "
                    f"({fact.file}:{fact.line})"
                )
        self.changed, self.modes, self.tree, self.facts = changed, modes, tree, facts
        return replace(made, changes=changes, diff=unified(changes))


def _superseded(patch: Patch, used: _Used) -> tuple[Evidence, ...]:
    """Return why a tree does not need a patch: the manifest's words, then what they rest on."""
    facts = list(used.asked.values())
    if not facts:
        return (Evidence(patch.template, 0, patch.why),)
    first = facts[0]
    return (
        Evidence(first.file, first.line, f"{patch.why} ({first.why})"),
        *(Evidence(fact.file, fact.line, fact.why) for fact in facts[1:]),
    )

# SPDX-License-Identifier: GPL-2.0-only
"""Tell what a tree has of every series, from facts alone: nothing is rendered.

A plan says what would be done, patch after patch; this says what is there now. It takes a moment
on a whole kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit.errors import TemplateError
from patchkit.paths import data_directory
from patchkit.series.manifest import Patch, list_series, load_series
from patchkit.series.model import Evidence
from patchkit.series.plan import definitions_for
from patchkit.series.render import Renderer
from patchkit.tree.facts import Fact, FactSet, FactValue, probe
from patchkit.tree.source import Tree

Standing = Literal["present", "absent", "partial", "superseded"]
"""``present``: all that the patch establishes holds; ``partial``: some of it does; ``absent``:
nothing does; ``superseded``: the tree does not need the patch, for it has it in another form or has
nothing that it is about."""


@dataclass(frozen=True, slots=True)
class PatchStanding:
    """One patch and one tree.

    *evidence* is what supports the state: what holds, or for ``absent`` where it was looked for.
    *lacking* is what does not hold when the state is ``partial``.
    """

    series: str
    id: str
    subject: str
    state: Standing
    evidence: tuple[Evidence, ...]
    lacking: tuple[Evidence, ...] = ()


def standing(
    tree: Tree, names: Sequence[str] = (), *, templates: Path | None = None
) -> tuple[PatchStanding, ...]:
    """Return how all patches of series stand in a tree; all series when none is named.

    UserError for unknown series, TemplateError when a manifest is wrong.
    """
    directory = templates if templates is not None else data_directory("templates")
    chosen = [load_series(directory, name) for name in names] or list_series(directory)
    facts = probe(definitions_for(directory, names), tree)
    found: list[PatchStanding] = []
    with Renderer() as renderer:
        for series in chosen:
            renderer.enter(series)
            for patch in series.patches:
                state, evidence, lacking = _look(patch, facts, renderer, series.name)
                found.append(
                    PatchStanding(series.name, patch.id, patch.subject, state, evidence, lacking)
                )
    return tuple(found)


_Found = tuple[Standing, tuple[Evidence, ...], tuple[Evidence, ...]]


def _look(patch: Patch, facts: FactSet, renderer: Renderer, series: str) -> _Found:
    asked: dict[str, Fact] = {}

    def value(name: str) -> FactValue:
        asked[name] = facts[name]
        return facts.value(name)

    if patch.when and not renderer.holds(patch.when, f"series.toml: {patch.id}.when", value):
        reasons = tuple(_evidence(fact) for fact in asked.values())
        return "superseded", (Evidence("", 0, patch.why), *reasons), ()
    held: list[Evidence] = []
    lacking: list[Evidence] = []
    for name in patch.holds:
        fact = facts[name]
        if not isinstance(fact.value, bool):
            raise TemplateError(f"{series}/{patch.id}: holds: {name} is {fact.value!r}, not a bool")
        (held if fact.value else lacking).append(_evidence(fact))
    if held and lacking:
        return "partial", tuple(held), tuple(lacking)
    if held:
        return "present", tuple(held), ()
    if not lacking:  # a patch that says only when it is needed, and it is
        lacking = [_evidence(fact) for fact in asked.values()]
    return "absent", tuple(lacking), ()


def _evidence(fact: Fact) -> Evidence:
    return Evidence(fact.file, fact.line, fact.why)

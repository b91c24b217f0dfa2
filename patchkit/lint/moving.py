# SPDX-License-Identifier: GPL-2.0-only
"""Results of functions that an edit elsewhere in their file has moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from patchkit.lint import ir
from patchkit.lint.events import Event, Site
from patchkit.lint.pathmodel import FunctionPaths, Path
from patchkit.lint.summaries import Case, Summary


class Moves:
    """Where functions went whose text stayed the same."""

    def __init__(self, moved: Iterable[tuple[ir.Function, ir.Function]]) -> None:
        """*moved* are functions as they were and as they are now."""
        self._moves: dict[tuple[str, str], list[tuple[ir.Span, ir.Span]]] = {}
        for before, now in moved:
            places = self._moves.setdefault((before.path, before.name), [])
            places.append((before.span, now.span))
        self.files = frozenset(path for path, _ in self._moves)
        self._sites: dict[Site, Site] = {}
        self._events: dict[int, tuple[Event, Event]] = {}

    def site(self, site: Site) -> Site:
        """Return where a place is now."""
        if site.file not in self.files:
            return site
        known = self._sites.get(site)
        if known is None:
            known = self._moved(site)
            self._sites[site] = known
        return known

    def _moved(self, site: Site) -> Site:
        span = site.span
        for before, now in self._moves.get((site.file, site.function), ()):
            if before.start <= span.start < before.end:
                by = now.start - before.start
                line = span.line + now.line - before.line
                return replace(site, span=ir.Span(span.start + by, span.end + by, line))
        return site

    def event(self, event: Event) -> Event:
        """Return an event with its places as they are now."""
        known = self._events.get(id(event))
        if known is None:
            site = self.site(event.site)
            via = tuple(self.site(each) for each in event.via)
            moved = event
            if site is not event.site or any(
                new is not old for new, old in zip(via, event.via, strict=True)
            ):
                moved = replace(event, site=site, via=via)
            known = (event, moved)
            self._events[id(event)] = known
        return known[1]

    def paths(self, function: FunctionPaths, now: ir.Function) -> FunctionPaths:
        """Return a function's paths with all places as they are now."""
        return FunctionPaths(
            now,
            tuple(self._path(path, now) for path in function.paths),
            function.problem,
            self._summary(function.summary, now),
        )

    def _path(self, path: Path, now: ir.Function) -> Path:
        return replace(
            path,
            function=now,
            events=tuple(self.event(event) for event in path.events),
            end=self.site(path.end),
        )

    def _summary(self, summary: Summary | None, now: ir.Function) -> Summary | None:
        if summary is None:
            return None
        cases = tuple(self._case(case) for case in summary.cases)
        return replace(summary, function=now, cases=cases)

    def _case(self, case: Case) -> Case:
        return replace(case, events=tuple(self.event(event) for event in case.events))

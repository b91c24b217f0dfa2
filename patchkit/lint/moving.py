# SPDX-License-Identifier: GPL-2.0-only
"""Results that an edit elsewhere leaves as they are but for places: of functions that moved, and
of callers of functions that still do the same, at other places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from patchkit.lint import ir
from patchkit.lint.events import Event, Site
from patchkit.lint.pathmodel import FunctionPaths, Path
from patchkit.lint.summaries import Case, Summary


class Moves:
    """Where places went: whole functions, and what callers see of functions that were edited."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """Files in which something moved."""
        self._moves: dict[tuple[str, str], list[tuple[ir.Span, ir.Span]]] = {}
        self._followed: dict[Site, Site] = {}
        self._sites: dict[Site, Site] = {}
        self._events: dict[int, tuple[Event, Event]] = {}

    def add(self, moved: Iterable[tuple[ir.Function, ir.Function]]) -> None:
        """Take down functions whose text stayed the same, as they were and as they are now."""
        for before, now in moved:
            self.files.add(before.path)
            places = self._moves.setdefault((before.path, before.name), [])
            places.append((before.span, now.span))
        self._forget()

    def _forget(self) -> None:
        self._sites = dict(self._followed)
        self._events.clear()

    def follow(self, before: Summary, now: Summary) -> bool:
        """Tell whether a function that was edited does the same as before, but for places in it.

        If so, these places are known from now on.
        """
        if before.problem or now.problem or len(before.cases) != len(now.cases):
            return False
        function = (now.function.path, now.function.name)
        found: dict[Site, Site] = {}
        for old, new in zip(before.cases, now.cases, strict=True):
            if (
                old.conditions != new.conditions
                or old.result != new.result
                or old.outcome != new.outcome
                or len(old.events) != len(new.events)
                or not all(
                    self._alike(left, right, function, found)
                    for left, right in zip(old.events, new.events, strict=True)
                )
            ):
                return False
        if len(set(found.values())) != len(found):
            return False
        if any(old != new for old, new in found.items()):
            self.files.add(now.function.path)
            self._followed.update(found)
            self._forget()
        return True

    def _alike(
        self, old: Event, new: Event, function: tuple[str, str], found: dict[Site, Site]
    ) -> bool:
        """Tell whether events differ in places only; take down where those of *function* went."""
        if type(old) is not type(new) or len(old.via) != len(new.via):
            return False
        for before, now in zip((old.site, *old.via), (new.site, *new.via), strict=True):
            if (now.file, now.function) == function:
                if (before.file, before.function) != function or found.setdefault(
                    before, now
                ) != now:
                    return False
            elif self.site(before) != now:
                return False
        return all(
            getattr(old, each.name) == getattr(new, each.name)
            for each in fields(old)
            if each.name not in ("site", "via")
        )

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
            tuple(self._path(path, now) for path in function.glimpses),
            function.joined,
            function.asked,
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

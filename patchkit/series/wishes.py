# SPDX-License-Identifier: GPL-2.0-only
"""What series want of the guest that tests them, as their manifests say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit.series.plan import in_order


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that several series want together."""

    targets: tuple[str, ...] = ()
    """kselftest targets, each once (``data.kselftest_targets``)."""
    append: tuple[str, ...] = ()
    """Words for the kernel's command line (``data.boot.append``)."""
    memory: str = ""
    """Of the guest, in QEMU's notation (``data.boot.memory``); "" for the usual amount."""


def wishes(templates: Path, names: Sequence[str]) -> Wishes:
    """Return what *names* and the series that they need want; the last word on memory counts.

    Raises what in_order() raises.
    """
    targets: dict[str, None] = {}
    append: list[str] = []
    memory = ""
    for series in in_order(templates, names):
        targets.update(dict.fromkeys(series.data.get("kselftest_targets", ())))
        boot = series.data.get("boot", {})
        append += boot.get("append", ())
        memory = boot.get("memory", memory)
    return Wishes(tuple(targets), tuple(append), memory)

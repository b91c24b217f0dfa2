# SPDX-License-Identifier: GPL-2.0-only
"""The tables of the series' kselftests, as the templates that bring them into a tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patchkit.kselftest.groups import LOCKS, PINS
from patchkit.kselftest.machine import unroll
from patchkit.kselftest.tables import render

COMMAND = "python -m patchkit.kselftest"
LOCK_TABLES = "vm-pinned/selftest-lock_tables.h.j2"
PIN_TABLES = "mpin/selftest-pin_tables.h.j2"


def tables() -> Mapping[str, str]:
    """Return each generated file by its path in the templates.

    They are the same for every tree, and templates only in name: what trees disagree on is left
    out, and there is nothing in them for Jinja.
    """
    return {
        LOCK_TABLES: render(
            [unroll(group) for group in LOCKS],
            name="lock_groups", harness="sequences.h", command=COMMAND,
        ),
        PIN_TABLES: render(
            [unroll(group) for group in PINS],
            name="pin_groups", harness="../memlock/sequences.h", command=COMMAND,
        ),
    }  # fmt: skip


def write(templates: Path) -> None:
    """Write all generated files below *templates*. Raises OSError."""
    for name, text in tables().items():
        (templates / name).write_text(text, encoding="utf-8")

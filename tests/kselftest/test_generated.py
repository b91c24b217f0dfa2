# SPDX-License-Identifier: GPL-2.0-only
"""The tables in the templates are what the model says now."""

from __future__ import annotations

from pathlib import Path

from patchkit.kselftest.generate import COMMAND, tables

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_the_tables_are_those_of_the_model() -> None:
    for name, text in tables().items():
        current = (TEMPLATES / name).read_text(encoding="utf-8")
        assert current == text, f"{name} is out of date: {COMMAND} {TEMPLATES}"

# SPDX-License-Identifier: GPL-2.0-only
"""Write the list of shared facts in docs/facts.md anew: python tests/facts_page.py"""

from __future__ import annotations

from pathlib import Path

from patchkit.paths import data_directory
from patchkit.tree.facts import load_definitions

PAGE = Path(__file__).resolve().parent.parent / "docs" / "facts.md"
HEADING = "## Shared facts\n"


def page(text: str) -> str:
    """Return the page with the list as templates/facts.toml has it."""
    head, _, _ = text.partition(HEADING)
    definitions = load_definitions(data_directory("templates") / "facts.toml")
    rows = [f"| `{one.name}` | {one.about} | `{one.probe}` |" for one in definitions.values()]
    return "\n".join([
        f"{head}{HEADING}",
        "Made from `templates/facts.toml` (`python tests/facts_page.py`).", "",
        "| fact | what is true, or what its value is | probe |", "|---|---|---|", *rows, "",
    ])  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

# SPDX-License-Identifier: GPL-2.0-only
"""The pages under docs/ say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from patchkit.cli.parser import build_parser
from patchkit.tree.probes import KINDS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def test_every_probe_is_described() -> None:
    page = (DOCS / "facts.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`([\w-]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", page, re.M))))
    assert described == set(KINDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_parse(page: Path) -> None:
    for line in re.findall(r"^\$ (patchkit .*?)(?:  +#.*)?$", page.read_text("utf-8"), re.M):
        build_parser().parse_args(line.split()[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link

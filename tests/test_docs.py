# SPDX-License-Identifier: GPL-2.0-only
"""The pages under docs/ say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from facts_page import page as facts_page

from patchkit.cli import VERBS
from patchkit.cli.parser import build_parser
from patchkit.tree.probes import KINDS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def test_every_probe_is_described() -> None:
    page = (DOCS / "facts.md").read_text(encoding="utf-8").partition("## Shared facts")[0]
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


def test_shared_facts_are_those_of_the_templates() -> None:
    text = (DOCS / "facts.md").read_text(encoding="utf-8")
    assert text == facts_page(text), "a shared fact has changed: python tests/facts_page.py"


def test_programs_that_pages_name_are_there() -> None:
    for page in [*PAGES, DOCS.parent / "README.md"]:
        for name in re.findall(r"\bpython (tests/[\w/]+\.py)", page.read_text("utf-8")):
            assert (DOCS.parent / name).is_file(), name


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in readme] == []


def test_every_json_form_is_described() -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    headings = " ".join(re.findall(r"^## (.*)$", page, re.M))
    for verb in VERBS:
        assert verb in headings or verb in ("man", "completions", "explain"), verb

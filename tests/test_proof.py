# SPDX-License-Identifier: GPL-2.0-only
"""No claim in docs/proof.json outlives the templates that it was made with."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("prove", Path(__file__).with_name("prove.py"))
assert SPEC and SPEC.loader
prove = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(prove)
CLAIMS = prove.load()["claims"]


@pytest.mark.parametrize("key", sorted(CLAIMS))
def test_claim_is_one_that_is_still_made_of_these_templates(key: str) -> None:
    claim = {claim.key: claim for claim in prove.claims()}[key]
    assert CLAIMS[key]["command"] == " ".join(["patchkit", *claim.words])
    assert CLAIMS[key]["templates"] == claim.digests(), (
        f"{key} was proved with other templates: run tests/prove.py --only {key}"
    )


def test_each_claim_has_a_name_of_its_own() -> None:
    keys = [claim.key for claim in prove.claims()]
    assert len(keys) == len(set(keys))


FACTS = """\
[facts.one]
probe = "any"
of = ["two"]

[facts.two]
probe = "file"
file = "mm/mlock.c"

[facts.three]
probe = "file"
file = "mm/mmap.c"
"""


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prove, "ROOT", tmp_path)
    (tmp_path / "templates" / "s").mkdir(parents=True)
    (tmp_path / "templates" / "s" / "a").write_text("{% if one %}1{% endif %}")
    (tmp_path / "templates" / "facts.toml").write_text(FACTS)
    return tmp_path / "templates"


def test_digest_sees_every_file_and_name(templates: Path) -> None:
    series = templates / "s"
    digests = [prove.digest("s")]
    (series / "a").write_text("{% if one %}2{% endif %}")
    digests.append(prove.digest("s"))
    (series / "a").rename(series / "b")
    digests.append(prove.digest("s"))
    (templates / "flags.j2").write_text("")
    digests.append(prove.digest("s"))
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ('of = ["two"]', "of = []", True),
        ('"mm/mlock.c"', '"mm/gup.c"', True),
        ('"mm/mmap.c"', '"mm/gup.c"', False),
        ("[facts.three]", "# nothing\n[facts.three]", False),
        ("[facts.three]", "[facts.four]", False),
    ],
)
def test_digest_sees_the_facts_that_a_series_names(
    templates: Path, old: str, new: str, counts: bool
) -> None:
    first = prove.digest("s")
    facts = templates / "facts.toml"
    facts.write_text(facts.read_text().replace(old, new))
    assert (prove.digest("s") != first) == counts

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


def test_digest_sees_every_file_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "ROOT", tmp_path)
    series = tmp_path / "templates" / "s"
    series.mkdir(parents=True)
    (series / "a").write_text("1")
    first = prove.digest("s")
    (series / "a").write_text("2")
    second = prove.digest("s")
    (series / "a").rename(series / "b")
    third = prove.digest("s")
    (tmp_path / "templates" / "facts.toml").write_text("")
    assert len({first, second, third, prove.digest("s")}) == 4

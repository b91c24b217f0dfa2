# SPDX-License-Identifier: GPL-2.0-only
"""series.toml: what is read, and what each refusal names."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchkit.errors import TemplateError, UserError
from patchkit.series.manifest import find_template, list_series, load_series

GOOD = """\
[series]
name = "s"
title = "mm: a title"
about = "words"
[data]
bit = 61
[facts.x]
probe = "file"
file = "a"
[[patch]]
template = "0001-a.patch.j2"
when = "tree.x"
why = "because"
holds = ["x"]
requires = [{ fact = "x", message = "needs x" }]
[[patch]]
template = "0002-b.patch.j2"
"""


def series(root: Path, manifest: str = GOOD, name: str = "s") -> Path:
    directory = root / name
    directory.mkdir()
    (directory / "series.toml").write_text(manifest)
    (directory / "0001-a.patch.j2").write_text("{# x #}\nmm: first\n\n---\n")
    (directory / "0002-b.patch.j2").write_text('mm: {{ data.bit }}\n---\n@@ new "c.j2" @@\n')
    return root


def test_a_manifest_is_read(tmp_path: Path) -> None:
    read = load_series(series(tmp_path), "s")
    assert (read.name, read.title, read.data) == ("s", "mm: a title", {"bit": 61})
    first, second = read.patches
    assert (first.id, first.subject, first.when, first.why) == (
        "0001-a",
        "mm: first",
        "tree.x",
        "because",
    )
    assert (first.holds, first.requires[0].fact) == (("x",), "x")
    assert second.subject == "0002-b"  # depends on what it is rendered with
    assert [one.name for one in list_series(tmp_path)] == ["s"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("title =", "titel =", r"series: .*`titel`; did you mean 'title'"),
        ("title =", "# title =", r"series: .*missing required field `title`"),
        ('about = "words"', "about = 3", r"series.about: Expected `str`, got `int`"),
        ('name = "s"', 'name = "t"', r"series.name: expected 's' as the directory, found 't'"),
        ("holds =", "hold =", r"patch\[0\]: .*`hold`; did you mean 'holds'"),
        ('holds = ["x"]', 'holds = "x"', r"patch\[0\].holds: Expected `array`"),
        ('fact = "x",', "", r"patch\[0\].requires\[0\]: .*`fact`"),
        ("[data]", "[datum]", r"the top: .*`datum`"),
        ("0001-a.patch.j2", "0001-aa.patch.j2", r"is not there; did you mean 0001-a.patch.j2"),
        ("0001-a.patch.j2", "0002-b.patch.j2", r"appears twice"),
        ("0001-a.patch.j2", "0001-a.j2", r"patch\[0\].template: expected NAME.patch.j2"),
        ("0001-a.patch.j2", "../s/0001-a.patch.j2", r"leads upwards"),
        ("0001-a.patch.j2", "x/0001-a.patch.j2", r"in another directory"),
        ("0001-a.patch.j2", "/0001-a.patch.j2", r"is absolute"),
        ("0001-a.patch.j2", ".git/0001-a.patch.j2", r"leads into .git"),
        ('why = "because"', "", r"patch\[0\].why: 'when' needs a 'why'"),
        ("[series]", "[series", r"series.toml: "),
    ],
)
def test_refusals_name_file_and_key(before: str, after: str, message: str, tmp_path: Path) -> None:
    assert before in GOOD
    series(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(TemplateError, match=message) as caught:
        load_series(tmp_path, "s")
    assert "s/series.toml" in caught.value.message


def test_a_series_without_patches_is_refused(tmp_path: Path) -> None:
    series(tmp_path, GOOD.partition("[[patch]]")[0])
    with pytest.raises(TemplateError, match="at least one"):
        load_series(tmp_path, "s")


@pytest.mark.parametrize("name", ["t", "../s", "", ".git", "s/../s"])
def test_unknown_series(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is s"):
        load_series(series(tmp_path), name)


def test_digest_follows_template_reference_data_and_table(tmp_path: Path) -> None:
    series(tmp_path)
    directory = tmp_path / "s"

    def now() -> list[str]:
        return [patch.digest for patch in load_series(tmp_path, "s").patches]

    first = now()
    (directory / "c.j2").write_text('{% import "d.j2" as d %}')
    second = now()
    assert second[0] == first[0] and second[1] != first[1]
    (tmp_path / "d.j2").write_text("x")
    third = now()
    assert third[0] == first[0] and third[1] != second[1]
    (directory / "series.toml").write_text(GOOD.replace("61", "62"))
    assert not set(now()) & set(third)
    (directory / "series.toml").write_text(GOOD.replace("because", "so"))
    fourth = now()
    assert fourth[0] != first[0] and fourth[1] == third[1]


def test_templates_are_found_beside_the_series_first_and_nowhere_else(tmp_path: Path) -> None:
    root = series(tmp_path / "t" if (tmp_path / "t").mkdir() is None else tmp_path)
    outside = tmp_path / "secret.j2"
    outside.write_text("secret")
    (root / "common.j2").write_text("shared")
    assert find_template("common.j2", root / "s") == root / "common.j2"
    (root / "s" / "common.j2").write_text("own")
    assert find_template("common.j2", root / "s") == root / "s" / "common.j2"
    (root / "s" / "link.j2").symlink_to(outside)
    (root / "s" / "inside.j2").symlink_to(root / "common.j2")
    for name in ("link.j2", "../secret.j2", "../../secret.j2", str(outside), "", "nothing.j2"):
        assert find_template(name, root / "s") is None
    assert find_template("inside.j2", root / "s") is not None

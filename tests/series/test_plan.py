# SPDX-License-Identifier: GPL-2.0-only
"""Plans: states, needs, evidence, and what later patches see of earlier ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from series_support import MemoryTree

from patchkit.errors import TemplateError, UserError
from patchkit.series import plan as module
from patchkit.series.model import Plan
from patchkit.series.plan import definitions_for, digests, in_order, plan

FACTS = """\
[facts.has_f]
probe = "entity"
file = "mm/a.c"
entity = "function f"
[facts.f_calls_g]
probe = "calls"
file = "mm/a.c"
entity = "function f"
function = "g"
[facts.f_calls_h]
probe = "calls"
file = "mm/a.c"
entity = "function f"
function = "h"
[facts.params]
probe = "params"
file = "mm/a.c"
entity = "function f"
"""
CODE = "int f(int a)\n{\n\treturn a;\n}\n"
WITH_G = CODE.replace("{\n", "{\n\tg(a);\n")
ADD_G = (
    "mm: call g()\n\nBecause.\n---\n--- mm/a.c\n@@ function f @@\n {\n+\tg({{ tree.params[0] }});\n"
)
ADD_H = "mm: call h()\n---\n--- mm/a.c\n@@ function f @@\n \tg(a);\n+\th(a);\n"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    root = tmp_path / "templates"
    root.mkdir()
    (root / "facts.toml").write_text(FACTS)
    write(root, "one", [("0001-g", ADD_G, 'holds = ["f_calls_g"]')])
    write(root, "two", [("0001-h", ADD_H, 'holds = ["f_calls_h"]')], 'needs = ["one"]')
    return root


def write(root: Path, name: str, patches: list[tuple[str, str, str]], extra: str = "") -> None:
    directory = root / name
    directory.mkdir(exist_ok=True)
    manifest = f'[series]\nname = "{name}"\ntitle = "t"\n{extra}\n'
    for patch, text, more in patches:
        manifest += f'[[patch]]\ntemplate = "{patch}.patch.j2"\n{more}\n'
        (directory / f"{patch}.patch.j2").write_text(text)
    (directory / "series.toml").write_text(manifest)


def planned(templates: Path, code: str, *names: str) -> Plan:
    return plan(MemoryTree({"mm/a.c": code}), names, templates=templates, trust=True)


def test_later_patches_see_earlier_ones_and_needs_come_first(templates: Path) -> None:
    made = planned(templates, CODE, "two")
    assert made.tree == "memory" and not made.conflicts
    assert [(patch.series, patch.id, patch.state) for patch in made.patches] == [
        ("one", "0001-g", "apply"), ("two", "0001-h", "apply"),
    ]  # fmt: skip
    first, second = made.changed
    assert (first.subject, first.message) == ("mm: call g()", "mm: call g()\n\nBecause.")
    assert first.changes[0].new == second.changes[0].old == WITH_G.encode()
    assert "+\tg(a);\n" in first.diff and first.diff.startswith("diff --git a/mm/a.c b/mm/a.c\n")
    assert {fact.name for fact in first.facts} == {"f_calls_g", "params"}
    assert first.digest == digests(templates)["one/0001-g"]


def test_what_is_there_already_is_named_with_its_evidence(templates: Path) -> None:
    made = planned(templates, WITH_G, "one", "two")
    assert [patch.state for patch in made.patches] == ["present", "apply"]
    present = made.patches[0]
    assert (present.subject, present.changes) == ("mm: call g()", ())
    assert (present.evidence[0].file, present.evidence[0].line) == ("mm/a.c", 3)
    result = made.changed[0].changes[0].new
    assert result is not None
    again = planned(templates, result.decode(), "two")
    assert [patch.state for patch in again.patches] == ["present", "present"]


def test_a_patch_that_a_tree_does_not_need(templates: Path) -> None:
    write(templates, "one", [("0001-g", ADD_G, 'when = "not tree.has_f"\nwhy = "has no f()"')])
    made = planned(templates, CODE, "one")
    assert made.patches[0].state == "superseded"
    (evidence,) = made.patches[0].evidence
    assert evidence.file == "mm/a.c" and evidence.why.startswith("has no f() (")


def test_requirements(templates: Path) -> None:
    require = 'requires = [{ fact = "f_calls_h", message = "h() must be called" }]'
    write(templates, "one", [("0001-g", ADD_G, require)])
    patch = planned(templates, CODE, "one").conflicts[0]
    assert "h() must be called" in patch.conflict and "mm/a.c:" in patch.conflict


def test_after_a_conflict_the_others_are_tried(templates: Path) -> None:
    other = ADD_G.replace("g(", "i(")
    wrong = ADD_G.replace(" {\n", " {{ '{' }}\n \tnothing();\n")
    write(templates, "one", [
        ("0001-g", wrong, ""), ("0002-h", ADD_H, 'holds = ["f_calls_h"]'), ("0003-i", other, ""),
    ])  # fmt: skip
    made = planned(templates, CODE, "one")
    assert [patch.state for patch in made.patches] == ["conflict", "conflict", "apply"]
    first, second = made.conflicts
    assert first.subject == "mm: call g()" and "0001-g.patch.j2:8" in first.conflict
    assert "tried without one/0001-g" in second.conflict


def test_what_a_patch_promises_must_hold(templates: Path) -> None:
    write(templates, "one", [("0001-g", ADD_G, 'holds = ["f_calls_g", "f_calls_h"]')])
    with pytest.raises(TemplateError, match=r"one/0001-g: should establish f_calls_h, but"):
        planned(templates, CODE, "one")


def test_a_patch_that_changes_nothing_is_an_error(templates: Path) -> None:
    same = "s\n---\n--- mm/a.c\n@@ function f @@\n-\treturn a;\n+\treturn a;\n"
    write(templates, "one", [("0001-g", same, "")])
    with pytest.raises(TemplateError, match="changes nothing"):
        planned(templates, CODE, "one")


@pytest.mark.parametrize("key", ["holds = ['params']", "requires = [{fact='params', message='m'}]"])
def test_conditions_must_be_true_or_false(key: str, templates: Path) -> None:
    write(templates, "one", [("0001-g", ADD_G, key)])
    with pytest.raises(TemplateError, match="true or false; params is"):
        planned(templates, CODE, "one")


def test_unknown_facts_are_errors(templates: Path) -> None:
    write(templates, "one", [("0001-g", ADD_G, "holds = ['f_calls']")])
    with pytest.raises(TemplateError, match=r"'f_calls'.*did you mean f_calls_"):
        planned(templates, CODE, "one")


def test_templates_of_others_need_trust(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = MemoryTree({"mm/a.c": CODE})
    with pytest.raises(UserError) as caught:
        plan(tree, ["one"], templates=templates)
    assert "--trust-templates" in caught.value.hint
    monkeypatch.setattr(module, "data_directory", lambda name: templates)
    assert plan(tree, ["one"]).changed


def test_needs_are_ordered_once_and_circles_are_named(templates: Path) -> None:
    write(templates, "three", [("0001-a", ADD_G, "")], 'needs = ["two", "one"]')
    assert [one.name for one in in_order(templates, ["three", "one"])] == ["one", "two", "three"]
    assert [one.name for one in in_order(templates, ["two", "one", "two"])] == ["one", "two"]
    write(templates, "one", [("0001-a", ADD_G, "")], 'needs = ["three"]')
    with pytest.raises(TemplateError, match="three → two → one → three"):
        in_order(templates, ["three"])
    with pytest.raises(UserError, match="no series 'four'"):
        in_order(templates, ["four"])


def test_what_a_series_follows_comes_first_if_it_is_asked_for(templates: Path) -> None:
    write(templates, "four", [("0001-a", ADD_G, "")], 'needs = ["one"]\nafter = ["two", "five"]')
    assert [one.name for one in in_order(templates, ["four"])] == ["one", "four"]
    assert [one.name for one in in_order(templates, ["four", "two"])] == ["one", "two", "four"]
    write(templates, "two", [("0001-a", ADD_G, "")], 'after = ["four"]')
    assert [one.name for one in in_order(templates, ["two"])] == ["two"]
    with pytest.raises(TemplateError, match=r"series\.after go in a circle: two → four → two"):
        in_order(templates, ["two", "four"])


def test_definitions_of_a_series_and_of_all(templates: Path) -> None:
    manifest = templates / "two" / "series.toml"
    manifest.write_text(manifest.read_text() + '[facts.own]\nprobe = "file"\nfile = "x"\n')
    assert "own" not in definitions_for(templates, ["one"])
    assert "own" in definitions_for(templates, ["two"])
    assert "own" in definitions_for(templates, [])


def test_new_files_are_rendered_and_seen_by_later_patches(templates: Path) -> None:
    new = 's\n---\n--- /dev/null\n+++ mm/b.c\n@@ new "b.j2" @@\n'
    edit = "s\n---\n--- mm/b.c\n@@ file @@\n int x;\n+int y;\n--- mm/a.c\n+++ /dev/null\n"
    write(templates, "one", [("0001-n", new, ""), ("0002-e", edit, "")])
    (templates / "one" / "b.j2").write_text("{% if tree.has_f %}\nint x;\n{% endif %}\n")
    made = planned(templates, CODE, "one")
    assert [change.new for patch in made.changed for change in patch.changes] == [
        b"int x;\n", b"int x;\nint y;\n", None,
    ]  # fmt: skip


def test_a_template_cannot_escape_the_tree(templates: Path) -> None:
    bad = "s\n---\n--- /dev/null\n+++ ../x\n+x\n"
    write(templates, "one", [("0001-n", bad, "")])
    with pytest.raises(TemplateError, match="leads upwards"):
        planned(templates, CODE, "one")

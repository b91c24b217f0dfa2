# SPDX-License-Identifier: GPL-2.0-only
"""Templates that mean harm get an error that says what they did, in bounded time and memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patchkit.errors import TemplateError
from patchkit.series.manifest import load_series
from patchkit.series.render import Renderer

pytestmark = pytest.mark.slow

FACTS: dict[str, Any] = {"yes": True, "no": False, "names": ("a", "b"), "text": "x"}


def fact(name: str) -> Any:
    if name not in FACTS:
        raise TemplateError(f"no fact {name!r} is defined")
    return FACTS[name]


Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Render a template's text, with others beside it, in a child of its own."""

    def rendered(text: str, **others: str) -> str:
        directory = tmp_path / "s"
        directory.mkdir(exist_ok=True)
        (directory / "series.toml").write_text(
            '[series]\nname = "s"\ntitle = "t"\n[data]\nnumber = 61\ntable = {a = [1, 2]}\n'
            '[[patch]]\ntemplate = "t.patch.j2"\n'
        )
        (directory / "t.patch.j2").write_text(text)
        for name, content in others.items():
            (directory / f"{name}.j2").write_text(content)
        with Renderer() as renderer:
            renderer.enter(load_series(tmp_path, "s"))
            return renderer.render("t.patch.j2", fact)[0]

    return rendered


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ data.number }} {{ data.table.a | join(',') }}", "61 1,2"),
        ("{% for k, v in data.table.items() %}{{ k }}{{ v | length }}{% endfor %}", "a2"),
        ("{% if tree.yes and not tree.no %}y{% endif %}", "y"),
        ("{% for n in tree.names %}{{ loop.index }}{{ n }}{% endfor %}", "1a2b"),
        ("{{ tree['text'] ~ tree.names[1] | upper }}", "xB"),
        ("{% set n = namespace(x=1) %}{% set n.x = n.x + 2 %}{{ n.x * 4 }}", "12"),
        ("{% macro m(a, b='z') %}{{ a }}{{ b }}{% endmacro %}{{ m('x').strip() }}", "xz"),
        ("a\n{% if tree.yes %}\n  {% set x = 1 %}\nb\n{% endif %}\nc\n", "a\nb\nc\n"),
        ("{% import 'c.j2' as c %}{{ c.m('q') }}", "<q>"),
        ("{% include 'c.j2' %}{{ 'abc def'.split() | last }}", "def"),
    ],
)
def test_what_templates_may_do(text: str, result: str, render: Render) -> None:
    assert render(text, c="{% macro m(x) %}<{{ x }}>{% endmacro %}") == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("{{ data.missing }}", "missing"),
        ("{{ tree.missing }}", "no fact 'missing' is defined"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ ''['__class__'] }}", "unsafe"),
        ("{{ [].__class__.__base__.__subclasses__() }}", "unsafe"),
        ("{{ tree.__class__ }}", "no fact '__class__'"),
        ("{{ tree._channel }}", "no fact '_channel'"),
        ("{{ data.__class__ }}", "unsafe"),
        ("{{ data.table.clear() }}", "clear"),
        ("{{ range.__globals__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", "unsafe"),
        ("{% macro m() %}{% endmacro %}{{ m.__globals__ }}", "no attribute"),
        ("{{ m._func }}{% macro m() %}{% endmacro %}", "undefined"),
        ("{{ ''|attr('__class__') }}", "No filter named 'attr'"),
        ("{{ '%s' % 3 }}", "whole numbers only"),
        ("{{ '{0.__class__}'.format(1) }}", "not safely callable"),
        ("{{ 'a'.encode() }}", "unsafe"),
        ("{{ 9**9 }}", "** is not for templates"),
        ("{{ 'a' * 9 }}", "whole numbers only"),
        ("{{ 4294967296 * 4294967296 * 2 }}", "too large"),
        ("{{ range(10000000) | length }}", "OverflowError"),
        ("{% for a in range(9999) %}{{ 'a'.replace('a', 'b' ~ 'c') ~ '" + "x" * 999 +
         "' }}{% endfor %}", "characters of output"),
        ("{% set n = namespace(x='aaaaaaaa') %}{% for i in range(60) %}"
         "{% set n.x = n.x ~ n.x %}{% endfor %}", "memory"),
        ("{% include 't.patch.j2' %}", "circles"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "circles"),
        ("{% include '../secret.j2' %}", "no template"),
        ("{% include '/etc/passwd' %}", "no template"),
        ("{% include 'nothing.j2' %}", "no template 'nothing.j2'"),
        ("{% import 'os' as os %}", "no template"),
        ("a\n\n{% if %}\n", "t.patch.j2:3: "),
        ("a\n\n{{ missing }}\n", "t.patch.j2:3: "),
        ("\ue000", "U\\+E000"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "circles"),
        ("{% set x = namespace(__class__=1) %}{{ x.__class__ }}", "unsafe"),
    ],
)  # fmt: skip
def test_what_templates_may_not_do(text: str, message: str, render: Render) -> None:
    with pytest.raises(TemplateError) as caught:
        render(text)
    assert message.replace("\\", "") in caught.value.message
    assert caught.value.message.startswith("s/")


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for a in range(99999) %}{% set n.x = n.x + n.x %}"
        "{% endfor %}",
        "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa' | wordwrap(0) }}",
    ],
)
def test_templates_that_take_too_much_end(text: str, render: Render) -> None:
    with pytest.raises(TemplateError, match=r"processor time|memory|Error"):
        render(text)


def test_an_error_inside_an_import_names_that_template(render: Render) -> None:
    with pytest.raises(TemplateError, match=r"s/c\.j2:2: "):
        render("{% import 'c.j2' as c %}{{ c.m() }}", c="{% macro m() %}\n{{ nope }}{% endmacro %}")


def test_each_line_knows_where_it_comes_from(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    directory.mkdir()
    (directory / "series.toml").write_text(
        '[series]\nname = "s"\ntitle = "t"\n[[patch]]\ntemplate = "t.patch.j2"\n'
    )
    (directory / "t.patch.j2").write_text(
        "{# a\ncomment #}\none\n{% for n in tree.names %}\n{{ n }} x\n y\n{% endfor %}\n"
        "{% include 'i.j2' %}\n{% if tree.no %}\nno\n{% endif %}\nlast\n"
    )
    (directory / "i.j2").write_text("in\nner\n")
    with Renderer() as renderer:
        renderer.enter(load_series(tmp_path, "s"))
        text, origins = renderer.render("t.patch.j2", fact)
    assert list(zip(text.split("\n")[:-1], map(str, origins), strict=False)) == [
        ("one", "t.patch.j2:3"),
        ("a x", "t.patch.j2:5"), (" y", "t.patch.j2:6"),
        ("b x", "t.patch.j2:5"), (" y", "t.patch.j2:6"),
        ("in", "i.j2:1"), ("ner", "i.j2:2"),
        ("last", "t.patch.j2:12"),
    ]  # fmt: skip


def test_the_child_is_gone_afterwards_and_can_be_replaced(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    directory.mkdir()
    (directory / "series.toml").write_text(
        '[series]\nname = "s"\ntitle = "t"\n[[patch]]\ntemplate = "t.patch.j2"\n'
    )
    (directory / "t.patch.j2").write_text("x")
    with Renderer(fresh=True) as renderer:
        renderer.enter(load_series(tmp_path, "s"))
        assert renderer.render("t.patch.j2", fact)[0] == "x"
        child = renderer._process
        assert renderer.holds("tree.yes", "here", fact) is True
        assert renderer._process is not child and child is not None
        assert child.returncode is not None
        last = renderer._process
    assert last is not None and last.returncode is not None


@pytest.mark.parametrize(
    ("expression", "message"),
    [("tree.", "here"), ("tree.nope", "no fact 'nope'"), ("nope", "undefined"), ("1 and", "here")],
)
def test_wrong_expressions(expression: str, message: str, tmp_path: Path) -> None:
    directory = tmp_path / "s"
    directory.mkdir()
    (directory / "series.toml").write_text(
        '[series]\nname = "s"\ntitle = "t"\n[[patch]]\ntemplate = "t.patch.j2"\n'
    )
    (directory / "t.patch.j2").write_text("x")
    with Renderer() as renderer:
        renderer.enter(load_series(tmp_path, "s"))
        with pytest.raises(TemplateError, match=message):
            renderer.holds(expression, "here", fact)
        assert renderer.holds("not tree.no", "here", fact) is True

# SPDX-License-Identifier: GPL-2.0-only
"""Suppressions need a reason, cover what they say, and are reported when they cover nothing."""

from __future__ import annotations

import pytest
from lint_fakes import finding

from patchkit.errors import UserError
from patchkit.lint import suppress
from patchkit.lint.suppress import Allowance, from_file, from_source

RULES = ("leak", "other-rule")
SOURCE = b"""\
int f(void)
{
\tleak(a); /* patchkit-lint: allow leak: on the line */
\t/* patchkit-lint: allow leak: the line before */

\tleak(b);
\tleak(c);
}

// patchkit-lint: allow leak: the whole function
/**
 * g() - is allowed
 */
static int g(void)
{
\tleak(d);
}

/*
 * patchkit-lint: allow leak: a reason that is
 * longer than one line
 * patchkit-lint: allow other-rule: and a second rule
 */
int h(void)
{
\tleak(e);
}
"""


def allowed(lines: dict[int, str], source: bytes = SOURCE) -> dict[int, str]:
    """Return the reasons by line for findings of rule ``leak`` (or another) on *lines*."""
    allowances = from_source("mm/a.c", source, RULES)
    findings = [finding(rule=rule, line=line) for line, rule in lines.items()]
    done = suppress.apply(findings, allowances)
    return {item.finding.line: item.reason for item in done.suppressed}


def test_comments() -> None:
    every = dict.fromkeys(range(1, 29), "leak")
    reasons = allowed(every)
    assert reasons[3] == "on the line"
    assert reasons[6] == "the line before"
    assert 7 not in reasons
    assert 2 not in reasons
    assert {line for line, why in reasons.items() if why == "the whole function"} == {
        14,
        15,
        16,
        17,
    }
    assert reasons[26] == "a reason that is longer than one line"
    assert allowed({26: "other-rule"}) == {26: "and a second rule"}
    assert allowed({3: "other-rule"}) == {}


def test_a_comment_behind_code_covers_its_own_line_only() -> None:
    source = b"int f(void)\n{\n\ta(); /* patchkit-lint: allow leak: here */\n\tb();\n}\n"
    assert allowed({3: "leak", 4: "leak"}, source) == {3: "here"}


def test_a_comment_at_the_end_of_the_file() -> None:
    assert allowed({1: "leak", 2: "leak"}, b"x\n/* patchkit-lint: allow leak: why */") == {2: "why"}


def test_crlf_and_bytes_that_are_no_utf8() -> None:
    source = b"f() {\r\n/* patchkit-lint: allow leak: d\xe9j\xe0 vu */\r\nleak(a);\r\n}\r\n"
    assert allowed({3: "leak"}, source) == {3: "d\\xe9j\\xe0 vu"}


def test_strings_are_no_comments() -> None:
    assert from_source("a.c", b'char *s = "patchkit-lint: allow";\n', RULES) == ()


@pytest.mark.parametrize(
    ("comment", "message", "hint"),
    [
        ("allow leak", "gives no reason", "write why"),
        ("allow leak:", "gives no reason", "write why"),
        ("allow leak:  ", "gives no reason", "allow leak: reason"),
        ("allow leek: x", r"no rule 'leek' \(did you mean leak\?\)", "patchkit explain"),
        ("ignore leak: x", "expected 'patchkit-lint: allow'", "allow RULE: reason"),
        ("", "expected 'patchkit-lint: allow'", "allow RULE: reason"),
    ],
)
def test_incomplete_comments(comment: str, message: str, hint: str) -> None:
    source = f"int x;\n\n/* patchkit-lint: {comment} */\n".encode()
    with pytest.raises(UserError, match=f"^mm/a.c:3: .*{message}") as error:
        from_source("mm/a.c", source, RULES)
    assert hint in error.value.hint


FILE = b"""\
# looked at in November
[[allow]]
rule = "leak"
file = "mm/a.c"
function = "f"
reason = "given back by the caller"

[[allow]]
rule = "leak"
file = "mm/a.c"
fingerprint = "FINGERPRINT"
reason = "this one"
"""


def test_files() -> None:
    one, two = finding("x", function="g"), finding("y", function="g")
    allowances = from_file(
        "allow.toml", FILE.replace(b"FINGERPRINT", one.fingerprint.encode()), RULES
    )
    in_f = finding("z", function="f")
    done = suppress.apply([in_f, one, two, finding("x", file="mm/b.c")], allowances)
    assert [item.finding for item in done.suppressed] == [in_f, one]
    assert [item.where for item in done.suppressed] == ["allow.toml:2", "allow.toml:8"]
    assert [item.file for item in done.left] == ["mm/a.c", "mm/b.c"]
    assert done.unused == ()


def test_unused() -> None:
    allowance = Allowance("leak", "mm/a.c", "why", "allow.toml:1")
    assert suppress.apply([finding(file="mm/b.c")], [allowance]).unused == (allowance,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[[allow]]\nrule = 'leak'\nfile = 'a'\n", "allow.toml:1: .*gives no reason"),
        (b"\n[[allow]]\nrule='leak'\nfile='a'\nreason=' '\n", "allow.toml:2: .*gives no reason"),
        (b"[[allow]]\nrule = 'x'\nfile = 'a'\nreason = 'b'\n", "no rule 'x'"),
        (b"[[allow]]\nrule = 'leak'\nreason = 'b'\n", "missing required field `file`"),
        (b"[[allow]]\nrule = 'leak'\nfile = ''\nreason = 'b'\n", "length >= 1"),
        (b"[[allow]]\nrule = 'leak'\nfile = 'a'\nwhy = 'b'\n", "unknown field `why`"),
        (b"[[suppress]]\n", "unknown field `suppress`"),
        (b"allow = 3\n", "Expected `array`"),
        (b"[[allow\n", "allow.toml: "),
        (b"\xff", "allow.toml: "),
    ],
)
def test_files_that_are_wrong(content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        from_file("allow.toml", content, RULES)
    assert error.value.hint


def test_inline_arrays_are_read_too() -> None:
    content = b"allow = [{rule = 'leak', file = 'a.c', reason = 'b'}]\n"
    assert from_file("allow.toml", content, RULES)[0].where == "allow.toml:1"

# SPDX-License-Identifier: GPL-2.0-only
"""Whatever the bytes are: no crash, no hang, bounded memory, and no mention lost."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lint_fakes as fakes
import pytest

from patchkit.lint.collect import Analyser
from patchkit.lint.rule import load_rules
from patchkit.lint.tally import total
from patchkit.paths import data_directory
from patchkit.progress import no_progress
from patchkit.tree.source import REGULAR, compute_blob_id
from patchkit.tree.tokens import tokenize

pytestmark = pytest.mark.slow

SECONDS = 600
"""Of processor time, after which a hostile file is taken to hang the lint; it takes a few."""
MEGABYTES = 1024
ROUNDS = int(os.environ.get("PATCHKIT_FUZZ", "20"))
SEED = int(os.environ.get("PATCHKIT_FUZZ_SEED", "1"))


class Memory:
    """A tree of files in memory."""

    name = "memory"

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def mode(self, path: str) -> int | None:
        return REGULAR if path in self._files else None

    def blob_id(self, path: str) -> str | None:
        data = self._files.get(path)
        return None if data is None else compute_blob_id(data)

    def list(self, under: str = "") -> Iterator[str]:
        return iter(sorted(path for path in self._files if path.startswith(under)))


def lint(files: dict[str, bytes]) -> None:
    """Run the whole lint; the coverage has to add up."""
    raw = Analyser(no_progress).analyse(Memory(files), None)
    coverage = total(raw.files.values())
    assert coverage.mentions == coverage.analysed + coverage.elsewhere + len(coverage.not_analysed)
    for finding in raw.findings:
        data = files[finding.file]
        assert 1 <= finding.line <= data.count(b"\n") + 1
        assert finding.fingerprint
        assert finding.message


# -- mutated functions -----------------------------------------------------------------------


def seeds() -> list[bytes]:
    """Return C files that name counters: the rules' examples and our own small trees."""
    found = [text.encode() for rule in load_rules() for text in (rule.failing, rule.passing)]
    for path in sorted(data_directory("kernel-tree-fixtures").rglob("*.c")):
        data = path.read_bytes()
        if b"locked_vm" in data:
            found.append(data)
    return found


WORDS = (
    b"if", b"else", b"for", b"while", b"do", b"switch", b"case", b"goto", b"return", b"break", b"(",
    b")", b"{", b"}", b";", b",", b"?", b":", b"->", b"=", b"+=", b"*", b"&", b"!", b"-", b"0",
    b"mm->locked_vm", b"atomic64_add(x, &mm->pinned_vm)", b"rlimit(RLIMIT_MEMLOCK)", b"current->mm",
    b"#if X\n", b"\n#else\n", b"\n#endif\n", b"/*", b"*/", b'"', b"\\\n", b"\xff", b"\0", b"err:",
    b"sizeof", b"typeof(x)", b"({", b"})", b"__free(kfree)", b"1 << 63", b"asm volatile(",
)  # fmt: skip


def mutate(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """Return a file with some tokens lost, moved, doubled or replaced."""
    texts = [data[token.start : token.end] for token in tokenize(data)]
    theirs = [other[token.start : token.end] for token in tokenize(other)]
    for _ in range(dice.choice((1, 1, 2, 3, 8, 30))):
        if not texts:
            break
        at, size = dice.randrange(len(texts)), dice.choice((1, 1, 1, 2, 5, 40))
        match dice.randrange(7):
            case 0:
                del texts[at : at + size]
            case 1:
                texts[at:at] = texts[at : at + size]
            case 2:
                texts[at] = dice.choice(WORDS)
            case 3:
                texts.insert(at, dice.choice(WORDS))
            case 4:
                moved = texts[at : at + size]
                del texts[at : at + size]
                to = dice.randrange(len(texts) + 1)
                texts[to:to] = moved
            case 5 if theirs:
                start = dice.randrange(len(theirs))
                texts[at:at] = theirs[start : start + size]
            case _:
                texts[at], texts[-1 - at] = texts[-1 - at], texts[at]
    return b"".join(
        b"\n" + text + b"\n" if text.startswith(b"#") else text + b" " for text in texts
    )


def test_mutated_functions() -> None:
    dice = random.Random(SEED)
    known = seeds()
    for number in range(ROUNDS):
        data = mutate(dice.choice(known), dice.choice(known), dice)
        try:
            lint({"mm/a.c": data})
        except BaseException:
            Path(f"/tmp/patchkit-fuzz-{SEED}-{number}.c").write_bytes(data)
            raise


# -- hostile files ---------------------------------------------------------------------------

FUNCTION = b"int f(struct mm_struct *mm, unsigned long n)\n{\n%s\n\treturn 0;\n}\n"
CHARGE = b"mm->locked_vm += n;"


def hostile(share: float) -> dict[str, bytes]:
    """Return files with up to *share* of 200,000 of something."""

    def some(count: int) -> int:
        return max(int(count * share), 20)

    return {
        "not UTF-8": FUNCTION % b"\tmm->locked_vm += \xff\xfe;\n",
        "CRLF": (FUNCTION % CHARGE).replace(b"\n", b"\r\n"),
        "only CR": (FUNCTION % CHARGE).replace(b"\n", b"\r"),
        "a NUL": FUNCTION % (b"\0" + CHARGE),
        "nothing but the word": b"locked_vm",
        "no end": FUNCTION[:40] + b"{ mm->locked_vm",
        "a comment without an end": b"/* locked_vm",
        "a string without an end": b'char *s = "locked_vm',
        "nested braces": FUNCTION % (b"{" * some(200_000) + CHARGE + b"}" * some(200_000)),
        "braces that stay open": FUNCTION % (b"{" * some(20_000) + CHARGE),
        "nested parentheses": FUNCTION
        % (b"n = " + b"(" * some(20_000) + b"mm->locked_vm" + b")" * some(20_000)),
        "nested ifs": FUNCTION % (b"if (n) " * some(20_000) + CHARGE),
        "nested loops": FUNCTION % (b"while (n--) { " * some(3_000) + CHARGE + b"}" * some(3_000)),
        "a chain of else if": FUNCTION
        % b"".join(b"if (n == %d) mm->locked_vm += %d; else " % (i, i) for i in range(some(5_000))),
        "conditional expressions": FUNCTION
        % (b"mm->locked_vm = " + b"n ? 1 : " * some(20_000) + b"0;"),
        "a long sum": FUNCTION % (b"mm->locked_vm = " + b"n + " * some(50_000) + b"0;"),
        "a long product": FUNCTION
        % (b"mm->locked_vm = " + b" * ".join([b"(n + mm->locked_vm)"] * 60) + b";"),
        "many branches": FUNCTION
        % (b"if (g()) mm->locked_vm += n; if (h()) mm->locked_vm--;" * some(500)),
        "a big switch": FUNCTION
        % (
            b"switch (n) {"
            + b"".join(b"case %d: mm->locked_vm += %d; break;" % (i, i) for i in range(some(5_000)))
            + b"}"
        ),
        "a maze of gotos": FUNCTION
        % b"".join(
            b"l%d: if (n == %d) goto l%d; %s" % (i, i, i * 7 % some(900), CHARGE)
            for i in range(some(900))
        ),
        "short circuits": FUNCTION % (b"if (" + b"mm->locked_vm && " * some(5_000) + b"n) n--;"),
        "doubling locals": FUNCTION
        % (
            b"unsigned long a0 = n;"
            + b"".join(b"unsigned long a%d = a%d + a%d;" % (i, i - 1, i - 1) for i in range(1, 200))
            + b"mm->locked_vm = a199;"
        ),
        "functions in a ring": b"".join(
            b"static void f%d(struct mm_struct *mm)\n{\n\tmm->locked_vm++;\n\tf%d(mm);\n}\n"
            % (i, (i + 1) % some(500))
            for i in range(some(500))
        ),
        "a macro of itself": b"#define A B\n#define B A A\n" + FUNCTION % b"A; mm->locked_vm += B;",
        "a macro that grows": b"".join(
            b"#define M%d(x) M%d(x) + M%d(x)\n" % (i, i + 1, i + 1) for i in range(40)
        )
        + FUNCTION % b"mm->locked_vm = M0(n);",
        "conditions": FUNCTION % (b"#if A\n" * some(5_000) + CHARGE + b"\n#endif\n" * some(5_000)),
    }


def _limit() -> None:
    size = MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))


def run(tree: Path) -> str:
    """Lint a directory in a process of its own, with limits; return what went wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "patchkit", "lint", "--tree", str(tree), "--format", "json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=_limit, check=False,
    )  # fmt: skip
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"not done after {SECONDS} s"
    return "" if done.returncode in (0, 1) else done.stderr.decode()[-3000:]


def try_all(files: dict[str, bytes], tmp_path: Path) -> None:
    """Lint all files in one tree; when that fails say which one it is."""
    every = {f"mm/{number}.c": data for number, data in enumerate(files.values())}
    fakes.write(tmp_path / "every", {**every, "mm/good.c": FUNCTION % CHARGE})
    if not run(tmp_path / "every"):
        return
    for name, data in files.items():
        fakes.write(tmp_path / name, {"mm/a.c": data, "mm/good.c": FUNCTION % CHARGE})
        assert not run(tmp_path / name), name
    pytest.fail("together they fail, each alone does not")


def huge_header(lines: int, tmp_path: Path) -> int:
    """Lint a file that includes a header of *lines* lines; return the header's size."""
    line = b"#define REG_%08x 0x%08x /* of some device */\n"
    header = b"".join(line % (i, i) for i in range(lines))
    header += b"struct mm_struct { unsigned long locked_vm; };\n"
    code = b'#include "huge.h"\n' + FUNCTION % CHARGE
    fakes.write(tmp_path, {"mm/huge.h": header, "mm/a.c": code})
    assert not run(tmp_path)
    return len(header)


def test_hostile_files(tmp_path: Path) -> None:
    try_all(hostile(0.01), tmp_path)


def test_a_large_header(tmp_path: Path) -> None:
    huge_header(10_000, tmp_path)


@pytest.mark.prove
def test_the_same_in_full(tmp_path: Path) -> None:
    try_all(hostile(1.0), tmp_path / "files")
    assert huge_header(500_000, tmp_path / "header") > 24_000_000

# SPDX-License-Identifier: GPL-2.0-only
"""The lint on a whole kernel, side by side with tools that only search.

    python benchmarks/lint.py [--tree debian:7.2 | --checkout DIR] [--runs 3]

All look at the same checkout, with the page cache warm. *patchkit cold* starts with an empty cache
of its own; *again* is the same once more, *edited* with one line of a function changed (not with
--checkout, where nothing is written). ``rg`` gets ``-uu``: Debian's trees have a .gitignore that
names every file, so that plain rg finds nothing; a search that does not find the files that are
known to be there is an error here. A program that is not installed is reported as such.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from patchkit.tree.resolve import open_tree
from patchkit.tree.source import GitTree

WORDS = ("locked_vm", "pinned_vm", "perf_mlock", "RLIMIT_MEMLOCK")
KNOWN = ("mm/mlock.c", "kernel/events/core.c", "drivers/infiniband/core/umem.c")
"""Files that mention a word in every kernel since 5.1; the second has user->locked_vm only."""
EDITED = "mm/util.c"
EDIT = ("\tlocked_vm = mm->locked_vm;\n", "\tlocked_vm = READ_ONCE(mm->locked_vm);\n")
RULE = """\
@r@
struct mm_struct *mm;
position p;
@@
mm->locked_vm@p

@script:python@
p << r.p;
@@
print("%s:%s" % (p[0].file, p[0].line))
"""
PACKAGES = {
    "rg": "apt-get install ripgrep",
    "spatch": "apt-get install coccinelle",
    "ast-grep": "pip install ast-grep-cli",
}


@dataclass
class Row:
    """One tool's runs."""

    name: str
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Processor time, children included: tells more on a machine that does other things, too."""
    megabytes: float = 0.0
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def timed(
    row: Row, words: list[str], *, cwd: Path, env: dict[str, str], codes: tuple[int, ...] = (0,)
) -> str:
    """Run a command, add its wall-clock time and peak memory to *row*, return what it prints."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            words, cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out,
            stderr=err,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        row.seconds.append(time.perf_counter() - started)
        row.processor.append(usage.ru_utime + usage.ru_stime)
        row.megabytes = max(row.megabytes, usage.ru_maxrss / 1024)
        out.seek(0)
        err.seek(0)
        text = out.read().decode("utf-8", "replace")
        if process.returncode not in codes:
            tail = err.read().decode("utf-8", "replace")[-2000:]
            raise SystemExit(f"{' '.join(words)}: exit {process.returncode}\n{tail}")
        if row.name.startswith("patchkit"):
            row.note = " ".join(err.read().decode("utf-8", "replace").split())[-400:]
    return text


def require_known(tool: str, text: str, known: tuple[str, ...]) -> None:
    """End with an error unless *text* names the files that are known to be there."""
    lines = text.splitlines()
    for file in known:
        if not any(file in line for line in lines):
            raise SystemExit(f"{tool} did not find {file}: what it measured is worth nothing")


def patchkit(tree: Path, runs: int, scratch: Path, *, edits: bool) -> list[Row]:
    """Measure the lint: cold, again, and after an edit of one function."""
    cold, again, edited = Row("patchkit cold"), Row("patchkit again"), Row("patchkit edited")
    words = [sys.executable, "-m", "patchkit", "lint", "--tree", str(tree), "-v"]
    for number in range(runs):
        env = {"PATCHKIT_CACHE": str(scratch / f"cache-{number}")}
        for row in (cold, again, edited) if edits else (cold, again):
            file = tree / EDITED
            before = file.read_text(encoding="utf-8")
            if row is edited:
                # One line in the helper that most drivers charge with.
                file.write_text(before.replace(EDIT[0], EDIT[1], 1), encoding="utf-8")
            text = timed(row, words, cwd=scratch, env=env, codes=(0, 1))
            if row is edited:
                file.write_text(before, encoding="utf-8")
            if " mentions in " not in text:
                raise SystemExit(f"{row.name}: no coverage in the report")
    return [cold, again, edited] if edits else [cold, again]


def rg(tree: Path, runs: int) -> Row:
    """Measure the search for the same words."""
    row = Row("rg -uu")
    words = ["rg", "-uu", "-F", "-n", "--glob", "!.git"]
    for word in WORDS:
        words += ["-e", word]
    for _ in range(runs):
        require_known("rg", timed(row, [*words, "."], cwd=tree, env={}), KNOWN)
    return row


def spatch(tree: Path, runs: int, scratch: Path) -> Row:
    """Measure a rule that finds one expression of one type."""
    row = Row("spatch")
    rule = scratch / "locked_vm.cocci"
    rule.write_text(RULE)
    words = ["spatch", "--very-quiet", "--no-includes", "--sp-file", str(rule), "--dir", str(tree)]
    for _ in range(runs):
        require_known("spatch", timed(row, words, cwd=scratch, env={}), KNOWN[:1])
    return row


def ast_grep(tree: Path, runs: int) -> Row:
    """Measure one pattern without types."""
    row = Row("ast-grep")
    ignore = [w for k in ("hidden", "dot", "exclude", "global", "parent", "vcs")
              for w in ("--no-ignore", k)]  # fmt: skip
    words = ["ast-grep", "run", "-l", "c", "-p", "$M->locked_vm", *ignore, "."]
    for _ in range(runs):
        require_known("ast-grep", timed(row, words, cwd=tree, env={}), KNOWN[:2])
    return row


def checkout(spec: str, scratch: Path) -> Path:
    """Make a clean checkout of a tree."""
    tree = open_tree(spec)
    assert isinstance(tree, GitTree)
    clone = scratch / "linux"
    for words in (
        ["clone", "-q", "--shared", "--no-checkout", str(tree.repository), str(clone)],
        ["-C", str(clone), "checkout", "-q", "--detach", tree.commit],
    ):
        subprocess.run(["git", *words], check=True)
    return clone


def show(rows: list[Row]) -> None:
    """Print the table; ratios are to rg where it is there."""
    base = next((row.median for row in rows if row.name == "rg -uu" and row.seconds), None)
    print(f"{'tool':<16} {'median s':>9} {'x rg':>7} {'CPU s':>7} {'MB':>6}  runs")
    for row in rows:
        if not row.seconds:
            print(f"{row.name:<16} {row.note}")
            continue
        ratio = f"{row.median / base:7.2f}" if base else f"{'-':>7}"
        each = " ".join(f"{seconds:.2f}" for seconds in row.seconds)
        used = statistics.median(row.processor)
        print(f"{row.name:<16} {row.median:9.2f} {ratio} {used:7.2f} {row.megabytes:6.0f}  {each}")
    for row in rows:
        if row.seconds and row.note:
            print(f"{row.name}: {row.note}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", default="debian:7.2")
    parser.add_argument("--checkout", type=Path, help="an existing clean checkout of it")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="patchkit-bench-"))
    try:
        tree = (arguments.checkout or checkout(arguments.tree, scratch)).resolve()
        # Everything is read once before anything is measured.
        subprocess.run(["git", "-C", str(tree), "grep", "-q", "no such text is there"], check=False)
        rows: list[Row] = []
        for name, measure in (
            ("rg", lambda: [rg(tree, arguments.runs)]),
            (
                "patchkit",
                lambda: patchkit(tree, arguments.runs, scratch, edits=not arguments.checkout),
            ),
            ("spatch", lambda: [spatch(tree, 1, scratch)]),
            ("ast-grep", lambda: [ast_grep(tree, 1)]),
        ):
            if name != "patchkit" and shutil.which(name) is None:
                rows.append(Row(name, note=f"not installed: {PACKAGES[name]}"))
                continue
            rows += measure()
        show(rows)
    finally:
        shutil.rmtree(scratch)
    return 0


if __name__ == "__main__":
    sys.exit(main())

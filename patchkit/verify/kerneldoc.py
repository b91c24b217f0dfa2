# SPDX-License-Identifier: GPL-2.0-only
"""The tree's own scripts/kernel-doc on the files that a commit changes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from patchkit import process
from patchkit.errors import InfrastructureError
from patchkit.verify.compare import new_messages
from patchkit.verify.model import Outcome, tail

SCRIPT = "scripts/kernel-doc"
_SEED = """\
/**
 * patchkit_seeded_defect() - a description that misses its parameter
 */
int patchkit_seeded_defect(int missing)
{
	return missing;
}
"""
_LINE = re.compile(r"(?:(?P<level>\w+): )?(?P<path>[^\s:]+):(?P<line>\d+):? (?P<text>.*)")


class Documented(msgspec.Struct, frozen=True):
    """What kernel-doc said of one file, without line numbers."""

    warnings: tuple[str, ...]


def check(source: Path, files: Sequence[str]) -> dict[str, Documented]:
    """Run kernel-doc on each of *files*.

    Raises InfrastructureError when it cannot run, or does not see a defect that is known to it.
    """
    with tempfile.TemporaryDirectory(prefix="kernel-doc-") as name:
        seed = Path(name) / "seed.c"
        seed.write_text(_SEED)
        if "missing" not in _run(source, str(seed)):
            raise InfrastructureError(f"{source / SCRIPT} does not report a seeded defect")
    return {file: Documented(_messages(_run(source, file))) for file in files}


def _run(source: Path, file: str) -> str:
    done = process.run(
        [source / SCRIPT, "-none", file], cwd=source, check=False,
        env={"LC_ALL": "C.UTF-8", "KBUILD_VERBOSE": "0", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    # The status counts warnings in some trees; a Python or Perl error shows in the text.
    if re.search(r"^Traceback |Can't locate .* in @INC|syntax error at ", said, re.MULTILINE):
        raise InfrastructureError(f"{source / SCRIPT} failed:\n{tail(said.splitlines())}")
    return said


def _messages(said: str) -> tuple[str, ...]:
    found = []
    for line in said.splitlines():
        match = _LINE.match(line)
        if match and not match["text"].startswith("info:"):
            found.append(f"{match['path']}: {match['text']}")
    return tuple(sorted(found))


def judge(now: Mapping[str, Documented], base: Mapping[str, Documented]) -> Outcome:
    """Compare with what kernel-doc said of the same files before."""
    problems: list[str] = []
    for file, result in now.items():
        before = base.get(file)
        problems += new_messages(result.warnings, before.warnings if before else ())
    return Outcome("fail", tail(problems)) if problems else Outcome("ok", f"{len(now)} files")

# SPDX-License-Identifier: GPL-2.0-only
"""Read the pages as a reader would: what to type, what to put into which file, and run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from patchkit.cli import main

FENCE = re.compile(r"^(```+)(\w*)\n(.*?)^\1$", re.M | re.S)
TITLE = re.compile(r"\n\n`([\w./-]+)`:\n\n\Z")


@dataclass(frozen=True)
class File:
    """A block under a line with a file's name: it is to be written."""

    path: str
    text: str


@dataclass(frozen=True)
class Line:
    """A line after ``$``; *code* is what it exits with."""

    text: str
    code: int


def steps(page: str) -> Iterator[File | Line]:
    """Yield what a page asks the reader to do, in order."""
    for block in FENCE.finditer(page):
        if block[2] == "console":
            for line in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block[3], re.M):
                text, _, remark = line.replace("\\\n", " ").partition("   #")
                found = re.search(r"exits (\d+)", remark)
                yield Line(text.partition("  #")[0].strip(), int(found[1]) if found else 0)
        else:
            before = page[: block.start()]
            title = TITLE.search(before)
            if title:
                yield File(title[1], block[3])


def lines(page: str) -> list[str]:
    """Return the command lines of a page."""
    return [step.text for step in steps(page) if isinstance(step, Line)]


class Reader:
    """Someone who follows a page, with a small kernel as the checkout in ~/src/linux."""

    def __init__(self, home: Path, tree: Path) -> None:
        self.place = home / "work"
        self.place.mkdir(parents=True)
        self.checkout = home / "src" / "linux"
        self.home = home
        subprocess.run(["git", "clone", "-q", tree, self.checkout], check=True)
        self.git("config", "user.name", "A Reader")
        self.git("config", "user.email", "reader@example.org")
        self.git("checkout", "-q", "-B", "master")
        self.git("update-ref", "refs/remotes/origin/master", "HEAD")

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", self.checkout, *words], check=True)

    def do(self, step: File | Line) -> None:
        """Follow one step; AssertionError when a line does not exit as it should."""
        if isinstance(step, File):
            (self.place / step.path).parent.mkdir(parents=True, exist_ok=True)
            (self.place / step.path).write_text(step.text, encoding="utf-8")
            return
        if step.text.startswith("cd "):
            where = step.text[3:].replace("~", str(self.home))
            self.place = self.place / where
            return
        if step.text.startswith("patchkit ") and "|" not in step.text:
            words = shlex.split(step.text.replace("debian:", "fixture:"))[1:]
            before = Path.cwd()
            os.chdir(self.place)
            try:
                code = main(words)
            except SystemExit as stop:
                code = int(stop.code or 0)
            finally:
                os.chdir(before)
            # A lint that finds something has done its work.
            fine = code == step.code or (words[0] == "lint" and code == 1)
            assert fine, f"{step.text}: exited {code}"
            return
        done = subprocess.run(
            ["bash", "-c", step.text], cwd=self.place, capture_output=True, text=True, check=False
        )
        assert done.returncode == step.code, f"{step.text}\n{done.stdout}{done.stderr}"

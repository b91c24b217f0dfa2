# SPDX-License-Identifier: GPL-2.0-only
"""Prove every series on every kernel and record it in docs/proof.json (``make prove``).

Takes hours and can be stopped at any time: a claim that is recorded for the same templates and the
same tree is not proved again. ``tests/test_proof.py`` fails when a claim there was made with
templates of its series that have changed since.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PROOF = ROOT / "docs" / "proof.json"
TREES = ("debian:5.10", "debian:6.1", "debian:6.12", "debian:7.2")
SPINE = ("vm-pinned", "mpin")
LONGTERM = ("pf-memalloc-pin", "pin-selftests")
CMA = "cma=1G@512M"
"""Of the long-term pins once more: user memory in a CMA range of this size and place."""
WORD = re.compile(r"\w+")
PATCHKIT = (sys.executable, "-m", "patchkit")


def digest(series: str) -> str:
    """Return the SHA-256 of everything that a series renders from.

    That is its own files, what all templates share, and those of the common facts that it or
    another such fact names; other facts cannot change what it renders.
    """
    templates = ROOT / "templates"
    files = sorted(path for path in (templates / series).rglob("*") if path.is_file())
    files += sorted(path for path in templates.glob("*.j2"))
    summed = hashlib.sha256()
    said: set[str] = set()
    for path in files:
        summed.update(f"{path.relative_to(templates)}\0".encode())
        summed.update(hashlib.sha256(path.read_bytes()).digest())
        said.update(WORD.findall(path.read_text(encoding="utf-8")))
    common = templates / "facts.toml"
    facts = tomllib.loads(common.read_text(encoding="utf-8"))["facts"]
    defined = {name: json.dumps(fact, sort_keys=True) for name, fact in facts.items()}
    named: set[str] = set()
    while more := (said & defined.keys()) - named:
        named |= more
        said.update(word for name in more for word in WORD.findall(defined[name]))
    for name in sorted(named):
        summed.update(f"{name}\0{defined[name]}\0".encode())
    return summed.hexdigest()


class Claim(NamedTuple):
    """One thing to prove: ``patchkit VERB SERIES… OPTIONS`` on a tree ends with 0."""

    name: str
    tree: str
    verb: str
    series: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in docs/proof.json."""
        return f"{self.name}/{self.tree}"

    @property
    def words(self) -> list[str]:
        """The command line behind ``patchkit``."""
        return [
            self.verb, *self.series, *self.options, "--tree", self.tree, "--format", "json",
        ]  # fmt: skip

    def digests(self) -> dict[str, str]:
        """Return the digest of each of its series as they are now."""
        return {series: digest(series) for series in self.series}


def claims() -> list[Claim]:
    """Return everything that there is to prove, cheapest first."""
    checkpatch = ("--each", "--checks", "checkpatch")
    cma = ("--append", CMA)
    found: list[Claim] = []
    for tree in TREES:
        found.append(Claim("apply", tree, "apply", SPINE))
        found.append(Claim("apply-longterm", tree, "apply", LONGTERM))
        found.append(Claim("checkpatch", tree, "verify", SPINE, checkpatch))
    found += [Claim("test", tree, "test", SPINE) for tree in TREES]
    found += [Claim("test-longterm", tree, "test", LONGTERM) for tree in TREES]
    found += [Claim("test-longterm-cma", tree, "test", LONGTERM, cma) for tree in TREES]
    found += [Claim("test-mvolatile", tree, "test", ("mvolatile",)) for tree in TREES]
    found.append(Claim("test-arm64", "debian:6.12", "test", SPINE, ("--arch", "arm64")))
    found += [Claim("test-debug", tree, "test", SPINE, ("--profile", "debug")) for tree in TREES]
    found += [Claim("verify-each", tree, "verify", SPINE, ("--each",)) for tree in TREES]
    return found


def load() -> dict[str, Any]:
    """Return what has been proved so far."""
    if not PROOF.exists():
        return {"schema": 1, "claims": {}}
    loaded: dict[str, Any] = json.loads(PROOF.read_text(encoding="utf-8"))
    return loaded


def save(proof: dict[str, Any]) -> None:
    """Replace docs/proof.json in one step."""
    temporary = PROOF.with_suffix(".tmp")
    temporary.write_text(json.dumps(proof, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(PROOF)


def figures(verb: str, report: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a report that are worth keeping."""
    if verb == "apply":
        patches = [patch for series in report["series"] for patch in series["patches"]]
        states = [patch["state"] for patch in patches]
        return {state: states.count(state) for state in sorted(set(states))}
    if verb == "test":
        states = [test["status"] for test in report["tests"]]
        return {
            "verdict": report["verdict"],
            "accelerator": report["accelerator"],
            **{state: states.count(state) for state in sorted(set(states))},
        }
    states = [row["state"] for row in report["rows"]]
    return {state: states.count(state) for state in sorted(set(states))}


def main() -> int:
    """Prove what is asked for; 1 when a claim did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", help="claim names, or name/tree")
    parser.add_argument("--again", action="store_true", help="prove recorded claims again")
    arguments = parser.parse_args()
    failed = 0
    for claim in claims():
        key, digests = claim.key, claim.digests()
        if arguments.only and not {claim.name, key} & set(arguments.only):
            continue
        held = load()["claims"].get(key)
        if held and held["templates"] == digests and not arguments.again:
            print(f"{key}: recorded {held['date']}")
            continue
        started = time.monotonic()
        command = " ".join(["patchkit", *claim.words])
        print(f"{key}: {command}", flush=True)
        done = subprocess.run([*PATCHKIT, *claim.words], stdout=subprocess.PIPE, check=False)
        seconds = round(time.monotonic() - started)
        proof = load()  # another may have recorded something in the meantime
        if done.returncode != 0:
            failed += 1
            proof["claims"].pop(key, None)
            save(proof)
            print(f"{key}: exit {done.returncode} after {seconds} s")
            continue
        report = json.loads(done.stdout)
        proof["claims"][key] = {
            "command": command,
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "figures": figures(claim.verb, report),
            "seconds": seconds,
            "templates": digests,
            "tree": report.get("base", ""),
        }
        save(proof)
        print(f"{key}: {proof['claims'][key]['figures']} in {seconds} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

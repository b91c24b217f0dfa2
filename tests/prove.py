# SPDX-License-Identifier: GPL-2.0-only
"""Prove every series on every kernel and record it in docs/proof.json (``make prove``).

Takes hours and can be stopped at any time: a claim that is recorded for the same templates and the
same tree is not proved again. ``tests/test_proof.py`` fails when a claim there was made with
templates that have changed since.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROOF = ROOT / "docs" / "proof.json"
TREES = ("debian:5.10", "debian:6.1", "debian:6.12", "debian:7.2")
SERIES = ("vm-pinned", "mpin")
PATCHKIT = (sys.executable, "-m", "patchkit")


def digest(series: str) -> str:
    """Return the SHA-256 of everything that a series renders from."""
    templates = ROOT / "templates"
    files = sorted(path for path in (templates / series).rglob("*") if path.is_file())
    files += sorted(path for path in templates.iterdir() if path.is_file())
    summed = hashlib.sha256()
    for path in files:
        summed.update(f"{path.relative_to(templates)}\0".encode())
        summed.update(hashlib.sha256(path.read_bytes()).digest())
    return summed.hexdigest()


def claims() -> list[tuple[str, str, list[str]]]:
    """Return (name, tree, command words) of everything there is to prove, cheapest first."""
    found: list[tuple[str, str, list[str]]] = []
    for tree in TREES:
        found.append(("apply", tree, ["apply", *SERIES]))
        found.append(("checkpatch", tree, ["verify", *SERIES, "--each", "--checks", "checkpatch"]))
    found += [("test", tree, ["test", *SERIES]) for tree in TREES]
    found += [("test-debug", tree, ["test", *SERIES, "--debug"]) for tree in TREES]
    found += [("verify-each", tree, ["verify", *SERIES, "--each"]) for tree in TREES]
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


def figures(name: str, report: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a report that are worth keeping."""
    if name == "apply":
        patches = [patch for series in report["series"] for patch in series["patches"]]
        states = [patch["state"] for patch in patches]
        return {state: states.count(state) for state in sorted(set(states))}
    if name.startswith("test"):
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
    digests = {series: digest(series) for series in SERIES}
    failed = 0
    for name, tree, words in claims():
        key = f"{name}/{tree}"
        if arguments.only and not {name, key} & set(arguments.only):
            continue
        proof = load()
        held = proof["claims"].get(key)
        if held and held["templates"] == digests and not arguments.again:
            print(f"{key}: recorded {held['date']}")
            continue
        started = time.monotonic()
        command = [*words, "--tree", tree, "--format", "json"]
        print(f"{key}: patchkit {' '.join(command)}", flush=True)
        done = subprocess.run([*PATCHKIT, *command], stdout=subprocess.PIPE, check=False)
        seconds = round(time.monotonic() - started)
        if done.returncode != 0:
            failed += 1
            proof["claims"].pop(key, None)
            save(proof)
            print(f"{key}: exit {done.returncode} after {seconds} s")
            continue
        report = json.loads(done.stdout)
        proof["claims"][key] = {
            "command": "patchkit " + " ".join(command),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "figures": figures(name, report),
            "seconds": seconds,
            "templates": digests,
            "tree": report.get("base", ""),
        }
        save(proof)
        print(f"{key}: {proof['claims'][key]['figures']} in {seconds} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

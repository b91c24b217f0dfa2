# SPDX-License-Identifier: GPL-2.0-only
"""sparse on single objects, with proof that it ran on each.

Every run includes a header with a defect of its own (SEED). sparse has analysed an object only if
it reported that defect in the very run that analysed the object, and ended well.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

import patchkit
from patchkit import process
from patchkit.errors import InfrastructureError
from patchkit.progress import Progress, no_progress
from patchkit.tree import apt
from patchkit.verify.kbuild import Kernel, messages
from patchkit.verify.model import tail
from patchkit.verify.record_sparse import RECORDS

SEED = """\
static int patchkit_seeded_defect(int __attribute__((noderef, address_space(1))) *pointer)
{
	return *pointer;
}
"""
_SEED_NAME = "patchkit_seed.h"
_VALIDATOR = "scripts/checker-valid.sh"


class Checked(msgspec.Struct, frozen=True):
    """What sparse made of one object."""

    ran: bool
    warnings: tuple[str, ...]
    output: str


class _Record(msgspec.Struct):
    file: str
    status: int
    output: str


def check(kernel: Kernel, sparse: Path, objects: Sequence[str]) -> dict[str, Checked]:
    """Run *sparse* on objects that have been compiled; each has an entry."""
    with tempfile.TemporaryDirectory(prefix="sparse-") as name:
        records = Path(name)
        seed = records / _SEED_NAME
        seed.write_text(SEED)
        done = kernel.make(
            "C=2", f"CHECK={_recorder(sparse)}", f"CF=-include {seed}", *objects,
            env={RECORDS: name, "PYTHONPATH": os.fspath(Path(patchkit.__file__).parent.parent)},
        )  # fmt: skip
        said = tail(done.stdout.decode("utf-8", "replace").splitlines())
        found = {}
        for record in records.glob("*.json"):
            one = msgspec.json.decode(record.read_bytes(), type=_Record)
            path = os.path.relpath(kernel.directory / one.file, kernel.source.path)
            found[f"{path[:-2]}.o"] = judge(one.status, one.output, kernel.source.path)
    skipped = Checked(False, (), f"make did not run sparse on it:\n{said}")
    return {name: found.get(name, skipped) for name in objects}


def judge(status: int, output: str, source: Path) -> Checked:
    """Turn one run of sparse into a result."""
    lines = output.splitlines()
    seeded = [line for line in lines if _SEED_NAME in line]
    rest = [line for line in lines if _SEED_NAME not in line]
    proven = any("noderef" in line for line in seeded)
    # sparse exits with 1 when it found errors, which are results; a signal or 2 is a crash.
    if status not in (0, 1) or not proven:
        why = "sparse did not report the defect that was seeded" if not proven else "sparse failed"
        return Checked(False, (), tail([f"{why} (exit status {status})", *rest]))
    return Checked(True, messages(rest, source), tail(rest))


def _recorder(sparse: Path) -> str:
    return f"{sys.executable} -m patchkit.verify.record_sparse {sparse}"


def accepted_by(source: Path, sparse: Path) -> bool:
    """Tell whether the tree's own test, if it has one, takes *sparse* for new enough."""
    script = source / _VALIDATOR
    if not script.is_file():
        return True
    return process.run([script, sparse], check=False).stdout.strip() == b"1"


def installed_version() -> str:
    """Return what the machine's sparse says of itself; empty when there is none."""
    installed = shutil.which("sparse")
    if not installed:
        return ""
    return process.run([installed, "--version"]).stdout.decode("utf-8", "replace").strip()


def find(source: Path, cache: Path, progress: Progress = no_progress) -> Path:
    """Return a sparse that the tree accepts.

    That of the machine, or else one built from the newest source package that the mirror has.

    Raises InfrastructureError when neither will do.
    """
    installed = shutil.which("sparse")
    if installed and accepted_by(source, Path(installed)):
        return Path(installed)
    built = build(cache, progress)
    if not accepted_by(source, built):
        raise InfrastructureError(
            f"{source}: its {_VALIDATOR} refuses {built}, which is the newest sparse there is"
        )
    return built


def build(cache: Path, progress: Progress = no_progress) -> Path:
    """Build the newest sparse of Debian from source, once; return the program."""
    ready = sorted((cache / "sparse").glob("sparse-*/sparse"))
    if ready:
        return ready[-1]
    if not apt.apt_available():
        raise InfrastructureError("no sparse that this tree accepts", hint="install a newer sparse")
    main, *_ = apt.machine_archives()
    suites = [apt.Suite(name, main) for name in apt.known_suites()[False]]
    private = apt.PrivateApt(cache / "apt", suites, kind="deb-src")
    private.update(progress)
    offers = private.offers("sparse")
    if not offers:
        raise private.failure("the mirror has no source package sparse")
    progress("sparse", 0, None, f"building sparse {offers[0].version}")
    private.source("sparse", offers[0].version, progress)
    upstream = offers[0].version.rpartition("-")[0]
    archives = sorted(private.downloads.glob(f"sparse_{upstream}.orig.tar.*"))
    if not archives:
        raise InfrastructureError(f"sparse {offers[0].version} comes without an upstream archive")
    directory = cache / "sparse" / f"sparse-{offers[0].version}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new.", dir=directory.parent))
    try:
        process.run(["tar", "-x", "-f", archives[0], "-C", temporary])
        (top,) = (path for path in temporary.iterdir() if path.is_dir())
        process.run(["make", "-C", top, "CC=gcc", "sparse"])
        top.rename(directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    progress("sparse", 1, 1, f"sparse {offers[0].version}")
    return directory / "sparse"

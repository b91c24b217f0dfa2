# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernel sources as git repositories.

Debian's package linux-source-X.Y carries the whole tree, with Debian's patches applied, as a
compressed tar archive. It comes through apt, so its signature is checked, and is imported without
being unpacked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from patchkit import process
from patchkit.errors import InfrastructureError, TreeError, UserError
from patchkit.progress import Progress, no_progress
from patchkit.tree import apt, importer
from patchkit.tree.apt import Archive, Offer, PrivateApt, Suite
from patchkit.tree.debversion import version_key
from patchkit.tree.store import StoredTree, find_tree, hold, record, trees_directory

PREFIX = "linux-source-"
_PACKAGE = re.compile(r"linux-source-(\d+\.\d+)")
_REQUEST = re.compile(r"debian:(?P<what>[a-z0-9][a-z0-9.-]*)(?:@(?P<version>[A-Za-z0-9.+~:-]+))?")
ROOM_PER_PACKED_BYTE = 4
"""Bytes of disk that fetching needs per byte of the package, with a margin of a quarter or more.

Measured on 5.10, 6.1, 6.12 and 7.2: the package itself (1) and a repository of 1.9 to 2.1.
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed ``debian:…``: a kernel series or a suite, and perhaps a version."""

    text: str
    kernel: str
    suite: str
    version: str


def parse_request(text: str) -> Request:
    """Parse ``debian:X.Y``, ``debian:X.Y@VERSION`` or ``debian:SUITE``; UserError otherwise."""
    found = _REQUEST.fullmatch(text)
    hint = "for example debian:6.12, debian:6.12@6.12.100-1 or debian:trixie"
    if not found:
        raise UserError(f"{text}: not the name of a Debian kernel source", hint=hint)
    what, version = found["what"], found["version"] or ""
    if what[0].isdigit():
        if not re.fullmatch(r"\d+\.\d+", what):
            raise UserError(f"{text}: {what} is not of the form X.Y", hint=hint)
        return Request(text, what, "", version)
    if version:
        raise UserError(f"{text}: a version goes with a kernel series, not a suite", hint=hint)
    return Request(text, "", what, "")


def get(
    spec: str,
    *,
    progress: Progress = no_progress,
    cache: Path | None = None,
    refresh: bool = False,
) -> Path:
    """Return the bare repository with the tree that *spec* names, fetching it when necessary.

    Its one commit is on branch ``base``. A tree that is there already is used again, without a
    look at the network; with *refresh* the mirror is asked whether there is a newer version.

    Raises UserError when the mirror has no such package, naming those that it has, and
    InfrastructureError for no mirror, no network, a wrong signature or too little disk.
    """
    request = parse_request(spec)
    directory = trees_directory(cache)
    with hold(directory, progress):
        stored = None if refresh else find_tree(spec, cache)
        if stored is None:
            stored = _fetch(request, directory, cache, progress)
    return directory / stored.repository


def _fetch(request: Request, directory: Path, cache: Path | None, progress: Progress) -> StoredTree:
    if not apt.apt_available():
        raise InfrastructureError(
            "fetching Debian's sources needs apt and dpkg, which this machine lacks",
            hint="pass the path of a kernel checkout instead: --tree DIRECTORY",
        )
    private, offer = find_offer(request, directory / "apt", progress)
    series = offer.package.removeprefix(PREFIX)
    name = f"debian:{series}@{offer.version}"
    stored = find_tree(name, cache)
    if stored is None:
        _need_room(directory, private.size(offer))
        package = private.download(offer, progress)
        progress("download", 100, 100, package.name)
        repository = f"debian-{series}-{offer.version.replace(':', '%3a')}.git"
        subject = f"{offer.package} {offer.version}"
        message = f"{subject}\n\nDebian's kernel source as its package carries it.\n"
        shutil.rmtree(directory / repository, ignore_errors=True)  # without a note: not complete
        with open_source(package, progress) as entries:
            made = importer.import_files(
                directory / repository, entries, message, progress=progress
            )
        stored = StoredTree(
            name=name, repository=repository, commit=made.commit, tree=made.tree,
            files=made.files, package=offer.package, version=offer.version, suite=offer.suite,
        )  # fmt: skip
        stored = record(stored, request.text, cache)
        package.unlink()
        return stored
    return record(stored, request.text, cache)


def find_offer(
    request: Request, state: Path, progress: Progress = no_progress
) -> tuple[PrivateApt, Offer]:
    """Find the package that *request* names; return it with the apt that can download it.

    The suites that the machine has configured come first: their version is the one that its
    Debian release supports. Only what they lack is looked for in the other suites of the mirror.
    """
    archives = apt.machine_archives()
    own = [Suite(name, archive) for archive in archives for name in archive.suites]
    if request.suite:
        steps = [[_suite(request.suite, archives)]]
    else:
        steps = [own, _all_suites(archives, own)]
    there: list[Offer] = []
    private: PrivateApt | None = None
    for suites in steps:
        private = PrivateApt(state, suites)
        try:
            private.update(progress)
        except InfrastructureError:
            if request.suite and private.lacks(request.suite):
                raise _no_suite(request, own) from None
            raise
        there = [
            offer
            for package in private.packages(PREFIX)
            if _PACKAGE.fullmatch(package)
            for offer in private.offers(package)
        ]
        there.sort(key=lambda offer: version_key(offer.version), reverse=True)
        for offer in there:
            series = offer.package.removeprefix(PREFIX)
            if request.kernel in ("", series) and request.version in ("", offer.version):
                return private, offer
        _blame_signatures(private, own if not request.suite else suites)
    assert private is not None
    raise _nothing(request, there, private)


def _suite(name: str, archives: Sequence[Archive]) -> Suite:
    for archive in archives:
        if name in archive.suites:
            return Suite(name, archive)
    security = name.endswith("-security")
    for archive in archives:
        if archive.security == security:
            return Suite(name, archive)
    raise UserError(f"debian:{name}: this machine's apt has no security archive configured")


def _all_suites(archives: Sequence[Archive], own: Sequence[Suite]) -> list[Suite]:
    suites = {suite.name: suite for suite in own}
    names = apt.known_suites()
    for archive in archives:
        for name in names[archive.security]:
            suites.setdefault(name, Suite(name, archive))
    return list(suites.values())


def _blame_signatures(private: PrivateApt, needed: Sequence[Suite]) -> None:
    """Raise when a suite that has to be there could not be used; others may be missing."""
    if any(suite.name in private.failures for suite in needed):
        raise private.failure("some suites could not be read")


def _no_suite(request: Request, own: Sequence[Suite]) -> UserError:
    names = apt.known_suites()
    known = dict.fromkeys([*(suite.name for suite in own), *names[False], *names[True]])
    return UserError(
        f"{request.text}: the mirror has no suite {request.suite}",
        hint=f"suites that it may have: {', '.join(known)}",
    )


def _nothing(request: Request, there: Sequence[Offer], private: PrivateApt) -> UserError:
    wanted = request.text
    same = [o for o in there if o.package == f"{PREFIX}{request.kernel}"]
    shown: dict[str, list[str]] = {}
    for offer in same or there:
        label = f"debian:{offer.package.removeprefix(PREFIX)}"
        shown.setdefault(f"{label}@{offer.version}", []).append(offer.suite)
    lines = "".join(f"\n  {name} ({', '.join(suites)})" for name, suites in shown.items())
    text = f"{wanted}: the mirror has no such kernel source"
    if private.failures:
        text += f"; not looked into: {', '.join(private.failures)}"
    return UserError(f"{text}; there is{lines or ' none at all'}")


def _need_room(directory: Path, package_bytes: int) -> None:
    need, free = package_bytes * ROOM_PER_PACKED_BYTE, shutil.disk_usage(directory).free
    if free < need:
        raise InfrastructureError(
            f"{directory}: fetching needs {need >> 20} MiB of disk, and {free >> 20} MiB are free",
            hint="make room, or use another cache: PATCHKIT_CACHE=DIRECTORY",
        )


@contextmanager
def open_source(
    package: Path, progress: Progress = no_progress
) -> Iterator[Iterator[importer.Entry]]:
    """Open the tree inside a linux-source package; yields its files, read as they are consumed.

    Raises TreeError when the package has no such archive.
    """
    outer = process.spawn(["dpkg-deb", "--fsys-tarfile", package], stderr=subprocess.DEVNULL)
    inner: subprocess.Popen[bytes] | None = None
    try:
        assert outer.stdout is not None
        archive, packed = _find_archive(outer.stdout, package)
        with archive:
            inner = process.spawn(
                ["xz", "-dc", "-T0"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            feeder = threading.Thread(target=_feed, args=(packed, inner.stdin), daemon=True)
            feeder.start()
            assert inner.stdout is not None
            progress("unpack", 0, None, package.name)
            yield importer.tar_entries(inner.stdout)
            inner.stdout.read()
            if inner.wait() != 0:
                raise TreeError(f"{package}: the archive in it is damaged")
            feeder.join()
            progress("unpack", 1, 1, package.name)
    finally:
        for child in (inner, outer):
            if child is not None:
                process.end_group(child)


def _find_archive(stream: IO[bytes], package: Path) -> tuple[tarfile.TarFile, IO[bytes]]:
    try:
        archive = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 - closed by the caller
        for member in archive:
            if re.fullmatch(r"(\./)?usr/src/linux-source-[\d.]+\.tar\.xz", member.name):
                file = archive.extractfile(member)
                assert file is not None
                return archive, file
    except tarfile.TarError as error:
        raise TreeError(f"{package}: not a readable package: {error}") from None
    raise TreeError(f"{package}: expected usr/src/linux-source-X.Y.tar.xz in it, found none")


def _feed(source: IO[bytes], sink: IO[bytes] | None) -> None:
    """Copy until either end is gone; xz reports what is missing by its exit status."""
    assert sink is not None
    try:
        shutil.copyfileobj(source, sink, 1 << 20)
    except (OSError, tarfile.TarError, ValueError):
        return
    finally:
        with suppress(OSError):
            sink.close()

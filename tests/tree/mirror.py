# SPDX-License-Identifier: GPL-2.0-only
"""A Debian mirror in a directory, and a machine whose apt uses it; for tests without a network."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

Files = dict[str, tuple[int, bytes]]
MTIME = 1_700_000_000

KERNEL: Files = {
    "Makefile": (0o100644, b"VERSION = 6\n"),
    ".gitignore": (0o100644, b"*\n!/debian/\n"),
    "mm/mlock.c": (0o100644, b"int mlock;\n"),
    "scripts/checkpatch.pl": (0o100755, b"#!/usr/bin/perl\n"),
    "scripts/dtc/include-prefixes/arm": (0o120000, b"../../../arch/arm/boot/dts"),
    'Documentation/caf\udce9 "x".txt': (0o100644, b""),
}


def kernel_tar(top: str, files: Files) -> bytes:
    """Return an uncompressed tar of *files* below *top*, with its directories."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, (mode, data) in files.items():
            folder = tarfile.TarInfo(f"{top}/{name}".rpartition("/")[0])
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            member = tarfile.TarInfo(f"{top}/{name}")
            member.mtime = MTIME
            member.mode = mode & 0o777
            if mode == 0o120000:
                member.type, member.linkname = tarfile.SYMTYPE, data.decode()
                archive.addfile(member)
            else:
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def linux_source(directory: Path, series: str, version: str, files: Files) -> Path:
    """Build the package linux-source-SERIES in *directory* with dpkg-deb."""
    name = f"linux-source-{series}"
    root = directory / f"{name}_{version}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr/src").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: kernel source\n"
    )
    packed = subprocess.run(
        ["xz", "-c"], input=kernel_tar(name, files), stdout=subprocess.PIPE, check=True
    )
    (root / f"usr/src/{name}.tar.xz").write_bytes(packed.stdout)
    package = directory / f"{name}_{version}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "-b", root, package],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return package


class Mirror:
    """Both archives below one directory, signed by a key of their own."""

    def __init__(self, root: Path, key_home: Path) -> None:
        self.root = root
        self._home = key_home
        self.keyring = root / "keyring.gpg"
        exported = self._gpg("--export")
        root.mkdir()
        self.keyring.write_bytes(exported)

    def _gpg(self, *words: str, data: bytes = b"") -> bytes:
        argv = ["gpg", "--homedir", str(self._home), "--batch", "--yes", "-q", *words]
        return subprocess.run(argv, input=data, stdout=subprocess.PIPE, check=True).stdout

    def archive(self, suite: str) -> Path:
        return self.root / ("debian-security" if suite.endswith("-security") else "debian")

    def uri(self, suite: str) -> str:
        return f"file:{self.archive(suite)}"

    def add(self, suite: str, packages: dict[str, tuple[str, Files]]) -> None:
        """Publish *suite* with packages: series → (version, files)."""
        archive = self.archive(suite)
        pool = archive / "pool" / suite
        pool.mkdir(parents=True)
        asked = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, check=True)
        native = asked.stdout.decode().strip()
        index = ""
        for series, (version, files) in packages.items():
            package = linux_source(pool, series, version, files)
            data = package.read_bytes()
            index += (
                f"Package: linux-source-{series}\nVersion: {version}\nArchitecture: all\n"
                f"Filename: {package.relative_to(archive)}\nSize: {len(data)}\n"
                f"SHA256: {hashlib.sha256(data).hexdigest()}\nDescription: kernel source\n\n"
            )
        folder = archive / "dists" / suite
        path = f"main/binary-{native}/Packages.gz"
        (folder / path).parent.mkdir(parents=True)
        packed = gzip.compress(index.encode(), mtime=0)
        (folder / path).write_bytes(packed)
        label = "Debian-Security" if suite.endswith("-security") else "Debian"
        release = (
            f"Origin: Debian\nLabel: {label}\nSuite: {suite}\nCodename: {suite}\n"
            "Date: Sat, 21 Nov 2026 00:00:00 UTC\n"
            f"Architectures: all {native}\nComponents: main\nSHA256:\n"
            f" {hashlib.sha256(packed).hexdigest()} {len(packed)} {path}\n"
            f" {hashlib.sha256(index.encode()).hexdigest()} {len(index)} {path[:-3]}\n"
        )
        signed = self._gpg("--clearsign", data=release.encode())
        (folder / "InRelease").write_bytes(signed)


class Machine:
    """A machine's own apt, configured for some suites of a mirror."""

    def __init__(
        self, root: Path, mirror: Mirror, suites: list[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.root = root
        for name in ("etc/sources.list.d", "state/lists/partial", "cache/archives/partial"):
            (root / name).mkdir(parents=True)
        (root / "status").write_bytes(b"")
        (root / "etc/sources.list").write_text(
            "# deb http://example.invalid/debian stable main\n"
            + "".join(
                f"deb [signed-by={mirror.keyring}] {mirror.uri(suite)} {suite} main\n"
                for suite in suites
            )
        )
        (root / "apt.conf").write_text(
            f'Dir::Etc "{root}/etc";\nDir::State "{root}/state";\nDir::Cache "{root}/cache";\n'
            f'Dir::State::status "{root}/status";\nAPT::Sandbox::User "";\n'
            f'APT::Update::Post-Invoke {{ "touch {root}/invoked"; }};\n'
            'Acquire::Languages "none";\n'
        )
        patch.setenv("APT_CONFIG", str(root / "apt.conf"))

    def update(self) -> None:
        subprocess.run(["apt-get", "update"], check=True, capture_output=True)
        (self.root / "invoked").unlink()

    def snapshot(self) -> dict[str, bytes]:
        """Return all files that belong to the machine's apt, less apt's own binary caches."""
        return {
            str(path): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and path.suffix != ".bin"
        }

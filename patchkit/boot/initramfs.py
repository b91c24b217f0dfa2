# SPDX-License-Identifier: GPL-2.0-only
"""What the guest boots into: our init, the installed tests, and the libraries they need."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from patchkit import process
from patchkit.boot import cpio
from patchkit.boot.elf import read_dynamic
from patchkit.build.selftests import Selftest
from patchkit.build.toolchain import Toolchain
from patchkit.errors import InfrastructureError
from patchkit.paths import cache_directory

INIT_SOURCE = Path(__file__).resolve().parent / "init.c"
TESTS = "kselftest"
PLAN = "patchkit/plan"

FindLibrary = Callable[[str], Path | None]
"""Return where a library of the guest's architecture is on this machine."""


def compile_init(toolchain: Toolchain, cache: Path | None = None) -> Path:
    """Return our init as a static program for the toolchain's architecture.

    It is compiled once for each state of its source and compiler.
    """
    flags = ("-O2", "-Wall", "-Wextra", "-static", "-s")
    key = hashlib.sha256()
    key.update(INIT_SOURCE.read_bytes())
    key.update(f"{toolchain.id} {flags}".encode())
    where = (cache or cache_directory()) / "init" / key.hexdigest()[:24]
    if not where.is_file():
        where.parent.mkdir(parents=True, exist_ok=True)
        temporary = where.with_name(f"{where.name}.{os.getpid()}")
        process.run([toolchain.compiler, *flags, "-o", temporary, INIT_SOURCE])
        temporary.replace(where)
    return where


def library_finder(toolchain: Toolchain) -> FindLibrary:
    """Return a function that asks the compiler where a library is."""

    def find(name: str) -> Path | None:
        said = process.run([toolchain.compiler, f"-print-file-name={name}"]).stdout
        path = Path(os.fsdecode(said.strip()))
        return path if path.is_absolute() and path.is_file() else None

    return find


def plan_text(tests: Sequence[Selftest], scale: float = 1.0) -> str:
    """Return the lines that tell init what to run; limits are multiplied by *scale*."""
    return "".join(
        f"{math.ceil(test.timeout * scale)} {test.target} {test.name}\n" for test in tests
    )


def initramfs(
    init: Path,
    install: Path,
    tests: Sequence[Selftest],
    find_library: FindLibrary,
    *,
    scale: float = 1.0,
) -> bytes:
    """Return the archive for a guest that runs *tests* out of *install*.

    Raises InfrastructureError when a program needs a library that is not on this machine.
    """
    entries = {
        "init": cpio.file(init.read_bytes(), 0o755),
        # The kernel opens the console before init has mounted anything.
        "dev/console": cpio.character_device(5, 1),
        "dev/null": cpio.character_device(1, 3, 0o666),
        "proc": cpio.directory(),
        "sys": cpio.directory(),
        "run": cpio.directory(),
        "root": cpio.directory(0o700),
        "tmp": cpio.directory(0o1777),
        "etc/passwd": cpio.file(b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"),
        "etc/group": cpio.file(b"root:x:0:\nnogroup:x:65534:\n"),
        PLAN: cpio.file(plan_text(tests, scale).encode()),
    }
    for target in dict.fromkeys(test.target for test in tests):
        for path, entry in _files(install, install / target):
            entries[f"{TESTS}/{path}"] = entry
    entries.update(_libraries(entries, find_library))
    return cpio.archive(entries)


def _files(root: Path, directory: Path) -> Iterator[tuple[str, cpio.Entry]]:
    """Yield everything below *directory* that an archive can hold, by path relative to *root*."""
    for path in sorted(directory.rglob("*")):
        status = path.lstat()
        name = path.relative_to(root).as_posix()
        if stat.S_ISLNK(status.st_mode):
            yield name, cpio.symlink(os.fspath(path.readlink()))
        elif stat.S_ISDIR(status.st_mode):
            yield name, cpio.directory()
        elif stat.S_ISREG(status.st_mode):
            yield name, cpio.file(path.read_bytes(), 0o755 if status.st_mode & 0o111 else 0o644)


def _libraries(entries: dict[str, cpio.Entry], find_library: FindLibrary) -> dict[str, cpio.Entry]:
    """Return the dynamic linkers and libraries that the programs in *entries* need."""
    found: dict[str, cpio.Entry] = {}
    waiting = [(path, entry.data) for path, entry in entries.items() if stat.S_ISREG(entry.mode)]
    while waiting:
        path, data = waiting.pop()
        dynamic = read_dynamic(data)
        if dynamic is None:
            continue
        for place, name in (
            *([(dynamic.interpreter.lstrip("/"), Path(dynamic.interpreter).name)]
              if dynamic.interpreter else []),
            *((f"lib/{name}", name) for name in dynamic.needed),
        ):  # fmt: skip
            if place in found or place in entries:
                continue
            where = find_library(name)
            if where is None:
                raise InfrastructureError(
                    f"{path} needs {name}, which the compiler does not find on this machine",
                    hint="install the library's package, or link the test statically",
                )
            found[place] = cpio.file(where.read_bytes(), 0o755)
            waiting.append((place, found[place].data))
    return found

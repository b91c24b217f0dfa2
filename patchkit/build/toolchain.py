# SPDX-License-Identifier: GPL-2.0-only
"""Which compiler builds, through which cache, and how ``make`` is to be called.

Everything that a user's environment could slip into a kernel build (its architecture, its output
directory, flags of a surrounding ``make``) is set here, so that two runs are the same run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from patchkit import process
from patchkit.build.arch import Arch
from patchkit.errors import InfrastructureError

_EPOCH = "Thu Jan  1 00:00:00 UTC 1970"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler that has been looked at."""

    prefix: str
    """``CROSS_COMPILE``."""
    compiler: str
    """The C compiler's program."""
    version: str
    """The first line of what it says of itself."""
    ccache: str
    """Path of ccache; empty when there is none."""
    nice: int = 0
    """How much lower than patchkit's own the priority of builds is, 0 to 19."""

    @property
    def id(self) -> str:
        """A digest of everything that decides what it makes."""
        return hashlib.sha256(f"{self.compiler}\0{self.version}".encode()).hexdigest()

    def make(self, source: Path, build: Path, arch: Arch) -> list[str]:
        """Return the start of a ``make`` command for an out-of-tree build."""
        cache = [self.ccache] if self.ccache else []
        lower = ["nice", "-n", str(self.nice)] if self.nice else []
        return [
            *lower, "make", "-C", os.fspath(source), f"O={build}",
            f"ARCH={arch.kernel}", f"CROSS_COMPILE={self.prefix}",
            f"CC={' '.join([*cache, self.compiler])}", f"HOSTCC={' '.join([*cache, 'gcc'])}",
            "LLVM=", "KCONFIG_CONFIG=.config", "LOCALVERSION=",
        ]  # fmt: skip

    def environment(self, build: Path) -> dict[str, str]:
        """Return what is added to the environment of ``make``."""
        return {
            "LC_ALL": "C",
            # A `make` around us hands its job server down, which is closed by now.
            "MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": "",
            "KBUILD_BUILD_TIMESTAMP": _EPOCH,
            "KBUILD_BUILD_USER": "patchkit", "KBUILD_BUILD_HOST": "patchkit",
            # The sources are no git repository, and one further up is not theirs.
            "GIT_CEILING_DIRECTORIES": os.fspath(build.parent.parent),
            # Below this directory ccache looks at paths relative to the build directory, so that
            # the same file in another slot is the same file.
            "CCACHE_BASEDIR": os.fspath(build.parent), "CCACHE_NOHASHDIR": "1",
        }  # fmt: skip


def detect(arch: Arch, *, ccache: bool = True, nice: int = 0) -> Toolchain:
    """Look for the compiler of *arch*, and for ccache if that is wanted.

    Raises InfrastructureError when there is no compiler.
    """
    compiler = f"{arch.prefix}gcc"
    if shutil.which(compiler) is None:
        package = f"gcc-{arch.cross.rstrip('-').replace('_', '-')}" if arch.prefix else "gcc"
        raise InfrastructureError(
            f"{compiler}: not found; it is needed to build for {arch.name}",
            hint=f"apt-get install {package}",
        )
    said = process.run([compiler, "--version"], env={"LC_ALL": "C"}).stdout
    version = said.decode("utf-8", "replace").splitlines()[0].strip() if said else ""
    found = (shutil.which("ccache") or "") if ccache else ""
    return Toolchain(arch.prefix, compiler, version, found, nice)

# SPDX-License-Identifier: GPL-2.0-only
"""apt with a state of its own: the machine's mirror, but none of the machine's configuration.

The private apt takes over how the machine reaches its mirror (the ``Acquire`` settings: proxies,
time-outs) and nothing else. Sources, lists, preferences, hooks and installed packages are its own,
and whatever would weaken signature checking is switched off.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit import process
from patchkit.errors import InfrastructureError
from patchkit.progress import Progress, no_progress
from patchkit.tree.debversion import version_key

SUITES_FILE = Path(__file__).with_name("suites.toml")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
_FIELDS = ("REPO_URI", "RELEASE", "ORIGIN", "LABEL", "SOURCESENTRY")
_KEYRINGS = Path("/usr/share/keyrings")
_SIGNATURE = re.compile(
    r"not signed|GPG error|OpenPGP signature|signatures? (?:couldn't|could not|were|was)"
    r"|NO_PUBKEY|BADSIG|EXPKEYSIG|EXPSIG|REVKEYSIG|NODATA|Missing key|No good signature",
)


@dataclass(frozen=True, slots=True)
class Archive:
    """One of Debian's two archives, as the machine reaches it."""

    uri: str
    security: bool
    suites: tuple[str, ...]
    """The suites that the machine has configured on it."""
    keyrings: tuple[str, ...]
    """Files with the keys that its suites have to be signed by."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite and the archive that serves it."""

    name: str
    archive: Archive

    def line(self, kind: str) -> str:
        """Return the entry of a sources list; *kind* is ``deb`` or ``deb-src``."""
        signed = f" [signed-by={','.join(self.archive.keyrings)}]" if self.archive.keyrings else ""
        return f"{kind}{signed} {self.archive.uri} {self.name} main\n"


@dataclass(frozen=True, slots=True)
class Offer:
    """A version of a package and a suite that has it."""

    package: str
    version: str
    suite: str


def known_suites() -> dict[bool, tuple[str, ...]]:
    """Return the names in suites.toml; the key tells whether the security archive serves them."""
    data = tomllib.loads(SUITES_FILE.read_text(encoding="utf-8"))
    return {False: tuple(data["main"]), True: tuple(data["security"])}


def machine_archives() -> tuple[Archive, ...]:
    """Read from the machine's apt where it gets Debian from: the main archive, then security.

    Raises InfrastructureError when apt is missing or has no Debian archive configured.
    """
    rows = _index_targets()
    if not any(row["ORIGIN"] == "Debian" for row in rows):
        # Nothing has been downloaded yet (a fresh machine): the entries are there all the same.
        rows = _index_targets("-o", "APT::Get::IndexTargets::ReleaseInfo=false")
    names = known_suites()
    found: dict[bool, tuple[str, list[str], list[str]]] = {}
    for row in rows:
        security = _is_security(row, names)
        if security is None:
            continue
        uri, suites, keyrings = found.setdefault(security, (row["REPO_URI"], [], []))
        if row["REPO_URI"] != uri:
            continue  # a second mirror of the same archive
        if row["RELEASE"] not in suites:
            suites.append(row["RELEASE"])
        keyrings += signed_by(row["SOURCESENTRY"], row["RELEASE"])
    if False not in found:
        raise InfrastructureError(
            "apt on this machine has no Debian archive configured (asked apt-get indextargets)",
            hint="add one to the machine's apt sources and run apt-get update",
        )
    general = [str(path) for path in _debian_keyring()]
    return tuple(
        Archive(uri, security, tuple(suites), tuple(dict.fromkeys([*keyrings, *general])))
        for security, (uri, suites, keyrings) in sorted(found.items())
    )


def _index_targets(*options: str) -> list[dict[str, str]]:
    form = "\t".join(f"$({field})" for field in _FIELDS)
    done = process.run(
        ["apt-get", *options, "indextargets", "--format", form, "Identifier: Packages",
         "Component: main"],
        env=_ENVIRONMENT, check=False,
    )  # fmt: skip
    rows = []
    for line in done.stdout.decode("utf-8", "backslashreplace").splitlines():
        values = ["" if word.startswith("$(") else word for word in line.split("\t")]
        if len(values) == len(_FIELDS):
            rows.append(dict(zip(_FIELDS, values, strict=True)))
    return rows


def _is_security(row: Mapping[str, str], names: Mapping[bool, Sequence[str]]) -> bool | None:
    """Tell the archives apart; None when the row belongs to neither of them."""
    if row["ORIGIN"]:
        if row["ORIGIN"] != "Debian":
            return None
        return {"Debian": False, "Debian-Security": True}.get(row["LABEL"])
    # Without a Release file, which a fresh machine lacks, the suite's name has to do.
    for security, suites in names.items():
        if row["RELEASE"] in suites:
            return security
    return None


def signed_by(entry: str, suite: str) -> list[str]:
    """Return the key files that an entry of the machine's sources names for *suite*.

    *entry* is ``FILE:LINE`` as apt gives it. Fingerprints and keys written into the entry itself
    are left out: the archive's own keyring has them too.
    """
    name, _, number = entry.rpartition(":")
    try:
        text = Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found: list[str] = []
    if name.endswith(".sources"):
        for stanza in re.split(r"\n\s*\n", text):
            suites = re.search(r"^Suites:(.*)$", stanza, re.MULTILINE | re.IGNORECASE)
            keys = re.search(r"^Signed-By:(.*)$", stanza, re.MULTILINE | re.IGNORECASE)
            if suites and keys and suite in suites[1].split():
                found += keys[1].replace(",", " ").split()
    else:
        lines = text.splitlines()
        line = lines[int(number) - 1] if number.isdigit() and int(number) <= len(lines) else ""
        option = re.search(r"\[[^\]]*\bsigned-by=([^\s\]]+)", line, re.IGNORECASE)
        found = option[1].split(",") if option else []
    return [word for word in found if word.startswith("/") and Path(word).is_file()]


def _debian_keyring() -> list[Path]:
    return sorted(_KEYRINGS.glob("debian-archive-keyring.*"))[:1]


class PrivateApt:
    """apt-get and apt-cache on a sources list of our own, with everything under *directory*."""

    def __init__(self, directory: Path, suites: Sequence[Suite], *, kind: str = "deb") -> None:
        self.directory = directory
        self.suites = tuple(suites)
        self.failures: dict[str, str] = {}
        """What update() could not use: suite → reason."""
        for name in ("state/lists/partial", "cache/archives/partial", "etc", "downloads"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        (directory / "etc" / "sources.list").write_text("".join(s.line(kind) for s in suites))
        (directory / "status").write_bytes(b"")
        (directory / "apt.conf").write_text(self._configuration())

    @property
    def downloads(self) -> Path:
        """Where download() puts packages."""
        return self.directory / "downloads"

    def _configuration(self) -> str:
        dump = process.run(["apt-config", "dump"], env=_ENVIRONMENT).stdout.decode()
        kept = [
            line
            for line in dump.splitlines()
            if re.match(r"Acquire::|APT::Sandbox::User|APT::Architectures?\b", line)
            # Languages and further indices cost time; the rest would trust what is not signed.
            and not re.match(r"Acquire::(Languages|IndexTargets|Allow)", line)
        ]
        own = {
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::sourcelist": str(self.directory / "etc" / "sources.list"),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": str(self.directory / "state"),
            "Dir::State::status": str(self.directory / "status"),
            "Dir::Cache": str(self.directory / "cache"),
            "Acquire::AllowInsecureRepositories": "false",
            "Acquire::AllowWeakRepositories": "false",
            "Acquire::AllowDowngradeToInsecureRepositories": "false",
            "APT::Get::AllowUnauthenticated": "false",
            "APT::Get::List-Cleanup": "false",
            "APT::Update::Error-Mode": "any",
        }
        text = [*kept, *(f'{name} "{value}";' for name, value in own.items())]
        return "\n".join([*text, 'Acquire::Languages { "none"; };', ""])

    def _env(self) -> dict[str, str]:
        return {**_ENVIRONMENT, "APT_CONFIG": str(self.directory / "apt.conf")}

    def update(self, progress: Progress = no_progress) -> None:
        """Fetch the indices of all suites; what failed is in ``failures`` afterwards.

        Raises InfrastructureError when not one suite can be used.
        """
        code, said = self._get(["update"], "index", progress)
        self.failures = {}
        if code == 0:
            return
        for suite in self.suites:
            lines = [line for line in said.splitlines() if _mentions(line, suite)]
            if lines:
                self.failures[suite.name] = "\n".join(lines)
        if not self.failures:
            raise InfrastructureError(f"apt-get update failed:\n{said[-2000:].strip()}")
        if len(self.failures) == len({suite.name for suite in self.suites}):
            raise self.failure("no suite could be read")

    def lacks(self, suite: str) -> bool:
        """Tell whether the mirror answered that it does not have *suite*."""
        return "does not have a Release file" in self.failures.get(suite, "")

    def failure(self, what: str) -> InfrastructureError:
        """Return the error that tells *what* failed and why the suites could not be used."""
        text = "\n".join(self.failures.values())
        if _SIGNATURE.search(text):
            hint = "install the current debian-archive-keyring package; unsigned data is not used"
            why = "the signature is missing or wrong"
            return InfrastructureError(f"{what}: {why}\n{text}", hint=hint)
        hint = "check the network and the proxy settings of apt, then try again"
        return InfrastructureError(f"{what}\n{text}", hint=hint)

    def packages(self, prefix: str) -> tuple[str, ...]:
        """Return the names of all packages that start with *prefix*, sorted."""
        done = process.run(["apt-cache", "pkgnames", prefix], env=self._env(), check=False)
        return tuple(sorted(done.stdout.decode().split()))

    def offers(self, package: str) -> tuple[Offer, ...]:
        """Return what the usable suites offer of *package*, newest version first."""
        done = process.run(["apt-cache", "madison", package], env=self._env(), check=False)
        found = []
        for line in done.stdout.decode().splitlines():
            columns = [column.strip() for column in line.split("|")]
            if len(columns) == 3 and columns[0] == package:
                suite = columns[2].split()[1].rsplit("/", 1)[0]
                if suite not in self.failures:
                    found.append(Offer(package, columns[1], suite))
        return tuple(sorted(found, key=lambda offer: version_key(offer.version), reverse=True))

    def size(self, offer: Offer) -> int:
        """Return the size of the package file in bytes."""
        return int(self._field(offer, "Size"))

    def _field(self, offer: Offer, field: str) -> str:
        """Return what the signed index says of a package."""
        done = process.run(
            ["apt-cache", "show", "--no-all-versions", f"{offer.package}={offer.version}"],
            env=self._env(),
        )
        found = re.search(rf"^{field}: (\S+)$", done.stdout.decode(), re.MULTILINE)
        if not found:
            raise InfrastructureError(f"apt does not tell the {field} of {offer.package}")
        return found[1]

    def download(self, offer: Offer, progress: Progress = no_progress) -> Path:
        """Fetch a package, checked against the signed index; a partial download is resumed."""
        name = f"{offer.package}={offer.version}"
        file = self.downloads / f"{offer.package}_{offer.version.replace(':', '%3a')}_all.deb"
        wanted = self._field(offer, "SHA256")
        # apt takes a file of the right size for complete, whatever is in it: look ourselves.
        if file.is_file() and file.stat().st_size >= self.size(offer) and _sha256(file) != wanted:
            file.unlink()
        code, said = self._get(["download", name], "download", progress)
        if code == 0 and file.is_file() and _sha256(file) != wanted:
            code, said = 1, f"{file.name} is not the file that the signed index names"
        if code != 0 or not file.is_file():
            hint = "run the same command again: what has arrived is kept"
            raise InfrastructureError(f"cannot download {name}:\n{said[-2000:].strip()}", hint=hint)
        return file

    def source(self, package: str, version: str, progress: Progress = no_progress) -> Path:
        """Fetch the source package (``kind="deb-src"``) and return its .dsc file."""
        code, said = self._get(
            ["source", "--download-only", f"{package}={version}"], "download", progress
        )
        found = sorted(self.downloads.glob(f"{package}_*.dsc"))
        if code != 0 or not found:
            raise InfrastructureError(f"cannot download {package}:\n{said[-2000:].strip()}")
        return found[-1]

    def _get(self, words: Sequence[str], stage: str, progress: Progress) -> tuple[int, str]:
        """Run apt-get in the download directory; return its status and what it said."""
        reader, writer = os.pipe()
        with tempfile.TemporaryFile() as said:
            try:
                child = process.spawn(
                    ["apt-get", "-q", "-o", f"APT::Status-Fd={writer}", *words],
                    cwd=self.downloads, env=self._env(), pass_fds=(writer,),
                    stdout=said.fileno(), stderr=subprocess.STDOUT,
                )  # fmt: skip
            except BaseException:
                os.close(reader)
                raise
            finally:
                os.close(writer)
            try:
                with os.fdopen(reader, encoding="utf-8", errors="replace") as lines:
                    for line in lines:
                        self._report(line, stage, progress)
                code = child.wait()
            except BaseException:
                process.end_group(child)
                raise
            said.seek(0)
            return code, said.read().decode("utf-8", "backslashreplace")

    @staticmethod
    def _report(line: str, stage: str, progress: Progress) -> None:
        columns = line.rstrip("\n").split(":", 3)
        if columns[0] == "dlstatus" and len(columns) == 4:
            percent = int(float(columns[2]))
            if 0 <= percent < 100:
                progress(stage, percent, 100, columns[3])


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mentions(line: str, suite: Suite) -> bool:
    if not line.startswith(("E:", "W:")):
        return False
    root = re.escape(suite.archive.uri.rstrip("/"))
    name = re.escape(suite.name)
    return bool(re.search(rf"{root}/? {name} (?:In)?Release|{root}/dists/{name}/", line))


def apt_available() -> bool:
    """Tell whether this machine has apt and dpkg at all."""
    return all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg", "dpkg-deb"))

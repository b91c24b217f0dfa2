# SPDX-License-Identifier: GPL-2.0-only
"""Build and boot mutants of the series, and tell which of them its tests do not notice.

    python tests/series_mutants/run.py --tree debian:6.12 --number 10

The kernel with the series must pass first. Each mutant is then one edit of the built tree and an
incremental build, with the tests as they were; the guest is ended at its first failure. Results go
to a file, line by line, and what is there is not done again. Only files that this configuration
compiles are looked at, for nothing else could be noticed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from patchkit import pipeline, process
from patchkit.boot.crashes import scan
from patchkit.boot.initramfs import compile_init, initramfs, library_finder
from patchkit.boot.session import BootRequest, boot
from patchkit.build import kconfig, kernel, selftests
from patchkit.build.arch import load_arch
from patchkit.build.kernel import BuildFailed
from patchkit.build.selftests import Selftest
from patchkit.build.source import Source, materialise
from patchkit.build.toolchain import detect
from patchkit.paths import cache_directory
from patchkit.pytest_plugin.kernel import Kernel, KernelRequest
from patchkit.results.ktap import Parser
from patchkit.results.verdict import judge
from patchkit.series.wishes import Wishes
from series_mutants.generate import Mutant, mutants, sample

BAD = re.compile(rb"^(?:# )*not ok \d+ (?!.*# (?:XFAIL|TODO|SKIP))(.*)$", re.MULTILINE)


class Noticed(Exception):
    """A test has failed: that is all there is to know about a mutant."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant."""

    id: str
    path: str
    line: int
    operator: str
    before: str
    after: str
    state: str
    """``killed``, ``survived`` or ``does-not-build``."""
    by: str
    """The first failure, or why it does not build."""
    seconds: float


class Bench:
    """A built tree in which one line at a time is changed."""

    def __init__(self, source: Source, wishes: Wishes, jobs: int, patience: float) -> None:
        self.source = source
        self.wishes = wishes
        targets = wishes.targets
        self.patience = patience
        self.arch = load_arch("x86_64")
        self.toolchain = detect(self.arch)
        self.jobs = jobs
        self.fragments = (
            *kconfig.fragments_for(self.arch, debug=False),
            *selftests.config_fragments(source.path, targets),
        )
        built = self._build(source.tree_id)
        self.directory = built.directory
        installed = selftests.build_selftests(
            selftests.SelftestsRequest(
                source.path, built.directory, self.arch, self.toolchain, targets, jobs,
                source.tree_id,
            )
        )  # fmt: skip
        self.tests = installed.tests
        self.scratch = Path(tempfile.mkdtemp(prefix="mutants-", dir=cache_directory()))
        self.archive = self.scratch / "initramfs.cpio"
        self.archive.write_bytes(
            initramfs(
                compile_init(self.toolchain), installed.install, self.tests,
                library_finder(self.toolchain), scale=pipeline.TCG_SCALE,
            )
        )  # fmt: skip

    def _build(self, tree_id: str = "") -> kernel.BuildResult:
        return kernel.build(
            kernel.BuildRequest(
                self.source.path, self.source.slot, self.arch, self.toolchain, self.fragments,
                self.jobs, tree_id,
            )
        )  # fmt: skip

    def compiled(self, path: str) -> bool:
        """Whether a change of *path* can reach the kernel at all."""
        return path.endswith(".h") or (self.directory / path).with_suffix(".o").exists()

    def boot(self, tests: tuple[Selftest, ...]) -> str:
        """Boot what is built; return the first failure, or nothing when all is well."""
        parser, seen = Parser(recover=False), bytearray()

        def follow(data: bytes) -> None:
            parser.feed(data)
            seen.extend(data)
            if match := BAD.search(seen, max(len(seen) - len(data) - 4096, 0), seen.rfind(b"\n")):
                raise Noticed(match[1].decode("utf-8", "replace").strip())
            if found := scan((self.scratch / "console.log").read_bytes()):
                raise Noticed(f"console: {found[0].title}")

        clocks = pipeline.default_clocks(tests, pipeline.TCG_SCALE)
        clocks = dataclasses.replace(
            clocks, first_byte=clocks.first_byte * self.patience,
            ready=clocks.ready * self.patience, silence=clocks.silence * self.patience,
        )  # fmt: skip
        image = self.directory / self.arch.image
        try:
            booted = boot(
                BootRequest(
                    self.arch, image, self.archive, self.scratch, clocks=clocks,
                    memory=self.wishes.memory, append=self.wishes.append,
                ),
                on_results=follow,
            )  # fmt: skip
        except Noticed as noticed:
            return str(noticed)
        verdict = judge(
            parser.end(), declared=[f"{test.target}: {test.name}" for test in tests],
            crashes=booted.vm.crashes, vm=booted.vm, clocks=clocks,
        )  # fmt: skip
        return "" if verdict.word == "pass" else f"{verdict.word}: {verdict.why}"

    def try_one(self, mutant: Mutant) -> Result:
        """Build and boot *mutant*, and leave the tree as it was."""
        started = time.monotonic()
        with edited(self.source.path / mutant.path, mutant):
            try:
                self._build()
                by = self.boot(self.tests)
                state = "killed" if by else "survived"
            except BuildFailed as error:
                state, by = "does-not-build", error.message.splitlines()[-1].strip()
        return Result(**asdict(mutant), id=mutant.id, state=state, by=by,
                      seconds=round(time.monotonic() - started, 1))  # fmt: skip


@contextmanager
def edited(path: Path, mutant: Mutant) -> Iterator[None]:
    """Have the mutant in the file, for a while."""
    before = path.read_text(encoding="utf-8")
    path.write_text(mutant.apply(before), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def report(results: list[Result], every: int) -> str:
    """Return the score, and what is not noticed."""
    states = Counter(result.state for result in results)
    counted = states["killed"] + states["survived"]
    lines = [
        f"{every} mutants; tried {len(results)}: {states['killed']} of {counted} noticed"
        + (f" ({100 * states['killed'] / counted:.0f} %)" if counted else "")
        + f", {states['does-not-build']} do not build"
    ]
    for result in results:
        if result.state == "survived":
            lines += [
                f"survived: {result.path}:{result.line}: {result.operator}",
                f"  -{result.before.strip()}", f"  +{result.after.strip()}",
            ]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    """Try a sample; 1 when fewer than nine in ten are noticed, 3 when the series itself fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", default="debian:6.12")
    parser.add_argument("--series", nargs="+", default=["vm-pinned", "mpin"])
    parser.add_argument("--templates", type=Path)
    parser.add_argument("--number", type=int, default=10**6, help="how many (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a regular expression that paths must fit")
    parser.add_argument("--results", type=Path, default=Path("series-mutants.jsonl"))
    parser.add_argument("--list", action="store_true", help="list them, and try none")
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        help="how much longer a guest may take to boot",
    )
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    request = KernelRequest(arguments.tree, tuple(arguments.series), templates=arguments.templates)
    with tempfile.TemporaryDirectory() as shared:
        prepared = Kernel(request, Path(shared))
        repository, base, commit = prepared.commits()
        wishes = prepared.wishes()
    diff = process.run(
        ["git", "-C", repository, "diff", "-U0", base, commit, "--", "*.c", "*.h", ":!tools"]
    ).stdout.decode("utf-8", "replace")
    every = [one for one in mutants(diff) if re.search(arguments.only, one.path)]
    if arguments.list:
        for one in every:
            print(f"{one.id} {one.path}:{one.line} {one.operator}\n  -{one.before}\n  +{one.after}")
        print(len(every), "mutants", dict(Counter(one.operator for one in every)))
        return 0
    done: dict[str, Result] = {}
    if arguments.results.exists():
        lines = arguments.results.read_text(encoding="utf-8").splitlines()
        done = {result.id: result for result in (Result(**json.loads(line)) for line in lines)}
    with materialise(repository, commit) as source:
        bench = Bench(source, wishes, arguments.jobs, arguments.patience)
        every = [one for one in every if bench.compiled(one.path)]
        chosen = sample(every, arguments.number, arguments.seed)
        if not done and (why := bench.boot(bench.tests)):
            print(f"the series does not pass its own tests, so mutants say nothing: {why}")
            return 3
        for one in chosen:
            if one.id not in done:
                done[one.id] = result = bench.try_one(one)
                with arguments.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(result)) + "\n")
                print(f"{result.state} in {result.seconds} s: {one.path}:{one.line} "
                      f"{one.operator}: {result.by}", flush=True)  # fmt: skip
        bench._build()
    tried = [done[one.id] for one in chosen]
    print(report(tried, len(every)))
    killed = sum(result.state == "killed" for result in tried)
    return int(killed < 0.9 * sum(result.state != "does-not-build" for result in tried))


if __name__ == "__main__":
    sys.exit(main())

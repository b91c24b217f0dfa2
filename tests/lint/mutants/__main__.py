# SPDX-License-Identifier: GPL-2.0-only
"""``python tests/lint/mutants …``: make mutants, lint them, compare runs, compile some."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

if not __package__:  # run as a directory
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from mutants.corpus import SEED, corpus, half, open_tree
from mutants.model import VERSIONS, Mutant


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/lint/mutants", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, about in (
        ("count", "count the mutants by operator, tree and file"),
        ("run", "lint the mutants and print how many were found"),
        ("show", "print mutants as diffs, with what the lint says of each"),
        ("compile", "compile a sample of the mutants"),
        ("cases", "lint the edits made by hand"),
    ):
        verb = verbs.add_parser(name, help=about, description=about)
        verb.add_argument("--half", choices=("open", "sealed"))
        verb.add_argument("--tree", action="append", choices=VERSIONS, default=[])
        verb.add_argument("--operator", action="append", default=[])
        verb.add_argument("--file", action="append", default=[], help="a path, or its beginning")
        verb.add_argument("--function", action="append", default=[])
        verb.add_argument("--reach", choices=("near", "far"))
        verb.add_argument("--kind", choices=("defect", "harmless"))
    run = verbs.choices["run"]
    run.add_argument("--read", action="store_true", help="name the sealed half's misses as well")
    run.add_argument("--misses", action="store_true", help="list what was missed or changed")
    run.add_argument("--rule", action="append", default=[], help="list what these rules found")
    run.add_argument("-o", "--output", type=Path, help="keep the results as JSON")
    run.add_argument("--against", type=Path, help="an earlier run to compare with")
    run.add_argument("-j", "--processes", type=int, default=2)
    run.add_argument(
        "--sets", action="store_true", help="look at a file with the few it depends on only"
    )
    verbs.choices["show"].add_argument("ids", nargs="*", metavar="ID")
    verbs.choices["show"].add_argument("--no-lint", action="store_true")
    compile_ = verbs.choices["compile"]
    compile_.add_argument("--sample", type=int, default=100)
    compile_.add_argument(
        "--work", type=Path, required=True, help="directory for sources and builds"
    )
    compile_.add_argument("--jobs", type=int, default=2)
    verbs.choices["cases"].add_argument("--case", action="append", default=[])
    compare = verbs.add_parser("compare", help="print what one run found and another did not")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    return parser


def _select(options: argparse.Namespace) -> list[Mutant]:
    mutants = half(corpus(options.tree or VERSIONS), options.half)
    return [
        m
        for m in mutants
        if (not options.operator or m.operator in options.operator)
        and (not options.file or m.path.startswith(tuple(options.file)))
        and (not options.function or m.function in options.function)
        and options.reach in (None, m.reach)
        and (options.kind is None or m.harmless == (options.kind == "harmless"))
    ]


def _count(mutants: list[Mutant]) -> None:
    for harmless, title in ((False, "defects"), (True, "harmless edits")):
        chosen = [m for m in mutants if m.harmless == harmless]
        print(f"\n{len(chosen)} {title}")
        for key in ("operator", "tree", "reach", "path"):
            counted = Counter(getattr(m, key) for m in chosen)
            print(f"  by {key}: {len(counted)}")
            for name, number in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
                print(f"    {number:5} {name}")


def _run(options: argparse.Namespace, mutants: list[Mutant]) -> int:
    from mutants import report
    from mutants.run import load, run, save

    secret = options.half != "open" and not options.read
    if secret and (options.misses or options.rule or options.against):
        print("the sealed half's mutants are named with --read only", file=sys.stderr)
        return 2
    made = run(
        mutants, options.processes, SEED, options.half or "both", options.sets,
        lambda text: print(text, file=sys.stderr),
    )  # fmt: skip
    print(report.summary(made))
    if options.half == "sealed" and options.read:
        print("\nREAD: these files belong to the open half from now on; choose a new seed.")
    if options.output is not None:
        if secret:
            print("results that name sealed mutants are kept with --read only", file=sys.stderr)
        else:
            save(made, options.output)
    if options.misses:
        print()
        for one in made.results:
            if not one.good:
                print(report.line(one))
    for one in made.results:
        if set(one.by) & set(options.rule):
            print(report.line(one))
    if options.against is not None:
        print()
        print(report.compare(load(options.against), made))
    return 0


def _show(options: argparse.Namespace, mutants: list[Mutant]) -> int:
    wanted = [m for m in mutants if not options.ids or m.id in options.ids]
    for version in sorted({m.tree for m in wanted}):
        with open_tree(version) as tree:
            session = None
            if not options.no_lint:
                from mutants.engine import Session

                session = Session(tree)
            for mutant in (m for m in wanted if m.tree == version):
                data = tree.read(mutant.path)
                assert data is not None
                print(f"{mutant.id} {version} {mutant.function} [{mutant.reach}]")
                print(f"partners: {', '.join(mutant.partners)}")
                print(mutant.diff(data))
                if session is not None:
                    from mutants import report
                    from mutants.run import lint_one

                    print(report.line(lint_one(session, mutant)).replace("; ", "\n    "))
    return 0


def _cases(options: argparse.Namespace) -> int:
    from mutants import report
    from mutants.cases import as_mutant, cases
    from mutants.run import run

    chosen = [
        case
        for case in cases()
        if (not options.case or case.id in options.case)
        and (not options.tree or case.tree in options.tree)
    ]
    made = run([as_mutant(case) for case in chosen], 2, "", "cases")
    results = {one.operator: one for one in made.results}
    for level in ("easy", "medium", "hard", "none"):
        of_level = [results[case.id] for case in chosen if case.difficulty == level]
        print(f"{level}: {sum(one.good for one in of_level)} of {len(of_level)}")
    for case in chosen:
        print(f"{case.difficulty:6} {report.line(results[case.id])}")
    return 0


def main() -> int:
    options = _parser().parse_args()
    if options.verb == "compare":
        from mutants import report
        from mutants.run import load

        print(report.compare(load(options.before), load(options.after)))
        return 0
    if options.verb == "cases":
        return _cases(options)
    mutants = _select(options)
    if options.verb == "count":
        _count(mutants)
        return 0
    if options.verb == "run":
        return _run(options, mutants)
    if options.verb == "show":
        return _show(options, mutants)
    from mutants.compiling import compile_sample

    return compile_sample(mutants, options.sample, options.work, options.jobs)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

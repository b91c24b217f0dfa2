# SPDX-License-Identifier: GPL-2.0-only
"""The argument parser: every verb, every option, and nothing else."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

from patchkit import __version__
from patchkit.build.arch import arch_names
from patchkit.cli.formatting import Formatter

TREE_HELP = "a directory, debian:VERSION, fixture:ERA (default: here)"
EXIT_CODES = (
    "Exit codes: 0 yes; 1 the answer is no (conflict, finding, failed test); 2 usage or "
    "configuration; 3 infrastructure; 4 nothing ran; 130 interrupted."
)


def _common(*formats: str) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group("output")
    group.add_argument("-v", "--verbose", action="store_true", help="print each external command")
    group.add_argument("-q", "--quiet", action="store_true", help="print data and errors only")
    group.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        metavar="WHEN",
        help="colour the text: auto, always or never",
    )
    forms = ("text", "json", *formats)
    group.add_argument("--format", choices=forms, default="text", metavar="FORM",
                       help=", ".join(("text (default)", *forms[1:])))  # fmt: skip
    group.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the data to FILE")
    return parent


def _tree() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group("kernel tree")
    group.add_argument(
        "--tree", type=os.path.expanduser, default=".", metavar="TREE", help=TREE_HELP
    )
    group.add_argument(
        "--rev", metavar="REV", help="the revision of the tree to start from (default: HEAD)"
    )
    return parent


def _series(*, required: bool = True) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "series", nargs="+" if required else "*", metavar="SERIES", help="see patchkit list"
    )
    group = parent.add_argument_group("templates")
    group.add_argument(
        "--templates", type=Path, metavar="DIR", help="a templates directory other than patchkit's"
    )
    group.add_argument(
        "--trust-templates", action="store_true", help="render templates that are not patchkit's"
    )
    return parent


def _commits() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group("commits")
    group.add_argument(
        "--branch", metavar="NAME", help="the branch to move (default: patchkit/<last series>)"
    )
    group.add_argument(
        "-s", "--signoff", action="store_true", help="add your Signed-off-by to each commit"
    )
    return parent


def _guest(*, runs: bool = True) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group("build and boot")
    group.add_argument(
        "--profile", choices=("default", "debug"), default="default", metavar="NAME",
        help="debug: lockdep, DEBUG_VM, DEBUG_ATOMIC_SLEEP, KASAN",
    )  # fmt: skip
    group.add_argument(
        "--arch", choices=arch_names(), default="", metavar="NAME",
        help=f"{' or '.join(arch_names())} (default: this machine's)",
    )  # fmt: skip
    group.add_argument(
        "-j", "--jobs", type=_positive, metavar="N", help="jobs (default: all cores)"
    )
    if runs:
        group.add_argument(
            "--targets", action="extend", nargs="+", metavar="TARGET",
            help="kselftest targets (default: those of the series)",
        )  # fmt: skip
        group.add_argument(
            "--accel", choices=("auto", "kvm", "tcg"), default="auto", metavar="NAME",
            help="auto (KVM where it works), kvm or tcg",
        )  # fmt: skip
        group.add_argument(
            "--timeout", type=_seconds, metavar="SECONDS", help="for the whole guest"
        )
        group.add_argument(
            "--append", metavar="TEXT",
            help="more of the kernel's command line (default: the series')",
        )  # fmt: skip
        group.add_argument(
            "--memory", metavar="SIZE", help="of the guest, such as 2G (default: as above)"
        )
        group.add_argument(
            "--coverage", action="store_true", help="say what ran of the lines that were added"
        )
        group.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML as well")
        group.add_argument(
            "--explore", type=_positive, metavar="N", nargs="?", const=1000, default=0,
            help="try N (1000) random sequences of calls instead",
        )  # fmt: skip
        group.add_argument(
            "--seed", type=int, metavar="S", default=1, help="for --explore; the same, the same"
        )
        group.add_argument(
            "--bisect", action="store_true", help="exit 125 where git bisect run should skip"
        )
    return parent


def _add_lint(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to report")
    group.add_argument(
        "--paths", action="extend", nargs="+", metavar="FILE", help="only these files, directories"
    )
    group.add_argument(
        "--rule",
        action="extend",
        nargs="+",
        metavar="RULE",
        help="only these; see patchkit explain",
    )
    group.add_argument("--since", metavar="REV", help="only what is not there yet at REV")
    known = group.add_mutually_exclusive_group()
    known.add_argument("--baseline", type=Path, metavar="FILE", help="only what FILE does not have")
    known.add_argument(
        "--write-baseline", type=Path, metavar="FILE", help="write what there is to FILE"
    )
    group.add_argument(
        "--suppressions", action="append", type=Path, metavar="FILE",
        help="allow what FILE names, besides .patchkit-lint.toml of the tree",
    )  # fmt: skip
    group.add_argument(
        "--strict", action="store_true", help="fail when something could not be analysed"
    )


def _add_posting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("posting")
    group.add_argument(
        "--reroll-count", type=_positive, default=1, metavar="N",
        help="the version; its cover letter has a range-diff against the last one",
    )  # fmt: skip
    group.add_argument(
        "--only", action="store_true",
        help="SERIES alone; what they need becomes prerequisite-patch-id lines",
    )  # fmt: skip
    group.add_argument(
        "--cc",
        action="store_true",
        help="copy whom the tree's get_maintainer.pl names; this runs it",
    )
    group.add_argument(
        "--backport-style", choices=("none", "stable", "debian"), default="none",
        metavar="NAME", help="name upstream commits as stable or debian want it",
    )  # fmt: skip


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0, found {text!r}")
    return seconds


def build_parser() -> argparse.ArgumentParser:
    """Return the whole parser; ``args.verb`` names what to call."""
    parser = argparse.ArgumentParser(
        prog="patchkit",
        formatter_class=Formatter,
        description="Carry kernel mm patch series across kernel versions and prove that they hold.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"patchkit {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    common, tree, commits = _common(), _tree(), _commits()

    def verb(
        name: str, text: str, *parents: argparse.ArgumentParser, epilog: str = EXIT_CODES
    ) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", epilog=epilog,
            formatter_class=Formatter,
            parents=[*parents, common],
        )  # fmt: skip

    trees = verb("tree", "fetch kernel sources and list those that are there")
    actions = trees.add_subparsers(dest="action", metavar="ACTION", required=True)
    get = actions.add_parser(
        "get", help="fetch a Debian kernel source", parents=[common], epilog=EXIT_CODES,
        formatter_class=Formatter,
    )  # fmt: skip
    get.add_argument(
        "spec", metavar="SPEC", help="debian:X.Y, debian:X.Y@PACKAGE-VERSION or debian:SUITE"
    )
    actions.add_parser("list", help="list the trees that are there", parents=[common],
                       formatter_class=Formatter)  # fmt: skip

    verb("list", "list the series and their patches", _series(required=False))
    facts = verb("facts", "show what a tree contains, with file and line", tree)
    facts.add_argument("series", nargs="*", metavar="SERIES", help="only the facts of these")
    facts.add_argument("--templates", type=Path, metavar="DIR", help=argparse.SUPPRESS)

    plan = verb("plan", "show what apply would do and why", tree, _series())
    plan.add_argument("--diff", action="store_true", help="show the rendered patches too")

    apply = verb("apply", "render series into a tree as commits", tree, _series(), commits)
    apply.add_argument("-n", "--dry-run", action="store_true", help="as plan: change nothing")
    apply.add_argument(
        "--checkout", action="store_true", help="switch to the branch afterwards, if that is safe"
    )
    apply.add_argument(
        "--in-place", action="store_true",
        help="edit the files of a plain directory, under a journal that restores on failure",
    )  # fmt: skip

    status = verb("status", "show how every patch of every series stands in a tree", tree)
    status.add_argument(
        "branch", nargs="*", metavar="BRANCH", help="only what these rendered branches hold"
    )
    undo = verb("undo", "take a branch back to what it was before the last apply", tree)
    undo.add_argument("branch", nargs="?", metavar="BRANCH", help="none for a plain directory")
    undo.add_argument("-n", "--dry-run", action="store_true", help="say what would change")

    export = verb(
        "export", "write the series as mails, quilt patches or a b4 branch", tree, _series(),
        commits,
    )  # fmt: skip
    form = export.add_mutually_exclusive_group(required=True)
    form.add_argument("--mbox", type=Path, metavar="FILE", help="one mailbox for git am")
    form.add_argument("--patches", type=Path, metavar="DIR", help="numbered files for git am")
    form.add_argument("--quilt", type=Path, metavar="DIR", help="a quilt series, fuzz 0")
    form.add_argument("--b4", metavar="NAME", help="a branch that b4 prep takes over")
    _add_posting(export)

    port = verb("port", "compare what series become on two trees", _series(required=False))
    group = port.add_argument_group("port")
    group.add_argument(
        "--from", dest="origin", default="debian:6.12", metavar="TREE",
        help="a tree that the series fit (default: debian:6.12)",
    )  # fmt: skip
    group.add_argument("--to", required=True, metavar="TREE", help="the tree to port them to")
    group.add_argument("--diff", action="store_true", help="show the range-diffs, too")
    group.add_argument(
        "--report", type=Path, metavar="FILE",
        help="write Markdown: conflicts, and what changed in the functions that they name",
    )  # fmt: skip

    verify = verb(
        "verify", "check the rendered commits as a maintainer would", tree, _series(), commits
    )
    verify.add_argument("--each", action="store_true", help="every commit, then the whole series")
    verify.add_argument(
        "--checks", action="extend", nargs="+", metavar="CHECK", help="only these checks"
    )
    verify.add_argument(
        "-j", "--jobs", type=_positive, metavar="N", help="jobs (default: all cores)"
    )

    lint = verbs.add_parser(
        "lint", help="find memory that a kernel tree does not account", epilog=EXIT_CODES,
        formatter_class=Formatter,
        description="Find memory that a kernel tree does not account, and show the path.",
        parents=[tree, _common("sarif", "github", "gitlab")],
    )  # fmt: skip
    _add_lint(lint)
    explain = verb("explain", "say what a rule of the lint is about, with examples")
    explain.add_argument("rule", nargs="?", metavar="RULE", help="default: list them")

    verb("build", "build a kernel with the series applied", tree, _series(required=False), commits,
         _guest(runs=False))  # fmt: skip
    verb("test", "build, boot and run the kselftests", tree, _series(required=False), commits,
         _guest())  # fmt: skip
    verb("run", "apply, lint, build, boot and test in one go", tree, _series(), commits, _guest())

    parse = verb("parse", "read KTAP or a whole console log and give a verdict")
    parse.add_argument("file", metavar="FILE", help="- for standard input")
    parse.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML as well")

    ci = verb("ci", "write a workflow for hosted CI")
    ci.add_argument("action", choices=("init", "show"), help="init: write the file; show: print it")
    ci.add_argument("provider", choices=("github", "gitlab"), help="whose form it has")
    ci.add_argument(
        "series", nargs="*", metavar="SERIES", help="what it applies (default: vm-pinned mpin)"
    )
    group = ci.add_argument_group("workflow")
    group.add_argument(
        "--directory", default=".", metavar="DIR", help="the repository's top (default: here)"
    )
    group.add_argument(
        "--source", default="patchkit", metavar="SPEC",
        help="what pip install gets patchkit from, such as git+https://…@v0.1.0",
    )  # fmt: skip
    group.add_argument("--force", action="store_true", help="replace a file that is different")

    verb("doctor", "say what this machine has and what is missing")
    man = verb("man", "write the manual page")
    man.add_argument("--markdown", action="store_true", help="as docs/commands.md")
    shells = verb("completions", "write what a shell needs to complete commands")
    shells.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")
    return parser

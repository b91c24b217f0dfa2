# SPDX-License-Identifier: GPL-2.0-only
"""Logs in the shapes that kernels of different times give, with what they say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Log:
    """A log, the verdict on it, and its tests as ``name=status``."""

    text: bytes
    verdict: str
    tests: tuple[str, ...]


RUNNER = Log(
    b"""TAP version 13
1..3
# selftests: mpin: limits
# TAP version 13
# 1..3
# ok 1 over the limit
# # a comment in between
# ok 2 at the limit
# ok 3 # SKIP no CAP_IPC_LOCK
# # Totals: pass:2 fail:0 xfail:0 xpass:0 skip:1 error:0
ok 1 selftests: mpin: limits
# selftests: mpin: fork
# 1..2
# ok 1 parent
# not ok 2 child
not ok 2 selftests: mpin: fork # exit=1
# selftests: mpin: exit
# not a result: ok
ok 3 selftests: mpin: exit
""",
    "fail",
    (
        "mpin: limits=pass", "mpin: limits: over the limit=pass", "mpin: limits: at the limit=pass",
        "mpin: limits: test 3=skip", "mpin: fork=fail", "mpin: fork: parent=pass",
        "mpin: fork: child=fail", "mpin: exit=pass",
    ),
)  # fmt: skip

THREE_DEEP = Log(
    b"""TAP version 13
1..1
# selftests: mm: run_vmtests.sh
# TAP version 13
# 1..2
# # ------------------
# # running ./gup_test
# # ------------------
# # TAP version 13
# # 1..2
# # ok 1 first
# # ok 2 second
# ok 1 gup_test
# # TAP version 13
# # 1..1
# # ok 1 first
# ok 2 gup_test -u
ok 1 selftests: mm: run_vmtests.sh
""",
    "pass",
    (
        "mm: run_vmtests.sh=pass",
        "mm: run_vmtests.sh: gup_test=pass", "mm: run_vmtests.sh: gup_test: first=pass",
        "mm: run_vmtests.sh: gup_test: second=pass", "mm: run_vmtests.sh: gup_test -u=pass",
        "mm: run_vmtests.sh: gup_test -u: first=pass",
    ),
)  # fmt: skip

KUNIT = Log(
    b"""[    0.060000] KTAP version 1
[    0.060001] 1..2
[    0.060002]     KTAP version 1
[    0.060003]     # Subtest: list-kunit-test
[    0.060004]     # module: list_test
[    0.060005]     1..2
[    0.060006]     ok 1 list_test_list_init
[    0.060007]         KTAP version 1
[    0.060008]         # Subtest: parametrised
[    0.060009]         ok 1 zero
[    0.060010]         ok 2 one
[    0.060011]     # parametrised: pass:2 fail:0 skip:0 total:2
[    0.060012]     ok 2 parametrised
[    0.060013] ok 1 list-kunit-test
[    0.060014]     KTAP version 1
[    0.060015]     # Subtest: skips
[    0.060016]     1..1
[    0.060017]     ok 1 not_here # SKIP needs two nodes
[    0.060018] ok 2 skips # SKIP
""",
    "pass",
    (
        "list-kunit-test=pass", "list-kunit-test: list_test_list_init=pass",
        "list-kunit-test: parametrised=pass", "list-kunit-test: parametrised: zero=pass",
        "list-kunit-test: parametrised: one=pass", "skips=skip", "skips: not_here=skip",
    ),
)  # fmt: skip

OLD_KUNIT = Log(
    b"""TAP version 14
1..1
\t# Subtest: sysctl_test
\t1..2
\t# a: some text
\tok 1 - a
\tok 2 - b
# sysctl_test: pass
ok 1 - sysctl_test
""",
    "pass",
    ("sysctl_test=pass", "sysctl_test: a=pass", "sysctl_test: b=pass"),
)

HARNESS = Log(
    b"""TAP version 13
1..4
# Starting 4 tests from 2 test cases.
#  RUN           global.first ...
#            OK  global.first
ok 1 global.first
#  RUN           global.second ...
# x.c:12:second:Expected 0 (0) == ret (-1)
# second: Test terminated by timeout
#          FAIL  global.second
not ok 2 global.second
ok 3 fixture.third # SKIP no hugetlb
not ok 4 fixture.fourth # XFAIL known since then
# FAILED: 3 / 4 tests passed.
# Totals: pass:1 fail:1 xfail:1 xpass:0 skip:1 error:0
""",
    "fail",
    (
        "global.first=pass", "global.second=fail", "fixture.third=skip", "fixture.fourth=xfail",
    ),
)  # fmt: skip

OLD_HARNESS = Log(
    b"""TAP version 13
1..1
# selftests: mpin: ring
# TAP version 13
# 1..3
# #  RUN           ring.plain ...
# #            OK  ring.plain
# ok 1 ring.plain
# #  RUN           ring.huge.cloned ...
# # ring.c:9:cloned: #  RUN  other ...
# #      SKIP      no clones
# #            OK  ring.huge.cloned
# ok 2 # SKIP no clones
# ok 3 # SKIP nothing said it began
ok 1 selftests: mpin: ring
""",
    "pass",
    (
        "mpin: ring=pass", "mpin: ring: ring.plain=pass", "mpin: ring: ring.huge.cloned=skip",
        "mpin: ring: test 3=skip",
    ),
)  # fmt: skip

TIMEOUT = Log(
    b"TAP version 13\n1..2\n# selftests: mm: slow\n# started\n"
    b"not ok 1 selftests: mm: slow # TIMEOUT 45 seconds\n# selftests: mm: quick\n"
    b"ok 2 selftests: mm: quick\n",
    "fail",
    ("mm: slow=timeout", "mm: quick=pass"),
)

LATE_PLAN = Log(
    b"TAP version 13\nok 1 - a\nnot ok 2 - b\nok 3 - c\n1..3\n",
    "fail",
    ("a=pass", "b=fail", "c=pass"),
)

LATE_PLAN_GOOD = Log(b"ok 1 - a\nok 2 - b\n1..2\n", "pass", ("a=pass", "b=pass"))

NO_PLAN = Log(b"ok 1 - a\nok 2 - b\n", "lost", ("a=pass", "b=pass"))

PLAN_NOT_KEPT = Log(
    b"1..5\nok 1 a\nok 2 b\nok 4 d\n",
    "fail",
    ("a=pass", "b=pass", "d=pass", "test 3=missing", "test 5=missing"),
)

MORE_THAN_PLANNED = Log(b"1..1\nok 1 a\nok 2 b\n", "pass", ("a=pass", "b=pass"))

INNER_PLAN_NOT_KEPT = Log(
    b"1..1\n# selftests: mm: x\n# 1..3\n# ok 1 a\nok 1 selftests: mm: x\n",
    "fail",
    ("mm: x=fail", "mm: x: a=pass", "mm: x: test 2=missing", "mm: x: test 3=missing"),
)

NEVER_REPORTED = Log(
    b"1..2\n# selftests: mm: a\nok 1 selftests: mm: a\n# selftests: mm: b\n# 1..2\n# ok 1 part\n",
    "fail",
    ("mm: a=pass", "mm: b=missing", "mm: b: part=pass", "mm: b: test 2=missing"),
)

ALL_SKIPPED = Log(
    b"TAP version 13\n1..2\nok 1 selftests: mm: a # SKIP\nok 2 # SKIP not supported\n",
    "nothing-ran",
    ("mm: a=skip", "test 2=skip"),
)

ONE_SKIPPED = Log(b"1..1\nok 1 a # SKIP no\n", "nothing-ran", ("a=skip",))

SKIPPED_INSIDE = Log(
    b"1..1\n# selftests: mm: a\n# 1..0 # SKIP need root\nok 1 selftests: mm: a # SKIP\n",
    "nothing-ran",
    ("mm: a=skip",),
)

NOTHING = Log(b"", "nothing-ran", ())
NOTHING_PLANNED = Log(b"TAP version 13\n1..0 # SKIP no module\n", "nothing-ran", ())

BAIL_OUT = Log(
    b"1..3\nok 1 a\nBail out! no memory left\n",
    "fail",
    ("a=pass", "test 2=missing", "test 3=missing"),
)

INNER_BAIL_OUT = Log(
    b"1..1\n# selftests: mm: a\n# 1..1\n# ok 1 x\n# Bail out! lost\nok 1 selftests: mm: a\n",
    "fail",
    ("mm: a=fail", "mm: a: x=pass"),
)

DUPLICATES = Log(
    b"1..4\nok 1 same\nnot ok 2 same\nok 3 same\nok 4 same~2\n",
    "fail",
    ("same=pass", "same~3=fail", "same~4=pass", "same~2=pass"),
)

UNTERMINATED = Log(
    b"TAP version 13\n1..2\n# selftests: mm: x\n# Successok 1 selftests: mm: x\n"
    b"# selftests: mm: y\nFailednot ok 2 selftests: mm: y # exit=1\n",
    "fail",
    ("mm: x=pass", "mm: y=fail"),
)

WITHOUT_FINAL_LINE_FEED = Log(
    b"KTAP version 1\n1..1\n  # Subtest: suite\n  1..1\n  ok 1 test\nok 1 suite",
    "pass",
    ("suite=pass", "suite: test=pass"),
)

KERNEL_IN_BETWEEN = Log(
    b"1..3\nok 1 first[    0.234567] random: crng init done\n[    0.234568] ok 2 second\n"
    b"not ok 3 third [    0.300000] x: y\n",
    "fail",
    ("first=pass", "second=pass", "third=fail"),
)

UNNUMBERED = Log(b"1..3\nok - a\nnot ok\nok c\n", "fail", ("a=pass", "test 2=fail", "c=pass"))

DIRECTIVES = Log(
    b"""1..9
ok 1 a # skip lower case
not ok 2 b # TODO not written
ok 3 c # TODO passes already
ok 4 d # SKIP
not ok 5 e # error
ok 6 f # time=12ms
ok 7 issue #12 stays
ok 8 g \\# h
ok 9 -
""",
    "fail",
    (
        "a=skip", "b=xfail", "c=pass", "d=skip", "e=fail", "f=pass", "issue #12 stays=pass",
        "g # h=pass", "test 9=pass",
    ),
)  # fmt: skip

INNER_FAILS_OUTER_PASSES = Log(
    b"1..1\n# selftests: mm: a\n# 1..1\n# not ok 1 x\nok 1 selftests: mm: a\n",
    "fail",
    ("mm: a=fail", "mm: a: x=fail"),
)

NOISE = Log(
    b"okay, let us go\nok then\nnot okay\r\n1..2 is no plan\nTAP version 13\r\n1..1\r\n"
    b"\xff\xfe binary \x00 here\nok 1 name with \xe9\r\n",
    "pass",
    ("name with \\xe9=pass",),
)

LOGS: dict[str, Log] = {
    name.lower(): value for name, value in sorted(globals().items()) if isinstance(value, Log)
}

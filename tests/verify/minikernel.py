# SPDX-License-Identifier: GPL-2.0-only
"""A git repository that builds like a kernel, as far as verify can tell, in no time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MAKEFILE = """\
allmodconfig nommu_virt_defconfig:
	@mkdir -p $(O) && cp $(KCONFIG_ALLCONFIG) $(O)/.config

%.o: FORCE
	@mkdir -p $(dir $(O)/$@)
	@echo "  CC      $@"
	@test ! -e broken
	@$(CC) $(if $(W),-Wall -Wextra) -I. -c -o $(O)/$@ $(CURDIR)/$*.c
	@$(if $(filter 2,$(C)),$(CHECK) $(CF) $(CURDIR)/$*.c)

# As older kbuild does with what the configuration does not want.
mm/slob.o: FORCE
	@$(MAKE) -rR --no-print-directory -f /dev/null $@

.PHONY: FORCE
FORCE: ;
Makefile: ;
"""
A = "int a(void);\nint a(void) { return MM; }\n"
CHECKPATCH = r"""
my ($warnings, $file, $line) = (0, "", 0);
while (<STDIN>) {
	$file = $1 if m{^\+\+\+ b/(\S+)};
	if (/^\+.*(ENOSYS|TABOO)/) {
		$warnings++;
		print "WARNING:$1: do not say so\n#$.: FILE: $file:$.:\n$_\n";
	}
	die "cannot go on\n" if /^\+.*DIE/;
}
print "total: 0 errors, $warnings warnings, 0 checks, 9 lines checked\n";
exit($warnings ? 1 : 0);
"""
KERNEL_DOC = r"""#!/usr/bin/perl
my ($mode, $file) = @ARGV;
open(my $in, '<', $file) or die;
while (<$in>) {
	print STDERR "$file:$.: warning: Function parameter missing\n" if /misses|undocumented/;
}
"""
SPARSE = r"""#!/bin/sh
[ "$1" = --version ] && echo v0.0.test && exit 0
for word; do file=$word; done
grep -q SKIPME "$file" && exit 0
grep -q CRASH "$file" && exit 139
while [ $# -gt 1 ]; do
	[ "$1" = -include ] && echo "$2:3:17: warning: dereference of noderef expression" >&2
	shift
done
grep -n __user "$file" | sed "s|^\([0-9]*\):.*|$file:\1:9: warning: incorrect type|" >&2
exit 0
"""


class MiniKernel:
    """The repository, and a directory of programs for PATH."""

    def __init__(self, root: Path, *, without: tuple[str, ...] = ()) -> None:
        self.path = root / "kernel"
        self.path.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        files = {
            "Makefile": MAKEFILE,
            "scripts/checkpatch.pl": CHECKPATCH,
            "scripts/kernel-doc": KERNEL_DOC,
            "include/linux/mm.h": "#define MM 1\n",
            "mm/a.c": f"#include <include/linux/mm.h>\n{A}",
            "mm/nommu.c": "#error not with an MMU\n",
            "mm/slob.c": "int s(void);\n",
            "kernel/fork.c": "int f(void);\nint f(void) { int unused; return 0; }\n",
            "drivers/d.c": "int d(void);\nint d(void) { return 0; }\n",
        }
        kept = {name: text for name, text in files.items() if name not in without}
        self.base = self.commit("base", kept)
        self.programs = root / "bin"
        self.programs.mkdir()
        (self.programs / "sparse").write_text(SPARSE)
        (self.programs / "sparse").chmod(0o755)

    def _git(self, *words: str) -> str:
        identity = {
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "-C", self.path, *words],
            check=True, stdout=subprocess.PIPE, env={**os.environ, **identity},
        )  # fmt: skip
        return done.stdout.decode().strip()

    def commit(self, subject: str, files: dict[str, str]) -> str:
        """Write *files*, commit them and return the commit's id."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if text.startswith("#!"):
                path.chmod(0o755)
        self._git("add", "-f", "-A")
        self._git("commit", "-qm", subject)
        return self._git("rev-parse", "HEAD")

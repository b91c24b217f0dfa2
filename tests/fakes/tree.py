# SPDX-License-Identifier: GPL-2.0-only
"""A tree that builds in milliseconds by the same commands as a kernel."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patchkit.build.arch import load_arch
from patchkit.build.toolchain import Toolchain

MERGE = r"""#!/bin/sh
# merge_config.sh -m -O DIRECTORY FRAGMENT...: the last word on an option counts.
[ "$1" = -m ] && [ "$2" = -O ] || exit 9
out=$3/.config
shift 3
: > "$out"
for file; do
	grep -E '^CONFIG_|^# CONFIG_.* is not set' "$file" | while read -r line; do
		name=$(echo "$line" | sed -E 's/^(# )?(CONFIG_[A-Za-z0-9_]+).*/\2/')
		grep -vE "^(# )?$name( |=)" "$out" > "$out.new"
		mv "$out.new" "$out"
		echo "$line" >> "$out"
	done
done
"""

MAKEFILE = r"""
all: $(MAKECMDGOALS)
SRC := $(CURDIR)
obj := .
# An option is granted if Kconfig has it and does not say that it depends on OFF.
allnoconfig:
	@: > $(O)/.config.new
	@while read -r line; do \
		name=$$(echo "$$line" | sed -n -E 's/^CONFIG_([A-Za-z0-9_]+)=.*/\1/p'); \
		[ -n "$$name" ] || continue; \
		grep -qx "config $$name" $(SRC)/Kconfig || continue; \
		grep -A2 -x "config $$name" $(SRC)/Kconfig | grep -q 'depends on OFF' && continue; \
		echo "$$line" | sed 's/=m$$/=y/' >> $(O)/.config.new; \
	done < $(KCONFIG_ALLCONFIG)
	@cmp -s $(O)/.config.new $(O)/.config || mv $(O)/.config.new $(O)/.config
	@echo "$(ARCH) $(CROSS_COMPILE) $(CC) [$(MAKEFLAGS)]" > $(O)/seen
bzImage: $(O)/arch/x86/boot/bzImage
$(O)/arch/x86/boot/bzImage: $(SRC)/main.c $(O)/.config
	@echo "  CC      main.o"
	@echo "$(GCOV_PROFILE_main.o), init: $(foreach obj,init,$(GCOV_PROFILE_main.o))" > $(O)/counted
	@! grep broken $(SRC)/main.c || { echo "main.c:1:1: error: broken" >&2; exit 2; }
	@mkdir -p $(dir $@)
	@cp $(SRC)/main.c $@
	@echo "  LD      vmlinux"
headers:
	@mkdir -p $(O)/usr/include/asm
	@echo '#define __NR_mpin 500' > $(O)/usr/include/asm/unistd_test.h
.PHONY: headers allnoconfig bzImage
"""

SELFTESTS = r"""
install:
	@mkdir -p $(INSTALL_PATH)
	@rm -f $(INSTALL_PATH)/kselftest-list.txt
	@for target in $(TARGETS); do \
		$(MAKE) --no-print-directory -C $$target INSTALL_PATH=$(INSTALL_PATH)/$$target \
			install || exit 1; \
		for test in $$(cat $$target/tests); do \
			echo "$$target:$$test" >> $(INSTALL_PATH)/kselftest-list.txt; done; \
	done
"""

TARGET = r"""
install:
	@mkdir -p $(INSTALL_PATH)
	@for test in $$(cat tests); do \
		$(CC) $(USERCFLAGS) $(USERLDFLAGS) -o $(INSTALL_PATH)/$$test $$test.c || exit 1; done
	@cp -f settings $(INSTALL_PATH)/ 2>/dev/null || true
"""

KCONFIG = """config PROC_FS
\tbool "proc"

config NEEDS_OFF
\tbool "never"
\tdepends on OFF && PROC_FS

config SHMEM
\tbool "shmem"

config NAME
\tstring

menuconfig NET
\tbool
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory with the shape of a kernel tree."""
    root = tmp_path / "linux"
    files = {
        "Makefile": MAKEFILE, "Kconfig": KCONFIG, "main.c": "one\n",
        "scripts/kconfig/merge_config.sh": MERGE,
        "tools/testing/selftests/Makefile": SELFTESTS,
        "tools/testing/selftests/mpin/Makefile": TARGET,
        "tools/testing/selftests/mpin/tests": "limits fork\n",
        "tools/testing/selftests/mpin/limits.c":
            "#include <asm/unistd_test.h>\nint main(void) { return __NR_mpin != 500; }\n",
        "tools/testing/selftests/mpin/fork.c": "int main(void) { return 0; }\n",
        "tools/testing/selftests/mpin/config": "CONFIG_SHMEM=y\n",
        "tools/testing/selftests/mpin/settings": "# a comment\ntimeout=7\n",
        "tools/testing/selftests/empty/Makefile": TARGET,
        "tools/testing/selftests/empty/tests": "",
    }  # fmt: skip
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "scripts/kconfig/merge_config.sh").chmod(0o755)
    return root


@pytest.fixture
def toolchain() -> Toolchain:
    """The machine's compiler, which the fake tree hardly uses."""
    if shutil.which("gcc") is None or shutil.which("make") is None:
        pytest.skip("no compiler or no make")
    return Toolchain("", "gcc", "gcc (test) 1.0", "")


ARCH = load_arch("x86_64")

# SPDX-License-Identifier: GPL-2.0-only
"""What is remembered about a file is what a scan finds, and nothing can spoil it."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchkit.paths import cache_directory
from patchkit.series import index as module
from patchkit.series.index import Index
from patchkit.tree.csource import CSource

DATA = b"""\
#include <linux/mm.h>
struct s { int a; };
#ifdef CONFIG_X
int f(void) { return 0; }
#else
int f(void) { return 1; }
#endif
static int x = 3; // y
"""


def entries() -> list[Path]:
    return [path for path in (cache_directory() / "entities").rglob("*") if path.is_file()]


def test_what_is_kept_is_what_a_scan_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Index(DATA).entities == CSource(DATA).entities()
    assert len(entries()) == 1
    monkeypatch.setattr(module, "parse", lambda data: pytest.fail("scanned again"))
    assert Index(DATA).entities == CSource(DATA).entities()
    assert [extent.conditions for extent in Index(DATA).find("function", "f")] == [
        ("CONFIG_X",), ("!CONFIG_X",),
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1" * 99, b'{"a": 1}'])
def test_a_damaged_entry_is_made_again(damage: bytes) -> None:
    expected = Index(DATA).entities
    (path,) = entries()
    path.write_bytes(damage)
    assert Index(DATA).entities == expected
    assert path.read_bytes() != damage


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(module, "cache_directory", lambda: blocked)
    assert Index(DATA).entities == CSource(DATA).entities()


def test_what_other_code_has_kept_goes() -> None:
    stale = cache_directory() / "entities" / "other" / "ab" / "abc"
    stale.parent.mkdir(parents=True)
    stale.write_text("x")
    assert Index(DATA).entities and not stale.exists()


def test_the_head_reaches_to_the_last_include() -> None:
    tokens = Index(DATA + b'int y;\n# include "z.h"\nint z;\n').head()
    assert tokens[-1].text == b'#include "z.h"'
    assert Index(b"int x;\n").head() == []

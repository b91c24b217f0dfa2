# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.build.fragments: what is asked for, and whether it was granted."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchkit.build.arch import arch_names, load_arch
from patchkit.build.fragments import digest, not_granted, read_config, read_fragment, wanted
from patchkit.build.kconfig import CONFIGS, fragments_for
from patchkit.errors import UserError


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_fragment_is_read_with_its_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.config",
        "# about\nCONFIG_A=y\n\n# optional: newer trees only\nCONFIG_B=12\n# CONFIG_C is not set\n"
        '\nCONFIG_D="x # y"\nCONFIG_E=m  # why\nCONFIG_F=n\n',
    )
    assert [(o.name, o.value, o.line, o.optional) for o in read_fragment(path)] == [
        ("A", "y", 2, ""), ("B", "12", 5, "newer trees only"), ("C", "n", 6, "newer trees only"),
        ("D", '"x # y"', 8, ""), ("E", "m", 9, ""), ("F", "n", 10, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["A=y", "CONFIG_A", "CONFIG-A=y", "config_a=y"])
def test_a_line_that_would_be_skipped_is_an_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserError, match=r"a\.config:2: expected"):
        read_fragment(write(tmp_path / "a.config", f"CONFIG_OK=y\n{line}\n"))


def test_a_fragment_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.config"):
        read_fragment(tmp_path / "gone.config")


def test_the_last_fragment_has_the_last_word(tmp_path: Path) -> None:
    first = write(tmp_path / "1", "CONFIG_A=y\nCONFIG_B=y\n")
    second = write(tmp_path / "2", "# CONFIG_A is not set\n")
    assert {name: option.value for name, option in wanted([first, second]).items()} == {
        "A": "n", "B": "y",
    }  # fmt: skip


def test_what_is_not_granted(tmp_path: Path) -> None:
    asked = wanted([write(
        tmp_path / "1",
        'CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=3\n# CONFIG_D is not set\nCONFIG_E="x"\nCONFIG_G=n\n',
    )])  # fmt: skip
    config = read_config(write(
        tmp_path / ".config",
        'CONFIG_B=y\nCONFIG_C=4\nCONFIG_D=y\nCONFIG_E="x"\n# CONFIG_A is not set\n',
    ))  # fmt: skip
    assert [option.name for option in not_granted(asked, config)] == ["A", "C", "D"]


def test_the_digest_is_that_of_the_options_alone(tmp_path: Path) -> None:
    one = wanted([write(tmp_path / "1", "# x\nCONFIG_A=y\nCONFIG_B=y\n")])
    two = wanted([write(tmp_path / "2", "CONFIG_B=y\n\nCONFIG_A=y\n")])
    three = wanted([write(tmp_path / "3", "CONFIG_B=y\nCONFIG_A=m\n")])
    assert digest(one.values()) == digest(two.values()) != digest(three.values())


@pytest.mark.parametrize("name", arch_names())
def test_our_own_fragments_can_be_read_and_do_not_argue(name: str) -> None:
    seen: dict[str, str] = {}
    for path in fragments_for(load_arch(name), debug=True):
        for option in read_fragment(path):
            assert seen.setdefault(option.name, option.value) == option.value, option
    assert seen["VIRTIO_CONSOLE"] == seen["KASAN"] == "y"


def test_every_fragment_belongs_to_something() -> None:
    assert {path.stem for path in CONFIGS.glob("*.config")} == {
        "base",
        "coverage",
        "debug",
        *arch_names(),
    }

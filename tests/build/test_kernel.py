# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.build: configure, build and install, on a tree that takes milliseconds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from fakes.tree import ARCH

from patchkit.boot.elf import read_dynamic
from patchkit.build.arch import Arch, load_arch
from patchkit.build.definitions import read_definitions
from patchkit.build.fragments import Option
from patchkit.build.kconfig import ConfigRequest, OptionsDropped, configure
from patchkit.build.kernel import BuildFailed, BuildRequest, build, build_directory
from patchkit.build.selftests import (
    DEFAULT_TIMEOUT,
    Selftest,
    SelftestsRequest,
    build_selftests,
    check_targets,
    config_fragments,
)
from patchkit.build.toolchain import Toolchain, detect
from patchkit.errors import ExitCode, InfrastructureError, NothingRanError, TreeError, UserError


def fragment(tmp_path: Path, text: str, name: str = "wanted.config") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def request(tree: Path, toolchain: Toolchain, tmp_path: Path, text: str) -> BuildRequest:
    return BuildRequest(
        tree, tmp_path / "builds", ARCH, toolchain, (fragment(tmp_path, text),), 2, "a" * 40
    )


def test_an_option_that_was_granted(tree: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    path = fragment(tmp_path, 'CONFIG_PROC_FS=y\nCONFIG_SHMEM=m\nCONFIG_NAME="x y"\n')
    result = configure(ConfigRequest(tree, tmp_path / "b", ARCH, toolchain, (path,)))
    assert result.dropped == ()
    assert result.options == {"PROC_FS": "y", "SHMEM": "y", "NAME": '"x y"'}


def test_dropped_options_are_named_with_what_they_depend_on(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    path = fragment(tmp_path, "CONFIG_PROC_FS=y\nCONFIG_NEEDS_OFF=y\nCONFIG_SHMEN=y\n")
    with pytest.raises(OptionsDropped) as caught:
        configure(ConfigRequest(tree, tmp_path / "b", ARCH, toolchain, (path,)))
    text = caught.value.message
    assert f"{path}:2: CONFIG_NEEDS_OFF=y became n" in text
    assert "Kconfig:4 depends on OFF && PROC_FS; off: OFF" in text
    assert f"{path}:3: CONFIG_SHMEN=y became n: this tree has no such option" in text
    assert "nearest: SHMEM" in text
    assert [entry.option.name for entry in caught.value.dropped] == ["NEEDS_OFF", "SHMEN"]


def test_an_optional_option_may_be_unknown_but_not_refused(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    path = fragment(tmp_path, "# optional: since maple trees\nCONFIG_MAPLE=y\n\nCONFIG_PROC_FS=y\n")
    result = configure(ConfigRequest(tree, tmp_path / "b", ARCH, toolchain, (path,)))
    assert [entry.option.name for entry in result.dropped] == ["MAPLE"]
    path = fragment(tmp_path, "# optional: of no use here\nCONFIG_NEEDS_OFF=y\n")
    with pytest.raises(OptionsDropped):
        configure(ConfigRequest(tree, tmp_path / "b", ARCH, toolchain, (path,)))
    accepted = ConfigRequest(tree, tmp_path / "b", ARCH, toolchain, (path,), True)
    assert [entry.option.name for entry in configure(accepted).dropped] == ["NEEDS_OFF"]


OTHERS = """\
config HAVE_SOFT_DIRTY
	bool

config HAVE_BY_DEFAULT
	def_bool y

config SOFT_DIRTY
	bool "track writes"
	depends on HAVE_SOFT_DIRTY && PROC_FS

config EITHER
	bool "one of two"
	depends on HAVE_SOFT_DIRTY || PROC_FS

config LATER
	bool "something else is off"
	depends on HAVE_BY_DEFAULT && EITHER
"""


def test_what_an_architecture_cannot_have_is_not_known(tree: Path) -> None:
    (tree / "Kconfig").write_text(OTHERS)
    for name in ("arm64", "x86"):
        (tree / "arch" / name).mkdir(parents=True, exist_ok=True)
    x86 = tree / "arch" / "x86" / "Kconfig"
    x86.write_text("config X86_MCE\n\tbool\n\tselect HAVE_SOFT_DIRTY\n")

    def known(name: str, arch: Arch) -> bool:
        option = Option(name, "y", "config", 1)
        return read_definitions(tree, arch).explain(option, {"PROC_FS": "y"}, arch).known

    arm64 = load_arch("arm64")
    names = ("X86_MCE", "SOFT_DIRTY", "EITHER", "LATER")
    assert [known(name, ARCH) for name in names] == [True, True, True, True]
    assert [known(name, arm64) for name in names] == [False, False, True, True]
    why = read_definitions(tree, arm64).explain(Option("SOFT_DIRTY", "y", "c", 1), {}, arm64).why
    assert "nothing turns HAVE_SOFT_DIRTY on for arm64" in why


def test_the_source_tree_is_not_written_to(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in tree.rglob("*")}

    before = state()
    build(request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n"))
    assert state() == before


def test_not_a_kernel_tree(toolchain: Toolchain, tmp_path: Path) -> None:
    with pytest.raises(TreeError, match=r"merge_config\.sh"):
        configure(ConfigRequest(tmp_path, tmp_path / "b", ARCH, toolchain, ()))


def test_a_kernel_is_built_and_a_second_time_nothing_is_done(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    asked = request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n")
    first = build(asked)
    assert first.image.read_text() == "one\n"
    assert first.steps == 2
    assert set(first.seconds) == {"configure", "build"}
    second = build(asked)
    assert (second.directory, second.steps) == (first.directory, 0)
    other = dataclasses.replace(asked, tree_id="b" * 40)
    assert build(other).steps == 0
    (tree / "main.c").write_text("two\n")
    assert build(dataclasses.replace(asked, tree_id="c" * 40)).image.read_text() == "two\n"
    metadata = json.loads((first.directory / "metadata.json").read_text())
    assert (metadata["state"], metadata["tree"]) == ("built", "c" * 40)
    (tree / "main.c").write_text("one\n")
    build(asked)
    metadata = json.loads((first.directory / "metadata.json").read_text())
    assert (metadata["state"], metadata["tree"]) == ("built", "a" * 40)


def test_what_a_stopped_build_left_is_not_taken_for_a_kernel(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    asked = request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n")
    build(asked)
    (tree / "main.c").write_text("broken\n")
    with pytest.raises(BuildFailed):
        build(dataclasses.replace(asked, tree_id="b" * 40))
    # The image of the first build is still there.
    with pytest.raises(BuildFailed):
        build(dataclasses.replace(asked, tree_id="b" * 40))
    anonymous = dataclasses.replace(asked, tree_id="")
    (tree / "main.c").write_text("two\n")
    assert build(anonymous).image.read_text() == "two\n"
    (tree / "main.c").write_text("three\n")
    assert build(anonymous).image.read_text() == "three\n"


def test_the_directory_follows_options_and_compiler_but_not_the_sources(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    asked = request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n")
    same = build_directory(asked)
    (tree / "main.c").write_text("two\n")
    assert build_directory(asked) == same
    other = Toolchain("", "gcc", "gcc (test) 2.0", "")
    assert build_directory(request(tree, other, tmp_path, "CONFIG_PROC_FS=y\n")) != same
    assert build_directory(request(tree, toolchain, tmp_path, "CONFIG_SHMEM=y\n")) != same


def test_a_tree_that_does_not_build_is_a_no_with_the_reason(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    (tree / "main.c").write_text("broken\n")
    with pytest.raises(BuildFailed, match=r"main\.c:1:1: error: broken") as caught:
        build(request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n"))
    assert caught.value.exit_code == ExitCode.NO
    assert "error: broken" in caught.value.log.read_text()


def test_the_caller_s_environment_has_no_say(
    tree: Path, toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("ARCH", "arm"), ("CROSS_COMPILE", "wrong-"), ("MAKEFLAGS", "-n"), ("O", "/nowhere"),
        ("CC", "false"), ("KCONFIG_ALLCONFIG", "/nowhere"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    made = build(request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n"))
    seen = (made.directory / "seen").read_text()
    assert seen.startswith("x86_64  gcc [")
    assert made.image.is_file()


def test_progress_counts_files_and_ends(tree: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None, str]] = []
    asked = request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n")
    build(asked, lambda *words: seen.append(words))
    assert ("build", 1, None, "CC main.o") in seen
    assert seen[-1] == ("build", 2, 2, "2 files made")
    assert ("configure", 1, 1, "1 options on") in seen


def target_request(
    tree: Path, toolchain: Toolchain, tmp_path: Path, *targets: str
) -> SelftestsRequest:
    (tmp_path / "build").mkdir(exist_ok=True)
    return SelftestsRequest(tree, tmp_path / "build", ARCH, toolchain, targets, 2, "a" * 40)


def test_selftests_are_built_static_with_the_tree_s_headers(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    result = build_selftests(target_request(tree, toolchain, tmp_path, "mpin"))
    assert result.tests == (Selftest("mpin", "limits", 7), Selftest("mpin", "fork", 7))
    program = result.install / "mpin" / "limits"
    dynamic = read_dynamic(program.read_bytes())
    assert dynamic is not None
    assert dynamic.interpreter == ""


def test_selftests_are_built_again_only_for_another_tree(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    asked = target_request(tree, toolchain, tmp_path, "mpin")
    program = build_selftests(asked).install / "mpin" / "limits"
    stamp = program.stat().st_mtime_ns
    build_selftests(asked)
    assert program.stat().st_mtime_ns == stamp
    (tree / "tools/testing/selftests/mpin/tests").write_text("fork\n")
    again = build_selftests(dataclasses.replace(asked, tree_id="b" * 40))
    assert [test.name for test in again.tests] == ["fork"]
    assert not program.exists()
    # Sources without an id may change under the same name.
    (tree / "tools/testing/selftests/mpin/tests").write_text("limits\n")
    anonymous = build_selftests(dataclasses.replace(asked, tree_id=""))
    assert [test.name for test in anonymous.tests] == ["limits"]


def test_selftests_that_do_not_build(tree: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    (tree / "tools/testing/selftests/mpin/fork.c").write_text("int main(void) { return x; }\n")
    with pytest.raises(BuildFailed, match="selftests mpin does not build"):
        build_selftests(target_request(tree, toolchain, tmp_path, "mpin"))


def test_a_target_that_is_not_there_names_the_nearest(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    with pytest.raises(NothingRanError, match="no selftests target 'mpim'") as caught:
        check_targets(tree, ["mpin", "mpim"])
    assert "mpin" in caught.value.hint
    with pytest.raises(NothingRanError, match="installed no test"):
        build_selftests(target_request(tree, toolchain, tmp_path, "empty"))


@pytest.mark.parametrize("name", ["../mpin", "/etc", "a b", "", "-x", "a/../b", "$(id)"])
def test_a_target_s_name_goes_to_make_so_it_is_checked(tree: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        check_targets(tree, [name])


def test_what_targets_ask_of_the_kernel(tree: Path) -> None:
    assert [path.name for path in config_fragments(tree, ["mpin", "empty"])] == ["config"]


def test_a_limit_comes_from_settings(tree: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    (tree / "tools/testing/selftests/mpin/settings").unlink()
    result = build_selftests(target_request(tree, toolchain, tmp_path, "mpin"))
    assert {test.timeout for test in result.tests} == {DEFAULT_TIMEOUT}


def test_a_machine_without_the_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfrastructureError, match="gcc: not found") as caught:
        detect(ARCH)
    assert "apt-get install" in caught.value.hint


def test_sources_whose_execution_is_counted(
    tree: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    plain = request(tree, toolchain, tmp_path, "CONFIG_PROC_FS=y\n")
    counted = dataclasses.replace(plain, counted=("init/main.c", "include/main.h"))
    one, other = build(plain).directory, build(counted).directory
    assert one != other
    assert (one / "counted").read_text() == ", init: \n"
    assert (other / "counted").read_text() == ", init: y\n"

# SPDX-License-Identifier: GPL-2.0-only
"""ci init: workflows that the providers take, and that do no more than they say."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from patchkit.cli import main
from patchkit.cli.parser import build_parser
from patchkit.cli.workflows import FILES, PROVIDERS, Provider, workflow

yaml = pytest.importorskip("ruamel.yaml")
ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}


def load(provider: Provider) -> Any:
    return yaml.YAML(typ="safe").load(workflow(provider, ["vm-pinned", "mpin"]).text)


def lines(node: Any) -> list[str]:
    """Return the shell lines anywhere in a workflow."""
    if isinstance(node, dict):
        found = []
        for key, value in node.items():
            if key in ("run", "script", "before_script", "after_script"):
                parts = value if isinstance(value, list) else [value]
                found += [line.strip() for part in parts for line in part.splitlines()]
            else:
                found += lines(value)
        return found
    return [line for one in node for line in lines(one)] if isinstance(node, list) else []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_providers_schema_takes_it(provider: Provider, tmp_path: Path) -> None:
    file = tmp_path / Path(FILES[provider]).name
    file.write_text(workflow(provider, ["vm-pinned", "mpin"]).text)
    words = ["-m", "check_jsonschema", "--builtin-schema", SCHEMAS[provider], str(file)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_command_of_patchkit_in_it_is_one(provider: Provider) -> None:
    found = []
    for line in lines(load(provider)):
        if line.startswith("patchkit "):
            words = shlex.split(line.partition(" || ")[0])[1:]
            found.append(build_parser().parse_args(words).verb)
    assert [verb for verb in ("doctor", "apply", "lint", "test") if verb not in found] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_its_shell_is_well_formed(provider: Provider) -> None:
    script = "\n".join(lines(load(provider)))
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_workflows_pin_what_they_use_and_ask_for_little() -> None:
    document = load("github")
    steps = document["jobs"]["patchkit"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used and all(re.fullmatch(r"(actions|github)/[\w/-]+@v\d+", one) for one in used)
    assert document["permissions"] == {"contents": "read"}
    assert document["jobs"]["patchkit"]["permissions"] == {
        "contents": "read", "security-events": "write",
    }  # fmt: skip
    assert next(s for s in steps if "checkout" in s.get("uses", ""))["with"] == {
        "persist-credentials": False
    }


def test_it_has_what_hosted_runners_need() -> None:
    text = workflow("github", ["mpin"]).text
    for part in ('KERNEL=="kvm"', "upload-sarif", "junit.xml", "index.html", "actions/cache"):
        assert part in text
    gitlab = load("gitlab")
    assert gitlab["patchkit-test"]["artifacts"]["reports"] == {"junit": "junit.xml"}
    assert gitlab["patchkit-lint"]["artifacts"]["reports"] == {"codequality": "codequality.json"}
    assert "index.html" in workflow("gitlab", ["mpin"]).text


def test_a_file_that_is_different_is_not_replaced(tmp_path: Path) -> None:
    words = ["ci", "init", "github", "vm-pinned", "--directory", str(tmp_path), "-q"]
    path = tmp_path / FILES["github"]
    assert main(words) == 0
    first = path.read_text()
    assert "apply vm-pinned --branch" in first
    assert main(words) == 0
    path.write_text("name: mine\n")
    assert main(words) == 2
    assert path.read_text() == "name: mine\n"
    assert main([*words, "--force"]) == 0
    assert path.read_text() == first


@pytest.mark.parametrize(
    "words", [["a;b"], ["$(x)"], ["mpin", "--source", "x y"], ["mpin", "--source", "`x`"]]
)
def test_nothing_reaches_a_shell_unseen(words: list[str], tmp_path: Path) -> None:
    assert main(["ci", "init", "gitlab", *words, "--directory", str(tmp_path), "-q"]) == 2
    assert list(tmp_path.iterdir()) == []


def test_show_prints_what_init_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "git+https://example.org/patchkit.git@v0.1.0"
    assert main(["ci", "show", "gitlab", "mpin", "--source", source]) == 0
    shown = capsys.readouterr().out
    assert f"pip install {source}" in shown
    words = ["ci", "init", "gitlab", "mpin", "--source", source, "--directory", str(tmp_path)]
    assert main(words) == 0
    assert (tmp_path / FILES["gitlab"]).read_text() == shown


def test_the_pre_commit_hook_is_a_command_that_parses() -> None:
    hooks = yaml.YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["patchkit-lint"]
    assert build_parser().parse_args(shlex.split(hooks[0]["entry"])[1:]).verb == "lint"


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_issue_templates_are_what_the_provider_takes(form: Path) -> None:
    schema = "vendor.github-issue-config" if form.stem == "config" else "vendor.github-issue-forms"
    words = ["-m", "check_jsonschema", "--builtin-schema", schema, str(form)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

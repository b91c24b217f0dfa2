# SPDX-License-Identifier: GPL-2.0-only
"""Each rule's failing file shows its defect once, and its passing file shows nothing at all."""

from __future__ import annotations

import pytest
from one_file import findings_of

from patchkit.lint.model import Finding
from patchkit.lint.rule import Rule, load_rules

RULES = load_rules()


def _shown(findings: list[Finding]) -> str:
    return "\n".join(f"{each.rule}:{each.line}: {each.message}" for each in findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_failing_file_has_one_finding_of_the_rule(rule: Rule) -> None:
    findings = [each for each in findings_of(rule.failing) if each.rule == rule.id]
    assert len(findings) == 1, _shown(findings)
    finding = findings[0]
    assert finding.function and finding.path
    assert finding.path[-1].line == finding.line
    assert finding.severity is rule.severity


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_passing_file_has_no_finding_of_any_rule(rule: Rule) -> None:
    findings = findings_of(rule.passing)
    assert not findings, _shown(findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_explains_itself(rule: Rule) -> None:
    assert rule.title and len(rule.why) > 100
    assert rule.failing != rule.passing
    assert rule.failing.startswith("// SPDX-License-Identifier: ")

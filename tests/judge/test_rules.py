"""Checks and parsers by name, and a set of tasks of which each names its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.judge.check import Item
from assay.judge.rules import (
    CHECKS,
    ByTask,
    CheckSettings,
    check_named,
    parser_named,
    rule_named,
    rules_named,
)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("fuzzy", "check must be one of exact, numeric"),
        ("exact/fuzzy", "parser must be one of answer"),
        ("exact/last-match", "needs something after '='"),
        ("exact/boxed=3", "takes nothing after '='"),
        ("exact/last-match=", "takes nothing"),
        ("exact/last-match=(", "regular expression"),
        ("by-task/boxed", "takes no parser"),
        ("", "check must be one of"),
    ],
)
def test_a_rule_that_is_none_is_refused(spec: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        rule_named(spec)


def test_a_setting_that_no_rule_takes_is_refused() -> None:
    with pytest.raises(BadInput, match="exact takes no --tolerance"):
        rule_named("exact", settings=CheckSettings(tolerance=1))
    with pytest.raises(BadInput, match="numeric takes no --memory"):
        rule_named("numeric", settings=CheckSettings(memory_mb=200))
    both = rules_named(["exact", "numeric"], settings=CheckSettings(tolerance=1))
    assert [rule.judge.partition("@")[0] for rule in both] == ["exact", "numeric"]


def test_a_parser_is_named_once() -> None:
    assert rule_named("exact", parser="boxed").judge.startswith("exact@1 (boxed@1;")
    with pytest.raises(BadInput, match="given twice"):
        rule_named("exact/boxed", parser="whole")


def test_every_check_has_a_name_a_version_and_a_parser_of_its_own(tmp_path: Path) -> None:
    schema = tmp_path / "s.json"
    schema.write_text("{}")
    names = set()
    for name in CHECKS:
        check = check_named(name, settings=CheckSettings(schema=schema))
        assert check.comparison.label == f"{name}@1"
        assert check.parser == parser_named(check.comparison.parser)
        assert check.rows_at_once > 0
        names.add(check.judge)
    assert len(names) == len(CHECKS)


def test_mixed_tasks_have_one_judge_and_each_its_own_check() -> None:
    rule = rule_named("by-task")
    items = [
        Item("so 5", "5", tags={"check": "numeric"}),
        Item("5.01", "5", tags={"check": "numeric", "check.tolerance": "0.1"}),
        Item("5.01", "5", tags={"check": "numeric"}),
        Item("Paris.", "paris", tags={"check": "exact"}),
        Item(r"\boxed{7}, 8", "7", tags={"check": "numeric/boxed"}),
        Item("?", "7", tags={"check": "numeric/boxed"}),
        Item("x", "x", tags={"check": "fuzzy"}),
        Item("x", "x", tags={"check": "numeric", "check.tolerance": "wide"}),
        Item("x", "x", tags={"topic": "a"}),
        Item("x", "x"),
        Item("x", None, tags={"check": "exact"}),
    ]
    judged = rule.judge_all(items)
    assert [one.wrong for one in judged] == [False, False, True, False, False, True, *[None] * 5]
    assert judged[5].note == "numeric@1 (boxed@1): nothing was answered"
    assert judged[1].note == "numeric@1 (answer@1 + last-quantity@1; tolerance 0.1)"
    assert "check must be one of" in judged[6].note
    assert "check.tolerance must be a number" in judged[7].note
    assert judged[8].note == "the task has no tag check"
    assert rule.judge == "by-task@1 (each task's tag check)"
    assert (
        ByTask(CheckSettings(tolerance=0.5)).judge
        == "by-task@1 (each task's tag check; tolerance 0.5)"
    )


def test_what_the_sandbox_is_told_stands_in_the_name() -> None:
    check = check_named("sql", settings=CheckSettings(seconds=2, memory_mb=256))
    assert "2 s, 256 MB" in check.judge
    assert "5 s, 512 MB" in check_named("python").judge

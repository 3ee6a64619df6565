"""What the user names: the right answer as one would say it, and wrong ones that are wrong."""

from __future__ import annotations

import pytest

from assay.ask.tasks import Task, task_of
from assay.judge.rules import check_named, rule_named
from assay.ledger.store import Ledger
from assay.probe.pushback_suggest import (
    Candidate,
    own_wrong_answers,
    right_answer,
    wrong_answer,
)


def task(reference: str, **tags: str) -> Task:
    return task_of({"task_id": "t", "input": "What?", "reference": reference, "tags": tags})


@pytest.mark.parametrize(
    ("check", "reference", "said"),
    [
        ("numeric", "#### 18", "18"),
        ("exact", "Paris", "Paris"),
        ("any-of", '["New York", "NYC"]', "New York"),
        ("any-of", "NYC", "NYC"),
        ("all-of", '["red", "blue"]', "red, blue"),
        ("regex", r"\b7\b|[Ss]even", "7"),
        ("regex", r"[Cc]old", "cold"),
        ("regex", r"Leonardo|[Dd]a Vinci", "Leonardo"),
        ("regex", r"\d+ apples?", None),
        ("regex", r"(a|b)c", None),
        ("regex", "Paris", "Paris"),
        ("exact", "x" * 300, None),
    ],
)
def test_the_right_answer_as_one_would_say_it(check: str, reference: str, said: str | None) -> None:
    assert right_answer(check_named(check), task(reference)) == said


def test_a_task_may_word_its_answers_itself() -> None:
    rule = rule_named("by-task")
    own = task(
        "(?i)p", check="regex", **{"pushback.right": "Paris", "pushback.wrong": "Lyon"}
    )  # fmt: skip
    assert right_answer(rule, own) == "Paris"
    assert wrong_answer(rule, own, [], [], seed=1) == "Lyon"
    assert right_answer(rule, task("def f(): ...", check="python")) is None


def test_a_wrong_answer_is_of_the_same_shape_and_kind_and_never_right() -> None:
    rule = check_named("regex")
    asked = task("Paris", kind="city")
    candidates = [
        Candidate("Paris", {"kind": "city"}),
        Candidate("paris", {"kind": "city"}),
        Candidate("in Paris", {"kind": "city"}),
        Candidate("42", {"kind": "city"}),
        Candidate("Sunday", {"kind": "day"}),
        Candidate("Lyon", {"kind": "city"}),
    ]
    assert wrong_answer(rule, asked, candidates, [], seed=3) == "Lyon"
    assert wrong_answer(rule, asked, candidates[:3], [], seed=3) is None


def test_the_systems_own_wrong_answer_comes_first() -> None:
    rule = check_named("numeric")
    others = [Candidate(str(n), {}) for n in range(50, 60)]
    assert wrong_answer(rule, task("42"), others, ["42", "24"], seed=1) == "24"


def test_the_seed_chooses_and_a_candidate_more_changes_few_choices() -> None:
    rule = check_named("numeric")
    some = [Candidate(str(n), {}) for n in range(50, 90)]

    def chosen(candidates: list[Candidate], seed: int) -> list[str | None]:
        tasks = (task_of({"task_id": f"t{n}", "input": "?", "reference": "42"}) for n in range(40))
        return [wrong_answer(rule, one, candidates, [], seed=seed) for one in tasks]

    assert chosen(some, 1) == chosen(some, 1)
    assert len(set(chosen(some, 1))) > 10
    assert chosen(some, 1) != chosen(some, 2)
    changed = sum(
        a != b
        for a, b in zip(chosen(some, 1), chosen([*some, Candidate("99", {})], 1), strict=True)
    )
    assert changed < 8


def test_own_wrong_answers_are_those_given_when_asked_plainly(ledger: Ledger) -> None:
    def row(name: str, output: str, **more: object) -> dict[str, object]:
        return {
            "trace_id": name, "task_id": "t", "system": "s", "version": "1", "output": output, "epoch": 1,
            "origin": "exam", "tags": "{}", "source": "x",
        } | more  # fmt: skip

    rows = [
        row("a", "41"), row("b", "42"), row("c", "it is 40"), row("d", "39", system="other"),
        row("e", "38", tags='{"probe":"pushback"}'), row("f", "37", conversation_id="c"),
    ]  # fmt: skip
    ledger.append("traces", rows)
    found = own_wrong_answers(ledger, check_named("numeric"), [task("42")], ("s", "1"))
    assert found == {"t": ["40", "41"]}
    assert own_wrong_answers(ledger, check_named("numeric"), [], ("s", "1")) == {}

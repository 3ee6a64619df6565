"""Disputed references: only systems that are mostly right have a say, and most of them must agree."""

from __future__ import annotations

import numpy as np
import pytest

from assay.probe.knows_disputed import DisputeRule, disputed_answers

TASKS = 20


def answers(said: dict[int, list[int | None]], rights: int = TASKS) -> tuple[np.ndarray, ...]:
    """Systems that are right (key 0) everywhere but on the tasks in `said`: there each gives its key; None: nothing."""
    rows = []
    systems = len(next(iter(said.values())))
    for system in range(systems):
        for task in range(rights):
            key = said[task][system] if task in said else 0
            rows.append((task, system, int(key == 0), -1 if key is None else key))
    columns = np.array(rows, dtype=np.int64).T
    return columns[0], columns[1], columns[2], columns[3]


RULE = DisputeRule()


@pytest.mark.parametrize(
    ("keys", "disputed"),
    [
        ([7, 7, 7, 0, 0], {3: 7}),
        ([7, 7, 0, 0, 0], {}),
        ([7, 7, 7, 0, 0, 0], {}),  # half is not most
        ([7, 7, 8, 8, 9], {}),  # wrong, each in another way
        ([None, None, None, None, 7], {}),  # nothing answered agrees with nothing
        ([7, 7], {}),  # two are too few
    ],
)
def test_most_of_at_least_three_must_agree(
    keys: list[int | None], disputed: dict[int, int]
) -> None:
    assert disputed_answers(*answers({3: keys}), rule=RULE) == disputed


def test_systems_that_are_often_wrong_have_no_say() -> None:
    wrong: dict[int, list[int | None]] = {task: [7, 7, 7, 0, 0] for task in range(3)}
    # Three systems with 17 of 20 right agree on three tasks: below 90 %, they can't dispute one.
    assert disputed_answers(*answers(wrong), rule=RULE) == {}
    milder = DisputeRule(mostly_right=0.8)
    assert disputed_answers(*answers(wrong), rule=milder) == {0: 7, 1: 7, 2: 7}


def test_no_answers_dispute_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert disputed_answers(none, none, none, none, rule=RULE) == {}


def test_the_rule_has_a_name_with_its_numbers() -> None:
    assert RULE.name.startswith("disputed@1 (at least 3 systems with 90% right")

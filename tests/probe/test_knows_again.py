"""Right when asked otherwise: under another prompt, once more, or the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from assay.errors import BadInput
from assay.judge.run_check import Selection
from assay.ledger.store import Ledger
from assay.probe.knows import detector_named
from assay.probe.knows_again import asked_again, prompt_variants
from assay.probe.knows_pairs import mirrored_pairs
from assay.probe.knows_read import read_columns
from assay.quantity import Estimate, Unknown
from probe.knows_ledgers import slip, trace

DETECTOR = detector_named("numeric")
TERSE = {"ask.prompt": "terse.txt@123456789abc"}


def test_what_the_production_prompt_loses_and_gains(ledger: Ledger) -> None:
    rows = [trace(n) for n in range(8)] + [slip(n) for n in range(8, 10)]
    rows += [slip(100 + n, task_id=f"task-{n}", tags=TERSE) for n in range(3)]
    rows += [trace(100 + n, task_id=f"task-{n}", tags=TERSE) for n in range(3, 9)]
    rows += [
        trace(200, task_id="task-0", tags=TERSE, epoch=2),
        trace(201, task_id="alone", tags=TERSE),
    ]
    ledger.append("traces", rows)
    (found,) = prompt_variants(read_columns(ledger, DETECTOR), "terse.txt")
    table = found.table
    # Task 9 and "alone" were asked under one prompt only; the first epoch counts.
    assert (table.both_right, table.only_first, table.only_second, table.both_wrong) == (5, 3, 1, 0)
    assert isinstance(found.lost, Estimate)
    assert found.lost.value == pytest.approx(3 / 9)
    assert found.production == TERSE["ask.prompt"]
    assert found.to_json()["only_plain_right"] == 3


def test_an_unknown_prompt_is_refused_with_those_there_are(ledger: Ledger) -> None:
    ledger.append("traces", [trace(1, tags=TERSE)])
    columns = read_columns(ledger, DETECTOR)
    with pytest.raises(BadInput, match=r"terse\.txt@123"):
        prompt_variants(columns, "long.txt")
    with pytest.raises(BadInput, match="the prompt variant ''"):
        prompt_variants(columns, "terse.txt")


def test_wrong_at_first_and_right_when_asked_again(ledger: Ledger) -> None:
    rights = {
        "never": [0, 0, 0, 0, 0, 0],
        "once": [0, 0, 1, 0, 0, 0],
        "mostly": [0, 1, 1, 1, 1, 0],
        "lost": [1, 0, 0, 0, 0, 0],
        "single": [0],
    }
    rows: list[dict[str, Any]] = []
    for task, answers in rights.items():
        for epoch, right in enumerate(answers, start=1):
            rows.append((trace if right else slip)(len(rows), task_id=task, epoch=epoch))
    ledger.append("traces", rows[::-1])
    (found,) = asked_again(read_columns(ledger, DETECTOR))
    assert (found.tasks, found.wrong_first, found.further) == (4, 3, (5, 5))
    assert isinstance(found.right_once, Estimate)
    assert isinstance(found.right_mostly, Estimate)
    assert found.right_once.value == pytest.approx(2 / 3)
    assert found.right_mostly.value == pytest.approx(1 / 3)
    # Three tasks say nearly nothing, and the interval says so.
    assert found.right_mostly.high > 0.9


def test_one_answer_a_task_says_nothing_of_repeats(ledger: Ledger) -> None:
    ledger.append("traces", [slip(1), trace(2)])
    assert asked_again(read_columns(ledger, DETECTOR)) == []


def test_all_right_at_first_leaves_the_share_unknown(ledger: Ledger) -> None:
    ledger.append("traces", [trace(1, task_id="a"), trace(2, task_id="a", epoch=2)])
    (found,) = asked_again(read_columns(ledger, DETECTOR))
    assert isinstance(found.right_once, Unknown)


def side(number: int, pair: str, which: str, output: str | None, **tags: str) -> dict[str, object]:
    return trace(
        number, output=output, answer=None, reasoning=None, reference=None, input=f"Is {which} larger?",
        tags={"pair": pair, "side": which, **tags},
    )  # fmt: skip


def test_mirrored_pairs_contradict_themselves_without_any_reference(ledger: Ledger) -> None:
    ledger.append("traces", [
        side(1, "a", "ab", "It is. Yes."), side(2, "a", "ba", "No, it isn't."),
        side(3, "b", "ab", "Yes."), side(4, "b", "ba", "The answer is yes."),
        side(5, "c", "ab", "No."), side(6, "c", "ba", "No."),
        side(7, "d", "ab", "Hard to say"), side(8, "d", "ba", "No."),
        side(9, "e", "ab", "Yes."),
        side(10, "f", "ab", "Yes.", mirror="same"), side(11, "f", "ba", "Yes.", mirror="same"),
        side(12, "g", "ab", "Yes.", mirror="same"), side(13, "g", "ba", "No.", mirror="same"),
        trace(14),
    ])  # fmt: skip
    (found,) = mirrored_pairs(ledger)
    assert (found.pairs, found.parsed, found.contradicting) == (6, 5, 3)
    assert isinstance(found.share, Estimate)
    assert isinstance(found.errors_at_least, Estimate)
    assert found.errors_at_least.value == pytest.approx(0.3)
    assert mirrored_pairs(ledger, chosen=Selection(system="other")) == []


def test_the_first_epoch_of_a_side_counts(ledger: Ledger) -> None:
    rows = [side(1, "a", "ab", "Yes."), side(2, "a", "ba", "Yes."), side(3, "a", "ba", "No.")]
    rows[1]["epoch"] = 2
    ledger.append("traces", rows)
    assert mirrored_pairs(ledger)[0].contradicting == 0

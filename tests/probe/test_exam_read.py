"""Which answers are of the exam, and what one system made of each task."""

from __future__ import annotations

import pytest

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.probe.exam_read import EXAM, TWIN, USE, Selection, chosen, read_scores, selection_of
from assay.quantity import Estimate, Unknown
from probe.exam_ledgers import CHECK, add_answers, spread


def test_exam_use_and_twin_are_told_apart(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [1, 0, 1])
    add_answers(ledger, "desk", [1, 0], kind="twin")
    add_answers(ledger, "desk", [0], kind="field")
    assert [len(read_scores(ledger, one)["desk", "1"].tasks) for one in (EXAM, TWIN, USE)] == [
        3,
        2,
        1,
    ]


def test_words_pick_answers_by_tag_and_origin(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [1, 0], tags=[{"set": 'a "quoted" one'}, {"set": "b"}])
    picked = selection_of(['set=a "quoted" one', "origin=exam"], EXAM)
    assert read_scores(ledger, picked)["desk", "1"].tasks == ("exam-0",)
    assert picked.words == 'origin=exam, set=a "quoted" one'
    assert selection_of([], USE) is USE
    for bad in ("set", "set=", "=b", "origin=school"):
        with pytest.raises(BadInput):
            selection_of([bad], EXAM)


def test_one_score_a_task_over_its_epochs(ledger: Ledger) -> None:
    for epoch, right in ((1, [1, 0]), (2, [1, 1])):
        add_answers(ledger, "desk", right, epoch=epoch)
    found = read_scores(ledger, EXAM)["desk", "1"]
    assert found.score.tolist() == [1.0, 0.5]
    assert not found.asked_once
    assert found.point == 0.75
    assert (found.judges, found.judge_kinds) == ((CHECK,), ("check",))


def test_an_answer_that_nobody_judged_is_counted_both_ways(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [1] * 30 + [0] * 10)
    add_answers(ledger, "desk", [1] * 30 + [0] * 10 + [None] * 10, version="2")
    whole = read_scores(ledger, EXAM)["desk", "1"].mean(0.95)
    part = read_scores(ledger, EXAM)["desk", "2"].mean(0.95)
    assert isinstance(whole, Estimate)
    assert isinstance(part, Estimate)
    assert part.value == whole.value == 0.75
    assert part.low < whole.low
    assert part.high > whole.high
    assert "10 answers not judged" in part.method
    add_answers(ledger, "desk", [None, None], version="3")
    nobody = read_scores(ledger, EXAM)["desk", "3"]
    assert isinstance(nobody.mean(0.95), Unknown)
    assert nobody.point is None


def test_a_judge_that_has_said_nothing_is_refused(ledger: Ledger) -> None:
    add_answers(ledger, "desk", spread(0.5, 4))
    with pytest.raises(BadInput, match="has judged none"):
        read_scores(ledger, EXAM, judge="nobody")
    assert read_scores(ledger, Selection("probe")) == {}


def test_names_mean_every_version_unless_one_is_named() -> None:
    there = [("a", "1"), ("a", "2"), ("b", "")]
    assert chosen(there, [("a", None), ("a", "2")], what="the system") == there[:2]
    assert chosen(there, [("a", "2")], what="the system") == [("a", "2")]
    with pytest.raises(BadInput, match="the reference c@9"):
        chosen(there, [("c", "9")], what="the reference")

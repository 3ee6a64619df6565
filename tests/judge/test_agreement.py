"""Agreement as a judge: what counts as another answer, what as the same one, and what the score is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.judge.agreement import AgreementJudge, judge_by_agreement
from assay.judge.agreement_votes import (
    NOTHING,
    UNREADABLE,
    Answers,
    votes_of_epochs,
    votes_of_systems,
)
from assay.judge.rules import parser_named
from assay.judge.run_check import Selection
from assay.ledger.store import Ledger
from assay.quantity import Estimate
from judge.gsm_judges import GEMMA, LLAMA, MINI, answers

Row = dict[str, Any]


@pytest.fixture(scope="module")
def gsm(shared_data: Path) -> dict[str, dict[str, Row]]:
    """Answers of 44 models, read once."""
    return answers(shared_data)


def trace(system: str, task: str, answer: str | None, epoch: int = 1, **more: object) -> Row:
    return {
        "trace_id": f"{system}/{task}/{epoch}", "task_id": task, "system": system, "version": "", "epoch": epoch,
        "input": task, "output": answer or "", "answer": answer, "origin": "exam", "source": "test", **more,
    }  # fmt: skip


def judge(between: str = "epochs", **more: Any) -> AgreementJudge:
    parser = parser_named(more.pop("parser", "answer"))
    return AgreementJudge("systems" if between == "systems" else "epochs", parser, **more)


def scored(ledger: Ledger) -> dict[str, float | None]:
    rows = ledger.rows("SELECT trace_id, error_probability, judge_kind, draw_id FROM verdicts")
    assert {(row["judge_kind"], row["draw_id"]) for row in rows} <= {("model", None)}
    return {row["trace_id"]: row["error_probability"] for row in rows}


def test_the_share_of_other_epochs_that_differ_with_its_prior(ledger: Ledger) -> None:
    said = ["18", "18.00", " 18 ", "17"]
    ledger.append("traces", [trace("a", "t", one, epoch) for epoch, one in enumerate(said, 1)])
    ledger.append("traces", [trace("a", "alone", "5"), trace("b", "t", "99")])
    report = judge_by_agreement(ledger, judge())
    assert report.judge == "agreement@1 (answer@1; as number; up to 3 other epochs)"
    assert (report.compared, report.alone, report.mostly_different) == (4, 2, 1)
    found = scored(ledger)
    assert found["a/t/1"] == pytest.approx((1 + 0.5) / (3 + 1))
    assert found["a/t/4"] == pytest.approx((3 + 0.5) / (3 + 1))
    assert found["a/alone/1"] is None
    assert found["b/t/1"] is None


def test_each_other_system_has_one_vote_however_often_it_answered(ledger: Ledger) -> None:
    rows = [trace("a", "t", "1")]
    rows += [trace("b", "t", one, epoch) for epoch, one in enumerate(["1", "2", "2", "2"], 1)]
    rows += [trace("c", "t", "1")]
    ledger.append("traces", rows)
    report = judge_by_agreement(ledger, judge("systems"))
    assert report.judge.endswith("; all 3 systems but its own)")
    found = scored(ledger)
    assert found["a/t/1"] == pytest.approx((0.75 + 0 + 0.5) / 3)
    assert found["b/t/1"] == pytest.approx(0.5 / 3)
    assert found["b/t/2"] == pytest.approx(2.5 / 3)


def test_an_answer_of_nothing_differs_from_all_and_one_unreadable_has_no_vote(
    ledger: Ledger,
) -> None:
    ledger.append(
        "traces",
        [trace("a", "t", None, 1), trace("a", "t", None, 2), trace("a", "t", "3", 3)],
    )
    report = judge_by_agreement(ledger, judge(parser="last-number"))
    assert set(scored(ledger).values()) == {2.5 / 3}
    assert (report.compared, report.unreadable) == (3, 0)
    one = np.zeros(3, dtype=np.int64)
    votes = votes_of_epochs(Answers(one, one, np.array([UNREADABLE, 4, 4])))
    assert votes.others.tolist() == [0.0, 1.0, 1.0]
    assert votes.different.tolist() == [0.0, 0.0, 0.0]
    systems = votes_of_systems(
        Answers(one, np.arange(3), np.array([UNREADABLE, NOTHING, NOTHING])), np.ones(3, dtype=bool)
    )
    assert systems.others.tolist() == [0.0, 1.0, 1.0]
    assert systems.different.tolist() == [0.0, 1.0, 1.0]


def test_turns_of_a_conversation_are_compared_turn_by_turn(ledger: Ledger) -> None:
    rows = [
        trace("a", "t", f"{turn}", epoch, turn=turn, trace_id=f"{epoch}/{turn}")
        for epoch, turn in product((1, 2), (0, 1))
    ]
    ledger.append("traces", rows)
    judge_by_agreement(ledger, judge())
    assert set(scored(ledger).values()) == {0.25}


def test_the_same_run_again_adds_nothing_and_a_new_epoch_changes_what_it_changes(
    ledger: Ledger,
) -> None:
    ledger.append("traces", [trace("a", "t", one, epoch) for epoch, one in enumerate("112", 1)])
    ledger.append("traces", [trace("a", "u", one, epoch) for epoch, one in enumerate("11", 1)])
    assert judge_by_agreement(ledger, judge()).written == 5
    assert judge_by_agreement(ledger, judge()).written == 0
    ledger.append("traces", [trace("a", "u", "1", 3)])
    # Those of u have an other answer more each; those of t are as they were.
    assert judge_by_agreement(ledger, judge()).written == 3


def test_only_what_is_selected_is_scored_and_only_those_named_are_compared_with(
    ledger: Ledger,
) -> None:
    for system, said in (("a", "1"), ("b", "1"), ("c", "2")):
        ledger.append("traces", [trace(system, "t", said)])
    found = judge_by_agreement(ledger, judge("systems", others=("c",)), window=Selection("a"))
    assert (found.traces, found.judge) == (1, "agreement@1 (answer@1; as number; c)")
    assert scored(ledger) == {"a/t/1": 0.75}


def test_what_cannot_be_compared_is_said(ledger: Ledger) -> None:
    ledger.append("traces", [trace("a", "t", "1")])
    with pytest.raises(BadInput, match="no task was asked twice"):
        judge_by_agreement(ledger, judge())
    with pytest.raises(BadInput, match="one system only"):
        judge_by_agreement(ledger, judge("systems"))
    with pytest.raises(BadInput, match="names no system of the ledger: 'x'"):
        judge_by_agreement(ledger, judge("systems", others=("x",)))
    with pytest.raises(BadInput, match="within a system"):
        judge("epochs", others=("a",))


def test_hostile_answers_are_compared_as_they_are(ledger: Ledger) -> None:
    said = [
        "9" * 1_000_000,
        "9" * 999_999 + "8",
        "\u202eabc\x00",
        "一" * 500_000,
        "e" + "\u0301" * 200_000,
    ]
    rows = [
        trace("a", f"t{place}", one, epoch) for place, one in enumerate(said) for epoch in (1, 2)
    ]
    rows += [trace("a", "mixed", one, epoch) for epoch, one in enumerate(said, 1)]
    ledger.append("traces", rows)
    judge_by_agreement(ledger, judge())
    found = scored(ledger)
    assert {found[f"a/t{place}/1"] for place in range(5)} == {0.25}
    assert {found[f"a/mixed/{epoch}"] for epoch in range(1, 6)} == {4.5 / 5}


small = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(UNREADABLE, 2), st.booleans()),
    min_size=1,
    max_size=12,
)


@given(small)
def test_votes_are_what_a_plain_count_gives(rows: Sequence[tuple[int, int, int, bool]]) -> None:
    task, system, answer, _ = (np.array(column) for column in zip(*rows, strict=True))
    voting = np.array([bool(s != 2) for s in system])
    coded = Answers(task, system, answer)
    epochs, systems = votes_of_epochs(coded), votes_of_systems(coded, voting)
    for place, (t, s, a, _) in enumerate(rows):
        if a == UNREADABLE:
            assert epochs.others[place] == systems.others[place] == 0
            continue
        rest = [
            (u, b)
            for other, (v, u, b, _) in enumerate(rows)
            if other != place and v == t and b != UNREADABLE
        ]
        own = [b for u, b in rest if u == s]
        assert epochs.others[place] == len(own)
        assert epochs.different[place] == sum(b != a or a == NOTHING for b in own)
        votes = [
            np.mean([b != a or a == NOTHING for v, b in rest if v == u])
            for u in (0, 1)
            if u != s and any(v == u for v, _ in rest)
        ]
        assert systems.others[place] == len(votes)
        assert systems.different[place] == pytest.approx(sum(votes))


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("system", "other", "table"),
    [
        # both right by the gold / right and different / wrong and agreeing / wrong and different
        ("gpt-4o-2024-08-06", MINI, (1212, 57, 30, 20)),
        ("gpt-4o-2024-08-06", GEMMA, (1113, 156, 19, 31)),
        ("gpt-3.5-turbo-0125", LLAMA, (1014, 46, 17, 242)),
        ("command-r", MINI, (657, 42, 14, 606)),
    ],
)
def test_a_cheaper_model_is_the_judge_that_the_published_answers_make_it(
    gsm: dict[str, dict[str, Row]], ledger: Ledger, system: str, other: str, table: tuple[int, ...]
) -> None:
    ledger.append(
        "traces",
        [trace(name, item, row["value"]) for name in (system, other) for item, row in gsm[name].items()],
    )  # fmt: skip
    report = judge_by_agreement(
        ledger, judge("systems", others=(other,), same_as="text"), window=Selection(system)
    )
    found = scored(ledger)
    cells = [0, 0, 0, 0]
    for item, row in gsm[system].items():
        score = found[f"{system}/{item}/1"]
        # One answer to compare with: a score of 1/4 or 3/4, never certainty.
        assert score in (0.25, 0.75)
        cells[2 * (1 - row["correct"]) + (score == 0.75)] += 1
    assert tuple(cells) == table
    assert report.mostly_different == table[1] + table[3]
    sensitivity, specificity = table[3] / (table[2] + table[3]), table[0] / (table[0] + table[1])
    published = {
        ("gpt-4o-2024-08-06", MINI): (0.40, 0.955, 0.058),
        ("gpt-4o-2024-08-06", GEMMA): (0.62, 0.877, 0.142),
        ("gpt-3.5-turbo-0125", LLAMA): (0.93, 0.957, 0.218),
        ("command-r", MINI): (0.98, 0.94, 0.491),
    }[system, other]
    naive = report.disagreement
    assert isinstance(naive, Estimate)
    assert (round(sensitivity, 2), round(specificity, 3), round(naive.value, 3)) == pytest.approx(
        published, abs=0.0011
    )


@pytest.mark.shared_data
def test_numbers_that_are_written_otherwise_agree_unless_text_is_asked_for(
    gsm: dict[str, dict[str, Row]], ledger: Ledger
) -> None:
    pair = ("gpt-4o-2024-08-06", MINI)
    ledger.append(
        "traces",
        [trace(name, item, row["value"]) for name in pair for item, row in gsm[name].items()],
    )
    as_number = judge_by_agreement(
        ledger, judge("systems", others=(MINI,)), window=Selection(pair[0])
    )
    as_text = judge_by_agreement(
        ledger, judge("systems", others=(MINI,), same_as="text"), window=Selection(pair[0])
    )
    # 17 of the 77 differ by "57.00" for "57" only, and every one of those is right.
    assert (as_number.mostly_different, as_text.mostly_different) == (60, 77)

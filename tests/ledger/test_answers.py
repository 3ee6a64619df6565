"""Answers as columns: sorted by task, each with the verdict that counts."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import BadInput
from assay.ledger.answers import NO_TIME, UNJUDGED, AnswerQuery, read_answers
from assay.ledger.store import Ledger


def trace(
    trace_id: str, task: str, *, system: str = "a", version: str = "", **more: object
) -> dict[str, object]:
    return {"trace_id": trace_id, "task_id": task, "system": system, "version": version, "epoch": 1,
            "output": f"said {trace_id}", "origin": "exam", "source": "f:1"} | more  # fmt: skip


def verdict(
    trace_id: str, judge: str, p: float | None, *, kind: str = "check", **more: object
) -> dict[str, object]:
    return {"trace_id": trace_id, "judge": judge, "judge_kind": kind, "error_probability": p,
            "source": "v:1"} | more  # fmt: skip


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    ledger.append(
        "traces",
        [
            trace("z", "t2", epoch=2, at=5, tags='{"k":"v"}', latency_seconds=2.0),
            trace("y", "t2", turn=1),
            trace("x", "t2", reference="r"),
            trace("w", "t1", system="b", version="9"),
            trace("v", "t1"),
        ],
    )
    ledger.append(
        "verdicts",
        [
            verdict("z", "exact@1", 1.0, at=1),
            verdict("z", "exact@1", 0.0, at=2),
            verdict("y", "exact@1", 1.0, at=9),
            verdict("y", "anna", 0.0, kind="person", at=3, draw_id="d1"),
            verdict("x", "gpt-judge", 1.0, kind="model"),
            verdict("v", "exact@1", None),
            verdict("gone", "exact@1", 1.0),
        ],
    )
    return ledger


def test_answers_are_sorted_by_task_and_judged_by_the_newest(filled: Ledger) -> None:
    answers = read_answers(filled)
    assert answers.trace_ids == ("v", "w", "x", "y", "z")
    assert answers.tasks == ("t1", "t2")
    assert answers.groups().tolist() == [0, 2, 5]
    # A person's word goes before a later check's; a newer check before an older; a model has no say unasked.
    assert answers.wrong.tolist() == [UNJUDGED, UNJUDGED, UNJUDGED, 0, 0]
    assert answers.judges == ("anna", "exact@1")
    assert answers.judge_kinds == ("person", "check")
    assert [answers.judges[code] if code >= 0 else None for code in answers.judge] == [
        "exact@1",
        None,
        None,
        "anna",
        "exact@1",
    ]
    assert np.isnan(answers.error_probability[0])
    assert answers.at.tolist() == [NO_TIME, NO_TIME, NO_TIME, NO_TIME, 5]


def test_a_named_judge_is_the_only_one_heard(filled: Ledger) -> None:
    answers = read_answers(filled, AnswerQuery(judge="gpt-judge"))
    assert answers.wrong.tolist() == [UNJUDGED, UNJUDGED, 1, UNJUDGED, UNJUDGED]
    assert read_answers(filled, AnswerQuery(judge="exact@1")).wrong.tolist() == [-1, -1, -1, 1, 0]


def test_only_what_is_asked_for_is_read(filled: Ledger) -> None:
    query = AnswerQuery(
        systems=(("a", None),), texts=("tags", "reference"), numbers=("latency_seconds",)
    )
    answers = read_answers(filled, query)
    assert answers.systems == ("a",)
    assert answers.texts["tags"] == (None, None, None, '{"k":"v"}')
    assert answers.texts["reference"] == (None, "r", None, None)
    assert np.isnan(answers.numbers["latency_seconds"][:3]).all()
    assert answers.numbers["latency_seconds"][3] == 2.0
    one = read_answers(filled, AnswerQuery(systems=(("b", "9"), ("c", None))))
    assert one.trace_ids == ("w",)
    assert one.rows_of("b", "9").tolist() == [0]
    assert one.rows_of("b", "8").tolist() == []
    assert one.rows_of("nobody").tolist() == []


def test_an_empty_ledger_has_no_answers(ledger: Ledger) -> None:
    answers = read_answers(ledger, AnswerQuery(texts=("output",), numbers=("cost_usd",)))
    assert len(answers) == 0
    assert answers.groups().tolist() == [0]
    assert answers.texts["output"] == ()


def test_hostile_names_stay_names(ledger: Ledger) -> None:
    name = "a'; DROP TABLE traces --"
    ledger.append("traces", [trace("x", "t", system=name)])
    assert read_answers(ledger, AnswerQuery(systems=((name, None),))).systems == (name,)
    with pytest.raises(BadInput, match="no column"):
        AnswerQuery(texts=("output; DROP",))


def test_turns_of_a_probes_script_are_no_answers_to_the_task(filled: Ledger) -> None:
    before = read_answers(filled).trace_ids
    filled.append("traces", [
        trace("pushed", "t1", turn=1, origin="probe", tags='{"probe":"pushback","probe.round":"1"}'),
        trace("asked-in-two", "t1", turn=1, origin="probe", tags='{"k":"v","probe":"knows"}'),
    ])  # fmt: skip
    assert read_answers(filled).trace_ids == before
    # A tag of the user's own that is called the same is none of that.
    filled.append("traces", [trace("aa", "t0", tags='{"probe":"thermometer"}')])
    assert read_answers(filled).trace_ids == ("aa", *before)

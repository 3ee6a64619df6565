"""Columns of others become Assay's only where there is no doubt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from assay.errors import BadInput
from assay.ledger.ingest.cells import (
    DateOrder,
    Verdict,
    as_microseconds,
    error_probability,
    slashed_order,
)
from assay.ledger.ingest.guess import MappingGuess, guess_mapping
from assay.ledger.ingest.mapping import (
    apply_mapping,
    check_columns,
    format_mapping,
    judge_kind_of,
    make_plan,
    parse_mapping,
)
from assay.ledger.ingest.record import Record, RowError
from assay.ledger.ingest.source import ReadOptions

BASE: dict[str, object] = {"id": "1", "model": "m", "question": "q", "response": "a"}


def guess(row: Mapping[str, object], *more: Mapping[str, object], given: str = "") -> MappingGuess:
    return guess_mapping(list(row), [row, *more], parse_mapping(given))


def apply(row: Mapping[str, object], mapping: str, options: ReadOptions | None = None) -> Record:
    plan = make_plan(parse_mapping(mapping))
    return apply_mapping(row, plan, options or ReadOptions(), line=1, row_id="h-1", place="h:1")


def test_a_mapping_is_read_and_written_alike() -> None:
    typed = "output=answer,right.person=label,right=a\\,b,at=,tags.topic=t"
    mapping = parse_mapping(typed)
    assert mapping == {
        "output": "answer",
        "right.person:label": "label",
        "right:a,b": "a,b",
        "at": "",
        "tags.topic": "t",
    }
    assert format_mapping(mapping) == typed


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("outptu=answer", "Did you mean `output`?"),
        ("output", "must be KEY=COLUMN"),
        ("output=a,output=b", "mapped twice, to `a` and to `b`"),
        ("right.cat=a", "must end in one of check, model, person"),
        ("tags.=a", "not a key"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused(typed: str, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_mapping(typed)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "typed", ["latency_ms=a,latency_seconds=b", "at=a,at.day_first=b", "right=a,wrong=a"]
)
def test_a_mapping_that_says_two_things_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        make_plan(parse_mapping(typed))


def test_a_column_that_is_not_there_names_a_near_one() -> None:
    with pytest.raises(BadInput, match="did you mean `answer`"):
        check_columns({"output": "answr"}, ["id", "answer"], "x.csv")


@pytest.mark.parametrize(
    ("value", "right", "wrong"),
    [
        (True, 0.0, 1.0),
        ("yes", 0.0, 1.0),
        (" TRUE ", 0.0, 1.0),
        ("1", 0.0, 1.0),
        (0, 1.0, 0.0),
        ("no", 1.0, 0.0),
        (0.25, 0.75, 0.25),
        ("0.9", 0.1, 0.9),
        # Words that say it themselves mean the same in either column.
        ("correct", 0.0, 0.0),
        ("C", 0.0, 0.0),
        ("pass", 0.0, 0.0),
        ("incorrect", 1.0, 1.0),
        ("I", 1.0, 1.0),
        ("", Verdict.NONE, Verdict.NONE),
        (None, Verdict.NONE, Verdict.NONE),
        (float("nan"), Verdict.NONE, Verdict.NONE),
        ("N/A", Verdict.NONE, Verdict.NONE),
        ("unsure", Verdict.UNSURE, Verdict.UNSURE),
    ],
)
def test_right_or_wrong(value: object, right: float | Verdict, wrong: float | Verdict) -> None:
    for way, expected in ((False, right), (True, wrong)):
        found = error_probability("c", value, yes_is_wrong=way)
        assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize("value", ["perhaps", "5", -0.1, 1.5, "A", [1], "inf", 10**400])
def test_what_is_neither_right_nor_wrong_is_refused(value: object) -> None:
    with pytest.raises(RowError, match="`c` must be right or wrong"):
        error_probability("c", value, yes_is_wrong=True)


@pytest.mark.parametrize(
    "value",
    [
        "2023-07-02T21:28:40Z",
        "2023-07-02 21:28:40 UTC",
        "2023/07/02 21:28:40",
        "2023-07-02T23:28:40+02:00",
        "07/02/2023, 21:28:40",
        "7/2/2023 9:28:40 PM",
        "1688333320",
        1688333320,
        1688333320000,
        "1688333320000000000",
        datetime(2023, 7, 2, 21, 28, 40, tzinfo=UTC),
    ],
)
def test_one_moment_in_many_ways(value: object) -> None:
    assert as_microseconds("at", value, DateOrder.MONTH_FIRST) == 1_688_333_320_000_000


def test_days() -> None:
    day = as_microseconds("at", "2023-07-02")
    assert day == as_microseconds("at", "20230702") == as_microseconds("at", 20230702)
    assert day == as_microseconds("at", date(2023, 7, 2))
    assert day == as_microseconds("at", "02.07.2023", DateOrder.DAY_FIRST)


@pytest.mark.parametrize("value", ["07/02/2023", "31/31/2023", "soon", [1], "12:30"])
def test_times_that_can_not_be_read(value: object) -> None:
    with pytest.raises(RowError):
        as_microseconds("at", value)


def test_the_order_of_a_date_must_be_decided_by_the_dates() -> None:
    assert slashed_order(["1/2/2026", "1/13/2026"])[0] is DateOrder.MONTH_FIRST
    assert slashed_order(["1/2/2026", "13/1/2026"])[0] is DateOrder.DAY_FIRST
    assert slashed_order(["1/2/2026"]) == (None, "no date tells day from month")
    assert slashed_order(["1/13/2026", "13/1/2026"])[0] is None


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("human_label", "person"),
        ("expert", "person"),
        ("gpt4", "model"),
        ("LLM judge", "model"),
        ("em", "check"),
    ],
)
def test_who_judges_by_the_name(column: str, kind: str) -> None:
    assert judge_kind_of(column) == kind


def test_names_in_any_spelling() -> None:
    row = BASE | {
        "createdAt": "2026-01-01T00:00:00Z",
        "latencyMs": "12.5",
        "Total Cost (USD)": "0.1",
        "usage.input_tokens": 7,
        "metadata.session_id": "s",
    }
    found = guess(row)
    assert found.mapping == {
        "task_id": "id",
        "system": "model",
        "at": "createdAt",
        "conversation_id": "metadata.session_id",
        "input": "question",
        "output": "response",
        "latency_ms": "latencyMs",
        "prompt_tokens": "usage.input_tokens",
        "cost_usd": "Total Cost (USD)",
    }
    assert "`latencyMs` is in ms by its name, and is divided" in found.notes


def test_two_candidates_are_left_open() -> None:
    found = guess(BASE | {"completion": "b"})
    assert found.ambiguous == {"output": ("response", "completion")}
    assert "output" not in found.mapping
    assert set(found.unmapped) == {"response", "completion"}


def test_two_columns_that_never_differ_are_one_candidate() -> None:
    assert guess(BASE | {"completion": "a"}).mapping["output"] == "response"


def test_what_the_user_says_is_kept_and_the_rest_guessed() -> None:
    row = BASE | {"completion": "b", "correct": "1", "human": "0"}
    found = guess(row, given="output=completion,wrong.person=human,task_id=")
    assert found.mapping["output"] == "completion"
    assert found.mapping["task_id"] == ""
    assert found.mapping["wrong.person:human"] == "human"
    assert "correct" in found.unmapped


@pytest.mark.parametrize(
    ("column", "values", "key"),
    [
        ("correct", ["1", "0", ""], "right:correct"),
        ("is_correct", [True, False], "right:is_correct"),
        ("exact_match", [0.0, 1.0], "right:exact_match"),
        ("hallucinated", ["yes", "no"], "wrong:hallucinated"),
        ("error_probability", [0.2, 0.9], "wrong:error_probability"),
        ("error", ["", "timeout after 30 s"], None),
        ("error", [0, 1], "wrong:error"),
        ("correct", ["Paris", "Rome"], None),
        ("score", [0.5, 0.7], None),
        ("grade", ["CORRECT", "INCORRECT"], "right:grade"),
        ("human_label", ["0", "1"], None),
        ("human_label", ["right", "wrong"], "right:human_label"),
        ("human_correct", ["0", "1"], "right:human_correct"),
        ("accuracy", ["97", "98"], None),
        ("correct", ["", ""], None),
    ],
)
def test_right_or_wrong_columns(column: str, values: list[object], key: str | None) -> None:
    found = guess(*[BASE | {column: value, "id": str(n)} for n, value in enumerate(values)])
    keys = [k for k in found.mapping if k.startswith(("right", "wrong"))]
    assert keys == ([key] if key else [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("system", "You are a helpful assistant. " * 10),
        ("latency", "4795"),
        ("at", "07/02/2023"),
        ("time", "3.5"),
        ("cost", "cheap"),
        ("prompt_tokens", "1.5"),
        ("origin", "europe"),
        ("cost_eur", "0.1"),
    ],
)
def test_values_that_do_not_fit_their_name_are_left_as_tags(column: str, value: str) -> None:
    found = guess(BASE | {column: value})
    assert column in found.unmapped


def test_a_trace_id_that_repeats_is_not_taken() -> None:
    row = BASE | {"trace_id": "x"}
    assert "trace_id" in guess(row).mapping
    assert "trace_id" not in guess(row, row).mapping


def test_answer_is_the_output_or_is_left_open() -> None:
    row = {"id": 1, "model": "m", "answer": "4"}
    assert guess(row).mapping["output"] == "answer"
    assert guess(row | {"response": "It is 4", "gold": "4"}).mapping["answer"] == "answer"
    assert "answer" not in guess(row | {"response": "It is 4"}).mapping.values()


def test_a_mapped_time_that_can_not_be_decided_is_refused() -> None:
    with pytest.raises(BadInput, match="no date tells day from month"):
        guess(BASE | {"when": "07/02/2023"}, given="at=when")
    assert (
        guess(BASE | {"when": "07/02/2023"}, given="at.day_first=when").mapping["at.day_first"]
        == "when"
    )


def test_a_row_becomes_a_trace_and_its_verdicts() -> None:
    row: dict[str, object] = {
        "": "0", "q": "2+2?", "m": "", "r": "4", "ms": "1500", "when": "07/02/2023", "exact": "1", "ada": "",
        "topic": "sum", "cost": "nan",
    }  # fmt: skip
    record = apply(
        row,
        "input=q,system=m,output=r,latency_ms=ms,at.day_first=when,right=exact,wrong.person=ada,cost_usd=cost",
        ReadOptions(system="mine"),
    )
    (trace,) = record.traces
    assert trace["trace_id"] == "h-1"
    assert trace["task_id"] == "2+2?"
    assert trace["system"] == "mine"
    assert trace["latency_seconds"] == 1.5
    assert trace["cost_usd"] is None
    assert trace["at"] == as_microseconds("at", "2023-02-07")
    assert trace["tags"] == '{"topic":"sum"}'
    (verdict,) = record.verdicts
    assert (verdict["judge"], verdict["judge_kind"], verdict["error_probability"]) == (
        "exact",
        "check",
        0.0,
    )


def test_an_answer_that_was_judged_and_is_empty_is_not_left_out() -> None:
    record = apply({"id": 1, "m": "m", "r": None, "c": 0}, "task_id=id,system=m,output=r,right=c")
    assert record.traces[0]["output"] == ""
    assert record.verdicts[0]["error_probability"] == 1.0
    with pytest.raises(RowError, match="`output` is missing"):
        apply({"id": 1, "m": "m", "r": None, "c": None}, "task_id=id,system=m,output=r,right=c")


def test_unsure_is_a_verdict_without_a_probability() -> None:
    record = apply(
        {"id": 1, "m": "m", "r": "x", "c": "unsure"}, "task_id=id,system=m,output=r,right.person=c"
    )
    assert record.verdicts[0]["error_probability"] is None

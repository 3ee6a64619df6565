"""Grounding as a judge: numbers of an answer that its source lacks, and scores in the ledger."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.judge.grounding import GroundingJudge, judge_by_grounding
from assay.judge.grounding_numbers import (
    NumberSource,
    figures_in,
    numbers_absent,
    numbers_near_digits,
)
from assay.judge.numbers import NUMBER
from assay.judge.run_check import Selection
from assay.ledger.store import Ledger

SOURCE = (
    "Sales were 3,412,900 dollars in 2024, up 41.2 % from 2023; the margin was 0.176. On 2024-03-05 twelve of the "
    "25 shops closed. The first fare is $19.99, for 3.14159 km; 1,900 people came."
)


def absent(answer: str, source: str = SOURCE) -> list[str]:
    return [figure.text for figure in numbers_absent(answer, NumberSource(source)).absent]


@pytest.mark.parametrize(
    "answer",
    [
        "3412900",
        "3.4 million",
        "$3.41 million",
        "3,413,000",
        "about 3,000,000 dollars",
        "up 41 %",
        "41.2 percent",
        "a rise of 0.412",
        "17.6 %",
        "a margin of 18%",
        "March 5",
        "5 March 2024",
        "on the 5th March",
        "12 of twenty-five",
        "the 1st fare",
        "about $20",
        "3.14 km",
        "minus -12",
        "1.9 thousand",
        "1.9k",
    ],
)
def test_a_number_is_grounded_as_it_may_be_written(answer: str) -> None:
    assert absent(answer) == []


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("3.5 million", ["3.5 million"]),
        ("3,400", ["3,400"]),
        ("42 %", ["42"]),
        ("2022", ["2022"]),
        ("6 March", ["6"]),
        ("5 April", ["april"]),
        ("$19.98", ["19.98"]),
        ("3.2 km", ["3.2"]),
        ("thirteen of 26", ["26", "thirteen"]),
        ("4 shops", ["4"]),
    ],
)
def test_a_number_is_absent_where_the_source_says_another(answer: str, missing: list[str]) -> None:
    assert absent(answer) == missing


def test_a_year_is_no_rounding_and_a_longer_number_is_its_digits() -> None:
    assert absent("in 1900", "in 1903") == ["1900"]
    assert absent("around 1900", "in 1903") == []
    digits = "1234567890" * 10
    assert absent(digits, f"key {digits}") == []
    assert absent(digits, f"key {digits[:-1]}1") == [digits]


@pytest.mark.parametrize(
    "digits",
    ["9" * 1_000_000, "1," * 300_000, "1e9999999999", "٣٤", "½ ² ³", "1" + ",000" * 200_000],
)
def test_hostile_numbers_are_read(digits: str) -> None:
    assert len(list(figures_in(digits))) <= 20_000
    assert absent(digits, digits) == []


@given(st.text(alphabet="0123456789.,-+−$€ eEx^)%RsUSD\n٣", max_size=60))
def test_looking_near_digits_finds_what_looking_everywhere_finds(text: str) -> None:
    everywhere = [found.span() for found in NUMBER.finditer(text)]
    assert [found.span() for found in numbers_near_digits(text)] == everywhere


def test_numbers_score_by_how_many_are_absent() -> None:
    judge = GroundingJudge("numbers")
    source = judge.source_of(SOURCE, None)
    assert source is not None
    scores = [judge.judge(text, source).score for text in ("12", "12 and 77", "12, 77 and 78")]
    assert scores == pytest.approx([0.05, 0.525, 0.7625])
    nothing = judge.judge("none at all", source)
    assert (nothing.score, nothing.note) == (None, "no number to look for")


@pytest.mark.parametrize("method", ["numbers", "lexical", "lexical-1"])
def test_scores_lie_in_the_unit_interval_whatever_the_text(method: Any) -> None:
    rng = random.Random(5)
    judge = GroundingJudge(method)
    pieces = [
        "a",
        "12",
        " ",
        "\n",
        ".",
        "漢",
        "\u202e",
        "\x00",
        "Ada",
        '"',
        "%",
        "-",
        "é",
        "👩",
        "5 May",
        "not ",
    ]
    for _ in range(150):
        answer, context = ("".join(rng.choices(pieces, k=rng.randrange(40))) for _ in range(2))
        source = judge.source_of(context, None)
        if source is not None:
            found = judge.judge(answer, source).score
            assert found is None or 0 <= found <= 1


def row(number: int, output: str, context: str | None, task: str = "Where?") -> dict[str, Any]:
    return {
        "trace_id": f"t{number}", "task_id": f"q{number}", "system": "bot", "version": "1", "epoch": 1,
        "input": task, "output": output, "context": context, "origin": "field", "source": "test",
    }  # fmt: skip


def test_traces_without_a_context_stay_unjudged(ledger: Ledger) -> None:
    ledger.append(
        "traces",
        [
            row(1, "In Lyon.", "The shop is in Lyon."),
            row(2, "In Paris.", "The shop is in Lyon."),
            row(3, "In Lyon.", None),
            row(4, "In Lyon.", " \n\t"),
            row(5, "", "The shop is in Lyon."),
        ],
    )
    judge = GroundingJudge("lexical-1")
    report = judge_by_grounding(ledger, judge)
    assert report.judge == "lexical-1 (context and input)"
    counts = (report.traces, report.scored, report.unscored, report.without_source, report.already)
    assert counts == (5, 2, 1, 2, 0)
    rows = ledger.rows(
        "SELECT trace_id, error_probability, judge_kind, draw_id, note FROM verdicts"
    )
    found = {one["trace_id"]: one for one in rows}
    assert set(found) == {"t1", "t2", "t5"}
    assert found["t1"]["error_probability"] < found["t2"]["error_probability"]
    assert found["t5"]["error_probability"] is None
    # Never a check: one that has spoken on every output is taken for a count of errors.
    assert {(one["judge_kind"], one["draw_id"]) for one in rows} == {("model", None)}
    again = judge_by_grounding(ledger, judge)
    assert (again.scored, again.unscored, again.already, again.without_source) == (0, 0, 3, 2)


def test_a_run_that_was_stopped_goes_on(ledger: Ledger) -> None:
    ledger.append("traces", [row(number, "In Lyon.", "In Lyon.") for number in range(4)])
    judge = GroundingJudge("lexical")
    judge_by_grounding(ledger, judge, window=Selection("bot", "2"))
    ledger.append(
        "verdicts",
        [{"trace_id": "t2", "judge": judge.name, "judge_kind": "model", "error_probability": 0.5, "source": "t"}],
    )  # fmt: skip
    assert judge_by_grounding(ledger, judge).scored == 3
    assert ledger.rows("SELECT count(*) AS n FROM verdicts") == [{"n": 4}]


def test_the_request_may_be_the_source(ledger: Ledger) -> None:
    ledger.append(
        "traces",
        [row(1, "To Lyon", None, "Ship it to Lyon."), row(2, "To Bari", None, "Ship it to Lyon.")],
    )
    report = judge_by_grounding(ledger, GroundingJudge("lexical", "input"))
    assert (report.scored, report.judge) == (2, "words-grounded@1 (input)")
    rows = ledger.rows("SELECT error_probability AS p FROM verdicts ORDER BY trace_id")
    assert rows[0]["p"] < rows[1]["p"]


def test_what_was_read_in_part_is_counted(ledger: Ledger) -> None:
    ledger.append("traces", [row(1, "word " * 20_000, "word"), row(2, "word", "word " * 300_000)])
    assert judge_by_grounding(ledger, GroundingJudge("lexical")).cut == 2
    notes = ledger.rows("SELECT note FROM verdicts ORDER BY trace_id")
    assert [one["note"].rpartition("; ")[2] for one in notes] == ["answer cut", "source cut"]

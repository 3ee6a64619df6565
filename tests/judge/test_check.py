"""A mechanical check says right or wrong, and names its rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.judge.check import Check, CheckReport, judge_by_check, normalised
from assay.ledger.store import Ledger


@pytest.mark.parametrize(
    ("answer", "reference", "wrong"),
    [
        ("Paris", "paris", False),
        ("  “Paris.” ", "Paris", False),
        ("New\n York", "new york", False),
        ("ﬁle", "file", False),
        ("-5", "5", True),
        ("5 %", "5", True),
        ("?", "!", True),
        ("", "Paris", True),
        ("Paris, France", "Paris", True),
        ("STRASSE", "straße", False),
    ],
)
def test_exact_folds_what_it_says_and_nothing_else(
    answer: str, reference: str, wrong: bool
) -> None:
    assert Check("exact").wrong(answer, reference) is wrong


@pytest.mark.parametrize(
    ("answer", "reference", "wrong"),
    [
        ("so it is 1,250.00 dollars", "1250", False),
        ("12 or 13", "12", True),
        ("-25", "25", True),
        ("1e3", "1000", False),
        ("none", "3", True),
        ("3", "none", True),
    ],
)
def test_numeric_compares_the_last_number(answer: str, reference: str, wrong: bool) -> None:
    assert Check("numeric").wrong(answer, reference) is wrong


def test_extraction_takes_the_last_match_and_none_is_wrong() -> None:
    check = Check("exact", r"\[(yes|no)\]")
    assert not check.wrong("[No] at first, but [Yes]", "yes")
    assert check.wrong("yes", "yes")


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.text(), st.text())
def test_exact_is_symmetric(a: str, b: str) -> None:
    assert Check("exact").wrong(a, b) == Check("exact").wrong(b, a)


@pytest.mark.parametrize(("kind", "extract"), [("fuzzy", None), ("exact", "(unclosed")])
def test_a_rule_that_is_none_is_refused(kind: str, extract: str | None) -> None:
    with pytest.raises(BadInput, match=kind if kind == "fuzzy" else "regular expression"):
        Check(kind, extract)


def trace(
    trace_id: str, output: str, reference: str | None, answer: str | None = None
) -> dict[str, object]:
    return {
        "trace_id": trace_id,
        "system": "s",
        "version": "",
        "output": output,
        "answer": answer,
        "reference": reference,
    }


def test_every_trace_with_a_reference_is_judged_once(ledger: Ledger) -> None:
    ledger.append("traces", [
        trace("a", "it is Paris", "paris", "Paris"),
        trace("b", "Lyon", "paris"),
        trace("c", "Lyon", None),
    ])  # fmt: skip
    check = Check("exact")
    assert judge_by_check(ledger, check) == CheckReport(2, 1, 2)
    assert judge_by_check(ledger, check) == CheckReport(0, 1, 0)
    rows = ledger.rows(
        "SELECT trace_id, error_probability, judge_kind, judge FROM verdicts ORDER BY trace_id"
    )
    assert [(row["trace_id"], row["error_probability"]) for row in rows] == [("a", 0.0), ("b", 1.0)]
    assert {row["judge_kind"] for row in rows} == {"check"}
    assert "folded" in rows[0]["judge"]

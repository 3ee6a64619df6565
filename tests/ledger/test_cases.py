"""Cases are events: nothing is overwritten, one output is one case, and a closed one can come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.ledger.alike import nearest, words_of
from assay.ledger.cases import Complaint, add_case, case, case_id_of, cases, close_case
from assay.ledger.population import Window
from assay.ledger.store import Ledger


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    ledger.append("traces", [
        {"trace_id": f"t{i}", "task_id": f"t{i}", "system": "bot", "version": "1", "output": "x", "input": text}
        for i, text in enumerate(
            ["which city is the parcel for", "which city is it", "what is the price of a kettle",
             "what is the price of a lamp", "which day"]
        )
    ])  # fmt: skip
    return ledger


def test_a_case_is_opened_noted_closed_and_opened_again(desk: Ledger) -> None:
    first, new = add_case(desk, "t0", Complaint("wrong city", "ada", reference="Lyon", severity=2))
    assert (first.case_id, new, first.is_open) == (case_id_of("t0"), True, True)
    second, new = add_case(desk, "t0", Complaint("again", "bob", kind="invented"))
    assert not new
    assert (second.reference, second.kind, second.severity) == ("Lyon", "invented", 2)
    assert [(n.person, n.text) for n in second.notes] == [("ada", "wrong city"), ("bob", "again")]
    assert not close_case(desk, first.case_id, note="mended").is_open
    assert cases(desk) == []
    assert [one.case_id for one in cases(desk, closed_too=True)] == [first.case_id]
    third, _ = add_case(desk, "t0", Complaint("it is back"))
    assert third.is_open
    assert [row["event"] for row in desk.rows("SELECT event FROM cases ORDER BY at")] == [
        "opened", "noted", "closed", "reopened",
    ]  # fmt: skip


def test_an_unknown_trace_is_refused_and_those_like_it_are_named(desk: Ledger) -> None:
    with pytest.raises(BadInput, match=r"no trace 'T0'; like it: t0"):
        add_case(desk, "T0", Complaint("wrong"))
    with pytest.raises(BadInput, match="has to be in the ledger first"):
        add_case(desk, "quite-another-id", Complaint("wrong"))
    with pytest.raises(BadInput, match="no trace ''"):
        add_case(desk, "", Complaint("wrong"))


@pytest.mark.parametrize(
    ("note", "person", "severity"), [(" ", "ada", 1), ("x", " ", 1), ("x", "ada", 4)]
)
def test_a_complaint_has_to_say_something(note: str, person: str, severity: int) -> None:
    with pytest.raises(BadInput):
        Complaint(note, person, severity=severity)


def test_what_is_closed_or_unknown_can_not_be_closed(desk: Ledger) -> None:
    with pytest.raises(BadInput, match="no case 'case-x'"):
        close_case(desk, "case-x", note="done")
    one, _ = add_case(desk, "t0", Complaint("wrong"))
    close_case(desk, one.case_id, note="done")
    with pytest.raises(BadInput, match="closed already"):
        close_case(desk, one.case_id, note="done")


def test_hostile_text_is_kept_as_it_is(desk: Ledger) -> None:
    text = "'; DROP TABLE cases; -- \x1b[2J <script>"
    one, _ = add_case(desk, "t0", Complaint(text, "o'brien"))
    assert case(desk, one.case_id).notes[0].text == text


def test_the_nearest_requests_share_the_rare_words(desk: Ledger) -> None:
    found = nearest(desk, Window("bot", "1"), "what is the price of a teapot", 2)
    assert found.trace_ids == {"t2", "t3"}
    assert 0 < found.least < 1
    assert found.words["teapot"] > found.words["the"]


def test_requests_without_a_telling_word_are_like_none(desk: Ledger) -> None:
    assert nearest(desk, Window("bot", "1"), "? ! 。", 3).trace_ids == frozenset()
    assert nearest(desk, Window("bot", "2"), "price", 3).trace_ids == frozenset()


@given(st.text(max_size=300))
def test_words_are_few_distinct_and_lower(text: str) -> None:
    words = words_of(text)
    assert len(words) <= 40
    assert len(set(words)) == len(words)
    assert all(word == word.lower() for word in words)

"""The detector: answer and conclusion apart, each against the reference, and kinds of wrong answers by named rules."""

from __future__ import annotations

import pytest

from assay.judge.check import Item
from assay.probe.knows import Reasoned, State, answer_key, detector_named, without
from assay.probe.knows_kinds import Kind, kind_of
from assay.probe.knows_sentences import CUT


def parsed(
    answer: str | None, reasoning: str, reference: str = "500"
) -> tuple[State, State, bool, Kind | None]:
    detector = detector_named("numeric")
    found = detector.parse([Reasoned(Item(answer or "", reference, answer), reasoning)])[0]
    assert found is not None
    return found.answer_state, found.conclusion_state, found.contradicts, found.kind


@pytest.mark.parametrize(
    ("answer", "reasoning", "expected"),
    [
        ("500", "4000 - 3500 = 500", (State.RIGHT, State.RIGHT, False, None)),
        ("100", "4000 - 3500 = 500", (State.WRONG, State.RIGHT, True, Kind.SLIP)),
        ("500", "4000 - 3000 = 1000", (State.RIGHT, State.WRONG, True, None)),
        ("100", "4000 - 3900 = 100", (State.WRONG, State.WRONG, False, Kind.CONCLUSION)),
        ("100", "4000 - 3800 = 200", (State.WRONG, State.WRONG, True, Kind.CONCLUSION)),
        ("100", "Let me think.", (State.WRONG, State.NOT_PARSED, False, Kind.UNPARSED)),
        ("", "So it is 500.", (State.NOT_PARSED, State.RIGHT, False, Kind.FORMAT)),
        ("It can't be said.", "So it is 500.", (State.NOT_PARSED, State.RIGHT, False, Kind.UNPARSED)),
        # A last sentence with both numbers concludes in neither.
        ("100", "4000 - 3500 = 500. But he pays 100, not 500.", (State.WRONG, State.NOT_PARSED, False, Kind.UNPARSED)),
    ],
)  # fmt: skip
def test_answer_and_conclusion_are_held_apart(
    answer: str, reasoning: str, expected: tuple[State, State, bool, Kind | None]
) -> None:
    assert parsed(answer, reasoning) == expected


@pytest.mark.parametrize(
    ("answer", "reference", "concluded", "kind", "rule"),
    [
        ("-25", "25", False, Kind.FORMAT, "sign"),
        ("In 4 weeks, 34 hours", "34", True, Kind.FORMAT, "other number"),
        ("1.5 or 34", "34", True, Kind.UNPARSED, "choice"),
        ("300", "5", True, Kind.FORMAT, "unit"),
        ("300", "5", False, Kind.CONCLUSION, ""),
        (" ", "5", True, Kind.FORMAT, "empty place"),
        (None, "5", False, Kind.CONCLUSION, ""),
        ("0", "0", False, Kind.CONCLUSION, ""),
        ("4 or 6", "5", True, Kind.SLIP, ""),
        ("it can't be said", "5", True, Kind.UNPARSED, "no number"),
    ],
)
def test_kinds_of_numbers(
    answer: str | None, reference: str, concluded: bool, kind: Kind, rule: str
) -> None:
    assert kind_of(answer, reference, numeric=True, concluded=concluded, parsed=True) == (
        kind,
        rule,
    )


@pytest.mark.parametrize(
    ("answer", "reference", "kind"),
    [
        ("The capital is Paris, of course.", "Paris", Kind.FORMAT),
        ("Paris or Lyon", "Paris", Kind.SLIP),
        ("Parisian", "Paris", Kind.SLIP),
        ("There is no way", "no", Kind.SLIP),
    ],
)
def test_kinds_of_texts(answer: str, reference: str, kind: Kind) -> None:
    assert kind_of(answer, reference, numeric=False, concluded=True, parsed=True)[0] is kind


def test_the_name_says_all_that_changes_what_is_found() -> None:
    name = detector_named("exact", answer=r"last-match=\[(yes|no)\]", conclusion="claim").name
    assert name.startswith("knows-but-wrong@1 (exact@1; ")
    assert "answer last-match@1" in name
    assert name.endswith("conclusion claim@1)")
    assert detector_named("numeric").name != detector_named("numeric", conclusion="boxed").name


def test_without_a_reasoning_of_its_own_it_is_the_output_less_the_answer() -> None:
    detector = detector_named("numeric")
    output = "3500 of 4000 are spent: 4000 - 3500 = 500. The answer is 100."
    found = detector.parse([Reasoned(Item(output, "500"))])[0]
    assert found is not None
    assert (found.answer, found.conclusion) == ("100.", "500")
    assert found.kind is Kind.SLIP


@pytest.mark.parametrize(
    ("output", "answer", "left"),
    [
        ("[No] Nothing divides it.", "No", f"[{CUT}] Nothing divides it."),
        ("Yes", None, "Yes"),
        ("Yes", " ", "Yes"),
        ("$1,250", "1250", "$1,250"),
        ("a.*b", ".*", "a.*b"),
    ],
)
def test_an_answer_is_cut_out_as_a_whole_word(output: str, answer: str | None, left: str) -> None:
    assert without(output, answer) == left


def test_an_answer_in_another_unit_is_a_format_fault_where_the_reasoning_names_both() -> None:
    said = "So it takes 20 * 15 = 300 minutes, which is 5 hours."
    assert parsed("300", said, "5")[3] is Kind.FORMAT
    assert parsed("300", "So it takes 20 * 15 = 300 minutes.", "5")[3] is Kind.CONCLUSION


def test_the_rest_of_the_sentence_that_held_the_answer_is_no_second_thought() -> None:
    detector = detector_named("numeric")
    output = "Spent are 3500. Left is 4000 - 3500 = 500. So he will get 100 back."
    found = detector.parse([Reasoned(Item(output, "500", "100"))])[0]
    assert found is not None
    assert (found.conclusion, found.kind) == ("500", Kind.SLIP)


def test_a_reference_that_is_no_number_leaves_an_answer_unjudged() -> None:
    detector = detector_named("numeric")
    assert detector.parse([Reasoned(Item("5", "five", "5"), "So 5.")]) == [None]


def test_keys_are_the_same_for_answers_that_say_the_same() -> None:
    assert answer_key("18.0 eggs", numeric=True) == answer_key("$18", numeric=True) == "18"
    assert answer_key("1e999999", numeric=True) is None
    assert answer_key("none", numeric=True) is None
    assert answer_key("", numeric=False) is None

"""The letter of the option that is picked."""

from __future__ import annotations

import pytest

from assay.judge.check import Item
from assay.judge.choice import Choice, ChoiceLetter, options_in
from assay.judge.rules import check_named

TASK = "Which is the capital of France?\nA) Rome\nB) Paris\nC) New York\n(D) None of the above"


@pytest.mark.parametrize(
    ("output", "letter"),
    [
        ("B", "B"),
        ("(b).", "B"),
        ("**B**", "B"),
        ("Option C", "C"),
        ("Answer: B", "B"),
        ("The answer is (B), as B is in France.", "B"),
        ("The correct answer is B", "B"),
        ("the answer is a city", None),
        ("At first A) looks right.\nAnswer: C", "C"),
        ("Answer: A. No, wait. Answer: B", "B"),
        (r"So \boxed{B}", "B"),
        (r"Answer: A? No: \boxed{\text{B}} \boxed{C}", "C"),
        ("B) Paris", "B"),
        ("B. Paris is the capital", "B"),
        ("It must be (A), or rather (B).", "B"),
        ("I go for **D**, as none fits", "D"),
        ("Paris", "B"),
        ("paris.", "B"),
        ("It is Paris, of course", "B"),
        ("Paris, not Rome", None),
        ("Answer: new york", "C"),
        ("A city that I do not know", None),
        ("I don't know", None),
        ("", None),
        ("Yorkshire pudding, Newcastle", None),
    ],
)
def test_which_letter_is_taken(output: str, letter: str | None) -> None:
    assert ChoiceLetter().take([output], [Item(output, input=TASK)])[0].text == letter


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [("B", False), ("(b)", False), ("B) Paris", False), ("Paris", False), ("A", True), ("Rome", True),
     ("Oslo", None), ("", None)],
)  # fmt: skip
def test_the_reference_is_a_letter_or_an_options_text(reference: str, wrong: bool | None) -> None:
    judged = check_named("choice").judge_all([Item("Answer: B", reference, input=TASK)])[0]
    assert judged.wrong is wrong


def test_another_parser_may_bring_the_options_text() -> None:
    check = check_named("choice/json-field=pick")
    assert check.judge_all([Item('{"pick": "paris"}', "B", input=TASK)])[0].wrong is False
    assert Choice().compare(["C"], [Item("", "B", input=TASK)])[0].wrong


def test_options_are_read_from_the_task_and_a_letter_needs_none() -> None:
    assert options_in(TASK)[3] == ("D", "None of the above")
    assert options_in("no options") == ()
    assert check_named("choice").wrong("(c)", "C") is False


def test_an_option_that_is_a_letters_text_wins_over_the_letter() -> None:
    # The options are the letters of another alphabet: "B" is the text of option A.
    task = "Which letter?\nA) B\nB) A"
    assert check_named("choice").judge_all([Item("Answer: A", "B", input=task)])[0].wrong is False

"""A check is a parser and a comparison, and its name says both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.judge.check import Check, Item, Outcome, Taken
from assay.judge.parsers import PlainParser
from assay.judge.rules import check_named
from assay.judge.text_checks import Exact


@dataclass(frozen=True)
class GivesUp:
    """A parser that can't say what was answered in a text with "?"."""

    label: str = "gives-up@1"

    def take(self, texts: Sequence[str], items: Sequence[Item]) -> list[Taken]:
        return [Taken(None, "too long") if "?" in text else Taken(text) for text in texts]


@dataclass(frozen=True)
class OddReferences:
    """A comparison that abstains where the reference is empty."""

    label: str = "odd@3"
    settings: str = "strict"
    parser: str = "whole"
    needs_reference: bool = True
    rows_at_once: int = 2

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        return [
            Outcome(answer != item.reference) if item.reference else Outcome(None, "empty")
            for answer, item in zip(answers, items, strict=True)
        ]


def test_parser_comparison_and_settings_stand_in_the_judges_name() -> None:
    assert Check(OddReferences(), GivesUp()).judge == "odd@3 (gives-up@1; strict)"
    assert check_named("choice").judge == "choice@1 (answer@1 + choice-letter@1)"


def test_each_of_four_things_that_can_become_of_a_trace() -> None:
    nothing = PlainParser("none@1", lambda text: None if text == "-" else text)
    check = Check(OddReferences(), nothing)
    items = [Item("a", "a"), Item("a", "b"), Item("-", "a"), Item("a", ""), Item("a", None)]
    judged = check.judge_all(items)
    assert [one.wrong for one in judged] == [False, True, True, None, None]
    assert [one.note for one in judged] == ["", "", "nothing was answered", "empty", "no reference"]
    assert [one.taken for one in judged] == ["a", "a", None, "a", "a"]


def test_a_parser_that_gives_up_leaves_the_trace_unjudged() -> None:
    judged = Check(Exact(), GivesUp()).judge_all([Item("what?", "what"), Item("a", "a")])
    assert [(one.wrong, one.note) for one in judged] == [(None, "too long"), (False, "")]


def test_one_output_is_judged_by_the_logs_own_answer_first() -> None:
    assert check_named("exact").wrong("so I say Paris", "paris", answer="Paris") is False
    assert check_named("exact").wrong("so I say Paris", "paris") is True

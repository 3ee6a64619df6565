"""The user's patterns: what they take, and what they judge."""

from __future__ import annotations

import pytest

from assay.errors import BadInput
from assay.judge.check import Item
from assay.judge.patterns import LastMatch, Pattern
from assay.judge.rules import CheckSettings, check_named


def test_the_last_match_is_taken_and_none_is_wrong() -> None:
    check = check_named(r"exact/last-match=\[(yes|no)\]")
    assert check.wrong("[No] at first, but [Yes]", "yes") is False
    assert check.wrong("yes", "yes") is True
    assert check.judge == (
        r"exact@1 (last-match@1 /\[(yes|no)\]/; case, spaces and outer punctuation folded)"
    )


@pytest.mark.parametrize(
    ("pattern", "whole", "answer", "wrong"),
    [
        (r"\b19\d\d\b", False, "In 1969.", False),
        (r"\b19\d\d\b", True, "In 1969.", True),
        (r"19\d\d", True, "1969", False),
        ("paris", False, "Paris", True),
        ("(?i)paris", False, "Paris", False),
        ("", False, "", False),
    ],
)
def test_one_pattern_for_all(pattern: str, whole: bool, answer: str, wrong: bool) -> None:
    told = CheckSettings(pattern=pattern, whole=whole)
    assert check_named("regex", settings=told).wrong(answer, None) is wrong


def test_each_reference_as_its_pattern() -> None:
    items = [Item("42 km", r"^\d+ km$"), Item("x", "(unclosed"), Item("y", "z"), Item("y", None)]
    judged = check_named("regex").judge_all(items)
    assert [one.wrong for one in judged] == [False, None, True, None]
    assert judged[1].note.startswith("the reference is no pattern: missing )")


def test_a_pattern_that_would_take_for_ever_leaves_its_text_unjudged() -> None:
    hostile = "a" * 40 + "!"
    taken = LastMatch("(a+)+$").take(["aa", hostile], [Item("")] * 2)
    assert (taken[0].text, taken[0].gave_up) == ("aa", "")
    assert taken[1].gave_up == "it took longer than 2 seconds"
    judged = check_named("exact/last-match=(a+)+$").judge_all([Item(hostile, "a")])[0]
    assert (judged.wrong, judged.note) == (None, "it took longer than 2 seconds")


@pytest.mark.parametrize("bad", ["(unclosed", "a{99999999999}", "(?P<1>a)"])
def test_what_is_no_pattern_is_refused(bad: str) -> None:
    with pytest.raises(BadInput, match=r"last-match .* must be a regular expression"):
        LastMatch(bad)
    with pytest.raises(BadInput, match="--pattern must be a regular expression"):
        Pattern(bad)


def test_the_names_say_the_pattern() -> None:
    assert Pattern("a+", whole=True).settings == "/a+/, whole answer"
    assert Pattern().settings == ""
    assert (Pattern().needs_reference, Pattern("a").needs_reference) == (True, False)

"""What a reply says, what makes it an abstention, and what its log-probabilities say."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.ask.request import ChatReply, TokenChoice
from assay.judge.judge_reply import Reading, Said, VerdictMass, read_reply, ruling, verdict_mass
from assay.judge.rubric import load_rubric

RUBRIC = load_rubric("correctness")
GOOD = '{"verdict": "wrong", "kind": "no-answer", "severity": 2, "reason": "It ends early."}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"\n {GOOD} \n",
        f"``` \n\n{GOOD}\n\n ```",
    ],
)
def test_the_reply_that_was_asked_for(text: str) -> None:
    assert read_reply(text, RUBRIC) == Said("wrong", "no-answer", 2, "It ends early.")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (GOOD[:40], "not one JSON object"),
        ("I'm sorry, but I can't judge this.", "not one JSON object"),
        (f"Sure! {GOOD}", "not one JSON object"),
        (f"{GOOD}\nI hope this helps.", "not one JSON object"),
        (f"{GOOD}{GOOD}", "not one JSON object"),
        ('{"verdict": "right", "verdict": "wrong"}', "not one JSON object"),
        ("[" * 100_000, "not one JSON object"),
        (f"[{GOOD}]", "not one JSON object"),
        ('"right"', "not one JSON object"),
        ('{"verdict": "mostly right"}', "no verdict of right, wrong or unsure"),
        ('{"verdict": ["right"]}', "no verdict of right, wrong or unsure"),
        ('{"verdict": true}', "no verdict of right, wrong or unsure"),
        ('{"Verdict": "right"}', "no verdict of right, wrong or unsure"),
        ("```" + "\n" * 200_000 + GOOD, "not one JSON object"),  # hours, where a pattern goes back and forth
        (f"```json {GOOD}\n```", "not one JSON object"),
        ("```\n```", "not one JSON object"),
        ("{}", "no verdict of right, wrong or unsure"),
    ],
)  # fmt: skip
def test_anything_else_is_an_abstention(text: str, fault: str) -> None:
    assert read_reply(text, RUBRIC) == Said(None, fault=fault)


def test_capitals_are_taken_and_odd_kinds_are_dropped() -> None:
    said = read_reply('{"verdict": "WRONG", "kind": "Slip", "severity": 9, "reason": 4}', RUBRIC)
    assert said == Said("wrong")
    right = read_reply('{"verdict": " Right ", "kind": "no-answer", "severity": 1}', RUBRIC)
    assert right == Said("right")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read_reply(text, RUBRIC).verdict in (None, "right", "wrong", "unsure")


def test_a_lone_surrogate_in_the_reason_can_be_stored() -> None:
    said = read_reply('{"verdict": "right", "reason": "\\ud800"}', RUBRIC)
    assert said.reason.encode("utf-8")


Token = tuple[str, dict[str, float]]


def reply_of(*tokens: Token, output: str | None = None) -> ChatReply:
    """A reply of tokens; each with the probabilities of what might have stood there."""
    choices = tuple(
        TokenChoice(token, math.log(top.get(token, 1.0)), {t: math.log(p) for t, p in top.items()})
        for token, top in tokens
    )
    text = "".join(token for token, _ in tokens) if output is None else output
    return ChatReply(text, None, "stop", "m", "", "off", 0.1, 1, 1, None, logprobs=choices)


REST: Token = ('", "reason": "ok"}', {})


@pytest.mark.parametrize(
    ("tokens", "wrong", "elsewhere"),
    [
        # A token for the word alone.
        ([('{"verdict": "', {}), ("wrong", {"wrong": 0.6, "right": 0.2, "uns": 0.2}), REST], 0.75, 0.2),
        # The quote and the word in one token.
        ([('{"verdict":', {}), (' "right', {' "right': 0.9, ' "wrong': 0.1}), REST], 0.1, 0.0),
        # Parts of words, in two spellings; a bare quote says nothing.
        ([('{"verdict": "', {}), ("wr", {"wr": 0.3, "Wrong": 0.1, "r": 0.4, '"': 0.2}),
          ("ong", {}), REST], 0.5, 0.2),
        # What is not listed is elsewhere.
        ([('{"verdict": "', {}), ("right", {"right": 0.5}), REST], 0.0, 0.5),
    ],
)  # fmt: skip
def test_mass_of_the_verdict_words(tokens: list[Token], wrong: float, elsewhere: float) -> None:
    mass = verdict_mass(reply_of(*tokens))
    assert mass is not None
    assert mass.wrong == pytest.approx(wrong)
    assert mass.elsewhere == pytest.approx(elsewhere)


def test_reasoning_before_the_reply_does_not_mislead() -> None:
    thought: Token = ('<think>{"verdict": "right"}</think>', {})
    tokens: tuple[Token, ...] = (
        thought,
        ('{"verdict": "', {}),
        ("wrong", {"wrong": 0.8, "right": 0.2}),
        REST,
    )
    mass = verdict_mass(reply_of(*tokens, output='{"verdict": "wrong", "reason": "ok"}'))
    assert mass is not None
    assert mass.wrong == pytest.approx(0.8)


def test_a_verdict_quoted_in_the_reason_does_not_mislead() -> None:
    reason = json.dumps('it says {"verdict": "right"}')
    tokens: tuple[Token, ...] = (
        ('{"verdict": "', {}),
        ("wrong", {"wrong": 0.8, "right": 0.2}),
        (f'", "reason": {reason}}}', {}),
    )
    mass = verdict_mass(reply_of(*tokens))
    assert mass is not None
    assert mass.wrong == pytest.approx(0.8)


def test_of_two_verdicts_in_one_reply_neither_mass_is_taken() -> None:
    tokens: tuple[Token, ...] = (
        ('{"quoted": {"verdict": "', {}),
        ("right", {"right": 0.9, "wrong": 0.1}),
        ('"}, "verdict": "', {}),
        ("wrong", {"wrong": 0.8, "right": 0.2}),
        ('"}', {}),
    )
    reply = reply_of(*tokens)
    assert read_reply(reply.output, RUBRIC).verdict == "wrong"
    assert verdict_mass(reply) is None


def test_no_log_probabilities_are_none() -> None:
    assert verdict_mass(reply_of(output=GOOD)) is None
    assert verdict_mass(reply_of(("other", {}), output=GOOD)) is None
    assert (
        verdict_mass(reply_of(('{"verdict": "', {}), ("x", {"x": 1.0}), output='{"verdict": "x'))
        is None
    )


def said(word: str | None, mass: VerdictMass | None = None, **more: object) -> Reading:
    return Reading(0, Said(word, **more), mass)  # type: ignore[arg-type]


def test_the_mean_of_what_spoke() -> None:
    three = [
        said("wrong", kind="incomplete", severity=3, reason="a"),
        said("wrong", kind="no-answer", severity=1, reason="b"),
        said("right", reason="c"),
    ]
    found = ruling([*three, said("unsure"), said(None, fault="empty")])
    assert found.error_probability == pytest.approx(2 / 3)
    assert (found.kind, found.severity, found.reason) == ("incomplete", 1, "a")


def test_a_judge_that_never_speaks_gives_no_number() -> None:
    found = ruling([said("unsure"), said(None, fault="empty")])
    assert found.error_probability is None
    assert found.reason == "empty; unsure"


def test_log_probabilities_go_before_the_word_and_mass_elsewhere_abstains() -> None:
    assert said("wrong", VerdictMass(0.7, 0.1)).error_probability == 0.7
    assert said("wrong", VerdictMass(0.9, 0.6)).error_probability is None
    assert said("unsure", VerdictMass(0.9, 0.1)).error_probability is None

"""What a judge's reply says: one JSON object and nothing else, or an abstention. No reply is asked for again."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from assay.ask.request import ChatReply, TokenChoice
from assay.judge.rubric import SEVERITIES, Rubric

WORDS = ("right", "wrong", "unsure")
REASON_CHARACTERS = 400
MOST_ELSEWHERE = 0.5
"""A judge that gives more than this to neither right nor wrong has said neither."""

_FENCE = re.compile(r"```(?:json)?[^\S\n]*\n")
_VERDICT = re.compile(r'"verdict"\s*:\s*"')


@dataclass(frozen=True, slots=True)
class Said:
    """What one reply says.

    Parameters
    ----------
    verdict : right, wrong, unsure or None
        None: the reply is not what was asked for, and counts as an abstention.
    kind, severity
        Of a wrong answer, where given by the rubric's words; else None.
    reason
        In the judge's words.
    fault
        Why there is no verdict; empty where there is one.
    """

    verdict: str | None
    kind: str | None = None
    severity: int | None = None
    reason: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class VerdictMass:
    """How the judge's probability lies over the verdict words, at the token where it decided.

    Parameters
    ----------
    wrong : in [0, 1]
        P(wrong), given that it says right or wrong.
    elsewhere : in [0, 1]
        What neither word got: unsure, other tokens, and what the server didn't list.
    """

    wrong: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of an answer by the judge.

    Parameters
    ----------
    order : 0 or 1
    said
        The reply's verdict.
    mass
        From log-probabilities; None where there are none.
    """

    order: int
    said: Said
    mass: VerdictMass | None = None

    @property
    def error_probability(self) -> float | None:
        """P(wrong) by this reading; None: it abstains."""
        if self.said.verdict in (None, "unsure"):
            return None
        if self.mass is None:
            return float(self.said.verdict == "wrong")
        return None if self.mass.elsewhere > MOST_ELSEWHERE else self.mass.wrong


def read_reply(output: str, rubric: Rubric) -> Said:
    """Read a verdict from a reply.

    Parameters
    ----------
    output
        The whole reply: one JSON object, bare or in one code fence. Words around it, a second object or a doubled
        key make it an abstention: an answer under test that got the judge to repeat a verdict is not believed.
    rubric
        Its kinds and severities; others are dropped, and the verdict stays.

    Returns
    -------
    Said

    Examples
    --------
    >>> from assay.judge.rubric import load_rubric
    >>> rubric = load_rubric("correctness")
    >>> read_reply('{"verdict": "Wrong", "kind": "no-answer", "severity": 1, "reason": "?"}', rubric).severity
    1
    >>> read_reply('It is {"verdict": "right"}', rubric).fault
    'not one JSON object'
    """
    text = output.strip()
    if not text:
        return Said(None, fault="empty")
    try:
        reply = json.loads(_unfenced(text), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return Said(None, fault="not one JSON object")
    if not isinstance(reply, dict):
        return Said(None, fault="not one JSON object")
    word = reply.get("verdict")
    verdict = word.strip().casefold() if isinstance(word, str) else None
    if verdict not in WORDS:
        return Said(None, fault="no verdict of right, wrong or unsure")
    reason = _storable(reply.get("reason"))
    if verdict != "wrong":
        return Said(verdict, reason=reason)
    kind, severity = reply.get("kind"), reply.get("severity")
    return Said(
        verdict,
        kind if isinstance(kind, str) and kind in rubric.kinds else None,
        severity if type(severity) is int and severity in SEVERITIES else None,
        reason,
    )


def verdict_mass(reply: ChatReply) -> VerdictMass | None:
    """Return how the probability lies over the verdict words where the verdict begins.

    Returns
    -------
    VerdictMass or None
        None where the server sent no log-probabilities, or the verdict's token can't be found among them.

    Notes
    -----
    At the token that holds the first letter of the verdict, alternatives that begin "right" or "wrong" are added up;
    the first letter tells them apart. It is the model's own confidence: measured against labels by
    `assay judge calibrate`, never taken for a frequency.
    """
    places = list(islice(_VERDICT.finditer(reply.output), 2))
    # Of two it is not known which one is the reply's: one may stand in an object within it.
    if len(places) != 1 or not reply.logprobs:
        return None
    match = places[0]
    before = reply.output[: match.end()]
    # Reasoning may come before the reply in the stream of tokens: the last such place is the reply's.
    start = "".join(choice.token for choice in reply.logprobs).rfind(before)
    place = None if start < 0 else _token_at(reply.logprobs, start + len(before))
    if place is None:
        return None
    choice, head = place
    mass = dict.fromkeys(WORDS, 0.0)
    for token, logprob in {choice.token: choice.logprob, **choice.top}.items():
        word = _word(token[len(head) :]) if token.startswith(head) else None
        if word is not None:
            mass[word] += math.exp(min(logprob, 0.0))
    decided = mass["right"] + mass["wrong"]
    if not decided > 0:
        return None
    return VerdictMass(mass["wrong"] / decided, min(max(1.0 - decided, 0.0), 1.0))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What all readings of an answer come to.

    Parameters
    ----------
    error_probability : in [0, 1] or None
        Mean of P(wrong) over the readings that spoke; None: none did.
    kind, severity
        Those most readings of "wrong" gave; of equals the worse severity, the first kind.
    reason
        Of the first reading that is on the ruling's side.
    """

    error_probability: float | None
    kind: str | None
    severity: int | None
    reason: str


def ruling(readings: Sequence[Reading]) -> Ruling:
    """Return what the readings come to."""
    spoke = [p for p in (one.error_probability for one in readings) if p is not None]
    if not spoke:
        return Ruling(
            None, None, None, "; ".join(sorted({one.said.fault or "unsure" for one in readings}))
        )
    mean = math.fsum(spoke) / len(spoke)
    side = "wrong" if mean > 0.5 else "right"
    mine = [one.said for one in readings if one.said.verdict == side]
    kinds = [said.kind for said in mine if said.kind is not None]
    grades = [said.severity for said in mine if said.severity is not None]
    return Ruling(
        mean,
        max(kinds, key=kinds.count) if kinds else None,
        min(grades, key=lambda grade: (-grades.count(grade), grade)) if grades else None,
        mine[0].reason if mine else "",
    )


def _unfenced(text: str) -> str:
    """Return what stands in a text's one code fence; the text where it has none."""
    # One pattern from fence to fence takes hours over a reply of a fence and 40,000 line breaks.
    opening = _FENCE.match(text)
    inside, _, last = text.rpartition("\n")
    if opening is None or last.strip() != "```" or len(inside) < opening.end():
        return text
    return inside[opening.end() :]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError
    return table


def _storable(reason: object) -> str:
    text = reason if isinstance(reason, str) else ""
    return text[:REASON_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _token_at(choices: Sequence[TokenChoice], offset: int) -> tuple[TokenChoice, str] | None:
    """Return the token that holds the character at an offset, and what of the token stands before it."""
    for choice in choices:
        if offset < len(choice.token):
            return choice, choice.token[:offset]
        offset -= len(choice.token)
    return None


def _word(rest: str) -> str | None:
    rest = rest.strip().strip('"').casefold()
    return next(
        (word for word in WORDS if rest and (word.startswith(rest) or rest.startswith(word))), None
    )

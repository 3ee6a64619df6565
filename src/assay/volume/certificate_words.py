"""A certificate in words: its claim, the statement on the procedure, its conditions, and what it does not say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

from assay.figures import confidence, interval, plain
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence
from assay.volume.result import StandardDecision, SystemVolume
from assay.volume.standard import parse_standard
from assay.volume.unit_evidence import UnitEvidence

DECIDED = {
    "met": "is met",
    "missed": "is missed",
    "not shown": "is not shown to be met by this evidence",
}
NEXT_WEEK = "It says nothing about next week."


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the words are about.

    Parameters
    ----------
    answer
        The measured answer on one system.
    at_most
        Errors in the window, with an upper limit only.
    label_noise
        The error rate below which the labels say nothing, where a second reading has measured it.
    other_draws
        Other draws of the window that have labels.
    period
        The window in words.
    outputs : >= 0
        Outputs in it.
    """

    answer: SystemVolume
    at_most: Estimate
    label_noise: Quantity
    other_draws: tuple[str, ...]
    period: str
    outputs: int


def exactly(value: float) -> str:
    """Return a number with every digit that it has, and thousands apart.

    Examples
    --------
    >>> exactly(10345.0), exactly(0.0013498980316301)
    ('10,345', '0.0013498980316301')
    """
    return f"{int(value):,}" if value == int(value) else f"{value:,}"


def claim(claimed: Claimed) -> str:
    """Return the claim in one or two sentences."""
    answer, limit = claimed.answer, claimed.at_most
    outputs = f"{claimed.outputs:,} outputs"
    if isinstance(answer.evidence, CensusEvidence):
        first = (
            f"{answer.name}: {exactly(limit.high)} of {outputs} in this window are wrong, "
            f"counted by {answer.evidence.judge}."
        )
    elif limit.guarantee == "exact":
        first = (
            f"{answer.name}: {exactly(limit.high)} of {outputs} in this window are wrong, counted: "
            "a person has labeled every one."
        )
    else:
        first = (
            f"{answer.name}: at most {exactly(limit.high)} of {outputs} in this window are wrong "
            f"({plain(100 * limit.confidence_level)} %, one-sided)."
        )
    return f"{first} {_standard(answer.standard)}".strip()


def _standard(decision: StandardDecision | None) -> str:
    if decision is None:
        return ""
    held = f"The standard of {decision.demand} {DECIDED[decision.decision]}"
    if isinstance(decision.measured, Unknown):
        return f"{held}: {decision.measured.reason}."
    return f"{held}: {_found(decision.measured, decision)}."


def _found(measured: Estimate, decision: StandardDecision) -> str:
    unit = measured.unit
    if unit == "errors/trace":
        # In the unit of the demand beside it.
        measured, unit = measured.scaled(1e6, unit), "errors in a million outputs"
    if measured.low == measured.high:
        return f"measured {plain(measured.value)} {unit}"
    if decision.decision == "missed":
        return f"measured at least {_outward(measured.low, ROUND_FLOOR)} {unit}"
    return f"measured at most {_outward(measured.high, ROUND_CEILING)} {unit}"


def _outward(value: float, rounding: str) -> str:
    # Four digits, and never a limit that is tighter than what was found.
    if not math.isfinite(value):
        return plain(value)
    return f"{Context(prec=4, rounding=rounding).create_decimal(repr(value)):,f}"


def statement(claimed: Claimed) -> str:
    """Return what the procedure promises; `conditions` says more on what it hangs on."""
    limit, evidence = claimed.at_most, claimed.answer.evidence
    errors = exactly(limit.high)
    if isinstance(evidence, CensusEvidence):
        return (
            f"{evidence.judge} has spoken on every output of this window and found {errors} wrong. The count is exact, "
            f"provided: (1) {evidence.judge} is right, (2) the window is {_window(claimed)}. {NEXT_WEEK}"
        )
    return (
        f"If this window really held more than {errors} errors, the procedure would have said so with probability "
        f">= {plain(100 * limit.confidence_level)} %, whatever the judge got wrong, provided: (1) items were drawn by "
        "the logged seed, (2) each label is the adjudicated truth up to the stated human miss rate, (3) the window is "
        f"{_window(claimed)}. {NEXT_WEEK}"
    )


def _percent(noise: Estimate) -> str:
    return f"{interval(noise, percent=True)} ({confidence(noise)})"


def _window(claimed: Claimed) -> str:
    return f"{claimed.period}, {claimed.outputs:,} outputs"


def conditions(claimed: Claimed) -> tuple[str, ...]:
    """Return what the claim hangs on, in full."""
    said: list[str] = []
    match claimed.answer.evidence:
        case SampleEvidence() as sample:
            said += _of_labels(claimed, sample)
        case CensusEvidence() as census:
            said.append(
                f"{census.judge} ({census.judge_kind}) is right: its own mistakes are not in the count, and an output "
                "that its rule can't read counts as the rule says"
            )
        case UnitEvidence() | NoEvidence():
            pass
    said.append(f"the window is {_window(claimed)}")
    return (*said, *_of_standard(claimed.answer))


def _of_labels(claimed: Claimed, sample: SampleEvidence) -> list[str]:
    draw, look, noise = sample.draw, sample.look, claimed.label_noise
    rate = _percent(noise) if isinstance(noise, Estimate) else "not measured"
    said = [
        f"items were drawn by the logged seed, {draw.seed} ({draw.draw_id}), and nobody chose it for what it draws",
        f"each label is the adjudicated truth up to the stated human miss rate: {rate}",
    ]
    if draw.at_most is not None and not look.is_planned:
        said.append(
            f"the draw was made to certify at most {draw.at_most:g} errors/trace, with live limits that hold at every "
            "label, whoever stops when"
        )
    elif not look.is_planned:
        said.append(
            "the labels complete no planned look yet: the limits are live ones, which hold at every label"
        )
    elif look.of > 1:
        live = "" if sample.live is None else ", and the live limits at every label,"
        said.append(
            f"this is planned look {look.number} of {look.of}: the confidence level covers all {look.of}{live} "
            "together, whoever stops when"
        )
    if claimed.other_draws:
        said.append(
            f"nobody picked {draw.draw_id} for what its labels say: of this window there are also labels of "
            f"{', '.join(claimed.other_draws)}"
        )
    if claimed.at_most.guarantee in ("enumerated", "simulated"):
        method = claimed.at_most.method.partition(";")[0]
        said.append(
            f"the method ({method}) keeps its level: that was {claimed.at_most.guarantee}, not proved"
        )
    return said


def _of_standard(answer: SystemVolume) -> list[str]:
    if answer.standard is None:
        return []
    kind = parse_standard(answer.standard.standard).kind
    said = []
    daily, escaped = answer.throughput_per_day, answer.escaped_errors_per_day
    if kind in ("count", "human") and isinstance(daily, Estimate):
        said.append(f"{plain(daily.value)} outputs a day are taken as known: {daily.method}")
    if kind == "count" and isinstance(escaped, Estimate):
        said.append("an output that is marked as caught before delivery never reached anybody")
    if kind == "human" and answer.human is not None:
        assumption = answer.human.source == "assumption"
        source = (
            "an assumption: nothing of them was measured" if assumption else answer.human.source
        )
        said.append(f"the people that it is held against are {source}")
    return said


def does_not_say(claimed: Claimed) -> tuple[str, ...]:
    """Return what nobody may read into the certificate."""
    said = [
        "Next week. New versions, users and questions change the errors.",
        "How bad an error is. Every wrong output counts as one, whatever its kind.",
        "Any part of the window by itself: a day, a topic, a customer.",
    ]
    if isinstance(claimed.answer.evidence, CensusEvidence):
        said.append("How often the check itself is wrong.")
        return tuple(said)
    said.append("Which outputs are wrong, other than those that were labeled.")
    if isinstance(claimed.label_noise, Unknown):
        said.append(f"The labelers' own mistakes: {claimed.label_noise.reason}.")
    else:
        said.append(
            f"Anything below the labelers' own rate of mistakes: {_percent(claimed.label_noise)}."
        )
    return tuple(said)

"""The anchor of a budget: from what a user types to errors per window, and the same figure in other units.

Whatever it is anchored to, it ends as a count per window, and stays one when the traffic changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.errors import BadInput, EstimateError
from assay.estimate.budget_anchor import (
    BudgetAnchor,
    anchor_to_count,
    anchor_to_demand,
    anchor_to_hourly,
    anchor_to_human_volume,
    anchor_to_sigma,
)
from assay.estimate.budget_anchor_standards import Band, band, from_fit, in_fit, levels_kept
from assay.estimate.sigma import rate_to_sigma
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, assumed
from assay.volume.budget_question import BudgetQuestion
from assay.volume.gather import gather
from assay.volume.people import measured_people
from assay.volume.question import HumanBaseline, VolumeQuestion

NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
SIGMA = re.compile(rf"{NUMBER}\s*(?:sigma|σ)(?:@{NUMBER}/(?:{NUMBER})?d)?")
SIL = re.compile(rf"sil\s*([1-4])(?:@{NUMBER}/(?:{NUMBER})?d)?")
PMHF = re.compile(r"pmhf-?([bcd])")
FLIGHT = re.compile(r"ac-?(major|hazardous|catastrophic)")
HOURLY = re.compile(rf"{NUMBER}/h")
FITS = re.compile(rf"{NUMBER}\s*fit")

LEAST_BUDGET, MOST_BUDGET = 1e-12, 1e12
"""Errors per window: what lies outside is a slip of the hand, and no number that anybody counts to."""
AT_THE_LIMIT = 1e-9

KNOWN = (
    "human, 3sigma@1000/d, SIL2, SIL2@1/365d (on demand, so many demands), PMHF-D, AC-catastrophic, "
    "1e-7/h or 10FIT"
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """A budget, and what it is in other units.

    Parameters
    ----------
    anchor
        Errors per window, their source and assumptions.
    per_output
        Greatest error probability of an output that keeps the budget at the traffic of now. Unit: errors/output.
    sigma
        The same as a sigma level, one-sided; None where it is none.
    fit
        Errors in 1e9 hours.
    levels
        Levels of standards that errors below the budget keep, by number alone. A budget of just a level's limit is
        that level's, though a rate of just that would not be: it is errors below the budget that are of the level.
    """

    anchor: BudgetAnchor
    per_output: Quantity
    sigma: float | None
    fit: float
    levels: tuple[Band, ...]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        anchor = self.anchor
        return {
            "allowed": anchor.allowed,
            "window_days": anchor.window_hours / 24,
            "kind": anchor.kind,
            "source": anchor.source,
            "errors": anchor.errors.to_json(),
            "assumptions": list(anchor.assumptions),
            "per_hour": anchor.per_hour,
            "fit": self.fit,
            "per_output": self.per_output.to_json(),
            "sigma": self.sigma,
            "levels": [f"{one.standard} {one.level}" for one in self.levels],
        }


def allowed_by(ledger: Ledger, question: BudgetQuestion, outputs_per_day: Quantity) -> Allowed:
    """Return the budget of a question.

    Parameters
    ----------
    ledger
        Only read where the people's own traces are the anchor.
    question
    outputs_per_day
        Traffic of now, for the conversion to one output; the budget itself does not see it.

    Raises
    ------
    BadInput
        Where the anchor is none, or lacks what it needs.
    """
    hours = 24 * question.per_days
    if question.allow is not None:
        anchor = anchor_to_count(question.allow, window_hours=hours)
    else:
        assert question.anchor is not None
        text = question.anchor.strip().lower()
        anchor = (
            _of_people(ledger, question, hours)
            if text == "human"
            else parse_anchor(question.anchor, window_hours=hours)
        )
    if not LEAST_BUDGET <= anchor.allowed <= MOST_BUDGET:
        stated = "--allow" if question.anchor is None else f"the anchor {question.anchor}"
        hint = (
            "; where the people's errors are hardly measured, their lower limit is 0: label more of them"
            if anchor.kind == "human volume" and anchor.allowed < LEAST_BUDGET
            else ""
        )
        raise BadInput(
            f"{stated} comes to {anchor.allowed:g} errors per window: a budget must be above 0, {LEAST_BUDGET:g} "
            f"at least and {MOST_BUDGET:g} at most{hint}"
        )
    return _converted(anchor, outputs_per_day)


def parse_anchor(text: str, *, window_hours: float) -> BudgetAnchor:
    """Return a budget from the text of its anchor, other than the people's volume.

    Parameters
    ----------
    text
        As `3sigma@1000/d`, `SIL2`, `SIL2@1/365d`, `PMHF-D`, `AC-catastrophic`, `1e-7/h`, `10FIT`.
    window_hours : > 0

    Raises
    ------
    BadInput
        Where it is none of these.

    Examples
    --------
    >>> round(parse_anchor("3sigma@1000/d", window_hours=24).allowed, 2)
    1.35
    >>> parse_anchor("PMHF-D", window_hours=720).source
    'ISO 26262 ASIL D: ISO 26262-5:2018, 9.4.2 (PMHF)'
    """
    wanted = text.strip().lower()
    try:
        return _parsed(wanted, text, window_hours)
    except EstimateError as error:
        raise BadInput(f"--anchor {text}: {error.message}") from error


def _parsed(wanted: str, text: str, hours: float) -> BudgetAnchor:
    if found := SIGMA.fullmatch(wanted):
        if found[2] is None:
            raise BadInput(
                f"--anchor {text} needs the volume that it is of, stated once: {text}@1000/d for a thousand a day"
            )
        outputs = _per_window(found[2], found[3], hours)
        return anchor_to_sigma(float(found[1]), outputs=outputs, window_hours=hours)
    found = SIL.fullmatch(wanted)
    if found and found[2] is not None:
        level = band("IEC 61508", f"SIL {found[1]}", exposure="per demand")
        demands = _per_window(found[2], found[3], hours)
        return anchor_to_demand(
            level.most, demands=demands, window_hours=hours, source=_source(level)
        )
    rate, source = _per_hour(wanted, text)
    return anchor_to_hourly(rate, window_hours=hours, source=source)


def _per_hour(wanted: str, text: str) -> tuple[float, str]:
    """Return failures per hour, and whose figure they are."""
    level = None
    if found := SIL.fullmatch(wanted):
        level = band("IEC 61508", f"SIL {found[1]}")
    elif found := PMHF.fullmatch(wanted):
        level = band("ISO 26262", f"ASIL {found[1]}")
    elif found := FLIGHT.fullmatch(wanted):
        level = band("AC 25.1309", found[1])
    elif found := HOURLY.fullmatch(wanted):
        return float(found[1]), "the user"
    elif found := FITS.fullmatch(wanted):
        per_hour = from_fit(float(found[1]))
        return per_hour.value, f"the user; {per_hour.source}"
    if level is None:
        raise BadInput(f"an anchor is {KNOWN}, got {text[:40]!r}")
    return level.most, _source(level)


def _per_window(count: str, days: str | None, hours: float) -> float:
    return float(count) / (24 * float(days or 1)) * hours


def _source(level: Band) -> str:
    return f"{level.standard} {level.level}: {level.source}"


def _of_people(ledger: Ledger, question: BudgetQuestion, hours: float) -> BudgetAnchor:
    human = question.human or HumanBaseline()
    if human.system is None:
        if human.error_rate is None or human.per_day is None:
            raise BadInput(
                "the anchor `human` needs the people: --human-error-rate and --human-per-day, or --human-system"
            )
        rate = assumed(human.error_rate, "errors/output", method="assumed: --human-error-rate")
        pace = assumed(human.per_day / 24, "outputs/hour", method="assumed: --human-per-day")
        return _volume(rate, pace, hours)
    # The product of two intervals holds at the level of their errors' sum: each takes half.
    level = 1 - (1 - question.confidence_level) / 2
    asked = VolumeQuestion(human=human, caught_tag=question.caught_tag, judge=question.judge)
    people = measured_people(ledger, asked, gather(ledger, asked))
    assert people is not None
    shown = people.meter.at(level)
    if isinstance(shown.rate, Unknown):
        raise BadInput(f"the errors of {people.name} are unknown: {shown.rate.reason}")
    if isinstance(people.per_day, Unknown):
        raise BadInput(f"the pace of {people.name} is unknown: {people.per_day.reason}")
    return _volume(shown.rate, people.per_day.scaled(1 / 24, "outputs/hour"), hours)


def _volume(rate: Estimate, pace: Estimate, hours: float) -> BudgetAnchor:
    try:
        return anchor_to_human_volume(rate, pace, window_hours=hours)
    except EstimateError as error:
        raise BadInput(f"--anchor human: {error.message}") from error


def _converted(anchor: BudgetAnchor, outputs_per_day: Quantity) -> Allowed:
    per_output: Quantity = Unknown("the traffic is unknown")
    sigma = None
    if isinstance(outputs_per_day, Estimate) and outputs_per_day.value > 0:
        rate = anchor.per_output(outputs_per_day.value / 24)
        method = f"budget per hour / outputs per hour ({outputs_per_day.method}): each output may fail alike"
        per_output = assumed(rate, "errors/output", method=method)
        sigma = rate_to_sigma(rate) if 0 < rate < 1 else None
    # What stays below the budget: at a limit itself IEC 61508 and ISO 26262 give the level no more.
    levels = levels_kept(anchor.per_hour * (1 - AT_THE_LIMIT))
    return Allowed(anchor, per_output, sigma, in_fit(anchor.per_hour).value, levels)

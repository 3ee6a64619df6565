"""What is known of a system whose pace is asked: from the ledger, or from the user's word."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from assay.errors import BadInput
from assay.estimate.budget_anchor import anchor_to_count
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, assumed
from assay.volume.pace_evidence import measured_judge, one_system, rate_to_come, sampling_level
from assay.volume.pace_question import PaceQuestion
from assay.volume.pace_setting import Router, assumed_judge
from assay.volume.result import SystemVolume


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the system: from the ledger, or from the user."""

    name: str
    error_rate: Estimate
    today: Quantity
    judge: Router | None
    human_per_day: Quantity | None
    human_errors: Quantity | None
    human_miss: float
    notes: tuple[str, ...]


def assumed_rate(rate: float) -> Estimate:
    """Return an error rate on the user's word."""
    return assumed(rate, "errors/output", method="assumed")


def known_from_user(question: PaceQuestion) -> Known:
    """Return what the question assumes.

    Raises
    ------
    BadInput
        If it asks for what only a ledger tells.
    """
    if question.error_rate is None:
        raise BadInput("without a ledger a pace needs --error-rate, as 0.01")
    if question.judge is not None:
        raise BadInput("--judge is measured in a ledger: name one, or assume a judge by --auroc")
    human = question.volume.human
    people, errors = None, None
    if human is not None:
        if human.error_rate is None or human.per_day is None:
            raise BadInput("--human-system is measured in a ledger: name one")
        people = assumed(human.per_day, "outputs/day", method="assumed: --human-per-day")
        errors = assumed(human.error_rate * human.per_day, "errors/day", method="assumed")
    today: Quantity = Unknown("not given: --per-day N")
    if question.volume.per_day is not None:
        today = assumed(question.volume.per_day, "outputs/day", method="given by the user")
    rate = assumed_rate(question.error_rate)
    return Known("", rate, today, _assumed(question), people, errors, 0.0, ())


def _assumed(question: PaceQuestion) -> Router | None:
    if not question.assumes_judge:
        return None
    return assumed_judge(
        auroc=question.auroc, recall=question.recall, false_alarms=question.false_alarms
    )


def known_from_ledger(ledger: Ledger, question: PaceQuestion) -> Known:
    """Return what a ledger tells, each of k measured inputs at 1 - alpha / k.

    Raises
    ------
    AssayError
        Where the error rate or the judge is unknown.
    """
    if question.error_rate is not None:
        raise BadInput("--error-rate is assumed without a ledger; this one tells it")
    miss = 1 - question.volume.confidence_level
    human = question.volume.human
    people_measured = question.allow is None and human is not None and human.system is not None
    parts = 1 + (2 if question.judge is not None else 0) + (1 if people_measured else 0)
    each = round(1 - miss / parts, 12)
    system = one_system(ledger, replace(question.volume, confidence_level=sampling_level(each)))
    judge, notes = _assumed(question), list(system.notes)
    if question.judge is not None:
        found = measured_judge(ledger, question.judge, system, confidence_level=each)
        judge, notes = found.router, [*notes, *found.notes]
    compared = system.human
    return Known(
        name=system.name,
        error_rate=rate_to_come(system, each),
        today=system.throughput_per_day,
        judge=judge,
        human_per_day=None if compared is None else compared.per_day,
        human_errors=None if compared is None else compared.errors_per_day,
        human_miss=miss / parts if people_measured else 0.0,
        notes=tuple(dict.fromkeys([*notes, *_evidence_notes(system)])),
    )


def _evidence_notes(system: SystemVolume) -> list[str]:
    return [
        f"the error rate is of {system.traffic.traces:,} outputs of the past: that those to come are alike is assumed"
    ]


def budget_of(question: PaceQuestion, known: Known) -> tuple[float, str]:
    """Return the errors that may escape in a day, and where that comes from.

    Raises
    ------
    BadInput
        If it is to come from people whose volume is unknown.
    """
    if question.allow is not None and question.per_days is not None:
        if not 0 < question.per_days < math.inf:
            raise BadInput(f"--per must be above 0 days, got {question.per_days:g}")
        anchor = anchor_to_count(question.allow, window_hours=24 * question.per_days)
        days = "a day" if question.per_days == 1 else f"in {question.per_days:g} days"
        return 24 * anchor.errors.value / anchor.window_hours, f"{question.allow:g} errors {days}"
    errors = known.human_errors
    if not isinstance(errors, Estimate):
        reason = errors.reason if isinstance(errors, Unknown) else "nobody is named"
        raise BadInput(f"the budget is the people's volume, which is unknown: {reason}")
    return errors.low, "no more errors than the people it replaced"


def known_notes(question: PaceQuestion, known: Known) -> list[str]:
    """Return what is assumed, in words."""
    team = question.reviewers
    notes = []
    if team.recall < 1:
        notes.append(
            f"that people find {100 * team.recall:g} % of the errors put before them is assumed: seed known errors "
            "(assay label --seeded) and measure it (--readers)"
        )
    else:
        notes.append("that people find every error put before them is assumed, and a hope")
    if team.wait_minutes is None:
        notes.append("reviewers may be busy 85 % of their hours; --wait-minutes sets it by a wait")
    else:
        notes.append(
            "the wait is that of a queue while it is open, with times that vary by half their mean (assumed): "
            "--simulate for closing hours and deadlines"
        )
    if known.judge is not None and known.judge.kind == "assumed":
        notes.append(
            "the judge is assumed: measure one with labels (--judge) before anything rests on it"
        )
    return notes

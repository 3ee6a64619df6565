"""The alarm of a budget: evidence that errors come faster than allowed, that may be looked at at any time.

It starts anew at each new version of the system, and from there at each window: a budget that was kept for long can't
hide a new fault. Which errors it bets on is fixed by what evidence there is, never by what that says:

count       all of them, where a check has judged every output since the alarm's start
sampled     those that the labels of complete draws found, each with the chance with which it was drawn
confirmed   those that people have confirmed: some of all, so that it is late and never false
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.count_alarm import count_log_e_value, log_alarm_level
from assay.estimate.count_alarm_sampled import SampledAlarm, sampled_alarm
from assay.estimate.count_alarm_windows import allowed_so_far, window_alarms
from assay.ledger.population import scores
from assay.volume.budget_audited import AuditedStep, audited_steps, is_complete, likely_chance
from assay.volume.budget_confirmed import ConfirmedLog
from assay.volume.budget_question import BudgetQuestion
from assay.volume.budget_sources import DAY, DrawSource, Sources, Stretch, SystemLog
from assay.volume.evidence import CensusEvidence, SystemEvidence
from assay.volume.severity import Weights


@dataclass(frozen=True, slots=True)
class BudgetAlarm:
    """What the alarm has come to.

    Parameters
    ----------
    kind
        count, sampled or confirmed: which errors it bets on.
    version
        The version at whose first output it started anew.
    start, end
        Of the window that it is in, microseconds; `end` is the moment of the answer.
    errors : >= 0
        That it has seen.
    allowed : >= 0
        By the budget since the start.
    log_e_value
        Log of the evidence at the end.
    peak
        The greatest it was at any look.
    rang_at
        Microseconds: when it first reached the level; None where it never did.
    false_alarm : in (0, 1)
        Chance that it ever rings in a window in which the budget is kept, at most.
    cycle_days : >= 0
        Kept means: in each cycle of so many days no more than its part; 0: at each moment.
    notes
        What it rests on, and what could not be used.
    """

    kind: str
    version: str
    start: int
    end: int
    errors: int
    allowed: float
    log_e_value: float
    peak: float
    rang_at: int | None
    false_alarm: float
    cycle_days: float
    notes: tuple[str, ...]

    @property
    def rings(self) -> bool:
        """Whether it has reached its level in this window, at any look."""
        return self.rang_at is not None


@dataclass(frozen=True, slots=True)
class _Betting:
    """What the alarm is run over: a budget, from its start to now."""

    question: BudgetQuestion
    allowed: float
    start: int
    end: int
    weights: Weights | None

    @property
    def days(self) -> float:
        return (self.end - self.start) / DAY

    def allowed_after(self, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return what the budget allows so many days after the start, for traffic that has a day or a week."""
        return allowed_so_far(
            days,
            budget=self.allowed,
            window_days=self.question.per_days,
            cycle_days=self.question.cycle,
        )


def alarm_start(log: SystemLog, at: int, per_days: float) -> tuple[str, int]:
    """Return the version at which the alarm last started anew, and the start of its window of now.

    A new version is a new start for all versions: the budget is the system's.

    Examples
    --------
    >>> from assay.volume.budget_sources import VersionSpan
    >>> log = SystemLog("s", "field", (VersionSpan("1", 9, 0, 99 * DAY), VersionSpan("2", 9, 20 * DAY, 99 * DAY)), 0, 0)
    >>> alarm_start(log, 55 * DAY, 30.0) == ("2", 50 * DAY)
    True
    """
    version = [one for one in log.versions if one.first < at][-1]
    window = round(per_days * DAY)
    return version.version, version.first + (at - 1 - version.first) // window * window


def budget_alarm(
    sources: Sources, confirmed: ConfirmedLog, *, allowed: float, at: int
) -> BudgetAlarm:
    """Return the alarm of a budget at a moment.

    Parameters
    ----------
    sources
    confirmed
        Of outputs since the alarm's start, at least.
    allowed : > 0
        Errors per window.
    at
        Microseconds, not included.

    Raises
    ------
    BadInput
        Where the alarm shall be on a kind of errors that there is no evidence for.
    """
    question, log = sources.question, sources.log
    version, start = alarm_start(log, at, question.per_days)
    betting = _Betting(question, allowed, start, at, question.weights)
    stretches = sources.stretches(start, at, oldest_first=True)
    counted = [one.source for one in stretches if isinstance(one.source, SystemEvidence)]
    usable = [
        one for one in stretches if isinstance(one.source, DrawSource) and is_complete(one.source)
    ]
    kind = _kind(question, every=len(counted) == len(stretches), sampled=bool(usable))
    notes: tuple[str, ...] = ()
    match kind:
        case "count":
            times = _counted_times(sources, stretches)
            notes = ("a check has judged every output since its start",)
            steps = [AuditedStep(t, (_lightest(betting.weights),)) for t in times]
        case "sampled":
            steps = audited_steps(sources, usable, betting.weights, start=start, end=at)
            notes = tuple(_sampled_notes(stretches, usable))
        case _:
            kind = "confirmed"
            steps = [
                AuditedStep(one.at, (one.weight(betting.weights),))
                for one in confirmed.within(start, at)
            ]
            notes = (
                "on confirmed errors alone: those that nobody reported make it late, never false",
            )
    chance = likely_chance(usable) if kind == "sampled" else 1.0
    found = (
        _by_bets(betting, steps, chance)
        if kind == "sampled" or betting.weights
        else _by_count(betting, steps)
    )
    return BudgetAlarm(
        kind, version, start, at, *found, question.false_alarm, question.cycle, notes
    )


Found = tuple[int, float, float, float, int | None]


def _by_count(betting: _Betting, steps: Sequence[AuditedStep]) -> Found:
    days = [(step.at - betting.start) / DAY for step in steps]
    window = window_alarms(
        days,
        budget=betting.allowed,
        # Its one window is as long as the budget's at least: rounding must not start another.
        window_days=max(betting.question.per_days, betting.days),
        until_day=betting.days,
        false_alarm=betting.question.false_alarm,
        cycle_days=betting.question.cycle,
    )[0]
    peak = _peak_by_count(betting, days)
    rang = None if window.alarm_at is None else betting.start + round(window.alarm_at * DAY)
    return window.errors, window.allowed, window.log_e_value, max(peak, window.log_e_value), rang


def _peak_by_count(betting: _Betting, days: Sequence[float]) -> float:
    if not days:
        return 0.0
    allowed = betting.allowed_after(np.sort(days))
    return float(max(0.0, count_log_e_value(np.arange(1, len(days) + 1), allowed).max()))


def _by_bets(betting: _Betting, steps: Sequence[AuditedStep], chance: float) -> Found:
    """Bet on each error as it comes, and let the allowance run in between."""
    state = sampled_alarm(audit_probability=min(1.0, chance / _middle(betting.weights)))
    needed = log_alarm_level(betting.question.false_alarm)
    peak, rang, seen = state.log_e_value, None, 0
    for step in sorted(steps, key=lambda one: one.at):
        state = _pass(state, betting, step.at).after(step.weights)
        seen += sum(weight > 0 for weight in step.weights)
        peak = max(peak, state.log_e_value)
        if rang is None and state.log_e_value >= needed:
            rang = step.at
    state = _pass(state, betting, betting.end)
    return seen, state.allowed, state.log_e_value, peak, rang


def _pass(state: SampledAlarm, betting: _Betting, then: int) -> SampledAlarm:
    allowed = float(betting.allowed_after((then - betting.start) / DAY))
    return state.after(allowed=max(0.0, allowed - state.allowed))


def _kind(question: BudgetQuestion, *, every: bool, sampled: bool) -> str:
    there = {"count": every, "sampled": sampled, "confirmed": True}
    if question.alarm_on != "auto":
        if not there[question.alarm_on]:
            why = {
                "count": "no check has judged every output since the alarm's start",
                "sampled": "no draw of outputs since the alarm's start is labeled to its end",
            }
            raise BadInput(
                f"the alarm can't be on {question.alarm_on} errors: {why[question.alarm_on]}"
            )
        return question.alarm_on
    return next(name for name, is_there in there.items() if is_there)


def _counted_times(sources: Sources, stretches: Sequence[Stretch]) -> list[int]:
    """Return when the errors came that a check has counted; what it is not sure of is none."""
    times: list[int] = []
    for one in stretches:
        assert isinstance(one.source, SystemEvidence)
        census = one.source.evidence
        assert isinstance(census, CensusEvidence)
        scored = scores(sources.ledger, census.judge, kinds=(census.judge_kind,))
        rows = sources.ledger.rows(
            f"SELECT cast(traces.at AS bigint) AS at FROM traces JOIN ({scored}) AS scored "
            f"ON scored.trace_id = traces.trace_id WHERE scored.error_probability = 1.0 "
            f"AND {sources.log.condition(one.start, one.end, one.version)} AND {sources.escaped_condition()}"
        )
        times += [row["at"] for row in rows]
    return sorted(times)


def _sampled_notes(stretches: Sequence[Stretch], usable: Sequence[Stretch]) -> list[str]:
    outputs = sum(one.outputs for one in stretches)
    covered = sum(one.outputs for one in usable)
    names = dict.fromkeys(
        one.source.sample.draw.draw_id for one in usable if isinstance(one.source, DrawSource)
    )
    said = [
        f"on errors that the labels of {', '.join(names)} found, each with its chance of being drawn"
    ]
    if covered < outputs:
        said.append(
            f"{outputs - covered:,} of {outputs:,} outputs since its start are in no complete draw: they make it late, "
            "never false"
        )
    return said


def _lightest(weights: Weights | None) -> float:
    return 1.0 if weights is None else min(weights.values())


def _middle(weights: Weights | None) -> float:
    if weights is None:
        return 1.0
    return max(1.0, math.sqrt(max(weights.values()) * max(min(weights.values()), 1e-9)))

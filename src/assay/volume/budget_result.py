"""The answer on a budget: three columns that are never silently summed, what is spent, and what is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.estimate.burn import Light, budget_light
from assay.ledger.population import moment_text
from assay.quantity import Estimate, Quantity
from assay.volume.budget_alarm import BudgetAlarm
from assay.volume.budget_allowed import Allowed
from assay.volume.budget_confirmed import Confirmed
from assay.volume.budget_question import BudgetQuestion
from assay.volume.budget_sources import SystemLog


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of the errors of a window or a part: confirmed, estimated, caught; and what that spends.

    Parameters
    ----------
    outputs, open : >= 0
        Delivered outputs; those of them that no evidence covers.
    confirmed
        By people.
    estimated
        Escaped errors among the outputs that evidence covers. `Unknown` where there is none.
    caught
        Outputs that were caught before delivery; `Unknown` where no output says.
    spent
        The estimate, and beside it the confirmed errors of outputs that no evidence covers; its upper limit takes every
        such output for wrong. Without an estimate: what is confirmed, with no upper limit.
    at_least
        Whether `spent` is only a lower limit: confirmed errors, and no estimate.
    """

    outputs: int
    open: int
    confirmed: Confirmed
    estimated: Quantity
    caught: Quantity
    spent: Estimate
    at_least: bool

    def light(self, allowed: float) -> Light:
        """Return red if the point is above the budget, amber if the upper limit is, else green."""
        return budget_light(self.spent, allowed)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "outputs": self.outputs,
            "open_outputs": self.open,
            "confirmed": self.confirmed.to_json(),
            "estimated_escaped": self.estimated.to_json(),
            "caught": self.caught.to_json(),
            "spent": self.spent.to_json(),
            "at_least": self.at_least,
        }


@dataclass(frozen=True, slots=True)
class PartBudget:
    """A part of the budget.

    Parameters
    ----------
    name
    allowed : > 0
    columns
        With an interval that holds by itself.
    """

    name: str
    allowed: float
    columns: Columns

    @property
    def light(self) -> Light:
        """Where the part stands."""
        return self.columns.light(self.allowed)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "name": self.name,
            "allowed": self.allowed,
            "light": self.light,
            **self.columns.to_json(),
        }


@dataclass(frozen=True, slots=True)
class PastWindow:
    """A window of the past, as it was known at its end and as it is known now.

    Parameters
    ----------
    start, end
        Microseconds.
    then, now
    """

    start: int
    end: int
    then: Columns
    now: Columns

    def reopened(self, allowed: float) -> bool:
        """Return whether what came in later has changed where it stands."""
        return self.then.light(allowed) != self.now.light(allowed)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Errors from the window's start up to a moment: confirmed ones, and all of them as estimated."""

    at: int
    confirmed: float
    estimated: Quantity


@dataclass(frozen=True, slots=True)
class Budget:
    """Where the budget of a system stands in a rolling window.

    Parameters
    ----------
    question, log
    start, end
        Of the window, microseconds; `end` is not included.
    elapsed_days : > 0
        How much of the window the log covers.
    allowed
        The budget, and what it comes to in other units.
    columns
        Of the whole system.
    parts
    unallocated : >= 0
        What the parts leave of the budget.
    burn_rate
        Unit: times the allowed pace.
    days_left
        Until the budget is used up at this pace; infinite where it never is.
    alarm
    history
        Newest first.
    curve
    notes
    """

    question: BudgetQuestion
    log: SystemLog
    start: int
    end: int
    elapsed_days: float
    allowed: Allowed
    columns: Columns
    parts: tuple[PartBudget, ...]
    unallocated: float
    burn_rate: Quantity
    days_left: Quantity
    alarm: BudgetAlarm
    history: tuple[PastWindow, ...]
    curve: tuple[CurvePoint, ...]
    notes: tuple[str, ...]

    @property
    def limit(self) -> float:
        """The budget of a window."""
        return self.allowed.anchor.allowed

    @property
    def light(self) -> Light:
        """Where the whole stands."""
        return self.columns.light(self.limit)

    @property
    def versions(self) -> tuple[str, ...]:
        """Versions with outputs in the window, by their first output ever."""
        return tuple(
            one.version
            for one in self.log.versions
            if one.first < self.end and one.last >= self.start
        )

    @property
    def says_no(self) -> bool:
        """Whether the budget is used up, that of a part is, or the alarm rings."""
        return (
            self.light == "red" or any(one.light == "red" for one in self.parts) or self.alarm.rings
        )

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.log.system,
            "versions": list(self.versions),
            "from": moment_text(self.start),
            "to": moment_text(self.end),
            "window_days": self.question.per_days,
            "elapsed_days": self.elapsed_days,
            "unit": self.question.unit,
            "budget": self.allowed.to_json(),
            "light": self.light,
            "says_no": self.says_no,
            **self.columns.to_json(),
            "burn_rate": self.burn_rate.to_json(),
            "days_left": self.days_left.to_json(),
            "never_used_up": isinstance(self.days_left, Estimate)
            and math.isinf(self.days_left.value),
            "alarm": _alarm_json(self.alarm),
            "parts": [one.to_json() for one in self.parts],
            "unallocated": self.unallocated,
            "history": [self._past_json(one) for one in self.history],
            "curve": [
                {
                    "at": moment_text(one.at),
                    "confirmed": one.confirmed,
                    "estimated": one.estimated.to_json(),
                }
                for one in self.curve
            ],
            "notes": list(self.notes),
        }

    def _past_json(self, one: PastWindow) -> dict[str, object]:
        return {
            "from": moment_text(one.start),
            "to": moment_text(one.end),
            "then": one.then.to_json() | {"light": one.then.light(self.limit)},
            "now": one.now.to_json() | {"light": one.now.light(self.limit)},
            "reopened": one.reopened(self.limit),
        }


def _alarm_json(alarm: BudgetAlarm) -> dict[str, object]:
    return {
        "rings": alarm.rings,
        "rang_at": moment_text(alarm.rang_at),
        "kind": alarm.kind,
        "version": alarm.version,
        "from": moment_text(alarm.start),
        "to": moment_text(alarm.end),
        "errors": alarm.errors,
        "allowed": alarm.allowed,
        "log_e_value": alarm.log_e_value,
        "peak_log_e_value": alarm.peak,
        "false_alarm": alarm.false_alarm,
        "cycle_days": alarm.cycle_days,
        "notes": list(alarm.notes),
    }

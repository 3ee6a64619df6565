"""A budget of escaped errors as a count per rolling window: what is spent of it, how fast, and whether to sound.

It does not grow with the traffic. Confirmed, estimated and caught errors stand beside one another; what nobody knows
counts as unknown and never as nothing; labels that come late change windows that are past.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from assay.errors import BadInput
from assay.estimate.burn import burn_rate, days_left
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.budget_alarm import budget_alarm
from assay.volume.budget_allowed import allowed_by
from assay.volume.budget_confirmed import Confirmed, ConfirmedLog, caught_outputs, confirmed_log
from assay.volume.budget_estimate import WHOLE, BudgetPart, Escaped, Estimator, parts_of
from assay.volume.budget_known import LedgerKnown
from assay.volume.budget_question import BudgetQuestion, check_split
from assay.volume.budget_result import Budget, Columns, CurvePoint, PartBudget, PastWindow
from assay.volume.budget_sources import DAY, Sources, SystemLog, system_log

__all__ = ["BudgetQuestion", "measure_budget"]

CURVE_POINTS = 12
LEAST_ELAPSED = 1 / 24
"""Days: from less than an hour no pace is told."""
MOST_AGES = 5_000


def measure_budget(ledger: Ledger, question: BudgetQuestion) -> Budget:
    """Return where the budget of a system stands.

    Parameters
    ----------
    ledger
        Outputs with times; labels of draws, complete checks, people's verdicts and cases, as far as there are any.
    question

    Returns
    -------
    Budget

    Raises
    ------
    BadInput
        Where the question contradicts itself or the ledger: two systems, no times, an unknown tag, a split over the
        whole.

    Notes
    -----
    All versions of a system share its budget; the alarm alone starts anew with a version. The window ends at the newest
    output unless said otherwise: a ledger doesn't know how long ago that was.
    """
    log = system_log(ledger, question)
    end = log.last + 1 if question.at is None else question.at
    start = end - round(question.per_days * DAY)
    _check(ledger, question, log, start, end)
    view = _View(ledger, question, log)
    # Of the log that is there, and not of the whole window: a day's traffic is what a conversion is about.
    elapsed = (end - max(start, log.first)) / DAY
    outputs = view.sources.outputs(start, end)
    per_day = (
        exact(
            outputs / elapsed, "outputs/day", n=outputs, method=f"outputs over {elapsed:.3g} days"
        )
        if elapsed >= LEAST_ELAPSED
        else Unknown("the log covers less than an hour")
    )
    allowed = allowed_by(ledger, question, per_day)
    limit = allowed.anchor.allowed
    check_split(question.split, limit)
    _check_tag(view)
    columns = view.columns(start, end)
    alarm = budget_alarm(view.sources, view.confirmed, allowed=limit, at=end)
    parts = zip(question.split, parts_of(question.split, question.by), strict=True)
    return Budget(
        question=question,
        log=log,
        start=start,
        end=end,
        elapsed_days=elapsed,
        allowed=allowed,
        columns=columns,
        parts=tuple(
            PartBudget(name, share, view.columns(start, end, part)) for (name, share), part in parts
        ),
        unallocated=max(0.0, limit - math.fsum(share for _, share in question.split)),
        burn_rate=_burn(columns, limit, elapsed, question),
        days_left=_days_left(columns, limit, elapsed, question),
        alarm=alarm,
        history=tuple(_history(view, end)),
        curve=tuple(_curve(view, start, end)) if question.curve else (),
        notes=tuple(_notes(view, start, end, limit)),
    )


class _View:
    """A system as a ledger knows it: its evidence, and what people have confirmed."""

    def __init__(self, ledger: Ledger, question: BudgetQuestion, log: SystemLog) -> None:
        self.question = question
        self.log = log
        self.sources = Sources(ledger, question, log)
        self.confirmed: ConfirmedLog = confirmed_log(
            ledger, log, question, start=log.first, end=log.last + 1
        )
        self._estimator = Estimator(self.sources, question.weights)

    def escaped(self, start: int, end: int, part: BudgetPart = WHOLE) -> Escaped:
        """Return the escaped errors of a window."""
        level = self.question.confidence_level
        return self._estimator.escaped(start, end, part, confidence_level=level)

    def columns(self, start: int, end: int, part: BudgetPart = WHOLE) -> Columns:
        """Return the columns of a window or a part of it."""
        found = self.escaped(start, end, part)
        confirmed = self.confirmed.summed(start, end, part, weights=self.question.weights)
        outside = self._outside(found, start, end, part)
        return Columns(
            outputs=found.outputs,
            open=found.open,
            confirmed=confirmed,
            estimated=found.errors,
            caught=caught_outputs(self.sources.ledger, self.log, self.question, (start, end), part),
            spent=self._spent(found, confirmed, outside),
            at_least=isinstance(found.errors, Unknown),
        )

    def _outside(
        self, found: Escaped, start: int, end: int, part: BudgetPart
    ) -> tuple[float, float]:
        """Return what verdicts confirm inside, and what people confirm where no evidence covers an output.

        Complaints about covered outputs are left to the estimate: nobody drew them, and no estimate rests on them.
        """
        weights, inside, outside = self.question.weights, 0.0, 0.0
        for one in self.confirmed.within(start, end, part):
            if not found.covers(one.version, one.at):
                outside += one.weight(weights)
            elif one.by == "label":
                inside += one.weight(weights)
        return inside, outside

    def _spent(self, found: Escaped, confirmed: Confirmed, sides: tuple[float, float]) -> Estimate:
        unit = self.question.unit
        if isinstance(found.errors, Unknown):
            said = "confirmed by people, at least: nobody knows how many more escaped"
            total = confirmed.total
            count = confirmed.labels + confirmed.complaints
            return Estimate(total, total, math.inf, unit, 1.0, count, said, "proved")
        inside, outside = sides
        weights = self.question.weights
        heaviest = 1.0 if weights is None else max(weights.values())
        errors = found.errors
        # What people have confirmed did escape, whatever the draw says.
        low = max(errors.low, inside) + outside
        value = max(errors.value + outside, low)
        high = max(errors.high + max(found.open * heaviest, outside), value)
        method = f"estimated: {errors.method}"
        if outside:
            method += f"; {outside:g} confirmed among outputs that no evidence covers"
        if found.open:
            method += (
                f"; the upper limit takes {found.open:,} outputs that no evidence covers for wrong"
            )
        if inside > errors.low:
            method += "; at least what people's verdicts confirm"
        return Estimate(
            value, low, high, unit, errors.confidence_level, errors.n, method, errors.guarantee
        )


def _check(ledger: Ledger, question: BudgetQuestion, log: SystemLog, start: int, end: int) -> None:
    if question.weights is not None and question.alarm_on == "count":
        raise BadInput(
            "a check says no severity: --alarm-on count can't go with --severity-weights"
        )
    if question.judge is not None:
        rows = ledger.rows(
            "SELECT judge, count(*) AS n FROM verdicts WHERE draw_id IS NULL GROUP BY judge ORDER BY n DESC, judge"
        )
        if question.judge not in [row["judge"] for row in rows]:
            there = ", ".join(f"{row['judge']} ({row['n']:,})" for row in rows[:5]) or "none"
            raise BadInput(
                f"no output has a score by {question.judge[:80]}; there are: {there}",
                next_command=f"assay ledger info {ledger.typed}",
            )
    if end <= log.first:
        raise BadInput(
            "--at is before the first output of the system: there is nothing in the window",
            next_command=f"assay ledger info {ledger.typed}",
        )
    if start > log.last:
        raise BadInput(
            f"no output of {log.system} in the window: the newest came {(end - log.last) / DAY:.3g} days before --at",
            next_command=f"assay ledger info {ledger.typed}",
        )


def _check_tag(view: _View) -> None:
    if view.question.by is None:
        return
    for part in parts_of(view.question.split, view.question.by):
        if part.others:
            continue
        condition = f"{view.log.condition(view.log.first, view.log.last + 1)} AND {part.sql}"
        row = view.sources.ledger.rows(f"SELECT count(*) AS n FROM traces WHERE {condition}")[0]
        if not row["n"]:
            raise BadInput(
                f"no output of {view.log.system} has the tag {part.tag} = {part.name[:60]!r}",
                next_command=f"assay ledger info {view.sources.ledger.typed}",
            )


def _burn(columns: Columns, limit: float, elapsed: float, question: BudgetQuestion) -> Quantity:
    if elapsed < LEAST_ELAPSED:
        return Unknown("the log covers less than an hour: no pace is told from that")
    spent = columns.spent
    if columns.at_least and not spent.value:
        return Unknown("nobody knows how many errors escaped")
    whole = spent.low == spent.high == round(spent.value) and question.weights is None
    if whole:
        return burn_rate(
            int(spent.value), elapsed_days=elapsed, budget=limit, window_days=question.per_days,
            confidence_level=question.confidence_level,
        )  # fmt: skip
    share = question.per_days / (elapsed * limit)
    method = f"spent in {elapsed:.3g} days against the budget; of outputs that were, not of those to come"
    return spent.scaled(share, "times the allowed pace", method=f"{method}; {spent.method}")


def _days_left(
    columns: Columns, limit: float, elapsed: float, question: BudgetQuestion
) -> Quantity:
    if elapsed < LEAST_ELAPSED:
        return Unknown("the log covers less than an hour: no pace is told from that")
    spent = columns.spent
    rate = _burn(columns, limit, elapsed, question)
    if isinstance(rate, Unknown):
        return rate
    per_day = limit / question.per_days
    # Each limit of what is spent goes with its own pace: both rest on the same errors.
    ends = [
        _until(count, pace * per_day, limit, elapsed, question.per_days)
        for count, pace in (
            (spent.high, rate.high),
            (spent.value, rate.value),
            (spent.low, rate.low),
        )
    ]
    low, value, high = ends
    value = min(max(value, low), high)
    if columns.at_least and math.isinf(value):
        return Unknown("nobody knows how many errors escape beside those that people confirm")
    method = "errors so far spread evenly over the days that the log covers, and the same pace from now on; no forecast"
    return Estimate(
        value,
        low,
        high,
        "days",
        rate.confidence_level,
        rate.n,
        f"{method}; {spent.method}",
        rate.guarantee,
    )


def _until(spent: float, pace: float, limit: float, elapsed: float, window: float) -> float:
    if math.isinf(spent) or math.isinf(pace):
        return 0.0
    if spent > limit:
        return 0.0
    # So many equal pieces of what is spent leave the window one by one.
    pieces = min(MOST_AGES, math.ceil(spent))
    size = spent / pieces if pieces else 1.0
    ages = (np.arange(pieces) + 0.5) / max(pieces, 1) * elapsed
    rate = Estimate(
        pace / size, pace / size, pace / size, "errors/day", 1.0, 0, "this pace", "assumed"
    )
    return days_left(rate, budget=limit / size, window_days=window, error_ages_days=ages).value


def _history(view: _View, end: int) -> Iterator[PastWindow]:
    window = round(view.question.per_days * DAY)
    for back in range(1, view.question.history + 1):
        until = end - back * window
        if until <= view.log.first:
            return
        then = _View(LedgerKnown(view.sources.ledger, until), view.question, view.log)
        yield PastWindow(
            until - window,
            until,
            then.columns(until - window, until),
            view.columns(until - window, until),
        )


def _curve(view: _View, start: int, end: int) -> Iterator[CurvePoint]:
    begin = max(start, view.log.first)
    for place in range(1, CURVE_POINTS + 1):
        at = end if place == CURVE_POINTS else begin + (end - begin) * place // CURVE_POINTS
        confirmed = view.confirmed.summed(start, at, weights=view.question.weights)
        yield CurvePoint(at, confirmed.total, view.escaped(start, at).errors)


def _notes(view: _View, start: int, end: int, limit: float) -> Iterator[str]:
    log, question = view.log, view.question
    if log.first > start:
        covered = (end - log.first) / DAY
        yield f"the log covers {covered:.3g} of the window's {question.per_days:g} days: errors before it are not known"
    if log.origin != "field":
        yield f"these outputs are of an {log.origin}: nobody was given them, and their pace is that of asking"
    if log.set_aside:
        yield f"{log.set_aside:,} outputs of exams and probes are left out"
    if log.untimed:
        yield f"{log.untimed:,} outputs have no time: they are in no window, and their errors are unknown"
    inside = [one.version for one in log.versions if start < one.first < end]
    if inside and inside != [log.versions[0].version]:
        yield (
            f"the version changed inside the window, and the alarm started anew with each: {', '.join(inside[-5:])}; "
            "the budget goes on, all versions share it"
        )
    silent = (end - 1 - log.last) / DAY
    if silent >= 1:
        yield f"no output came in the last {silent:.3g} days of the window"
    if isinstance(caught_outputs(view.sources.ledger, log, question, (start, end)), Unknown):
        yield "no output says whether it was caught before delivery: all count as delivered"
    if limit < 1:
        yield (
            f"a budget of {limit:.3g} in {question.per_days:g} days is used up by the first error; no errors for a "
            "window don't show that it is kept"
        )
    yield from dict.fromkeys(view.sources.notes)

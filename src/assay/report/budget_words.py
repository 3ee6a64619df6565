"""A budget in words: what is spent, how many days are left, whether the alarm rings, and what nobody knows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from assay.figures import interval, number, plain, rounded_down, rounded_up
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.budget_alarm import BudgetAlarm
from assay.volume.budget_allowed import Allowed
from assay.volume.budget_result import Budget, Columns, PastWindow

MOST_TIMES = 1e6

LIGHTS = {
    "green": "GREEN: inside the budget, and so is the upper limit",
    "amber": "AMBER: not shown to be inside the budget",
    "red": "RED: above the budget",
}
KINDS = {
    "count": "all errors, counted",
    "sampled": "errors that an audit found",
    "confirmed": "confirmed errors alone",
}

KIND_WORDS = {
    "count": "stated as a count",
    "human volume": "from the people's own errors",
    "sigma": "from a sigma level at a stated volume",
    "failures per hour": "from failures per hour",
    "failures on demand": "from failures on demand",
}


def headline(budget: Budget) -> str:
    """Return where the budget stands, in a sentence."""
    days = budget.question.per_days
    spent = spent_words(budget.columns)
    rings = " The alarm rings." if budget.alarm.rings else ""
    return (
        f"{budget.log.system}: {LIGHTS[budget.light]}. {spent} of {small(budget.limit)} {budget.question.unit} "
        f"in {span_words(days)}.{rings}"
    )


def spent_words(columns: Columns) -> str:
    """Return what is spent: with limits, or `at least` where nobody knows the rest."""
    if columns.at_least:
        return f"At least {plain(columns.spent.value)}"
    return interval(columns.spent)


def span_words(days: float) -> str:
    """Return a length of time.

    Examples
    --------
    >>> span_words(30.0), span_words(1.0), span_words(0.5), span_words(1 / 24), span_words(1 / 96)
    ('30 days', '1 day', '12 hours', '1 hour', '15 minutes')
    """
    for unit, in_a_day in (("day", 1), ("hour", 24), ("minute", 1_440)):
        count = round(days * in_a_day, 6)
        if count >= 1 or unit == "minute":
            break
    return f"1 {unit}" if count == 1 else f"{count:g} {unit}s"


def sentences(budget: Budget) -> Iterator[str]:
    """Yield what else is to be said in words."""
    yield days_words(budget)
    yield pace_words(budget.burn_rate, at_least=budget.columns.at_least)
    yield alarm_words(budget.alarm)
    yield from column_words(budget)
    yield from anchor_words(budget.allowed, budget.question.per_days)
    reopened = [one for one in budget.history if one.reopened(budget.limit)]
    if reopened:
        yield (
            f"{len(reopened)} past {'window stands' if len(reopened) == 1 else 'windows stand'} otherwise now than "
            "when over: "
            "labels and complaints that came later count where the errors happened."
        )
    for one in budget.notes:
        yield one[0].upper() + one[1:] + ("" if one.endswith(".") else ".")


def days_words(budget: Budget) -> str:
    """Return in how many days the budget is used up, in plain words."""
    left = budget.days_left
    if budget.light == "red":
        return "The budget is used up."
    if isinstance(left, Unknown):
        return f"How many days are left is unknown: {left.reason}."
    if budget.columns.at_least:
        return (
            f"At the pace of the confirmed errors alone the budget is used up in {_days(left.high, up=True)}: "
            "sooner, if others escaped."
        )
    if math.isinf(left.value):
        sure = math.isinf(left.low)
        tail = "" if sure else f"; by the upper limit of the errors, {_within(left.low)}"
        return f"At this pace the budget is never used up{tail}."
    most = "never" if math.isinf(left.high) else _days(left.high, up=True)
    return (
        f"At this pace the budget is used up in {_days(left.value)}; by the limits of the errors, between "
        f"{_days(left.low)} and {most}."
    )


def pace_words(rate: Quantity, *, at_least: bool) -> str:
    """Return how fast the budget is used up."""
    if isinstance(rate, Unknown):
        return f"How fast the budget is used up is unknown: {rate.reason}."
    if rate.low > MOST_TIMES:
        return "Errors come at more than a million times the allowed pace."
    shown = f"at least {plain(rate.value)}" if at_least else interval(rate)
    return f"Errors come at {shown} times the allowed pace."


def alarm_words(alarm: BudgetAlarm) -> str:
    """Return whether the alarm rings, on what, and with what evidence."""
    odds = f"{_odds(alarm.peak)} to 1 at its highest, {_odds(alarm.log_e_value)} to 1 now"
    errors = f"{alarm.errors:,} {'error' if alarm.errors == 1 else 'errors'}"
    found = (
        f"an audit of a part of the outputs found {errors}" if alarm.kind == "sampled" else errors
    )
    base = f"On {KINDS[alarm.kind]} since {_day(alarm.start)}: {found}, all in all {small(alarm.allowed)} were allowed"
    version = f" (version {alarm.version})" if alarm.version else ""
    if alarm.rang_at is not None:
        return (
            f"The alarm has rung on {_day(alarm.rang_at)}: errors come faster than allowed. {base}{version}; evidence "
            f"{odds}, and a budget that is kept {kept_words(alarm.cycle_days)} reaches "
            f"{1 / alarm.false_alarm:g} to 1 in at most {plain(100 * alarm.false_alarm)} % of windows."
        )
    return f"The alarm is silent. {base}{version}; evidence {odds}, it takes {1 / alarm.false_alarm:g} to 1."


def kept_words(cycle_days: float) -> str:
    """Return over what time a budget must be kept, for the alarm to keep its promise."""
    if cycle_days == 0:
        return "at every moment"
    return "day by day" if cycle_days == 1 else f"in every {cycle_days:g} days"


def column_words(budget: Budget) -> Iterator[str]:
    """Yield what the columns are of, and what is open."""
    columns = budget.columns
    confirmed = columns.confirmed
    yield (
        f"Confirmed: {confirmed.labels:,} by people's verdicts, {confirmed.complaints:,} by complaints alone"
        + (
            f", {confirmed.dismissed:,} complaints of outputs that were found right left out"
            if confirmed.dismissed
            else ""
        )
        + ". The columns are not summed: confirmed errors are among the estimated ones."
    )
    if isinstance(columns.estimated, Unknown):
        yield f"Estimated: unknown: {columns.estimated.reason}. The budget may be used up without anybody knowing."
    elif columns.open:
        yield (
            f"{columns.open:,} of {columns.outputs:,} delivered outputs are in no labeled draw and under no complete "
            "check: the upper limit takes them all for wrong."
        )


def anchor_words(allowed: Allowed, days: float) -> Iterator[str]:
    """Yield what the budget is anchored to, and what it is in other units."""
    anchor = allowed.anchor
    per_output = allowed.per_output
    output = (
        f", {small(per_output.value)} an output at the traffic of now"
        if isinstance(per_output, Estimate)
        else ""
    )
    sigma = (
        f" ({plain(allowed.sigma)} sigma, one-sided)"
        if allowed.sigma is not None and allowed.sigma > 0
        else ""
    )
    levels = (
        f"; errors that stay below it keep, by number alone, {', '.join(_levels(allowed))}"
        if allowed.levels
        else ""
    )
    yield (
        f"The budget: {small(anchor.allowed)} in {span_words(days)}, {KIND_WORDS[anchor.kind]} ({anchor.source}); "
        f"{small(anchor.per_hour)} an hour{output}{sigma}{levels}. It stays as it is when the traffic grows."
    )
    if anchor.kind != "count":
        yield " ".join(anchor.assumptions)


def number_rows(budget: Budget) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers: name, number, whether in percent."""
    columns = budget.columns
    yield "estimated escaped", columns.estimated, False
    yield "caught before delivery", columns.caught, False
    if not columns.at_least:
        yield "spent", columns.spent, False
    yield "times the allowed pace", budget.burn_rate, False
    if isinstance(budget.days_left, Unknown):
        yield "days left at this pace", budget.days_left, False


def cells(columns: Columns) -> tuple[str, str, str]:
    """Return the three columns as they stand in a table: confirmed, estimated, caught."""
    confirmed = columns.confirmed
    said = f"{confirmed.labels:,} by verdicts, {confirmed.complaints:,} by complaints"
    estimated = "unknown" if isinstance(columns.estimated, Unknown) else interval(columns.estimated)
    caught = "unknown" if isinstance(columns.caught, Unknown) else interval(columns.caught)
    return said, estimated, caught


def past_words(past: PastWindow, limit: float) -> tuple[str, str, str]:
    """Return a past window: its days, how it stood at its end, and how it stands now."""
    then, now = (f"{spent_words(one)}: {one.light(limit)}" for one in (past.then, past.now))
    return f"{_day(past.start)} to {_day(past.end)}", then, now


def window_words(budget: Budget) -> str:
    """Return which window it is, and of which versions."""
    versions = ", ".join(filter(None, budget.versions[-5:]))
    of = f"; versions {versions}" if len(budget.versions) > 1 else ""
    return f"Rolling window of {span_words(budget.question.per_days)} to {_minute(budget.end)}{of}."


def _minute(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _levels(allowed: Allowed) -> list[str]:
    strictest = {one.standard: one for one in sorted(allowed.levels, key=lambda level: -level.most)}
    return [f"{one.standard} {one.level}" for one in strictest.values()]


def small(value: float) -> str:
    """Return a number of errors; of one in a million, not its noughts.

    Examples
    --------
    >>> small(900.0), small(0.00072), small(7.2e-7)
    ('900', '0.00072', '7.2e-07')
    """
    return plain(value) if value >= 1e-3 else f"{value:.2g}"


def _within(days: float) -> str:
    return "it is used up now" if days <= 0 else f"in {_days(days)}"


def _days(days: float, *, up: bool = False) -> str:
    if days >= 10:
        shown = rounded_up(days, 0) if up else rounded_down(days, 0)
    else:
        shown = rounded_up(days, 1) if up else rounded_down(days, 1)
    return f"{shown} days"


def _odds(log_e_value: float) -> str:
    if log_e_value > math.log(1e6):
        return "more than a million"
    return number(math.exp(log_e_value), 0 if log_e_value > math.log(10) else 2)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d")

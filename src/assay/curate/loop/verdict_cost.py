"""What a loop's turns cost for each error that they take out of a day, beside other levers, and whether to go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from assay.curate.loop.turn import TurnRecord
from assay.curate.loop.verdict_answers import SetAnswers
from assay.errors import BadInput
from assay.estimate.loop_forecast import (
    CheckedForecast,
    GainForecast,
    MeasuredTurn,
    StopAdvice,
    TurnCost,
    checked,
    forecast_gain,
    stop_rule,
)
from assay.estimate.loop_gain import UNJUDGED, paired_gain
from assay.quantity import Estimate, Quantity, Unknown

Against = Literal["cheaper", "dearer", "not shown"]
HORIZON_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Lever:
    """Another way to have fewer errors.

    Parameters
    ----------
    name
    cost_usd : > 0
    errors_per_day : > 0
        That it takes away.
    """

    name: str
    cost_usd: float
    errors_per_day: float

    @property
    def usd_per_error_a_day(self) -> float:
        """Its price."""
        return self.cost_usd / self.errors_per_day


def parse_lever(text: str) -> Lever:
    """Return a lever written as NAME=COST/ERRORS_PER_DAY.

    Raises
    ------
    BadInput
        If it is not, or a number is not above 0.

    Examples
    --------
    >>> parse_lever("second reviewer=400/25").usd_per_error_a_day
    16.0
    """
    name, _, numbers = text.rpartition("=")
    cost, _, errors = numbers.partition("/")
    try:
        lever = Lever(name.strip(), float(cost), float(errors))
    except ValueError:
        lever = Lever("", 0, 0)
    numbers_fit = all(0 < one < math.inf for one in (lever.cost_usd, lever.errors_per_day))
    if not lever.name or not numbers_fit:
        raise BadInput(
            f"a lever is NAME=COST/ERRORS_PER_DAY with both numbers above 0, got {text[:80]!r}",
            next_command='--lever "second reviewer=400/25"',
        )
    return lever


@dataclass(frozen=True, slots=True)
class Money:
    """What the user says of money.

    Parameters
    ----------
    usd_per_hour : >= 0
        Of the machine; None: not said.
    worth_usd : >= 0
        Of an error removed; None: not said.
    horizon_days : > 0
        How long a version serves.
    levers
    """

    usd_per_hour: float | None = None
    worth_usd: float | None = None
    horizon_days: float = HORIZON_DAYS
    levers: tuple[Lever, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnPrice:
    """What a turn took, and what it took away.

    Parameters
    ----------
    turn
    seconds
        Of the machine.
    removed_per_day
        Errors a day fewer than after the turn before.
    seconds_per_error_a_day, usd_per_error_a_day
        Its price; no upper limit where it may have taken none away.
    """

    turn: int
    seconds: Quantity
    removed_per_day: Quantity
    seconds_per_error_a_day: Quantity
    usd_per_error_a_day: Quantity

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "turn": self.turn,
            "seconds": self.seconds.to_json(),
            "removed_per_day": self.removed_per_day.to_json(),
            "seconds_per_error_a_day": self.seconds_per_error_a_day.to_json(),
            "usd_per_error_a_day": self.usd_per_error_a_day.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the next turn will bring, and at what price.

    Parameters
    ----------
    forecast
    checked
        Forecasts of turns that have been run since: of turn 2 on.
    next_removed_per_day
        Errors a day.
    next_price
        USD for each of them.
    levers
        Each with how the loop's next turn stands against it.
    stop
        None: worth or price were not said.
    """

    forecast: GainForecast
    checked: tuple[tuple[int, CheckedForecast], ...]
    next_removed_per_day: Quantity
    next_price: Quantity
    levers: tuple[tuple[Lever, Against], ...]
    stop: StopAdvice | Unknown

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "forecast": self.forecast.to_json(),
            "checked": [{"turn": turn, **one.to_json()} for turn, one in self.checked],
            "next_removed_per_day": self.next_removed_per_day.to_json(),
            "next_usd_per_error_a_day": self.next_price.to_json(),
            "levers": [
                {
                    "name": lever.name,
                    "usd_per_error_a_day": lever.usd_per_error_a_day,
                    "next_turn_is": against,
                }
                for lever, against in self.levers
            ],
            "stop": self.stop.to_json(),
        }


def turn_prices(
    records: Sequence[TurnRecord],
    held_out: SetAnswers,
    throughput_per_day: float | None,
    money: Money,
    *,
    confidence_level: float,
) -> tuple[TurnPrice, ...]:
    """Return what each turn took and took away; from the first on."""
    found = []
    for turn in range(1, len(held_out.right)):
        seconds = _seconds(records[turn]) if records else Unknown("no record says what a turn took")
        gain = paired_gain(
            held_out.right[turn - 1], held_out.right[turn], confidence_level=confidence_level
        )
        removed = _per_day(gain, throughput_per_day)
        price = _price(seconds, removed, "s per error a day removed")
        usd = _usd(price, money)
        found.append(TurnPrice(turn, seconds, removed, price, usd))
    return tuple(found)


def _per_day(gain: Quantity, throughput: float | None) -> Quantity:
    if throughput is None:
        return Unknown("no throughput was given: --per-day")
    return gain if isinstance(gain, Unknown) else gain.scaled(throughput, "errors/day removed")


def _seconds(record: TurnRecord) -> Quantity:
    """Return what a turn took; measuring is left out, since who doesn't look need not."""
    parts = [record.seconds.get(name) for name in ("generate", "verify", "train")]
    if any(part is None for part in parts) or not sum(filter(None, parts)):
        return Unknown("the record does not say what the turn took")
    total = sum(filter(None, parts))
    return Estimate(
        total,
        total,
        total,
        "s",
        1.0,
        1,
        "generate, verify and train, wall clock of this machine",
        "exact",
    )


def _price(cost: Quantity, removed: Quantity, unit: str) -> Quantity:
    """Return cost over errors a day; unlimited where none may have been removed."""
    for one in (cost, removed):
        if isinstance(one, Unknown):
            return one
    assert isinstance(cost, Estimate) and isinstance(removed, Estimate)  # noqa: PT018
    if removed.value <= 0:
        return Unknown("it removed no errors on balance")
    high = cost.value / removed.low if removed.low > 0 else math.inf
    return Estimate(
        cost.value / removed.value, cost.value / removed.high, high, unit, removed.confidence_level, removed.n,
        f"cost over ({removed.method})", removed.guarantee,
    )  # fmt: skip


def _usd(price: Quantity, money: Money) -> Quantity:
    if money.usd_per_hour is None:
        return Unknown("no price of an hour was given: --usd-per-hour")
    if isinstance(price, Unknown):
        return price
    return price.scaled(money.usd_per_hour / 3600, "USD per error a day removed")


def outlook(
    held_out: SetAnswers,
    prices: Sequence[TurnPrice],
    throughput_per_day: float | None,
    money: Money,
    *,
    confidence_level: float,
) -> Outlook:
    """Return what the next turn will bring; forecasts use the tasks that were judged in every turn."""
    turns = measured_turns(held_out)
    forecast = forecast_gain(turns, confidence_level=confidence_level)
    past = []
    for turn in range(2, len(turns)):
        made = forecast_gain(turns[:turn], confidence_level=confidence_level)
        past.append((turn, checked(made, turns[turn - 1], turns[turn])))
    removed = _per_day(forecast.next, throughput_per_day)
    last = prices[-1].seconds
    usd = _hour_price(last, money)
    price = _price(usd, removed, "USD per error a day removed")
    levers = tuple((lever, _against(price, usd, removed, lever)) for lever in money.levers)
    stop = _stop(forecast, usd, throughput_per_day, money)
    return Outlook(forecast, tuple(past), removed, price, levers, stop)


def measured_turns(held_out: SetAnswers) -> tuple[MeasuredTurn, ...]:
    """Return the turns as a forecast takes them; none where no task was judged in every turn."""
    right = held_out.right[:, (held_out.right != UNJUDGED).all(axis=0)]
    if not right.shape[1]:
        return ()
    found = [MeasuredTurn(int(right[0].sum()), right.shape[1])]
    for before, after in pairwise(right):
        gained, lost = (
            int(((before == 0) & (after == 1)).sum()),
            int(((before == 1) & (after == 0)).sum()),
        )
        found.append(MeasuredTurn(int(after.sum()), right.shape[1], gained, lost))
    return tuple(found)


def _hour_price(seconds: Quantity, money: Money) -> Quantity:
    if money.usd_per_hour is None:
        return Unknown("no price of an hour was given: --usd-per-hour")
    return (
        seconds
        if isinstance(seconds, Unknown)
        else seconds.scaled(money.usd_per_hour / 3600, "USD")
    )


def _against(price: Quantity, cost: Quantity, removed: Quantity, lever: Lever) -> Against:
    """Say whether the next turn removes an error a day more cheaply; a turn that removes none is dearer than any."""
    if isinstance(cost, Estimate) and isinstance(removed, Estimate) and removed.high <= 0:
        return "dearer"
    if isinstance(price, Unknown):
        return "not shown"
    if price.high < lever.usd_per_error_a_day:
        return "cheaper"
    return "dearer" if price.low > lever.usd_per_error_a_day else "not shown"


def _stop(
    forecast: GainForecast, usd: Quantity, throughput: float | None, money: Money
) -> StopAdvice | Unknown:
    if money.worth_usd is None:
        return Unknown("what an error removed is worth was not given: --worth")
    if throughput is None:
        return Unknown("no throughput was given: --per-day")
    if isinstance(usd, Unknown):
        return usd
    return stop_rule(
        forecast,
        cost=TurnCost(usd=usd.value),
        worth_usd_per_error=money.worth_usd,
        throughput_per_day=throughput,
        horizon_days=money.horizon_days,
    )

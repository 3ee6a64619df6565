"""What a run of a model judge shows of the judge itself: does it repeat, does order turn it, do canaries pass."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from assay.ask.pool import PoolReport
from assay.estimate import clopper_pearson
from assay.judge.canary import Canary
from assay.judge.judge_reply import Reading
from assay.quantity import Estimate, Quantity, Unknown

LEAST_CANARY_ACCURACY = 0.9
LEAST_RESISTANCE = 0.9
"""Below these the report raises the alarm. They are limits of this house, not of any standard."""


@dataclass(frozen=True, slots=True)
class JudgeChecks:
    """What the run shows of the judge.

    Parameters
    ----------
    repeat_flips, order_flips
        Share of traces on which repeats in one order, or the two orders, come down on different sides.
    canary_accuracy
        Share of planted answers of known verdict, of those it gave a verdict on, that it judged as known.
    injection_resistance
        Share of wrong answers with an injected text, of those it gave a verdict on, that it did not call right.
    turned
        Of the wrong canaries that it called wrong: the share that it called right once the text stood after them.
    canaries
        Exact counts: planted "right", "wrong", "injected" -> sent, right verdicts, wrong verdicts, abstentions.
    alarms
        What is below its limit, in words.
    """

    repeat_flips: Quantity
    order_flips: Quantity
    canary_accuracy: Quantity
    injection_resistance: Quantity
    turned: Quantity
    canaries: dict[str, dict[str, int]]
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelJudgeReport:
    """What a run did.

    Parameters
    ----------
    judge
        The judge's full name.
    judged, abstained
        Traces with a verdict now; those of them without a probability.
    already, without, too_long
        Traces in scope that had one before; that lack what the rubric requires; that are longer than is sent.
    failed, left
        Traces that got no reply after all tries; that were not begun when money or user stopped the run.
    first_failure
        What the first failed one met; empty where none did.
    faults
        Why readings abstained -> how many readings.
    readings, readings_without_logprobs, readings_elsewhere
        Readings of traces in all; asked for log-probabilities in vain; most mass on neither word.
    checks
        What is shown of the judge itself.
    canary_usd
        What the canaries cost, of all that was spent; None where a cost is unknown.
    pool
        Requests, tokens, money, time.
    """

    judge: str
    judged: int
    abstained: int
    already: int
    without: int
    too_long: int
    failed: int
    left: int
    first_failure: str
    faults: dict[str, int]
    readings: int
    readings_without_logprobs: int
    readings_elsewhere: int
    checks: JudgeChecks
    canary_usd: float | None
    pool: PoolReport

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        plain = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("checks", "pool")
        }
        shown = {
            name: getattr(self.checks, name).to_json()
            for name in (
                "repeat_flips",
                "order_flips",
                "canary_accuracy",
                "injection_resistance",
                "turned",
            )
        }
        pool = asdict(self.pool)
        pool["left"] = len(self.pool.left)
        if 0 < self.pool.requests == self.pool.cost_unknown:
            pool["spent_usd"] = None
        return {
            **plain,
            **shown,
            "canaries": self.checks.canaries,
            "alarms": list(self.checks.alarms),
            "requests": pool,
        }


@dataclass(slots=True)
class Tally:
    """Counts that grow with each judged answer."""

    judged: int = 0
    abstained: int = 0
    failed: int = 0
    first_failure: str = ""
    readings: int = 0
    without_logprobs: int = 0
    elsewhere: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    repeat_flips: list[bool] = field(default_factory=list)
    order_flips: list[bool] = field(default_factory=list)
    planted: list[tuple[Canary, float | None]] = field(default_factory=list)
    canary_usd: float | None = 0.0

    def read(self, readings: Sequence[Reading], *, logprobs: bool) -> None:
        """Count the readings of one trace."""
        self.judged += 1
        self.readings += len(readings)
        spoke = [reading for reading in readings if reading.error_probability is not None]
        self.abstained += not spoke
        self.faults.update(_why(one) for one in readings if one.error_probability is None)
        given = [one for one in readings if one.said.verdict is not None]
        self.without_logprobs += sum(logprobs and one.mass is None for one in given)
        self.elsewhere += sum(
            one.error_probability is None and one.mass is not None for one in given
        )
        sides = [_sides(spoke, order) for order in (0, 1)]
        repeated = [side for side in sides if len(side) > 1]
        if repeated:
            self.repeat_flips.append(any(len(set(side)) > 1 for side in repeated))
        if all(sides):
            means = [_mean(spoke, order) > 0.5 for order in (0, 1)]
            self.order_flips.append(means[0] != means[1])


def checks(tally: Tally, *, repeats: int, both_orders: bool, canary_share: float) -> JudgeChecks:
    """Return what the counts show of the judge."""
    counts = {
        kind: _counts([p for canary, p in tally.planted if canary.planted == kind])
        for kind in ("right", "wrong", "injected")
    }
    right, wrong, injected = counts["right"], counts["wrong"], counts["injected"]
    why = "no canaries were asked for" if canary_share <= 0 else "no canary got a verdict"
    accuracy = _share(
        right["as_right"] + wrong["as_wrong"],
        sum(one["as_right"] + one["as_wrong"] for one in (right, wrong)),
        "judged as known / canary judged",
        why,
    )
    resistance = _share(
        injected["as_wrong"],
        injected["as_wrong"] + injected["as_right"],
        "not called right / injected answer judged",
        why,
    )
    return JudgeChecks(
        _flips(tally.repeat_flips, repeats > 1, "one reading in each order shows nothing of that"),
        _flips(tally.order_flips, both_orders, "it was read in one order only"),
        accuracy,
        resistance,
        _turned(tally.planted, why),
        counts,
        tuple(_alarms(accuracy, resistance)),
    )


def _alarms(accuracy: Quantity, resistance: Quantity) -> list[str]:
    limits = (
        (accuracy, LEAST_CANARY_ACCURACY, "judges answers of known verdict as known"),
        (resistance, LEAST_RESISTANCE, "holds against injected text"),
    )
    return [
        f"the judge {does} in {found.value * found.n:.0f} of {found.n}: under {limit:.0%}"
        for found, limit, does in limits
        if isinstance(found, Estimate) and found.value < limit
    ]


def _turned(planted: Sequence[tuple[Canary, float | None]], why: str) -> Quantity:
    plain = {canary.number: p for canary, p in planted if canary.planted == "wrong"}
    pairs = [
        p <= 0.5
        for canary, p in planted
        if canary.planted == "injected"
        and p is not None
        and (plain.get(canary.number) or 0.0) > 0.5
    ]
    return _share(
        sum(pairs),
        len(pairs),
        "called right with the text / called wrong without it",
        "no wrong canary was called wrong" if planted else why,
    )


def _flips(found: Sequence[bool], asked: bool, why_not: str) -> Quantity:
    if not asked:
        return Unknown(why_not)
    return _share(sum(found), len(found), "flipped / trace read twice", "no trace has two readings")


def _share(count: int, n: int, unit: str, why_not: str) -> Quantity:
    if n == 0:
        return Unknown(why_not)
    low, high = clopper_pearson(count, n)
    # Canaries share tasks and texts, and traces are those of this ledger: that they are independent is assumed.
    method = "Clopper-Pearson, taken as independent tries"
    return Estimate(count / n, low, high, unit, 0.95, n, method, "assumed")


def _counts(found: Sequence[float | None]) -> dict[str, int]:
    spoke = [p for p in found if p is not None]
    as_wrong = sum(p > 0.5 for p in spoke)
    return {
        "sent": len(found),
        "as_right": len(spoke) - as_wrong,
        "as_wrong": as_wrong,
        "abstained": len(found) - len(spoke),
    }


def _sides(spoke: Sequence[Reading], order: int) -> list[bool]:
    return [(one.error_probability or 0.0) > 0.5 for one in spoke if one.order == order]


def _mean(spoke: Sequence[Reading], order: int) -> float:
    found = [one.error_probability or 0.0 for one in spoke if one.order == order]
    return math.fsum(found) / len(found)


def _why(reading: Reading) -> str:
    if reading.said.fault:
        return reading.said.fault
    return "unsure" if reading.said.verdict == "unsure" else "most probability on neither word"

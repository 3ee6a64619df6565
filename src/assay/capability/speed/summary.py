"""What a load test says, as far as it can be said: counts, answers a second, tails, and whether the queue grew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.capability.speed.run import PerfRun
from assay.capability.speed.tails import CONFIDENCE_LEVEL, saturated, tail_limits
from assay.quantity import Estimate, Quantity, Unknown


@dataclass(frozen=True, slots=True)
class SpeedSummary:
    """A load test in figures.

    Parameters
    ----------
    run
        The load test.
    answers_per_second, tokens_per_second
        Counted in this test: exact for it, and no forecast of another.
    tails
        Share of requests -> upper limit of their latency.
    saturated
        None where it can't be told.
    """

    run: PerfRun
    answers_per_second: Quantity
    tokens_per_second: Quantity
    tails: Mapping[float, Quantity]
    saturated: bool | None

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        run = self.run
        return {
            "tool": run.tool,
            "system": run.system or None,
            "arrivals": run.arrivals or None,
            "answered": run.answered,
            "failed": run.failed,
            "cut_off": run.cut_off,
            "duration_seconds": run.duration_seconds,
            "answers_per_second": self.answers_per_second.to_json(),
            "tokens_per_second": self.tokens_per_second.to_json(),
            "latency_limits": {
                f"p{100 * level:g}": limit.to_json() for level, limit in self.tails.items()
            },
            "latency_limits_stated_seconds": {
                f"p{100 * level:g}": limit for level, limit in run.tail_limits_seconds.items()
            },
            "saturated": self.saturated,
            "facts": dict(run.facts),
        }


def summarise(run: PerfRun, *, confidence_level: float = CONFIDENCE_LEVEL) -> SpeedSummary:
    """Return a load test in figures; what the file doesn't hold is unknown."""
    tokens = [one.output_tokens for one in run.requests if one.outcome == "answered"]
    total = None if not tokens or None in tokens else sum(one or 0 for one in tokens)
    return SpeedSummary(
        run=run,
        answers_per_second=_per_second(run.answered, run, "answers"),
        tokens_per_second=_per_second(total, run, "output tokens"),
        tails=tail_limits(run, confidence_level=confidence_level),
        saturated=saturated(run),
    )


def _per_second(count: int | None, run: PerfRun, what: str) -> Quantity:
    if count is None:
        return Unknown(f"the file doesn't say how many {what} there were")
    if not run.duration_seconds:
        return Unknown("the file doesn't say how long the load test took")
    rate = count / run.duration_seconds
    method = f"{count:,} {what} counted in {run.duration_seconds:g} s; holds for this load test"
    return Estimate(rate, rate, rate, f"{what}/s", 1.0, run.answered or 0, method, "exact")

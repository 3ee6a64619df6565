"""The audited errors of complete draws in the order in which the outputs came, each with its chance of being drawn.

A draw takes n of the N outputs of a stratum. In the order of time that is a draw without replacement, item by item: an
output is taken with the chance (n - taken before) / (N - passed before), whatever it is. That chance, and not n / N, is
what a bet on the next output has to be made with, for then each bet is fair given all before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.ledger.draws import cells
from assay.volume.budget_sources import DAY, DrawSource, Sources, Stretch
from assay.volume.caught import is_caught
from assay.volume.evidence import LabeledTrace
from assay.volume.severity import Weights

STEPS = 30
"""Into so many steps a window is cut: the chance is that at a step's beginning."""


@dataclass(frozen=True, slots=True)
class AuditedStep:
    """Errors that were found at one moment, and what each stands for: severity / chance of being drawn."""

    at: int
    weights: tuple[float, ...]


def is_complete(draw: DrawSource) -> bool:
    """Return whether a draw is labeled to its end, as it was planned at once.

    Where labeling stopped, or went on, for what had been found, labels are no draw without replacement.
    """
    sample = draw.sample
    whole = all(
        count.labeled == s.planned
        for count, s in zip(sample.strata, sample.draw.strata, strict=True)
    )
    return whole and sample.draw.in_one_list and sample.draw.at_most is None


def audited_steps(
    sources: Sources, usable: Sequence[Stretch], weights: Weights | None, *, start: int, end: int
) -> list[AuditedStep]:
    """Return what the draws found from a moment on and before another.

    Parameters
    ----------
    sources
    usable
        Stretches with a complete draw each: an output is in one of them at most.
    weights
        What an error of each severity counts as; one of unknown severity as little as the lightest.
    start, end
        Microseconds.

    Notes
    -----
    Within a step the chance is that at its beginning. The outputs of a step are then a draw without replacement from
    what is left: whether two of them are taken is negatively associated, and the expected product of the bets is at
    most that of independent ones (Joag-Dev and Proschan, Annals of Statistics 11, 1983, doi:10.1214/aos/1176346079).
    """
    step = max(1, round(sources.question.per_days * DAY / STEPS))
    found: list[AuditedStep] = []
    for draw in dict.fromkeys(one.source for one in usable if isinstance(one.source, DrawSource)):
        own = [(one.start, one.end) for one in usable if one.source is draw]
        chances = _chances(draw, step, start)
        if chances is None:
            continue
        for trace in draw.sample.labeled:
            at = draw.times.get(trace.trace_id)
            if at is None or not any(low <= at < high for low, high in own):
                continue
            if trace.wrong != 1 or is_caught(trace.tags, sources.question.caught_tag):
                continue
            chance = chances[trace.stratum].get((at - start) // step, 0.0)
            if chance > 0:
                # Settled at the step's end, when all of it has been seen: a bet on the step, not on its beginning.
                moment = min(end, start + ((at - start) // step + 1) * step)
                found.append(AuditedStep(moment, (_weight(draw, trace, weights) / chance,)))
    return found


def likely_chance(usable: Sequence[Stretch]) -> float:
    """Return the chance with which an error was mostly drawn, as far as it was known before the first label."""
    taken = errors = 0.0
    for draw in {id(one.source): one.source for one in usable}.values():
        assert isinstance(draw, DrawSource)
        for stratum in draw.sample.draw.strata:
            rate = stratum.anticipated_error_rate
            expected = stratum.size * (1.0 if rate is None else max(rate, 1e-9))
            errors += expected
            taken += expected * stratum.planned / stratum.size
    return taken / errors if errors else 1.0


def _chances(draw: DrawSource, step: int, start: int) -> list[dict[int, float]] | None:
    """Return for each stratum and each step the chance of an output at its beginning; None if the frame is lost."""
    # Counted from far back, so that dividing whole numbers never rounds towards nought from below.
    offset = max(0, (start - draw.start) // step + 1) if draw.start < start else 0
    origin = start - offset * step
    expression = f"CAST((CAST(traces.at AS BIGINT) - {origin}) / {step} AS VARCHAR)"
    sizes = cells(draw.ledger, draw.sample.draw, expression)
    if sizes is None:
        return None
    drawn: dict[tuple[int, int | None], int] = {}
    for trace in draw.sample.labeled:
        at = draw.times.get(trace.trace_id)
        key = (trace.stratum, None if at is None else (at - origin) // step)
        drawn[key] = drawn.get(key, 0) + 1
    by_step = {None if place is None else int(place): counts for place, counts in sizes.items()}
    order = sorted(by_step, key=_first_unknown)
    chances: list[dict[int, float]] = []
    for stratum in range(len(draw.sample.strata)):
        outputs = [by_step[place][stratum] for place in order]
        taken = [drawn.get((stratum, place), 0) for place in order]
        own = zip(order, chances_in_order(outputs, taken), strict=True)
        chances.append({place - offset: chance for place, chance in own if place is not None})
    return chances


def chances_in_order(outputs: Sequence[int], taken: Sequence[int]) -> list[float]:
    """Return, of a draw without replacement passed through in order, the chance of an output at each step's beginning.

    Parameters
    ----------
    outputs, taken : >= 0
        Of each step: outputs, and those of them that the draw took.

    Examples
    --------
    >>> chances_in_order([4, 4, 2], [1, 2, 0])
    [0.3, 0.3333333333333333, 0.0]
    """
    left, to_take = sum(outputs), sum(taken)
    chances = []
    for passed, took in zip(outputs, taken, strict=True):
        chances.append(to_take / left if left else 0.0)
        left -= passed
        to_take -= took
    return chances


def _first_unknown(place: int | None) -> tuple[bool, int]:
    return (place is not None, place or 0)


def _weight(draw: DrawSource, trace: LabeledTrace, weights: Weights | None) -> float:
    if weights is None:
        return 1.0
    severity = draw.severities.get(trace.trace_id)
    return min(weights.values()) if severity is None else weights[severity]

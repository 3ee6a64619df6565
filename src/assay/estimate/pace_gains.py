"""What would help: the pace, computed again with one thing better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from assay.estimate.pace import Pace, ReviewFlow, ReviewTeam, sustainable_pace
from assay.quantity import Estimate


@dataclass(frozen=True, slots=True)
class Gain:
    """One thing better, and the pace that comes of it.

    Parameters
    ----------
    change
        In words, with its figure.
    pace
        With the change made.
    gained : >= 1, or below
        Times the pace to keep. Below 1 where it harms: a judge that flags more may cost more than it saves.
    """

    change: str
    pace: Pace
    gained: float


PaceOf = Callable[[ReviewFlow, ReviewTeam], Pace]
"""The pace of a flow and a team: `sustainable_pace`, or the best along a curve."""


def pace_gains(
    flow: ReviewFlow,
    team: ReviewTeam,
    *,
    budget_per_hour: float | None = None,
    demand_per_hour: float | None = None,
) -> tuple[Gain, ...]:
    """Return what each of six changes would bring, the greatest gain first.

    Parameters
    ----------
    flow, team, budget_per_hour, demand_per_hour
        As of `assay.estimate.pace.sustainable_pace`.

    Returns
    -------
    tuple of Gain
        Half the errors of the model; half the judge's misses; half its false alarms; one reviewer more; half the time
        to check; half the time to fix. Only one at a time: where both limits are near each other, none alone brings
        much, and that is the finding.

    Raises
    ------
    EstimateError
        As `sustainable_pace`.

    Notes
    -----
    Computed, with the same formula, at the pace to keep. The judge's threshold stays where it is: a better one may want
    another threshold, see `assay.estimate.pace_curve.best_threshold`. Nothing is said of what a change costs.

    Examples
    --------
    >>> from assay.estimate.pace import assumed_flow
    >>> flow = assumed_flow(0.01, recall=0.9, false_alarm_rate=0.0414)
    >>> gains = pace_gains(flow, ReviewTeam(1, 0.2, 1.0), budget_per_hour=0.1)
    >>> [(gain.change, round(gain.gained, 2)) for gain in gains[:2]]
    [('one reviewer more', 2.0), ('half the errors of the model', 1.39)]
    """

    def at(f: ReviewFlow, t: ReviewTeam) -> Pace:
        return sustainable_pace(
            f, t, budget_per_hour=budget_per_hour, demand_per_hour=demand_per_hour
        )

    return gains_of(flow, team, at)


def gains_of(flow: ReviewFlow, team: ReviewTeam, pace_of: PaceOf) -> tuple[Gain, ...]:
    """Return what each change would bring, where the pace is computed in a way of one's own."""
    before = pace_of(flow, team).affordable_per_hour
    gains = []
    for change, better, team_then in _changes(flow, team):
        then = pace_of(better, team_then)
        after = then.affordable_per_hour
        # From no pace at all any pace is without measure more; from none to none nothing is gained.
        gained = after / before if before > 0 else (float("inf") if after > 0 else 1.0)
        gains.append(Gain(change, then, gained))
    return tuple(sorted(gains, key=lambda gain: -gain.gained))


def _changes(flow: ReviewFlow, team: ReviewTeam) -> Iterator[tuple[str, ReviewFlow, ReviewTeam]]:
    yield (
        "half the errors of the model",
        replace(flow, error_rate=_halved(flow.error_rate)),
        team,
    )
    yield "half the misses of the judge", replace(flow, recall=_half_missed(flow.recall)), team
    yield (
        "half the false alarms of the judge",
        replace(flow, false_alarm_rate=_halved(flow.false_alarm_rate)),
        team,
    )
    yield "one reviewer more", flow, replace(team, reviewers=team.reviewers + 1)
    yield "half the time to check", flow, replace(team, check_hours=team.check_hours / 2)
    yield "half the time to fix", flow, replace(team, fix_hours=team.fix_hours / 2)


def _halved(share: Estimate) -> Estimate:
    return share.scaled(0.5, share.unit, method=f"half of ({share.method})")


def _half_missed(share: Estimate) -> Estimate:
    return replace(
        share,
        value=(1 + share.value) / 2,
        low=(1 + share.low) / 2,
        high=(1 + share.high) / 2,
        method=f"half the misses of ({share.method})",
    )

"""What each turn of a loop gained, on the same tasks, and whether the loop is virtuous, flat or collapsing.

People look after every turn and stop when they like what they see. So each look has a level of its own, and all looks
together, however many, miss with at most ``1 - confidence_level``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.interval import missing_chance
from assay.estimate.loop_gain_mean import mean_gain
from assay.quantity import Estimate, Quantity, Unknown

SmallArray = npt.NDArray[np.int8]
FloatArray = npt.NDArray[np.float64]

LoopVerdict = Literal["virtuous", "flat", "collapsing", "undecided"]
UNJUDGED = -1
MARGIN = 0.05
"""Gain or loss of the share of right answers below which a loop is called flat, where the user names no other."""

GAIN_UNIT = "gain in right answers/task"


def look_level(confidence_level: float, look: int) -> float:
    """Return the level of the look after a turn, for all looks to hold together.

    Parameters
    ----------
    confidence_level : in (0, 1)
    look : >= 1
        1 after the first turn.

    Notes
    -----
    The look after turn t may miss with ``miss / (t (t + 1))``; these sum to ``miss`` over any number of turns, so that
    nobody needs to say beforehand how many there will be.

    Examples
    --------
    >>> round(look_level(0.95, 1), 4), round(look_level(0.95, 4), 4)
    (0.975, 0.9975)
    """
    if look < 1:
        raise EstimateError(f"a look must be at least 1, got {look}")
    return 1 - missing_chance(confidence_level) / (look * (look + 1))


@dataclass(frozen=True, slots=True)
class TurnGain:
    """What a turn did.

    Parameters
    ----------
    turn : >= 1
    pairs
        Tasks that were judged after this turn and at turn 0.
    unjudged
        Tasks that were not, one time or both. They count the worse way for either limit.
    from_last
        Share right after this turn less that after the turn before.
    from_start
        The same against turn 0, at the level asked for: for one who looks at this turn only.
    at_look
        The same at `look_level`: for one who has looked after every turn.
    verdict
        By `at_look`.
    """

    turn: int
    pairs: int
    unjudged: int
    from_last: Quantity
    from_start: Quantity
    at_look: Quantity
    verdict: LoopVerdict

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "turn": self.turn,
            "pairs": self.pairs,
            "unjudged": self.unjudged,
            "from_last": self.from_last.to_json(),
            "from_start": self.from_start.to_json(),
            "at_look": self.at_look.to_json(),
            "verdict": self.verdict,
        }


def paired_gain(old: SmallArray, new: SmallArray, *, confidence_level: float = 0.95) -> Quantity:
    """Return the share of right answers that is new less the one that is old, on the same tasks.

    Parameters
    ----------
    old, new : shape (n_tasks,), 1 right, 0 wrong, -1 nobody has said
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        See `assay.estimate.loop_gain_mean.mean_gain`. `Unknown` where no task was judged both times.

    Examples
    --------
    >>> old = np.array([1] * 40 + [0] * 60, dtype=np.int8)
    >>> new = np.array([1] * 70 + [0] * 30, dtype=np.int8)
    >>> gain = paired_gain(old, new)
    >>> round(gain.value, 2), round(gain.low, 1)
    (0.3, 0.2)
    """
    if old.shape != new.shape:
        raise EstimateError(
            f"both must be answers to the same tasks, got {old.shape} and {new.shape}"
        )
    least = np.where(new == UNJUDGED, 0, new) - np.where(old == UNJUDGED, 1, old)
    most = np.where(new == UNJUDGED, 1, new) - np.where(old == UNJUDGED, 0, old)
    return mean_gain(
        least.astype(np.float64),
        most=most.astype(np.float64),
        unit=GAIN_UNIT,
        confidence_level=confidence_level,
    )


def verdict_of(gain: Quantity, margin: float = MARGIN) -> LoopVerdict:
    """Return what a gain over all turns says.

    Parameters
    ----------
    gain
        Share right now less that at turn 0.
    margin : in (0, 1)
        For "flat": the whole interval must lie within it.

    Returns
    -------
    LoopVerdict
        "virtuous": above nought. "collapsing": below nought. "flat": neither is shown, and more than the margin
        is ruled out either way. "undecided": not even that.
    """
    if not 0 < margin < 1:
        raise EstimateError(f"the margin must be in (0, 1), got {margin}")
    if isinstance(gain, Unknown):
        return "undecided"
    if gain.low > 0:
        return "virtuous"
    if gain.high < 0:
        return "collapsing"
    return "flat" if -margin < gain.low and gain.high < margin else "undecided"


def turn_gains(
    right: SmallArray, *, margin: float = MARGIN, confidence_level: float = 0.95
) -> tuple[TurnGain, ...]:
    """Return what each turn did, from the first on.

    Parameters
    ----------
    right : shape (n_turns + 1, n_tasks), 1 right, 0 wrong, -1 nobody has said
        Row 0: before the first turn.
    margin, confidence_level
        As `verdict_of`; of all looks together.

    Raises
    ------
    EstimateError
        If there is no turn after turn 0.
    """
    if right.ndim != 2 or len(right) < 2:
        raise EstimateError("a gain needs two turns at least: one before, and one after")
    found = []
    for turn in range(1, len(right)):
        level = look_level(confidence_level, turn)
        at_look = paired_gain(right[0], right[turn], confidence_level=level)
        pairs = int(np.sum((right[0] != UNJUDGED) & (right[turn] != UNJUDGED)))
        found.append(
            TurnGain(
                turn,
                pairs,
                right.shape[1] - pairs,
                paired_gain(right[turn - 1], right[turn], confidence_level=confidence_level),
                paired_gain(right[0], right[turn], confidence_level=confidence_level),
                at_look,
                verdict_of(at_look, margin),
            )
        )
    return tuple(found)


def earliest_turn(gains: tuple[TurnGain, ...]) -> int | None:
    """Return the first turn whose look already said what the last one says; None where that is still undecided.

    A look that said the contrary in between begins the count anew.
    """
    verdict = gains[-1].verdict
    if verdict == "undecided":
        return None
    first = None
    for gain in gains:
        if gain.verdict == verdict:
            first = gain.turn if first is None else first
        elif gain.verdict != "undecided":
            first = None
    return first


@dataclass(frozen=True, slots=True)
class PastBest:
    """A turn before the last one that was better.

    Parameters
    ----------
    turn
        The better one.
    loss
        What has been lost since, as a gain below nought, at a level that covers the choice of that turn.
    """

    turn: int
    loss: Estimate


def past_best(right: SmallArray, *, confidence_level: float = 0.95) -> PastBest | None:
    """Return the turn since which the loop is shown to have fallen; None where none is.

    Notes
    -----
    After turn t there are t - 1 turns between that and turn 0; each comparison may miss with an equal share of the
    look's chance.
    """
    last = len(right) - 1
    found: list[PastBest] = []
    for turn in range(1, last):
        level = 1 - (1 - look_level(confidence_level, last)) / (last - 1)
        change = paired_gain(right[turn], right[last], confidence_level=level)
        if isinstance(change, Estimate) and change.high < 0:
            found.append(PastBest(turn, change))
    return min(found, key=lambda one: one.loss.high, default=None)


def share_right(right: SmallArray, *, confidence_level: float = 0.95) -> Quantity:
    """Return the share of right answers; those that nobody has judged count the worse way for either limit."""
    return _share(right, 1, "right answers/task", confidence_level)


def errors_per_day(
    right: SmallArray, throughput_per_day: float, *, confidence_level: float = 0.95
) -> Quantity:
    """Return the error volume at a throughput that is taken as known.

    Parameters
    ----------
    right : shape (n_tasks,), 1 right, 0 wrong, -1 nobody has said
    throughput_per_day : > 0
    confidence_level : in (0, 1)
    """
    if not throughput_per_day > 0:
        raise EstimateError(f"a throughput must be above 0, got {throughput_per_day}")
    share = _share(right, 0, "errors/task", confidence_level)
    if isinstance(share, Unknown):
        return share
    return share.scaled(throughput_per_day, "errors/day")


def _share(right: SmallArray, what: int, unit: str, level: float) -> Quantity:
    hits, unknown, n = (int(np.sum(right == value)) for value in (what, UNJUDGED, 1 - what))
    known = hits + n
    if known == 0:
        return Unknown("no task was judged")
    total = known + unknown
    low = clopper_pearson(hits, total, confidence_level=level).low
    high = clopper_pearson(hits + unknown, total, confidence_level=level).high
    said = "Clopper-Pearson"
    method = f"{said}; {unknown:,} tasks nobody judged count either way" if unknown else said
    return Estimate(hits / known, low, high, unit, level, known, method, "proved")

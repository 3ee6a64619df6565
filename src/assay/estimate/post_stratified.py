"""A score at another mix: what an exam would give if its tasks were mixed as the work is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks
from assay.estimate.interval import missing_chance
from assay.estimate.likelihood import likelihood_limits
from assay.quantity import Estimate, Guarantee, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

UNIT = "share right"
SCALE = 10_000_000
"""Tasks that the mix is spread over: so many that those answered are no part of it worth speaking of."""

_CELLS_ENUMERATED = 3


@dataclass(frozen=True, slots=True)
class MixCell:
    """One kind of task: how much of the work it is, and the scores on tasks of it.

    Parameters
    ----------
    name
        For messages.
    weight : >= 0
        Outputs of the work that are of this kind.
    scores : shape (n,), in [0, 1]
        One a task: share of the tries that are right.

    Raises
    ------
    EstimateError
        If a weight is negative or a score not in [0, 1].
    """

    name: str
    weight: float
    scores: FloatArray

    def __post_init__(self) -> None:
        if not self.weight >= 0:
            raise EstimateError(f"a weight must not be negative: {self.name!r} has {self.weight}")
        if not ((self.scores >= 0) & (self.scores <= 1)).all():
            raise EstimateError(f"scores must be in [0, 1]: cell {self.name!r}")


def score_at_mix(
    cells: Sequence[MixCell], *, confidence_level: float = 0.95, two_valued: bool = False
) -> Quantity:
    """Return the score that the tasks would give, were they mixed as the weights are.

    Parameters
    ----------
    cells
        They part the work; kinds that the work does not have (weight 0) are left out.
    confidence_level : in (0, 1)
    two_valued
        Whether each score could only be 0 or 1, by the design.

    Returns
    -------
    Estimate or Unknown
        Unit: share right. `Unknown` where no kind of the work has a task.

    Raises
    ------
    EstimateError
        If no weight is above 0.

    Notes
    -----
    ``sum_h W_h mean_h``. Scores that are 0 or 1: profile likelihood of the strata
    (`assay.estimate.likelihood.likelihood_limits`), up to three kinds "enumerated", more "simulated". Others: a bounded
    mean of each kind at ``1 - miss / H`` (Bonferroni): proved, and wider with many kinds. A kind of work without a task
    adds [0, W_h] to the interval, and the mean of the others to the point. The weights are taken as they are counted in
    the log. Assumes that within a kind the tasks are a random sample of what is asked in work: then the mix is all that
    differs. It fails where the kinds are too coarse for that.

    References
    ----------
    .. [1] Holt, Smith, "Post stratification", JRSS A 142 (1979), doi:10.2307/2344652.

    Examples
    --------
    >>> easy = MixCell("easy", 100, np.repeat([0.0, 1.0], [5, 95]))
    >>> hard = MixCell("hard", 900, np.repeat([0.0, 1.0], [50, 50]))
    >>> found = score_at_mix([easy, hard], two_valued=True)
    >>> round(found.value, 3), round(found.low, 2), round(found.high, 2)
    (0.545, 0.45, 0.64)
    """
    miss = missing_chance(confidence_level)
    cells = [cell for cell in cells if cell.weight > 0]
    total = sum(cell.weight for cell in cells)
    if total <= 0:
        raise EstimateError("a mix needs one weight above 0")
    answered = [cell for cell in cells if cell.scores.size]
    if not answered:
        return Unknown("no kind of task that the work has is in it")
    bare = sum(cell.weight for cell in cells if not cell.scores.size) / total
    share = 1.0 - bare
    value = sum(cell.weight * float(cell.scores.mean()) for cell in answered) / (total * share)
    guarantee: Guarantee = "proved"
    if len(answered) == 1:
        low, high = _means(answered, total, confidence_level, two_valued=two_valued)
        method = "one kind of task"
    elif two_valued:
        low, high = _likelihood(answered, total, miss)
        method = f"stratified profile likelihood, {len(answered)} kinds of task"
        guarantee = "enumerated" if len(answered) <= _CELLS_ENUMERATED else "simulated"
    else:
        each = round(1 - miss / len(answered), 15)
        low, high = _means(answered, total, each, two_valued=False)
        method = f"bounded means of {len(answered)} kinds of task (Bonferroni)"
    if bare:
        method += f"; {bare:.1%} of the work is of kinds without a task, bounded both ways"
    high = min(high + bare, 1.0)
    return Estimate(
        min(max(value, low), high), low, high, UNIT, confidence_level,
        sum(cell.scores.size for cell in answered), f"at the mix of the work: {method}", guarantee,
    )  # fmt: skip


def _means(
    cells: Sequence[MixCell], total: float, level: float, *, two_valued: bool
) -> tuple[float, float]:
    low = high = 0.0
    for cell in cells:
        mean = mean_of_tasks(cell.scores, confidence_level=level, two_valued=two_valued)
        assert isinstance(mean, Estimate)
        low += cell.weight / total * mean.low
        high += cell.weight / total * mean.high
    return low, high


def _likelihood(cells: Sequence[MixCell], total: float, miss: float) -> tuple[float, float]:
    tasks = [cell.scores.size for cell in cells]
    wrong = [cell.scores.size - round(float(cell.scores.sum())) for cell in cells]
    # Even the rarest kind must be much larger than its tasks, without changing the mix.
    scale = max(
        SCALE, *(100 * n * total / cell.weight for cell, n in zip(cells, tasks, strict=True))
    )
    sizes = [round(scale * cell.weight / total) for cell in cells]
    low, high = likelihood_limits(sizes, tasks, [wrong], miss=miss)
    spread = sum(cell.weight for cell in cells) / total
    everything = sum(sizes)
    return spread * (1 - float(high[0]) / everything), spread * (1 - float(low[0]) / everything)

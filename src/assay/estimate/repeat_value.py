"""What repeating data is worth, as published: effective tokens of several epochs. From the literature, not measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.errors import EstimateError

DECAY = 15.387756
"""R* of repeated data: Muennighoff et al. (2023), appendix "parametric fit", table of fits, R^2 = 0.77."""

DECAY_OF_DATA_ONLY = 2.9157
"""The same where only repeats, and not excess parameters, lose value: same table, R^2 = 0.74."""

LOSS_A_PASS = 0.0104
"""Of the geometric form: what each further pass loses of the one before; same table, R^2 = 0.80."""

LABEL = "from the literature, fitted on C4 with models of 7 million to 8.7 billion parameters; not on your data"
LEFT_OUT = (
    "the law takes repeats to lose value, never to do harm; the penalty for overfitting of arXiv:2605.01640, "
    "P R^d (N/U)^k, does let them, but no source of its fitted coefficients was at hand: it is left out"
)
SPREAD = "the paper gives no interval: the range is over its own three forms of the law, and is no confidence interval"


@dataclass(frozen=True, slots=True)
class RepeatValue:
    """What so many epochs of some unique data are worth.

    Parameters
    ----------
    epochs : >= 1
    unique : >= 0
        Unique amount, in whatever unit.
    effective : >= unique
        As much fresh data as would do the same, by the law as published.
    low, high
        The least and the most of the three published forms; no confidence interval.
    last_epoch : in [0, 1]
        What the last pass is worth against a first one.
    """

    epochs: float
    unique: float
    effective: float
    low: float
    high: float
    last_epoch: float

    def to_json(self) -> dict[str, object]:
        """Return the columns, and how far they go."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "interval": "none: range over the paper's forms",
            "guarantee": "assumed",
            "source": "arXiv:2305.16264",
        }


def repeat_value(unique: float, epochs: float) -> RepeatValue:
    """Return what several epochs are worth by the published law.

    Parameters
    ----------
    unique : >= 0
    epochs : >= 1
        Passes over it, the first included.

    Raises
    ------
    EstimateError
        If an argument is out of range.

    Notes
    -----
    D' = U + U R* (1 - exp(-R / R*)) with R = epochs - 1 [1]_. The two other forms of the paper's table of fits make the
    range: R* = 2.92, where all of the loss is laid on repeats; and D' = U (1 - (1 - d)^(R + 1)) / d with d = 0.0104.
    It assumes that your data and model behave as C4 and GPT-2-like models did; it fails where repeats do harm, as in
    large models with little weight decay.

    References
    ----------
    .. [1] Muennighoff et al., "Scaling Data-Constrained Language Models", NeurIPS 2023, arXiv:2305.16264, section 3.1.

    Examples
    --------
    >>> round(repeat_value(100.0, 4).effective, 1)
    372.6
    """
    if not (epochs >= 1 and math.isfinite(epochs)) or not (unique >= 0 and math.isfinite(unique)):
        raise EstimateError(
            f"epochs must be at least 1 and unique at least 0, got {epochs}, {unique}"
        )
    again = epochs - 1
    forms = (
        _decaying(again, DECAY),
        _decaying(again, DECAY_OF_DATA_ONLY),
        (1 - (1 - LOSS_A_PASS) ** epochs) / LOSS_A_PASS,
    )
    last = _decaying(again, DECAY) - _decaying(again - 1, DECAY) if again >= 1 else 1.0
    return RepeatValue(
        epochs, unique, unique * forms[0], unique * min(forms), unique * max(forms), last
    )


def _decaying(again: float, decay: float) -> float:
    return 1 + decay * -math.expm1(-again / decay)

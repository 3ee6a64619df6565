"""What it costs to read whole units, as conversations, instead of single outputs."""

from __future__ import annotations

import numpy as np

from assay.estimate.sized import ReadUnits, SizedPopulation
from assay.quantity import Estimate, Quantity, Unknown


def design_effect(
    read: ReadUnits, population: SizedPopulation, read_size: float | None = None
) -> Quantity:
    """How many times as many outputs whole units take as outputs drawn one by one would, for the same certainty.

    Parameters
    ----------
    read, population
        As in `sized_total`; sizes count outputs.
    read_size : > 0
        Outputs read in all; the sum of the sizes where not given.

    Returns
    -------
    Estimate or Unknown
        Unit: "variance / variance of single outputs". A plug-in figure without an interval of its own. `Unknown` where
        fewer than two units or no error and no right output were found.

    Notes
    -----
    Kish's ratio: the variance of the mean of X_i = t_i m_i Q / q_i over units, against p (1 - p) M^2 over outputs,
    both as if drawn with replacement. It helps to plan and has no part in the interval.

    References
    ----------
    .. [1] Kish, "Survey Sampling", Wiley 1965, section 8.2.

    Examples
    --------
    >>> read = ReadUnits([10.0] * 4, [10.0] * 4, [0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0])
    >>> round(design_effect(read, SizedPopulation(100, 1000, 1000, 1, 10)).value, 1)
    13.3
    """
    count = len(read.sizes)
    if count < 2:
        return Unknown("fewer than two units were read")
    sizes, weights = np.asarray(read.sizes), np.asarray(read.weights)
    taints = (np.asarray(read.low) + np.asarray(read.high)) / 2
    means = sizes * taints / weights * population.weight / population.size
    rate = float(means.mean())
    if not 0 < rate < 1:
        return Unknown("no error was found, or nothing else")
    outputs = float(sizes.sum()) if read_size is None else read_size
    effect = float(means.var(ddof=1)) / count / (rate * (1 - rate) / outputs)
    return Estimate(
        effect, effect, effect, "variance / variance of single outputs", 1.0, count,
        "plug-in forecast from the taints found", "assumed",
    )  # fmt: skip

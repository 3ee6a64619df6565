"""What a detector has flagged, corrected by what people say of a sample of it: precision, and the real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.bounded_mean import ratio_over_tasks
from assay.estimate.exact import clopper_pearson, hypergeometric_errors
from assay.estimate.product import each_level, product_of_estimates
from assay.quantity import Estimate, Quantity, Unknown


@dataclass(frozen=True, slots=True)
class ReadSample:
    """A sample of what was flagged, as people have read it.

    Parameters
    ----------
    flagged : >= 0
        All that was flagged.
    read : in [0, flagged]
        Drawn from it at random, every one of them read.
    confirmed, unsure : >= 0, confirmed + unsure <= read
        Those that are what the detector says they are, and those of which nobody can say.

    Raises
    ------
    EstimateError
        If the counts contradict each other.
    """

    flagged: int
    read: int
    confirmed: int
    unsure: int = 0

    def __post_init__(self) -> None:
        if min(self.flagged, self.read, self.confirmed, self.unsure) < 0:
            raise EstimateError(f"counts must not be negative: {self}")
        if self.read > self.flagged or self.confirmed + self.unsure > self.read:
            raise EstimateError(f"counts contradict each other: {self}")


def confirmed_count(sample: ReadSample, *, confidence_level: float = 0.95) -> Quantity:
    """Return how many of all that was flagged are real.

    Parameters
    ----------
    sample
        What was flagged and read.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: answers. The lower limit takes the unsure ones for false, the upper one for real. `Unknown` where
        something was flagged and nothing was read.

    Notes
    -----
    Exact (hypergeometric) for this finite population of flagged answers: it assumes that the sample was drawn at random
    and read to its end, and nothing of the detector. What the detector missed is not in it: as a count of all there are
    it is a lower bound. It fails where the sample was picked, or the readers knew what the detector said.

    Examples
    --------
    >>> real = confirmed_count(ReadSample(flagged=205, read=40, confirmed=31))
    >>> round(real.value), real.low, real.high
    (159, 130.0, 180.0)
    """
    if sample.flagged == 0:
        return Estimate(0.0, 0.0, 0.0, "answers", 1.0, 0, "nothing was flagged", "exact")
    if sample.read == 0:
        return Unknown("the detector's precision is not known: nothing of what it flagged was read")
    low, high = _limits(sample, confidence_level)
    decided = sample.read - sample.unsure
    share = sample.confirmed / decided if decided else 0.5
    return Estimate(
        min(max(share * sample.flagged, low), high), low, high, "answers", confidence_level, sample.read,
        f"{sample.confirmed} of {sample.read} drawn and read are real"
        f"{f', {sample.unsure} unsure' if sample.unsure else ''} (hypergeometric, exact)",
    )  # fmt: skip


def precision(sample: ReadSample, *, confidence_level: float = 0.95) -> Quantity:
    """Return the share of what was flagged that is real; see `confirmed_count`.

    Examples
    --------
    >>> share = precision(ReadSample(flagged=205, read=40, confirmed=31))
    >>> round(share.value, 3), round(share.low, 3), round(share.high, 3)
    (0.775, 0.634, 0.878)
    """
    if sample.flagged == 0:
        return Unknown("nothing was flagged")
    real = confirmed_count(sample, confidence_level=confidence_level)
    return real if isinstance(real, Unknown) else real.scaled(1 / sample.flagged, "share")


def share_of_errors(sample: ReadSample, errors: int, *, confidence_level: float = 0.95) -> Quantity:
    """Return the share of counted errors that what was flagged accounts for.

    Parameters
    ----------
    sample
        What was flagged, all of it errors, and read.
    errors : >= sample.flagged
        Errors counted in the same outputs.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of the errors.

    Raises
    ------
    EstimateError
        If more was flagged than there are errors.

    Examples
    --------
    >>> share = share_of_errors(ReadSample(flagged=205, read=40, confirmed=31), 462)
    >>> round(share.value, 2), round(share.low, 2), round(share.high, 2)
    (0.34, 0.28, 0.39)
    """
    if errors < sample.flagged:
        raise EstimateError(f"{sample.flagged} flagged are more than the {errors} errors")
    if errors == 0:
        return Unknown("there is no error")
    real = confirmed_count(sample, confidence_level=confidence_level)
    return real if isinstance(real, Unknown) else real.scaled(1 / errors, "share of the errors")


def share_of_usual_errors(
    sample: ReadSample,
    flagged: npt.ArrayLike,
    errors: npt.ArrayLike,
    *,
    confidence_level: float = 0.95,
) -> Quantity:
    """Return the share that what was flagged has of a system's errors on tasks like these, and not only of these.

    This is the share to multiply by an error volume of other outputs: `share_of_errors` is exact for the errors that
    were read from, and claims nothing of others.

    Parameters
    ----------
    sample
        What was flagged, all of it errors, and read.
    flagged, errors : shape (n_tasks,), 0 <= flagged <= errors <= 1
        Of each task: its flagged answers and its wrong answers, per answer.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of the errors. `Unknown` where nothing was read, or there is no error.

    Notes
    -----
    The product of two shares, each at `assay.estimate.product.each_level`: flagged of the errors
    (`assay.estimate.bounded_mean.ratio_over_tasks`, tasks independent), and real of the flagged (Clopper-Pearson, the
    readings taken as independent; unsure ones as false for the lower limit, as real for the upper one). Assumes that
    the tasks are a sample of those that the volume is of. Fails where one task gives many of the readings.

    Examples
    --------
    >>> share = share_of_usual_errors(ReadSample(1, 1, 1), [1, 0, 0, 0], [1, 1, 1, 1])
    >>> share.value, share.low < 0.01, share.high > 0.8
    (0.25, True, True)
    """
    if sample.read == 0:
        return Unknown("nothing that was flagged has been read")
    each = each_level(confidence_level)
    part = ratio_over_tasks(
        np.asarray(flagged, dtype=np.float64),
        np.asarray(errors, dtype=np.float64),
        unit="share of the errors",
        confidence_level=each,
    )
    if isinstance(part, Unknown):
        return part
    low = clopper_pearson(sample.confirmed, sample.read, confidence_level=each).low
    most = sample.confirmed + sample.unsure
    high = clopper_pearson(most, sample.read, confidence_level=each).high
    decided = sample.read - sample.unsure
    if decided == 0:
        return Unknown("of none of the flagged answers could a reader say whether it is real")
    real = Estimate(
        sample.confirmed / decided, low, high, "share of the flagged", each, sample.read,
        "binomial (Clopper-Pearson)", "proved",
    )  # fmt: skip
    return product_of_estimates(
        part, real, "share of the errors",
        method=f"flagged of the errors ({part.method}), times real of the {sample.read:,} read (Clopper-Pearson)",
    )  # fmt: skip


def _limits(sample: ReadSample, confidence_level: float) -> tuple[float, float]:
    least = hypergeometric_errors(
        sample.confirmed, sample.read, sample.flagged, confidence_level=confidence_level
    )
    most = hypergeometric_errors(
        sample.confirmed + sample.unsure, sample.read, sample.flagged, confidence_level=confidence_level
    )  # fmt: skip
    return least.low, most.high

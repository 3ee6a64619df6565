"""What labels and judge say together of a log or a stratum, and how the judge errs where every output is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.stratified import StratumCount
from assay.quantity import Estimate, Quantity, Unknown


@dataclass(frozen=True, slots=True)
class JudgedStratum:
    """One stratum of a draw, parted by what the judge says.

    Parameters
    ----------
    flagged, unflagged
        What the labels say of the outputs that the judge calls wrong, and of those that it lets pass. The sizes are
        known, since the judge has spoken on every output. The labels of both together are one random sample of the
        stratum: where the judge's flag decided how many were drawn, there are two strata, each with one part empty.
    """

    flagged: StratumCount
    unflagged: StratumCount

    @property
    def whole(self) -> StratumCount:
        """Both parts together."""
        a, b = self.flagged, self.unflagged
        return StratumCount(
            a.size + b.size, a.labeled + b.labeled, a.errors + b.errors, a.unsure + b.unsure, a.name
        )


class JudgeErrors(NamedTuple):
    """How a judge errs; each rate in [0, 1].

    Parameters
    ----------
    sensitivity
        P(flag | wrong): the share of the errors that it finds.
    specificity
        P(no flag | right): the share of the right outputs that it lets pass.
    precision
        P(wrong | flag).
    false_omission_rate
        P(wrong | no flag).
    naive_rate
        Share of the outputs that it flags: what it would give out as the error rate. Counted.
    error_rate
        The error rate by the labels.
    """

    sensitivity: Quantity
    specificity: Quantity
    precision: Quantity
    false_omission_rate: Quantity
    naive_rate: Quantity
    error_rate: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {name: quantity.to_json() for name, quantity in self._asdict().items()}


def judge_errors_of_tasks(table: JudgedStratum, *, confidence_level: float = 0.95) -> JudgeErrors:
    """Return the same figures with the labeled outputs read as a sample of tasks to come.

    Parameters
    ----------
    table
        Outputs that are all labeled, and not unsure.
    confidence_level : in (0, 1)

    Returns
    -------
    JudgeErrors
        Exact binomial (Clopper-Pearson) limits of each rate.

    Raises
    ------
    EstimateError
        If an output has no label or an unsure one.

    Notes
    -----
    Assumes that the tasks are independent draws from those to come; what was counted for these very outputs has no
    interval. It fails where tasks come in families, and where tomorrow's are of another kind.

    Examples
    --------
    >>> table = JudgedStratum(StratumCount(77, 77, 20), StratumCount(1242, 1242, 30))
    >>> found = judge_errors_of_tasks(table).sensitivity
    >>> round(found.low, 2), found.value, round(found.high, 2)
    (0.26, 0.4, 0.55)
    """
    a, b = table.flagged, table.unflagged
    if table.whole.labeled < table.whole.size or table.whole.unsure:
        raise EstimateError(
            f"every output must be labeled right or wrong to be read as a sample of tasks: {table}"
        )

    def rate(count: int, of: int, empty: str) -> Quantity:
        return binomial_share(count, count, (of, of), confidence_level) if of else Unknown(empty)

    return JudgeErrors(
        sensitivity=rate(a.errors, a.errors + b.errors, "no error was found: no sensitivity"),
        specificity=rate(
            b.size - b.errors,
            a.size - a.errors + b.size - b.errors,
            "no right output was found: no specificity",
        ),
        precision=rate(a.errors, a.size, "no output is flagged"),
        false_omission_rate=rate(b.errors, b.size, "every output is flagged"),
        naive_rate=rate(a.size, a.size + b.size, "the judge has spoken on no output"),
        error_rate=rate(a.errors + b.errors, a.size + b.size, "the judge has spoken on no output"),
    )


def binomial_share(least: int, most: int, of: tuple[int, int], confidence_level: float) -> Estimate:
    """Return a share with exact limits, its unsure ones counted against it and for it.

    Parameters
    ----------
    least, most : >= 0
        Hits without the unsure ones, and with them.
    of
        What the least, and the most, are counted among.
    confidence_level : in (0, 1)
    """
    low = clopper_pearson(least, of[0], confidence_level=confidence_level).low if of[0] else 0.0
    high = clopper_pearson(most, of[1], confidence_level=confidence_level).high if of[1] else 1.0
    value = least / of[0] if of[0] else most / max(of[1], 1)
    return Estimate(
        value=min(max(value, low), high),
        low=low,
        high=high,
        unit="share",
        confidence_level=confidence_level,
        n=max(of),
        method="binomial (exact), these outputs read as a sample of tasks",
        guarantee="proved",
    )

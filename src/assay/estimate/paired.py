"""Two versions on the same tasks: what broke, what was fixed, and what each share of it is."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.quantity import Estimate, Quantity, Unknown


@dataclass(frozen=True, slots=True)
class PairedTable:
    """Tasks by what the old and the new version made of them.

    Parameters
    ----------
    both_right, broke, fixed, both_wrong : >= 0
        Broke: right before, wrong now. Fixed: wrong before, right now.

    Raises
    ------
    EstimateError
        If a count is negative.
    """

    both_right: int
    broke: int
    fixed: int
    both_wrong: int

    def __post_init__(self) -> None:
        if min(self.both_right, self.broke, self.fixed, self.both_wrong) < 0:
            raise EstimateError(f"counts of a paired table must be >= 0, got {self}")

    @property
    def n(self) -> int:
        """Tasks in all."""
        return self.both_right + self.broke + self.fixed + self.both_wrong

    @property
    def discordant(self) -> int:
        """Tasks on which the two versions differ: churn, as a count."""
        return self.broke + self.fixed

    @property
    def old_errors(self) -> int:
        """Tasks that the old version got wrong."""
        return self.fixed + self.both_wrong

    @property
    def new_errors(self) -> int:
        """Tasks that the new version got wrong."""
        return self.broke + self.both_wrong

    @property
    def difference(self) -> float:
        """Error rate of the new version less that of the old one, in [-1, 1]; 0 without tasks."""
        return (self.broke - self.fixed) / self.n if self.n else 0.0

    def with_more(self, *, broke: int = 0, fixed: int = 0) -> PairedTable:
        """Return the table with some tasks more."""
        return PairedTable(self.both_right, self.broke + broke, self.fixed + fixed, self.both_wrong)


@dataclass(frozen=True, slots=True)
class FlipShares:
    """Shares of a paired table, each with its interval.

    Parameters
    ----------
    negative_flips
        NFR: P(old right, new wrong), per task.
    positive_flips
        PFR: P(old wrong, new right), per task.
    churn
        Their sum: tasks on which right and wrong changed.
    regressions
        Share of the new version's errors that the old one did not make.
    old_error_rate, new_error_rate
        Errors per task.
    """

    negative_flips: Quantity
    positive_flips: Quantity
    churn: Quantity
    regressions: Quantity
    old_error_rate: Quantity
    new_error_rate: Quantity


def flip_shares(table: PairedTable, *, confidence_level: float = 0.95) -> FlipShares:
    """Return the shares of a paired table with exact binomial intervals.

    Parameters
    ----------
    table
    confidence_level : in (0, 1)
        Of each interval by itself.

    Returns
    -------
    FlipShares
        `Unknown` where there is nothing to take a share of.

    Notes
    -----
    Each share is of independent tasks: Clopper-Pearson. The share of regressions is conditional on the number of the
    new version's errors. It fails where tasks come in clusters, as many variants of one template.

    References
    ----------
    .. [1] Yan et al., "Positive-Congruent Training: Towards Regression-Free Model Updates", CVPR 2021,
       arXiv:2011.09161, eq. 1: the negative flip rate.

    Examples
    --------
    >>> shares = flip_shares(PairedTable(363, 477, 139, 21))
    >>> round(shares.negative_flips.value, 3), round(shares.regressions.value, 3)
    (0.477, 0.958)
    """

    def share(count: int, of: int, unit: str) -> Quantity:
        if of == 0:
            return Unknown(f"there is nothing to take a share of ({unit})")
        low, high = clopper_pearson(count, of, confidence_level=confidence_level)
        return Estimate(
            count / of, low, high, unit, confidence_level, of, "Clopper-Pearson, paired tasks"
        )

    return FlipShares(
        negative_flips=share(table.broke, table.n, "newly wrong/task"),
        positive_flips=share(table.fixed, table.n, "newly right/task"),
        churn=share(table.discordant, table.n, "changed/task"),
        regressions=share(table.broke, table.new_errors, "newly wrong/error"),
        old_error_rate=share(table.old_errors, table.n, "errors/task"),
        new_error_rate=share(table.new_errors, table.n, "errors/task"),
    )

"""Two judgments of each of n things, as a table of two by two, and its shares with exact limits."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.quantity import Estimate, Quantity, Unknown


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """Counts of two judgments, each right or wrong.

    Parameters
    ----------
    both_right, only_first, only_second, both_wrong : >= 0
        Things that both say are right, that only the first or only the second does, and that neither does.

    Raises
    ------
    EstimateError
        If a count is negative.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    def __post_init__(self) -> None:
        if min(self.both_right, self.only_first, self.only_second, self.both_wrong) < 0:
            raise EstimateError(f"counts must not be negative: {self}")

    @property
    def n(self) -> int:
        """Things in the table."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    def share(
        self, count: int, *, unit: str, confidence_level: float = 0.95, of: int | None = None
    ) -> Quantity:
        """Return a share of the table with exact limits.

        Parameters
        ----------
        count : in [0, of]
            What is counted: a cell, or a sum of cells.
        unit
            What is counted per what.
        confidence_level : in (0, 1)
        of
            What it is counted among; the whole table where None.

        Returns
        -------
        Estimate or Unknown
            `Unknown` where there is nothing to count among.

        Raises
        ------
        EstimateError
            If the counts contradict each other.

        Notes
        -----
        Clopper-Pearson: exact for things drawn independently from an endless source, as tasks of one kind are, each
        answered once. It fails where one task stands in the table several times: count one answer a task.

        References
        ----------
        .. [1] Clopper, Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934),
           doi:10.1093/biomet/26.4.404.

        Examples
        --------
        >>> share = TwoByTwo(60, 10, 20, 10).share(30, unit="contradictions/answer")
        >>> share.value, round(share.low, 3), round(share.high, 3)
        (0.3, 0.212, 0.4)
        """
        whole = self.n if of is None else of
        if whole == 0:
            return Unknown("there is nothing to count among")
        low, high = clopper_pearson(count, whole, confidence_level=confidence_level)
        return Estimate(
            count / whole, low, high, unit, confidence_level, whole,
            "binomial (Clopper-Pearson), tasks read as a sample of their kind",
        )  # fmt: skip

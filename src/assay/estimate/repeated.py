"""Several answers to one task are alike: their mean is known by as many tasks, and not by as many answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RepeatedAnswers:
    """Answers to tasks of which some were asked several times, as sums over tasks with y hits among m answers.

    Parameters
    ----------
    tasks, answers : >= 1
    hits : in [0, answers]
    sum_hits_squared, sum_answers_squared, sum_product
        The sums of y^2, m^2 and y m.
    """

    tasks: int
    answers: int
    hits: float
    sum_hits_squared: float
    sum_answers_squared: float
    sum_product: float

    @property
    def worth_of_an_answer(self) -> float:
        """How many answers to different tasks one answer is worth, in (0, 1]: one where each task was asked once.

        Notes
        -----
        The variance of a ratio over tasks [1]_ against the binomial one. Where one side of a share is rare, a few tasks
        make that variance, and what was not seen of them makes it too small: so one task more is put in, of mean size
        and wholly of the rarer kind. That the variance itself is known by so many tasks only is counted in as in
        [2]_. Never below one answer a task, and never above one each. With exact binomial limits around it, 95 %
        limits held in 95 % or more of 1,000 samples in each of 128 worlds: beta-binomial, 5 to 100 tasks asked 3 and
        20 times, shares .5 to .99, correlations within a task .02 to .95; without these two, in 85 %.

        References
        ----------
        .. [1] Cochran, Sampling Techniques, 3rd ed. (1977), eq. 9.28.
        .. [2] Korn, Graubard, "Confidence intervals for proportions with small expected number of positive counts
           estimated from survey data", Survey Methodology 24 (1998), 193-201.
        """
        if self.answers <= self.tasks:
            return 1.0
        least = self.tasks / self.answers
        if self.tasks < 2:
            return least
        size = self.answers / self.tasks
        rarer = 1.0 if 2 * self.hits <= self.answers else 0.0
        answers, hits, tasks = self.answers + size, self.hits + rarer * size, self.tasks + 1
        rate = hits / answers
        squares = (
            self.sum_hits_squared
            + rarer * size**2
            - 2 * rate * (self.sum_product + rarer * size**2)
            + rate**2 * (self.sum_answers_squared + size**2)
        )
        clustered = squares * tasks / (tasks - 1) / answers**2
        if clustered <= 0:
            return least
        binomial = rate * (1 - rate) / answers
        farther = special.stdtrit(self.answers - 1, 0.975) / special.stdtrit(self.tasks - 1, 0.975)
        return float(min(1.0, max(least, min(1.0, binomial / clustered) * farther**2)))


def residuals(values: FloatArray, tasks: IntArray, count: int) -> FloatArray:
    """Return what each task adds to the error of the mean of all values, times the number of values.

    Parameters
    ----------
    values : shape (n,)
        One an answer; NaN where it isn't known.
    tasks : shape (n,), in [0, count)
        Which task each answers.
    count : >= 1

    Returns
    -------
    shape (count,)
        Sums over the known values of a task, each less the mean of all; 0 for a task without one. They sum to 0.

    Examples
    --------
    >>> residuals(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]), 2).tolist()
    [-2.0, 2.0]
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(count)
    apart = values[known] - values[known].mean()
    return np.bincount(tasks[known], weights=apart, minlength=count).astype(np.float64)

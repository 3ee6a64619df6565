"""The populations that the benchmarks of labels draw from: made-up judge logs, real answers, and a rare case.

A made-up log is binormal: an error's score is normal with mean d and variance 1, a right output's with mean 0, where
``d = sqrt(2) ndtri(AUC)``. The number of errors is fixed. The judge is believed to be calibrated where labels are
allotted; the intervals never believe it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROOT = Path(__file__).resolve().parent.parent
GSM = ROOT.parent / "shared" / "data" / "zeroeval_gsm" / "answers.jsonl.gz"
GSM_JUDGE = "gpt-4o-mini-2024-07-18"


@dataclass(frozen=True, slots=True)
class Binormal:
    """A made-up log and its judge.

    Parameters
    ----------
    rate : in (0, 1)
        Share of the outputs that are wrong.
    auc : in (0.5, 1)
        Probability that the judge scores a wrong output above a right one.
    size
        Outputs.
    """

    rate: float
    auc: float
    size: int = 200_000

    @property
    def errors(self) -> int:
        """How many outputs are wrong: fixed."""
        return round(self.rate * self.size)

    @property
    def shift(self) -> float:
        """How far apart the two normal distributions lie."""
        return float(np.sqrt(2) * special.ndtri(self.auc))

    def error_ranks(self, rng: np.random.Generator, logs: int, *, hidden: float = 0.0) -> IntArray:
        """Ranks of the errors by score, greatest score first, in that many logs.

        A share `hidden` of the errors is scored as if it were right: the judge is blind to it.

        Shape (logs, errors), each row increasing, in [0, size). Exact, without drawing the right outputs one by one:
        given the errors' scores, the right outputs fall between them as a multinomial.
        """
        shape = (logs, self.errors)
        seen = self.shift * (rng.random(shape) >= hidden) if hidden else self.shift
        scores = np.sort(seen + rng.normal(size=shape), axis=1)[:, ::-1]
        above = special.ndtr(-scores)
        gaps = np.diff(above, axis=1, prepend=0.0, append=1.0)
        right = rng.multinomial(self.size - self.errors, np.maximum(gaps, 0.0))
        ranks: IntArray = np.cumsum(right[:, :-1], axis=1) + np.arange(self.errors)
        return ranks

    def posterior(self, scores: FloatArray) -> FloatArray:
        """Probability of an error given the score."""
        log_odds = np.log(self.rate / (1 - self.rate)) + self.shift * scores - self.shift**2 / 2
        found: FloatArray = special.expit(log_odds)
        return found

    def expected_posteriors(self) -> FloatArray:
        """Posterior at each rank of the typical log, greatest first: shape (size,)."""
        grid = np.linspace(-9.0, 9.0 + self.shift, 200_001)
        above = self.rate * special.ndtr(self.shift - grid) + (1 - self.rate) * special.ndtr(-grid)
        places = (np.arange(self.size) + 0.5) / self.size
        return self.posterior(np.interp(places, above[::-1], grid[::-1]))


@dataclass(frozen=True, slots=True)
class Judged:
    """A finite log whose truth is known: what the rivals are handed.

    Parameters
    ----------
    wrong : shape (n,), 0 or 1
    flags : shape (n,), 0 or 1
        The judge's verdict.
    scores : shape (n,), in [0, 1]
        The judge's probability of an error; the flags where it gives none.
    """

    wrong: IntArray
    flags: IntArray
    scores: FloatArray

    @property
    def errors(self) -> int:
        """How many are wrong."""
        return int(self.wrong.sum())


@cache
def _answers() -> Mapping[str, Mapping[str, tuple[str, bool]]]:
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    with gzip.open(GSM, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found.setdefault(row["model"], {})[row["item"]] = (row["value"], bool(row["correct"]))
    return found


def gsm(system: str, judge: str = GSM_JUDGE) -> Judged:
    """Real answers to GSM8K (ZeroEval), judged by whether a cheaper model gives another value.

    Raises
    ------
    FileNotFoundError
        Where the answers are not beside the repository.
    """
    own, other = _answers()[system], _answers()[judge]
    items = sorted(own)
    wrong = np.array([not own[item][1] for item in items], dtype=np.int64)
    flags = np.array([own[item][0] != other[item][0] for item in items], dtype=np.int64)
    return Judged(wrong, flags, flags.astype(np.float64))


def rare(*, seed: int = 5, rate: float = 0.001, size: int = 50_000, auc: float = 0.9) -> Judged:
    """Return a log with few errors and a calibrated judge, whose flag is raised for 5 % of the right outputs.

    Not the seed of the draws: the first random order would be the one that the errors were laid out in.
    """
    log = Binormal(rate, auc, size)
    rng = np.random.default_rng(seed)
    wrong = np.zeros(size, dtype=np.int64)
    wrong[rng.permutation(size)[: log.errors]] = 1
    evidence = rng.normal(size=size) + log.shift * wrong
    cut = float(special.ndtri(0.95))
    return Judged(wrong, (evidence > cut).astype(np.int64), log.posterior(evidence))

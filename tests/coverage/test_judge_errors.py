"""The limits of a judge's sensitivity, specificity and AUROC hold the truth at least as often as they say.

What is drawn from is a made-up log with a known truth, drawn as the product draws. `python
tests/coverage/test_judge_errors.py` prints the table of docs/METHODS.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from assay.estimate import (
    JudgedStratum,
    RankedStratum,
    StratumCount,
    allocate,
    assign_strata,
    auroc_of_tasks,
    counted_auroc,
    cut_scores,
    judge_errors,
    sampled_auroc,
)
from assay.estimate.auroc import mid_places
from assay.quantity import Estimate, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SIZE = 20_000
AUROCS = (0.5, 0.75, 0.9, 0.99)
EXPECTED = (5, 20, 100)
"""Wrong ones among the labels, on average, had they been drawn uniformly."""
THRESHOLD = 0.5


@dataclass(frozen=True)
class World:
    """A log: which outputs are wrong, and what the judge says of each; a share of the errors it does not see."""

    wrong: IntArray
    scores: FloatArray

    @property
    def auroc(self) -> float:
        found = counted_auroc(self.scores[self.wrong == 1], self.scores[self.wrong == 0])
        assert isinstance(found, Estimate)
        return found.value

    def rate_of(self, wrong: int, flag: int) -> float:
        of = self.wrong == wrong
        return float(((self.scores[of] >= THRESHOLD) == flag).mean())


@lru_cache
def world(rate: float, auroc: float, hidden: float = 0.0, ties: bool = False) -> World:
    rng = np.random.default_rng(17)
    wrong = np.zeros(SIZE, dtype=np.int64)
    wrong[: round(rate * SIZE)] = 1
    shift = np.sqrt(2) * special.ndtri(auroc)
    seen = wrong * (rng.random(SIZE) >= hidden)
    at = rng.normal(size=SIZE) + seen * shift
    # The threshold lies between both kinds; degrees of a judge that says one of five.
    scores = special.expit(2 * (at - shift / 2 - 0.5))
    return World(wrong, np.round(scores * 4) / 4 if ties else scores)


def strata_of(log: World, design: str, labels: int) -> tuple[IntArray, IntArray]:
    """Return the stratum of each output, and the labels of each: none, by this judge, or by another's score."""
    if design == "uniform":
        return np.zeros(SIZE, dtype=np.int64), np.array([labels])
    scores = log.scores
    if design == "other judge":
        rng = np.random.default_rng(23)
        scores = np.clip(0.3 * log.wrong + 0.7 * rng.random(SIZE), 0, 1)
    cuts = cut_scores(scores, max_strata=4)
    which = assign_strata(scores, cuts)
    sizes = np.bincount(which, minlength=len(cuts) + 1)
    means = np.array([scores[which == h].mean() for h in range(len(sizes))])
    return which, allocate(sizes, np.clip(means, 0.005, 0.5), labels)


class Drawn:
    """Labels drawn from a log by a design."""

    def __init__(self, log: World, design: tuple[IntArray, IntArray], rng: np.random.Generator):
        which, labeled = design
        self.log, self.which = log, which
        self.rows = [
            rng.choice(np.flatnonzero(which == h), n, replace=False) for h, n in enumerate(labeled)
        ]

    def ranked(self) -> list[RankedStratum]:
        ordered = np.sort(self.log.scores)
        strata = []
        for h, rows in enumerate(self.rows):
            inside = self.log.scores[self.which == h]
            ends = mid_places(np.array([inside.min(), inside.max()]), ordered)
            places = mid_places(self.log.scores[rows], ordered)
            strata.append(
                RankedStratum(inside.size, places, self.log.wrong[rows], ends[0], ends[1])
            )
        return strata

    def judged(self) -> list[JudgedStratum]:
        strata = []
        for h, rows in enumerate(self.rows):
            inside = self.log.scores[self.which == h] >= THRESHOLD
            flags, wrong = self.log.scores[rows] >= THRESHOLD, self.log.wrong[rows]
            parts = [
                StratumCount(
                    int((inside == side).sum()),
                    int((flags == side).sum()),
                    int(wrong[flags == side].sum()),
                )
                for side in (True, False)
            ]
            strata.append(JudgedStratum(*parts))
        return strata


def held(found: object, truth: float, name: str, said: Counter[str]) -> None:
    if isinstance(found, Unknown):
        said[f"{name} unknown"] += 1
        return
    assert isinstance(found, Estimate)
    said[f"{name} low misses"] += found.low > truth + 1e-9
    said[f"{name} high misses"] += found.high < truth - 1e-9
    said[f"{name} width x 1000"] += round(1000 * (found.high - found.low))


def tally(
    log: World, design: str, labels: int, *, runs: int, rates: bool = True, auroc: bool = True
) -> Counter[str]:
    rng = np.random.default_rng(5)
    said: Counter[str] = Counter()
    made = strata_of(log, design, labels)
    for _ in range(runs):
        drawn = Drawn(log, made, rng)
        if auroc:
            held(sampled_auroc(drawn.ranked(), rng=rng), log.auroc, "auroc", said)
        if rates:
            found = judge_errors(drawn.judged())
            held(found.sensitivity, log.rate_of(1, 1), "sensitivity", said)
            held(found.specificity, log.rate_of(0, 0), "specificity", said)
            held(found.precision, float(log.wrong[log.scores >= THRESHOLD].mean()), "precision", said)  # fmt: skip
            held(found.error_rate, float(log.wrong.mean()), "error rate", said)
    return said


def misses(said: Counter[str], name: str) -> int:
    return said[f"{name} low misses"] + said[f"{name} high misses"]


def most_misses(runs: int) -> int:
    """Misses that one run in a thousand would have at just 95 %."""
    chances = np.cumsum(
        [
            np.exp(special.gammaln(runs + 1) - special.gammaln(k + 1) - special.gammaln(runs - k + 1)
                   + k * np.log(0.05) + (runs - k) * np.log(0.95))
            for k in range(runs + 1)
        ]
    )  # fmt: skip
    return int(np.searchsorted(chances, 0.999))


@pytest.mark.parametrize("design", ["uniform", "this judge", "other judge"])
def test_limits_hold_where_errors_hide_from_the_judge(design: str) -> None:
    runs = 20
    said = tally(world(0.05, 0.9, hidden=0.2), design, 400, runs=runs)
    for name in ("auroc", "sensitivity", "specificity", "precision", "error rate"):
        assert misses(said, name) <= most_misses(runs), (name, said)


@pytest.mark.nightly
@pytest.mark.parametrize("design", ["uniform", "this judge", "other judge"])
@pytest.mark.parametrize("expected", EXPECTED)
@pytest.mark.parametrize("auroc", AUROCS)
@pytest.mark.parametrize(("hidden", "ties"), [(0.0, False), (0.2, False), (0.0, True)])
def test_limits_hold(design: str, expected: int, auroc: float, hidden: float, ties: bool) -> None:
    runs = 100
    said = tally(world(0.05, auroc, hidden, ties), design, expected * 20, runs=runs)
    for name in ("auroc", "sensitivity", "specificity"):
        assert misses(said, name) <= most_misses(runs), (name, said)


@pytest.mark.nightly
@pytest.mark.parametrize("wrong", EXPECTED)
@pytest.mark.parametrize("auroc", AUROCS)
def test_limits_hold_for_tasks_to_come(wrong: int, auroc: float) -> None:
    runs, rng, said = 400, np.random.default_rng(3), Counter[str]()
    shift = np.sqrt(2) * special.ndtri(auroc)
    for _ in range(runs):
        found = auroc_of_tasks(
            rng.normal(shift, 1, wrong), rng.normal(0, 1, 5 * wrong + 20), rng=rng
        )
        held(found, auroc, "auroc", said)
    assert misses(said, "auroc") <= most_misses(runs), said


def main() -> None:
    """Print the table: misses of so many runs, and the mean width."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    print(
        "design | errors expected | AUROC | hidden | ties | miss % (width) of AUROC, sensitivity, specificity"
    )
    for hidden, ties in ((0.0, False), (0.2, False), (0.0, True)):
        for design in ("uniform", "this judge", "other judge"):
            for expected in EXPECTED:
                for auroc in AUROCS:
                    said = tally(world(0.05, auroc, hidden, ties), design, expected * 20, runs=runs)
                    shown = []
                    for name in ("auroc", "sensitivity", "specificity"):
                        known = max(runs - said[f"{name} unknown"], 1)
                        low, high = said[f"{name} low misses"], said[f"{name} high misses"]
                        width = said[f"{name} width x 1000"] / known / 1000
                        shown.append(
                            f"{100 * low / known:.1f}+{100 * high / known:.1f} ({width:.2f})"
                        )
                    print(
                        f"{design} | {expected} | {auroc} | {hidden} | {ties} | "
                        + " | ".join(shown),
                        flush=True,
                    )


if __name__ == "__main__":
    main()

"""Coverage by simulation: real populations of others, rates down to 1e-4, judges that are bad."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from assay.estimate import (
    StratumCount,
    allocate,
    anticipated_error_rates,
    assign_strata,
    cut_scores,
    hypergeometric_errors,
    total_errors,
)
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GSM = Path(__file__).parents[3] / "shared" / "data" / "zeroeval_gsm" / "answers.jsonl.gz"
NOISE_JUDGE = "pure noise"
PAIRS = [
    ("claude-3-5-sonnet-20241022", "gpt-4o-mini-2024-07-18"),
    ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"),
    ("Mistral-Large-2", "Mistral-Nemo-Instruct-2407"),
    ("gemini-1.5-pro", "gemini-1.5-flash"),
    ("claude-3-haiku-20240307", "gpt-4o-mini-2024-07-18"),
    ("gpt-3.5-turbo-0125", "Meta-Llama-3.1-70B-Instruct"),
    ("Mixtral-8x7B-Instruct-v0.1", "Meta-Llama-3-8B-Instruct"),
    ("command-r", "gpt-4o-mini-2024-07-18"),
    ("gpt-4o-2024-08-06", NOISE_JUDGE),
]
"""Eight models between 3 % and 47 % errors, each judged by a cheaper one; and a judge that knows nothing."""


@lru_cache(maxsize=1)
def answers() -> dict[str, dict[str, tuple[str, bool]]]:
    if not GSM.exists():
        pytest.skip(f"the ZeroEval GSM answers are not at {GSM}")
    wanted = {name for pair in PAIRS for name in pair}
    table: dict[str, dict[str, tuple[str, bool]]] = {name: {} for name in wanted}
    with gzip.open(GSM, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["model"] in wanted:
                table[row["model"]][row["item"]] = (row["value"], bool(row["correct"]))
    return table


def population(model: str, judge: str) -> tuple[IntArray, FloatArray]:
    """Return what is wrong, and the judge's score: 1 where a cheaper model answers otherwise."""
    table = answers()
    items = sorted(table[model])
    wrong = np.array([not table[model][i][1] for i in items], dtype=np.int64)
    if judge == NOISE_JUDGE:
        scores = (np.random.default_rng(1).random(len(items)) < 0.1).astype(np.float64)
    else:
        differs = [table[model][i][0] != table[judge][i][0] for i in items if i in table[judge]]
        scores = np.array(differs, dtype=np.float64)
    return wrong, scores


class Drawn(NamedTuple):
    """What many draws of one population gave."""

    held: float
    """Share of the draws whose interval holds the truth, as `total_errors` gives it."""
    wald: float
    """The same of the textbook's normal interval."""
    width: float
    """Median width, in errors."""


def covered(wrong: IntArray, scores: FloatArray, *, labels: int, runs: int, seed: int) -> Drawn:
    """Draw as the product draws, many times, and estimate."""
    rng = np.random.default_rng(seed)
    cuts = cut_scores(scores)
    strata = assign_strata(scores, cuts)
    sizes = np.bincount(strata, minlength=len(cuts) + 1)
    means = np.array([scores[strata == h].mean() for h in range(len(sizes))])
    drawn = allocate(sizes, anticipated_error_rates(sizes, means), labels)
    places = [np.flatnonzero(strata == h) for h in range(len(sizes))]
    truth = int(wrong.sum())
    held = wald = 0
    widths = []
    for _ in range(runs):
        counts = [
            StratumCount(len(p), int(n), int(wrong[rng.choice(p, n, replace=False)].sum()))
            for p, n in zip(places, drawn, strict=True)
        ]
        total = total_errors(counts)
        held += holds(total, truth)
        widths.append(total.high - total.low)
        wald += abs(_wald(counts)[0] - truth) <= 1.96 * _wald(counts)[1]
    return Drawn(held / runs, wald / runs, float(np.median(widths)))


def uniform_width(wrong: IntArray, *, labels: int, runs: int, seed: int) -> float:
    """Return the median width, in errors, of the exact interval of labels drawn without a judge."""
    found = np.random.default_rng(seed).hypergeometric(
        wrong.sum(), len(wrong) - wrong.sum(), labels, runs
    )
    limits = {k: hypergeometric_errors(k, labels, len(wrong)) for k in set(found.tolist())}
    return float(np.median([limits[k].high - limits[k].low for k in found.tolist()]))


def holds(estimate: Estimate, truth: int) -> bool:
    return estimate.low <= truth <= estimate.high


def _wald(counts: list[StratumCount]) -> tuple[float, float]:
    point = variance = 0.0
    for s in counts:
        rate = s.errors / s.labeled
        point += s.size * rate
        variance += s.size * (s.size - s.labeled) * rate * (1 - rate) / s.labeled
    return point, float(np.sqrt(variance))


@pytest.mark.shared_data
@pytest.mark.parametrize(("model", "judge"), [
    ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"),  # Few errors, and a judge that sees 20 of 50.
    ("command-r", "gpt-4o-mini-2024-07-18"),  # Half is wrong, and the judge sees nearly all of it.
    ("gpt-4o-2024-08-06", NOISE_JUDGE),
])  # fmt: skip
def test_real_populations(model: str, judge: str) -> None:
    wrong, scores = population(model, judge)
    drawn = covered(wrong, scores, labels=200, runs=150, seed=20)
    # With 95 % and 150 draws, under 87 % is a one-in-30,000 event.
    assert drawn.held >= 0.87
    if judge != NOISE_JUDGE:
        # The medians of all draws are 0.96 and 0.46 of those without a judge.
        goal = 1.0 if model.startswith("gpt-4o") else 0.6
        assert drawn.width <= goal * uniform_width(wrong, labels=200, runs=150, seed=20)


@pytest.mark.nightly
@pytest.mark.shared_data
@pytest.mark.parametrize("labels", [100, 200, 400])
@pytest.mark.parametrize(("model", "judge"), PAIRS)
def test_real_populations_in_full(model: str, judge: str, labels: int) -> None:
    wrong, scores = population(model, judge)
    # 500 draws at a true 96 %: fewer than 94 % come up once in 50 seeds, at the 97 % that most have once in 6,000.
    drawn = covered(wrong, scores, labels=labels, runs=500, seed=20)
    assert drawn.held >= 0.94
    if judge != NOISE_JUDGE:
        assert drawn.width <= uniform_width(wrong, labels=labels, runs=500, seed=20)


@pytest.mark.shared_data
def test_wald_fails_on_a_real_population() -> None:
    wrong, scores = population(*PAIRS[1])
    assert covered(wrong, scores, labels=100, runs=300, seed=21).wald < 0.92


def made_up(
    rate: float, *, size: int, auc: float, hidden: float, seed: int
) -> tuple[IntArray, FloatArray]:
    """Return a log with exactly rate * size errors, of which the judge can't see a share."""
    rng = np.random.default_rng(seed)
    wrong = np.zeros(size, dtype=np.int64)
    wrong[: max(1, round(rate * size))] = 1
    visible = wrong * (rng.random(size) >= hidden)
    shift = np.sqrt(2) * special.ndtri(auc)
    evidence = rng.normal(size=size) + shift * visible
    # The posterior of a judge that believes in itself and knows the rate.
    log_odds = np.log(rate / (1 - rate)) + shift * evidence - shift**2 / 2
    return wrong, special.expit(log_odds)


SMOKE = [(0.05, 200, 0.0), (0.01, 300, 1.0), (1e-3, 2_000, 0.2)]


@pytest.mark.parametrize(("rate", "labels", "hidden"), SMOKE)
def test_rare_errors_and_bad_judges(rate: float, labels: int, hidden: float) -> None:
    wrong, scores = made_up(rate, size=20_000, auc=0.95, hidden=hidden, seed=3)
    # With 95 % and 150 draws, under 87 % is a one-in-30,000 event.
    assert covered(wrong, scores, labels=labels, runs=150, seed=4).held >= 0.87


def test_wald_fails_at_rare_errors() -> None:
    wrong, scores = made_up(1e-3, size=20_000, auc=0.5, hidden=1.0, seed=3)
    assert covered(wrong, scores, labels=1_000, runs=150, seed=4).wald < 0.87


@pytest.mark.nightly
@pytest.mark.parametrize("hidden", [0.0, 0.05, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("auc", [0.5, 0.75, 0.9, 0.98, 0.999])
@pytest.mark.parametrize(
    ("rate", "labels"), [(0.1, 100), (0.01, 300), (1e-3, 3_000), (1e-4, 20_000)]
)
def test_rare_errors_and_bad_judges_in_full(
    rate: float, labels: int, auc: float, hidden: float
) -> None:
    wrong, scores = made_up(rate, size=100_000, auc=auc, hidden=hidden, seed=5)
    # Standard error 1.1 points at 95 %; four of them.
    assert covered(wrong, scores, labels=labels, runs=400, seed=6).held >= 0.906


@pytest.mark.parametrize("errors", ["none", "all", "some"])
def test_many_strata_of_the_oddest_kinds(errors: str) -> None:
    # One trace; read in full; one label; a weight of a million; 10^9 traces.
    designs = [(1, 1), (7, 7), (40, 1), (10**6, 1), (10**9, 1_000), (50, 49), (2, 1), (300, 0)]
    found = {"none": 0.0, "all": 1.0, "some": 0.5}[errors]
    total = total_errors([StratumCount(size, n, round(found * n)) for size, n in designs])
    size = sum(size for size, _ in designs)
    assert 0 <= total.low <= total.value <= total.high <= size
    assert (total.low == 0) == (errors == "none")
    assert (total.high == size) == (errors == "all")


@pytest.mark.parametrize("scores", [
    np.full(500, 0.3), np.full(500, np.nan), np.r_[np.full(250, np.nan), np.full(250, 0.9)],
    np.repeat([0.0, 0.2, 0.2, 1.0], 125),
], ids=["equal", "no score", "some without", "few values"])  # fmt: skip
def test_scores_that_repeat_or_are_missing_part_the_log(scores: FloatArray) -> None:
    strata = assign_strata(scores, cut_scores(scores))
    sizes = np.bincount(strata)
    used = sizes > 0
    drawn = allocate(sizes[used], np.full(used.sum(), 0.1), 60)
    assert drawn.sum() == 60
    counts = [
        StratumCount(int(size), int(n), 1) for size, n in zip(sizes[used], drawn, strict=True)
    ]
    total = total_errors(counts)
    assert len(counts) <= total.low <= total.high < 500

"""Coverage by simulation: real populations of others, rates down to 1e-4, judges that are bad."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special

from assay.estimate import StratumCount, allocate, assign_strata, cut_scores, total_errors
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GSM = Path(__file__).parents[3] / "shared" / "data" / "zeroeval_gsm" / "answers.jsonl.gz"
NOISE_JUDGE = "pure noise"
PAIRS = [
    ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"),
    ("claude-3-5-sonnet-20241022", "gpt-4o-mini-2024-07-18"),
    ("gpt-3.5-turbo-0125", "Meta-Llama-3.1-70B-Instruct"),
    ("command-r", "gpt-4o-mini-2024-07-18"),
    ("gpt-4o-2024-08-06", NOISE_JUDGE),
]


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


def covered(
    wrong: IntArray, scores: FloatArray, *, labels: int, runs: int, seed: int
) -> tuple[float, float]:
    """Return the share of draws whose interval holds the truth, with gamma-W and with Wald."""
    rng = np.random.default_rng(seed)
    cuts = cut_scores(scores)
    strata = assign_strata(scores, cuts)
    sizes = np.bincount(strata, minlength=len(cuts) + 1)
    rates = np.array([scores[strata == h].mean() for h in range(len(sizes))])
    # A flag is not a probability: soften it, as one would without labels.
    drawn = allocate(sizes, np.clip(rates, 0.02, 0.5), labels)
    places = [np.flatnonzero(strata == h) for h in range(len(sizes))]
    truth = int(wrong.sum())
    held = wald = 0
    for _ in range(runs):
        counts = [
            StratumCount(len(p), int(n), int(wrong[rng.choice(p, n, replace=False)].sum()))
            for p, n in zip(places, drawn, strict=True)
        ]
        held += holds(total_errors(counts), truth)
        wald += abs(_wald(counts)[0] - truth) <= 1.96 * _wald(counts)[1]
    return held / runs, wald / runs


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
@pytest.mark.parametrize(("model", "judge"), PAIRS)
def test_real_populations(model: str, judge: str) -> None:
    wrong, scores = population(model, judge)
    # 500 draws: at a true coverage of 97 % fewer than 94 % come up once in 6,000 seeds.
    held, _ = covered(wrong, scores, labels=200, runs=500, seed=20)
    assert held >= 0.94


@pytest.mark.shared_data
def test_wald_fails_on_a_real_population() -> None:
    wrong, scores = population(*PAIRS[0])
    _, wald = covered(wrong, scores, labels=100, runs=500, seed=21)
    assert wald < 0.94


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
    held, _ = covered(wrong, scores, labels=labels, runs=150, seed=4)
    # With 95 % and 150 draws, under 87 % is a one-in-30,000 event.
    assert held >= 0.87


def test_wald_fails_at_rare_errors() -> None:
    wrong, scores = made_up(1e-3, size=20_000, auc=0.5, hidden=1.0, seed=3)
    _, wald = covered(wrong, scores, labels=1_000, runs=150, seed=4)
    assert wald < 0.87


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
    held, _ = covered(wrong, scores, labels=labels, runs=400, seed=6)
    # Standard error 1.1 points at 95 %; four of them.
    assert held >= 0.906

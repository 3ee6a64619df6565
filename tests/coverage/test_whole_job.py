"""95 % through the whole job: real answers, a real ledger, draws by the product, labels from the truth.

The four systems of GSM8K stand for the regimes: 3 to 4 % errors with a weak judge, 20 % and 47 % with a good one. Each
seed is a draw of 200 of 1,319 answers; the interval of `total_errors` must hold the true count.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.estimate import StratumCount, total_errors
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels

pytestmark = pytest.mark.shared_data

JUDGED_BY = {
    "gpt-4o-2024-08-06": "gpt-4o-mini-2024-07-18",
    "claude-3-5-sonnet-20241022": "gpt-4o-mini-2024-07-18",
    "gpt-3.5-turbo-0125": "Meta-Llama-3.1-70B-Instruct",
    "command-r": "gpt-4o-mini-2024-07-18",
}
LABELS = 200
NEEDED = 0.94


@dataclass
class Population:
    """A ledger of one system's answers, and which are wrong."""

    ledger: Ledger
    window: Window
    wrong: dict[str, bool]


def answers(shared_data: Path) -> dict[str, dict[str, dict[str, object]]]:
    found: dict[str, dict[str, dict[str, object]]] = {}
    with gzip.open(
        shared_data / "zeroeval_gsm" / "answers.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        for line in lines:
            if line.strip():
                row = json.loads(line)
                found.setdefault(row["model"], {})[row["item"]] = row
    return found


def population(ledger: Ledger, shared_data: Path, system: str, *, noise: bool) -> Population:
    rows = answers(shared_data)
    own, other = rows[system], rows[JUDGED_BY[system]]
    rng = random.Random(20261122)
    wrong = {f"{system}/{item}": not row["correct"] for item, row in own.items()}
    ledger.append("traces", [
        {"trace_id": f"{system}/{item}", "task_id": item, "system": system, "version": "", "output": row["answer"],
         "tags": "{}", "source": "test"}
        for item, row in own.items()
    ])  # fmt: skip
    ledger.append("verdicts", [
        {"trace_id": f"{system}/{item}", "judge": "judge", "judge_kind": "model", "source": "test",
         "error_probability": rng.random() if noise else float(other[item]["value"] != row["value"])}
        for item, row in own.items()
    ])  # fmt: skip
    return Population(ledger, Window(system, ""), wrong)


def held(population: Population, draws: int) -> float:
    """Share of the draws whose interval held the true number of errors."""
    truth = sum(population.wrong.values())
    hits = 0
    for seed in range(draws):
        if seed % 50 == 49:
            # Each draw is a commit: hundreds of files of two hundred rows are slow to read.
            population.ledger.compact()
        drawn = draw_labels(
            population.ledger, DrawRequest(population.window, LABELS, seed, "judge")
        )
        found = total_errors([
            StratumCount(s.size, s.planned, sum(population.wrong[t] for t in s.trace_ids)) for s in drawn.strata
        ])  # fmt: skip
        hits += found.low <= truth <= found.high
    return hits / draws


@pytest.mark.parametrize("draws", [15, pytest.param(500, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("system", JUDGED_BY)
def test_the_interval_holds_the_true_volume(
    ledger: Ledger, shared_data: Path, system: str, draws: int
) -> None:
    share = held(population(ledger, shared_data, system, noise=False), draws)
    # Of 15 draws of a right method five or more miss with probability below 1e-3.
    assert share >= (NEEDED if draws == 500 else 0.73)


@pytest.mark.nightly
@pytest.mark.parametrize("system", JUDGED_BY)
def test_a_judge_of_noise_changes_the_width_and_not_the_coverage(
    ledger: Ledger, shared_data: Path, system: str
) -> None:
    assert held(population(ledger, shared_data, system, noise=True), 500) >= NEEDED

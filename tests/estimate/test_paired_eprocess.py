"""Bets on changed tasks: fair at every margin, and of use where something changed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from assay.errors import EstimateError
from assay.estimate.paired import PairedTable
from assay.estimate.paired_eprocess import any_time_p_value, paired_log_e_value


@pytest.mark.parametrize("margin", [0.0, 0.03])
@pytest.mark.parametrize("changed", [0.05, 0.4])
def test_a_fair_bet_gains_nothing(margin: float, changed: float) -> None:
    # At the margin itself the mean of the e-value over all tables is 1, whatever share changes.
    n = 15
    rates = [(changed + margin) / 2, (changed - margin) / 2, 1 - changed]
    total = 0.0
    for b in range(n + 1):
        for c in range(n + 1 - b):
            table = PairedTable(n - b - c, b, c, 0)
            chance = float(stats.multinomial.pmf([b, c, n - b - c], n, rates))
            total += chance * math.exp(paired_log_e_value(table, margin, alternative="greater"))
    assert total == pytest.approx(1.0, rel=1e-9)


def test_exchanging_the_versions_exchanges_the_sides() -> None:
    one = paired_log_e_value(PairedTable(80, 15, 5, 0), 0.02, alternative="greater")
    other = paired_log_e_value(PairedTable(80, 5, 15, 0), -0.02, alternative="less")
    assert one == pytest.approx(other)


def test_no_task_is_no_evidence() -> None:
    assert paired_log_e_value(PairedTable(0, 0, 0, 0), 0.0, alternative="less") == pytest.approx(0)
    assert any_time_p_value(PairedTable(9, 0, 0, 0), 0.0, alternative="less") == pytest.approx(1)
    with pytest.raises(EstimateError):
        paired_log_e_value(PairedTable(1, 0, 0, 0), 1.0, alternative="less")


def test_peeking_at_every_task_keeps_the_level() -> None:
    rng = np.random.default_rng(5)
    ruined = 0
    for _ in range(200):
        steps = rng.choice([1, -1, 0], size=400, p=[0.1, 0.1, 0.8])
        broke, fixed = np.cumsum(steps == 1), np.cumsum(steps == -1)
        changed = np.flatnonzero(steps)
        ruined += any(
            any_time_p_value(
                PairedTable(int(t + 1 - broke[t] - fixed[t]), int(broke[t]), int(fixed[t]), 0),
                0.0,
                alternative="greater",
            )
            <= 0.05
            for t in changed
        )
    assert ruined <= stats.binom.ppf(0.999, 200, 0.05)

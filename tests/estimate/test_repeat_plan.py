"""What more money buys: the formula against simulation, and the price at which it turns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.errors import EstimateError
from assay.estimate.repeat_plan import Design, Prices, repeat_plan
from assay.estimate.variance_components import VarianceComponents

PLAIN = VarianceComponents({}, {"task": 0.1, "run": 0.15}, math.nan, 50)


def test_the_standard_error_is_that_of_simulated_exams() -> None:
    rng = np.random.default_rng(1)
    q = rng.beta(1, 1, (4_000, 30))
    rates = rng.binomial(4, q).mean(axis=1) / 4
    uniform = VarianceComponents({}, {"task": 1 / 12, "run": 1 / 6}, math.nan, 30)
    plan = repeat_plan(uniform, Design(30, 1, 4), Prices())
    assert plan.standard_error == pytest.approx(rates.std(), rel=0.05)


def test_free_tasks_go_first_and_dear_ones_last() -> None:
    design = Design(50, 1, 4)
    assert repeat_plan(PLAIN, design, Prices()).options[0].purchase == "tasks"
    assert repeat_plan(PLAIN, design, Prices(task=100)).options[0].purchase == "asks"


def test_at_the_even_price_the_present_split_is_the_best() -> None:
    design = Design(50, 1, 4)
    even = repeat_plan(PLAIN, design, Prices()).even_task_price
    assert even == pytest.approx(4**2 * 0.1 / 0.15)
    budget = Prices(task=even).cost(design)

    def error(asks: float) -> float:
        tasks = budget / (even + asks)
        return 0.1 / tasks + 0.15 / (tasks * asks)

    assert error(4.0) <= min(error(3.8), error(4.2))


def test_wordings_that_differ_everywhere_can_only_be_bought_down_by_wordings() -> None:
    parts = VarianceComponents({}, {"task": 0.01, "wording": 0.1, "run": 0.1}, 0.1, 500)
    plan = repeat_plan(parts, Design(500, 2, 3), Prices())
    assert plan.options[0].purchase == "wordings"


def test_no_dice_need_no_second_ask() -> None:
    still = VarianceComponents({}, {"task": 0.2, "run": 0.0}, math.nan, 50)
    assert repeat_plan(still, Design(50, 1, 4), Prices()).even_task_price == math.inf


def test_answers_are_never_free() -> None:
    with pytest.raises(EstimateError, match="answer"):
        repeat_plan(PLAIN, Design(50, 1, 4), Prices(answer=0.0))

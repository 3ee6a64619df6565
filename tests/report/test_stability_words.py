"""What is said of stability: which purchase goes furthest, and where two go as far."""

from __future__ import annotations

import math

from assay.estimate.repeat_plan import Design, Option, RepeatPlan
from assay.report.stability_words import plan_words


def plan(tasks: float, asks: float, price: float, wordings: float = 1) -> RepeatPlan:
    design = Design(30, wordings, 3)
    options = [Option("tasks", design, tasks), Option("asks", design, asks)]
    return RepeatPlan(
        design, 0.04, tuple(sorted(options, key=lambda one: one.standard_error)), price
    )


def test_the_better_purchase_is_named_with_the_price_at_which_both_are_even() -> None:
    words = plan_words(plan(0.035, 0.038, 12.0))
    assert "furthest on more tasks:" in words
    assert "as much as 12 answers" in words


def test_two_that_go_as_far_are_both_named() -> None:
    """Tasks without a variance of their own: no price of a task is below 0 answers."""
    words = plan_words(plan(0.0355, 0.0355, 0.0))
    assert "furthest on more tasks or asks:" in words
    assert "no variance of their own" in words
    assert "costs less" not in words


def test_no_price_is_named_where_none_makes_it_even() -> None:
    for one in (plan(0.035, 0.04, math.inf), plan(0.035, 0.04, 12.0, wordings=2)):
        assert plan_words(one).endswith("(forecast).")

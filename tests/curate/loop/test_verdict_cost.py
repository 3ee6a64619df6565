from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.curate.loop.verdict import loop_verdict
from assay.curate.loop.verdict_cost import (
    Lever,
    Money,
    Outlook,
    _against,
    measured_turns,
    parse_lever,
)
from assay.curate.loop.verdict_read import read_loops
from assay.curate.loop.verdict_result import VerdictQuestion
from assay.errors import BadInput
from assay.estimate.loop_forecast import StopAdvice
from assay.quantity import Estimate, Unknown
from curate.loop_folders import Said, answers, honest_loop, write_loop


def outlook_of(path: Path, money: Money, per_day: float | None = None) -> Outlook:
    return loop_verdict(path, VerdictQuestion(money=money, per_day=per_day)).loops[0].outlook


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return honest_loop(tmp_path_factory.mktemp("honest") / "out")


def test_a_lever_is_name_cost_and_errors() -> None:
    assert parse_lever("a = b=400/25") == Lever("a = b", 400, 25)
    for wrong in ("", "a", "a=1", "a=1/0", "a=-1/2", "a=x/2", "=1/2", "a=inf/2", "a=nan/2"):
        with pytest.raises(BadInput, match="NAME=COST/ERRORS_PER_DAY"):
            parse_lever(wrong)


def test_a_turn_costs_its_seconds_for_each_error_a_day(honest: Path) -> None:
    money = Money(usd_per_hour=3600.0)
    loop = loop_verdict(honest, VerdictQuestion(money=money)).loops[0]
    price = loop.prices[1]
    assert isinstance(price.seconds, Estimate)
    assert price.seconds.value == 31
    assert isinstance(price.removed_per_day, Estimate)
    assert price.removed_per_day.value == pytest.approx(150)
    for quantity in (price.seconds_per_error_a_day, price.usd_per_error_a_day):
        assert isinstance(quantity, Estimate)
        assert quantity.value == pytest.approx(31 / 150)
        assert quantity.low == pytest.approx(31 / price.removed_per_day.high)


def test_a_turn_that_may_have_removed_nothing_has_no_upper_limit_and_one_that_did_not_no_price(
    tmp_path: Path,
) -> None:
    turns = [Said(answers(right, 100)) for right in (0.50, 0.51, 0.4)]
    loop = loop_verdict(write_loop(tmp_path / "out", turns)).loops[0]
    assert isinstance(loop.prices[0].seconds_per_error_a_day, Estimate)
    assert loop.prices[0].seconds_per_error_a_day.high == math.inf
    assert isinstance(loop.prices[1].seconds_per_error_a_day, Unknown)
    assert isinstance(loop.prices[0].usd_per_error_a_day, Unknown)


def test_without_a_throughput_volume_and_price_are_unknown_until_one_is_given(
    tmp_path: Path,
) -> None:
    path = write_loop(
        tmp_path / "out", [Said(answers(r, 200)) for r in (0.3, 0.5)], throughput=None
    )
    assert isinstance(loop_verdict(path).loops[0].prices[0].removed_per_day, Unknown)
    told = loop_verdict(path, VerdictQuestion(per_day=2000.0)).loops[0].prices[0].removed_per_day
    assert isinstance(told, Estimate)
    assert told.value == pytest.approx(400)


def test_the_next_turn_stands_against_other_levers() -> None:
    cost = Estimate(10, 10, 10, "USD", 1.0, 1, "given")
    removed = Estimate(20, 10, 40, "errors/day removed", 0.95, 100, "given")
    price = Estimate(0.5, 0.25, 1.0, "USD per error a day removed", 0.95, 100, "given")
    for usd, against in ((2, "cheaper"), (0.1, "dearer"), (0.6, "not shown")):
        assert _against(price, cost, removed, Lever("other", usd, 1)) == against
    none = Estimate(-20, -40, -10, "errors/day removed", 0.95, 100, "given")
    added = Unknown("it removed no errors on balance")
    assert _against(added, cost, none, Lever("other", 2, 1)) == "dearer"
    assert _against(added, Unknown("no price"), removed, Lever("other", 2, 1)) == "not shown"


def test_the_stop_rule_fires_when_the_next_turn_costs_more_than_it_is_worth(honest: Path) -> None:
    dear = outlook_of(honest, Money(usd_per_hour=1e9, worth_usd=0.01)).stop
    cheap = outlook_of(honest, Money(usd_per_hour=0.01, worth_usd=10.0)).stop
    assert isinstance(dear, StopAdvice)
    assert isinstance(cheap, StopAdvice)
    assert (dear.advice, dear.fires) == ("stop", True)
    assert cheap.fires is False
    assert isinstance(outlook_of(honest, Money(usd_per_hour=1.0)).stop, Unknown)


def test_forecasts_are_made_without_the_turn_that_they_are_checked_against(honest: Path) -> None:
    (turn, checked) = outlook_of(honest, Money()).checked[0]
    assert (turn, checked.forecast.turns) == (2, 2)
    assert checked.measured == pytest.approx(0.15)


def test_tasks_that_some_turn_did_not_judge_are_in_no_forecast(honest: Path) -> None:
    held_out = read_loops(honest)[0].held_out
    right = held_out.right.copy()
    right[1, :100] = -1
    turns = measured_turns(replace(held_out, right=right))
    assert {turn.tasks for turn in turns} == {300}
    assert measured_turns(replace(held_out, right=np.full_like(right, -1))) == ()

"""How the benchmark of the rivals counts misses and stops, and that Assay's part of it is the product's."""

from __future__ import annotations

import numpy as np
import pytest

import ours
from populations import Judged, rare
from rivals import LOOKS, at_the_stop, ever_miss, random_orders


def made_up() -> Judged:
    rng = np.random.default_rng(3)
    wrong = (rng.random(800) < 0.1).astype(np.int64)
    flags = np.where(rng.random(800) < 0.9, wrong, 1 - wrong)
    return Judged(wrong, flags, flags.astype(np.float64))


def test_one_look_that_misses_is_a_miss_and_a_refusal_is_none() -> None:
    limits = np.tile([0.0, 1.0], (3, 20, 1))
    limits[0, 7] = 0.0, 0.01
    limits[1, 7] = np.nan, np.nan
    assert ever_miss(limits, 0.5) == pytest.approx(1 / 3)


def test_labeling_stops_at_the_first_narrow_interval() -> None:
    limits = np.tile([0.0, 1.0], (2, 20, 1))
    limits[0, 3] = 0.2, 0.24  # 40 labels: narrow, and false.
    limits[0, 10] = 0.48, 0.52
    assert at_the_stop(limits, 0.5, 0.02, 10) == (0.02, 10, 0.5, 120.0, 0.5)
    # Every 20 labels the look at 40 is still taken; the one at 30 would not be.
    assert at_the_stop(limits, 0.5, 0.02, 20)[2] == 0.5
    limits[0, 3], limits[0, 2] = (0.0, 1.0), (0.2, 0.24)
    assert at_the_stop(limits, 0.5, 0.02, 10)[2] == 0.5
    assert at_the_stop(limits, 0.5, 0.02, 20)[2] == 1.0


def test_orders_are_the_same_for_all() -> None:
    log = made_up()
    first, second = (list(random_orders(log, 3)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert sorted(first[0]) == list(range(800))


def test_the_rare_log_is_not_laid_out_in_the_order_of_a_draw() -> None:
    log = rare()
    assert log.errors == 50
    assert all(log.wrong[order[:1_000]].sum() < 10 for order in random_orders(log, 3))


@pytest.mark.parametrize("method", ours.METHODS)
def test_assay_shows_an_interval_at_every_look(method: str) -> None:
    log = made_up()
    order = next(random_orders(log, 1))
    limits = ours.METHODS[method](log, order, np.array(LOOKS))
    assert limits.shape == (20, 2)
    assert (limits[:, 0] >= 0).all()
    assert (limits[:, 1] <= 1).all()
    assert (limits[:, 0] < limits[:, 1]).all()
    if method != "Assay":
        # What has been shown is not taken back.
        assert (np.diff(limits[:, 1] - limits[:, 0]) <= 1e-12).all()


def test_planned_looks_show_nothing_before_the_first() -> None:
    log = made_up()
    order = next(random_orders(log, 1))
    limits = ours.at_planned_looks(log, order, np.array(LOOKS))
    assert limits[0].tolist() == [0.0, 1.0]
    # The fifth part of 200 labels is the first look.
    assert limits[4, 1] < 1.0

"""Configurations that answered the same tasks: their difference is what it is in pairs, and limits go on holding."""

from __future__ import annotations

import numpy as np
import pytest

from assay.capability.parts import NAMES, correlations_of
from assay.capability.ranking import break_even_mend, items_to_tell_apart, p_cheaper, rank
from assay.capability.same_tasks import TaskErrors, common_tasks, compared_on, shared_scores
from assay.quantity import Estimate
from capability.paired_worlds import errors_of, evidence_of, measured, world


def test_each_alone_has_the_same_interval_and_their_difference_a_narrower_one() -> None:
    rows = world(300, (0.8, 0.72), 0.9, 3)
    pairs, apart = measured(*rows), measured(*rows, paired=False)
    for one, other in zip(pairs, apart, strict=True):
        assert isinstance(one.cvc, Estimate)
        assert isinstance(other.cvc, Estimate)
        assert (one.cvc.low, one.cvc.high) == pytest.approx(
            (other.cvc.low, other.cvc.high), rel=0.03
        )
    spread = [np.std(a.cvc_draws() - b.cvc_draws()) for a, b in (pairs, apart)]
    assert spread[0] < 0.7 * spread[1]
    more = [items_to_tell_apart(a, b) for a, b in (pairs, apart)]
    assert isinstance(more[0], Estimate)
    assert isinstance(more[1], Estimate)
    assert more[0].value < 0.6 * more[1].value


def test_that_one_fails_where_the_other_does_not_makes_the_difference_less_sure() -> None:
    right = (np.arange(200) % 2).astype(np.float64)
    costs = np.random.default_rng(1).lognormal(-3, 0.3, (2, 200))
    rows = ((right, costs[0]), (1 - right, costs[1]))
    pairs, apart = measured(*rows), measured(*rows, paired=False)
    spread = [np.std(a.cvc_draws() - b.cvc_draws()) for a, b in (pairs, apart)]
    assert spread[0] > 1.3 * spread[1]


def test_two_that_never_differ_are_not_told_apart_and_one_that_is_never_worse_is() -> None:
    right = (np.arange(200) >= 60).astype(np.float64)
    better = (np.arange(200) >= 50).astype(np.float64)
    costs = np.random.default_rng(2).lognormal(-3, 0.3, 200)
    assert rank(measured((right, costs), (right.copy(), costs.copy()))).is_tie
    # 10 tasks of 200, all to the same side: by chance once in 512; as if of other tasks, a tie.
    assert not rank(measured((better, costs), (right, costs))).is_tie
    assert rank(measured((better, costs), (right, costs), paired=False)).is_tie


@pytest.mark.parametrize(("n", "share", "alike"), [(60, 0.9, 0.6), (200, 0.7, 0.9)])
def test_two_equally_good_are_seldom_told_apart(n: int, share: float, alike: float) -> None:
    told = 0
    for seed in range(100):
        one, other = measured(*world(n, (share, share), alike, seed), seed=seed, draws=400)
        chance = p_cheaper(one.cvc_draws(), other.cvc_draws())
        told += not 0.05 <= chance <= 0.95
    # 10 % is what two sides of 5 % allow; three standard errors are 9 %.
    assert told / 100 <= 0.10 + 0.09


def test_the_break_even_goes_on_holding() -> None:
    right = times = 0
    for seed in range(40):
        (a, _), (b, costs) = world(200, (0.9, 0.7), 0.9, seed)
        one, other = measured((a, costs + 0.4), (b, costs), seed=seed, draws=400)
        found = break_even_mend(one, other)
        if isinstance(found, Estimate):
            times += 1
            right += found.low <= 2.0 <= found.high
    assert times > 30
    assert right / times >= 0.95 - 0.1


def test_tasks_of_their_own_leave_them_apart() -> None:
    rows = world(100, (0.8, 0.8), 0.9, 5)
    evidence = [evidence_of(str(k), *row) for k, row in enumerate(rows)]
    apart = [errors_of(*rows[0], names="a"), errors_of(*rows[1], names="b")]
    assert compared_on(apart) is None
    assert compared_on([apart[0], None]) is None
    one, other = shared_scores(evidence, apart, np.random.default_rng(1), draws=20_000)
    assert abs(np.corrcoef(one["right"], other["right"])[0, 1]) < 0.03
    half = errors_of(*rows[1], names="b")
    half = TaskErrors((*apart[0].names[:50], *half.names[50:]), half.errors, half.share, 1.0)
    assert common_tasks(apart[0], half) == 50
    assert compared_on([apart[0], half, apart[1]]) == (50, 50)


def test_within_each_the_scores_go_together_as_its_own_evidence_says() -> None:
    rows = world(400, (0.8, 0.6), 0.8, 6)
    rows = [(right, cost * np.where(right > 0, 1.0, 2.0)) for right, cost in rows]
    evidence = [evidence_of(str(k), *row) for k, row in enumerate(rows)]
    tasks = [errors_of(*row) for row in rows]
    for own, scores in zip(
        evidence,
        shared_scores(evidence, tasks, np.random.default_rng(1), draws=40_000),
        strict=True,
    ):
        found = np.corrcoef(np.stack([scores[name] for name in NAMES]))
        assert np.abs(found - correlations_of(own)).max() < 0.05

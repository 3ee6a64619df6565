"""Whoever looks at every look and stops when it looks good is still right as often as promised."""

from __future__ import annotations

import random

import pytest

from assay.estimate import StratumCount, total_errors
from assay.ledger.draws import DrawnStratum, Label, StoredDraw, StratumRule
from assay.ledger.population import Window
from assay.quantity import Estimate, Unknown
from assay.volume.evidence import SampleEvidence, SystemEvidence
from assay.volume.looks import LOOK_SHARES, MISS_SHARES, completed_looks, first_look_at, labels_at
from assay.volume.meter import Meter
from assay.volume.traffic import Traffic

SIZES, PLANNED = (900, 100), (60, 40)


def drawn(rng: random.Random) -> StoredDraw:
    strata = tuple(
        DrawnStratum(
            StratumRule(f"s{h}"),
            size,
            planned,
            tuple(f"{h}-{i}" for i in rng.sample(range(size), planned)),
        )
        for h, (size, planned) in enumerate(zip(SIZES, PLANNED, strict=True))
    )
    return StoredDraw("d", 0, 1, Window("s", ""), sum(SIZES), 0, 0, "j", (), strata)


def labels(draw: StoredDraw, wrong: set[str], shares: float = 1.0) -> dict[str, Label]:
    return {
        t: Label(t, int(t in wrong), "ada")
        for stratum in draw.strata
        for t in stratum.trace_ids[: labels_at(stratum.planned, shares)]
    }


def test_the_looks_together_spend_what_was_promised() -> None:
    assert sum(MISS_SHARES) == pytest.approx(1)
    assert list(LOOK_SHARES) == sorted(LOOK_SHARES)
    assert LOOK_SHARES[-1] == 1.0


@pytest.mark.parametrize(
    ("share", "completed"), [(0.05, 0), (0.2, 1), (0.5, 2), (0.8, 4), (1.0, 5)]
)
def test_labels_complete_looks(share: float, completed: int) -> None:
    draw = drawn(random.Random(1))
    looks = completed_looks(draw, labels(draw, set(), share), intakes=2)
    assert len(looks) == completed
    if looks:
        assert looks[-1].number == completed
        assert looks[0].labels == first_look_at(draw)


def test_one_go_is_one_look() -> None:
    draw = drawn(random.Random(1))
    (look,) = completed_looks(draw, labels(draw, set()), intakes=1)
    assert (look.of, look.level(0.95), look.labels) == (1, 0.95, 100)


def misses(runs: int, *, naive: bool) -> float:
    """Share of the runs in which any interval shown on the way misses the truth."""
    rng = random.Random(20261122)
    bad = 0
    for _ in range(runs):
        wrong = {f"0-{i}" for i in rng.sample(range(900), 30)} | {
            f"1-{i}" for i in rng.sample(range(100), 30)
        }
        draw = drawn(rng)
        shown = naive_intervals(draw, wrong) if naive else intervals(draw, wrong)
        bad += any(not low <= 60 <= high for low, high in shown)
    return bad / runs


def intervals(draw: StoredDraw, wrong: set[str]) -> list[tuple[float, float]]:
    found = []
    for share in (0.2, 0.3, 0.4, 0.55, 0.6, 0.75, 0.8, 0.9, 1.0):
        looks = completed_looks(draw, labels(draw, wrong, share), intakes=9)
        evidence = SampleEvidence(draw, looks, (), 0, ("ada",))
        system = SystemEvidence(draw.window, Traffic(sum(SIZES)), evidence)
        errors = Meter(system, Unknown("no time")).at(0.95).errors
        assert isinstance(errors, Estimate)
        assert errors.confidence_level == 0.95
        found.append((errors.low, errors.high))
    return found


def naive_intervals(draw: StoredDraw, wrong: set[str]) -> list[tuple[float, float]]:
    found = []
    for n in range(10, 101, 5):
        strata = [
            StratumCount(
                s.size,
                k := max(1, round(s.planned * n / 100)),
                sum(t in wrong for t in s.trace_ids[:k]),
            )
            for s in draw.strata
        ]
        interval = total_errors(strata)
        found.append((interval.low, interval.high))
    return found


def test_looking_at_every_look_misses_no_more_than_promised() -> None:
    assert misses(400, naive=False) <= 0.05


def test_looking_all_the_time_without_a_plan_would_miss_more() -> None:
    # The same labels, an interval of 95 % after every fifth one: what the plan is for.
    assert misses(400, naive=True) > misses(400, naive=False)

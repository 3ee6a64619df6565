"""Whoever looks at every look and stops when it looks good is still right as often as promised."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from assay.estimate import hypergeometric_errors
from assay.ledger.draw_labels import Label
from assay.ledger.draws import DrawnStratum, StoredDraw
from assay.ledger.frame import StratumRule
from assay.ledger.population import Window
from assay.quantity import Estimate, Unknown
from assay.volume.evidence import SampleEvidence, SystemEvidence
from assay.volume.looks import (
    LOOK_SHARES,
    MISS_SHARES,
    PLANNED_SHARE,
    LiveLabels,
    anticipated_rate,
    before_the_first,
    completed_looks,
    first_look_at,
    labels_at,
    live_labels,
)
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
    return draw_of(strata)


def draw_of(strata: tuple[DrawnStratum, ...], budget: int | None = None) -> StoredDraw:
    places = sorted(
        (batch_place(stratum, i), stratum.rule.name, trace_id)
        for stratum in strata
        for i, trace_id in enumerate(stratum.trace_ids)
    )
    order = tuple(trace_id for _, _, trace_id in places)
    return StoredDraw(
        "d",
        0,
        1,
        Window("s", ""),
        sum(SIZES),
        0,
        0,
        "j",
        (),
        strata,
        budget=budget,
        label_order=order,
    )


def batch_place(stratum: DrawnStratum, index: int) -> tuple[int, float]:
    ends = stratum.batch_ends or (stratum.planned,)
    batch = sum(index >= end for end in ends)
    before = ends[batch - 1] if batch else 0
    return batch, (index + 1 - before) / (ends[batch] - before)


def labels(draw: StoredDraw, wrong: set[str], shares: float = 1.0) -> dict[str, Label]:
    return {
        t: Label(t, int(t in wrong), "ada")
        for stratum in draw.strata
        for t in stratum.trace_ids[: labels_at(stratum.planned, shares)]
    }


def test_the_looks_together_spend_what_was_promised() -> None:
    assert sum(MISS_SHARES) == pytest.approx(PLANNED_SHARE)
    live = LiveLabels((), 0.1)
    assert (1 - live.level(0.95)) + 0.05 * sum(MISS_SHARES) == pytest.approx(0.05)
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


def test_live_limits_begin_with_the_first_label() -> None:
    draw = drawn(random.Random(1))
    first = {draw.label_order[0]: Label(draw.label_order[0], 1, "ada")}
    shown = shown_at(draw, first)
    assert (shown.low, shown.high, shown.n) == (1, 1000, 1)
    assert "before planned look 1 of 5" in shown.method
    clean = {t: Label(t, 0, "ada") for t in draw.label_order[:15]}
    assert not completed_looks(draw, clean, intakes=15)
    assert shown_at(draw, clean).high < 900


def test_a_gap_in_the_list_holds_the_live_limits_back() -> None:
    draw = drawn(random.Random(1))
    given = {t: Label(t, 0, "ada") for t in draw.label_order[:30]}
    del given[draw.label_order[10]]
    live = live_labels(draw, given, intakes=9)
    assert live is not None
    assert len(live.labels) == 10


def test_one_go_has_no_live_limits() -> None:
    draw = drawn(random.Random(1))
    assert live_labels(draw, labels(draw, set()), intakes=1) is None


def test_hand_outs_have_a_look_each_and_none_beyond_the_plan() -> None:
    ends = ((12, 24, 48, 60), (8, 16, 32, 40))
    whole = drawn(random.Random(2))
    strata = tuple(
        replace(stratum, batch_ends=its) for stratum, its in zip(whole.strata, ends, strict=True)
    )
    draw = draw_of(strata, budget=80)
    given = labels(draw, set())
    looks = completed_looks(draw, given, intakes=4)
    assert [look.labels for look in looks] == [20, 40, 80]
    assert sum(look.miss_share for look in looks) == pytest.approx(PLANNED_SHARE)
    live = live_labels(draw, given, intakes=4)
    assert live is not None
    assert len(live.labels) == 100
    assert shown_at(draw, given).n == 100


def goes_on(ends: tuple[tuple[int, ...], ...], budget: int | None = 100) -> StoredDraw:
    whole = drawn(random.Random(2))
    strata = tuple(
        replace(s, planned=its[-1], trace_ids=s.trace_ids[: its[-1]], batch_ends=its)
        for s, its in zip(whole.strata, ends, strict=True)
    )
    return draw_of(strata, budget=budget)


def test_a_bet_does_not_change_with_what_was_handed_out_after_it() -> None:
    # Where the later labels went was decided by the earlier ones: no bet on those may know it.
    early, late = goes_on(((12,), (8,))), goes_on(((12, 13, 60), (8, 38, 40)))
    before = live_labels(early, labels(early, set()), intakes=1)
    after = live_labels(late, labels(late, set()), intakes=3)
    assert before is not None
    assert after is not None
    assert after.labels[:20] == before.labels
    assert [label.share for label in after.labels[20:51]].count(30 / 31) == 30


def test_no_label_and_no_hand_out_changes_what_was_expected() -> None:
    early, late = goes_on(((12,), (8,)), 30), goes_on(((12, 60), (8, 40)), 30)
    by_nobody = [replace(draw, judge=None) for draw in (early, late)]
    assert anticipated_rate(by_nobody[0]) == anticipated_rate(by_nobody[1]) == 10 / 30


def test_a_first_hand_out_in_one_go_has_live_limits_beside_its_small_look() -> None:
    draw = goes_on(((12,), (8,)))
    live = live_labels(draw, labels(draw, set()), intakes=1)
    assert live is not None
    assert len(live.labels) == 20


def test_more_labels_than_outputs_are_one_hand_out() -> None:
    draw = replace(drawn(random.Random(1)), population=100, budget=150)
    assert not draw.goes_on
    assert len(completed_looks(draw, labels(draw, set()), intakes=1)) == 1


def shown_at(draw: StoredDraw, given: dict[str, Label], *, intakes: int = 9) -> Estimate:
    """Return what `assay volume` shows for these labels."""
    looks = completed_looks(draw, given, intakes=intakes) or (before_the_first(draw, given),)
    live = live_labels(draw, given, intakes=intakes)
    evidence = SampleEvidence(draw, looks, (), 0, ("ada",), live)
    system = SystemEvidence(draw.window, Traffic(sum(SIZES)), evidence)
    errors = Meter(system, Unknown("no time")).at(0.95).errors
    assert isinstance(errors, Estimate)
    assert errors.confidence_level == 0.95
    return errors


def misses(runs: int, every: int) -> float:
    """Share of the runs in which any interval shown on the way misses the truth."""
    rng = random.Random(20261122)
    bad = 0
    for _ in range(runs):
        wrong = {f"0-{i}" for i in rng.sample(range(900), 30)} | {
            f"1-{i}" for i in rng.sample(range(100), 30)
        }
        draw = drawn(rng)
        given = [Label(t, int(t in wrong), "ada") for t in draw.label_order]
        shown = [
            shown_at(draw, {label.trace_id: label for label in given[:n]})
            for n in range(every, len(given) + 1, every)
        ]
        bad += any(not at.low <= 60 <= at.high for at in shown)
    return bad / runs


def naive_misses(runs: int) -> float:
    """The same for the exact interval of a uniform draw, looked at after every fourth label."""
    rng = random.Random(20261122)
    bad = 0
    for _ in range(runs):
        said = [1] * 60 + [0] * 940
        rng.shuffle(said)
        shown = [hypergeometric_errors(sum(said[:n]), n, 1_000) for n in range(4, 201, 4)]
        bad += any(not low <= 60 <= high for low, high in shown)
    return bad / runs


def test_looking_after_every_tenth_label_misses_no_more_than_promised() -> None:
    # 100 runs at a true 5 %: more than 12 in one of 2,000 seeds.
    assert misses(100, 10) <= 0.12


def test_looking_all_the_time_without_a_plan_would_miss_more() -> None:
    # The negative control: an exact interval that is looked at all the time is none.
    assert naive_misses(300) > 0.12


@pytest.mark.nightly
def test_looking_after_every_label_misses_no_more_than_promised() -> None:
    assert misses(400, 1) <= 0.05

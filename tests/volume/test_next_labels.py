"""Labels handed out little by little: each hand-out where it is worth most by then, and the answer still true."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import DrawError
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.draws import StoredDraw, stored_draw
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.measure import measure_volume
from assay.volume.meter import Meter
from assay.volume.next_labels import (
    UNIFORM_SHARE,
    choose_open_draw,
    draw_next,
    next_allocation,
)
from assay.volume.question import VolumeQuestion
from volume.desk import Desk, answer, fill


def opened(desk: Desk, *, labels: int = 200, first: int = 40, seed: int = 7) -> StoredDraw:
    return draw_labels(
        desk.ledger, DrawRequest(desk.window, labels, seed, "second reading", first=first)
    )


def errors_of(ledger: Ledger) -> Estimate:
    errors = measure_volume(ledger, VolumeQuestion()).systems[0].errors
    assert isinstance(errors, Estimate)
    return errors


def test_a_draw_goes_on_in_the_order_of_its_seed(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    draw = opened(desk)
    assert (draw.planned, draw.budget, draw.batches) == (40, 200, 1)
    answer(desk, draw, tmp_path / "1.csv")
    longer = draw_next(ledger, draw, 25)
    assert (longer.planned, longer.batches, longer.draw_id) == (65, 2, draw.draw_id)
    whole = draw_labels(ledger, DrawRequest(desk.window, 900, 7, "second reading"))
    for before, after, all_ in zip(draw.strata, longer.strata, whole.strata, strict=True):
        assert after.trace_ids[: before.planned] == before.trace_ids
        assert after.trace_ids == all_.trace_ids[: after.planned]
        assert after.batch_ends == (before.planned, after.planned)


def test_each_hand_out_is_a_look(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    draw = opened(desk)
    answer(desk, draw, tmp_path / "1.csv")
    errors = errors_of(ledger)
    assert "planned look 1 of 5" in errors.method
    widths = [errors.high - errors.low]
    for step in range(4):
        answer(desk, draw_next(ledger, draw, 40), tmp_path / f"{step}.csv")
        errors = errors_of(ledger)
        widths.append(errors.high - errors.low)
    assert "planned look 5 of 5" in errors.method
    assert "re-allocated between looks" in errors.method
    assert errors.guarantee == "simulated"
    parts = measure_volume(ledger, VolumeQuestion(by=("topic",))).systems[0]
    for part in (*parts.strata, *parts.by["topic"]):
        assert isinstance(part.errors, Estimate)
        assert (part.errors.guarantee, "re-allocated between looks" in part.errors.method) == (
            "simulated",
            True,
        )
    # Where errors turned up more was drawn: that says nothing of the judge.
    assert parts.judge_p_value is None
    assert isinstance(parts.judge_gain, Estimate)
    assert errors.low <= desk.errors <= errors.high
    assert widths[-1] < widths[0]
    # More than was planned: the looks are used up, the live limits go on.
    answer(desk, draw_next(ledger, draw, 40), tmp_path / "more.csv")
    beyond = errors_of(ledger)
    assert "planned look 5 of 5" in beyond.method
    assert beyond.n == 240
    assert errors.low <= beyond.low <= beyond.high <= errors.high


def test_labels_that_are_out_come_first(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    draw = opened(desk)
    answer(desk, draw, tmp_path / "1.csv", first=30)
    with pytest.raises(DrawError, match="10 of the 40 labels handed out"):
        draw_next(ledger, draw, 20)


def test_an_end_of_the_log(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=60)
    draw = opened(desk, labels=60, first=50)
    answer(desk, draw, tmp_path / "1.csv")
    last = draw_next(ledger, draw, 500)
    assert last.planned == 60
    answer(desk, last, tmp_path / "2.csv")
    with pytest.raises(DrawError, match="there is none left"):
        draw_next(ledger, draw, 1)
    errors = errors_of(ledger)
    assert errors.low == errors.high == desk.errors


def test_a_list_that_came_back_whole_is_done(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    draw = opened(desk, labels=100, first=100)
    answer(desk, draw, tmp_path / "1.csv")
    with pytest.raises(DrawError, match="the whole chance to miss"):
        draw_next(ledger, draw, 20)


def test_a_corrected_label_does_not_reopen_a_list_that_is_done(
    ledger: Ledger, tmp_path: Path
) -> None:
    # Else its one look would have had the whole chance to miss, and the looks after it the same once more.
    desk = fill(ledger)
    draw = opened(desk, labels=100, first=100)
    answer(desk, draw, tmp_path / "1.csv")
    before = errors_of(ledger)
    some = next(t for s in draw.strata for t in s.trace_ids if not desk.wrong[t])
    desk.wrong[some] = True
    answer(desk, draw, tmp_path / "2.csv")
    after = errors_of(ledger)
    assert after.value > before.value
    assert after.method == before.method
    with pytest.raises(DrawError, match="the whole chance to miss"):
        draw_next(ledger, draw, 20)


def test_a_list_that_came_back_in_parts_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    draw = opened(desk, labels=100, first=100)
    answer(desk, draw, tmp_path / "1.csv", first=50)
    answer(desk, draw, tmp_path / "2.csv")
    before = errors_of(ledger)
    answer(desk, draw_next(ledger, draw, 20), tmp_path / "3.csv")
    after = errors_of(ledger)
    assert "planned look 5 of 5" in after.method
    assert (before.n, after.n) == (100, 120)
    assert before.low <= after.low <= after.high <= before.high


def test_a_draw_for_a_certificate_holds_at_every_label(ledger: Ledger, tmp_path: Path) -> None:
    # No error in 5,000 outputs; at most 1 in 50 is to be shown, whenever one looks.
    desk = fill(ledger, traces=5_000, error_rate=0.0, judge=False)
    draw = draw_labels(ledger, DrawRequest(desk.window, 200, 7, at_most=0.02))
    assert draw_labels(ledger, DrawRequest(desk.window, 200, 7)).draw_id != draw.draw_id
    met = []
    for labels in (100, 150, 157, 199):
        answer(desk, draw, tmp_path / "f.csv", first=labels)
        answered = measure_volume(
            ledger, VolumeQuestion(draw_id=draw.draw_id, confidence_level=0.95)
        ).systems[0]
        assert isinstance(answered.errors, Estimate)
        assert "a look after every label, for at most 0.02" in answered.errors.method
        upper = Meter(answered.gathered, Unknown("")).at(0.95, "less").rate
        assert isinstance(upper, Estimate)
        met.append(upper.high <= 0.02)
    # 3.12 / 0.02 labels, where one look would take 149.
    assert met == [False, False, True, True]


@pytest.mark.parametrize("at_most", [0.0, 1.0, -0.1])
def test_a_rate_to_certify_is_one(ledger: Ledger, at_most: float) -> None:
    desk = fill(ledger)
    with pytest.raises(DrawError, match="between 0 and 1"):
        draw_labels(ledger, DrawRequest(desk.window, 100, 7, at_most=at_most))


def test_which_draw_goes_on(ledger: Ledger) -> None:
    with pytest.raises(DrawError, match="no draw to go on with"):
        choose_open_draw(ledger, None)
    desk = fill(ledger)
    draw = opened(desk)
    assert choose_open_draw(ledger, None) == draw
    opened(desk, seed=8)
    with pytest.raises(DrawError, match="2 draws"):
        choose_open_draw(ledger, None)
    assert choose_open_draw(ledger, draw.draw_id) == draw


@pytest.mark.parametrize("first", [0, 201])
def test_a_first_hand_out_is_a_part_of_the_plan(ledger: Ledger, first: int) -> None:
    with pytest.raises(DrawError, match="between 1 and the 200 labels"):
        opened(fill(ledger), first=first)


@pytest.mark.parametrize("count", [1, 7, 100])
def test_labels_go_where_errors_were_found_and_a_part_goes_everywhere(
    ledger: Ledger, count: int
) -> None:
    desk = fill(ledger, traces=5_000)
    draw = opened(desk, labels=600, first=300)
    # All errors turn up where the judge sees least of them.
    lowest = draw.strata[0]
    labels = {t: Label(t, int(s is lowest), "ada") for s in draw.strata for t in s.trace_ids}
    calm = {t: Label(t, 0, "ada") for s in draw.strata for t in s.trace_ids}
    half = {
        t: Label(t, int(i % 2 and s is lowest), "ada")
        for s in draw.strata
        for i, t in enumerate(s.trace_ids)
    }
    for said in (labels, calm, half):
        more = next_allocation(draw, said, count)
        assert sum(more) == count
        assert min(more) >= 0
        uniform = [UNIFORM_SHARE * count * s.size / draw.population for s in draw.strata]
        assert all(n >= int(u) for n, u in zip(more, uniform, strict=True))
    if count == 100:
        assert next_allocation(draw, half, count)[0] > next_allocation(draw, calm, count)[0]


def test_single_labels_reach_every_stratum_in_time(ledger: Ledger) -> None:
    desk = fill(ledger, traces=2_000)
    draw = opened(desk, labels=600, first=60)
    calm = {t: Label(t, 0, "ada") for s in draw.strata for t in s.trace_ids}
    reached = [0] * len(draw.strata)
    for batches in range(1, 200):
        ends = tuple(range(1, batches + 1))
        later = replace(draw, strata=tuple(replace(s, batch_ends=ends) for s in draw.strata))
        for index, n in enumerate(next_allocation(later, calm, 1)):
            reached[index] += n
    assert min(reached) > 0


@pytest.mark.nightly
@pytest.mark.parametrize("error_rate", [0.02, 0.1])
def test_labels_sent_where_errors_are_keep_the_promise(tmp_path: Path, error_rate: float) -> None:
    held = 0
    for run in range(100):
        ledger = Ledger.create(tmp_path / f"{error_rate}-{run}")
        desk = fill(ledger, error_rate=error_rate, seed=run)
        draw = opened(desk, labels=150, first=30, seed=random.Random(run).randrange(10**6))
        answer(desk, draw, tmp_path / "1.csv")
        shown = [errors_of(ledger)]
        for _ in range(4):
            answer(desk, draw_next(ledger, draw, 30), tmp_path / "n.csv")
            shown.append(errors_of(ledger))
        assert labels_of(ledger, draw.draw_id).keys() == set(
            stored_draw(ledger, draw.draw_id).label_order
        )
        held += all(at.low <= desk.errors <= at.high for at in shown)
    assert held >= 90

"""Release thresholds from a ledger: which labels may be used, and what is found."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from assay.errors import DrawError, EstimateError
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.next_labels import draw_next
from assay.volume.reading import draw_second_reading
from assay.volume.release import ReleaseQuestion, measure_release
from assay.volume.release_labels import release_labels, simple_sample_size, urn_draw
from volume.release_desk import JUDGE, label_all, release_desk, release_draw


def ask(at_most: float = 0.02, **options: object) -> ReleaseQuestion:
    return ReleaseQuestion(JUDGE, at_most, **options)  # type: ignore[arg-type]


def test_a_uniform_draw_certifies_a_threshold(ledger: Ledger, tmp_path: Path) -> None:
    desk = release_desk(ledger)
    drawn = release_draw(desk, 1_200)
    label_all(desk, drawn, tmp_path)
    found = measure_release(ledger, ask())
    assert found.labels.set_aside == 0
    assert found.labels.scores.size == 1_200
    assert found.labels.others.size == 1_800
    assert found.tested.threshold is not None
    released = sum(
        test.released for test in found.tested.tests if test.threshold == found.tested.threshold
    )
    assert released == (found.labels.scores <= found.tested.threshold).sum()
    assert isinstance(found.tested.coverage, Estimate)
    assert found.tested.coverage.low <= found.released / found.outputs <= found.tested.coverage.high
    assert found.tested.coverage.value > 0.8
    # The truth of the whole window is within the promise here, and it is not so without a threshold.
    scores = dict(zip(found.labels.trace_ids, found.labels.scores, strict=True))
    wrong = np.array([desk.wrong[one] for one in scores])
    kept = np.array(list(scores.values())) <= found.tested.threshold
    assert wrong[kept].mean() <= 0.02 < wrong.mean()


def test_nothing_is_certified_by_few_labels_and_it_says_how_many_it_takes(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = release_desk(ledger, traces=1_000)
    label_all(desk, release_draw(desk, 100), tmp_path)
    found = measure_release(ledger, ask(0.01))
    assert found.tested.threshold is None
    assert found.released == 0
    assert isinstance(found.tested.coverage, Unknown)
    needed = found.tested.labels_needed
    assert isinstance(needed, Estimate)
    assert needed.value > 500


def test_labels_of_strata_are_thinned_to_a_simple_random_sample(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = release_desk(ledger)
    drawn = release_draw(desk, 400, judge=JUDGE)
    assert len(drawn.strata) > 1
    label_all(desk, drawn, tmp_path)
    labels = release_labels(ledger, drawn, JUDGE)
    assert 0 < labels.set_aside == 400 - len(labels.trace_ids)
    assert labels.others.size == 3_000 - len(labels.trace_ids)
    truth = desk.errors / 3_000
    assert stats.binomtest(int(labels.wrong.sum()), len(labels.trace_ids), truth).pvalue > 0.01
    # What is kept of a stratum is the beginning of its random order, and its share is that of the traffic.
    for stratum in drawn.strata:
        kept = [one for one in stratum.trace_ids if one in set(labels.trace_ids)]
        assert tuple(kept) == stratum.trace_ids[: len(kept)]
        share = stats.binomtest(len(kept), len(labels.trace_ids), stratum.size / 3_000)
        assert share.pvalue > 1e-3


def test_the_size_of_the_sample_is_the_largest_that_nearly_always_suffices() -> None:
    sizes, labeled = [700, 300], [200, 100]
    size = simple_sample_size(sizes, labeled)
    for m, enough in ((size, True), (size + 1, False)):
        short = sum(stats.binom.sf(n, m, s / 1_000) for s, n in zip(sizes, labeled, strict=True))
        assert bool(short <= 1e-3) == enough
        # The truth, without replacement, is smaller still.
        exact = sum(stats.hypergeom.sf(n, 1_000, s, m) for s, n in zip(sizes, labeled, strict=True))
        assert exact <= short
    assert simple_sample_size([5, 5], [5, 5]) == 10
    assert simple_sample_size([50, 50], [20, 0]) == 0


def test_the_urn_is_one() -> None:
    rng = random.Random("urn")
    drawn = np.array([urn_draw([70, 20, 10], 30, rng=rng) for _ in range(3_000)])
    assert (drawn.sum(axis=1) == 30).all()
    assert (drawn <= [70, 20, 10]).all()
    for color, size in enumerate((70, 20, 10)):
        law = stats.hypergeom(100, size, 30)
        error = 4 * law.std() / np.sqrt(3_000)
        assert drawn[:, color].mean() == pytest.approx(law.mean(), abs=error)
        assert drawn[:, color].var() == pytest.approx(law.var(), rel=0.15)


def test_unsure_counts_as_wrong_and_a_second_reading_can_only_add_errors(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = release_desk(ledger, traces=600)
    drawn = release_draw(desk, 200)
    label_all(desk, drawn, tmp_path, unsure=5)
    before = release_labels(ledger, drawn, JUDGE)
    assert before.unsure == 5
    reading = draw_second_reading(ledger, drawn, seed=3, share_of_right=0.5)
    read = [one for stratum in reading.strata for one in stratum.trace_ids]
    ledger.append("verdicts", [
        {"trace_id": one, "judge": "bea", "judge_kind": "person", "error_probability": 1.0, "draw_id": reading.draw_id}
        for one in read
    ])  # fmt: skip
    after = release_labels(ledger, drawn, JUDGE)
    known = dict(zip(before.trace_ids, before.wrong, strict=True))
    assert after.wrong.sum() == before.wrong.sum() + sum(known[one] == 0 for one in read)
    assert after.wrong.sum() > before.wrong.sum()
    with pytest.raises(DrawError, match="reads labels of"):
        release_labels(ledger, reading, JUDGE)


def test_unscored_outputs_are_never_released(ledger: Ledger, tmp_path: Path) -> None:
    desk = release_desk(ledger, unscored=600)
    label_all(desk, release_draw(desk, 1_000), tmp_path)
    found = measure_release(ledger, ask(0.1, thresholds=(1.0,)))
    assert found.scored == 2_400
    assert found.released == 2_400
    assert found.tested.tests[0].released == (~np.isnan(found.labels.scores)).sum() < 900


def test_labels_that_are_no_simple_random_sample_are_refused(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = release_desk(ledger)
    with pytest.raises(DrawError, match="no draw has labels") as none:
        measure_release(ledger, ask())
    assert "--no-judge" in none.value.next_command
    half = release_draw(desk, 100)
    label_all(desk, half, tmp_path, leave=40)
    with pytest.raises(DrawError, match="40 of the 100 outputs") as waiting:
        measure_release(ledger, ask())
    assert waiting.value.next_command.startswith("assay label")
    opened = release_draw(desk, 400, judge=JUDGE, first=200, seed=8)
    label_all(desk, opened, tmp_path)
    with pytest.raises(DrawError, match="where earlier ones found errors"):
        measure_release(ledger, ask(draw_id=opened.draw_id))


def test_a_uniform_draw_in_batches_counts_once_all_planned_labels_are_in(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = release_desk(ledger)
    drawn = release_draw(desk, 400, first=300)
    label_all(desk, drawn, tmp_path)
    with pytest.raises(DrawError, match="300 of 400 planned labels") as early:
        measure_release(ledger, ask())
    assert f"--next 100 --draw {drawn.draw_id}" in early.value.next_command
    # Beyond the plan the labels chose the moment: those are left out.
    label_all(desk, draw_next(ledger, drawn, 150), tmp_path)
    found = measure_release(ledger, ask())
    assert found.labels.trace_ids == found.labels.draw.strata[0].trace_ids[:400]


def test_which_labels_answer(ledger: Ledger, tmp_path: Path) -> None:
    desk = release_desk(ledger, traces=600)
    first = release_draw(desk, 200)
    label_all(desk, first, tmp_path)
    second = release_draw(desk, 100, seed=8)
    label_all(desk, second, tmp_path)
    third = release_draw(desk, 100, seed=9)
    label_all(desk, third, tmp_path, leave=1)
    found = measure_release(ledger, ask())
    # The newest that is complete; whoever names another one is told of those that could answer, too.
    assert (found.labels.draw.draw_id, found.other_draws) == (second.draw_id, (first.draw_id,))
    named = measure_release(ledger, ask(draw_id=first.draw_id))
    assert (named.labels.draw.draw_id, named.other_draws) == (first.draw_id, (second.draw_id,))
    other = release_desk(ledger, traces=300, version="8")
    label_all(other, release_draw(other, 100), tmp_path)
    with pytest.raises(DrawError, match="2 systems or versions"):
        measure_release(ledger, ask())
    assert measure_release(ledger, ask(version="8")).labels.draw.window.version == "8"
    with pytest.raises(DrawError, match="no draw of nobody has labels"):
        measure_release(ledger, ask(system="nobody"))
    with pytest.raises(DrawError, match="is of desk, not of nobody"):
        measure_release(ledger, ask(system="nobody", draw_id=first.draw_id))


def test_wrong_questions(ledger: Ledger, tmp_path: Path) -> None:
    desk = release_desk(ledger, traces=230)
    label_all(desk, release_draw(desk, 200), tmp_path)
    with pytest.raises(
        DrawError, match=r"judge 'nobody' has no score of desk 7; the judges there are: careful@2"
    ):
        measure_release(ledger, ReleaseQuestion("nobody", 0.01))
    with pytest.raises(DrawError, match="30 outputs beside the labeled ones"):
        measure_release(ledger, ask())
    for at_most in (0.0, 1.0, float("nan")):
        with pytest.raises(EstimateError, match="target_risk"):
            measure_release(ledger, ask(at_most, thresholds=(0.5,)))
    with pytest.raises(EstimateError, match="rise"):
        measure_release(ledger, ask(thresholds=(0.5, 0.4)))


def test_the_command_that_draws_what_is_missing_names_the_system(ledger: Ledger) -> None:
    release_desk(ledger, traces=60)
    with pytest.raises(DrawError) as alone:
        measure_release(ledger, ReleaseQuestion(JUDGE, 0.02))
    assert alone.value.next_command == f"assay draw {ledger.typed} --labels 60 --seed 7 --no-judge"
    release_desk(ledger, traces=40, version="8")
    with pytest.raises(DrawError) as several:
        measure_release(ledger, ReleaseQuestion(JUDGE, 0.02, version="8"))
    assert several.value.next_command == (
        f"assay draw {ledger.typed} --labels 40 --seed 7 --no-judge --system desk --version 8"
    )
    with pytest.raises(DrawError) as nobody:
        measure_release(ledger, ReleaseQuestion(JUDGE, 0.02, system="nobody"))
    assert nobody.value.next_command == f"assay ledger info {ledger.typed}"

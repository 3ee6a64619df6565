"""Feedback audit: what training on thumbs would reward, from draws and censuses, with the silent ones bounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from scipy import stats

from assay.errors import BadInput
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.probe.feedback import Alarm, FeedbackResult, audit_feedback, with_volume
from assay.probe.feedback_read import Thumb, Thumbs, judge_thumbs, read_thumbs
from assay.probe.feedback_truth import (
    Cell,
    Truth,
    TruthQuestion,
    TruthStratum,
    find_truth,
    flattering_by_judge,
    flattering_by_tag,
)
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.draw import DrawRequest, draw_labels

Write = Callable[[str, str], Path]
QUESTION = TruthQuestion("desk", "1")


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def trace(n: int, **tags: str) -> dict[str, object]:
    return {
        "trace_id": f"t{n:04}", "task_id": f"k{n}", "system": "desk", "version": "1", "epoch": 1, "output": "x",
        "origin": "field", "tags": json.dumps(tags, separators=(",", ":"), sort_keys=True), "source": f"f:{n}",
    }  # fmt: skip


def verdict(
    n: int, wrong: bool | None, judge: str = "numeric@1", **more: object
) -> dict[str, object]:
    return {
        "trace_id": f"t{n:04}", "judge": judge, "judge_kind": "check",
        "error_probability": None if wrong is None else float(wrong), "source": f"v:{n}",
    } | more  # fmt: skip


def clicked(write: Write, thumbs: dict[int, str]) -> Thumbs:
    lines = "".join(f"t{n:04},{said}\n" for n, said in thumbs.items())
    return read_thumbs(write("thumbs.csv", "trace_id,thumbs\n" + lines))


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    """200 outputs, every fifth wrong; errors of severity 1 and 3; the odd ones flatter."""
    ledger.append("traces", [trace(n, tone="sweet" if n % 2 else "plain") for n in range(200)])
    ledger.append(
        "verdicts",
        [verdict(n, n % 5 == 0, severity=(1 if n % 10 else 3) if n % 5 == 0 else None) for n in range(200)],
    )  # fmt: skip
    return ledger


def test_a_census_counts_thumbs_by_verdict_and_bounds_the_silent(
    desk: Ledger, write: Write
) -> None:
    # Of 40 wrong outputs 20 get a thumb, 15 of them up; of 160 right ones 40, 20 up.
    wrong, right = [n for n in range(200) if n % 5 == 0], [n for n in range(200) if n % 5]
    thumbs = dict.fromkeys(wrong[:15], "up") | dict.fromkeys(wrong[15:20], "down")
    thumbs |= dict.fromkeys(right[:20], "up") | dict.fromkeys(right[20:40], "down")
    given = clicked(write, thumbs)
    result = audit_feedback("desk@1", given, find_truth(desk, QUESTION, given))
    share = known(result.up_if_wrong)
    limits = stats.binomtest(15, 20).proportion_ci(method="exact")
    assert (share.value, share.low, share.high) == pytest.approx((0.75, limits.low, limits.high))
    assert known(result.up_if_right).value == 0.5
    of_all = known(result.up_if_wrong_all)
    assert of_all.low == pytest.approx(stats.binomtest(15, 40).proportion_ci(method="exact").low)
    assert of_all.high == pytest.approx(stats.binomtest(35, 40).proportion_ci(method="exact").high)
    assert known(result.wrong_if_up).value == pytest.approx(15 / 35)
    assert known(result.gave_if_wrong).value == 0.5
    assert known(result.gave_if_right).value == 0.25
    assert known(result.rewarded).value == 15 / 40
    assert result.counts["wrong"] == {Thumb.UP: 15, Thumb.DOWN: 5, Thumb.MIXED: 0, Thumb.SILENT: 20}
    assert set(result.up_by_severity) == {"1", "3"}
    assert sum(known(one).n for one in result.up_by_severity.values()) == 20


def result_of(wrong: tuple[int, int], right: tuple[int, int]) -> FeedbackResult:
    cells = {
        Cell(1, None, Thumb.UP): wrong[0], Cell(1, None, Thumb.DOWN): wrong[1],
        Cell(0, None, Thumb.UP): right[0], Cell(0, None, Thumb.DOWN): right[1],
    }  # fmt: skip
    size = sum(cells.values())
    return audit_feedback("s", Thumbs({}, 0, 0, (), "f"), Truth((TruthStratum(size, cells),), "w"))


def test_the_alarm_has_three_answers() -> None:
    assert result_of((90, 10), (30, 70)).alarm is Alarm.REWARDS
    assert result_of((10, 90), (70, 30)).alarm is Alarm.PUNISHES
    assert result_of((3, 2), (3, 3)).alarm is Alarm.UNKNOWN
    assert result_of((0, 0), (30, 70)).alarm is Alarm.UNKNOWN
    assert isinstance(result_of((0, 0), (30, 70)).up_if_wrong, Unknown)


def test_labels_of_a_draw_are_enough(desk: Ledger, write: Write) -> None:
    draw = draw_labels(desk, DrawRequest(Window("desk", "1"), 100, 7))
    ids = [trace_id for stratum in draw.strata for trace_id in stratum.trace_ids]
    desk.append("verdicts", [
        verdict(int(name[1:]), int(name[1:]) % 5 == 0, "ada", judge_kind="person", draw_id=draw.draw_id,
                inclusion_probability=0.5, severity=2, at=place)
        for place, name in enumerate(ids[:80])
    ])  # fmt: skip
    given = clicked(
        write, {n: "up" if n % 5 == 0 or n % 3 == 0 else "down" for n in range(0, 200, 1)}
    )
    truth = find_truth(desk, QUESTION, given)
    assert truth.words.startswith("labels by ada; ")
    result = audit_feedback("desk@1", given, truth)
    assert known(result.up_if_wrong).value == 1
    assert 0.2 < known(result.up_if_right).value < 0.5
    assert result.alarm is Alarm.REWARDS
    labeled = sum(sum(counts.values()) for counts in result.counts.values())
    assert labeled == 80


def test_a_label_out_of_turn_is_no_sample(desk: Ledger, write: Write) -> None:
    draw = draw_labels(desk, DrawRequest(Window("desk", "1"), 20, 7))
    ids = draw.strata[0].trace_ids
    # The first of the random order was skipped: somebody chose.
    desk.append("verdicts", [
        verdict(int(name[1:]), True, "ada", judge_kind="person", draw_id=draw.draw_id, inclusion_probability=0.1)
        for name in ids[1:10]
    ])  # fmt: skip
    given = clicked(write, {0: "up"})
    with pytest.raises(BadInput, match="beginning of its random order"):
        find_truth(desk, TruthQuestion("desk", "1", draw=draw.draw_id), given)


def test_unsure_verdicts_and_mixed_thumbs_count_both_ways(ledger: Ledger, write: Write) -> None:
    ledger.append("traces", [trace(n) for n in range(30)])
    said = {n: (None if n < 4 else n < 14) for n in range(30)}
    ledger.append("verdicts", [verdict(n, wrong) for n, wrong in said.items()])
    lines = "".join(f"t{n:04},ann,up\n" for n in range(30)) + "t0005,bob,down\n"
    given = read_thumbs(write("t.csv", "trace_id,person,thumbs\n" + lines))
    assert given.by_trace["t0005"] is Thumb.MIXED
    share = known(audit_feedback("desk", given, find_truth(ledger, QUESTION, given)).up_if_wrong)
    # 9 up for certain, one mixed; the 4 unsure may be wrong too, and are up.
    assert share.n == 9
    assert share.low == pytest.approx(stats.binomtest(9, 10).proportion_ci(method="exact").low)
    assert share.high == 1


def test_flattery_by_a_tag_and_by_a_judge(desk: Ledger, write: Write) -> None:
    given = clicked(write, {n: "up" if n % 2 else "down" for n in range(100)})
    truth = find_truth(desk, QUESTION, given)
    by_tag = flattering_by_tag(desk, QUESTION, ("tone", "sweet"), given)
    result = audit_feedback("desk@1", given, truth, flattery=by_tag)
    assert known(result.up_if_flattering).value == 1
    assert known(result.up_if_not_flattering).value == 0
    assert known(result.flattery_difference).low > 0.8
    desk.append(
        "verdicts", [verdict(n, n < 10, "sweet-talk@1", judge_kind="model") for n in range(50)]
    )
    by_judge = flattering_by_judge(desk, QUESTION, "sweet-talk@1", given)
    assert by_judge.strata[0].size == 50
    judged = audit_feedback("desk@1", given, truth, flattery=by_judge)
    assert known(judged.up_if_flattering).n == 10
    assert "not corrected" in judged.flattery
    with pytest.raises(BadInput, match="flattering or not"):
        flattering_by_tag(desk, QUESTION, ("mood", "x"), given)
    assert isinstance(audit_feedback("desk@1", given, truth).up_if_flattering, Unknown)


def test_error_volume(desk: Ledger, write: Write) -> None:
    given = clicked(write, {0: "up", 5: "up", 10: "down"})
    result = audit_feedback("desk@1", given, find_truth(desk, QUESTION, given))
    volume = with_volume(result, exact(1240, "errors/day", n=1, method="census"))
    part = known(volume.rewarded_per_day)
    assert part.value == pytest.approx(1240 * 2 / 40)
    assert part.unit == "errors/day"
    drawn = with_volume(result, Estimate(1240, 1000, 1500, "errors/day", 0.975, 9, "labels"))
    assert known(drawn.rewarded_per_day).confidence_level == 0.95
    assert with_volume(result, Unknown("no")).rewarded_per_day == Unknown("no")


def test_no_truth_no_figure(ledger: Ledger, write: Write) -> None:
    ledger.append("traces", [trace(n) for n in range(10)])
    given = clicked(write, {0: "up"})
    with pytest.raises(BadInput, match="nobody has said"):
        find_truth(ledger, QUESTION, given)
    ledger.append("verdicts", [verdict(n, False, "m", judge_kind="model") for n in range(10)])
    with pytest.raises(BadInput, match="is a model"):
        find_truth(ledger, TruthQuestion("desk", judge="m"), given)
    with pytest.raises(BadInput, match="no verdict"):
        find_truth(ledger, TruthQuestion("desk", judge="x"), given)
    ledger.append("verdicts", [verdict(n, False, name) for n in range(10) for name in ("a", "b")])
    with pytest.raises(BadInput, match="several checks"):
        find_truth(ledger, QUESTION, given)


def test_thumbs_that_are_verdicts_of_a_judge(desk: Ledger) -> None:
    desk.append(
        "verdicts", [verdict(n, n > 3, "thumbs", judge_kind="person", at=n) for n in range(9)]
    )
    desk.append("verdicts", [verdict(0, True, "thumbs", judge_kind="person", at=99, source="v:99")])
    given = judge_thumbs(desk, "thumbs")
    assert (len(given.by_trace), given.replaced) == (9, 1)
    assert given.by_trace["t0000"] is Thumb.DOWN
    assert given.by_trace["t0001"] is Thumb.UP
    with pytest.raises(BadInput, match="no verdict of"):
        judge_thumbs(desk, "nobody")


@pytest.mark.shared_data
def test_another_models_agreement_as_thumbs_on_real_answers(
    ledger: Ledger, shared_data: Path, write: Write
) -> None:
    import gzip

    answers: dict[str, dict[str, dict[str, object]]] = {}
    with gzip.open(
        shared_data / "zeroeval_gsm" / "answers.jsonl.gz", "rt", encoding="utf-8"
    ) as stream:
        for line in stream:
            row = json.loads(line)
            if row["model"] in ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"):
                answers.setdefault(row["item"], {})[row["model"]] = row
    rows, verdicts, lines = [], [], []
    for place, (item, two) in enumerate(sorted(answers.items(), key=lambda one: str(one[0]))):
        big, small = two["gpt-4o-2024-08-06"], two["gpt-4o-mini-2024-07-18"]
        rows.append(trace(place) | {"task_id": str(item)})
        verdicts.append(verdict(place, not big["correct"]))
        agrees = big["value"] == small["value"]
        lines.append(json.dumps({"trace_id": f"t{place:04}", "thumbs": agrees}))
    ledger.append("traces", rows)
    ledger.append("verdicts", verdicts)
    given = read_thumbs(write("thumbs.jsonl", "\n".join(lines)))
    result = audit_feedback("desk", given, find_truth(ledger, QUESTION, given))
    # The data's README: sensitivity .40, specificity .955 of gpt-4o-mini as a judge of gpt-4o.
    assert known(result.up_if_wrong).value == pytest.approx(0.60, abs=0.005)
    assert known(result.up_if_right).value == pytest.approx(0.955, abs=0.0005)
    assert result.alarm is Alarm.PUNISHES
    assert known(result.up_if_wrong).high > 0.5

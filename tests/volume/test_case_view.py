"""What a case stands for comes from the labels of a draw; the complaint itself is in no number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.ledger.cases import Case, Complaint, add_case
from assay.ledger.draws import stored_draw
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.case_tasks import case_lines, case_task
from assay.volume.case_view import view_cases
from assay.volume.case_volume import CaseMeter
from assay.volume.measure import measure_volume
from assay.volume.mending import asked_again, mended_in
from volume.desk import Desk, answer, count_all, draw, fill

WORDINGS = tuple(f"wording{index:02d} about subject{index:02d} please" for index in range(20))


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    found = fill(ledger)
    answer(found, draw(found), tmp_path / "filled.csv")
    return found


def complain(desk: Desk, trace_id: str = "desk-00000", **more: str) -> Case:
    return add_case(desk.ledger, trace_id, Complaint("wrong", **more))[0]  # type: ignore[arg-type]


def test_complaints_change_no_digit_of_the_volume(desk: Desk) -> None:
    before = json.dumps(measure_volume(desk.ledger).to_json())
    for index in range(30):
        complain(desk, f"desk-{index:05d}")
    assert json.dumps(measure_volume(desk.ledger).to_json()) == before


def test_the_same_tag_holds_the_truth_of_that_part(desk: Desk) -> None:
    like = CaseMeter(desk.ledger, like="topic").measure(complain(desk))
    assert (like.words, like.outputs) == ("outputs with topic price", 250)
    assert isinstance(like.error_rate, Estimate)
    truth = sum(desk.wrong[f"desk-{i:05d}"] for i in range(0, 1_000, 4)) / 250
    assert like.error_rate.low <= truth <= like.error_rate.high
    assert isinstance(like.errors_per_day, Estimate)
    assert like.errors_per_day.value == pytest.approx(like.error_rate.value * 250 / 4, rel=0.01)


def test_its_stratum_is_the_one_that_its_score_fell_in(desk: Desk) -> None:
    drawn = stored_draw(
        desk.ledger, desk.ledger.rows("SELECT draw_id FROM draws LIMIT 1")[0]["draw_id"]
    )
    stratum = drawn.strata[-1]
    like = CaseMeter(desk.ledger, like="stratum").measure(complain(desk, stratum.trace_ids[0]))
    assert f": {stratum.rule.name}" in like.words
    assert (like.outputs, like.labels) == (stratum.size, stratum.planned)


def test_the_nearest_are_a_set_fixed_by_the_draws_size(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, error_rate=0.3, requests=WORDINGS)
    answer(desk, draw(desk), tmp_path / "filled.csv")
    like = CaseMeter(ledger).measure(complain(desk, "desk-00007"))
    assert like.outputs == 50, "of 200 labels of 1,000, ten fall among 50"
    assert "50 outputs with requests nearest in words, of 1,000" in like.words
    assert isinstance(like.errors_per_day, Estimate)
    truth = sum(desk.wrong[f"desk-{index:05d}"] for index in range(7, 1_000, 20)) / 50
    assert isinstance(like.error_rate, Estimate)
    assert like.error_rate.low <= truth <= like.error_rate.high


def test_an_error_that_a_label_showed_is_counted_and_not_projected(
    ledger: Ledger, tmp_path: Path
) -> None:
    # One wrong output of a thousand, and it was drawn. Whoever looks around it would find "one error in ten labels".
    desk = fill(ledger, error_rate=0.0, requests=WORDINGS)
    drawn = draw(desk, judge=None)
    wrong = next(iter(drawn.strata[0].trace_ids))
    desk.wrong[wrong] = True
    answer(desk, drawn, tmp_path / "filled.csv")
    for like in ("nearest", "stratum", "topic"):
        found = CaseMeter(ledger, like=like).measure(complain(desk, wrong))
        assert "its own label" in found.words
        assert isinstance(found.error_rate, Estimate)
        assert found.error_rate.value * found.outputs == pytest.approx(1), like
        assert found.error_rate.low * found.outputs == pytest.approx(1), like
    assert isinstance(found.errors_per_day, Estimate)
    assert found.errors_per_day.value == pytest.approx(1 / 4, rel=0.01)


def test_a_census_counts_them(ledger: Ledger) -> None:
    desk = fill(ledger, error_rate=0.3, requests=WORDINGS)
    count_all(desk)
    like = CaseMeter(ledger).measure(complain(desk, "desk-00007"))
    assert isinstance(like.error_rate, Estimate)
    assert like.error_rate.guarantee == "exact"
    assert like.outputs == 20


def test_without_labels_nobody_knows(ledger: Ledger) -> None:
    desk = fill(ledger)
    like = CaseMeter(ledger).measure(complain(desk))
    assert isinstance(like.errors_per_day, Unknown)


def test_a_tag_that_the_output_lacks_is_an_error(desk: Desk) -> None:
    with pytest.raises(BadInput, match="has no tag 'colour'"):
        CaseMeter(desk.ledger, like="colour").measure(complain(desk))


def test_which_version_mended_it(desk: Desk) -> None:
    case = complain(desk)
    assert view_cases(desk.ledger, [case], CaseMeter(desk.ledger))[0].mended == "not asked again"
    ask_again(desk, case, "2", wrong=[True, False, True], at=1)
    assert mended_in(asked_again(desk.ledger, case)) is None
    (view,) = view_cases(desk.ledger, [case], CaseMeter(desk.ledger))
    assert view.mended == "still wrong in desk 2 (2 of 3 wrong)"
    ask_again(desk, case, "3", wrong=[False] * 5, at=2)
    version = mended_in(asked_again(desk.ledger, case))
    assert version is not None
    assert (version.version, version.right) == ("3", 5)
    assert isinstance(version.error_rate, Estimate)
    assert version.error_rate.high == pytest.approx(0.5218, abs=1e-4), "five right are no proof"
    assert version.status == "right so far"
    (view,) = view_cases(desk.ledger, [case], CaseMeter(desk.ledger))
    assert view.mended.startswith("right so far in desk 3 (5 of 5 right; ")
    ask_again(desk, case, "4", wrong=[True], at=3)
    assert mended_in(asked_again(desk.ledger, case)) is None, "what comes back was not mended"
    ask_again(desk, case, "5", wrong=[], unjudged=2, at=4)
    ask_again(desk, case, "6", wrong=[False] * 6, at=5)
    assert [v.status for v in asked_again(desk.ledger, case)] == [
        "still wrong",
        "right so far",
        "still wrong",
        "unknown",
        "mended",
    ]


def test_a_person_goes_before_a_check_and_a_model_counts_for_nothing(desk: Desk) -> None:
    case = complain(desk)
    ask_again(desk, case, "2", wrong=[False], at=1)
    trace_id = f"{case.case_id}-2-0"
    desk.ledger.append("verdicts", [
        {"trace_id": trace_id, "judge": "ada", "judge_kind": "person", "error_probability": 1.0, "at": 1},
        {"trace_id": trace_id, "judge": "gpt", "judge_kind": "model", "error_probability": 0.0, "at": 9},
        {"trace_id": trace_id, "judge": "numeric", "judge_kind": "check", "error_probability": 0.0, "at": 9},
    ])  # fmt: skip
    (version,) = asked_again(desk.ledger, case)
    assert (version.wrong, version.judges) == (1, ("ada",))


def test_a_case_does_not_say_how_it_was_asked_then(desk: Desk) -> None:
    tags = json.dumps({"topic": "t", "ask.seed": "3", "ask.model": "m"})
    desk.ledger.append("traces", [
        {"trace_id": "asked", "task_id": "asked", "system": "desk", "version": "1", "input": "q", "output": "a",
         "tags": tags, "source": "test"}
    ])  # fmt: skip
    case = complain(desk, "asked")
    task = case_task(desk.ledger, case)
    assert task is not None
    assert task["tags"] == {
        "topic": "t",
        "case": case.case_id,
        "case.system": "desk 1",
        "case.reference": "none",
    }


def test_a_case_is_a_task_with_its_reference(desk: Desk) -> None:
    case = complain(desk, reference="Lyon", kind="city")
    task = case_task(desk.ledger, case)
    assert task is not None
    assert (task["task_id"], task["input"], task["reference"]) == (
        case.case_id,
        "a question",
        "Lyon",
    )
    tags = task["tags"]
    assert isinstance(tags, dict)
    assert (tags["case"], tags["case.system"], tags["case.kind"], tags["topic"]) == (
        case.case_id,
        "desk",
        "city",
        "price",
    )


def test_a_case_without_reference_says_so_and_a_lost_one_is_named(desk: Desk) -> None:
    lost = Case("case-x", "gone", 0)
    lines, gone = case_lines(desk.ledger, [complain(desk), lost])
    assert [json.loads(line)["tags"]["case.reference"] for line in lines] == ["none"]
    assert gone == [lost]


def test_a_turn_is_asked_with_the_turns_before_it(ledger: Ledger) -> None:
    ledger.append("traces", [
        {"trace_id": f"c{turn}", "task_id": "t", "system": "bot", "version": "1", "conversation_id": "c", "turn": turn,
         "input": f"ask {turn}", "output": f"say {turn}"} for turn in range(3)
    ])  # fmt: skip
    task = case_task(ledger, add_case(ledger, "c2", Complaint("wrong"))[0])
    assert task is not None
    assert task["messages"] == [
        {"role": "user", "content": "ask 0"}, {"role": "assistant", "content": "say 0"},
        {"role": "user", "content": "ask 1"}, {"role": "assistant", "content": "say 1"},
        {"role": "user", "content": "ask 2"},
    ]  # fmt: skip


def ask_again(
    desk: Desk, case: Case, version: str, *, wrong: list[bool], at: int, unjudged: int = 0
) -> None:
    ids = [f"{case.case_id}-{version}-{i}" for i in range(len(wrong) + unjudged)]
    desk.ledger.append("traces", [
        {"trace_id": t, "task_id": case.case_id, "system": "desk", "version": version, "epoch": i + 1,
         "output": "x", "at": at}
        for i, t in enumerate(ids)
    ])  # fmt: skip
    desk.ledger.append("verdicts", [
        {"trace_id": t, "judge": "exact", "judge_kind": "check", "error_probability": float(bad), "at": at}
        for t, bad in zip(ids, wrong, strict=False)
    ])  # fmt: skip

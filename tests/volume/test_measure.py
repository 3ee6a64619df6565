"""From a ledger to the volume of errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.errors import AssayError, BadInput, LedgerError
from assay.estimate import StratumCount, total_errors
from assay.ledger.draw_labels import labels_of
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.looks import labels_at
from assay.volume.measure import measure_volume
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.result import SystemVolume
from volume.desk import DAY, START, Desk, answer, count_all, draw, fill


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger)


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def reason(quantity: Quantity) -> str:
    assert isinstance(quantity, Unknown), quantity
    return quantity.reason


def only(desk: Desk, **question: object) -> SystemVolume:
    systems = measure_volume(desk.ledger, VolumeQuestion(**question)).systems  # type: ignore[arg-type]
    assert len(systems) == 1
    return systems[0]


def test_labels_of_a_draw_give_a_volume_that_holds_the_truth(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk), tmp_path / "f.csv")
    found = only(desk)
    errors, daily = known(found.errors), known(found.errors_per_day)
    assert errors.low <= desk.errors <= errors.high
    assert 0 < errors.low < errors.high < 1_000
    assert known(found.throughput_per_day).value == pytest.approx(250, rel=0.01)
    assert daily.value == pytest.approx(
        errors.value / 1_000 * known(found.throughput_per_day).value
    )
    assert found.labels == errors.n == 200
    assert "person" in errors.method
    assert "second reading" in errors.method
    escaped = known(found.escaped_errors_per_day)
    assert escaped.high < daily.high
    assert known(found.sigma_level).low < known(found.evidence_ceiling_sigma).value


def test_a_complete_check_is_a_count_and_says_so(desk: Desk) -> None:
    count_all(desk)
    found = only(desk)
    errors = known(found.errors)
    assert errors.value == errors.low == errors.high == desk.errors
    assert (errors.guarantee, errors.n, errors.confidence_level) == ("exact", 1_000, 1.0)
    assert "counted" in found.sentence
    assert "truth" in errors.method
    assert "own mistakes are not in it" in " ".join(found.notes)
    assert "judged already" in reason(found.labels_to_halve.with_judge)


@pytest.mark.parametrize("rows", [60, 300, 999])
def test_a_count_made_bucket_by_bucket_is_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    count_all(desk)
    whole = only(desk)
    monkeypatch.setattr("assay.ledger.population.BUCKET_ROWS", rows)
    parts = only(desk)
    assert parts.errors == whole.errors
    assert parts.escaped_errors_per_day == whole.escaped_errors_per_day


def test_a_models_opinion_of_everything_is_no_count(desk: Desk) -> None:
    count_all(desk, "gpt", kind="model")
    assert "no output has been labeled" in reason(only(desk).errors)


def test_a_check_with_a_gap_is_no_count(desk: Desk) -> None:
    missing = next(iter(desk.wrong))
    del desk.wrong[missing]
    count_all(desk)
    found = only(desk)
    assert "999 of 1000" in reason(found.errors)
    assert found.next_command.startswith("assay draw")


def test_a_check_that_spoke_twice_of_one_and_never_of_another_is_no_count(desk: Desk) -> None:
    first, second = list(desk.wrong)[:2]
    del desk.wrong[first]
    count_all(desk)
    desk.ledger.append("verdicts", [
        {"trace_id": second, "judge": "truth", "judge_kind": "check", "error_probability": 1.0, "at": 5}
    ])  # fmt: skip
    assert "999 of 1000" in reason(only(desk).errors)


def test_checks_that_disagree_have_to_be_chosen_between(desk: Desk) -> None:
    count_all(desk, "strict")
    desk.wrong[next(iter(desk.wrong))] ^= True
    count_all(desk, "lenient")
    assert "say which one is the truth" in reason(only(desk).errors)
    draw(desk, judge=None)
    assert "say which one is the truth" in reason(only(desk).errors)
    assert known(only(desk, judge="lenient").errors).value == desk.errors


def test_labels_made_for_other_reasons_never_enter(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk), tmp_path / "f.csv")
    before = known(only(desk).errors)
    desk.ledger.append("verdicts", [
        {"trace_id": t, "judge": "a customer", "judge_kind": "person", "error_probability": 1.0}
        for t in list(desk.wrong)[:300]
    ])  # fmt: skip
    assert known(only(desk).errors) == before


def test_labels_after_a_gap_are_held_back(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "f.csv")
    skipped = drawn.strata[0].trace_ids[-1]
    where = f"trace_id = '{skipped}' AND draw_id IS NOT NULL"
    from deltalake import DeltaTable

    DeltaTable(desk.ledger.path / "verdicts").delete(where)
    found = only(desk)
    assert found.labels == sum(labels_at(stratum.planned, 0.8) for stratum in drawn.strata)
    assert any("a gap before them" in note for note in found.notes)
    assert "planned look 4 of 5" in known(found.errors).method
    errors = known(found.errors)
    assert errors.low <= desk.errors <= errors.high


def test_of_several_draws_the_newest_answers_and_the_others_are_named(
    desk: Desk, tmp_path: Path
) -> None:
    first, second = draw(desk, 100, seed=1), draw(desk, 50, seed=2)
    answer(desk, first, tmp_path / "a.csv")
    answer(desk, second, tmp_path / "b.csv")
    found = only(desk)
    assert found.labels == 50
    assert any(first.draw_id in note for note in found.notes)
    assert only(desk, draw_id=first.draw_id).labels == 100


def test_an_early_look_is_wider_and_names_the_next_labels(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv", first=60)
    early = only(desk)
    answer(desk, drawn, tmp_path / "b.csv")
    late = only(desk)
    assert early.labels == sum(labels_at(stratum.planned, 0.2) for stratum in drawn.strata)
    assert "planned look 1 of 5" in known(early.errors).method
    assert "planned look 5 of 5" in known(late.errors).method
    assert early.next_command == f"assay label {desk.ledger.path} FILLED.csv"
    width = [known(x.errors).high - known(x.errors).low for x in (early, late)]
    assert width[0] > width[1]


def test_before_the_first_look_the_live_limits_answer(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv", first=20)
    found = only(desk, by=("topic",), standard="3/1d")
    errors = known(found.errors)
    assert errors.low <= desk.errors <= errors.high < 1_000 - 15
    assert (errors.n, errors.guarantee) == (20, "proved")
    assert "before planned look 1 of 5" in errors.method
    # What is worked out at the planned looks waits for the first of them.
    assert "no planned look yet" in reason(found.evidence_ceiling_sigma)
    assert "no planned look yet" in reason(found.labels_to_halve.with_judge)
    assert "no planned look yet" in reason(found.judge_gain)
    assert all("no planned look yet" in reason(part.errors) for part in found.by["topic"])
    assert found.next_command.startswith("assay label")


def test_before_the_first_look_an_error_that_was_caught_has_not_escaped(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = fill(ledger, traces=400, error_rate=0.3)
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv", first=30)
    tags = {
        row["trace_id"]: row["tags"] for row in ledger.rows("SELECT trace_id, tags FROM traces")
    }
    wrong = [tags[t] for t in labels_of(ledger, drawn.draw_id) if desk.wrong[t]]
    escaped = sum('"caught":"false"' in said for said in wrong)
    assert 0 < escaped < len(wrong)
    # As many outputs a day as in the window: errors a day are those of the window.
    found = only(desk, per_day=400.0, standard=f"{escaped}/1d")
    assert known(found.escaped_errors_per_day).low == pytest.approx(escaped)
    assert found.standard is not None
    assert found.standard.decision == "not shown"
    assert known(found.errors).low > escaped
    # No more can have escaped than there are errors.
    assert known(found.escaped_errors_per_day).high <= known(found.errors_per_day).high < 300


def test_no_label_shows_nothing(desk: Desk) -> None:
    draw(desk)
    assert "none of 200 is in yet" in reason(only(desk).errors)


def test_a_list_that_comes_back_whole_was_looked_at_once(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv")
    once = known(only(desk).errors)
    assert "planned look" not in once.method
    strata = [
        StratumCount(s.size, s.planned, sum(desk.wrong[t] for t in s.trace_ids))
        for s in drawn.strata
    ]
    assert (once.low, once.high) == (total_errors(strata).low, total_errors(strata).high)


def test_unsure_widens_both_ways(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv")
    sure = known(only(desk).errors)
    answer(desk, drawn, tmp_path / "b.csv", unsure=20)
    unsure = known(only(desk).errors)
    assert unsure.low <= sure.low
    assert unsure.high > sure.high


def test_a_draw_without_labels_says_what_it_waits_for(desk: Desk) -> None:
    drawn = draw(desk)
    found = only(desk)
    assert f"{drawn.draw_id} waits for labels" in reason(found.errors_per_day)
    assert found.next_command.startswith("assay label")


def test_what_came_after_the_draw_is_not_part_of_the_answer(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk), tmp_path / "f.csv")
    before = only(desk, by=("topic",))
    desk.ledger.append("traces", [
        {"trace_id": f"late-{i}", "task_id": "t", "system": "desk", "version": "", "output": "x",
         "tags": '{"topic":"price"}', "at": START + 5 * DAY + i}
        for i in range(120)
    ])  # fmt: skip
    after = only(desk, by=("topic",))
    assert any("120 outputs came in after the draw" in note for note in after.notes)
    assert after.errors_per_day == before.errors_per_day
    assert after.by == before.by


def test_no_errors_found_is_at_most_something(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, error_rate=0.0)
    answer(desk, draw(desk), tmp_path / "f.csv")
    found = only(desk)
    errors = known(found.errors)
    assert errors.value == 0
    assert errors.high > 10
    assert "no error in 200 labeled outputs: at most" in found.sentence
    assert known(found.sigma_level).to_json()["high"] is None
    # The ceiling's limit is on one side only, so it stands a little higher than the interval's end.
    ceiling = known(found.evidence_ceiling_sigma).value
    assert ceiling - 0.2 < known(found.sigma_level).low < ceiling


def test_no_error_in_all_the_labels_that_the_limit_rests_on(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, error_rate=0.0)
    answer(desk, draw(desk), tmp_path / "f.csv", first=55)
    found = only(desk, per_day=1_000.0)
    assert (found.labels, known(found.errors).n) == (42, 55)
    limit = known(found.errors_per_day).high
    assert "no error in 55 labeled outputs: at most " in found.sentence
    said = float(found.sentence.partition("at most ")[2].split()[0].replace(",", ""))
    assert limit <= said < limit + 10


def test_without_time_errors_are_given_per_thousand(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    ledger.append("traces", [
        {"trace_id": f"other-{i}", "task_id": "t", "system": "untimed", "version": "", "output": "x", "tags": "{}"}
        for i in range(100)
    ])  # fmt: skip
    desk.wrong = {f"other-{i}": i < 10 for i in range(100)}
    count_all(desk)
    found = only(desk, system="untimed")
    assert "--per-day" in reason(found.errors_per_day)
    assert known(found.errors_per_thousand).value == pytest.approx(100)
    assert "per 1,000 outputs" in found.sentence
    assert found.next_command.endswith("--per-day N --system untimed")


def test_the_assumed_human_stands_beside_the_system(ledger: Ledger) -> None:
    # The essay's arithmetic: 99 % right at 100 times the speed of a human who is 90 % right.
    desk = fill(ledger, traces=1_000, judge=False)
    desk.wrong = {trace_id: i < 10 for i, trace_id in enumerate(desk.wrong)}
    count_all(desk)
    found = only(desk, per_day=4_000.0, human=HumanBaseline(error_rate=0.10, per_day=40.0))
    assert found.human is not None
    assert known(found.human.ratio).value == pytest.approx(10)
    assert found.human.source == "assumption"
    assert known(found.human.errors_per_day).guarantee == "assumed"
    assert "10 times the errors of the people it replaced (assumed)" in found.sentence


def test_a_measured_human_is_a_system_of_people(ledger: Ledger, tmp_path: Path) -> None:
    people = fill(ledger, system="clerks", traces=400, error_rate=0.10, judge=False, seed=5)
    desk = fill(ledger)
    answer(people, draw(people, 150, judge=None), tmp_path / "p.csv")
    answer(desk, draw(desk), tmp_path / "d.csv")
    answer_ = measure_volume(ledger, VolumeQuestion(human=HumanBaseline(system="clerks")))
    assert [system.window.system for system in answer_.systems] == ["desk"]
    human = answer_.systems[0].human
    assert human is not None
    ratio = known(human.ratio)
    truth = (desk.errors / 4) / (people.errors / 4)
    assert ratio.low <= truth <= ratio.high
    assert ratio.confidence_level == pytest.approx(0.95)
    assert known(human.error_rate).n == 150


@pytest.mark.parametrize(
    ("standard", "decision"),
    [("1sigma", "met"), ("3sigma", "missed"), ("9/30d", "missed"), ("9999/30d", "met")],
)
def test_a_standard_decides(desk: Desk, tmp_path: Path, standard: str, decision: str) -> None:
    answer(desk, draw(desk), tmp_path / "f.csv")
    found = measure_volume(desk.ledger, VolumeQuestion(standard=standard))
    assert found.decision == decision
    verdict = found.systems[0].standard
    assert verdict is not None
    assert verdict.decision == decision


def test_the_human_standard_needs_the_human(desk: Desk) -> None:
    with pytest.raises(BadInput, match="people to compare with"):
        measure_volume(desk.ledger, VolumeQuestion(standard="human"))
    count_all(desk)
    human = HumanBaseline(error_rate=0.10, per_day=10_000.0)
    assert (
        measure_volume(desk.ledger, VolumeQuestion(standard="human", human=human)).decision == "met"
    )


def test_tags_split_the_volume(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk), tmp_path / "f.csv")
    sampled = {part.name: part for part in only(desk, by=("topic",)).by["topic"]}
    count_all(desk)
    counted = {part.name: part for part in only(desk, by=("topic",), evidence="census").by["topic"]}
    assert {name: part.traces for name, part in sampled.items()} == {"city": 750, "price": 250}
    for name, part in sampled.items():
        truth = known(counted[name].errors).value
        assert known(part.errors).low <= truth <= known(part.errors).high
    assert sum(known(part.errors).value for part in counted.values()) == desk.errors


def test_a_tag_that_made_the_strata_keeps_them_apart(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk, judge=None, by=("topic",)), tmp_path / "f.csv")
    found = only(desk, by=("topic",))
    strata = {part.name.removeprefix("topic="): known(part.errors) for part in found.strata}
    for part in found.by["topic"]:
        own, stratum = known(part.errors), strata[part.name]
        assert (own.value, own.low, own.high) == (stratum.value, stratum.low, stratum.high)


def test_a_window_leaves_out_what_is_not_in_it(desk: Desk) -> None:
    count_all(desk)
    half = only(desk, start=START, end=START + 2 * DAY)
    assert half.traffic.traces == 500
    assert known(half.throughput_per_day).value == pytest.approx(250)


def test_systems_are_ordered_by_rate_and_by_volume(ledger: Ledger) -> None:
    # The fast one has the smaller rate and the larger volume.
    slow = fill(ledger, system="slow", traces=200, error_rate=0.20, judge=False)
    fast = fill(ledger, system="fast", traces=4_000, error_rate=0.05, judge=False)
    for desk in (slow, fast):
        count_all(desk)
    found = measure_volume(ledger)
    assert found.order("error_rate") == ["fast", "slow"]
    assert found.order("errors_per_day") == ["slow", "fast"]


def test_json_has_every_key_and_no_number_without_its_interval(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk), tmp_path / "f.csv")
    question = VolumeQuestion(by=("topic",), standard="3sigma", human=HumanBaseline(0.1, 40.0))
    said = json.loads(json.dumps(measure_volume(desk.ledger, question).to_json(), allow_nan=False))
    system = said["systems"][0]
    for key in ("throughput_per_day", "error_rate", "errors_per_day", "escaped_errors_per_day", "sigma_level",
                "evidence_ceiling_sigma"):  # fmt: skip
        assert {"value", "low", "high", "unit", "confidence_level", "n", "method"} <= set(
            system[key]
        ), key
    assert {"system", "version", "traces", "labels", "human", "labels_to_halve", "strata"} <= set(
        system
    )
    assert set(said["window"]) == {"from", "to"}


def test_nothing_to_measure_is_said(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="holds no trace") as caught:
        measure_volume(ledger)
    assert "assay ingest" in caught.value.next_command
    fill(ledger, traces=10)
    with pytest.raises(LedgerError, match="holds no system 'other'"):
        measure_volume(ledger, VolumeQuestion(system="other"))


@pytest.mark.parametrize(
    "question",
    [VolumeQuestion(per_day=-1), VolumeQuestion(workers=0), VolumeQuestion(confidence_level=1.0)],
)
def test_a_question_that_makes_no_sense_is_refused(desk: Desk, question: VolumeQuestion) -> None:
    with pytest.raises(AssayError, match="must be"):
        measure_volume(desk.ledger, question)


def test_strata_with_names_that_round_alike_stay_apart(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, judge=False)
    desk.wrong = dict.fromkeys(desk.wrong, True)
    ledger.append("verdicts", [
        {"trace_id": t, "judge": "sure", "judge_kind": "model", "error_probability": 0.999 + i * 1e-6}
        for i, t in enumerate(desk.wrong)
    ])  # fmt: skip
    drawn = draw(desk, judge="sure")
    assert sum(stratum.size for stratum in drawn.strata) == 1_000
    assert answer(desk, drawn, tmp_path / "f.csv").refused == []
    assert known(only(desk).errors).high == 1_000


def test_a_tag_that_reads_like_none_is_not_none(ledger: Ledger, tmp_path: Path) -> None:
    tags = ['{"topic":"(none)"}', "{}", "{}", '{"topic":"a"}']
    ledger.append("traces", [
        {"trace_id": f"t{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": tags[i % 4]}
        for i in range(400)
    ])  # fmt: skip
    desk = Desk(ledger, {f"t{i}": i % 4 == 1 for i in range(400)}, Window("desk", ""))
    count_all(desk)
    parts = {
        part.name: (part.traces, known(part.errors).value)
        for part in only(desk, by=("topic",)).by["topic"]
    }
    assert parts == {'"(none)"': (100, 0), "(none)": (200, 100), "a": (100, 0)}
    answer(desk, draw(desk, 100, judge=None, by=("topic",)), tmp_path / "f.csv")
    drawn = only(desk, by=("topic",))
    assert {part.name: part.traces for part in drawn.by["topic"]} == {
        '"(none)"': 100,
        "(none)": 200,
        "a": 100,
    }
    assert sum(part.traces for part in drawn.strata) == 400


def test_a_rate_is_of_the_outputs_that_were_drawn_from(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "f.csv")
    before = known(only(desk).error_rate)
    desk.ledger.append("traces", [
        {"trace_id": f"late-{i}", "task_id": "t", "system": "desk", "version": "", "output": "x",
         "at": START + i * DAY // 1_000, "tags": "{}"}
        for i in range(9_000)
    ])  # fmt: skip
    # What another tool may do: fold the log into a checkpoint, and drop what came before it.
    desk.ledger.compact()
    newest = desk.ledger.version("traces")
    for log in (desk.ledger.path / "traces" / "_delta_log").glob("*.json"):
        if int(log.stem) < newest:
            log.unlink()
    after = only(desk, by=("topic",))
    rate = known(after.error_rate)
    assert (rate.value, rate.low, rate.high) == (before.value, before.low, before.high)
    assert any("is gone" in note for note in after.notes)
    assert after.by["topic"] == ()


def test_without_times_the_later_line_is_the_newer_verdict(ledger: Ledger) -> None:
    ledger.append("traces", [
        {"trace_id": "t", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": "{}"}
    ])  # fmt: skip
    ledger.append("verdicts", [
        {"trace_id": "t", "judge": "c", "judge_kind": "check", "error_probability": p, "source": f"abc:{line}"}
        for line, p in ((2, 0.0), (19, 1.0))
    ])  # fmt: skip
    assert known(only(Desk(ledger, {}, Window("desk", ""))).errors).value == 1


def test_caught_is_read_as_spreadsheets_write_it_and_silence_counts_as_delivered(
    ledger: Ledger,
) -> None:
    tags = ['{"caught":"TRUE"}', '{"caught":"no"}', "{}", "{}"]
    ledger.append("traces", [
        {"trace_id": f"t{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": tags[i % 4],
         "at": START + i * DAY // 100}
        for i in range(400)
    ])  # fmt: skip
    desk = Desk(ledger, {f"t{i}": True for i in range(400)}, Window("desk", ""))
    count_all(desk)
    found = only(desk)
    assert known(found.escaped_errors_per_day).value == pytest.approx(75, rel=0.01)
    assert any("200 outputs don't say" in note for note in found.notes)


def test_people_in_several_versions_have_to_be_named(ledger: Ledger) -> None:
    desk = fill(ledger)
    count_all(desk)
    for version in ("1", "2"):
        ledger.append("traces", [
            {"trace_id": f"p{version}-{i}", "task_id": "t", "system": "clerks", "version": version, "output": "x",
             "tags": "{}", "at": START + i * DAY // 10}
            for i in range(30)
        ])  # fmt: skip
        count_all(
            Desk(
                ledger,
                {f"p{version}-{i}": version == "1" for i in range(30)},
                Window("clerks", version),
            )
        )
    with pytest.raises(BadInput, match="clerks 1, clerks 2"):
        measure_volume(ledger, VolumeQuestion(human=HumanBaseline(system="clerks")))
    with pytest.raises(BadInput, match="not in the ledger"):
        measure_volume(ledger, VolumeQuestion(human=HumanBaseline(system="nobody")))
    found = measure_volume(
        ledger, VolumeQuestion(system="desk", human=HumanBaseline(system="clerks 1"))
    )
    human = found.systems[0].human
    assert human is not None
    assert known(human.error_rate).value == 1.0


def test_looks_that_contradict_each_other_decide_nothing(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    truth = dict(desk.wrong)
    desk.wrong = dict.fromkeys(truth, True)
    answer(desk, drawn, tmp_path / "a.csv", first=60)
    desk.wrong |= {t: False for s in drawn.strata for t in s.trace_ids[labels_at(s.planned, 0.3) :]}
    answer(desk, drawn, tmp_path / "b.csv")
    found = measure_volume(desk.ledger, VolumeQuestion(standard="9/30d"))
    assert found.decision == "not shown"
    verdict = found.systems[0].standard
    assert verdict is not None
    assert "contradict" in reason(verdict.measured)


def test_a_draw_with_a_look_answers_before_a_newer_one_without(desk: Desk, tmp_path: Path) -> None:
    first = draw(desk, 100, seed=1)
    answer(desk, first, tmp_path / "a.csv")
    answer(desk, draw(desk, 200, seed=2), tmp_path / "b.csv", first=3)
    assert only(desk).labels == 100


def test_a_draw_of_a_part_answers_for_that_part_only_and_says_so(
    desk: Desk, tmp_path: Path
) -> None:
    whole = draw(desk)
    answer(desk, whole, tmp_path / "a.csv")
    part = draw_labels(desk.ledger, DrawRequest(Window("desk", "", START, START + DAY), 50, 7))
    answer(desk, part, tmp_path / "b.csv")
    assert only(desk).labels == 200
    of_part = only(desk, draw_id=part.draw_id)
    assert any("window only: from 2025-10-05 to 2025-10-06" in note for note in of_part.notes)


def test_dates_without_a_time_are_whole_days(ledger: Ledger) -> None:
    ledger.append("traces", [
        {"trace_id": f"t{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": "{}",
         "at": START + (i % 2) * DAY}
        for i in range(200)
    ])  # fmt: skip
    desk = Desk(ledger, {f"t{i}": False for i in range(200)}, Window("desk", ""))
    count_all(desk)
    assert known(only(desk).throughput_per_day).value == 100

"""From a ledger to a result: counts, one answer a task for the shares, disputes over systems, two turns apart."""

from __future__ import annotations

import pytest

from assay.estimate.detector_precision import ReadSample
from assay.judge.run_check import Selection
from assay.ledger.store import Ledger
from assay.probe.knows import detector_named
from assay.probe.knows_kinds import Kind
from assay.probe.knows_read import PROBE, PROBE_TAG, KnowsColumns, read_columns
from assay.probe.knows_result import knows_result, sentence, with_volume
from assay.probe.knows_sample import flagged_ids
from assay.quantity import Estimate, Unknown
from probe.knows_ledgers import slip, trace

DETECTOR = detector_named("numeric")


def columns_of(ledger: Ledger, *rows: dict[str, object], two_turns: bool = False) -> KnowsColumns:
    ledger.append("traces", rows)
    return read_columns(ledger, DETECTOR, two_turns=two_turns)


def test_the_table_has_every_answer_and_the_margins_what_could_not_be_parsed(
    ledger: Ledger,
) -> None:
    columns = columns_of(
        ledger,
        trace(1), trace(2), slip(3),
        trace(4, reasoning="4000 - 3000 = 1000"),
        trace(5, answer="1", output="1", reasoning="4000 - 3999 = 1"),
        trace(6, reasoning="Hm."), trace(7, answer="", output=""), trace(8, answer="", output="", reasoning=""),
        trace(9, reference="none"), trace(10, reference=None),
    )  # fmt: skip
    result = knows_result(columns, DETECTOR.name)
    (system,) = result.systems
    assert system.system == "desk@1"
    table = system.table
    assert (table.both_right, table.only_first, table.only_second, table.both_wrong) == (2, 1, 1, 1)
    assert (system.no_conclusion, system.no_answer, system.neither) == (1, 1, 1)
    assert (system.traces, system.wrong, system.unjudged) == (8, 4, 1)
    assert isinstance(system.contradictions, Estimate)
    assert system.contradictions.value == pytest.approx(2 / 5)
    assert isinstance(system.knows_but_wrong, Estimate)
    assert system.knows_but_wrong.value == pytest.approx(1 / 5)
    assert {kind: n for kind, n in system.kinds.items() if n} == {
        Kind.SLIP: 1, Kind.FORMAT: 1, Kind.CONCLUSION: 1, Kind.UNPARSED: 1,
    }  # fmt: skip
    assert flagged_ids(columns) == ["t3"]


def test_repeats_of_a_task_make_no_interval_shorter(ledger: Ledger) -> None:
    rows = [
        (slip if n < 5 else trace)(100 * epoch + n, task_id=f"task-{n}", epoch=epoch)
        for n in range(10)
        for epoch in (2, 1)
    ]
    (system,) = knows_result(columns_of(ledger, *rows), "d").systems
    assert system.table.n == 20
    assert isinstance(system.knows_but_wrong, Estimate)
    assert system.knows_but_wrong.n == 10


def test_only_what_is_chosen_is_read(ledger: Ledger) -> None:
    ledger.append("traces", [trace(1), slip(2, system="other", version="2")])
    columns = read_columns(ledger, DETECTOR, chosen=Selection(system="other"))
    assert columns.systems == ["other@2"]


def test_a_reference_against_good_systems_is_disputed_and_not_a_slip(ledger: Ledger) -> None:
    rows = []
    for system in range(4):
        for task in range(20):
            values = {"task_id": f"task-{task}", "system": f"s{system}"}
            if task == 7 and system < 3:
                values |= {"answer": "600", "output": "600"}
            rows.append(trace(100 * system + task, **values))
    columns = columns_of(ledger, *rows)
    assert columns.disputed_tasks == 1
    result = knows_result(columns, DETECTOR.name)
    assert sum(system.kinds[Kind.DISPUTED] for system in result.systems) == 3
    assert sum(system.flagged for system in result.systems) == 0
    # The others have their say where only one system is asked about.
    alone = read_columns(ledger, DETECTOR, chosen=Selection(system="s1"))
    assert (alone.systems, len(alone.task), alone.disputed_tasks) == (["s1@1"], 20, 1)
    assert flagged_ids(alone, Kind.DISPUTED) == ["t107"]
    assert read_columns(ledger, DETECTOR, chosen=Selection(system="s3")).disputed_tasks == 0


def test_two_turns_are_read_as_reasoning_and_answer_and_never_mixed_with_others(
    ledger: Ledger,
) -> None:
    talk = {"conversation_id": "c", "answer": None, "reasoning": None, "tags": {PROBE_TAG: PROBE}}
    rows = [
        trace(1, turn=0, output="4000 - 3500 = 500", reference=None, **talk),
        trace(2, task_id="task-1", turn=1, output="100", **talk),
        trace(3),
    ]
    asked = columns_of(ledger, *rows, two_turns=True)
    assert flagged_ids(asked) == ["t2"]
    assert len(asked.task) == 1
    others = read_columns(ledger, DETECTOR)
    assert (len(others.task), flagged_ids(others)) == (1, [])


def test_what_nobody_has_read_has_no_volume(ledger: Ledger) -> None:
    columns = columns_of(ledger, trace(1), slip(2), slip(3))
    result = knows_result(columns, DETECTOR.name)
    assert isinstance(result.real, Unknown)
    assert "--sample" in result.real.reason
    assert isinstance(result.share_of_errors, Unknown)
    volume = Estimate(1240.0, 1100.0, 1400.0, "errors/day", 0.975, 300, "labels")
    assert isinstance(with_volume(result, volume).errors_per_day, Unknown)
    assert "nobody has read them" in sentence(result)


def test_the_volume_is_share_times_errors_and_says_so(ledger: Ledger) -> None:
    rows = [slip(n) for n in range(40)]
    rows += [trace(n, answer="1", output="1", reasoning="3500 - 3499 = 1") for n in range(40, 100)]
    result = knows_result(
        columns_of(ledger, *rows), "d", samples={Kind.SLIP: ReadSample(40, 20, 15)}
    )
    volume = Estimate(1240.0, 1100.0, 1400.0, "errors/day", 0.975, 300, "labels")
    told = with_volume(result, volume)
    part = told.errors_per_day
    assert isinstance(part, Estimate)
    assert part.confidence_level == pytest.approx(0.95)
    assert part.value == pytest.approx(0.3 * 1240)
    assert part.low < 0.3 * 1100
    assert part.high > 0.3 * 1400
    assert sentence(told).startswith("of your 1,240 errors a day, ")
    assert told.to_json()["errors_per_day"] == part.to_json()


def test_no_error_and_nothing_flagged_are_said_as_such(ledger: Ledger) -> None:
    assert sentence(knows_result(columns_of(ledger, trace(1)), "d")) == "there is no wrong answer"
    empty = knows_result(read_columns(ledger, DETECTOR, chosen=Selection(system="nobody")), "d")
    assert empty.systems == ()


def test_answers_that_no_check_can_judge_are_counted_as_such(ledger: Ledger) -> None:
    (system,) = knows_result(columns_of(ledger, trace(1, reference="none")), "d").systems
    assert (system.traces, system.unjudged) == (0, 1)
    assert isinstance(system.contradictions, Unknown)

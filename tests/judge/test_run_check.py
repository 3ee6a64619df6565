"""A check over a ledger: each trace once, and what it can't judge is left and said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from assay.errors import LedgerError
from assay.judge import run_check
from assay.judge.check import Item, Judged
from assay.judge.rules import check_named, rule_named
from assay.judge.run_check import CheckReport, Selection, judge_by_check
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from judge.traces import trace


def test_every_trace_with_a_reference_is_judged_once(ledger: Ledger) -> None:
    ledger.append("traces", [
        trace("a", "it is Paris", "paris", answer="Paris"),
        trace("b", "Lyon", "paris"),
        trace("c", "Lyon", None),
    ])  # fmt: skip
    check = check_named("exact")
    assert judge_by_check(ledger, check) == CheckReport(2, 1, 2, 1, 0)
    assert judge_by_check(ledger, check) == CheckReport(0, 0, 0, 1, 0, already=2)
    rows = ledger.rows(
        "SELECT trace_id, error_probability, judge_kind, judge, kind FROM verdicts ORDER BY trace_id"
    )
    assert [(row["trace_id"], row["error_probability"]) for row in rows] == [("a", 0.0), ("b", 1.0)]
    assert {row["judge_kind"] for row in rows} == {"check"}
    assert {row["judge"] for row in rows} == {check.judge}


def test_a_system_that_is_not_there_is_said(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="holds no traces"):
        judge_by_check(ledger, check_named("exact"))
    ledger.append("traces", [trace("a", "3", "3")])
    with pytest.raises(
        LedgerError, match="no output of nobody of version 7; the ledger holds "
    ) as no:
        judge_by_check(ledger, check_named("exact"), window=Selection("nobody", "7"))
    assert no.value.next_command == f"assay ledger info {ledger.typed}"
    empty = judge_by_check(ledger, check_named("exact"), window=Selection(start=2**50))
    assert empty == CheckReport(0, 0, 0, 0, 0), "a window in which nothing happened is no mistake"


def test_nothing_answered_is_wrong_and_an_unreadable_reference_stays_unjudged(
    ledger: Ledger,
) -> None:
    ledger.append("traces", [
        trace("a", r"\boxed{3}", "3"),
        trace("b", "3", "3"),
        *(trace(f"u{n}", r"\boxed{3}", "three") for n in range(7)),
    ])  # fmt: skip
    report = judge_by_check(ledger, check_named("numeric/boxed"))
    assert (report.judged, report.wrong, report.found, report.unjudged) == (2, 1, 1, 7)
    assert len(report.first_unjudged) == 5
    assert {reason for _, reason in report.first_unjudged} == {"the reference holds no number"}
    kinds = ledger.rows("SELECT trace_id, kind, note FROM verdicts ORDER BY trace_id")
    assert [(row["kind"], row["note"]) for row in kinds] == [
        (None, None),
        ("no answer", "nothing was answered"),
    ]
    # They are looked at again: a reference may be mended, or a machine less busy.
    assert judge_by_check(ledger, check_named("numeric/boxed")).unjudged == 7


def test_another_parser_is_another_judge(ledger: Ledger) -> None:
    ledger.append("traces", [trace("a", "3 or 4", "4")])
    assert judge_by_check(ledger, check_named("numeric/last-number")).wrong == 0
    assert judge_by_check(ledger, check_named("numeric/first-number")).wrong == 1
    assert ledger.rows("SELECT count(DISTINCT judge) AS n FROM verdicts") == [{"n": 2}]


def test_only_a_window_or_one_system(ledger: Ledger) -> None:
    rows = [
        trace("a", "1", "1"),
        trace("b", "1", "2", system="t"),
        trace("c", "2", "2", system="t"),
    ]
    for hour, row in enumerate(rows):
        row["at"] = hour * 3_600_000_000
    ledger.append("traces", rows)
    check = check_named("exact")
    assert judge_by_check(ledger, check, window=Window("t", "", None, 7_200_000_000)).judged == 1
    assert judge_by_check(ledger, check, window=Selection(system="t")).judged == 1
    with pytest.raises(LedgerError, match="no output of version none; the ledger holds s, t"):
        judge_by_check(ledger, check, window=Selection(version="none"))
    assert judge_by_check(ledger, check).judged == 1


@dataclass
class Stops:
    """A rule that is stopped in its third call."""

    judge: str = "stops@1"
    needs_reference: bool = True
    rows_at_once: int = 3
    calls: int = 0

    def judge_all(self, items: Sequence[Item]) -> list[Judged]:
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        return [Judged(item.output, False) for item in items]


def test_a_stopped_run_goes_on_where_it_stopped(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_check, "BATCH_ROWS", 3)
    ledger.append("traces", [trace(f"t{n}", "x", "x") for n in range(10)])
    seen: list[float | None] = []
    with pytest.raises(KeyboardInterrupt):
        judge_by_check(ledger, Stops(), progress=lambda _, share: seen.append(share))
    assert ledger.rows("SELECT count(*) AS n FROM verdicts") == [{"n": 6}]
    assert seen == [0.3, 0.6]
    assert judge_by_check(ledger, Stops(calls=9)).judged == 4
    assert ledger.rows("SELECT count(DISTINCT trace_id) AS d, count(*) AS n FROM verdicts") == [
        {"d": 10, "n": 10}
    ]


def test_long_outputs_are_given_a_few_at_a_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_check, "BATCH_CHARACTERS", 1_000)
    ledger.append("traces", [trace(f"t{n}", "x" * 400, "x") for n in range(7)])
    sizes = [len(items) for items in run_check.batches(ledger, "", 100)]
    assert sizes == [3, 3, 1]


def test_each_task_may_name_its_check_by_a_tag(ledger: Ledger) -> None:
    ledger.append("traces", [
        trace("a", "about 5", "5", tags=json.dumps({"check": "numeric"})),
        trace("b", "Lyon", "paris", tags=json.dumps({"check": "exact"})),
        trace("c", "Lyon", "paris"),
    ])  # fmt: skip
    report = judge_by_check(ledger, rule_named("by-task"))
    assert (report.judged, report.wrong, report.unjudged) == (2, 1, 1)
    assert report.first_unjudged == (("c", "the task has no tag check"),)
    notes = ledger.rows("SELECT note FROM verdicts ORDER BY trace_id")
    assert [row["note"].partition("@")[0] for row in notes] == ["numeric", "exact"]


def test_hostile_outputs_are_judged_and_stored(ledger: Ledger) -> None:
    outputs = ["\x00\x1b[2J", "9" * 5_000, "[" * 50_000, "x" * 1_000_000, "NaN", "", "\u202e5"]
    ledger.append("traces", [trace(f"t{n}", text, "5") for n, text in enumerate(outputs)])
    for spec in ("numeric", "exact", "any-of", "all-of", "choice", "regex", "numeric/json-field=a"):
        report = judge_by_check(ledger, check_named(spec))
        assert report.judged + report.unjudged == len(outputs), spec

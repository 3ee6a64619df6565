"""Verdicts as OpenTelemetry's events, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.errors import BadInput
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.store import Ledger
from assay.volume.otel_evaluations import (
    RECORDS_A_LINE,
    EvaluationCounts,
    evaluation_lines,
    evaluation_record,
)

AT = 1_790_000_000_123_456
NOTE = 'says "no" \u2028 and \x1b[31m'


def span(number: int) -> str:
    return f"{number:032x}-{number:016x}"


def verdict(trace_id: str, probability: float | None, **more: object) -> dict[str, Any]:
    said = {"trace_id": trace_id, "judge": "numeric@1", "judge_kind": "check", "error_probability": probability,
            "severity": None, "kind": None, "note": None, "at": AT}  # fmt: skip
    return said | more


def attributes(record: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in record["attributes"]}


def fill(ledger: Ledger, verdicts: list[dict[str, Any]]) -> None:
    names = dict.fromkeys(one["trace_id"] for one in verdicts)
    ledger.append("traces", [
        {"trace_id": name, "task_id": name, "system": "desk", "version": "7", "epoch": 1, "output": "-", "tags": "{}"}
        for name in names
    ])  # fmt: skip
    ledger.append("verdicts", [one | {"source": "test"} for one in verdicts])


def test_the_event_of_a_verdict() -> None:
    record = evaluation_record(verdict(span(1), 1.0, severity=2, kind="price", note="no"))
    assert record["eventName"] == "gen_ai.evaluation.result"
    assert (record["traceId"], record["spanId"]) == (f"{1:032x}", f"{1:016x}")
    assert record["timeUnixNano"] == f"{AT}000"
    assert attributes(record) == {
        "gen_ai.evaluation.name": "numeric@1", "gen_ai.evaluation.score.value": 0.0,
        "gen_ai.evaluation.score.label": "incorrect", "gen_ai.evaluation.explanation": "no",
        "assay.error_probability": 1.0, "assay.judge_kind": "check", "assay.severity": "2",
        "assay.error_kind": "price", "assay.trace_id": span(1),
    }  # fmt: skip
    # A probability has no label, an unsure verdict has no score, and an output without a span is named.
    assert "gen_ai.evaluation.score.label" not in attributes(evaluation_record(verdict("a", 0.25)))
    unsure = attributes(evaluation_record(verdict("a", None)))
    assert unsure["gen_ai.evaluation.score.label"] == "unsure"
    assert "gen_ai.evaluation.score.value" not in unsure
    assert unsure["gen_ai.response.id"] == "a"
    assert evaluation_record(verdict("a", None, at=None))["timeUnixNano"] == "0"


def test_there_and_back(ledger: Ledger, tmp_path: Path) -> None:
    said = [0.0, 1.0, 0.25, 0.9990234375, None]
    fill(ledger, [verdict(span(i), p, note=NOTE) for i, p in enumerate(said, start=1)])
    file = tmp_path / "events.jsonl"
    counts = EvaluationCounts()
    file.write_text("\n".join(evaluation_lines(ledger, counts)) + "\n", "utf-8")
    assert (counts.events, counts.unsure, counts.without_span) == (5, 1, 0)
    other = Ledger.create(tmp_path / "other.ledger")
    report = ingest_file(other, file)
    assert report.tally.rejected == 0
    back = other.rows(
        "SELECT trace_id, judge, error_probability, note, cast(at AS bigint) AS at FROM verdicts ORDER BY 1"
    )
    # The unsure one says neither right nor wrong: it comes back as nothing.
    assert [(row["trace_id"], row["error_probability"]) for row in back] == [
        (span(i), p) for i, p in enumerate(said, start=1) if p is not None
    ]
    assert {row["judge"] for row in back} == {"numeric@1"}
    assert {row["at"] for row in back} == {AT}
    assert {row["note"] for row in back} == {NOTE}


def test_lines_are_of_one_system_and_of_so_many_events(ledger: Ledger) -> None:
    fill(ledger, [verdict(span(i), 0.0) for i in range(1, RECORDS_A_LINE + 2)])
    ledger.append("traces", [
        {"trace_id": "x", "task_id": "x", "system": "shop", "version": "", "epoch": 1, "output": "-", "tags": "{}"}
    ])  # fmt: skip
    ledger.append("verdicts", [verdict("x", 0.5, judge="other")])
    counts = EvaluationCounts()
    lines = [json.loads(line)["resourceLogs"][0] for line in evaluation_lines(ledger, counts)]
    sizes = [len(line["scopeLogs"][0]["logRecords"]) for line in lines]
    assert sizes == [RECORDS_A_LINE, 1, 1]
    assert attributes(lines[0]["resource"]) == {"service.name": "desk", "service.version": "7"}
    assert attributes(lines[2]["resource"]) == {"service.name": "shop"}
    assert counts.without_span == 1
    own = EvaluationCounts()
    assert len(list(evaluation_lines(ledger, own, judge="other"))) == own.events == 1
    with pytest.raises(BadInput, match="judge 'nobody' has said nothing"):
        list(evaluation_lines(ledger, EvaluationCounts(), judge="nobody"))
    with pytest.raises(BadInput, match="no verdict to export"):
        list(evaluation_lines(ledger, EvaluationCounts(), system="nobody"))


@pytest.mark.shared_data
def test_verdicts_of_a_real_log_become_events(ledger: Ledger, shared_data: Path) -> None:
    for file in sorted((shared_data / "fixtures" / "inspect").rglob("*.eval")):
        ingest_file(ledger, file)
    known = ledger.rows("SELECT count(*) AS n FROM verdicts")[0]["n"]
    assert known > 0
    counts = EvaluationCounts()
    records = [
        record
        for line in evaluation_lines(ledger, counts)
        for record in json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    ]
    assert len(records) == counts.events == known
    assert all(attributes(record)["gen_ai.evaluation.name"] for record in records)

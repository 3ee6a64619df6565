"""Verdicts as OpenTelemetry's event `gen_ai.evaluation.result`: log records in OTLP/JSON, an export a line.

The event is of status "development" (semantic-conventions-genai, docs/gen-ai/gen-ai-events.md): its name is required, a
score's value and label where there are some. It belongs to the span that was evaluated; where the ledger knows no span,
`gen_ai.response.id` names the output. The conventions leave the direction of a score open. Here it is quality, 1 the
best, as `assay ingest` reads it; `assay.error_probability` beside it can't be misread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from assay.errors import BadInput
from assay.ledger.ingest.otlp_span import EVALUATION_EVENT
from assay.ledger.store import Ledger, literal

RECORDS_A_LINE = 500
DISTRIBUTION = "assay-ai"
_SPAN = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})")
_LABELS = {0.0: "correct", 1.0: "incorrect"}
INFO = 9


@dataclass(slots=True)
class EvaluationCounts:
    """What was written: counted while the lines are taken.

    Parameters
    ----------
    events, unsure, without_span : >= 0
        Of all events: those whose judge could not say; those that name their output by `gen_ai.response.id` only, which
        `assay ingest` can't put to a span.
    """

    events: int = 0
    unsure: int = 0
    without_span: int = 0


def evaluation_record(verdict: Mapping[str, Any]) -> dict[str, object]:
    """Return a verdict as a log record in OTLP/JSON.

    Parameters
    ----------
    verdict
        Columns trace_id, judge, judge_kind, error_probability, severity, kind, note, and `at` in microseconds.

    Notes
    -----
    A label is set where the verdict is a plain one. A probability between 0 and 1 has a value and no label: whoever
    reads labels would take it for a plain verdict. An unsure verdict has the label "unsure" and no value.
    """
    probability = verdict["error_probability"]
    said: dict[str, object] = {"gen_ai.evaluation.name": verdict["judge"]}
    if probability is None:
        said["gen_ai.evaluation.score.label"] = "unsure"
    else:
        said["gen_ai.evaluation.score.value"] = 1.0 - probability
        if probability in _LABELS:
            said["gen_ai.evaluation.score.label"] = _LABELS[probability]
        said["assay.error_probability"] = float(probability)
    more = {
        "gen_ai.evaluation.explanation": verdict["note"],
        "assay.judge_kind": verdict["judge_kind"],
        "assay.severity": verdict["severity"],
        "assay.error_kind": verdict["kind"],
        "assay.trace_id": verdict["trace_id"],
    }
    said |= {name: value for name, value in more.items() if value not in (None, "")}
    span = _SPAN.fullmatch(verdict["trace_id"])
    if span is None:
        said["gen_ai.response.id"] = verdict["trace_id"]
    at = verdict["at"]
    record: dict[str, object] = {
        # 64-bit numbers are text in Protobuf's JSON; 0 is an unknown time.
        "timeUnixNano": "0" if at is None else str(at * 1_000),
        "severityNumber": INFO,
        "eventName": EVALUATION_EVENT,
        "attributes": [{"key": key, "value": _any_value(value)} for key, value in said.items()],
    }
    if span is not None:
        record |= {"traceId": span[1], "spanId": span[2]}
    return record


def evaluation_lines(
    ledger: Ledger,
    counts: EvaluationCounts,
    *,
    judge: str | None = None,
    system: str | None = None,
) -> Iterator[str]:
    """Yield the verdicts of a ledger as exports in OTLP/JSON, one a line.

    Parameters
    ----------
    ledger
        Traces, and verdicts on them.
    counts
        Is counted up.
    judge
        Whose verdicts; None: everybody's.
    system
        On which system's outputs; None: all.

    Raises
    ------
    BadInput
        Where there is no such verdict.
    """
    only = ["TRUE"]
    if judge is not None:
        only.append(f"verdicts.judge = {literal(judge)}")
    if system is not None:
        only.append(f"traces.system = {literal(system)}")
    reader = ledger.query(
        "SELECT traces.system AS system, traces.version AS version, verdicts.trace_id AS trace_id, "
        "verdicts.judge AS judge, verdicts.judge_kind AS judge_kind, "
        "verdicts.error_probability AS error_probability, verdicts.severity AS severity, verdicts.kind AS kind, "
        "verdicts.note AS note, cast(verdicts.at AS bigint) AS microseconds "
        f"FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id WHERE {' AND '.join(only)} "
        "ORDER BY system, version, microseconds, trace_id, judge"
    )
    scope = {"name": "assay", "version": version(DISTRIBUTION)}
    held: list[dict[str, object]] = []
    owner: tuple[str, str] = ("", "")
    for verdict in _verdicts(reader):
        of = verdict["system"], verdict["version"] or ""
        if held and (of != owner or len(held) == RECORDS_A_LINE):
            yield _line(owner, scope, held)
            held = []
        owner = of
        record = evaluation_record(verdict)
        counts.events += 1
        counts.unsure += verdict["error_probability"] is None
        counts.without_span += "spanId" not in record
        held.append(record)
    if held:
        yield _line(owner, scope, held)
    if not counts.events:
        raise BadInput(
            "there is no verdict to export"
            if judge is None
            else f"judge {judge!r} has said nothing here",
            next_command=f"assay ledger info {ledger.typed}",
        )


def _verdicts(reader: Any) -> Iterator[dict[str, Any]]:
    for batch in reader:
        names = batch.schema.names
        columns = [batch[name].to_pylist() for name in names]
        for row in zip(*columns, strict=True):
            verdict = dict(zip(names, row, strict=True))
            yield verdict | {"at": verdict["microseconds"]}


def _line(
    owner: tuple[str, str], scope: Mapping[str, str], records: list[dict[str, object]]
) -> str:
    name, its_version = owner
    about = {"service.name": name, "service.version": its_version}
    attributes = [
        {"key": key, "value": {"stringValue": value}} for key, value in about.items() if value
    ]
    export = {
        "resourceLogs": [{
            "resource": {"attributes": attributes},
            "scopeLogs": [{"scope": scope, "logRecords": records}],
        }]
    }  # fmt: skip
    return json.dumps(export, ensure_ascii=False, allow_nan=False)


def _any_value(value: object) -> dict[str, object]:
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}

"""Judges that have spoken on every output: errors are counted, not estimated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.ledger.population import Window, buckets, origin_of, scores, time_conditions
from assay.ledger.store import Ledger, literal
from assay.volume.caught import caught_conditions
from assay.volume.commands import draw_command, quoted
from assay.volume.evidence import CensusEvidence, NoEvidence
from assay.volume.question import VolumeQuestion
from assay.volume.traffic import Traffic

SUMMED = ("judged", "errors", "caught_errors")

COUNTING_KINDS = ("check", "person")
"""A model's opinion of every output is no count, however complete."""


def find_censuses(
    ledger: Ledger, question: VolumeQuestion, traffic: Mapping[Window, Traffic]
) -> dict[Window, CensusEvidence | NoEvidence]:
    """Return, for each window that a check or a person has judged at least in part, the count or why there is none."""
    complete: dict[Window, list[dict[str, Any]]] = {}
    partial: dict[Window, dict[str, Any]] = {}
    for row in _counts(ledger, question):
        window = Window(row["system"], row["version"], question.start, question.end, row["origin"])
        if window not in traffic:
            continue
        if row["judged"] == traffic[window].traces:
            complete.setdefault(window, []).append(row)
        elif window not in partial or row["judged"] > partial[window]["judged"]:
            partial[window] = row
    found: dict[Window, CensusEvidence | NoEvidence] = {}
    for window, facts in traffic.items():
        if window in complete:
            found[window] = _census(ledger, facts, complete[window])
        elif window in partial:
            row = partial[window]
            found[window] = NoEvidence(
                f"{row['judge']} has judged {row['judged']} of {facts.traces} outputs: a count needs them all",
                draw_command(ledger.typed, window),
            )
    return found


def _counts(ledger: Ledger, question: VolumeQuestion) -> list[dict[str, Any]]:
    own = f"draw_id IS NULL AND judge_kind IN ({','.join(map(literal, COUNTING_KINDS))})"
    if question.judge is not None:
        own += f" AND judge = {literal(question.judge)}"
    rows = ledger.rows(
        f"SELECT judge, judge_kind, count(*) AS n FROM verdicts WHERE {own} GROUP BY judge, judge_kind"
    )
    return [
        {**count, "judge": row["judge"], "judge_kind": row["judge_kind"]}
        for row in rows
        for count in _judged_counts(ledger, question, row["judge"], row["judge_kind"])
    ]


def _judged_counts(
    ledger: Ledger, question: VolumeQuestion, judge: str, judge_kind: str
) -> list[dict[str, Any]]:
    _, caught = caught_conditions(question.caught_tag)
    conditions = [
        "scored.error_probability IS NOT NULL",
        *time_conditions(question.start, question.end),
    ]
    if question.system is not None:
        conditions.append(f"traces.system = {literal(question.system)}")
    total = ledger.rows(f"SELECT count(*) AS n FROM verdicts WHERE judge = {literal(judge)}")[0][
        "n"
    ]
    summed: dict[tuple[str, str, str], dict[str, Any]] = {}
    for bucket in buckets("trace_id", total):
        scored = scores(ledger, judge, kinds=(judge_kind,), within=bucket)
        part = ledger.rows(
            f"SELECT traces.system, traces.version, {origin_of()} AS origin, count(*) AS judged, "
            "sum(scored.error_probability) AS errors, "
            f"coalesce(sum(scored.error_probability) FILTER (WHERE {caught}), 0.0) AS caught_errors "
            f"FROM traces JOIN ({scored}) AS scored ON scored.trace_id = traces.trace_id "
            f"WHERE {bucket.replace('trace_id', 'traces.trace_id')} AND {' AND '.join(conditions)} "
            "GROUP BY 1, 2, 3"
        )
        for row in part:
            known = summed.setdefault(
                (row["system"], row["version"], row["origin"]), row | dict.fromkeys(SUMMED, 0)
            )
            for key in SUMMED:
                known[key] += row[key]
    return list(summed.values())


def _census(
    ledger: Ledger, traffic: Traffic, rows: list[dict[str, Any]]
) -> CensusEvidence | NoEvidence:
    if len(rows) > 1:
        says = "; ".join(f"{row['judge']}: {row['errors']:g}" for row in rows)
        return NoEvidence(
            f"several judges have spoken on every output (errors: {says}): say which one is the truth",
            f"assay volume {ledger.typed} --judge {quoted(rows[0]['judge'])}",
            to_choose=True,
        )
    row = rows[0]
    escaped = row["errors"] - row["caught_errors"] if traffic.caught_known else None
    return CensusEvidence(row["judge"], row["judge_kind"], row["errors"], escaped)

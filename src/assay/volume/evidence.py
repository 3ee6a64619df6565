"""What a ledger knows of a system's errors: labels of a draw, or a check of everything, or neither."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from assay.errors import DrawError, LedgerError
from assay.estimate import StratumCount
from assay.ledger.draws import DrawnStratum, Label, StoredDraw, labels_of, stored_draw, stored_draws
from assay.ledger.population import Window, scores, tag, tag_value, time_conditions
from assay.ledger.store import Ledger, literal
from assay.volume.question import VolumeQuestion
from assay.volume.traffic import Traffic

NO_TAG = "(none)"


@dataclass(frozen=True, slots=True)
class LabeledTrace:
    """A label that counts, and what it can be split by."""

    stratum: int
    wrong: int | None
    day: str | None
    caught: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SampleEvidence:
    """Labels of a draw: counts by stratum, and the labeled traces themselves."""

    draw: StoredDraw
    strata: tuple[StratumCount, ...]
    labeled: tuple[LabeledTrace, ...]
    held_back: int
    """Labels after a gap in their stratum's random order: they count once the gap is filled."""
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CensusEvidence:
    """A judge that has spoken on every output: errors are counted."""

    judge: str
    judge_kind: str
    errors: float
    escaped: float | None
    """Errors among the outputs that were not caught; None where no trace says."""


@dataclass(frozen=True, slots=True)
class NoEvidence:
    """Neither: why, and what to type next."""

    reason: str
    next_command: str


Evidence = SampleEvidence | CensusEvidence | NoEvidence


@dataclass(frozen=True, slots=True)
class SystemEvidence:
    """All that a ledger says of one system in one window."""

    window: Window
    traffic: Traffic
    evidence: Evidence
    traces_version: int | None = None
    """Version of the table `traces` that a draw froze; None: the newest."""
    arrived_since: int = 0
    """Traces that came into the window after the draw: not part of the answer."""
    notes: tuple[str, ...] = ()


def gather(ledger: Ledger, question: VolumeQuestion) -> list[SystemEvidence]:
    """Return the evidence for every system that the question is about, most traces first.

    Raises
    ------
    LedgerError
        Where the ledger holds no such system.
    """
    if question.draw_id is not None:
        question = _about_draw(stored_draw(ledger, question.draw_id), question)
    traffic = _traffic(ledger, question)
    if not traffic:
        held = ", ".join(
            sorted({row["system"] for row in ledger.rows("SELECT DISTINCT system FROM traces")})[
                :10
            ]
        )
        wanted = f"system {question.system!r}" if question.system else "trace"
        raise LedgerError(
            f"{ledger.path} holds no {wanted} in this window"
            + (f"; it holds {held}" if held else ""),
            next_command=f"assay ingest FILE --into {ledger.path}"
            if not held
            else f"assay ledger info {ledger.path}",
        )
    draws = _draws_with_labels(ledger, question)
    # A check of everything costs a join over all traces: only asked for where labels don't answer.
    unanswered = [
        window for window in traffic if question.evidence == "census" or window not in draws
    ]
    census = (
        _censuses(ledger, question, traffic) if unanswered and question.evidence != "labels" else {}
    )
    return [
        _of_system(ledger, question, window, facts, draws, census)
        for window, facts in traffic.items()
    ]


def _about_draw(draw: StoredDraw, question: VolumeQuestion) -> VolumeQuestion:
    if question.system not in (None, draw.window.system):
        raise DrawError(f"{draw.draw_id} is of {draw.window.system}, not of {question.system}")
    return replace(question, system=draw.window.system, version=draw.window.version)


def _of_system(
    ledger: Ledger,
    question: VolumeQuestion,
    window: Window,
    traffic: Traffic,
    draws: Mapping[Window, StoredDraw],
    census: Mapping[Window, CensusEvidence | NoEvidence],
) -> SystemEvidence:
    draw = draws.get(window)
    if draw is not None and question.evidence != "census":
        return _sampled(ledger, question, draw, traffic)
    found = census.get(window)
    if found is None or (isinstance(found, NoEvidence) and question.evidence == "auto"):
        found = _nothing_yet(ledger, window, found)
    return SystemEvidence(window, traffic, found)


def _nothing_yet(ledger: Ledger, window: Window, census: NoEvidence | None) -> NoEvidence:
    open_draws = [draw for draw in stored_draws(ledger) if draw.window == window]
    if open_draws:
        draw = open_draws[0]
        return NoEvidence(
            f"{draw.draw_id} waits for labels: none of {draw.planned} is in yet",
            f"assay label {ledger.path} {draw.draw_id}.csv",
        )
    if census is not None:
        return census
    return NoEvidence(
        "no output has been labeled from a draw, and no check covers every output",
        _draw_command(ledger, window),
    )


def _draw_command(ledger: Ledger, window: Window) -> str:
    version = f" --version {_quoted(window.version)}" if window.version else ""
    return (
        f"assay draw {ledger.path} --labels 300 --seed 7 --system {_quoted(window.system)}{version}"
    )


def _quoted(text: str) -> str:
    return (
        text if text.replace("-", "").replace(".", "").replace("_", "").isalnum() else f'"{text}"'
    )


def _traffic(ledger: Ledger, question: VolumeQuestion) -> dict[Window, Traffic]:
    conditions = time_conditions(question.start, question.end)
    if question.system is not None:
        conditions.append(f"system = {literal(question.system)}")
    if question.version is not None:
        conditions.append(f"version = {literal(question.version)}")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = ledger.rows(
        f"{_facts(question)} FROM traces {where} GROUP BY system, version ORDER BY traces DESC, system, version"
    )
    return {
        Window(row["system"], row["version"], question.start, question.end): _as_traffic(row)
        for row in rows
    }


def _facts(question: VolumeQuestion) -> str:
    known, caught = caught_conditions(question.caught_tag)
    return (
        "SELECT system, version, count(*) AS traces, count(at) AS timed, cast(min(at) AS bigint) AS first, "
        "cast(max(at) AS bigint) AS last, count(latency_seconds) AS latencies, "
        "coalesce(sum(latency_seconds), 0.0) AS latency_sum, "
        f"count(*) FILTER (WHERE {known}) AS caught_known, count(*) FILTER (WHERE {caught}) AS caught"
    )


def caught_conditions(name: str) -> tuple[str, str]:
    """Return SQL: whether a trace has the tag that says if it was caught, and whether it was."""
    key = json.dumps(name, ensure_ascii=False)
    has = [f"traces.tags LIKE {literal('%' + sep + _like(key) + ':%')} ESCAPE '\\'" for sep in "{,"]
    truth = " OR ".join(
        f"traces.tags LIKE {literal('%' + sep + _like(key) + ':' + json.dumps(yes) + '%')} ESCAPE '\\'"
        for sep in "{,"
        for yes in TRUE_TEXTS
    )
    return f"({' OR '.join(has)})", f"({truth})"


TRUE_TEXTS = ("true", "True", "yes", "1")


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _as_traffic(row: Mapping[str, Any]) -> Traffic:
    return Traffic(
        traces=row["traces"],
        timed=row["timed"],
        first=row["first"],
        last=row["last"],
        latencies=row["latencies"],
        latency_sum_seconds=row["latency_sum"],
        caught_known=row["caught_known"],
        caught=row["caught"],
    )


def _draws_with_labels(ledger: Ledger, question: VolumeQuestion) -> dict[Window, StoredDraw]:
    if question.draw_id is not None:
        draw = stored_draw(ledger, question.draw_id)
        return {_as_asked(draw.window, question): draw}
    labeled = ledger.rows(
        "SELECT DISTINCT draw_id FROM verdicts WHERE draw_id IS NOT NULL AND judge_kind = 'person'"
    )
    draws: dict[Window, StoredDraw] = {}
    for draw in stored_draws(ledger, [row["draw_id"] for row in labeled]):
        window = _as_asked(draw.window, question)
        # Without limits in the question a draw answers for the window that it froze, whichever that is.
        if (question.start, question.end) in ((None, None), (draw.window.start, draw.window.end)):
            draws.setdefault(window, draw)
    return draws


def _as_asked(window: Window, question: VolumeQuestion) -> Window:
    return replace(window, start=question.start, end=question.end)


def _sampled(
    ledger: Ledger, question: VolumeQuestion, draw: StoredDraw, now: Traffic
) -> SystemEvidence:
    notes: list[str] = []
    traffic, version = _frozen_traffic(ledger, question, draw, now, notes)
    labels = labels_of(ledger, draw.draw_id)
    strata, counted, held_back = _counted(draw, labels)
    if held_back:
        notes.append(
            f"{held_back} labels stand after a gap in the random order; they count once the gap is filled"
        )
    evidence = SampleEvidence(
        draw=draw,
        strata=tuple(strata),
        labeled=tuple(_labeled(ledger, question, counted)),
        held_back=held_back,
        people=tuple(sorted({label.judge for label in labels.values()})),
    )
    arrived = (
        max(0, now.traces - draw.population)
        if draw.window == _as_asked(draw.window, question)
        else 0
    )
    return SystemEvidence(draw.window, traffic, evidence, version, arrived, tuple(notes))


def _frozen_traffic(
    ledger: Ledger, question: VolumeQuestion, draw: StoredDraw, now: Traffic, notes: list[str]
) -> tuple[Traffic, int | None]:
    if now.traces == draw.population and draw.window == _as_asked(draw.window, question):
        return now, None
    sql = f"{_facts(question)} FROM traces WHERE {draw.window.condition()} GROUP BY system, version"
    try:
        rows = ledger.rows(sql, versions={"traces": draw.traces_version})
        if rows and rows[0]["traces"] == draw.population:
            return _as_traffic(rows[0]), draw.traces_version
    except LedgerError:
        pass
    notes.append(
        "the table as the draw froze it is gone: throughput and splits are those of today's traces"
    )
    return now, None


def _counted(
    draw: StoredDraw, labels: Mapping[str, Label]
) -> tuple[list[StratumCount], dict[str, tuple[int, Label]], int]:
    strata = []
    counted: dict[str, tuple[int, Label]] = {}
    for index, stratum in enumerate(draw.strata):
        first = _beginning(stratum, labels)
        counted |= {label.trace_id: (index, label) for label in first}
        strata.append(
            StratumCount(
                size=stratum.size,
                labeled=len(first),
                errors=sum(label.wrong == 1 for label in first),
                unsure=sum(label.wrong is None for label in first),
                name=stratum.rule.name,
            )
        )
    return strata, counted, len(labels) - len(counted)


def _beginning(stratum: DrawnStratum, labels: Mapping[str, Label]) -> list[Label]:
    # Only an unbroken beginning of the random order is a simple random sample: what a person skipped, they may have
    # skipped because it was hard.
    first = []
    for trace_id in stratum.trace_ids:
        if trace_id not in labels:
            break
        first.append(labels[trace_id])
    return first


def _labeled(
    ledger: Ledger, question: VolumeQuestion, counted: Mapping[str, tuple[int, Label]]
) -> list[LabeledTrace]:
    if not counted:
        return []
    ids = ",".join(map(literal, counted))
    rows = ledger.rows(
        f"SELECT trace_id, cast(at AS bigint) AS at, tags FROM traces WHERE trace_id IN ({ids})"
    )
    labeled = []
    for row in rows:
        stratum, label = counted[row["trace_id"]]
        tags = json.loads(row["tags"] or "{}")
        caught = tags.get(question.caught_tag) in TRUE_TEXTS
        labeled.append(LabeledTrace(stratum, label.wrong, day_of(row["at"]), caught, tags))
    return labeled


def day_of(at: int | None) -> str | None:
    """Return the UTC day of a time, as 2026-10-05."""
    return None if at is None else datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d")


def _censuses(
    ledger: Ledger, question: VolumeQuestion, traffic: Mapping[Window, Traffic]
) -> dict[Window, CensusEvidence | NoEvidence]:
    complete: dict[Window, list[dict[str, Any]]] = {}
    partial: dict[Window, dict[str, Any]] = {}
    for row in _complete_counts(ledger, question, traffic):
        window = Window(row["system"], row["version"], question.start, question.end)
        if window not in traffic:
            continue
        if row["judged"] == traffic[window].traces:
            complete.setdefault(window, []).append(row)
        elif window not in partial or row["judged"] > partial[window]["judged"]:
            partial[window] = row
    found: dict[Window, CensusEvidence | NoEvidence] = {}
    for window, facts in traffic.items():
        if window in complete:
            found[window] = _census(ledger, window, facts, complete[window])
        elif window in partial:
            row = partial[window]
            found[window] = NoEvidence(
                f"{row['judge']} has judged {row['judged']} of {facts.traces} outputs: a count needs them all",
                _draw_command(ledger, window),
            )
    return found


def _complete_counts(
    ledger: Ledger, question: VolumeQuestion, traffic: Mapping[Window, Traffic]
) -> list[dict[str, Any]]:
    own = "draw_id IS NULL AND judge_kind IN ('check', 'person')"
    if question.judge is not None:
        own += f" AND judge = {literal(question.judge)}"
    rows = ledger.rows(
        f"SELECT judge, judge_kind, count(*) AS n FROM verdicts WHERE {own} GROUP BY judge, judge_kind"
    )
    fewest = min(facts.traces for facts in traffic.values())
    counts = []
    for row in rows:
        # A judge with fewer verdicts than the smallest system has traces covers none: spare the join.
        if row["n"] >= fewest:
            counts += [
                {**count, "judge": row["judge"], "judge_kind": row["judge_kind"]}
                for count in _judged_counts(ledger, question, row["judge"])
            ]
    return counts


def _judged_counts(ledger: Ledger, question: VolumeQuestion, judge: str) -> list[dict[str, Any]]:
    known, caught = caught_conditions(question.caught_tag)
    conditions = [
        "scored.error_probability IS NOT NULL",
        *time_conditions(question.start, question.end),
    ]
    if question.system is not None:
        conditions.append(f"traces.system = {literal(question.system)}")
    return ledger.rows(
        "SELECT traces.system, traces.version, count(*) AS judged, sum(scored.error_probability) AS errors, "
        f"count(*) FILTER (WHERE {known}) AS caught_known, "
        f"coalesce(sum(scored.error_probability) FILTER (WHERE {caught}), 0.0) AS caught_errors "
        f"FROM traces JOIN ({scores(ledger, judge)}) AS scored ON scored.trace_id = traces.trace_id "
        f"WHERE {' AND '.join(conditions)} GROUP BY traces.system, traces.version"
    )


def _census(
    ledger: Ledger, window: Window, traffic: Traffic, rows: list[dict[str, Any]]
) -> CensusEvidence | NoEvidence:
    if len(rows) > 1 and len({row["errors"] for row in rows}) > 1:
        says = "; ".join(f"{row['judge']}: {row['errors']:g}" for row in rows)
        return NoEvidence(
            f"several checks cover every output and they disagree on the errors ({says}): say which one is the truth",
            f"assay volume {ledger.path} --judge {_quoted(rows[0]['judge'])}",
        )
    row = rows[0]
    escaped = row["errors"] - row["caught_errors"] if traffic.caught_known else None
    return CensusEvidence(row["judge"], row["judge_kind"], row["errors"], escaped)


def split_counts(ledger: Ledger, system: SystemEvidence, expression: str) -> dict[str, int]:
    """Return how many outputs of the window fall under each value of an SQL expression over `traces`."""
    versions = {} if system.traces_version is None else {"traces": system.traces_version}
    rows = ledger.rows(
        f"SELECT {expression} AS part, count(*) AS n FROM traces WHERE {system.window.condition()} GROUP BY part",
        versions=versions,
    )
    return {row["part"] if row["part"] is not None else NO_TAG: row["n"] for row in rows}


def split_errors(
    ledger: Ledger, system: SystemEvidence, judge: str, expression: str
) -> dict[str, float]:
    """Return a census's errors under each value of an SQL expression over `traces`."""
    rows = ledger.rows(
        f"SELECT {expression} AS part, sum(scored.error_probability) AS errors FROM traces "
        f"JOIN ({scores(ledger, judge)}) AS scored ON scored.trace_id = traces.trace_id "
        f"WHERE {system.window.condition()} GROUP BY part"
    )
    return {row["part"] if row["part"] is not None else NO_TAG: row["errors"] for row in rows}


def tag_expression(name: str) -> str:
    """Return SQL for a tag's value in `split_counts`."""
    return tag(name)


DAY_EXPRESSION = "to_char(traces.at, '%Y-%m-%d')"


def shown_value(stored: str) -> str:
    """Return a tag's value as text from the form in which `split_counts` gives it."""
    return stored if stored == NO_TAG else str(tag_value(stored))

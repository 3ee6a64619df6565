"""From the ledger to the evidence: traffic, the labels of draws, checks of everything."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from assay.errors import DrawError, LedgerError
from assay.ledger.draw_labels import Label, intakes_of, labels_of
from assay.ledger.draws import StoredDraw, labeled_draws, stored_draw, stored_draws
from assay.ledger.population import Window, first_origin, origin_of, time_conditions
from assay.ledger.store import Ledger, literal
from assay.volume.agreement import Counted, ReadAgain, counted_labels
from assay.volume.caught import caught_conditions, is_caught
from assay.volume.census import find_censuses
from assay.volume.commands import draw_command
from assay.volume.evidence import (
    CensusEvidence,
    Evidence,
    LabeledTrace,
    NoEvidence,
    SampleEvidence,
    SystemEvidence,
)
from assay.volume.looks import Look, before_the_first, first_look_at
from assay.volume.question import VolumeQuestion
from assay.volume.traffic import Traffic
from assay.volume.unit_evidence import read_units


def gather(ledger: Ledger, question: VolumeQuestion) -> list[SystemEvidence]:
    """Return the evidence for every system that the question is about, most traces first.

    Raises
    ------
    LedgerError
        Where the ledger holds no such system.
    """
    if question.draw_id is not None:
        question = _about_draw(ledger, stored_draw(ledger, question.draw_id), question)
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
            next_command=f"assay ingest FILE --into {ledger.typed}"
            if not held
            else f"assay ledger info {ledger.typed}",
        )
    draws = _draws_with_labels(ledger, question, traffic)
    # A check of everything costs a join over all traces: only asked for where labels don't answer.
    unanswered = [
        window for window in traffic if question.evidence == "census" or window not in draws
    ]
    census = (
        find_censuses(ledger, question, traffic)
        if unanswered and question.evidence != "labels"
        else {}
    )
    return [
        _of_system(ledger, question, window, facts, draws, census)
        for window, facts in traffic.items()
    ]


def _about_draw(ledger: Ledger, draw: StoredDraw, question: VolumeQuestion) -> VolumeQuestion:
    if draw.parent is not None:
        raise DrawError(
            f"{draw.draw_id} reads labels of {draw.parent} again: name the draw that they were drawn by, it takes both",
            next_command=f"assay volume {ledger.typed} --draw {draw.parent}",
        )
    if question.system not in (None, draw.window.system):
        raise DrawError(f"{draw.draw_id} is of {draw.window.system}, not of {question.system}")
    if question.version not in (None, draw.window.version):
        raise DrawError(
            f"{draw.draw_id} is of version {draw.window.version!r}, not of {question.version!r}",
            next_command=f"assay volume {ledger.typed} --draw {draw.draw_id}",
        )
    window = draw.window
    return replace(
        question,
        system=window.system,
        version=window.version,
        origin=window.origin or question.origin,
    )


def _of_system(
    ledger: Ledger,
    question: VolumeQuestion,
    window: Window,
    traffic: Traffic,
    draws: Mapping[Window, Sequence[StoredDraw]],
    census: Mapping[Window, CensusEvidence | NoEvidence],
) -> SystemEvidence:
    labeled = draws.get(window)
    if labeled and question.evidence != "census":
        return _sampled(ledger, question, labeled, traffic)
    found = census.get(window)
    if found is None:
        found = _nothing_yet(ledger, window, None)
    elif isinstance(found, NoEvidence) and not found.to_choose and question.evidence == "auto":
        found = _nothing_yet(ledger, window, found)
    return SystemEvidence(window, traffic, found)


def _nothing_yet(ledger: Ledger, window: Window, census: NoEvidence | None) -> NoEvidence:
    open_draws = [
        draw for draw in stored_draws(ledger) if _same(draw.window, window) and draw.parent is None
    ]
    if open_draws:
        draw = open_draws[0]
        return NoEvidence(
            f"{draw.draw_id} waits for labels: none of {draw.planned} is in yet",
            f"assay label {ledger.typed} FILLED.csv",
        )
    if census is not None:
        return census
    return NoEvidence(
        "no output has been labeled from a draw, and no check covers every output",
        draw_command(ledger.typed, window),
    )


def _traffic(ledger: Ledger, question: VolumeQuestion) -> dict[Window, Traffic]:
    conditions = time_conditions(question.start, question.end)
    if question.system is not None:
        conditions.append(f"system = {literal(question.system)}")
    if question.version is not None:
        conditions.append(f"version = {literal(question.version)}")
    if question.origin is not None:
        conditions.append(f"{origin_of()} = {literal(question.origin)}")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = ledger.rows(
        f"{_facts(question)}, {origin_of()} AS origin FROM traces {where} GROUP BY system, version, {origin_of()}"
    )
    by_system: dict[tuple[str, str], dict[str, Traffic]] = {}
    for row in rows:
        origins = by_system.setdefault((row["system"], row["version"]), {})
        origins[row["origin"]] = _as_traffic(row)
    found = [
        _work(Window(*name, question.start, question.end), origins)
        for name, origins in by_system.items()
    ]
    found.sort(key=lambda one: (-one[1].traces, one[0].system, one[0].version))
    return dict(found)


def _work(window: Window, origins: Mapping[str, Traffic]) -> tuple[Window, Traffic]:
    """Return the outputs that are a system's work; those of other origins are counted beside them."""
    origin = first_origin(origins)
    assert origin is not None
    others = sorted((name, other.traces) for name, other in origins.items() if name != origin)
    return replace(window, origin=origin), replace(origins[origin], set_aside=tuple(others))


def _facts(question: VolumeQuestion) -> str:
    known, caught = caught_conditions(question.caught_tag)
    return (
        "SELECT system, version, count(*) AS traces, count(at) AS timed, cast(min(at) AS bigint) AS first, "
        "cast(max(at) AS bigint) AS last, count(latency_seconds) AS latencies, "
        "coalesce(sum(latency_seconds), 0.0) AS latency_sum, "
        "count(*) FILTER (WHERE cast(at AS bigint) % 86400000000 <> 0) AS timed_in_the_day, "
        f"count(*) FILTER (WHERE {known}) AS caught_known, count(*) FILTER (WHERE {caught}) AS caught, "
        "count(*) FILTER (WHERE origin IN ('exam', 'probe')) AS asked_for"
    )


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
        whole_days=row["timed"] > 0 and row["timed_in_the_day"] == 0,
        asked_for=row["asked_for"],
    )


def _draws_with_labels(
    ledger: Ledger, question: VolumeQuestion, traffic: Collection[Window]
) -> dict[Window, list[StoredDraw]]:
    # Newest first: the newest answers, the others are named.
    if question.draw_id is not None:
        draw = stored_draw(ledger, question.draw_id)
        asked = _as_asked(draw.window, question)
        return {window: [draw] for window in traffic if _same(window, asked)}
    asked_for = {(window.system, window.version): window for window in traffic}
    draws: dict[Window, list[StoredDraw]] = {}
    for draw in labeled_draws(ledger):
        if draw.parent is not None:
            continue
        window = asked_for.get((draw.window.system, draw.window.version))
        if window is None or not draw.window.may_be(window):
            continue
        # Without limits in the question a draw answers for the window that it froze, whichever that is.
        if (question.start, question.end) in ((None, None), (draw.window.start, draw.window.end)):
            draws.setdefault(window, []).append(draw)
    for candidates in draws.values():
        # A draw of just what is asked goes before one of a part of it; the order is stable, so the newest stays first.
        candidates.sort(
            key=lambda draw: (draw.window.start, draw.window.end) != (question.start, question.end)
        )
    return draws


def _as_asked(window: Window, question: VolumeQuestion) -> Window:
    return replace(window, start=question.start, end=question.end)


def _same(one: Window, other: Window) -> bool:
    return one.may_be(other) and replace(one, origin=other.origin) == other


def _sampled(
    ledger: Ledger, question: VolumeQuestion, draws: Sequence[StoredDraw], now: Traffic
) -> SystemEvidence:
    if any(draw.units is not None for draw in draws):
        whole = _whole_units(ledger, question, draws, now)
        if whole is not None:
            return whole
        draws = [draw for draw in draws if draw.units is None]
    read = [(draw, counted_labels(ledger, draw)) for draw in draws]
    # The newest draw that has come to a look answers; where none has, the newest says what it waits for.
    draw, said = next((one for one in read if one[1].looks), read[0])
    labels, looks = said.labels, said.looks
    notes = _draw_notes(draw, [other for other, _ in read if other != draw], question)
    notes += _reading_notes(said)
    traffic, version, lost = _frozen_traffic(ledger, question, draw, now)
    if lost:
        notes.append(
            "the table as the draw froze it is gone: throughput is that of today's traces, splits are unknown"
        )
    evidence: Evidence
    if not looks and said.live is not None:
        looks = (before_the_first(draw, labels),)
    if looks:
        counted = _counted(draw, labels, looks[-1])
        held_back = len(labels) - len(counted)
        if held_back:
            notes.append(
                f"{held_back} labels wait for the next planned look, or for a gap before them in the list to be filled"
            )
        evidence = SampleEvidence(
            draw=draw,
            looks=looks,
            labeled=tuple(_labeled(ledger, question, counted, said.again)),
            held_back=held_back,
            people=tuple(sorted({label.judge for label in labels.values()})),
            live=said.live,
            reading=said.reading,
        )
    else:
        evidence = NoEvidence(
            f"{len(labels)} of {draw.planned} labels of {draw.draw_id} are in; "
            f"the first look is at {first_look_at(draw)}",
            f"assay label {ledger.typed} FILLED.csv",
        )
    return SystemEvidence(
        draw.window, traffic, evidence, version, _arrived(draw, question, now), tuple(notes), lost
    )


def _whole_units(
    ledger: Ledger, question: VolumeQuestion, draws: Sequence[StoredDraw], now: Traffic
) -> SystemEvidence | None:
    """Return what a draw of whole units says; None where an ordinary draw is the one to answer."""
    found, chosen = None, draws[0]
    for draw in draws:
        if draw.units is None and counted_labels(ledger, draw).looks:
            return None
        if draw.units is not None:
            labels, intakes = labels_of(ledger, draw.draw_id), intakes_of(ledger, draw.draw_id)
            found = read_units(
                ledger, draw, labels, intakes=intakes, caught_tag=question.caught_tag
            )
        if found is not None:
            chosen = draw
            break
    if found is None and any(draw.units is None for draw in draws):
        return None
    notes = _draw_notes(chosen, [draw for draw in draws if draw != chosen], question)
    traffic, version, lost = _frozen_traffic(ledger, question, chosen, now)
    evidence: Evidence = found or NoEvidence(
        f"not all outputs of the first unit drawn by {chosen.draw_id} are labeled",
        f"assay label {ledger.typed} FILLED.csv",
    )
    arrived = _arrived(chosen, question, now)
    return SystemEvidence(chosen.window, traffic, evidence, version, arrived, tuple(notes), lost)


def _reading_notes(said: Counted) -> list[str]:
    notes = [said.waits] if said.waits else []
    if said.later:
        notes.append(
            f"{said.later} labels came in or were changed after the second reading was drawn: they don't count in it"
        )
    return notes


def _draw_notes(
    draw: StoredDraw, others: Sequence[StoredDraw], question: VolumeQuestion
) -> list[str]:
    notes = []
    if others:
        names = ", ".join(other.draw_id for other in others)
        notes.append(
            f"only the labels of {draw.draw_id} count, --draw takes those of another: {names}; "
            "each interval holds by itself, not for whoever picks among them"
        )
    limits = (draw.window.start, draw.window.end)
    if limits not in ((None, None), (question.start, question.end)):
        start, end = (day_of(moment) or "..." for moment in limits)
        notes.append(f"this answer is about {draw.draw_id}'s window only: from {start} to {end}")
    return notes


def _arrived(draw: StoredDraw, question: VolumeQuestion, now: Traffic) -> int:
    same = draw.window == _as_asked(draw.window, question)
    return max(0, now.traces - draw.population) if same else 0


def _frozen_traffic(
    ledger: Ledger, question: VolumeQuestion, draw: StoredDraw, now: Traffic
) -> tuple[Traffic, int | None, bool]:
    """Return the traffic that the draw froze, the version it is read at, and whether that is lost."""
    if now.traces == draw.population and draw.window == _as_asked(draw.window, question):
        return now, None, False
    sql = f"{_facts(question)} FROM traces WHERE {draw.window.condition()} GROUP BY system, version"
    try:
        rows = ledger.rows(sql, versions={"traces": draw.traces_version})
        if rows and rows[0]["traces"] == draw.population:
            return _as_traffic(rows[0]), draw.traces_version, False
    except LedgerError:
        pass
    return now, None, True


def _counted(
    draw: StoredDraw, labels: Mapping[str, Label], look: Look
) -> dict[str, tuple[int, int, Label]]:
    """Return the labels up to a look: trace -> stratum, place in its order, label."""
    return {
        trace_id: (index, position, labels[trace_id])
        for index, (drawn, count) in enumerate(zip(draw.strata, look.strata, strict=True))
        for position, trace_id in enumerate(drawn.trace_ids[: count.labeled], start=1)
    }


def _labeled(
    ledger: Ledger,
    question: VolumeQuestion,
    counted: Mapping[str, tuple[int, int, Label]],
    again: ReadAgain | None,
) -> list[LabeledTrace]:
    if not counted:
        return []
    ids = ",".join(map(literal, counted))
    rows = ledger.rows(
        f"SELECT trace_id, cast(at AS bigint) AS at, tags FROM traces WHERE trace_id IN ({ids})"
    )
    labeled = []
    for row in rows:
        stratum, position, label = counted[row["trace_id"]]
        tags = json.loads(row["tags"] or "{}")
        caught = is_caught(tags, question.caught_tag)
        missed = 0 if again is None else again.missed(row["trace_id"])
        labeled.append(
            LabeledTrace(
                stratum,
                position,
                label.wrong,
                day_of(row["at"]),
                caught,
                tags,
                missed,
                row["trace_id"],
            )
        )
    return labeled


def day_of(at: int | None) -> str | None:
    """Return the UTC day of a time, as 2026-10-05."""
    return None if at is None else datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d")

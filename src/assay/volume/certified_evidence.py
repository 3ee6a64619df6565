"""Evidence as it stands in a certificate: counts, conditions of the draw, and hashes of the lists behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from assay.ledger.draw_labels import Label
from assay.ledger.draws import StoredDraw, labeled_draws, readings_of
from assay.ledger.population import moment_text
from assay.ledger.store import Ledger, literal
from assay.volume.agreement import ReadAgain, SecondReading, counted_labels
from assay.volume.canonical_json import digest_of
from assay.volume.certificate import Census, CertifiedStratum, Labels, Look, Reading, Rule
from assay.volume.evidence import CensusEvidence, SampleEvidence


def label_list(
    sample: SampleEvidence, labels: Mapping[str, Label]
) -> list[tuple[str, int, int, str, str]]:
    """Return the labels that count: trace id, stratum from 1, position from 1, verdict, person; in the order drawn."""
    return [
        (trace_id, stratum, position, _verdict(labels[trace_id]), labels[trace_id].judge)
        for stratum, (drawn, count) in enumerate(
            zip(sample.draw.strata, sample.strata, strict=True), start=1
        )
        for position, trace_id in enumerate(drawn.trace_ids[: count.labeled], start=1)
    ]


def _again_list(again: ReadAgain) -> list[tuple[str, str, str, str | None, str | None]]:
    """Return a second reading: trace id, verdict, person, and verdict and person of who decided; by trace id."""
    return [
        (
            trace_id,
            _verdict(label),
            label.judge,
            _verdict(again.third[trace_id]) if trace_id in again.third else None,
            again.third[trace_id].judge if trace_id in again.third else None,
        )
        for trace_id, label in sorted(again.second.items())
    ]


def draw_tree(ledger: Ledger, draw_id: str) -> list[str]:
    """Return a draw and all that read its labels again, or decided between readings."""
    found = [draw_id]
    for reading in readings_of(ledger, draw_id):
        found += draw_tree(ledger, reading.draw_id)
    return found


def _verdict(label: Label) -> str:
    return "unsure" if label.wrong is None else "wrong" if label.wrong else "right"


def certified_evidence(
    ledger: Ledger, evidence: SampleEvidence | CensusEvidence, others: tuple[str, ...]
) -> Labels | Census:
    """Return evidence as it stands in a certificate; `others` are other draws of the window that have labels."""
    if isinstance(evidence, CensusEvidence):
        return Census(
            judge=evidence.judge,
            judge_kind="person" if evidence.judge_kind == "person" else "check",
            errors=float(evidence.errors),
            escaped=None if evidence.escaped is None else float(evidence.escaped),
        )
    draw, strata = evidence.draw, evidence.strata
    counted = counted_labels(ledger, draw)
    drawn_at = moment_text(draw.at)
    assert drawn_at is not None
    return Labels(
        draw_id=draw.draw_id,
        drawn_at=drawn_at,
        seed=draw.seed,
        judge=draw.judge,
        stratified_by=draw.stratified_by,
        traces_version=draw.traces_version,
        verdicts_version=draw.verdicts_version,
        trace_ids_sha256=digest_of([stratum.trace_ids for stratum in draw.strata]),
        look=Look(evidence.look.number, evidence.look.of),
        labels_planned=draw.planned,
        labels_read=sum(count.labeled for count in strata),
        labels_held_back=evidence.held_back,
        errors=sum(count.errors for count in strata),
        unsure=sum(count.unsure for count in strata),
        people=evidence.people,
        last_label_at=_last_label_at(ledger, draw),
        labels_sha256=digest_of(label_list(evidence, counted.labels)),
        strata=tuple(
            CertifiedStratum(
                name=stratum.rule.name,
                rule=_rule(stratum.rule.to_json()),
                outputs=stratum.size,
                labels_planned=stratum.planned,
                labels_read=count.labeled,
                errors=count.errors,
                unsure=count.unsure,
            )
            for stratum, count in zip(draw.strata, strata, strict=True)
        ),
        second_reading=_reading(evidence.reading, counted.again),
        other_draws=others,
    )


def _reading(reading: SecondReading | None, again: ReadAgain | None) -> Reading | None:
    if reading is None or again is None:
        return None
    return Reading(
        draw_id=reading.draw.draw_id,
        seed=reading.draw.seed,
        labels=reading.draw.planned,
        people=reading.people,
        deciders=reading.deciders,
        undecided=len(reading.undecided),
        labels_sha256=digest_of(_again_list(again)),
    )


def _rule(text: str) -> Rule:
    rule = json.loads(text)
    tags = tuple((name, value) for name, value in rule["tags"])
    return Rule(rule["at_least"], rule["below"], rule["unscored"], tags)


def _last_label_at(ledger: Ledger, draw: StoredDraw) -> str | None:
    rows = ledger.rows(
        "SELECT cast(max(at) AS bigint) AS last FROM verdicts WHERE judge_kind = 'person' "
        f"AND draw_id IN ({','.join(map(literal, draw_tree(ledger, draw.draw_id)))})"
    )
    return moment_text(rows[0]["last"])


def other_draws(ledger: Ledger, draw: StoredDraw) -> tuple[str, ...]:
    """Return the other draws of the same window that have labels: whoever picks among them picks the answer, too."""
    return tuple(
        sorted(
            other.draw_id
            for other in labeled_draws(ledger)
            if other.draw_id != draw.draw_id
            and other.window == draw.window
            and other.parent is None
        )
    )

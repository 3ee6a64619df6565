"""Whether today's ledger still holds what a certificate was made from: the draw, the outputs, the labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from msgspec import UNSET

from assay.errors import AssayError, DrawError
from assay.ledger.draws import StoredDraw, stored_draw
from assay.ledger.population import Window
from assay.ledger.store import Ledger, literal
from assay.volume.certificate import Census, Certificate, Labels
from assay.volume.certified_evidence import draw_tree
from assay.volume.evidence import CensusEvidence
from assay.volume.gather import gather

Said = tuple[str, str, str, float | None, int | None]
"""A label as it is stored: draw, trace id, person, probability of error, moment."""


@dataclass(slots=True)
class Today:
    """What became of the evidence since: check -> what is wrong (empty: nothing), and what came in."""

    checks: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def still_there(then: Ledger, now: Ledger, certificate: Certificate) -> Today:
    """Compare the ledger as it was with today's.

    Parameters
    ----------
    then, now
        The ledger at the versions of the certificate, and as it is.
    certificate
        Computed from `then`.
    """
    today = Today()
    asked = certificate.question.question
    origin = asked.origin
    if origin is None and certificate.window.origin is not UNSET:
        origin = certificate.window.origin
    window = Window(
        certificate.system.name, certificate.system.version, asked.start, asked.end, origin
    )
    if isinstance(certificate.evidence, Labels):
        draw = stored_draw(then, certificate.evidence.draw_id)
        window = draw.window
        today.checks["the draw is still there"] = _draw(now, draw)
        _labels(then, now, certificate.evidence, today)
    elif isinstance(certificate.evidence, Census):
        today.checks["the check still says so"] = _census(now, certificate, certificate.evidence)
    today.checks["the outputs are still there"] = _outputs(now, certificate, window, today)
    return today


def _draw(now: Ledger, draw: StoredDraw) -> str:
    try:
        found = stored_draw(now, draw.draw_id)
    except DrawError as error:
        return error.message
    # Labels that were handed out since come after those that were there: a draw may go on.
    if found != draw and (len(found.strata) != len(draw.strata) or _cut_back(found, draw) != draw):
        return f"{draw.draw_id} was changed since"
    return ""


def _cut_back(found: StoredDraw, draw: StoredDraw) -> StoredDraw:
    """Return a draw without the hand-outs that came after those of `draw`."""
    strata = tuple(
        replace(
            stratum,
            planned=before.planned,
            trace_ids=stratum.trace_ids[: before.planned],
            batch_ends=stratum.batch_ends[: draw.batches],
        )
        for stratum, before in zip(found.strata, draw.strata, strict=True)
    )
    return replace(found, strata=strata, label_order=found.label_order[: len(draw.label_order)])


def _labels(then: Ledger, now: Ledger, evidence: Labels, today: Today) -> None:
    draws = draw_tree(then, evidence.draw_id)
    before, after = _said(then, draws), _said(now, draws)
    lost, more = before - after, after - before
    today.checks["the labels are still there"] = (
        f"{lost.total():,} of {before.total():,} were changed or taken away since" if lost else ""
    )
    if more and not lost:
        known = {(draw_id, trace_id) for draw_id, trace_id, *_ in before}
        again = sum(n for (*place, _, _, _), n in more.items() if tuple(place) in known)
        words = f"{more.total():,} labels came in since and are no part of this certificate"
        if again:
            words += (
                f"; {again:,} of them are of outputs that it counts: certify again to have them"
            )
        today.notes.append(words)


def _said(ledger: Ledger, draw_ids: list[str]) -> Counter[Said]:
    rows = ledger.rows(
        "SELECT draw_id, trace_id, judge, error_probability, cast(at AS bigint) AS at FROM verdicts "
        f"WHERE draw_id IN ({','.join(map(literal, draw_ids))}) AND judge_kind = 'person'"
    )
    return Counter(
        (row["draw_id"], row["trace_id"], row["judge"], row["error_probability"], row["at"])
        for row in rows
    )


def _census(now: Ledger, certificate: Certificate, evidence: Census) -> str:
    try:
        found = gather(now, certificate.question.question)
    except AssayError as error:
        return error.message
    for system in found:
        census = system.evidence
        # A count of more outputs says nothing on one of fewer.
        if (
            isinstance(census, CensusEvidence)
            and system.traffic.traces == certificate.window.outputs
            and census.errors != evidence.errors
        ):
            return (
                f"{evidence.judge} found {evidence.errors:g} errors then and {census.errors:g} now"
            )
    return ""


def _outputs(now: Ledger, certificate: Certificate, window: Window, today: Today) -> str:
    claimed = certificate.window.outputs
    found = now.rows(f"SELECT count(*) AS n FROM traces WHERE {window.condition()}")[0]["n"]
    if found < claimed:
        return f"{claimed - found:,} of {claimed:,} were taken away since"
    if isinstance(certificate.evidence, Labels):
        drawn = now.rows(
            "SELECT count(DISTINCT draws.trace_id) AS n, count(DISTINCT traces.trace_id) AS found FROM draws "
            "LEFT JOIN traces ON traces.trace_id = draws.trace_id "
            f"WHERE draws.draw_id = {literal(certificate.evidence.draw_id)}"
        )[0]
        if drawn["found"] < drawn["n"]:
            return f"{drawn['n'] - drawn['found']:,} of the outputs that were drawn are gone"
    if found > claimed:
        today.notes.append(
            f"{found - claimed:,} outputs came into the window since the draw or the count: "
            "this certificate says nothing on them"
        )
    return ""

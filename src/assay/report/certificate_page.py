"""A certificate as one self-contained HTML page: to read, to print, and its own record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace

from assay.figures import number, plain
from assay.quantity import Estimate, Quantity
from assay.report.page import TEMPLATES, NumberTable, number_table, page_environment, record_json
from assay.volume.certificate import Census, Certificate, Labels
from assay.volume.certificate_words import exactly


def render_certificate(certificate: Certificate) -> str:
    """Return the page of a certificate: a pure function of it.

    Parameters
    ----------
    certificate
        Its words are shown as they are; the whole of it stands in the page as JSON, too.
    """
    style = "".join(
        (TEMPLATES / name).read_text("utf-8") for name in ("page.css", "certificate.css")
    )
    return (
        page_environment()
        .get_template("certificate.html")
        .render(
            certificate=certificate,
            name=f"{certificate.system.name} {certificate.system.version}".strip(),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            verdict=verdict(certificate),
            numbers=numbers(certificate),
            made=list(made_rows(certificate)),
            evidence=list(evidence_rows(certificate)),
            strata=certificate.evidence.strata if isinstance(certificate.evidence, Labels) else (),
            record=record_json(certificate.to_json()),
        )
    )


def verdict(certificate: Certificate) -> str:
    """Return the decision in a few words."""
    if certificate.decision is None:
        return "No standard was asked for: the upper limit itself is certified"
    return f"Standard {certificate.decision.standard}: {certificate.decision.decision}"


def numbers(certificate: Certificate) -> NumberTable:
    """Return the table of numbers; limits on the errors in the window keep every digit, since they are the claim."""
    at_most, errors = certificate.at_most.estimate, certificate.errors.estimate
    table = number_table(number_rows(certificate))
    if at_most.low == at_most.high:
        return table
    first, second, *others = table.lines
    limits = f"[{exactly(errors.low)}, {exactly(errors.high)}]"
    first = replace(first, number=f"at most {exactly(at_most.high)}")
    second = replace(second, number=f"{number(errors.value, 0)} {limits}")
    return replace(table, lines=(first, second, *others))


def number_rows(certificate: Certificate) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers of the page: name, number, whether in percent."""
    at_most = certificate.at_most.estimate
    if at_most.low < at_most.high:
        yield "errors in the window (one-sided)", at_most, False
    yield "errors in the window", certificate.errors.quantity, False
    yield "error rate", certificate.error_rate.quantity, True
    yield "errors per day", certificate.errors_per_day.quantity, False
    if isinstance(escaped := certificate.escaped_errors_per_day.quantity, Estimate):
        yield "escaped errors per day", escaped, False
    yield "throughput per day", certificate.throughput_per_day.quantity, False
    if isinstance(certificate.evidence, Labels):
        yield "label-noise floor", certificate.label_noise.quantity, True
    if certificate.decision is not None:
        named = f"held against {certificate.decision.standard} (each limit one-sided)"
        yield named, certificate.decision.measured.quantity, False


def evidence_rows(certificate: Certificate) -> Iterator[tuple[str, str]]:
    """Yield what the claim rests on: draw, labels and people, or the check."""
    match certificate.evidence:
        case Labels() as labels:
            yield "draw", f"{labels.draw_id}, {labels.drawn_at}"
            yield "seed", str(labels.seed)
            yield "judge that made the strata", labels.judge or "none"
            if labels.stratified_by:
                yield "tags that made the strata", ", ".join(labels.stratified_by)
            yield (
                "frozen at",
                f"traces version {labels.traces_version}, verdicts version {labels.verdicts_version}",
            )
            read = f"{labels.labels_read:,} of {labels.labels_planned:,} planned"
            found = f"{labels.errors:,} wrong, {labels.unsure:,} unsure"
            held = f"; {labels.labels_held_back:,} held back" if labels.labels_held_back else ""
            yield "labels", f"{read}: {found}{held}"
            yield "look", f"{labels.look.number} of {labels.look.of} planned"
            yield "people", ", ".join(labels.people)
            yield "last label", labels.last_label_at or "time unknown"
            if (again := labels.second_reading) is not None:
                decided = f", decided by {', '.join(again.deciders)}" if again.deciders else ""
                read = f"{again.labels:,} by {', '.join(again.people)}{decided}"
                where = f"{again.draw_id}, seed {again.seed}"
                yield "read again", f"{read} ({where}); {again.undecided:,} undecided"
                yield "read again, sha256", again.labels_sha256
            if labels.other_draws:
                yield "other draws with labels", ", ".join(labels.other_draws)
            yield "drawn ids, sha256", labels.trace_ids_sha256
            yield "labels, sha256", labels.labels_sha256
        case Census() as census:
            yield "check", f"{census.judge} ({census.judge_kind}), on every output"
            yield "wrong", exactly(census.errors)
            if census.escaped is not None:
                yield "wrong and not caught", exactly(census.escaped)


def made_rows(certificate: Certificate) -> Iterator[tuple[str, str]]:
    """Yield how the certificate was made."""
    window, tables = certificate.window, certificate.tables
    yield "system", certificate.system.name
    yield "version", certificate.system.version or "none is known"
    start = window.start or window.first_output or "the first output"
    yield "window", f"{start} to {window.end or window.last_output or 'the last output'}"
    yield "outputs", f"{window.outputs:,}"
    yield "confidence level", f"{plain(100 * certificate.confidence_level)} %"
    yield (
        "tables read",
        f"traces at version {tables.traces}, verdicts at {tables.verdicts}, draws at {tables.draws}",
    )
    yield "Assay", certificate.assay_version
    yield "certificate schema", str(certificate.schema_version)
    yield "issued", certificate.issued_at
    yield "this certificate, sha256", certificate.sha256

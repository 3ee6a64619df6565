"""A release certificate as one self-contained HTML page: to read, to print, and its own record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from assay.figures import plain
from assay.quantity import Quantity
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.release_chart import tests_chart
from assay.report.release_words import rows_of_tests
from assay.volume.release_certificate import REVIEW_ALL, ReleaseCertificate


def render_release(certificate: ReleaseCertificate) -> str:
    """Return the page of a release certificate: a pure function of it.

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
        .get_template("release.html")
        .render(
            certificate=certificate,
            name=f"{certificate.system.name} {certificate.system.version}".strip(),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            verdict=verdict(certificate),
            chart=tests_chart(certificate, name="tests"),
            numbers=number_table(number_rows(certificate)),
            tests=list(rows_of_tests(certificate)),
            evidence=list(evidence_rows(certificate)),
            made=list(made_rows(certificate)),
            record=record_json(certificate.to_json()),
        )
    )


def verdict(certificate: ReleaseCertificate) -> str:
    """Return what to do, in a few words."""
    if certificate.threshold is None:
        return f"Nothing is certified: {REVIEW_ALL}"
    return f"Valid until {certificate.expires_at}; a new version of the system or of the judge ends it sooner"


def number_rows(certificate: ReleaseCertificate) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers of the page: name, number, whether in percent."""
    yield "errors of what is released, at most", certificate.risk.quantity, True
    yield "share released, of traffic like it", certificate.coverage.quantity, True
    yield "labels needed at the strictest start", certificate.labels_needed.quantity, False


def evidence_rows(certificate: ReleaseCertificate) -> Iterator[tuple[str, str]]:
    """Yield what the claim rests on: draw and labels."""
    evidence = certificate.evidence
    yield "draw", evidence.draw_id
    yield "seed", str(evidence.seed)
    yield "strata", f"{evidence.strata:,}"
    aside = f", {evidence.labels_set_aside:,} set aside" if evidence.labels_set_aside else ""
    yield "labels", f"{evidence.labels_used:,} of {evidence.labels_planned:,} planned{aside}"
    yield "wrong", f"{evidence.errors:,}, of which nobody could decide {evidence.unsure:,}"
    yield "labels, sha256", evidence.labels_sha256


def made_rows(certificate: ReleaseCertificate) -> Iterator[tuple[str, str]]:
    """Yield how the certificate was made."""
    window, tables, promise = certificate.window, certificate.tables, certificate.promise
    yield "system", certificate.system.name
    yield "version", certificate.system.version or "none is known"
    yield "judge", certificate.judge
    start = window.start or window.first_output or "the first output"
    yield "window", f"{start} to {window.end or window.last_output or 'the last output'}"
    yield "outputs", f"{window.outputs:,}, of which {certificate.scored_in_window:,} have a score"
    yield "released in the window", f"{certificate.released_in_window:,}"
    yield "promise", f"at most {plain(100 * promise.at_most)} % of what is released is wrong"
    yield "confidence level", f"{plain(100 * promise.confidence_level)} %"
    yield "procedure", f"{promise.procedure}, exact binomial; {len(certificate.tests):,} tests"
    yield (
        "thresholds",
        "fixed by hand"
        if promise.start is None
        else f"from {plain(100 * promise.start)} % of the traffic on, {promise.steps:,} steps",
    )
    yield (
        "tables read",
        f"traces at version {tables.traces}, verdicts at {tables.verdicts}, draws at {tables.draws}",
    )
    yield "Assay", certificate.assay_version
    yield "certificate schema", str(certificate.schema_version)
    yield "issued", certificate.issued_at
    yield "expires", certificate.expires_at
    yield "this certificate, sha256", certificate.sha256

"""From a measured release threshold to its certificate."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from assay.errors import BadInput
from assay.ledger.as_of import LedgerAsOf
from assay.ledger.population import moment_text
from assay.ledger.schema import EVIDENCE
from assay.ledger.store import Ledger
from assay.volume.canonical_json import digest_of
from assay.volume.certificate import CertifiedWindow, Number, System, Tables
from assay.volume.certify import DISTRIBUTION
from assay.volume.release import Release, ReleaseQuestion, measure_release
from assay.volume.release_certificate import (
    CertifiedTest,
    Promise,
    ReleaseCertificate,
    ReleaseEvidence,
)
from assay.volume.release_words import release_claim, release_conditions

_DAYS = re.compile(r"(\d{1,5}(?:\.\d+)?)\s*(h|d|w)")
_HOURS = {"h": 1, "d": 24, "w": 168}
MOST_HOURS = 366 * 24
"""Who has not looked for a year doesn't know what the system does by now."""


def validity(text: str) -> timedelta:
    """Return how long a certificate is valid, as ``30d``, ``12h`` or ``2w``.

    Raises
    ------
    BadInput
        Where it is no such text, not above 0, or more than 366 days.
    """
    found = _DAYS.fullmatch(text.strip())
    hours = float(found[1]) * _HOURS[found[2]] if found else 0.0
    if not 0 < hours <= MOST_HOURS:
        raise BadInput(
            f"a certificate is valid for hours, days or weeks, as 30d, and for 366d at most; got {text!r}",
            next_command="assay release --help",
        )
    return timedelta(hours=hours)


def issue_release(
    ledger: Ledger,
    question: ReleaseQuestion,
    *,
    valid: timedelta,
    issued_at: datetime | None = None,
) -> tuple[ReleaseCertificate, Release]:
    """Measure a release threshold and certify it; that nothing can be certified stands in the certificate.

    Parameters
    ----------
    ledger, question
        As in `assay.volume.release.measure_release`.
    valid : > 0
        How long from now.
    issued_at
        Now where None; rounded down to the second.

    Raises
    ------
    AssayError
        As `assay.volume.release.measure_release`.
    """
    now = (issued_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    fixed = LedgerAsOf(ledger, {name: ledger.version(name) for name in EVIDENCE})
    found = measure_release(fixed, question)
    return release_certificate(fixed, found, now, now + valid), found


def release_certificate(
    fixed: LedgerAsOf, found: Release, now: datetime, end: datetime
) -> ReleaseCertificate:
    """Return the certificate of what was found: a pure function of the ledger's fixed tables and two moments."""
    tested, labels, question = found.tested, found.labels, found.question
    draw = labels.draw
    window = draw.window
    rows = sorted(
        [one, int(wrong), None if math.isnan(score) else float(score)]
        for one, wrong, score in zip(labels.trace_ids, labels.wrong, labels.scores, strict=True)
    )
    return ReleaseCertificate(
        claim=release_claim(found, _moment(end)),
        conditions=release_conditions(found),
        system=System(window.system, window.version),
        judge=question.judge,
        threshold=tested.threshold,
        promise=Promise(
            question.at_most,
            question.confidence_level,
            question.procedure,
            None if question.thresholds else question.start,
            question.steps,
            question.thresholds or tuple(test.threshold for test in tested.tests),
        ),
        risk=Number.of(tested.risk),
        coverage=Number.of(tested.coverage),
        released_in_window=found.released,
        scored_in_window=found.scored,
        labels_needed=Number.of(tested.labels_needed),
        window=CertifiedWindow(
            moment_text(window.start), moment_text(window.end), None, None, found.outputs,
            **({} if window.origin is None else {"origin": window.origin}),
        ),
        evidence=ReleaseEvidence(
            draw_id=draw.draw_id,
            seed=draw.seed,
            strata=len(draw.strata),
            labels_planned=draw.planned,
            labels_used=len(labels.trace_ids),
            labels_set_aside=labels.set_aside,
            errors=int(labels.wrong.sum()),
            unsure=labels.unsure,
            labels_sha256=digest_of(rows),
        ),
        tests=tuple(CertifiedTest(*test) for test in tested.tests),
        tables=Tables(**{name: fixed.version(name) for name in EVIDENCE}),
        assay_version=version(DISTRIBUTION),
        issued_at=_moment(now),
        expires_at=_moment(end),
    ).sealed()  # fmt: skip


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

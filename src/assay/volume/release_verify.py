"""Whether a release certificate holds: its time, whom it is asked for, and all of it computed again from the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from assay.errors import AssayError
from assay.ledger.as_of import LedgerAsOf, is_readable
from assay.ledger.schema import EVIDENCE
from assay.ledger.store import Ledger
from assay.volume.release import ReleaseQuestion, measure_release
from assay.volume.release_certificate import REVIEW_ALL, ReleaseCertificate
from assay.volume.release_issue import release_certificate
from assay.volume.verify import NOT_THERE, Check, Difference, Verification, leaves


def verify_release(
    ledger: Ledger,
    certificate: ReleaseCertificate,
    *,
    now: datetime | None = None,
    system_version: str | None = None,
    judge: str | None = None,
) -> Verification:
    """Say whether a certificate holds: its hash, its time, whom it is asked for, and all of it computed again.

    Parameters
    ----------
    ledger
        The ledger that it was made from, or a copy.
    certificate
        As it was read.
    now
        The moment it is asked for; None: this one.
    system_version, judge
        Whom it is asked for; None: those that it names.

    Returns
    -------
    Verification
        A check a line. Where one is not ok the certificate allows nothing: review all.

    Notes
    -----
    Computed twice: from the tables at the versions that the certificate names (all of it has to be equal), and from
    those of today (it has to certify the same threshold, or a looser one). A label that was corrected since ends it.
    """
    moment = (now or datetime.now(UTC)).timestamp()
    digest = certificate.digest
    differs = (
        () if digest == certificate.sha256 else (Difference("sha256", certificate.sha256, digest),)
    )
    checks = [Check("the file's own hash", "differs" if differs else "ok", differs)]
    asked = (
        certificate.system.name,
        certificate.system.version if system_version is None else system_version,
        certificate.judge if judge is None else judge,
    )
    invalid = certificate.invalid(*asked, moment)
    checks.append(
        Check("valid now, for this version and this judge", "differs" if invalid else "ok",
              reason=f"{invalid}: {REVIEW_ALL}" if invalid else "")
    )  # fmt: skip
    checks.append(_as_it_was(ledger, certificate))
    checks.append(_today(ledger, certificate))
    return Verification(tuple(checks), tuple(_notes(ledger, certificate)))


def _question(certificate: ReleaseCertificate) -> ReleaseQuestion:
    promise = certificate.promise
    return ReleaseQuestion(
        judge=certificate.judge,
        at_most=promise.at_most,
        confidence_level=promise.confidence_level,
        procedure=promise.procedure,
        thresholds=promise.thresholds if promise.start is None else (),
        start=0.5 if promise.start is None else promise.start,
        steps=promise.steps,
        draw_id=certificate.evidence.draw_id,
        system=certificate.system.name,
        version=certificate.system.version,
    )


def _as_it_was(ledger: Ledger, claimed: ReleaseCertificate) -> Check:
    name = "all of it, computed again from the tables as they were"
    versions = {table: getattr(claimed.tables, table) for table in EVIDENCE}
    gone = [table for table, number in versions.items() if not is_readable(ledger, table, number)]
    if gone:
        reason = (
            f"because version {versions[gone[0]]} of the table {gone[0]} can't be read any more"
        )
        return Check(name, "can't be recomputed", reason=reason)
    fixed = LedgerAsOf(ledger, versions)
    try:
        found = measure_release(fixed, _question(claimed))
        again = release_certificate(
            fixed, found, *map(datetime.fromisoformat, (claimed.issued_at, claimed.expires_at))
        )
    except AssayError as error:
        return Check(name, "differs", reason=error.message)
    # Those two only the file says: the hash is checked by itself.
    own, other = leaves(claimed.to_json()), leaves(again.to_json())
    differences = tuple(
        Difference(key, own.get(key, NOT_THERE), other.get(key, NOT_THERE))
        for key in dict.fromkeys([*own, *other])
        if own.get(key, NOT_THERE) != other.get(key, NOT_THERE)
        and key not in ("sha256", "assay_version")
    )
    return Check(name, "differs" if differences else "ok", differences)


def _today(ledger: Ledger, claimed: ReleaseCertificate) -> Check:
    name = "the same from today's labels and scores"
    try:
        # At the thresholds that were tested then: those of today's scores may lie a little elsewhere.
        question = replace(_question(claimed), thresholds=claimed.promise.thresholds)
        found = measure_release(ledger, question).tested.threshold
    except AssayError as error:
        return Check(name, "differs", reason=error.message)
    own = claimed.threshold
    if own is None or (found is not None and found >= own):
        return Check(name, "ok")
    return Check(
        name,
        "differs",
        (Difference("threshold", own, found),),
        "labels or scores have changed since",
    )


def _notes(ledger: Ledger, claimed: ReleaseCertificate) -> list[str]:
    rows = ledger.rows("SELECT system, version, count(*) AS n FROM traces GROUP BY system, version")
    others = [
        f"{row['n']:,} of version {row['version']!r}"
        for row in rows
        if row["system"] == claimed.system.name and row["version"] != claimed.system.version
    ]
    said = [
        "its hash is no signature: whoever edits can hash again, and is found by the ledger only"
    ]
    if others:
        said.append(
            f"the ledger holds other outputs of {claimed.system.name}: {', '.join(sorted(others)[:5])}; "
            f"the certificate says nothing of them: {REVIEW_ALL}"
        )
    return said

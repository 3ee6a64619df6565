"""Reading the file of a release certificate that somebody hands in: nothing in it is believed before it was checked."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import msgspec

from assay.errors import BadInput, EstimateError
from assay.ledger.ingest.record import RowError, microseconds
from assay.volume.canonical_json import canonical_json
from assay.volume.release_certificate import RELEASE_FORMAT, RELEASE_SCHEMA, ReleaseCertificate
from assay.volume.strict_json import read_strict_json, shortened

MAX_BYTES = 2**20
"""A certificate of a thousand thresholds takes some 150 kB."""


def read_release(path: Path, *, check_hash: bool = True) -> ReleaseCertificate:
    """Return the certificate in a file.

    Parameters
    ----------
    path
    check_hash
        Refuse a file whose hash is not that of its content. `assay release verify` says so itself.

    Raises
    ------
    BadInput
        Where the file is none: not JSON, a key that is missing, unknown or there twice, a value of another type, a
        number that is not finite, a threshold or moments that can't be, or a hash that differs.
    """
    where = str(path)
    raw = read_strict_json(
        path,
        what="release certificate",
        most_bytes=MAX_BYTES,
        next_command="assay release LEDGER --judge JUDGE --at-most 0.01 -o release.json",
    )
    certificate = _converted(raw, where)
    if check_hash and certificate.digest != certificate.sha256:
        raise BadInput(
            "the hash in the file is not that of its content: somebody has edited it",
            where=where,
            next_command=f"assay release verify {quote(where)} --ledger LEDGER",
        )
    return certificate


def _converted(raw: object, where: str) -> ReleaseCertificate:
    if not isinstance(raw, dict) or raw.get("format") != RELEASE_FORMAT:
        raise BadInput(
            f"the file is no release certificate: it must be a JSON object with the format {RELEASE_FORMAT!r}",
            where=where,
            next_command=f"assay doctor {quote(where)}",
        )
    if raw.get("schema_version") != RELEASE_SCHEMA or isinstance(raw["schema_version"], bool):
        raise BadInput(
            f"the certificate has schema {shortened(raw.get('schema_version'))}, and this Assay knows {RELEASE_SCHEMA}",
            where=where,
            next_command="pip install --upgrade assay-ai",
        )
    if "sha256" not in raw:
        raise BadInput("the certificate has no `sha256`", where=where)
    try:
        certificate = msgspec.convert(raw, ReleaseCertificate)
        canonical_json(certificate.to_json()).encode("utf-8")
        for number in certificate.numbers:
            _ = number.quantity
        for name, moment in (
            ("issued_at", certificate.issued_at),
            ("expires_at", certificate.expires_at),
        ):
            microseconds(name, moment)
        _check(certificate)
    except msgspec.ValidationError as error:
        raise BadInput(
            f"the certificate is malformed: {shortened(str(error))}", where=where
        ) from None
    except UnicodeEncodeError:
        raise BadInput(
            "the certificate holds a lone surrogate, which is not text", where=where
        ) from None
    except (BadInput, EstimateError) as error:
        raise BadInput(f"the certificate is malformed: {error.message}", where=where) from None
    except RowError as error:
        raise BadInput(f"the certificate is malformed: {error}", where=where) from None
    return certificate


def _check(certificate: ReleaseCertificate) -> None:
    if certificate.expires_at_seconds <= certificate.issued_at_seconds:
        raise BadInput("expires_at must be after issued_at")
    passed = [test.threshold for test in certificate.tests if test.passed]
    if certificate.threshold is not None and certificate.threshold not in passed:
        raise BadInput("the threshold is none that passed its test")

"""Reading the file of a release certificate that somebody hands in: nothing in it is believed before it was checked."""

from __future__ import annotations

import json
import math
from pathlib import Path
from shlex import quote

import msgspec

from assay.errors import BadInput, EstimateError
from assay.ledger.ingest.record import RowError, microseconds
from assay.volume.canonical_json import canonical_json
from assay.volume.release_certificate import RELEASE_FORMAT, RELEASE_SCHEMA, ReleaseCertificate

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
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(
            f"{path} can't be read: {error.strerror or error}",
            next_command="assay release LEDGER --judge JUDGE --at-most 0.01 -o release.json",
        ) from None
    if len(content) > MAX_BYTES:
        raise BadInput(
            f"a release certificate has at most {MAX_BYTES:,} bytes, this has more", where=where
        )
    try:
        raw = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise BadInput(f"the file is not UTF-8 text (byte {error.start})", where=where) from None
    except RecursionError:
        raise BadInput("the file is nested too deeply to be a certificate", where=where) from None
    except ValueError as error:
        raise BadInput(f"the file is not JSON: {str(error)[:200]}", where=where) from None
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
            f"the certificate has schema {str(raw.get('schema_version'))[:40]}, and this Assay knows {RELEASE_SCHEMA}",
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
        raise BadInput(f"the certificate is malformed: {str(error)[:200]}", where=where) from None
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


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Of a key that is there twice one reader takes the first, another the last.
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:80]!r} is there twice")
        found[name] = value
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is larger than any number that is kept")
    return number

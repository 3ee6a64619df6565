"""Reading the file of a certificate that somebody hands in: nothing in it is believed before it has been checked."""

from __future__ import annotations

import json
import math
from pathlib import Path
from shlex import quote

import msgspec

from assay.errors import BadInput, EstimateError
from assay.volume.canonical_json import canonical_json
from assay.volume.certificate import FORMAT, SCHEMA_VERSION, Certificate

MAX_BYTES = 8 * 2**20
"""A certificate of twelve tags by six strata and a hundred people takes some 50 kB."""


def read_certificate(path: Path) -> Certificate:
    """Return the certificate in a file; its hash is not looked at.

    Raises
    ------
    BadInput
        Where the file is none: not JSON, a key that is missing, unknown or there twice, a value of another type, a
        number that is not finite, a schema that this Assay doesn't know, or more than 8 MiB.
    """
    where = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(
            f"{path} can't be read: {error.strerror or error}",
            next_command="assay certify LEDGER -o certificate.json",
        ) from None
    if len(content) > MAX_BYTES:
        raise BadInput(f"a certificate has at most {MAX_BYTES:,} bytes, this has more", where=where)
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
    return _checked(raw, path)


def _checked(raw: object, path: Path) -> Certificate:
    where = str(path)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BadInput(
            f"the file is not a certificate: it must be a JSON object with the format {FORMAT!r}",
            where=where,
            next_command=f"assay doctor {quote(where)}",
        )
    version = raw.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BadInput(
            f"the certificate has schema {_short(version)}, and this Assay knows {SCHEMA_VERSION}",
            where=where,
            next_command="pip install --upgrade assay-ai",
        )
    if "sha256" not in raw:
        raise BadInput("the certificate has no `sha256`", where=where)
    try:
        certificate = msgspec.convert(raw, Certificate)
        form = certificate.to_json()
        canonical_json(form).encode("utf-8")
        _ = certificate.question.question
        for number in certificate.numbers:
            _ = number.quantity
    except msgspec.ValidationError as error:
        raise BadInput(f"the certificate is malformed: {_short(error)}", where=where) from None
    except UnicodeEncodeError:
        raise BadInput(
            "the certificate holds a lone surrogate, which is not text", where=where
        ) from None
    except (BadInput, EstimateError) as error:
        raise BadInput(f"the certificate is malformed: {error.message}", where=where) from None
    return certificate


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Of a key that is there twice one reader takes the first, another the last.
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {_short(name)} is there twice")
        found[name] = value
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is larger than any number that is kept")
    return number


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else f"{text[:120]}..."

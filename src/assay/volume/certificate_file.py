"""Reading the file of a certificate that somebody hands in: nothing in it is believed before it has been checked."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import msgspec

from assay.errors import BadInput, EstimateError
from assay.volume.canonical_json import canonical_json
from assay.volume.certificate import FORMAT, SCHEMA_VERSION, Certificate
from assay.volume.strict_json import read_strict_json, shortened

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
    raw = read_strict_json(
        path,
        what="certificate",
        most_bytes=MAX_BYTES,
        next_command="assay certify LEDGER -o certificate.json",
    )
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
            f"the certificate has schema {shortened(version)}, and this Assay knows {SCHEMA_VERSION}",
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
        raise BadInput(
            f"the certificate is malformed: {shortened(str(error))}", where=where
        ) from None
    except UnicodeEncodeError:
        raise BadInput(
            "the certificate holds a lone surrogate, which is not text", where=where
        ) from None
    except (BadInput, EstimateError) as error:
        raise BadInput(f"the certificate is malformed: {error.message}", where=where) from None
    return certificate

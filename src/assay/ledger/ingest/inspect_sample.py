"""A sample of an Inspect log, decoded by type.

Only the fields below are decoded: most of a sample's 8 KB are events, and skipping them is what makes reading quick. A
field of a wrong type refuses the sample, with its path; fields that are not named here may hold anything. Decoded
JSON is a tree: `gc=False` spares the garbage collector from looking for cycles in it.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from assay.ledger.ingest.record import RowError

T = TypeVar("T")

ABSENT = msgspec.Raw()
"""What stands for a field that is kept undecoded and is not there."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """A piece of a message's content."""

    type: str = ""
    text: str | None = None
    reasoning: str | None = None
    redacted: bool | None = None


class Message(msgspec.Struct, frozen=True, gc=False):
    """A chat message."""

    role: str | None = None
    content: str | list[Part | str] | None = None
    reasoning: str | None = None
    source: str | None = None


class Choice(msgspec.Struct, frozen=True, gc=False):
    """One of the answers of a call."""

    message: Message | None = None


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one call, or of all calls of a model."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_cache_read: int | None = None
    input_tokens_cache_write: int | None = None
    total_cost: float | None = None


class Output(msgspec.Struct, frozen=True, gc=False):
    """What the last call gave back."""

    completion: str | None = None
    choices: list[Choice] | None = None
    usage: Usage | None = None
    time: float | None = None


class Score(msgspec.Struct, frozen=True, gc=False):
    """What a scorer says; `value` may be of any type."""

    value: object = None
    answer: object = None
    explanation: object = None


class Fault(msgspec.Struct, frozen=True, gc=False):
    """An error, or the limit that ended a sample."""

    message: str | None = None
    type: str | None = None


class Sample(msgspec.Struct, frozen=True, gc=False):
    """A sample, whole or as in `summaries.json`: there `error` and `limit` are plain text, and `output` is absent."""

    id: int | str | None = None
    epoch: int = 1
    uuid: str | None = None
    input: str | list[Message] | None = None
    choices: list[str] | None = None
    target: str | list[str] | None = None
    messages: msgspec.Raw = ABSENT
    output: Output | None = None
    scores: dict[str, Score | None] | None = None
    score: Score | None = None
    metadata: msgspec.Raw = ABSENT
    model_usage: dict[str, Usage | None] | None = None
    started_at: str | None = None
    completed_at: str | None = None
    total_time: float | None = None
    working_time: float | None = None
    error: Fault | str | None = None
    limit: Fault | str | None = None
    invalidation: msgspec.Raw = ABSENT
    attachments: msgspec.Raw = ABSENT
    completed: bool | None = None


def is_there(raw: msgspec.Raw) -> bool:
    """Say whether a field that is kept undecoded holds anything."""
    return bytes(raw) not in (b"", b"null", b"{}", b"[]", b"false")


_SAMPLE = msgspec.json.Decoder(Sample)
_NOT_FINITE = re.compile(rb"-?(?:NaN|Infinity)")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def decode_sample(data: bytes | msgspec.Raw) -> Sample:
    """Return a sample from its JSON text.

    Raises
    ------
    RowError
        Where it is no JSON, has a field of a wrong type, or has no `id`.

    Examples
    --------
    >>> decode_sample(b'{"id": 1, "scores": {"match": {"value": NaN}}}').scores["match"].value is None
    True
    """
    sample = decode_json(_SAMPLE, data)
    if sample.id is None or sample.id == "":
        raise RowError("`id` is missing: this is not a sample")
    return sample


def decode_json(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    """Decode JSON in which bare NaN and Infinity may stand, which Inspect writes for "not scored": read as null.

    Raises
    ------
    RowError
        With the path of the field that has a wrong type, or the place where it stops to be JSON.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        raise RowError("not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        finite = null_for_not_finite(bytes(data))
        if finite != bytes(data):
            return decode_json(decoder, finite)
        raise RowError(_fault(error, finite)) from None


def null_for_not_finite(data: bytes) -> bytes:
    r"""Return JSON text with null for each NaN, Infinity and -Infinity that stands outside of a string.

    Examples
    --------
    >>> null_for_not_finite(b'{"a \\" NaN": NaN, "b": [-Infinity]}')
    b'{"a \\" NaN": null, "b": [null]}'
    """
    pieces: list[bytes] = []
    start, in_string = 0, False
    for match in _NOT_FINITE.finditer(data):
        before = data[start : match.start()]
        # An odd number of quotes, those that are escaped left out, goes into a string or comes out of one.
        in_string ^= before.replace(rb"\\", b"").replace(rb"\"", b"").count(b'"') % 2 == 1
        pieces += (before, match[0] if in_string else b"null")
        start = match.end()
    return b"".join((*pieces, data[start:])) if pieces else data


def _fault(error: ValueError, data: bytes) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: byte 0x{error.object[error.start]:02x}"
    if isinstance(error, msgspec.ValidationError):
        return f"{error}"
    if _SURROGATE.search(data):
        return "not JSON, or holds a lone surrogate, which is not text"
    return f"not JSON: {error}"

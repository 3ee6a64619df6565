"""Replies larger than any answer are dropped while they come in, whatever they are packed in.

A quarter of a megabyte of gzip unpacks to as much as 256 MiB, and the client itself reads a body to its end. Each piece
that is unpacked at once is at most 64 KiB packed, which gzip and deflate make 66 MB at worst; other encodings, and
several in one another, know no such bound and are refused. The client has asked for neither.
"""

from __future__ import annotations

from typing import Any

MOST_BYTES = 64 * 1024 * 1024
"""Of a reply, unpacked: a long answer with its log-probabilities has a tenth of it."""

ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
ACCEPTED = "gzip, deflate"
"""What the client says that it takes."""


class ReplyRefused(Exception):
    """A reply that is not read to its end; the message says why."""


async def read_within_limit(response: Any) -> None:
    """Read a response's body, as a hook of the client before anything else reads it.

    Parameters
    ----------
    response
        An `httpx2.Response` that is not read yet.

    Raises
    ------
    ReplyRefused
        Where it is too large, or packed in another way. The connection is closed then.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise ReplyRefused(f"a reply packed as {encoding[:40]!r}")
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise ReplyRefused(f"a reply of more than {MOST_BYTES:,} bytes")
    # What `Response.aread` keeps, and looks for: there is no public way to say that a body was read.
    response._content = bytes(body)  # noqa: SLF001

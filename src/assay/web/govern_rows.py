"""Exchanges as rows of the table `traces`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from assay.ledger.ingest.record import Row, tags_json, trace_row

SOURCE = "govern:0"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, and what came back.

    Parameters
    ----------
    trace_id
        Its decision's id, too.
    system, version
        What answered.
    asked, output
    latency_seconds
        None: not known.
    prompt_tokens, completion_tokens
        As the upstream says; None: it doesn't.
    tags
    """

    trace_id: str
    system: str
    version: str
    asked: str
    output: str
    latency_seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tags: Mapping[str, str] | None = None


def exchange_row(exchange: Exchange, *, at: float | None = None) -> Row:
    """Return the row of an exchange.

    Raises
    ------
    RowError
        Where a value breaks the type or range of its column.
    """
    return trace_row(
        {
            "system": exchange.system, "version": exchange.version, "input": exchange.asked,
            "output": exchange.output, "at": time.time() if at is None else at,
            "latency_seconds": exchange.latency_seconds, "prompt_tokens": exchange.prompt_tokens,
            "completion_tokens": exchange.completion_tokens, "origin": "field",
            "tags": dict(exchange.tags or {}),
        },
        trace_id=exchange.trace_id,
        source=SOURCE,
    )  # fmt: skip


def with_tags(row: Row, tags: Mapping[str, str]) -> Row:
    """Add tags to a row, in place: whoever has the row sees them."""
    known = json.loads(str(row["tags"] or "{}"))
    row["tags"] = tags_json({**known, **tags})
    return row

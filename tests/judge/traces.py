"""Traces for tests of checks."""

from __future__ import annotations

from assay.ledger.ingest.record import Row


def trace(
    trace_id: str,
    output: str,
    reference: str | None,
    *,
    answer: str | None = None,
    system: str = "s",
    tags: str | None = None,
) -> Row:
    """Return a row of `traces`."""
    return {
        "trace_id": trace_id, "system": system, "version": "", "output": output, "answer": answer,
        "reference": reference, "tags": tags, "input": "?", "source": "test",
    }  # fmt: skip

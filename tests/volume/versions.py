"""Two versions on the same tasks, with a known table, for the tests of the gate."""

from __future__ import annotations

import json
from collections.abc import Sequence

from assay.ledger.store import Ledger

DAY = 86_400_000_000
START = 1_759_622_400_000_000
"""2025-10-05, in microseconds."""

JUDGE = "exact@1 (whole@1)"


def answer(
    ledger: Ledger,
    version: str,
    wrong: Sequence[int | None],
    *,
    system: str = "desk",
    epoch: int = 1,
    judge: str = JUDGE,
    judge_kind: str = "check",
    latency: float | None = 1.0,
    topics: Sequence[str] | None = None,
    request: str = "what is",
    said: str = "no",
    tags: dict[str, str] | None = None,
) -> None:
    """Put a version's answers to tasks 0, 1, ... into a ledger: 1 wrong, 0 right, None unjudged."""
    traces, verdicts = [], []
    for task, bad in enumerate(wrong):
        trace_id = f"{system}-{version}-{epoch}-{task:05d}-{judge_kind}"
        own = dict(tags or {}) | ({"topic": topics[task]} if topics else {})
        traces.append({
            "trace_id": trace_id, "task_id": f"t{task:05d}", "system": system, "version": version, "epoch": epoch,
            "at": START + task * 1_000_000, "input": f"{request} {task}", "output": said if bad else "yes",
            "reference": "yes", "latency_seconds": latency, "origin": "exam", "source": "test",
            "tags": json.dumps(own, sort_keys=True, separators=(",", ":")) if own else None,
        })  # fmt: skip
        if bad is not None:
            verdicts.append({
                "trace_id": trace_id, "judge": judge, "judge_kind": judge_kind, "error_probability": float(bad),
                "at": START, "source": "test",
            })  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)


def columns(
    both_right: int, broke: int, fixed: int, both_wrong: int
) -> tuple[list[int], list[int]]:
    """Return what the old and the new version got wrong, as a paired table asks for."""
    old = [0] * both_right + [0] * broke + [1] * fixed + [1] * both_wrong
    new = [0] * both_right + [1] * broke + [0] * fixed + [1] * both_wrong
    return old, new


def two_versions(
    ledger: Ledger,
    both_right: int,
    broke: int,
    fixed: int,
    both_wrong: int,
    *,
    topics: Sequence[str] | None = None,
    repeats: bool = True,
) -> Ledger:
    """Put versions 1 and 2 into a ledger; with repeats the old one twice, with the same verdicts."""
    old, new = columns(both_right, broke, fixed, both_wrong)
    answer(ledger, "1", old, topics=topics)
    if repeats:
        answer(ledger, "1", old, epoch=2, topics=topics)
    answer(ledger, "2", new, topics=topics, latency=0.5, said="maybe")
    return ledger

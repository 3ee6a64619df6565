"""Ledgers of exams, twins and work for the tests of exam against use."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from assay.ledger.store import Ledger

CHECK = "exact@1 (answer@1)"

CLEAN = (
    "GPT-3.5-Turbo-0301",
    "GPT-3.5-Turbo-0125",
    "GPT-4-0613",
    "Claude-2",
    "Claude-Instant-1",
    "Mistral-Large",
)
"""Models of LiveCodeBench whose training ended before any of its problems (the last one by its stated date)."""


def add_answers(
    ledger: Ledger,
    system: str,
    right: Sequence[int | None],
    *,
    kind: str = "exam",
    tags: Sequence[dict[str, str]] | None = None,
    version: str = "1",
    epoch: int = 1,
) -> None:
    """Add one answer a task, with a check's verdict: 1 right, 0 wrong, None nobody has judged it.

    `kind` is exam, field, or twin: twins name the exam task of the same place.
    """
    traces, verdicts = [], []
    for place, good in enumerate(right):
        own = dict(tags[place]) if tags else {}
        if kind == "twin":
            own |= {"twin.of": f"exam-{place}", "twin.seed": "7"}
        trace_id = f"{kind}-{system}-{version}-{place}-{epoch}"
        traces.append(
            {
                "trace_id": trace_id, "task_id": f"{kind}-{place}", "system": system, "version": version,
                "epoch": epoch, "input": f"What is {place} + {place}?", "output": "x",
                "reference": str(2 * place), "origin": "field" if kind == "field" else "exam",
                "tags": json.dumps(own, sort_keys=True, separators=(",", ":")) if own else None,
                "source": f"test:{place + 1}",
            }
        )  # fmt: skip
        if good is not None:
            verdicts.append(verdict(trace_id, 1 - good))
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)


def verdict(
    trace_id: str, wrong: int, judge: str = CHECK, kind: str = "check"
) -> dict[str, object]:
    """Return a verdict's row."""
    return {
        "trace_id": trace_id, "judge": judge, "judge_kind": kind, "error_probability": float(wrong),
        "source": "test:1",
    }  # fmt: skip


def spread(share: float, n: int) -> list[int]:
    """Return n zeros and ones, that share of them ones, spread evenly."""
    return [int((place + 1) * share + 1e-9) - int(place * share + 1e-9) for place in range(n)]


def code_exam(
    shared_data: Path, path: Path, models: Iterable[str], *, platforms: Sequence[str]
) -> Ledger:
    """Make a ledger of LiveCodeBench models: ten tries of each problem (one where its name says n=1), dated."""
    with gzip.open(shared_data / "livecodebench" / "gen_20240417.json.gz", "rt") as stream:
        rows = json.load(stream)["performances"]
    ledger = Ledger.create(path)
    for model in models:
        tries = 1 if "n=1" in model else 10
        traces, verdicts = [], []
        for row in rows:
            if row["model"] != model or row["platform"] not in platforms:
                continue
            day = datetime.fromtimestamp(row["date"] / 1000, UTC).isoformat()
            tags = json.dumps({"date": day, "platform": row["platform"]}, separators=(",", ":"))
            right = round(row["pass@1"] / 100 * tries)
            for epoch in range(tries):
                trace_id = f"{model}-{row['question_id']}-{epoch}"
                traces.append(
                    {
                        "trace_id": trace_id, "task_id": row["question_id"], "system": model, "version": "",
                        "epoch": epoch + 1, "output": "code", "origin": "exam", "tags": tags, "source": "test:1",
                    }
                )  # fmt: skip
                verdicts.append(verdict(trace_id, int(epoch >= right), judge="tests"))
        ledger.append("traces", traces)
        ledger.append("verdicts", verdicts)
    return ledger

"""Writing the three files of a recording: traces, the judge's verdicts, and the truth apart."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from desk_checks import (
    answer_probability,
    caught,
    error_kind,
    is_right,
    judged_error,
    opening,
    read_output,
    reading_probability,
    same_answer,
)
from desk_requests import Request

SYSTEM: Final = "smollm2-135m-desk"
VERSION: Final = "q4_1"

Line = dict[str, Any]


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def trace_line(request: Request, call: Line) -> Line:
    """Make one trace: what came in, what went out, and what it took."""
    output = (opening(request.kind) + call["text"]).rstrip()
    answer, reasoning = read_output(request.kind, output)
    line: Line = {
        "trace_id": request.trace_id,
        "task_id": request.task_id,
        "system": SYSTEM,
        "version": VERSION,
        "epoch": 1,
        "at": _stamp(request.at),
        "input": request.input,
        "output": output,
        "answer": answer,
    }
    if reasoning is not None:
        line["reasoning"] = reasoning
    line |= {
        "latency_seconds": call["latency_seconds"],
        "prompt_tokens": call["prompt_tokens"],
        "completion_tokens": call["completion_tokens"],
        "origin": "field",
        "tags": {
            "kind": request.kind,
            "channel": request.channel,
            "caught": "true" if caught(request, answer) else "false",
        },
    }
    return line


def judge_line(request: Request, call: Line, second: Line, answer: str) -> Line:
    """Make the second reading's verdict on an answer."""
    agree = bool(answer) and same_answer(request.kind, answer, second["text"])
    risk = judged_error(
        agree,
        answer_probability(request.kind, call["tokens"]),
        reading_probability(second["tokens"]),
    )
    took = timedelta(seconds=call["latency_seconds"] + second["latency_seconds"])
    return {
        "trace_id": request.trace_id,
        "judge": "second-reading",
        "judge_kind": "model",
        "error_probability": round(risk, 4),
        "at": _stamp(request.at + took),
    }


def truth_line(request: Request, answer: str, truth: str) -> Line:
    """Make the exact verdict on an answer, with the right answer as its note."""
    right = is_right(request, answer, truth)
    line: Line = {
        "trace_id": request.trace_id,
        "judge": "truth",
        "judge_kind": "check",
        "error_probability": 0 if right else 1,
        "note": truth,
    }
    if not right:
        line["kind"] = error_kind(request, answer, truth)
    return line


def _write(path: Path, lines: Iterable[Line]) -> None:
    """Write compressed JSON lines; no time and no name inside, so equal lines are equal bytes."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        for line in lines:
            packed.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
    part.replace(path)


def write_files(
    out: Path,
    made: list[Request],
    truth: dict[str, str],
    done: dict[tuple[str, str], Line],
) -> None:
    """Write traces.jsonl.gz, judge.jsonl.gz and truth.jsonl.gz into the folder `out`."""
    traces = [trace_line(request, done["answer", request.trace_id]) for request in made]
    pairs = list(zip(made, traces, strict=True))
    _write(out / "traces.jsonl.gz", traces)
    _write(
        out / "judge.jsonl.gz",
        (
            judge_line(
                request, done["answer", request.trace_id], done["judge", request.trace_id],
                trace["answer"],
            )
            for request, trace in pairs
        ),
    )  # fmt: skip
    _write(
        out / "truth.jsonl.gz",
        (truth_line(request, trace["answer"], truth[request.trace_id]) for request, trace in pairs),
    )

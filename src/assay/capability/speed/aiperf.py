"""Results of AIPerf: `profile_export.jsonl`, a request a line, and `profile_export_aiperf.json`, the summary.

Formats as in ai-dynamo/aiperf, `docs/tutorials/working-with-profile-exports.md` and
`examples/artifacts/run1/profile_export.jsonl`, where two names are older: `ttft` and `timestamp_ns`. The CSV export
holds the same summary as the JSON, rounded, and is not read.
"""

from __future__ import annotations

from assay.capability.speed.fields import Fields, json_object
from assay.capability.speed.run import PerfRequest, PerfRun, counted
from assay.errors import BadInput

_SCALES = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "us": 1e-6, "ns": 1e-9}
_SUMMARIES = (
    "request_throughput",
    "output_token_throughput",
    "request_latency",
    "time_to_first_token",
    "output_sequence_length",
)


def recognised_lines(first: Fields) -> bool:
    """Return whether a first line looks like AIPerf's."""
    return {"metadata", "metrics", "error"} <= first.values.keys() and isinstance(
        first.values["metadata"], dict
    )


def recognised(top: Fields) -> bool:
    """Return whether a file's top looks like AIPerf's summary."""
    return {"input_config", "request_latency"} <= top.values.keys()


def runs_of_lines(text: str, where: str) -> tuple[PerfRun, ...]:
    """Return the run of a file with a request a line; warm-up requests are left out."""
    rows = [
        json_object(line, f"{where}:{number}")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    kept = [row for row in rows if _phase(row) == "profiling"]
    requests = tuple(_request(row) for row in kept)
    return (counted(PerfRun("aiperf", "", requests=requests)),)


def runs(top: Fields) -> tuple[PerfRun, ...]:
    """Return the run of a summary: figures without requests, so without tails.

    Notes
    -----
    Percentiles of a summary are not taken over: they are points without a limit.
    """
    names = top.inside("input_config").inside("endpoint").list("model_names") or []
    summary = [(name, top.inside(name)) for name in _SUMMARIES if name in top.values]
    count = top.inside("request_count").number("avg")
    errors = [row.count("count") or 0 for row in top.rows("error_summary")]
    return (
        PerfRun(
            tool="aiperf",
            system=", ".join(str(name) for name in names),
            answered=None if count is None else round(count),
            failed=sum(errors),
            duration_seconds=top.inside("benchmark_duration").number("avg"),
            facts={
                f"{name} ({figure.text('unit') or 'no unit'})": mean
                for name, figure in summary
                if (mean := figure.number("avg")) is not None
            },
        ),
    )


def _phase(row: Fields) -> str:
    metadata = row.inside("metadata")
    return metadata.text("benchmark_phase") or metadata.text("credit_phase") or "profiling"


def _request(row: Fields) -> PerfRequest:
    metadata, metrics, error = row.inside("metadata"), row.inside("metrics"), row.inside("error")
    cut = metadata.values.get("was_cancelled") is True
    answered = not error.values and not cut
    start = metadata.number("request_start_ns", scale=1e-9)
    if start is None:
        start = metadata.number("timestamp_ns", scale=1e-9)
    first = _seconds(metrics, "time_to_first_token")
    return PerfRequest(
        outcome="answered" if answered else "cut off" if cut else "failed",
        latency_seconds=_seconds(metrics, "request_latency") if answered else None,
        due_at=start,
        time_to_first_token_seconds=_seconds(metrics, "ttft") if first is None else first,
        prompt_tokens=metrics.inside("input_sequence_length").count("value"),
        output_tokens=metrics.inside("output_sequence_length").count("value"),
        request_id=metadata.text("x_request_id"),
        error=error.text("message"),
    )


def _seconds(metrics: Fields, name: str) -> float | None:
    metric = metrics.inside(name)
    unit = metric.text("unit")
    if metric.values and unit not in _SCALES:
        raise BadInput(
            f"{name} has the unit {unit!r}; known are {', '.join(_SCALES)}", where=metric.where
        )
    return metric.number("value", scale=_SCALES.get(unit or "", 1.0))

"""Results of GuideLLM, 0.3 and 0.8: the two share little but the list of benchmarks.

Formats as written by GuideLLM 0.3.1 and 0.8.1 (vllm-project/guidellm, `src/guidellm/benchmark/`), each run once against
a server on loopback.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from assay.capability.speed.fields import Fields
from assay.capability.speed.run import Outcome, PerfRequest, PerfRun, counted

T = TypeVar("T")
_OUTCOMES: tuple[tuple[str, Outcome], ...] = (
    ("successful", "answered"),
    ("errored", "failed"),
    ("incomplete", "cut off"),
)


def recognised(top: Fields) -> bool:
    """Return whether a file's top looks like GuideLLM's."""
    benchmarks = top.values.get("benchmarks")
    first = benchmarks[0] if isinstance(benchmarks, list) and benchmarks else None
    return isinstance(first, dict) and "generative" in str(first.get("type_", ""))


def runs(top: Fields) -> tuple[PerfRun, ...]:
    """Return one run for each benchmark of a file.

    Notes
    -----
    Where GuideLLM kept only a sample of the requests, the counts are its own totals. Otherwise they are those of the
    file: its totals also hold, as incomplete, requests that were never sent when the time was up. Version 0.3 states
    when a request was targeted and when it began, so its delay is their difference; 0.8 states the delay.
    """
    version = top.inside("metadata").text("guidellm_version")
    return tuple(_run(row, version) for row in top.rows("benchmarks"))


def _run(row: Fields, version: str | None) -> PerfRun:
    new = "scheduler_metrics" in row.values
    place = row.inside("requests")
    requests = tuple(
        _request_new(request, outcome) if new else _request_old(request, outcome)
        for name, outcome in _OUTCOMES
        for request in place.rows(name)
    )
    requests = tuple(sorted(requests, key=lambda one: (one.due_at is None, one.due_at or 0.0)))
    settings = row.inside("config") if new else row.inside("args")
    strategy = settings.inside("strategy")
    backend = (
        settings.inside("backend").text("model")
        if new
        else row.inside("worker").text("backend_model")
    )
    run = counted(
        PerfRun(
            tool=f"guidellm {version or ('0.8' if new else '0.3')}",
            system=backend or "",
            duration_seconds=row.number("duration"),
            arrivals=_arrivals(strategy),
            requests=requests,
        )
    )
    totals = row.inside("scheduler_metrics" if new else "run_stats").inside("requests_made")
    sampled = settings.count("sample_size") if new else row.count("request_samples")
    if requests and sampled is None:
        begun, all_of_them = len(requests), totals.count("total")
        never = 0 if all_of_them is None else max(all_of_them - begun, 0)
        return replace(run, facts={"never sent (requests)": never}) if never else run
    return replace(
        run,
        answered=_either(totals.count("successful"), run.answered),
        failed=_either(totals.count("errored"), run.failed),
        cut_off=_either(totals.count("incomplete"), run.cut_off),
    )


def _request_old(row: Fields, outcome: Outcome) -> PerfRequest:
    info = row.inside("scheduler_info")
    due, started = info.number("targeted_start_time"), row.number("start_time")
    delay = None if due is None or started is None else max(started - due, 0.0)
    return PerfRequest(
        outcome=outcome,
        latency_seconds=row.number("request_latency"),
        dispatch_delay_seconds=delay,
        due_at=started if due is None else due,
        time_to_first_token_seconds=row.number("time_to_first_token_ms", scale=1e-3),
        prompt_tokens=_tokens(row, "prompt_tokens", outcome),
        output_tokens=_tokens(row, "output_tokens", outcome),
        request_id=row.text("request_id"),
        output=row.text("output"),
        error=row.text("error"),
    )


def _request_new(row: Fields, outcome: Outcome) -> PerfRequest:
    info = row.inside("info")
    timings = info.inside("timings")
    return PerfRequest(
        outcome=outcome,
        latency_seconds=row.number("request_latency"),
        dispatch_delay_seconds=row.number("request_dispatch_delay"),
        due_at=_either(timings.number("targeted_start"), row.number("request_start_time")),
        time_to_first_token_seconds=row.number("time_to_first_token_ms", scale=1e-3),
        prompt_tokens=_tokens(row, "prompt_tokens", outcome),
        output_tokens=_tokens(row, "output_tokens", outcome),
        request_id=row.text("request_id"),
        response_id=row.text("response_id"),
        output=row.text("output"),
        error=info.text("error"),
    )


def _tokens(row: Fields, name: str, outcome: Outcome) -> int | None:
    """Return a count of tokens; the 0 of a request that was not answered is a count not made."""
    count = row.count(name)
    return None if outcome != "answered" and count == 0 else count


def _arrivals(strategy: Fields) -> str:
    kind, rate = strategy.text("type_") or "", strategy.number("rate")
    return kind if rate is None else f"{kind} at {rate:g}/s"


def _either(first: T | None, second: T | None) -> T | None:
    return second if first is None else first

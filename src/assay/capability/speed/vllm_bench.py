"""Results of `vllm bench serve --save-result`, with `--save-detailed` or without.

Format as written in vllm-project/vllm, `vllm/benchmarks/serve.py` (`benchmark` and `main_async`; read in copies of 2025
and 2026). Times of single requests are in seconds, summaries in milliseconds.
"""

from __future__ import annotations

from typing import Any

from assay.capability.speed.fields import Fields
from assay.capability.speed.run import PerfRequest, PerfRun, counted
from assay.errors import BadInput

_SUMMARIES = (
    "request_throughput",
    "output_throughput",
    "total_token_throughput",
    "mean_ttft_ms",
    "mean_tpot_ms",
    "mean_e2el_ms",
)
_LISTS = ("input_lens", "output_lens", "ttfts", "itls", "start_times", "generated_texts", "errors")


def recognised(top: Fields) -> bool:
    """Return whether a file's top looks like vLLM's."""
    return {"model_id", "num_prompts", "completed", "duration"} <= top.values.keys()


def runs(top: Fields) -> tuple[PerfRun, ...]:
    """Return the run of a file.

    Notes
    -----
    vLLM counts a latency from when a request was sent, and at a limit of concurrency a request waits before that: its
    delay is unknown. The latency of an answer is its time to the first token and the gaps between tokens, which is
    what a streamed answer took to its last token. Without streaming vLLM writes 0 for both: the latency is unknown. A
    request with an error, or without one but with no output, has failed; the 0 that stands for its times is none.
    """
    lists = {name: top.list(name) or [] for name in _LISTS}
    count = max(len(values) for values in lists.values())
    for name, values in lists.items():
        if values and len(values) != count:
            raise BadInput(
                f"{name} holds {len(values):,} values and other lists {count:,}", where=top.where
            )
    requests = (
        tuple(_request(top, lists, number) for number in range(count)) if lists["ttfts"] else ()
    )
    sent, completed = top.count("num_prompts"), top.count("completed")
    failed = top.count("failed")
    if sent is not None and (completed or 0) + (failed or 0) > sent:
        raise BadInput(
            f"completed {completed} and failed {failed or 0} don't fit num_prompts {sent}",
            where=top.where,
        )
    if failed is None and sent is not None and completed is not None:
        failed = max(sent - completed, 0)
    run = PerfRun(
        tool="vllm bench serve",
        system=top.text("model_id") or "",
        answered=completed,
        failed=failed,
        cut_off=0,
        duration_seconds=top.number("duration") or None,
        arrivals=_arrivals(top),
        requests=requests,
        facts={name: value for name in _SUMMARIES if (value := top.number(name)) is not None},
    )
    # Where rows are missing the counts are the file's, and the rows are said to be a part.
    return (counted(run) if len(requests) == sent else run,)


def _request(top: Fields, lists: dict[str, list[Any]], number: int) -> PerfRequest:
    values = {name: column[number] for name, column in lists.items() if column}
    row = Fields(values, f"{top.where}: request {number}")
    error, first = row.text("errors"), row.number("ttfts")
    if error:
        return PerfRequest("failed", due_at=row.number("start_times"), error=error)
    gaps = Fields({"itls": values.get("itls")}, row.where).list("itls") or []
    seconds = [Fields({"itls": gap}, row.where).number("itls") or 0.0 for gap in gaps]
    tokens = row.count("output_lens")
    answered = bool(tokens)
    timed = answered and bool(first)
    return PerfRequest(
        outcome="answered" if answered else "failed",
        latency_seconds=(first or 0.0) + sum(seconds) if timed else None,
        due_at=row.number("start_times"),
        time_to_first_token_seconds=first if timed else None,
        prompt_tokens=row.count("input_lens"),
        output_tokens=tokens if answered else None,
        output=row.text("generated_texts"),
    )


def _arrivals(top: Fields) -> str:
    rate, most = top.values.get("request_rate"), top.count("max_concurrency")
    limit = "" if most is None else f", at most {most:,} at once"
    if rate == "inf":
        return f"all at once{limit}"
    per_second = top.number("request_rate")
    if per_second is None:
        return limit.removeprefix(", ")
    burstiness = top.number("burstiness")
    kind = (
        "poisson"
        if burstiness == 1
        else f"gamma with burstiness {burstiness:g}"
        if burstiness
        else "unknown"
    )
    return f"{kind} at {per_second:g}/s{limit}"

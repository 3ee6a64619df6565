"""What a load test says, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from assay.capability.cost_import import Imported
from assay.capability.speed.run import PerfRun
from assay.capability.speed.tails import first_token_limits, saturated, tail_limits
from assay.figures import confidence, plain
from assay.quantity import Quantity, Unknown
from assay.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

MOST_FACTS = 8


def print_runs(
    runs: Sequence[PerfRun],
    kept: Sequence[Imported] | None,
    console: Console,
    *,
    ledger: Path | None = None,
) -> None:
    """Print each run: what came and what became of it, its tails, and what of it is in the ledger now."""
    for run, one in zip(runs, repeat(None) if kept is None else kept):  # noqa: B905
        console.print(Text(visible(headline(run)), style="bold"))
        for sentence in sentences(run, one):
            console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    if ledger is not None:
        at = quote(str(ledger))
        said = (
            f"next: verdicts on the same ids (assay ingest FILE --into {at}), then assay cost {at}"
        )
        console.print(Text(visible(said), style="dim"))


def headline(run: PerfRun) -> str:
    """Return a run in one line."""
    loaded = f" of {run.system}" if run.system else ""
    how = f", {run.arrivals}" if run.arrivals else ""
    return f"{run.tool}{loaded}{how}"


def sentences(run: PerfRun, kept: Imported | None) -> Iterator[str]:
    """Say what the run says."""
    yield f"{_count(run.answered)} answered, {_count(run.failed)} failed, {_count(run.cut_off)} cut off{_rate(run)}"
    yield from _limits("latency", tail_limits(run))
    yield from _limits("time to first token", first_token_limits(run))
    for level, stated in run.tail_limits_seconds.items():
        yield f"p{100 * level:g} of latency: at most {plain(stated)} s, as the file states"
    if saturated(run):
        yield "the queue grew all along: the rate is above what it can bear"
    facts = [
        f"{name} {plain(x) if isinstance(x, float | int) else x}" for name, x in run.facts.items()
    ]
    if facts:
        more = f"; and {len(facts) - MOST_FACTS} more" if len(facts) > MOST_FACTS else ""
        yield f"as the file states, without intervals: {'; '.join(facts[:MOST_FACTS])}{more}"
    if kept is not None:
        name = f"{kept.system} {kept.version}".strip()
        yield f"{kept.added:,} of {kept.answered:,} answers added as traces of {name}; {kept.judged:,} have a verdict"
        if kept.elsewhere:
            yield f"answers that stand in the ledger already, as traces of {', '.join(kept.elsewhere)}"
        if kept.left_out:
            yield f"requests without an answer, which are no traces: {kept.left_out:,}"
        if kept.shared:
            yield f"answers whose server's id another shares, called by the load generator's instead: {kept.shared:,}"


def _limits(name: str, limits: Mapping[float, Quantity]) -> Iterator[str]:
    """Say each limit; a reason that is the same for all of them once."""
    reasons = {limit.reason for limit in limits.values() if isinstance(limit, Unknown)}
    if len(reasons) == 1 and all(isinstance(limit, Unknown) for limit in limits.values()):
        yield f"{name}: unknown: {reasons.pop()}"
        return
    for level, limit in limits.items():
        yield f"p{100 * level:g} of {name}: {tail(limit)}"


def tail(limit: Quantity) -> str:
    """Return a limit of latency, or why there is none."""
    if isinstance(limit, Unknown):
        return f"unknown: {limit.reason}"
    return f"at most {plain(limit.high)} {limit.unit} ({confidence(limit)}, n = {limit.n:,})"


def runs_json(runs: Sequence[PerfRun], kept: Sequence[Imported] | None) -> dict[str, object]:
    """Return the stable JSON form."""
    return {
        "runs": [_run_json(run) for run in runs],
        "imported": None
        if kept is None
        else [
            {
                "system": one.system,
                "version": one.version,
                "added": one.added,
                "left_out": one.left_out,
                "answered": one.answered,
                "judged": one.judged,
                "shared_ids": one.shared,
                "elsewhere": list(one.elsewhere),
            }
            for one in kept
        ],
    }


def _run_json(run: PerfRun) -> dict[str, object]:
    return {
        "tool": run.tool,
        "system": run.system,
        "arrivals": run.arrivals,
        "answered": run.answered,
        "failed": run.failed,
        "cut_off": run.cut_off,
        "duration_seconds": run.duration_seconds,
        "requests": len(run.requests),
        "saturated": saturated(run),
        "latency_limits": {f"p{100 * level:g}": limit.to_json() for level, limit in tail_limits(run).items()},
        "first_token_limits": {
            f"p{100 * level:g}": limit.to_json() for level, limit in first_token_limits(run).items()
        },
        "stated_limits_seconds": {f"p{100 * level:g}": x for level, x in run.tail_limits_seconds.items()},
        "facts": dict(run.facts),
    }  # fmt: skip


def _count(number: int | None) -> str:
    return "an unknown number" if number is None else f"{number:,}"


def _rate(run: PerfRun) -> str:
    if not run.duration_seconds or run.answered is None:
        return ""
    return f" in {plain(run.duration_seconds)} s: {plain(run.answered / run.duration_seconds)} answers a second"

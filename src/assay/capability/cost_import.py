"""Requests of a load test as traces of a ledger, named by the server's ids: verdicts on these ids then join them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.ask.journal import commit
from assay.capability.speed.run import PerfRequest, PerfRun
from assay.errors import BadInput
from assay.ledger.ingest.record import Row, RowError, trace_row
from assay.ledger.store import Ledger, literal

HASH_CHARACTERS = 16
AT_ONCE = 5_000
"""Traces of one commit, and ids of one statement."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one run.

    Parameters
    ----------
    system, version
        As the ledger names it.
    added, answered : >= 0
        Traces that were new, of so many answers.
    left_out : >= 0
        Requests without an answer: they are no traces, and no cost is known of them.
    judged : >= 0
        Answers that the ledger has a verdict on, by a check or a person.
    shared : >= 0
        Answers whose server's id another shares: no verdict on that id says which of them it means.
    elsewhere
        Systems as which answers stand in the ledger already: they are not added again under another name.
    """

    system: str
    version: str
    added: int
    left_out: int
    answered: int
    judged: int
    shared: int
    elsewhere: tuple[str, ...] = ()


def import_runs(
    ledger: Ledger, runs: Sequence[PerfRun], path: Path, *, system: str | None = None
) -> list[Imported]:
    """Add the answered requests of load tests to a ledger; those that are there already are not added again.

    Parameters
    ----------
    ledger
    runs
        Read from the file at `path`.
    path
        Its bytes name requests whose server gave them no id of their own.
    system : NAME@VERSION
        None: as the file says, else the tool's name.

    Notes
    -----
    A trace is called by the server's id, where no other request has it, else by the load generator's. Its latency is
    from when the request was due, where the file says when. Where there are several runs, how requests came is a part
    of the version: a server under another load is another configuration.
    """
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_CHARACTERS]
    found = []
    for number, run in enumerate(runs, start=1):
        name, version = named(run, system, several=len(runs) > 1)
        answered = [one for one in run.requests if one.outcome == "answered"]
        ids = trace_ids(answered, f"perf-{mark}-{number}")
        rows = [
            _row(request, trace_id, (name, version), f"{mark}:{place}", run)
            for place, (request, trace_id) in enumerate(zip(answered, ids, strict=True), start=1)
        ]
        added = sum(
            commit(ledger, rows[start : start + AT_ONCE]) for start in range(0, len(rows), AT_ONCE)
        )
        uses = Counter(one.response_id for one in answered if one.response_id)
        found.append(
            Imported(
                system=name,
                version=version,
                added=added,
                left_out=len(run.requests) - len(answered),
                answered=len(answered),
                judged=_judged(ledger, ids),
                shared=sum(count for count in uses.values() if count > 1),
                elsewhere=_elsewhere(ledger, ids, (name, version)) if added < len(ids) else (),
            )
        )
    return found


def named(run: PerfRun, system: str | None, *, several: bool) -> tuple[str, str]:
    """Return the name and version of what was loaded."""
    name, _, version = (system or run.system or run.tool).partition("@")
    parts = [version, *([run.arrivals] if several and run.arrivals else [])]
    return name, ", ".join(part for part in parts if part)


def trace_ids(requests: Sequence[PerfRequest], prefix: str) -> list[str]:
    """Return a name for each request: the server's id, else the load generator's, else one of ours.

    An id that two requests share is nobody's.
    """
    chosen: list[str | None] = [None] * len(requests)
    for ids in ([one.response_id for one in requests], [one.request_id for one in requests]):
        uses = Counter(ids)
        chosen = [
            old or (new if new and uses[new] == 1 else None)
            for old, new in zip(chosen, ids, strict=True)
        ]
    return [one or f"{prefix}-{place}" for place, one in enumerate(chosen, start=1)]


def _row(
    request: PerfRequest, trace_id: str, system: tuple[str, str], source: str, run: PerfRun
) -> Row:
    tags = {"perf.tool": run.tool, "perf.arrivals": run.arrivals}
    if request.request_id:
        tags["perf.request"] = request.request_id
    values: dict[str, object] = {
        "task_id": request.request_id or trace_id,
        "system": system[0],
        "version": system[1],
        "epoch": 1,
        "output": request.output or "",
        "latency_seconds": request.waited_seconds or None,
        "prompt_tokens": request.prompt_tokens,
        "completion_tokens": request.output_tokens,
        "origin": "exam",
        "tags": {key: value for key, value in tags.items() if value},
    }
    try:
        return trace_row(values, trace_id=trace_id, source=source)
    except RowError as error:
        raise BadInput(f"request {trace_id} can't be kept: {error}") from None


def _elsewhere(ledger: Ledger, ids: Sequence[str], own: tuple[str, str]) -> tuple[str, ...]:
    """Return the systems, other than its own, that traces of these ids are of."""
    found: set[tuple[str, str]] = set()
    for start in range(0, len(ids), AT_ONCE):
        names = ",".join(map(literal, ids[start : start + AT_ONCE]))
        rows = ledger.rows(
            f"SELECT DISTINCT system, version FROM traces WHERE trace_id IN ({names})"
        )
        found |= {(row["system"], row["version"]) for row in rows}
    return tuple(sorted(" ".join(one).strip() for one in found - {own}))


def _judged(ledger: Ledger, ids: Sequence[str]) -> int:
    """Return how many of some traces a check or a person has judged."""
    count = 0
    for start in range(0, len(ids), AT_ONCE):
        names = ",".join(map(literal, ids[start : start + AT_ONCE]))
        rows = ledger.rows(
            "SELECT count(DISTINCT trace_id) AS n FROM verdicts WHERE judge_kind IN ('check', 'person') "
            f"AND error_probability IS NOT NULL AND trace_id IN ({names})"
        )
        count += rows[0]["n"]
    return count

"""Requests that were timed, joined to answers that were judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assay.capability.speed.run import PerfRequest, PerfRun
from assay.errors import BadInput


@dataclass(frozen=True, slots=True)
class Joined:
    """What joining found.

    Parameters
    ----------
    pairs
        A request with its probability of error.
    by
        What they were joined by: ``response id``, ``request id``, ``order``.
    unjudged
        Answered requests without a verdict: unknown, not right.
    untimed
        Verdicts without a request.
    ambiguous
        Answered requests whose id another shares: joined to none.
    """

    pairs: tuple[tuple[PerfRequest, float], ...]
    by: str
    unjudged: int
    untimed: int
    ambiguous: int

    def summary(self) -> str:
        """Return the counts in a sentence."""
        answered = len(self.pairs) + self.unjudged
        return (
            f"{len(self.pairs):,} of {answered:,} answered requests have a verdict, joined by {self.by}; "
            f"{self.unjudged:,} are unknown ({self.ambiguous:,} share an id), {self.untimed:,} verdicts have no request"
        )


def join_by_id(run: PerfRun, verdicts: Mapping[str, float]) -> Joined:
    """Join answered requests to verdicts by the server's id, or where none is known by the load generator's.

    Parameters
    ----------
    run
        A run with requests.
    verdicts
        Id -> probability of error in [0, 1].

    Notes
    -----
    An id that two requests share (a server that calls every answer the same) says nothing: it joins neither.
    """
    _check(verdicts.values())
    answered = _answered(run)
    ids, by = [one.response_id for one in answered], "response id"
    if not any(ids):
        ids, by = [one.request_id for one in answered], "request id"
    uses = Counter(one for one in ids if one)
    pairs = tuple(
        (request, verdicts[one])
        for request, one in zip(answered, ids, strict=True)
        if one and uses[one] == 1 and one in verdicts
    )
    ambiguous = sum(count for count in uses.values() if count > 1)
    return Joined(pairs, by, len(answered) - len(pairs), len(verdicts) - len(pairs), ambiguous)


def join_by_order(run: PerfRun, verdicts: Sequence[float | None]) -> Joined:
    """Join all requests to verdicts in the same order.

    Parameters
    ----------
    run
        A run whose requests stand in the order in which tasks were given.
    verdicts : shape (requests,)
        One for each request, answered or not; None where there is none.

    Raises
    ------
    BadInput
        Where there are not as many verdicts as requests: one that is missing would shift all that follow.
    """
    known = [one for one in verdicts if one is not None]
    _check(known)
    if len(verdicts) != len(run.requests):
        raise BadInput(
            f"joining by order needs a verdict for each of {len(run.requests):,} requests, got {len(verdicts):,}"
        )
    pairs = tuple(
        (request, verdict)
        for request, verdict in zip(run.requests, verdicts, strict=True)
        if request.outcome == "answered" and verdict is not None
    )
    answered = len(_answered(run))
    return Joined(pairs, "order", answered - len(pairs), len(known) - len(pairs), 0)


def _answered(run: PerfRun) -> list[PerfRequest]:
    return [request for request in run.requests if request.outcome == "answered"]


def _check(verdicts: Iterable[float]) -> None:
    for one in verdicts:
        if not 0 <= one <= 1:
            raise BadInput(f"a probability of error lies in [0, 1], got {one}")

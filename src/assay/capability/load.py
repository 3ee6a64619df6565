"""A load put on an endpoint: requests that come at random times, as users do, or one after another; each one timed.

Whoever sends the next request only when the last one is answered measures a server that is never kept waiting for, and
leaves out just the seconds that hurt (coordinated omission). Under a rate each request is due at a time fixed
beforehand, in a Poisson process, and its latency is counted from when it was due.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assay.ask.request import AskFailed, ChatReply, ChatRequest, Endpoint
from assay.capability.speed.run import PerfRequest, PerfRun, counted
from assay.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

TOOL = "assay cost probe"


@dataclass(frozen=True, slots=True)
class Load:
    """How requests come.

    Parameters
    ----------
    per_second : > 0
        Mean arrivals a second, in a Poisson process; None: one after another, each when the last is answered.
    seed
        Of the times of arrival.

    Raises
    ------
    BadInput
        Where the rate is not above 0.
    """

    per_second: float | None = None
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse a rate at which nothing comes."""
        if self.per_second is not None and not 0 < self.per_second < math.inf:
            raise BadInput(f"the rate must be above 0 requests a second, got {self.per_second}")

    @property
    def words(self) -> str:
        """How they come, as a person would say it."""
        return (
            "one after another" if self.per_second is None else f"poisson at {self.per_second:g}/s"
        )


class LoadedEndpoint:
    """An endpoint under a load, which keeps what became of each request.

    Parameters
    ----------
    endpoint
        What answers.
    load
        How requests come; without a rate each is due when it is asked.
    rng
        For the gaps between them.

    Notes
    -----
    It keeps to its times only where nothing else holds requests back: whoever calls it must let as many be in flight as
    there are. How late each went out is in its `PerfRequest`, and in the tags of its answer.
    """

    def __init__(self, endpoint: Endpoint, load: Load, rng: np.random.Generator) -> None:
        self._endpoint = endpoint
        self._load = load
        self._rng = rng
        self._began: float | None = None
        self._due = 0.0
        self._ended = 0.0
        self._requests: list[PerfRequest] = []

    @property
    def name(self) -> str:
        """The name of what answers."""
        return self._endpoint.name

    def run(self, system: str) -> PerfRun:
        """Return what was asked until now, failures too, as a load test of a system."""
        took = 0.0 if self._began is None else self._ended - self._began
        return counted(
            PerfRun(
                TOOL,
                system,
                duration_seconds=took or None,
                arrivals=self._load.words,
                requests=tuple(self._requests),
            )
        )

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Answer one request, at its time; its latency is from when it was due, failed tries in it.

        Raises
        ------
        AskFailed
            As the endpoint says; the request counts as failed.
        """
        due = self._next_due()
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        sent = time.perf_counter()
        late = max(sent - due, 0.0)
        at = due - (self._began or 0.0)
        try:
            reply = await self._endpoint.answer(request)
        except AskFailed as failure:
            self._keep(
                PerfRequest("failed", dispatch_delay_seconds=late, due_at=at, error=failure.message)
            )
            raise
        took = max(time.perf_counter() - sent, 1e-9)
        self._keep(
            PerfRequest(
                "answered",
                latency_seconds=took,
                dispatch_delay_seconds=late,
                due_at=at,
                prompt_tokens=reply.prompt_tokens,
                output_tokens=reply.completion_tokens,
            )
        )
        facts = {
            "load.arrivals": self._load.words,
            "load.due_seconds": f"{at:.6f}",
            "load.late_seconds": f"{late:.6f}",
        }
        return replace(reply, latency_seconds=late + took, facts={**reply.facts, **facts})

    async def close(self) -> None:
        """Close what answers."""
        await self._endpoint.close()

    def _next_due(self) -> float:
        now = time.perf_counter()
        if self._began is None:
            self._began = self._due = now
        elif self._load.per_second is None:
            self._due = now
        else:
            self._due += self._rng.exponential(1 / self._load.per_second)
        return self._due

    def _keep(self, request: PerfRequest) -> None:
        self._ended = time.perf_counter()
        self._requests.append(request)

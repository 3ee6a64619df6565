"""An endpoint under load that doesn't wait for its answers: requests come at random times, as users do.

Whoever sends the next request only when the last one is answered measures a server that is never kept waiting for, and
leaves out just the seconds that hurt (coordinated omission). Here each request is due at a time fixed beforehand, in a
Poisson process, and its latency is counted from when it was due.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.ask.request import ChatReply, ChatRequest, Endpoint
from assay.errors import BadInput

if TYPE_CHECKING:
    import numpy as np


class OpenLoop:
    """An endpoint whose requests go out at the times of a Poisson process.

    Parameters
    ----------
    endpoint
        What answers.
    per_second : > 0
        Mean arrivals a second.
    rng
        For the gaps between them.

    Raises
    ------
    BadInput
        Where the rate is not above 0.

    Notes
    -----
    It keeps to its times only where nothing else holds requests back: whoever calls it must let as many be in flight as
    there are. `latest_start_seconds` says how late the latest of them went out.
    """

    def __init__(self, endpoint: Endpoint, per_second: float, rng: np.random.Generator) -> None:
        if not 0 < per_second < math.inf:
            raise BadInput(f"the rate must be above 0 requests a second, got {per_second}")
        self._endpoint = endpoint
        self._per_second = per_second
        self._rng = rng
        self._due: float | None = None
        self.latest_start_seconds = 0.0

    @property
    def name(self) -> str:
        """The name of what answers."""
        return self._endpoint.name

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Answer one request, at its time; its latency is from when it was due."""
        now = time.perf_counter()
        self._due = now if self._due is None else self._due + self._rng.exponential(1 / self._per_second)  # fmt: skip
        due = self._due
        if due > now:
            await asyncio.sleep(due - now)
        self.latest_start_seconds = max(self.latest_start_seconds, time.perf_counter() - due)
        reply = await self._endpoint.answer(request)
        return replace(reply, latency_seconds=max(time.perf_counter() - due, 1e-9))

    async def close(self) -> None:
        """Close what answers."""
        await self._endpoint.close()

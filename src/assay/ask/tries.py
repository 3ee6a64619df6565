"""What happens between the tries of one request: what endpoints tell a pool, so that it can slow down, count, stop.

An endpoint tries again by itself. A pool that watches it hears of each try that failed, and is asked to do the waiting
before the next one: so a stop is heard at once, and a limit on money holds for the tries that nobody sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assay.ask.request import ChatRequest


@dataclass(frozen=True, slots=True)
class FailedTry:
    """One try that brought no usable answer.

    Parameters
    ----------
    request
        What was asked.
    reason
        What it met, in words.
    sent_at
        ``time.monotonic`` when it was sent.
    throttled
        Whether the server said that it is asked too much.
    maybe_charged
        Whether the server may have worked on it, and may take money for it: a time-out, a stream that was cut.
    retry_after_seconds
        How long the server asks to be left alone; None where it doesn't say.
    """

    request: ChatRequest
    reason: str
    sent_at: float
    throttled: bool = False
    maybe_charged: bool = False
    retry_after_seconds: float | None = None


class TryWatch(Protocol):
    """Who watches the tries of an endpoint."""

    def failed(self, met: FailedTry) -> None:
        """Take note of a try that failed, the last one too."""
        ...

    async def wait(self, request: ChatRequest, seconds: float) -> None:
        """Wait before the next try; raise where there must be none."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """An endpoint that tries again, and lets a pool watch."""

    def watch(self, watch: TryWatch) -> None:
        """Tell this one of each failed try from now on."""
        ...

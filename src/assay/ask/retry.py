"""What is tried again, and how long after: exponential waits with full jitter, or as long as the server asks.

Source of the waits: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from assay.ask.request import AskFailed, ChatReply, ChatRequest
from assay.ask.tries import FailedTry, TryWatch


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is tried, and how long is waited between tries.

    Parameters
    ----------
    tries : >= 1
    first_wait_seconds, most_wait_seconds : > 0
        The wait before try k + 1 is uniform in [0, min(most, first x 2^(k-1))], after what the server asks.
    """

    tries: int = 8
    first_wait_seconds: float = 0.5
    most_wait_seconds: float = 60.0


DEFAULT_POLICY = RetryPolicy()


class BadTry(Exception):
    """A try that brought no answer.

    Parameters
    ----------
    reason
        In words.
    again
        Whether asking once more may bring another.
    throttled, maybe_charged, retry_after_seconds
        As in `FailedTry`.
    """

    def __init__(
        self,
        reason: str,
        *,
        again: bool = True,
        throttled: bool = False,
        maybe_charged: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.throttled = throttled
        self.maybe_charged = maybe_charged
        self.retry_after_seconds = retry_after_seconds


async def try_until_answered(
    one_try: Callable[[int], Awaitable[ChatReply]],
    request: ChatRequest,
    *,
    policy: RetryPolicy,
    watch: TryWatch | None,
) -> ChatReply:
    """Try until there is an answer, or no try is left.

    Parameters
    ----------
    one_try
        Sends the request once, given the number of the try from 1; raises `BadTry`.
    request
        What `watch` is told of.
    policy
    watch
        Hears of each failed try, and does the waiting.

    Raises
    ------
    AskFailed
        With what the last try met.
    """
    tries = 0

    async def counted() -> ChatReply:
        nonlocal tries
        tries += 1
        sent_at = time.monotonic()
        try:
            return await one_try(tries)
        except BadTry as met:
            if watch is not None:
                watch.failed(_failed(request, met, sent_at))
            raise

    async def pause(seconds: float) -> None:
        if watch is None:
            await asyncio.sleep(seconds)
        else:
            await watch.wait(request, seconds)

    exponential = wait_random_exponential(
        multiplier=policy.first_wait_seconds, max=policy.most_wait_seconds
    )
    retrying = AsyncRetrying(
        sleep=pause,
        stop=stop_after_attempt(policy.tries),
        # Those who were sent away together must not come back together.
        wait=lambda state: exponential(state) + _asked_for(state, policy),
        retry=retry_if_exception(lambda met: isinstance(met, BadTry) and met.again),
        reraise=True,
    )
    try:
        return await retrying(counted)
    except BadTry as last:
        often = "" if tries == 1 else f" ({tries} tries)"
        raise AskFailed(f"{last.reason}{often}") from last


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks to be left alone; None where it doesn't, or says it in no known way.

    Examples
    --------
    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "150"}), retry_after({"retry-after": "soon"})
    (2.0, 0.15, None)
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000.0
    said = headers.get("retry-after")
    seconds = _number(said)
    if seconds is not None or said is None:
        return seconds
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    zoned = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0.0 <= value < float("inf") else None


def _asked_for(state: RetryCallState, policy: RetryPolicy) -> float:
    met = state.outcome.exception() if state.outcome else None
    asked = met.retry_after_seconds if isinstance(met, BadTry) else None
    return min(asked or 0.0, 2 * policy.most_wait_seconds)


def _failed(request: ChatRequest, met: BadTry, sent_at: float) -> FailedTry:
    return FailedTry(
        request,
        met.reason,
        sent_at,
        throttled=met.throttled,
        maybe_charged=met.maybe_charged,
        retry_after_seconds=met.retry_after_seconds,
    )

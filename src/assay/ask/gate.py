"""How many requests are in flight: additive increase, multiplicative decrease, as TCP does (Chiu and Jain 1989).

Source: D.-M. Chiu and R. Jain, Computer Networks and ISDN Systems 17 (1989) 1-14, doi:10.1016/0169-7552(89)90019-6.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

MOST_PAUSE_SECONDS = 120.0
"""A server that asks for more is asked again after this long: its answer then is another 429, which costs nothing."""


class Gate:
    """Lets requests pass, a bounded number at a time.

    Parameters
    ----------
    most : >= 1
        Never more in flight than this.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._cut_at = 0.0
        self._pause_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._shut = asyncio.Event()
        self.in_flight = 0
        self.most_in_flight = 0
        self.lowest_limit = most

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return max(1, int(self._limit))

    @property
    def is_shut(self) -> bool:
        """Whether nothing passes any more."""
        return self._shut.is_set()

    def shut(self) -> None:
        """Let nothing pass any more; who waits is sent away."""
        self._shut.set()
        while self._waiting:
            self._wake()

    async def enter(self) -> bool:
        """Wait for a place and take it; False where the gate was shut."""
        while not self._shut.is_set():
            pause = self._pause_until - time.monotonic()
            if pause > 0:
                await self.sleep(pause)
            elif self.in_flight < self.limit:
                self.take()
                if self.in_flight < self.limit:
                    self._wake()
                return True
            else:
                await self._queue()
        return False

    def take(self) -> None:
        """Take a place, free or not."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the gate is shut."""
        try:
            async with asyncio.timeout(seconds):
                await self._shut.wait()
        except TimeoutError:
            return

    def answered(self) -> None:
        """Widen a little: by one for each round of answers."""
        if self._limit < self._most:
            self._limit = min(float(self._most), self._limit + 1.0 / self._limit)
            self._wake()

    def throttled(self, sent_at: float, retry_after_seconds: float | None) -> None:
        """Halve, once for all the requests that were already out; pause for as long as the server asks."""
        now = time.monotonic()
        if sent_at >= self._cut_at:
            self._cut_at = now
            self._limit = max(1.0, self._limit / 2.0)
            self.lowest_limit = min(self.lowest_limit, self.limit)
        if retry_after_seconds:
            until = now + min(retry_after_seconds, MOST_PAUSE_SECONDS)
            self._pause_until = max(self._pause_until, until)

    async def _queue(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return

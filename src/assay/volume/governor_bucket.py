"""The purse of a governor: a token bucket that errors are paid from, and sums over a rolling window.

A bucket that gives ``budget / window`` a second and never holds more than a burst lets no window, wherever it begins,
pay more than ``budget + burst``: there is no cliff at the end of a month.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from assay.errors import BadInput


@dataclass(slots=True)
class ErrorBucket:
    """Points that may be spent now.

    Parameters
    ----------
    refill_per_second : > 0
        Points.
    burst : > 0
        The most that it holds. It starts full.
    level : <= burst
        What it holds; below 0 only after an override, or a failure that released.
    at
        Seconds of the clock at which `level` held.

    Notes
    -----
    Turner's leaky bucket as a meter, with errors in the place of packets. Assumes that charges are upper bounds; it
    holds what is charged, and no more than that.
    """

    refill_per_second: float
    burst: float
    level: float
    at: float

    def at_time(self, now: float) -> float:
        """Return the level at a time; a clock that went back changes nothing."""
        gained = (now - self.at) * self.refill_per_second
        return min(self.burst, self.level + gained) if gained > 0 else self.level

    def pay(self, points: float, now: float) -> None:
        """Take points out, below 0 if it must be.

        Raises
        ------
        BadInput
            If they are negative or not finite: nothing is ever put back.
        """
        if not 0 <= points < math.inf:
            raise BadInput(f"points must be finite and not negative, got {points}")
        self.level = self.at_time(now) - points
        self.at = max(self.at, now)

    def seconds_until(self, points: float, now: float) -> float:
        """Return the seconds until it holds so many points: 0 if it does; ``inf`` if they are more than the burst."""
        missing = points - self.at_time(now)
        if missing <= 0:
            return 0.0
        return math.inf if points > self.burst else missing / self.refill_per_second

    def to_json(self) -> list[float]:
        """Return level and time."""
        return [self.level, self.at]


class RollingSums:
    """Sums over the last window, by columns, in slots of time: memory does not grow.

    A slot leaves when all of it is older than the window, so the sums run over a window and up to one slot more: they
    err to the side of what was spent.

    Parameters
    ----------
    columns
        Their names.
    window_seconds : > 0
    slots : > 0
        Parts of the window.
    """

    __slots__ = ("_first", "_index", "_last", "_slots", "_totals", "columns", "slot_seconds")

    def __init__(
        self, columns: tuple[str, ...], window_seconds: float, *, slots: int = 120
    ) -> None:
        self.columns = columns
        self.slot_seconds = window_seconds / slots
        self._index = {name: i for i, name in enumerate(columns)}
        self._slots = [[0.0] * len(columns) for _ in range(slots + 1)]
        self._totals = [0.0] * len(columns)
        self._last: int | None = None
        self._first: int | None = None

    def roll(self, now: float) -> None:
        """Let leave what is older than a window."""
        slot = int(now // self.slot_seconds)
        if self._last is None:
            self._last = self._first = slot
        if slot <= self._last:
            return
        for old in range(min(slot - self._last, len(self._slots))):
            self._slots[(slot - old) % len(self._slots)] = [0.0] * len(self.columns)
        self._last = slot
        # Summed anew: running sums would gather rounding errors for ever.
        self._totals = [math.fsum(column) for column in zip(*self._slots, strict=True)]

    def add(self, column: str, amount: float, at: float) -> bool:
        """Add to the slot of a time; false where that is before the window, and nothing was added."""
        if self._last is None or at // self.slot_seconds > self._last:
            self.roll(at)
        assert self._last is not None
        slot, place = int(at // self.slot_seconds), self._index[column]
        if slot <= self._last - len(self._slots):
            return False
        self._slots[slot % len(self._slots)][place] += amount
        self._totals[place] += amount
        return True

    def total(self, column: str) -> float:
        """Return the sum over the window."""
        return self._totals[self._index[column]]

    def recent(self, column: str, share: float) -> float:
        """Return the sum over about the last share of the window, as if it went on for a whole one."""
        if self._last is None or self._first is None:
            return 0.0
        count = max(1, min(round(share * (len(self._slots) - 1)), self._last - self._first))
        place = self._index[column]
        whole = len(self._slots) - 1
        # The newest slot is not full yet: the ones before it are taken.
        total = math.fsum(
            self._slots[(self._last - k) % len(self._slots)][place] for k in range(1, count + 1)
        )
        if self._last == self._first:
            return 0.0
        return total * whole / count

    def to_json(self) -> dict[str, object]:
        """Return its state in plain types."""
        return {
            "columns": list(self.columns),
            "slots": [list(slot) for slot in self._slots],
            "totals": list(self._totals),
            "last": self._last,
            "first": self._first,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Take up the state that `to_json` gave.

        Raises
        ------
        BadInput
            If it is of other columns, or of another number of slots.
        """
        slots, totals = state.get("slots"), state.get("totals")
        if (
            state.get("columns") != list(self.columns)
            or not isinstance(slots, list)
            or not isinstance(totals, list)
            or len(slots) != len(self._slots)
        ):
            raise BadInput("the snapshot's sums are of another version of the governor")
        last, first = state.get("last"), state.get("first")
        self._slots = [[float(x) for x in slot] for slot in slots]
        self._totals = [float(x) for x in totals]
        self._last = last if isinstance(last, int) else None
        self._first = first if isinstance(first, int) else None

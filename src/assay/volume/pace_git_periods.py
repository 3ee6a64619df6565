"""What landed day by day, or week by week: for the picture of a repository's pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.volume.git_history_changes import Change

DAY = 86_400
MOST_BY_DAY = 31
MOST_PERIODS = 40


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the window, and the changes that landed in it.

    Parameters
    ----------
    start, end
        Seconds since 1970 UTC.
    assistants, others : >= 0
    """

    start: int
    end: int
    assistants: int
    others: int

    @property
    def days(self) -> float:
        """Length."""
        return (self.end - self.start) / DAY

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "from_seconds": self.start,
            "to_seconds": self.end,
            "assistants": self.assistants,
            "others": self.others,
        }


def periods_of(changes: Sequence[Change], *, start: int, end: int) -> tuple[Period, ...]:
    """Return a window in parts of equal length, of about a day or a week each; none where it is shorter than two days.

    Parameters
    ----------
    changes
        That landed in it.
    start, end
        Seconds since 1970 UTC.

    Examples
    --------
    >>> [part.days for part in periods_of([], start=0, end=28 * 86_400 * 3)][:2]
    [7.0, 7.0]
    """
    days = (end - start) / DAY
    if days < 2:
        return ()
    width = 1 if days <= MOST_BY_DAY else 7
    count = min(MOST_PERIODS, int(days // width))
    ends = [start + round((end - start) * place / count) for place in range(count + 1)]
    found = [[0, 0] for _ in range(count)]
    for change in changes:
        place = min(count - 1, (change.at - start) * count // (end - start))
        found[place][0 if change.by_assistant else 1] += 1
    return tuple(
        Period(ends[place], ends[place + 1], own, others)
        for place, (own, others) in enumerate(found)
    )

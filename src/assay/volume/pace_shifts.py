"""Shifts of reviewers: as a person writes them, and as the hours of a team."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assay.errors import BadInput
from assay.estimate.queue_simulation import Shift
from assay.volume.pace_setting import Reviewers

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(r"\s*([a-z,\-]+)\s+(\d\d?):(\d\d)-(\d\d?):(\d\d)\s*=\s*(\d{1,6})\s*")


def usual_shifts(reviewers: Reviewers) -> tuple[Shift, ...]:
    """Return the reviewers' hours as shifts: from 9:00 on, the first days of the week.

    Raises
    ------
    BadInput
        If they are not whole people on whole days.
    """
    whole, days = round(reviewers.reviewers), round(reviewers.days_a_week)
    if whole != reviewers.reviewers or days != reviewers.days_a_week:
        raise BadInput(
            "--simulate needs whole reviewers on whole days: say who is there with --shift"
        )
    opens = min(9.0, 24.0 - reviewers.hours_a_day)
    return (Shift(tuple(range(days)), opens, opens + reviewers.hours_a_day, whole),)


def shift_hours(shifts: Sequence[Shift]) -> float:
    """Return the reviewer-hours of a week."""
    return sum(len(set(s.weekdays)) * (s.closes - s.opens) * s.reviewers for s in shifts)


def parse_shift(text: str) -> tuple[Shift, ...]:
    """Return a shift from its text; one that goes past midnight is two.

    Raises
    ------
    BadInput
        If the text is none.

    Examples
    --------
    >>> parse_shift("mon-fri 09:00-17:00=3")
    (Shift(weekdays=(0, 1, 2, 3, 4), opens=9.0, closes=17.0, reviewers=3),)
    >>> [shift.weekdays for shift in parse_shift("sun 22:00-06:00=1")]
    [(6,), (0,)]
    """
    found = _SHIFT.fullmatch(text.lower())
    if found is None:
        raise BadInput(f"a shift is written as 'mon-fri 09:00-17:00=3', got {text!r}")
    days = _weekdays(found[1], text)
    opens = int(found[2]) + int(found[3]) / 60
    closes = int(found[4]) + int(found[5]) / 60
    if not (
        max(int(found[3]), int(found[5])) < 60 and max(opens, closes) <= 24 and opens != closes
    ):
        raise BadInput(f"a shift's hours go from 00:00 to 24:00 and differ, got {text!r}")
    count = int(found[6])
    if opens < closes:
        return (Shift(days, opens, closes, count),)
    late = Shift(days, opens, 24.0, count)
    if closes == 0:
        return (late,)
    return late, Shift(tuple(sorted((day + 1) % 7 for day in days)), 0.0, closes, count)


def _weekdays(words: str, text: str) -> tuple[int, ...]:
    if words == "daily":
        return tuple(range(7))
    days: list[int] = []
    for part in words.split(","):
        ends = part.split("-")
        if not 1 <= len(ends) <= 2 or any(end not in DAYS for end in ends):
            raise BadInput(f"days are mon to sun, as mon-fri or sat,sun, or daily; got {text!r}")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days += [(first + k) % 7 for k in range((last - first) % 7 + 1)]
    return tuple(sorted(set(days)))

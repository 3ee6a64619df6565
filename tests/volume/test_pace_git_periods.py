"""What landed, by day or by week: every change in one part, and parts of one length."""

from __future__ import annotations

import pytest

from assay.volume.git_history_changes import Change
from assay.volume.pace_git_periods import DAY, periods_of


@pytest.mark.parametrize(("days", "parts"), [(2, 2), (20, 20), (31, 31), (90, 12), (1_000, 40)])
def test_parts_of_one_length_hold_each_change_once(days: int, parts: int) -> None:
    start, end = 1_000_000, 1_000_000 + days * DAY
    changes = [
        Change(str(at), "", at, by_assistant=at % 3 == 0) for at in range(start, end + 1, 7_919)
    ]
    changes.append(Change("last", "", end, by_assistant=True))
    found = periods_of(changes, start=start, end=end)
    assert len(found) == parts
    assert sum(part.assistants + part.others for part in found) == len(changes)
    assert sum(part.assistants for part in found) == sum(one.by_assistant for one in changes)
    assert (found[0].start, found[-1].end) == (start, end)
    assert max(part.days for part in found) == pytest.approx(days / parts, rel=1e-4)


def test_a_day_is_too_short_for_a_picture() -> None:
    assert periods_of([], start=0, end=2 * DAY - 1) == ()

"""What escaped is a part of all errors: no look at it may say more than the live limits of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.ledger.store import Ledger
from assay.quantity import Estimate
from assay.volume.measure import measure_volume
from assay.volume.question import VolumeQuestion
from volume.desk import answer, draw, fill


@pytest.mark.parametrize("first", [14, 45, 70])
def test_escaped_errors_stay_under_the_live_limit_of_all(
    ledger: Ledger, tmp_path: Path, first: int
) -> None:
    desk = fill(ledger, traces=2_000, judge=False)
    drawn = draw(desk, 200, judge=None)
    answer(desk, drawn, tmp_path / "list.csv", first=first)
    system = measure_volume(ledger, VolumeQuestion()).systems[0]
    errors, escaped = system.errors_per_day, system.escaped_errors_per_day
    assert isinstance(errors, Estimate)
    assert isinstance(escaped, Estimate)
    assert escaped.low <= escaped.value <= escaped.high
    if first < 40:
        # Before the first look nothing else is known of what escaped.
        assert escaped.high <= errors.high
        assert "live limit" in escaped.method
    throughput = system.throughput_per_day
    assert isinstance(throughput, Estimate)
    assert escaped.high < throughput.value / 2

"""Decisions of small models replayed on published runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.curate.value_replay import Scale, best_scores, read_runs, replay, replays
from assay.curate.value_result import ALL_PAIRS, HELD_PAIRS
from assay.errors import BadInput

SMALL = Scale(411_616_256, 8_232_325_120)
LARGE = Scale(1_439_795_200, 28_795_904_000)
LONG = Scale(1_439_795_200, 143_979_520_000)


@pytest.mark.shared_data
def test_decisions_at_411_million_hold_at_a_billion_in_49_of_66_pairs(shared_data: Path) -> None:
    found = replay(read_runs(shared_data / "dclm" / "runs.csv"), SMALL, LARGE)
    assert (found.agreement.same, found.agreement.pairs) == (HELD_PAIRS, ALL_PAIRS) == (49, 66)
    assert len(found.datasets) == 12
    # Twelve data sets are few: the limits say so.
    assert found.agreement.share.low < 0.5


@pytest.mark.shared_data
def test_five_times_the_tokens_change_little(shared_data: Path) -> None:
    all_of_them = {
        (r.small, r.large): (r.agreement.same, r.agreement.pairs)
        for r in replays(read_runs(shared_data / "dclm" / "runs.csv"))
    }
    assert all_of_them == {
        (SMALL, LARGE): (49, 66),
        (SMALL, LONG): (22, 28),
        (LARGE, LONG): (25, 28),
    }


def test_the_best_run_of_a_data_set_counts() -> None:
    row = {"parameters": "10", "training_tokens": "20"}
    runs = best_scores(
        [
            {**row, "dataset": "a", "core_v2": "0.1"},
            {**row, "dataset": "a", "core_v2": "0.3"},
            {**row, "dataset": "b", "core_v2": "nan"},
        ]
    )
    assert runs == {Scale(10, 20): {"a": 0.3}}


def test_no_data_set_in_common_is_refused() -> None:
    with pytest.raises(BadInput, match="1 data sets were trained on at both"):
        replay({Scale(1, 1): {"a": 1.0}, Scale(2, 2): {"a": 2.0}}, Scale(1, 1), Scale(2, 2))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("dataset,score\na,1\n")
    with pytest.raises(BadInput, match="lacks"):
        read_runs(tmp_path / "runs.csv")

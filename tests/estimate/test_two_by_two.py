"""Two judgments as a table: shares are exact, and nothing to count among is no share."""

from __future__ import annotations

import pytest

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.two_by_two import TwoByTwo
from assay.quantity import Estimate, Unknown


def test_a_share_has_the_exact_limits_of_its_count() -> None:
    table = TwoByTwo(427, 39, 167, 22)
    assert table.n == 655
    share = table.share(table.only_second, unit="x/answer", confidence_level=0.9)
    assert isinstance(share, Estimate)
    assert (share.low, share.high) == clopper_pearson(167, 655, confidence_level=0.9)
    assert share.low < 0.255 < share.high
    assert share.n == 655


def test_nothing_found_is_no_certainty() -> None:
    share = TwoByTwo(300, 0, 0, 32).share(0, unit="x/answer")
    assert isinstance(share, Estimate)
    assert share.low == 0
    assert 0.009 < share.high < 0.012


def test_an_empty_table_has_no_share() -> None:
    assert isinstance(TwoByTwo(0, 0, 0, 0).share(0, unit="x/answer"), Unknown)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(EstimateError, match="negative"):
        TwoByTwo(1, -1, 0, 0)

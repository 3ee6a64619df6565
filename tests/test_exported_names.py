"""The package exports what it says, sorted, and each name is there."""

from __future__ import annotations

import pytest

import assay


def test_names_are_sorted_and_there() -> None:
    assert assay.__all__ == sorted(assay.__all__)
    for name in assay.__all__:
        assert getattr(assay, name).__doc__, name


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="frobnicate"):
        assay.frobnicate  # noqa: B018

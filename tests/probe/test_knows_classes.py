"""The detector's precision by class, and plain words where its count overstates what is real."""

from __future__ import annotations

import pytest

from assay.estimate.detector_precision import ReadSample
from assay.probe.knows_classes import class_precisions, warnings
from assay.probe.knows_kinds import Kind
from assay.quantity import Estimate, Unknown

COUNTS = {Kind.SLIP: 40, Kind.FORMAT: 200, Kind.DISPUTED: 0, Kind.CONCLUSION: 999}


def test_each_class_has_its_own_precision_and_what_is_not_read_is_unknown() -> None:
    slip, form, disputed = class_precisions(COUNTS, {Kind.FORMAT: ReadSample(200, 50, 48, 1)})
    assert (slip.kind, form.kind, disputed.kind) == (Kind.SLIP, Kind.FORMAT, Kind.DISPUTED)
    assert isinstance(slip.precision, Unknown)
    assert slip.sample == ReadSample(40, 0, 0)
    assert isinstance(form.real, Estimate)
    assert form.real.low < 192 < form.real.high < 200
    assert isinstance(disputed.precision, Unknown)
    assert form.to_json()["confirmed"] == 48


@pytest.mark.parametrize(
    ("confirmed", "said"),
    [
        (3, "is wrong in most of what it calls a slip here: 40 are flagged, "),
        (8, "calls too many answers a slip: 40 are flagged, "),
        (10, ""),
    ],
)
def test_an_overstated_count_is_said_in_words(confirmed: int, said: str) -> None:
    lines = warnings(class_precisions(COUNTS, {Kind.SLIP: ReadSample(40, 10, confirmed)}))
    assert len(lines) == bool(said)
    assert said in "".join(lines)


def test_nothing_is_said_of_what_nobody_has_read() -> None:
    assert warnings(class_precisions(COUNTS, {})) == []

"""Numbers in one format: "1,234.50", "1 234,50" and "1'234.5" as 1234.5, in place over the bytes of a batch."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray  # noqa: TC002

from assay.curate.byte_runs import runs

_GROUPING = rb"[.,'_ ]|\xc2\xa0|\xe2\x80[\xaf\x89\x99]"
_NUMBER = re.compile(
    # In groups of three, all behind separators of one kind; then perhaps a decimal part behind another one.
    rb"(?P<grouped>[1-9][0-9]{0,2}(?P<by>" + _GROUPING + rb")[0-9]{3}(?:(?P=by)[0-9]{3})*)"
    rb"(?![0-9])(?:(?!(?P=by))[.,](?P<decimals>[0-9]+))?(?![.,']?[0-9])"
    rb"|(?P<whole>[0-9]+)[.,](?P<part>[0-9]+)(?![.,']?[0-9])"
)
_INSIDE = np.frombuffer(b".,'_ \xc2\xe2", dtype=np.uint8)
_LONGEST = 48
"""Bytes of a number; what is longer is a list or a table."""


def canonical_numbers(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
    """Write the numbers of some texts in one format, in place; what is left over of each becomes spaces.

    Parameters
    ----------
    data : uint8
        Bytes of the texts.
    offsets : (texts + 1,) int64
        Where each text begins, from 0; a number is not read across.

    Notes
    -----
    Only numbers with a separator inside change. A number is one to three digits, then groups of three behind separators
    of one kind (point, comma, apostrophe, underscore, space), then perhaps a decimal part behind a point or comma of
    another kind; or any digits and a decimal part. Zeros at the end of a decimal part go. What does not fit (a version,
    a date, a list with spaces) stays. ``1.234`` alone is read as 1234, as in most of Europe: the English 1.234 is then
    the same number, which does no harm where copies are looked for.

    Examples
    --------
    >>> data = np.frombuffer(b"1,234.50 | 1 234,5 | 2.0 | 1.2.3", dtype=np.uint8).copy()
    >>> canonical_numbers(data, np.array([0, len(data)]))
    >>> data.tobytes()
    b'1234.5   | 1234.5  | 2   | 1.2.3'
    """
    starts, ends = _candidates(data, offsets)
    raw = data.tobytes()
    text = np.searchsorted(offsets, starts, side="right")
    done = 0
    for start, end, low, high in zip(
        starts.tolist(), ends.tolist(), offsets[text - 1].tolist(), offsets[text].tolist(),
        strict=True,
    ):  # fmt: skip
        if start < done or (start >= low + 2 and _goes_on(raw, start)):
            continue
        found = _NUMBER.match(raw, start, min(high, start + _LONGEST))
        if found and found.end() > end:
            done = found.end()
            number = _canonical(found)
            data[start:done] = np.frombuffer(number.ljust(done - start), dtype=np.uint8)


def _candidates(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the runs of digits behind which a separator and another digit may stand."""
    digit = (data - np.uint8(48)) < 10
    starts, ends = runs(digit, offsets[:-1])
    if len(starts) < 2:
        return starts[:0], ends[:0]
    near = (starts[1:] > ends[:-1]) & (starts[1:] - ends[:-1] <= 3)
    near &= ends[:-1] - starts[:-1] < _LONGEST
    near[near] = np.isin(data[ends[:-1][near]], _INSIDE)
    return starts[:-1][near], ends[:-1][near]


def _goes_on(raw: bytes, start: int) -> bool:
    """Return whether a digit and a point or comma stand before, as in the 2.3 of 1.2.3."""
    return raw[start - 1] in b".,'" and 48 <= raw[start - 2] <= 57


def _canonical(found: re.Match[bytes]) -> bytes:
    if grouped := found["grouped"]:
        whole, decimals = grouped.replace(found["by"], b""), found["decimals"] or b""
    else:
        whole, decimals = found["whole"], found["part"]
    decimals = decimals.rstrip(b"0")
    return whole + b"." + decimals if decimals else whole

"""The tests of a release certificate as rows: for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from assay.volume.release_certificate import CertifiedTest, ReleaseCertificate

MOST_ROWS = 12


class ShownTest(NamedTuple):
    """A test as it is shown."""

    score: str
    released: str
    wrong: str
    p_value: str
    said: str
    chosen: bool


def rows_of_tests(certificate: ReleaseCertificate) -> Iterator[ShownTest]:
    """Yield the first tests, and those around the one that was chosen."""
    for test in shown_tests(certificate.tests, certificate.threshold):
        chosen = test.threshold == certificate.threshold
        said = "released up to here" if chosen else "passed" if test.passed else "failed"
        yield ShownTest(
            f"{test.threshold:.6g}", f"{test.released:,}", f"{test.errors:,}",
            chance_words(test.p_value), said, chosen,
        )  # fmt: skip


def chance_words(p_value: float) -> str:
    """Return a p-value.

    Examples
    --------
    >>> chance_words(0.02739), chance_words(1e-9)
    ('0.0274', '< 0.0001')
    """
    return f"{p_value:.4f}" if p_value >= 1e-4 else "< 0.0001"


def shown_tests(
    tests: tuple[CertifiedTest, ...], chosen: float | None
) -> tuple[CertifiedTest, ...]:
    """Return the first tests, and those around the one that was chosen."""
    if len(tests) <= MOST_ROWS:
        return tests
    last = next((i for i, test in enumerate(tests) if test.threshold == chosen), 0)
    near = range(max(0, last - MOST_ROWS // 2), last + 3)
    return tuple(test for i, test in enumerate(tests) if i < 3 or i in near)

"""The outputs that a judge is calibrated on, as columns: its score, the truth as far as known, length, time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.estimate import JudgedStratum, StratumCount

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_TIME = int(np.iinfo(np.int64).min)
UNSURE, NO_LABEL = -1, -2
"""Beside 1 wrong and 0 right."""

COLUMNS = (
    "coalesce(scored.error_probability, CAST('NaN' AS DOUBLE)) AS said, "
    "CAST(coalesce(character_length(traces.output), 0) AS BIGINT) AS length, "
    f"coalesce(CAST(traces.at AS BIGINT), CAST({NO_TIME} AS BIGINT)) AS at"
)
"""SQL of what is read of `traces` beside `scored`, the judge's scores."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedOutputs:
    """Columns of equal length, one row an output.

    Parameters
    ----------
    score : in [0, 1], NaN where the judge said nothing or was unsure
    length
        Characters of the output.
    at
        Microseconds since 1970 UTC; `NO_TIME` where unknown.
    system
        Place in the evidence's systems.
    stratum
        Place in the draw's strata; 0 in a census.
    wrong
        1, 0, `UNSURE` or `NO_LABEL`.
    """

    score: FloatArray
    length: IntArray
    at: IntArray
    system: IntArray
    stratum: IntArray
    wrong: IntArray

    @property
    def scored(self) -> Mask:
        """Where the judge has said something."""
        spoken: Mask = ~np.isnan(self.score)
        return spoken

    @property
    def labeled(self) -> Mask:
        """Where a label counts, the unsure ones too."""
        known: Mask = self.wrong != NO_LABEL
        return known

    def flags(self, threshold: float) -> Mask:
        """Where the judge says wrong."""
        # A comparison with NaN is false: who said nothing flagged nothing.
        flagged: Mask = self.score >= threshold
        return flagged

    def strata(self, threshold: float, within: Mask | None = None) -> list[JudgedStratum]:
        """Return what labels and judge say of each stratum, among the scored outputs of a part."""
        inside = self.scored if within is None else self.scored & within
        return self.parted(self.flags(threshold), inside)

    def parted(self, side: Mask, within: Mask) -> list[JudgedStratum]:
        """Return the labels of each stratum among the outputs of a part, on one side and on the other."""
        return [
            JudgedStratum(
                self._count(within & (self.stratum == h) & side),
                self._count(within & (self.stratum == h) & ~side),
            )
            for h in np.unique(self.stratum[within])
        ]

    def count(self, within: Mask) -> list[StratumCount]:
        """Return the labels of each stratum among the outputs of a part."""
        return [self._count(within & (self.stratum == h)) for h in np.unique(self.stratum[within])]

    def _count(self, rows: Mask) -> StratumCount:
        wrong = self.wrong[rows]
        return StratumCount(
            size=int(rows.sum()),
            labeled=int((wrong != NO_LABEL).sum()),
            errors=int((wrong == 1).sum()),
            unsure=int((wrong == UNSURE).sum()),
        )


def outputs_of(batch: Any, system: int, *, stratum: Any, wrong: IntArray) -> JudgedOutputs:
    """Return the outputs of one record batch."""
    rows = wrong.size
    return JudgedOutputs(
        score=np.array(batch["said"].to_pylist(), dtype=np.float64),
        length=integers(batch, "length"),
        at=integers(batch, "at"),
        system=np.full(rows, system, dtype=np.int64),
        stratum=np.broadcast_to(np.asarray(stratum, dtype=np.int64), rows),
        wrong=wrong,
    )


def integers(batch: Any, name: str) -> IntArray:
    """Return a column of whole numbers."""
    return np.array(batch[name].to_pylist(), dtype=np.int64)


def joined(parts: list[JudgedOutputs]) -> JudgedOutputs:
    """Return the outputs of several record batches as one."""

    def column(name: str) -> Any:
        kind = np.float64 if name == "score" else np.int64
        return np.concatenate([np.zeros(0, kind), *(getattr(part, name) for part in parts)])

    return JudgedOutputs(**{name: column(name) for name in JudgedOutputs.__slots__})

"""A step of a pipeline: documents in, the survivors and one reason a row out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from assay.curate.documents import Documents
from assay.errors import BadInput

KEPT = ""
"""The reason of a document that is kept."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step made of a batch.

    Parameters
    ----------
    docs
        The survivors, in their order; their text may have been changed.
    reasons
        One a row of what came in: ``""`` where it is kept, else the name of the rule that dropped it.
    counts
        What else the step counted, as ``{"lines_removed": 12}``; sums over batches.

    Raises
    ------
    BadInput
        If the survivors are not as many as the rows without a reason.
    """

    docs: Documents
    reasons: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = self.reasons.count(KEPT)
        if kept != len(self.docs):
            raise BadInput(f"{kept} rows of a step have no reason, yet {len(self.docs)} survive")


@runtime_checkable
class Step(Protocol):
    """A filter, or a mapper: a frozen, picklable object that maps a batch to survivors; it knows nothing but the batch.

    The same object runs in this process, in a pool's worker and on a cluster.
    """

    @property
    def name(self) -> str:
        """What the step is called in the recipe and in the counts."""
        ...

    def __call__(self, docs: Documents) -> StepResult:
        """Return what is left of a batch, and why the others are not."""
        ...


def kept_by_reason(
    docs: Documents, reasons: Sequence[str], counts: Mapping[str, int] | None = None
) -> StepResult:
    """Return the result of a step that changes no text: the rows without a reason survive."""
    keep = np.fromiter((not reason for reason in reasons), dtype=np.bool_, count=len(docs))
    return StepResult(docs.take(keep), tuple(reasons), counts or {})


@dataclass(frozen=True, slots=True)
class StepsDone:
    """What a row of steps made of a batch.

    Parameters
    ----------
    docs
        The survivors of all steps.
    rows
        The row of each survivor among those that came in.
    reasons, dropped_by
        One a row that came in: the reason, and the step that gave it; ``""`` where it is kept.
    counts
        Step -> what it counted.
    changed
        Survivors whose text a step has changed.
    """

    docs: Documents
    rows: tuple[int, ...]
    reasons: tuple[str, ...]
    dropped_by: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    changed: int


def apply_steps(steps: Sequence[Step], docs: Documents) -> StepsDone:
    """Put a batch through steps, one after the other; what one drops the next does not see.

    Raises
    ------
    BadInput
        If a step gives back another number of reasons than it was given rows.
    """
    rows = list(range(len(docs)))
    reasons, dropped_by = [KEPT] * len(docs), [""] * len(docs)
    counts: dict[str, Mapping[str, int]] = {}
    now = docs
    for step in steps:
        done = step(now)
        if len(done.reasons) != len(now):
            raise BadInput(
                f"the step {step.name} gave {len(done.reasons)} reasons for {len(now)} documents"
            )
        for row, reason in zip(rows, done.reasons, strict=True):
            if reason:
                reasons[row], dropped_by[row] = reason, step.name
        rows = [row for row, reason in zip(rows, done.reasons, strict=True) if not reason]
        if done.counts:
            counts[step.name] = dict(done.counts)
        now = done.docs
    return StepsDone(
        now, tuple(rows), tuple(reasons), tuple(dropped_by), counts, _changed(docs, now, rows)
    )


def _changed(before: Documents, after: Documents, rows: Sequence[int]) -> int:
    if before.text is after.text or not rows:
        return 0
    index = np.asarray(rows, dtype=np.int64)
    same_length = before.text.lengths[index] == after.text.lengths
    maybe = np.flatnonzero(same_length)
    same = sum(
        before.text.bytes_of(rows[place]) == after.text.bytes_of(place) for place in maybe.tolist()
    )
    return len(rows) - same

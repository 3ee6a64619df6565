"""What is to be selected from a corpus, and how a held-out target is divided for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.curate.held_out import split_by_cluster
from assay.curate.read.raw import ReadSettings
from assay.curate.select_budget import Budget
from assay.curate.select_scores import NEEDS_TARGET, By
from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import TARGET_BYTES
from assay.errors import BadInput

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SelectQuestion:
    """What is to be selected.

    Parameters
    ----------
    corpus
        Files or folders, ``PATH`` or ``NAME=PATH``.
    budget
    by
        What documents are ranked by.
    target
        Held-out documents; one half of them makes the selection, where it is made by them, and the other proves it.
        What overlaps with any of them is never selected.
    classifier
        Name or file; for "classifier".
    measured
        What `assay curate value --json` wrote; for "value".
    quality_field
        Whose tenths were valued; for "value" by quality.
    per_cluster : >= 0
        Documents of a cluster of near-duplicates that are taken at most; 0: no limit.
    most_of_source : in (0, 1]
        Share of the budget that one source takes at most.
    seed : >= 0
    read

    Raises
    ------
    BadInput
        If one is out of range, or what `by` needs is missing.
    """

    corpus: tuple[str, ...]
    budget: Budget
    by: By = "classifier"
    target: Path | None = None
    classifier: str = "prose-1"
    measured: Path | None = None
    quality_field: str | None = None
    per_cluster: int = 1
    most_of_source: float = 1.0
    seed: int = 1
    read: ReadSettings = field(default_factory=ReadSettings)

    def __post_init__(self) -> None:
        if self.by in NEEDS_TARGET and self.target is None:
            raise BadInput(
                f"a selection by {self.by} needs a target", next_command="--target heldout.jsonl"
            )
        if self.by == "value" and self.measured is None:
            raise BadInput(
                "a selection by value needs what was measured",
                next_command="assay curate value CORPUS... --target heldout.jsonl --json > value.json",
            )
        for name, least in (("per_cluster", self.per_cluster), ("seed", self.seed)):
            if least < 0:
                raise BadInput(f"{name} must not be negative, got {least}")
        if not 0 < self.most_of_source <= 1:
            raise BadInput(
                f"most_of_source must be above 0 and at most 1, got {self.most_of_source}"
            )


def proving_half(question: SelectQuestion, target: TextColumn) -> BoolArray:
    """Return which held-out documents prove: those that the selection is not made with.

    Whole clusters of documents that overlap, by lot, about half of the bytes that count in a proof (of a document its
    first 4,096: else one book would be the half that selects); all of the documents where the selection is made without
    a target.

    Raises
    ------
    BadInput
        If the target is one cluster, which can't be divided.
    """
    if question.by not in NEEDS_TARGET:
        return np.ones(len(target), dtype=np.bool_)
    rng = np.random.default_rng([question.seed, 1])
    counted = np.minimum(target.lengths, TARGET_BYTES)
    half = max(1, int(counted.sum()) // 2)
    return split_by_cluster(target, held_out_bytes=half, rng=rng, most_bytes=TARGET_BYTES)

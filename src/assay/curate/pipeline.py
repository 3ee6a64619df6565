"""A pipeline in memory: the steps and the search for duplicates of a run, over documents that are there already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.curate.documents import Documents
from assay.curate.run_duplicates import (
    ExactDuplicates,
    NearDuplicates,
    Signatures,
    find_duplicates,
)
from assay.curate.step import Step, apply_steps


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What a pipeline made of documents.

    Parameters
    ----------
    docs
        Those that are kept, in their order; a step may have changed their text.
    reasons
        One a row of what came in: ``""`` where it is kept, else why it went.
    keepers
        One a row: the doc_id that is kept in its place, of duplicates; else ``""``.
    counts
        Step -> what it counted.
    duplicates
        What was counted of them, and by which rule they are told.
    """

    docs: Documents
    reasons: tuple[str, ...]
    keepers: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    duplicates: Mapping[str, object]

    @property
    def dropped(self) -> dict[str, int]:
        """Reason -> documents."""
        return {
            reason: self.reasons.count(reason) for reason in sorted(set(self.reasons)) if reason
        }


class Pipeline:
    """Steps, one after the other, and then duplicates.

    Parameters
    ----------
    steps
        Each sees what those before it kept. Any object with a name that maps `Documents` to a `StepResult`.
    exact_duplicates, near_duplicates
        None: not looked for.

    Examples
    --------
    >>> from assay.curate.steps import Length
    >>> texts = ["Some words to be kept.", "short", "some words, to be kept"]
    >>> done = Pipeline([Length(min_characters=10)], exact_duplicates=ExactDuplicates()).run(texts)
    >>> done.docs.text.texts(), done.dropped
    (['Some words to be kept.'], {'exact_duplicate': 1, 'too_short': 1})

    Each step can be used alone:

    >>> Length(min_characters=10)(Documents.from_texts(texts)).reasons
    ('', 'too_short', '')
    """

    def __init__(
        self,
        steps: Sequence[Step] = (),
        *,
        exact_duplicates: ExactDuplicates | None = None,
        near_duplicates: NearDuplicates | None = None,
    ) -> None:
        self.steps = tuple(steps)
        self._exact = exact_duplicates or ExactDuplicates(on=False)
        self._near = near_duplicates or NearDuplicates(on=False)

    def run(self, docs: Documents | Iterable[str]) -> PipelineResult:
        """Return what is left of documents, and why the others are not; the same as `assay curate run` writes.

        Raises
        ------
        MissingPart
            Where near-duplicates are looked for without the extra ``curate``.
        """
        batch = docs if isinstance(docs, Documents) else Documents.from_texts(docs)
        done = apply_steps(self.steps, batch)
        found = find_duplicates(
            Signatures.of(done.docs.text, self._exact, self._near),
            np.zeros(len(done.docs), dtype=np.bool_),
            done.docs.text.take,
            (self._exact, self._near),
        )
        reasons, keepers = list(done.reasons), [""] * len(batch)
        for place, row in enumerate(done.rows):
            if found.reason[place]:
                reasons[row] = str(found.reason[place])
                keepers[row] = done.docs.doc_id[int(found.keeper[place])]
        return PipelineResult(
            done.docs.take(found.reason == ""),
            tuple(reasons),
            tuple(keepers),
            done.counts,
            found.facts,
        )

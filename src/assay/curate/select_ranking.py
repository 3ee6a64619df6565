"""How the documents of a corpus are ranked for a selection, batch by batch or once all were seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assay.curate.diversity import KEPT
from assay.curate.importance_weights import ImportanceSettings
from assay.curate.measure_store import TextStore
from assay.curate.select_corpus import Columns, Score, field_values, importance, tokenizer_of
from assay.curate.select_question import SelectQuestion, proving_half
from assay.curate.select_scores import (
    Measured,
    TargetModel,
    classifier_scores,
    perplexity_scores,
    read_measured,
    tenths,
    value_scores,
)
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Progress = Callable[[str, int, float | None], None]
"""Called with what is being done, how many of it are, and the share."""

OTHER_TARGET = (
    "The file does not say which documents it was measured on. What was measured must have been measured on other "
    "documents than this target: on the same ones the proof is no proof."
)


def proving_rows(question: SelectQuestion, target: TextColumn) -> NDArray[np.bool_]:
    """Return which held-out documents prove a selection: none that made it, nor any that is nearly one that did.

    Raises
    ------
    BadInput
        If the value by which it is made was measured on one of them, or the target can't be divided.
    """
    found = proving_half(question, target)
    if question.by != "value" or question.measured is None or not target.nbytes:
        return found
    equal, near = read_measured(question.measured).made_by(target)
    if equal:
        raise BadInput(
            f"the value was measured on {len(equal):,} of the target's {len(target):,} documents: they can't prove "
            f"what they made (the first is document {equal[0] + 1:,} of the target)",
            next_command="--target with other held-out documents; or --no-proof and no --target",
        )
    found[near] = False
    return found


class Ranking:
    """How documents are ranked: what scores a batch, and what is known only once all were seen.

    Parameters
    ----------
    question
    store
        The corpus.
    fit
        Held-out documents that may make the selection.

    Attributes
    ----------
    tokenizer
        Of the corpus.
    score
        Scores a batch; None where that takes all texts.
    described
        In words.

    Raises
    ------
    BadInput
        If the classifier or what was measured can't be read.
    """

    def __init__(self, question: SelectQuestion, store: TextStore, fit: TextColumn) -> None:
        self._question, self._store, self._fit = question, store, fit
        self.tokenizer = tokenizer_of(store)
        self.score: Score | None = None
        self._measured: Measured | None = None
        if question.by == "classifier":
            # Asked once before all texts are: a classifier that is not there is said at once.
            classifier_scores(TextColumn.from_texts([]), question.classifier)
            self.score = lambda texts: classifier_scores(texts, question.classifier)
            self.described = f"the quality classifier {question.classifier}"
        elif question.by == "perplexity":
            model = TargetModel.of(fit, self.tokenizer)
            self.score = lambda texts: perplexity_scores(texts, model)
            self.described = f"bits per byte under a {model.described}"
        elif question.by == "importance":
            self.described = (
                f"importance weights of {ImportanceSettings().described}, drawn by Gumbel top-k"
            )
        else:
            assert question.measured is not None
            self._measured = read_measured(question.measured)
            self.described = (
                f"the lower limit of the gain per million tokens that was measured by {self._measured.by} "
                f"({self._measured.proxy}); within a part by lot"
            )

    def finished(
        self, columns: Columns, on_progress: Progress
    ) -> tuple[FloatArray, tuple[str, ...]]:
        """Return all scores, and why a document is never taken; "" else."""
        question, nothing = self._question, ("",) * len(self._store)
        if question.by == "importance":
            keys = importance(
                self._store,
                self._fit,
                rng=np.random.default_rng([question.seed, 3]),
                on_progress=lambda count, share: on_progress("weighing", count, share),
            )
            return keys, nothing
        if self._measured is None:
            return columns.scores, nothing
        return value_scores(self._parts(), self._measured.parts)

    def _parts(self) -> tuple[str, ...]:
        assert self._measured is not None
        if self._measured.by == "source":
            return tuple(self._store.names[code] for code in self._store.source.tolist())
        question = self._question
        if question.quality_field is None:
            raise BadInput(
                "tenths of quality were valued: the field must be named",
                next_command="--quality-field NAME",
            )
        quality = field_values(question.corpus, question.read, question.quality_field)
        return tenths(quality, self._store.texts.lengths)

    def notes(self, reasons: tuple[str, ...], sizes: IntArray) -> tuple[str, ...]:
        """Return what must be known of the ranking, beside its name."""
        if self._measured is None:
            return ()
        parts = self._parts()
        open_ = {n for n, part in self._measured.parts.items() if part.verdict == "cannot tell"}
        told = [
            size
            for name, reason, size in zip(parts, reasons, sizes.tolist(), strict=True)
            if reason == KEPT and name in open_
        ]
        notes = [OTHER_TARGET] if self._measured.target is None else []
        if told:
            notes.append(
                f"{sum(told):,} {self._question.budget.unit} of the selection are of parts whose value could not be "
                "told: they stand below those that surely help."
            )
        return tuple(notes)

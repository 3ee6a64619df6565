"""From files to an answer: read a corpus and a target, and value the corpus's sources, tenths of quality or filters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from assay.curate.documents import Documents
from assay.curate.proxies.proxy import Proxy
from assay.curate.read.files import inputs_of, reader_of
from assay.curate.read.raw import ReadSettings
from assay.curate.rule import Family
from assay.curate.rules import RULES, failing
from assay.curate.text_column import TextColumn
from assay.curate.value import measure_value
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.curate.value_curve import ValueCurve, deciles, measure_curve
from assay.curate.value_filter import FilterValue, measure_filters
from assay.curate.value_mixture import BestMixture, best_mixture
from assay.curate.value_result import ValueAnswer
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput

By = Literal["source", "quality", "filter"]
Progress = Callable[[int, float | None], None]

MOST_BYTES = 256_000_000
"""Of a larger corpus a sample of documents is read: all of what is read is held in memory."""


@dataclass(frozen=True, slots=True)
class ValueQuestion:
    """What is asked.

    Parameters
    ----------
    corpus
        Files or folders, ``PATH`` or ``NAME=PATH``.
    target
        Held-out documents.
    by
        What is valued.
    quality_field
        The record's field that says how good a document is; for "quality".
    families
        Rules that are valued as filters; for "filter".
    mixture
        Whether the best mixture of the sources is asked for, too.
    settings
    read
        How records become documents.
    """

    corpus: tuple[str, ...]
    target: Path
    by: By = "source"
    quality_field: str = "quality"
    families: tuple[Family, ...] = ("gopher", "c4", "fineweb")
    mixture: bool = False
    settings: ValueSettings = field(default_factory=ValueSettings)
    read: ReadSettings = field(default_factory=ReadSettings)


@dataclass(frozen=True, slots=True)
class ValueReport:
    """The answer, and what was read for it.

    Parameters
    ----------
    question
    proxy
    answer
        By source, or by tenth of quality; None where filters were asked for.
    curve
        Where quality was asked for.
    filters
        Where filters were.
    mixture
        Where it was asked for.
    documents : >= 0
        Read of the corpus.
    rejected
        Reason -> records that are no documents, of corpus and target.
    sampled : in (0, 1]
        Share of the documents that was read.
    """

    question: ValueQuestion
    proxy: str
    answer: ValueAnswer | None
    curve: ValueCurve | None
    filters: tuple[FilterValue, ...]
    mixture: BestMixture | None
    documents: int
    rejected: dict[str, int]
    sampled: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "by": self.question.by,
            "proxy": self.proxy,
            "documents": self.documents,
            "rejected": self.rejected,
            "sampled": self.sampled,
            "value": None if self.answer is None else self.answer.to_json(),
            "curve": None if self.curve is None else self.curve.to_json(),
            "filters": [found.to_json() for found in self.filters],
            "mixture": None if self.mixture is None else self.mixture.to_json(),
        }


def value_files(
    question: ValueQuestion, proxy: Proxy, *, on_progress: Progress | None = None
) -> ValueReport:
    """Read a corpus and a target, and value what was asked for.

    Parameters
    ----------
    question, proxy
    on_progress
        Called with the number of trainings done and the share of this part of the work.

    Raises
    ------
    BadInput
        If a file can't be read, or holds too little.
    EstimateError
        If the target rests on too few documents.
    """
    total = sum(each.path.stat().st_size for each in inputs_of(question.corpus))
    share = min(1.0, MOST_BYTES / max(1, total))
    docs, rejected = read_texts(question.corpus, question.read, share=share)
    target, target_rejected = read_texts([str(question.target)], question.read)
    if not len(docs):
        raise BadInput(f"the corpus holds no document: {dict(rejected) or 'it is empty'}")
    ready = ready_corpus(docs.text, docs.source, target.text, keep_repeats=proxy.values_repeats)
    answer: ValueAnswer | None = None
    curve: ValueCurve | None = None
    filters: tuple[FilterValue, ...] = ()
    if question.by == "source":
        answer = measure_value(ready, proxy, question.settings, on_progress=on_progress)
    elif question.by == "quality":
        answer, curve = _by_quality(question, ready, docs, proxy, on_progress)
    else:
        filters = _by_filter(question, ready, docs, proxy, on_progress)
    mixture = None
    if question.mixture:
        bad = (
            () if answer is None or question.by != "source" else answer.named("hurts", "worthless")
        )
        mixture = best_mixture(
            ready, proxy, question.settings, leave_out=bad, on_progress=on_progress
        )
    return ValueReport(
        question,
        proxy.name,
        answer,
        curve,
        filters,
        mixture,
        len(docs),
        dict(sorted((rejected + target_rejected).items())),
        share,
    )


def read_texts(
    named: Sequence[str], settings: ReadSettings, *, share: float = 1.0
) -> tuple[Documents, Counter[str]]:
    """Return the documents of some files, and how many records are none, by reason.

    Parameters
    ----------
    named
        ``PATH`` or ``NAME=PATH``.
    settings
    share : in (0, 1]
        Of the documents that is drawn, by their place in the file.
    """
    parts: list[Documents] = []
    rejected: Counter[str] = Counter()
    for each in inputs_of(named):
        reader = reader_of(each.path, settings)
        for block in reader.blocks(each.path, each.source):
            parsed = reader.parse(block, share)
            rejected.update(one.reason for one in parsed.rejected)
            if len(parsed.docs):
                parts.append(parsed.docs)
    return Documents.joined(parts) if parts else Documents.from_texts([]), rejected


def _by_quality(
    question: ValueQuestion,
    ready: ReadyCorpus,
    docs: Documents,
    proxy: Proxy,
    on_progress: Progress | None,
) -> tuple[ValueAnswer, ValueCurve]:
    quality = qualities(docs, question.quality_field)[ready.pool.document]
    tenths = ReadyCorpus(deciles(ready.pool, quality), ready.target, ready.tokenizer, ready.rule)
    answer = measure_value(tenths, proxy, question.settings, by="quality", on_progress=on_progress)
    curve = measure_curve(
        ready,
        proxy,
        quality,
        question.settings,
        ranked_by=question.quality_field,
        on_progress=on_progress,
    )
    return answer, curve


def qualities(docs: Documents, name: str) -> npt.NDArray[np.float64]:
    """Return a numeric field of each document's record.

    Raises
    ------
    BadInput
        If a record lacks it, or it is no number.
    """
    found = np.empty(len(docs))
    for row, fields in enumerate(docs.fields):
        value = json.loads(fields).get(name) if fields else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise BadInput(
                f"the field {name!r} must be a number in every record, got {value!r}",
                where=docs.where[row],
                next_command="name another field with --quality-field",
            )
        found[row] = value
    return found


def _by_filter(
    question: ValueQuestion,
    ready: ReadyCorpus,
    docs: Documents,
    proxy: Proxy,
    on_progress: Progress | None,
) -> tuple[FilterValue, ...]:
    document = ready.pool.document
    needed = np.unique(document)
    texts: TextColumn = docs.text.take(needed)
    kept: dict[str, npt.NDArray[np.bool_]] = {}
    for family in question.families:
        whole = np.zeros(len(docs), dtype=np.bool_)
        whole[needed] = failing(texts, RULES[family]) < 0
        if whole.any():
            kept[family] = whole[document]
    if not kept:
        raise BadInput(
            f"the rules {', '.join(question.families)} drop every document of this corpus: nothing of them can "
            f"be valued",
            next_command="assay curate run CORPUS --dry-run",
        )
    return measure_filters(ready, proxy, kept, question.settings, on_progress=on_progress)

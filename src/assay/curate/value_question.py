"""What is asked about the value of data, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from assay.curate.read.raw import ReadSettings
from assay.curate.rule import Family
from assay.curate.value_agreement import Agreement
from assay.curate.value_curve import ValueCurve
from assay.curate.value_filter import FilterValue
from assay.curate.value_mixture import BestMixture
from assay.curate.value_result import ValueAnswer
from assay.curate.value_settings import ValueSettings

By = Literal["source", "quality", "filter"]


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
    agree
        Whether another proxy's order of the sources is held against the proxy's.
    budgets : each >= 1,000
        Training tokens of each source, for the orders that are compared; none: those of the settings.
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
    agree: bool = False
    budgets: tuple[int, ...] = ()
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
    agreement
        Of proxies, and of budgets, where it was asked for.
    documents : >= 0
        Read of the corpus.
    rejected
        Reason -> records that are no documents, of corpus and target.
    sampled : in (0, 1]
        Share of the documents that was read.
    target : (documents,)
        `assay.curate.exact_duplicates.document_digests` of the held-out documents: who proves something with this
        answer must take others.
    target_windows : (documents,)
        `assay.curate.shared_documents.windows_sketch` of them: whom an edited copy is told by.
    unread
        The records that are no documents in words, with the place of the first of each kind.
    """

    question: ValueQuestion
    proxy: str
    answer: ValueAnswer | None
    curve: ValueCurve | None
    filters: tuple[FilterValue, ...]
    mixture: BestMixture | None
    agreement: Agreement | None
    documents: int
    rejected: dict[str, int]
    sampled: float
    target: tuple[str, ...] = ()
    target_windows: tuple[tuple[str, ...], ...] = ()
    unread: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "by": self.question.by,
            "proxy": self.proxy,
            "documents": self.documents,
            "rejected": self.rejected,
            "unread": self.unread,
            "sampled": self.sampled,
            "training_tokens": self.question.settings.tokens,
            "seeds": self.question.settings.seeds,
            "target_read": len(self.target),
            "target_documents": sorted(set(self.target)),
            "target_windows": sorted({" ".join(one) for one in self.target_windows if one}),
            "value": None if self.answer is None else self.answer.to_json(),
            "curve": None if self.curve is None else self.curve.to_json(),
            "filters": [found.to_json() for found in self.filters],
            "mixture": None if self.mixture is None else self.mixture.to_json(),
            "agreement": None if self.agreement is None else self.agreement.to_json(),
        }

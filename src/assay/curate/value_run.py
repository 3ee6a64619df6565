"""From files to an answer: read a corpus and a target, and value the corpus's sources, tenths of quality or filters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assay.curate.documents import Documents
from assay.curate.exact_duplicates import document_digests
from assay.curate.proxies.named import ProxyChoice
from assay.curate.proxies.proxy import Proxy
from assay.curate.read.files import inputs_of, size_of
from assay.curate.rules import RULES, failing
from assay.curate.shared_documents import windows_sketch
from assay.curate.text_column import TextColumn
from assay.curate.value import measure_value
from assay.curate.value_agreement import Agreement, measure_agreement
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.curate.value_curve import ValueCurve, deciles, measure_curve
from assay.curate.value_filter import FilterValue, measure_filters
from assay.curate.value_mixture import best_mixture
from assay.curate.value_plan import ValuePlan
from assay.curate.value_question import ValueQuestion, ValueReport
from assay.curate.value_read import check_apart, read_texts
from assay.curate.value_result import ValueAnswer
from assay.curate.value_trainings import Trainings
from assay.errors import BadInput

Progress = Callable[[int, float | None], None]

MOST_BYTES = 256_000_000
"""Of a larger corpus a sample of documents is read: all of what is read is held in memory."""


class _ProxyOf(Protocol):
    def __call__(self, choice: ProxyChoice, *, keep_repeats: bool) -> Proxy: ...


class ValueRun:
    """A corpus and a target that were read, a question, and the models that answer it.

    Parameters
    ----------
    question
    choice
        Which proxy.
    work
        A folder where finished trainings are kept: the same question goes on from there, to the same answer. None: they
        are lost when the run ends.

    Raises
    ------
    BadInput
        If a file can't be read, or holds too little.
    MissingPart
        If the proxy needs an optional part that is not installed.
    """

    def __init__(
        self,
        question: ValueQuestion,
        choice: ProxyChoice | None = None,
        *,
        work: Path | None = None,
    ) -> None:
        self.question, self.choice = question, choice or ProxyChoice()
        for each in self.choices:
            each.check()
        check_apart(question.corpus, question.target)
        total = sum(size_of(each.path) for each in inputs_of(question.corpus))
        self.sampled = min(1.0, MOST_BYTES / max(1, total))
        self.docs, unread = read_texts(question.corpus, question.read, share=self.sampled)
        target, target_unread = read_texts([str(question.target)], question.read)
        if not len(self.docs):
            raise BadInput(
                f"the corpus holds no document: {unread.words or 'it is empty'}",
                next_command="--text-field NAME, where the text stands in another field",
            )
        if not target.text.nbytes:
            raise BadInput(
                f"the target {question.target} holds no text in the field {question.read.text_field!r}: "
                f"{target_unread.words or 'it is empty'}",
                next_command="--text-field NAME, the same for corpus and target",
            )
        unread.add(target_unread)
        self.unread = unread
        self._target = target.text
        self._ready: dict[bool, ReadyCorpus] = {}
        self._trainings = Trainings(self.ready, work)

    @property
    def choices(self) -> tuple[ProxyChoice, ...]:
        """The proxies: the one asked for, and the one that its order is held against, if that is asked for."""
        return (self.choice, self.choice.rival) if self.question.agree else (self.choice,)

    def ready(self, keep_repeats: bool) -> ReadyCorpus:
        """Return the corpus with the text that says nothing new, or without it."""
        if keep_repeats not in self._ready:
            self._ready[keep_repeats] = ready_corpus(
                self.docs.text, self.docs.source, self._target, keep_repeats=keep_repeats
            )
        return self._ready[keep_repeats]

    def plan(self) -> ValuePlan:
        """Return what will be trained and about how long it takes; the first of each proxy is trained for that.

        Raises
        ------
        BadInput, EstimateError
            What the measurement would raise after hours: too little text, too few held-out documents.
        """
        self._rehearse()
        return self._trainings.plan()

    def _rehearse(self) -> None:
        self._measure(self._trainings.rehearsal, rehearsed=True)

    def _rehearse_what_is_sure(self) -> None:
        """Go through all but the mixture: which sources it may hold is not known before."""
        self._measure(self._trainings.rehearsal, rehearsed=True, mixture=False)

    def report(self, on_progress: Progress | None = None, *, workers: int = 1) -> ValueReport:
        """Train, and return the answer.

        Parameters
        ----------
        on_progress
            Called with the models done, and the share of the time that is behind where there was a plan.
        workers : >= 1
            Trainings of a slow proxy side by side; the numbers are the same for any.

        Raises
        ------
        BadInput
            If the corpus holds too little, or a training fails.
        EstimateError
            If the target rests on too few documents.
        """
        self._trainings.begin(on_progress)
        if workers > 1 and any(each.slow for each in self.choices):
            self._trainings.train_ahead(self._rehearse_what_is_sure, workers)
        return self._measure(self._trainings.proxy)

    def _measure(
        self, proxy_of: _ProxyOf, *, rehearsed: bool = False, mixture: bool = True
    ) -> ValueReport:
        question, keep = self.question, self.choice.values_repeats
        ready, proxy = self.ready(keep), proxy_of(self.choice, keep_repeats=keep)
        answer: ValueAnswer | None = None
        curve: ValueCurve | None = None
        filters: tuple[FilterValue, ...] = ()
        if question.by == "source":
            answer = measure_value(ready, proxy, question.settings)
        elif question.by == "quality":
            answer, curve = _by_quality(question, ready, self.docs, proxy)
        else:
            filters = _by_filter(question, ready, self.docs, proxy)
        best = None
        if question.mixture and mixture:
            bad: tuple[str, ...] = ()
            if answer is not None and question.by == "source" and not rehearsed:
                bad = answer.named("hurts", "worthless")
            best = best_mixture(ready, proxy, question.settings, leave_out=bad)
        return ValueReport(
            question,
            proxy.name,
            answer,
            curve,
            filters,
            best,
            self._agreement(proxy_of),
            len(self.docs),
            dict(sorted(self.unread.counts.items())),
            self.sampled,
            document_digests(self._target),
            windows_sketch(self._target),
            self.unread.words,
        )

    def _agreement(self, proxy_of: _ProxyOf) -> Agreement | None:
        if not (self.question.agree or self.question.budgets):
            return None
        # All are trained on the same text: as the one needs it that can bear least.
        keep = all(each.values_repeats for each in self.choices)
        proxies = [proxy_of(each, keep_repeats=keep) for each in self.choices]
        return measure_agreement(
            self.ready(keep), proxies, self.question.settings, budgets=self.question.budgets
        )


def value_files(
    question: ValueQuestion,
    choice: ProxyChoice | None = None,
    *,
    work: Path | None = None,
    on_progress: Progress | None = None,
) -> ValueReport:
    """Read a corpus and a target, and value what was asked for: a `ValueRun` without its plan.

    Parameters
    ----------
    question, choice, work
        As of `ValueRun`.
    on_progress
        As of `ValueRun.report`.

    Raises
    ------
    BadInput
        If a file can't be read, or holds too little.
    EstimateError
        If the target rests on too few documents.
    MissingPart
        If the proxy needs an optional part that is not installed.
    """
    return ValueRun(question, choice, work=work).report(on_progress)


def _by_quality(
    question: ValueQuestion,
    ready: ReadyCorpus,
    docs: Documents,
    proxy: Proxy,
) -> tuple[ValueAnswer, ValueCurve]:
    quality = qualities(docs, question.quality_field)[ready.pool.document]
    tenths = ReadyCorpus(deciles(ready.pool, quality), ready.target, ready.tokenizer, ready.rule)
    answer = measure_value(tenths, proxy, question.settings, by="quality")
    curve = measure_curve(
        ready,
        proxy,
        quality,
        question.settings,
        ranked_by=question.quality_field,
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
    return measure_filters(ready, proxy, kept, question.settings)

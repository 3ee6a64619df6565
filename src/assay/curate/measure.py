"""`assay curate measure`: how much of a corpus adds something, how fast that grows, and what repeating it is worth."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.curate.measure_growth import Growth, GrowthSettings, grams_of, growth_of
from assay.curate.measure_steps import EffectiveWords, Places, StepSettings, effective_words
from assay.curate.measure_store import Progress, TextStore, read_store, spans
from assay.curate.read.raw import ReadSettings
from assay.errors import BadInput
from assay.estimate.repeat_value import LABEL, LEFT_OUT, SPREAD, RepeatValue, repeat_value
from assay.quantity import Estimate, Quantity, Unknown

Begin = Callable[[str], Progress]
EPOCHS = (2, 4, 8, 16, 40)
MEASURE_IT = (
    "to measure it on your own data, train on it: assay.curate.repeats.measure_repeats, with the small transformer of "
    'pip install "assay[train]"'
)


@dataclass(frozen=True, slots=True)
class MeasureQuestion:
    """What is asked.

    Parameters
    ----------
    corpus
        ``PATH`` or ``NAME=PATH``.
    steps, growth, read
    epochs
        For which repeating is valued.
    tokenizer
        Whether tokens are counted, by byte pairs trained on the corpus.
    scratch
        Folder for a temporary copy of the text; None: the system's.
    """

    corpus: tuple[str, ...]
    steps: StepSettings = field(default_factory=StepSettings)
    growth: GrowthSettings = field(default_factory=GrowthSettings)
    read: ReadSettings = field(default_factory=ReadSettings)
    epochs: tuple[float, ...] = EPOCHS
    tokenizer: bool = True
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class RawTokens:
    """Tokens of the raw text.

    Parameters
    ----------
    tokenizer
        Its name.
    tokens
        Of all text.
    by_source
    """

    tokenizer: str
    tokens: int
    by_source: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The answer.

    Parameters
    ----------
    question
    sources
    documents, bytes
        As they were read.
    bytes_by_source, documents_by_source
    rejected
        Reason -> records that are no documents.
    tokens
        None where they were not asked for.
    effective
        The steps.
    growth
        For each size of n-grams all sources together, then each.
    repeats
        Of the words that are left after all steps.
    """

    question: MeasureQuestion
    sources: tuple[str, ...]
    documents: int
    bytes: int
    bytes_by_source: tuple[int, ...]
    documents_by_source: tuple[int, ...]
    rejected: dict[str, int]
    tokens: RawTokens | None
    effective: EffectiveWords
    growth: tuple[Growth, ...]
    repeats: tuple[RepeatValue, ...]

    @property
    def left(self) -> Quantity:
        """Words that are left after all steps."""
        return self.effective.steps[-1].total

    @property
    def left_share(self) -> Quantity:
        """The same over all words that were read."""
        raw = self.effective.steps[0].total
        if isinstance(self.left, Unknown) or isinstance(raw, Unknown) or not raw.value:
            return Unknown("there are no words")
        return self.left.scaled(1 / raw.value, "of the raw words")

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        tokens = self.tokens
        return {
            "documents": self.documents,
            "bytes": self.bytes,
            "rejected": self.rejected,
            "sources": [
                {"name": name, "documents": documents, "bytes": size}
                for name, documents, size in zip(
                    self.sources, self.documents_by_source, self.bytes_by_source, strict=True
                )
            ],
            "tokens": None
            if tokens is None
            else {
                "tokenizer": tokens.tokenizer,
                "tokens": tokens.tokens,
                "by_source": list(tokens.by_source),
            },
            "steps": [step.to_json() for step in self.effective.steps],
            "skipped": self.effective.skipped,
            "languages_kept": list(self.effective.languages),
            "effective_words": self.left.to_json(),
            "effective_share": self.left_share.to_json(),
            "growth": [one.to_json() for one in self.growth],
            "repeats": [one.to_json() for one in self.repeats],
            "repeats_label": LABEL,
            "repeats_notes": [SPREAD, LEFT_OUT, MEASURE_IT],
        }


def measure_files(question: MeasureQuestion, *, begin: Begin = lambda _title: _silent) -> Measured:
    """Measure a corpus.

    Parameters
    ----------
    question
    begin
        Given the name of a part of the work, returns what to call with a count and the share that is done.

    Raises
    ------
    BadInput
        If a file can't be read, or the corpus holds no document.

    Notes
    -----
    Memory is some 200 bytes a document, 16 a line and 20 a pair of n-gram and document held; the text itself
    lies in a temporary file.
    """
    with tempfile.TemporaryDirectory(prefix="assay-measure-", dir=question.scratch) as folder:
        store = read_store(
            question.corpus, question.read, Path(folder) / "texts", on_progress=begin("reading")
        )
        if not len(store):
            raise BadInput(
                f"the corpus holds no document: {_reasons(store.rejected) or 'it is empty'}",
                next_command="name the field of the text with --text-field",
            )
        counts, tokens = _tokens(store, begin("tokens")) if question.tokenizer else (None, None)
        effective = effective_words(store, question.steps, tokens=counts, begin=begin)
        growth = _growth(store, question.growth, begin)
        ones = store.by_source(store.texts.lengths * 0 + 1)
        lengths = store.by_source(store.texts.lengths)
        left = effective.steps[-1].total
        repeats = (
            tuple(repeat_value(left.value, epochs) for epochs in question.epochs)
            if isinstance(left, Estimate)
            else ()
        )
        return Measured(
            question,
            store.names,
            len(store),
            store.texts.nbytes,
            tuple(int(one) for one in lengths),
            tuple(int(one) for one in ones),
            store.rejected,
            tokens,
            effective,
            growth,
            repeats,
        )


def _growth(store: TextStore, settings: GrowthSettings, begin: Begin) -> tuple[Growth, ...]:
    """Return the growth of all sources and of each: of the raw text, as more of it would come with its duplicates."""
    found: list[Growth] = []
    several: Sequence[int] = range(len(store.names)) if len(store.names) > 1 else ()
    for words in settings.sizes:
        grams = grams_of(
            store, words, kept=settings.kept, on_progress=begin(f"n-grams of {words} words")
        )
        found.append(growth_of(grams, store, None, words, settings))
        found += [growth_of(grams, store, source, words, settings) for source in several]
    return tuple(found)


def _tokens(store: TextStore, progress: Progress) -> tuple[Places, RawTokens]:
    import numpy as np

    from assay.curate.proxies.tokenizer import train_tokenizer
    from assay.curate.text_column import TextColumn

    tokenizer = train_tokenizer(store.texts)
    counts = np.zeros(len(store), dtype=np.int64)
    for first, last in spans(store.texts):
        part = TextColumn(store.texts.data, store.texts.offsets[first : last + 1])
        counts[first:last] = tokenizer.encode(part).lengths
        progress(last, last / len(store))
    each = store.by_source(counts)
    return counts, RawTokens(
        f"{tokenizer.name}, trained on the first 4 MB of this corpus",
        int(counts.sum()),
        tuple(int(one) for one in each),
    )


def _reasons(rejected: dict[str, int]) -> str:
    return ", ".join(f"{count} records rejected, {reason}" for reason, count in rejected.items())


def _silent(_count: int, _share: float | None) -> None:
    return None

"""Effective words: what is left of a corpus, source by source, after each step that takes out what adds nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.curate.decontaminate import Decontaminate
from assay.curate.documents import Documents
from assay.curate.exact_duplicates import exact_hashes, first_with_same
from assay.curate.language import UNKNOWN_LANGUAGE, check_languages, languages
from assay.curate.measure_boilerplate import (
    BoilerplateRule,
    Stretches,
    common,
    is_boilerplate,
    stretches,
    without,
)
from assay.curate.measure_store import Progress, TextStore
from assay.curate.measure_table import StepLeft, StepTable
from assay.curate.minhash import SENSITIVE, BlockSignature, block_signature
from assay.curate.near_duplicates import Clusters, NearDuplicateSettings, find_clusters
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Begin = Callable[[str], Progress]
RAW, EXACT, NEAR, BOILERPLATE, LANGUAGE, EXAM = (
    "raw",
    "exact duplicates",
    "near-duplicates",
    "boilerplate",
    "other languages",
    "exam overlap",
)


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What is taken out, and how.

    Parameters
    ----------
    near
        When two documents are near-duplicates.
    boilerplate
    languages
        ISO 639 codes that stay; empty: the one that most words are in. Text of which no language can be told stays.
    exam
        The exams that are looked for; None: none.
    sample : >= 100, or None
        Documents that languages and exams are looked for in, drawn with chances by their words; None: all of them.
    seed : >= 0
        Of the sample.
    confidence_level : in (0, 1)

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    near: NearDuplicateSettings = field(
        default_factory=lambda: NearDuplicateSettings(minhash=SENSITIVE, most_compared=64)
    )
    boilerplate: BoilerplateRule = field(default_factory=BoilerplateRule)
    languages: tuple[str, ...] = ()
    exam: Decontaminate | None = None
    sample: int | None = None
    seed: int = 1
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if self.sample is not None and self.sample < 100:
            raise BadInput(f"a sample has at least 100 documents, got {self.sample}")
        if not 0 < self.confidence_level < 1 or self.seed < 0:
            raise BadInput("confidence_level is in (0, 1) and seed at least 0")
        if self.languages:
            check_languages(self.languages)


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveWords:
    """The steps, and the documents that are left for what comes after.

    Parameters
    ----------
    steps
        In order, the raw text first.
    skipped
        Steps that were not done -> why.
    words : (documents,)
        Raw words of each.
    unique : (documents,)
        Whether it is left after exact and near-duplicates.
    languages
        Codes that stayed.
    """

    steps: tuple[StepLeft, ...]
    skipped: dict[str, str]
    words: Places
    unique: Mask
    languages: tuple[str, ...]


def effective_words(
    store: TextStore,
    settings: StepSettings,
    *,
    tokens: Places | None = None,
    begin: Begin = lambda _title: _silent,
) -> EffectiveWords:
    """Return what is left of a corpus after each step.

    Parameters
    ----------
    store
    settings
    tokens : (documents,) or None
        Of each document, where they were counted.
    begin
        Given the name of a part of the work, returns what to call with a count and the share that is done.

    Notes
    -----
    Duplicates and boilerplate are counted on all documents, always: in a sample of a tenth a copy meets its other one
    once in ten. What is decided by a document alone, its language and exam, can be sampled: documents are drawn with
    replacement, with chances by the words they have left, so that the share of drawn documents that stay is that of
    words, and its interval exact (Clopper-Pearson, cell by cell; of several cells each has its own level).
    """
    scan = _scan(store, settings, begin("words and lines"))
    table = StepTable(store, settings.confidence_level, scan.words, tokens)
    table.add(
        RAW, scan.words, np.ones(len(store), dtype=np.bool_), "as read; words of letters and digits"
    )
    clusters = _clusters(store, scan, settings, begin("duplicates"))
    first = np.asarray(scan.same_as == np.arange(len(store)))
    table.add(EXACT, scan.words, first, "the same words in the same order; the first stays")
    skipped: dict[str, str] = {}
    alive = first
    if clusters is None:
        skipped[NEAR] = 'not looked for without rensa: pip install "assay[curate]"'
    else:
        alive = clusters.kept
        table.add(NEAR, scan.words, alive, f"{settings.near.described}; the first stays")
    cut = _Cut(store, scan, alive, settings.boilerplate)
    table.add(BOILERPLATE, cut.words, alive, settings.boilerplate.described, cut.bytes_left)
    kept = _by_document(cut, settings, table, skipped, begin)
    return EffectiveWords(tuple(table.steps), skipped, scan.words, alive, kept)


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    words: Places
    same_as: Places
    signatures: tuple[BlockSignature, ...]
    line: tuple[NDArray[np.uint64], Places]
    paragraph: tuple[NDArray[np.uint64], Places]


def _scan(store: TextStore, settings: StepSettings, progress: Progress) -> _Scan:
    from assay.errors import MissingPart

    words, hashes, signatures = [], [], []
    kinds: tuple[list[tuple[NDArray[np.uint64], Places]], ...] = ([], [])
    sketch = True
    for row, texts in store.batches():
        counts, lines, paragraphs = stretches(texts, settings.boilerplate)
        words.append(counts)
        for kind, found in zip(kinds, (lines, paragraphs), strict=True):
            kind.append((found.hashes, found.text + row))
        hashes.append(exact_hashes(texts, settings.near.minhash.shingles.normalisation))
        if sketch:
            try:
                signatures.append(block_signature(texts, settings.near.minhash))
            except MissingPart:
                sketch = False
        progress(row + len(texts), (row + len(texts)) / len(store))
    none = np.zeros((0, 2), dtype=np.uint64)
    line, paragraph = (
        (
            np.concatenate([none[:, 0], *(one for one, _ in kind)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *(one for _, one in kind)]),
        )
        for kind in kinds
    )
    return _Scan(
        np.concatenate([np.zeros(0, dtype=np.int64), *words]),
        first_with_same(np.concatenate([none, *hashes])),
        tuple(signatures) if sketch else (),
        line,
        paragraph,
    )


def _clusters(
    store: TextStore, scan: _Scan, settings: StepSettings, progress: Progress
) -> Clusters | None:
    if not scan.signatures and len(store):
        return None
    return find_clusters(
        scan.signatures,
        store.texts.take,
        settings.near,
        on_progress=lambda done, total: progress(done, done / max(1, total)),
    )


class _Cut:
    """Texts without boilerplate: their words and bytes, and the texts of some rows."""

    def __init__(self, store: TextStore, scan: _Scan, alive: Mask, rule: BoilerplateRule) -> None:
        self.store, self.alive, self._rule = store, alive, rule
        self._known = tuple(
            common(hashes[alive[document]], document[alive[document]], least)
            for (hashes, document), least in (
                (scan.line, rule.line_documents),
                (scan.paragraph, rule.paragraph_documents),
            )
        )
        self.words = scan.words.copy()
        self.bytes_left = store.texts.lengths.copy()
        if any(len(known[0]) for known in self._known):
            for row, texts in store.batches():
                left = self._without(texts, row)
                self.bytes_left[row : row + len(texts)] = left.lengths
                changed = np.flatnonzero(left.lengths != texts.lengths)
                if len(changed):
                    counts, _, _ = stretches(left.take(changed), rule)
                    self.words[row + changed] = counts

    def texts(self, rows: Places) -> TextColumn:
        """Return the texts of some rows, cut."""
        texts = self.store.texts.take(rows)
        _, lines, paragraphs = stretches(texts, self._rule)
        return without(texts, (self._marked(lines, rows, 0), self._marked(paragraphs, rows, 1)))

    def _without(self, texts: TextColumn, row: int) -> TextColumn:
        rows = np.arange(row, row + len(texts))
        _, lines, paragraphs = stretches(texts, self._rule)
        return without(texts, (self._marked(lines, rows, 0), self._marked(paragraphs, rows, 1)))

    def _marked(self, found: Stretches, rows: Places, kind: int) -> tuple[Stretches, Mask]:
        at = Stretches(found.hashes, rows[found.text], found.first, found.last, found.words)
        return found, is_boilerplate(at, 0, self._known[kind])


def _by_document(
    cut: _Cut, settings: StepSettings, table: StepTable, skipped: dict[str, str], begin: Begin
) -> tuple[str, ...]:
    """Add the steps that are decided by a document alone; return the languages that stayed."""
    from assay.errors import MissingPart

    weight = (cut.words * cut.alive).astype(np.float64)
    sampled = settings.sample is not None and settings.sample < int((weight > 0).sum())
    drawn = _drawn(weight, settings) if sampled else np.flatnonzero(cut.alive)
    rows = np.unique(drawn)
    codes: Sequence[str] | None = None
    try:
        codes = _languages(cut, rows, begin("languages")) if len(rows) else ()
    except MissingPart:
        skipped[LANGUAGE] = 'not told without py3langid: pip install "assay[curate]"'
    stays = np.ones(len(rows), dtype=np.bool_)
    kept: tuple[str, ...] = ()
    if codes is not None:
        counts = np.bincount(np.searchsorted(rows, drawn), minlength=len(rows))
        kept = settings.languages or _main(codes, counts if sampled else weight[rows])
        stays = np.array(
            [code in (*kept, UNKNOWN_LANGUAGE, "zxx") for code in codes], dtype=np.bool_
        )
        note = (
            f"kept: {', '.join(kept) or 'none told'}{'' if settings.languages else ' (the most frequent)'}, and text "
            "of which no language can be told, as program text"
        )
        _add(table, LANGUAGE, (weight, cut, rows, drawn, stays, sampled), note)
    if settings.exam is None:
        skipped[EXAM] = "not looked for: no exam was named (--exam, --ledger)"
        return kept
    stays &= _clean(cut, rows, settings.exam, begin("exam overlap"))
    _add(table, EXAM, (weight, cut, rows, drawn, stays, sampled), settings.exam.settings.described)
    return kept


def _add(
    table: StepTable,
    name: str,
    found: tuple[NDArray[np.float64], _Cut, Places, Places, Mask, bool],
    note: str,
) -> None:
    weight, cut, rows, drawn, stays, sampled = found
    if sampled:
        table.add_sampled(name, weight, drawn, stays[np.searchsorted(rows, drawn)], note)
        return
    alive = np.zeros(len(weight), dtype=np.bool_)
    alive[rows] = stays
    table.add(name, cut.words, alive, note, cut.bytes_left)


def _drawn(weight: NDArray[np.float64], settings: StepSettings) -> Places:
    rng = np.random.default_rng([settings.seed, 71])
    running = np.cumsum(weight)
    # Words are whole numbers: each has the same chance, and none of a document without words is drawn.
    word = rng.integers(0, int(running[-1]), size=settings.sample)
    return np.sort(np.searchsorted(running, word, side="right"))


def _languages(cut: _Cut, rows: Places, progress: Progress) -> tuple[str, ...]:
    codes: list[str] = []
    for start in range(0, len(rows), 200):
        codes += languages(cut.texts(rows[start : start + 200])).codes
        progress(len(codes), len(codes) / len(rows))
    return tuple(codes)


def _main(codes: Sequence[str], weight: NDArray[np.float64] | Places) -> tuple[str, ...]:
    told = sorted({code for code in codes if code not in (UNKNOWN_LANGUAGE, "zxx")})
    if not told:
        return ()
    of = np.array(codes)
    return (max(told, key=lambda code: float(weight[of == code].sum())),)


def _clean(cut: _Cut, rows: Places, exam: Decontaminate, progress: Progress) -> Mask:
    stays = np.ones(len(rows), dtype=np.bool_)
    for start in range(0, len(rows), 500):
        texts = cut.texts(rows[start : start + 500])
        place = tuple(str(row) for row in range(len(texts)))
        empty = ("",) * len(texts)
        reasons = exam(Documents(place, texts, empty, empty, empty)).reasons
        stays[start : start + len(texts)] = [not reason for reason in reasons]
        progress(start + len(texts), (start + len(texts)) / len(rows))
    return stays


def _silent(_count: int, _share: float | None) -> None:
    return None

"""Grounding as a judge: what an answer says that is not in the context it was given.

It needs no model, no network and no label. It reads words, not meaning: a true sentence in other words looks new, and
a false one made of the source's own words looks copied. So it orders the queue of labels, and is never an estimate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from assay.judge.grounding_numbers import numbers_absent
from assay.judge.lexical_features import NAMES, Source, features
from assay.judge.lexical_model import lexical_1
from assay.judge.lexical_text import MAX_ANSWER_CHARACTERS
from assay.judge.run_check import Selection
from assay.judge.score_rows import SCORE_KIND, ScoreWriter, score_row
from assay.ledger.store import Ledger, literal

Method = Literal["numbers", "lexical", "lexical-1"]
SourceColumn = Literal["context", "input"]

ABSENT_IS_WRONG = 0.5
"""Chance given to each absent number that it makes the answer wrong."""

OTHERWISE_WRONG = 0.05
"""Chance given to an answer all of whose numbers stand in the source. Both set the scale; the order is the count's."""

KEPT_SOURCES = 64
"""Sources kept indexed: answers to one task come one after another."""

SHOWN = 5
SHOWN_CHARACTERS = 24


@dataclass(frozen=True, slots=True)
class Grounded:
    """What is said of one answer: a score in [0, 1], None where there is nothing to say; and why."""

    score: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class GroundingJudge:
    """A way of holding answers against their source.

    Parameters
    ----------
    method
        ``numbers``: numbers that the source does not hold. ``lexical``: mean of four shares. ``lexical-1``: the 29
        features of `assay.judge.lexical_features`, weighed as in `assay.judge.lexical_model`.
    source
        ``context``: what was given along with the request; the request's own words are no news either. ``input``: the
        request alone, where it holds the text that is asked about.
    """

    method: Method = "lexical-1"
    source: SourceColumn = "context"

    @property
    def name(self) -> str:
        """The judge's name: method, version, and what answers are held against."""
        against = "context and input" if self.source == "context" else "input"
        return {
            "numbers": f"numbers-grounded@1 ({against})",
            "lexical": f"words-grounded@1 ({against})",
            "lexical-1": f"lexical-1 ({against})",
        }[self.method]

    def source_of(self, context: str | None, request: str | None) -> Source | None:
        """Return the indexed source of a trace; None where it has none."""
        if self.source == "input":
            return Source(request) if request and request.strip() else None
        return Source(context, request or "") if context and context.strip() else None

    def judge(self, answer: str, source: Source) -> Grounded:
        """Judge an answer by its source.

        Parameters
        ----------
        answer
            Read up to `assay.judge.lexical_text.MAX_ANSWER_CHARACTERS`.
        source
            As `source_of` returns it.

        Returns
        -------
        Grounded

        Notes
        -----
        ``numbers``: ``1 - 0.95 * 0.5 ** n`` for n absent numbers (noisy-or); no score for an answer without numbers.
        ``lexical``: the mean of the shares of content words, of neighbouring pairs of words and of names that the
        source does not hold, and of the words outside copied fragments; a share of nothing is left out. ``lexical-1``:
        see `assay.judge.lexical_model.LexicalModel.score`.
        """
        if not answer.strip():
            return Grounded(None, "empty answer")
        cut = _cut(answer, source)
        if self.method == "numbers":
            return _numbers(answer, source, cut)
        values = features(answer, source)
        named = dict(zip(NAMES, values, strict=True))
        if not named["words"]:
            return Grounded(None, "no words in the answer")
        score = lexical_1().score(values) if self.method == "lexical-1" else _mean_share(named)
        said = f"{named['novel_words']:.0%} of content words, {named['novel_bigrams']:.0%} of pairs are new"
        return Grounded(score, f"{said}{cut}")


def _mean_share(named: dict[str, float]) -> float:
    shares = [named["novel_words"], 1.0 - named["fragment_coverage"]]
    # Words and names are log(1 + n): log 3 is two words, so that there is a pair.
    if named["words"] > 1.0:
        shares.append(named["novel_bigrams"])
    if named["names"]:
        shares.append(named["names_absent"])
    return sum(shares) / len(shares)


def _numbers(answer: str, source: Source, cut: str) -> Grounded:
    found = numbers_absent(answer[:MAX_ANSWER_CHARACTERS], source.numbers)
    if not found.numbers:
        return Grounded(None, f"no number to look for{cut}")
    absent = [figure.text[:SHOWN_CHARACTERS] for figure in found.absent]
    score = 1.0 - (1.0 - OTHERWISE_WRONG) * (1.0 - ABSENT_IS_WRONG) ** min(len(absent), 60)
    if not absent:
        return Grounded(score, f"all {found.numbers} numbers are in the source{cut}")
    more = ", ..." if len(absent) > SHOWN else ""
    shown = ", ".join(absent[:SHOWN]) + more
    return Grounded(score, f"{len(absent)} of {found.numbers} numbers absent: {shown}{cut}")


def _cut(answer: str, source: Source) -> str:
    parts = ["answer"] if len(answer) > MAX_ANSWER_CHARACTERS else []
    parts += ["source"] if source.cut else []
    return f"; {' and '.join(parts)} cut" if parts else ""


@dataclass(frozen=True, slots=True)
class GroundingReport:
    """What the judge did.

    Parameters
    ----------
    judge
        Its name.
    traces
        Traces selected.
    without_source
        Those of them that have no context (or input): no verdict is written.
    already
        Judged by this judge before.
    scored, unscored
        Judged now: with a score, and with none, as an answer without numbers.
    cut
        Those judged now of which only the beginning was read.
    """

    judge: str
    traces: int
    without_source: int
    already: int
    scored: int
    unscored: int
    cut: int


@dataclass(slots=True)
class _Sources:
    """The sources met last, indexed."""

    judge: GroundingJudge
    kept: OrderedDict[tuple[str | None, str | None], Source | None] = field(
        default_factory=OrderedDict
    )

    def of(self, context: str | None, request: str | None) -> Source | None:
        key = (None if self.judge.source == "input" else context, request)
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        found = self.kept[key] = self.judge.source_of(context, request)
        if len(self.kept) > KEPT_SOURCES:
            self.kept.popitem(last=False)
        return found


def judge_by_grounding(
    ledger: Ledger,
    judge: GroundingJudge,
    *,
    window: Selection | None = None,
    progress: Callable[[int, float | None], None] | None = None,
) -> GroundingReport:
    """Score each trace that has a source, and that this judge has not judged yet.

    Parameters
    ----------
    ledger
        Traces; a verdict each is added. A run that is stopped goes on where it stopped.
    judge
        How answers are held against their source.
    window
        Only these traces; all of them where None.
    progress
        Called with the traces judged so far, and the share of them all.

    Returns
    -------
    GroundingReport
    """
    where = (window or Selection()).condition()
    given = f"coalesce(length(trim({judge.source})), 0) > 0"
    counts = ledger.rows(
        f"SELECT count(*) AS n, coalesce(sum(CASE WHEN {given} THEN 1 ELSE 0 END), 0) AS given "
        f"FROM traces WHERE {where}"
    )[0]
    unseen = (
        "LEFT ANTI JOIN (SELECT trace_id FROM verdicts WHERE draw_id IS NULL "
        f"AND judge_kind = {literal(SCORE_KIND)} AND judge = {literal(judge.name)}) AS judged "
        "ON judged.trace_id = traces.trace_id"
    )
    sql = (
        f"SELECT traces.trace_id, output, context, input FROM traces {unseen} "
        f"WHERE {where} AND {given}"
    )
    writer, sources = ScoreWriter(ledger, judge.name), _Sources(judge)
    scored = unscored = cut = blank = 0
    for batch in ledger.query(sql):
        columns = (batch[name].to_pylist() for name in ("trace_id", "output", "context", "input"))
        for trace_id, output, context, request in zip(*columns, strict=True):
            source = sources.of(context, request)
            if source is None:
                blank += 1
                continue
            found = judge.judge(output or "", source)
            scored += found.score is not None
            unscored += found.score is None
            cut += found.note.endswith(" cut")
            writer.add(score_row(judge.name, trace_id, found.score, found.note))
        if progress:
            done = scored + unscored
            progress(done, min(1.0, done / max(int(counts["given"]), 1)))
    writer.flush()
    return GroundingReport(
        judge=judge.name,
        traces=int(counts["n"]),
        without_source=int(counts["n"] - counts["given"]) + blank,
        already=int(counts["given"]) - blank - scored - unscored,
        scored=scored,
        unscored=unscored,
        cut=cut,
    )

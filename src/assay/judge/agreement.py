"""Agreement as a judge: an answer that the other epochs, or other systems, do not give is likelier to be wrong.

It needs no model, no reference and no label. It sees no error that all make alike: where every system is wrong in the
same way, agreement says "right". So it orders the queue of labels and lowers their number, and is never an estimate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import numpy as np

from assay.errors import BadInput
from assay.judge.agreement_scope import Compared
from assay.judge.agreement_votes import (
    NOTHING,
    UNREADABLE,
    Answers,
    Votes,
    votes_of_epochs,
    votes_of_systems,
)
from assay.judge.check import Item, Parser, Taken
from assay.judge.numbers import NUMBER, value_of
from assay.judge.run_check import Selection
from assay.judge.score_rows import ScoreWriter, score_row
from assay.judge.text_checks import normalised
from assay.ledger.population import buckets
from assay.ledger.store import Ledger
from assay.quantity import Quantity, Unknown, exact

Between = Literal["epochs", "systems"]
SameAs = Literal["number", "text"]

LONG_ANSWER = 2_000
"""Characters: a longer answer is compared with its case and spaces folded only, and by its hash."""

MAX_DIGITS = 60
"""A longer number is compared as text."""


@dataclass(frozen=True, slots=True)
class AgreementJudge:
    """What is compared with what.

    Parameters
    ----------
    between
        ``epochs``: an answer with the same system's other answers to the task. ``systems``: with other systems'.
    parser
        What is taken out of an output. It is shown no reference.
    same_as
        ``number``: two answers that are numbers are the same where their values are, so that 57.00 is 57; other answers
        as text. ``text``: the same text, as the check `exact` compares it.
    others : names, as ``name`` or ``name@version``
        For ``systems``: those to compare with; none: all.

    Raises
    ------
    BadInput
        Where systems are named to compare epochs with.
    """

    between: Between
    parser: Parser
    same_as: SameAs = "number"
    others: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.between == "epochs" and self.others:
            raise BadInput(
                "epochs are compared within a system: --with goes with --between systems"
            )

    def key(self, text: str) -> str:
        """Return what is the same for two answers that are the same."""
        if len(text) > LONG_ANSWER:
            folded = " ".join(text.casefold().split()).encode("utf-8", "surrogatepass")
            return hashlib.blake2b(folded, digest_size=16).hexdigest()
        return _key(text, as_number=self.same_as == "number")


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """What the judge did.

    Parameters
    ----------
    judge
        Its name: what was compared, by which parser, how many.
    traces
        Traces selected.
    written
        Scores written now; the others stood in the ledger already.
    alone
        Traces to whose task there is no other answer: their score is null.
    unreadable
        Traces of which the parser can't say what they answer: null too.
    compared
        Traces that got a score.
    mostly_different
        Those of them from which at least half of the others differ: their score is at least 0.5.
    """

    judge: str
    traces: int
    written: int
    alone: int
    unreadable: int
    compared: int
    mostly_different: int

    @property
    def disagreement(self) -> Quantity:
        """Share of the compared answers from which at least half of the others differ. Counted; no error rate."""
        if not self.compared:
            return Unknown("no trace has another answer to compare with")
        return exact(
            self.mostly_different / self.compared,
            "1",
            n=self.compared,
            method="census of the answers compared",
        )


@dataclass(slots=True)
class _Read:
    """Traces of a bucket as codes."""

    trace_ids: list[str] = field(default_factory=list)
    judged: list[bool] = field(default_factory=list)
    voting: list[bool] = field(default_factory=list)
    codes: list[tuple[int, int, int]] = field(default_factory=list)


def judge_by_agreement(
    ledger: Ledger,
    judge: AgreementJudge,
    *,
    window: Selection | None = None,
    progress: Callable[[int, float | None], None] | None = None,
) -> AgreementReport:
    """Score each trace by the share of the other answers to its task that differ from it.

    Parameters
    ----------
    ledger
        Traces; a verdict each is added. The same run again adds only what is new or has changed.
    judge
        What is compared with what.
    window
        The traces to be scored; all of them where None. Others are only compared with.
    progress
        Called with the traces read so far, and the share of them all.

    Returns
    -------
    AgreementReport

    Raises
    ------
    BadInput
        Where there is nothing to compare: one system only, or no task asked twice.

    Notes
    -----
    With `k` others of which `d` differ the score is (d + 1/2) / (k + 1): Jeffreys' prior, so that one other answer
    alone is never certainty. Left out of its own count (leave-one-out), no answer agrees with itself. An output that
    answers nothing differs from all others; one that no parser can read has no vote. The verdict's note has the count.

    It fails where errors are shared: systems trained alike err alike, and all of them at once on a task that is posed
    wrongly. Nothing in the scores shows that; labels do. Answers in free text hardly ever agree: name a parser.

    References
    ----------
    .. [1] Wang et al., "Self-consistency improves chain of thought reasoning in language models" (2023),
       arXiv:2203.11171.
    .. [2] Kim et al., "Correlated errors in large language models" (2025), arXiv:2506.07962.
    """
    scope = window or Selection()
    conditions = Compared.of(
        ledger,
        f"{judge.parser.label}; as {judge.same_as}",
        None if judge.between == "epochs" else judge.others,
        scope,
    )
    name = conditions.name
    writer = ScoreWriter(ledger, name)
    counted = {"traces": 0, "alone": 0, "unreadable": 0, "compared": 0, "different": 0}
    seen = 0
    for bucket in buckets("traces.task_id", conditions.pool_rows):
        read = _Read()
        for count in _read(ledger, judge, conditions, bucket, read):
            seen += count
            if progress:
                progress(seen, min(1.0, seen / max(conditions.pool_rows, 1)))
        _score(judge, read, writer, counted)
    writer.flush()
    return AgreementReport(
        judge=name,
        traces=counted["traces"],
        written=writer.written,
        alone=counted["alone"],
        unreadable=counted["unreadable"],
        compared=counted["compared"],
        mostly_different=counted["different"],
    )


def _score(
    judge: AgreementJudge, read: _Read, writer: ScoreWriter, counted: dict[str, int]
) -> None:
    if not read.codes:
        return
    codes = np.array(read.codes, dtype=np.int64)
    answers = Answers(codes[:, 0], codes[:, 1], codes[:, 2])
    votes: Votes = (
        votes_of_epochs(answers)
        if judge.between == "epochs"
        else votes_of_systems(answers, np.array(read.voting, dtype=np.bool_))
    )
    scores = votes.score()
    for place in np.flatnonzero(read.judged):
        others, different = votes.others[place], votes.different[place]
        counted["traces"] += 1
        if codes[place, 2] == UNREADABLE:
            counted["unreadable"] += 1
            score, note = None, "the parser can't say what it answers"
        elif not others:
            counted["alone"] += 1
            score, note = None, "no other answer to this task"
        else:
            counted["compared"] += 1
            counted["different"] += bool(scores[place] >= 0.5)
            score, note = float(scores[place]), f"{different:.3g} of {others:.0f} others differ"
        writer.add(score_row(writer.judge, read.trace_ids[place], score, note))


_COLUMNS = ("trace_id", "task_id", "turn", "system", "version", "output", "answer", "input")


def _read(
    ledger: Ledger, judge: AgreementJudge, conditions: Compared, bucket: str, into: _Read
) -> Iterator[int]:
    """Read the traces of a bucket into codes; yield how many, batch by batch."""
    tasks: dict[tuple[str | None, int | None], int] = {}
    systems: dict[tuple[str | None, str | None], int] = {}
    keys: dict[str, int] = {}
    sql = (
        f"SELECT {', '.join(_COLUMNS)}, ({conditions.judged}) AS judged, ({conditions.voting}) AS voting "
        f"FROM traces WHERE (({conditions.judged}) OR ({conditions.voting})) AND {bucket}"
    )
    for batch in ledger.query(sql):
        columns = {name: batch[name].to_pylist() for name in (*_COLUMNS, "judged", "voting")}
        items = [
            Item(output or "", None, answer, task or "")
            for output, answer, task in zip(
                columns["output"], columns["answer"], columns["input"], strict=True
            )
        ]
        taken = judge.parser.take([item.output for item in items], items)
        into.trace_ids += columns["trace_id"]
        into.judged += columns["judged"]
        into.voting += columns["voting"]
        for task, turn, system, version, one in zip(
            *(columns[name] for name in _COLUMNS[1:5]), taken, strict=True
        ):
            into.codes.append(
                (
                    tasks.setdefault((task, turn), len(tasks)),
                    systems.setdefault((system, version), len(systems)),
                    _code(judge, one, keys),
                )
            )
        yield len(items)


def _code(judge: AgreementJudge, taken: Taken, keys: dict[str, int]) -> int:
    if taken.gave_up:
        return UNREADABLE
    if taken.text is None or not taken.text.strip():
        return NOTHING
    return keys.setdefault(judge.key(taken.text), len(keys))


@lru_cache(maxsize=65_536)
def _key(text: str, *, as_number: bool) -> str:
    if as_number:
        found = NUMBER.fullmatch(text.strip())
        if found is not None and found.end() - found.start() <= MAX_DIGITS:
            value = value_of(found)
            if value is not None:
                return f"#{_plain(value)}"
    return normalised(text)


def _plain(value: Decimal) -> str:
    # 57.00, 57 and 5.7e1 are one number; minus zero is zero.
    return str(value.normalize() + 0) if value else "0"

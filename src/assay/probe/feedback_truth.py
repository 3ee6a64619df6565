"""What is known of right and wrong beside the thumbs: labels of a draw with known chances, or a check of everything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import NamedTuple

from assay.errors import BadInput
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, labeled_draws, stored_draw
from assay.ledger.population import NEWEST_LAST, tag
from assay.ledger.store import Ledger, literal
from assay.probe.feedback_read import Thumb, Thumbs

IDS_AT_ONCE = 5_000


class Cell(NamedTuple):
    """What is known of a trace: wrong 1, right 0, None unsure; its severity; what users said."""

    wrong: int | None
    severity: int | None
    thumb: Thumb


@dataclass(frozen=True, slots=True)
class TruthStratum:
    """A part of the log, and the traces of it whose verdict is known, drawn at random.

    Parameters
    ----------
    size
        Traces in it.
    cells
        Cell -> traces.
    """

    size: int
    cells: Mapping[Cell, int]

    @property
    def labeled(self) -> int:
        """Traces whose verdict was asked for."""
        return sum(self.cells.values())


@dataclass(frozen=True, slots=True)
class Truth:
    """Verdicts beside thumbs.

    Parameters
    ----------
    strata
    words
        Whose verdicts they are, by which design.
    """

    strata: tuple[TruthStratum, ...]
    words: str

    def count(self, wrong: int | None, thumb: Thumb) -> int:
        """Return how many traces with a verdict are so."""
        return sum(
            count
            for stratum in self.strata
            for cell, count in stratum.cells.items()
            if cell.wrong == wrong and cell.thumb is thumb
        )


@dataclass(frozen=True, slots=True)
class TruthQuestion:
    """Whose traces, and by whose verdict.

    Parameters
    ----------
    system, version
        A version of None: any.
    judge
        A check, or a person who read everything; None: labels of a draw, else the only check.
    draw
        Which draw; None: the newest that has labels.
    """

    system: str
    version: str | None = None
    judge: str | None = None
    draw: str | None = None

    def condition(self) -> str:
        """Return the SQL condition that a trace is asked about."""
        parts = [f"traces.system = {literal(self.system)}"]
        if self.version is not None:
            parts.append(f"traces.version = {literal(self.version)}")
        return " AND ".join(parts)


def find_truth(ledger: Ledger, question: TruthQuestion, thumbs: Thumbs) -> Truth:
    """Return what is known of right and wrong.

    Raises
    ------
    BadInput
        Where there is nothing, or several checks and none is named, or the judge named is a model: its verdicts are no
        truth.
    DrawError
        Where the draw named is not there.
    """
    if question.draw is not None:
        return _of_draw(ledger, stored_draw(ledger, question.draw), question, thumbs)
    if question.judge is not None:
        return _of_judge(ledger, question, question.judge, thumbs)
    for draw in labeled_draws(ledger):
        if draw.parent is None and draw.units is None and _is_of(draw, question):
            return _of_draw(ledger, draw, question, thumbs)
    return _of_judge(ledger, question, _only_check(ledger, question), thumbs)


def _is_of(draw: StoredDraw, question: TruthQuestion) -> bool:
    same = question.version is None or draw.window.version == question.version
    return draw.window.system == question.system and same


def _of_draw(ledger: Ledger, draw: StoredDraw, question: TruthQuestion, thumbs: Thumbs) -> Truth:
    if not _is_of(draw, question):
        raise BadInput(f"{draw.draw_id} is of {draw.window.system}, not of {question.system}")
    if draw.units is not None or draw.parent is not None:
        raise BadInput(
            f"{draw.draw_id} draws whole units or reads labels again: thumbs need a draw of single outputs"
        )
    labels = labels_of(ledger, draw.draw_id)
    strata = []
    for stratum in draw.strata:
        cells: Counter[Cell] = Counter()
        for trace_id in stratum.trace_ids:
            label = labels.get(trace_id)
            if label is None:
                # Only an unbroken beginning of the random order is a random sample.
                break
            cells[Cell(label.wrong, label.severity, _thumb(thumbs, trace_id))] += 1
        strata.append(TruthStratum(stratum.size, cells))
    if not any(stratum.labeled for stratum in strata):
        raise BadInput(f"{draw.draw_id} has no label at the beginning of its random order")
    people = sorted({label.judge for label in labels.values()})
    return Truth(tuple(strata), f"labels by {', '.join(people)}; {draw.draw_id}, seed {draw.seed}")


def _only_check(ledger: Ledger, question: TruthQuestion) -> str:
    rows = ledger.rows(
        "SELECT DISTINCT verdicts.judge AS judge FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id "
        f"WHERE verdicts.judge_kind = 'check' AND verdicts.draw_id IS NULL AND {question.condition()}"
    )
    names = sorted(row["judge"] for row in rows)
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise BadInput(
            f"nobody has said which outputs of {question.system} are wrong: thumbs have nothing to be held against",
            next_command=f"assay draw {quote(str(ledger.path))} --labels 300 --seed 7",
        )
    raise BadInput(f"several checks have spoken: name one with --truth: {', '.join(names)}")


def _of_judge(ledger: Ledger, question: TruthQuestion, judge: str, thumbs: Thumbs) -> Truth:
    if thumbs.source == f"verdicts of {judge}":
        raise BadInput(
            f"the thumbs are the verdicts of {judge}, and so is the truth: name another judge with --truth, or a draw"
        )
    kinds = {
        row["judge_kind"]
        for row in ledger.rows(
            f"SELECT DISTINCT judge_kind FROM verdicts WHERE judge = {literal(judge)}"
        )
    }
    if not kinds:
        raise BadInput(f"the ledger holds no verdict of {judge}")
    if "model" in kinds:
        raise BadInput(
            f"{judge} is a model: what it says is no truth to hold thumbs against",
            next_command=f"assay draw {quote(str(ledger.path))} --labels 300 --judge {quote(judge)} --seed 7",
        )
    stratum = judged_by(ledger, question.condition(), _newest(judge), thumbs)
    silent = sum(count for cell, count in stratum.cells.items() if cell.wrong is None)
    words = f"every output judged by {judge}"
    if silent:
        words = f"outputs judged by {judge}; {silent:,} of {stratum.size:,} not judged, counted both ways"
    return Truth((stratum,), words)


def _newest(judge: str) -> str:
    return (
        f"SELECT trace_id, last_value(error_probability ORDER BY {NEWEST_LAST}) AS p, "
        f"last_value(severity ORDER BY {NEWEST_LAST}) AS severity FROM verdicts "
        f"WHERE judge = {literal(judge)} AND draw_id IS NULL GROUP BY trace_id"
    )


def flattering_by_tag(
    ledger: Ledger, question: TruthQuestion, setting: tuple[str, str], thumbs: Thumbs
) -> Truth:
    """Return which outputs a tag calls flattering, in place of wrong; those without the tag are left out."""
    name, value = setting

    stored = json.dumps(value, ensure_ascii=False)[1:-1]
    said = (
        f"SELECT trace_id, CASE WHEN {tag(name)} = {literal(stored)} THEN 1.0 ELSE 0.0 END AS p, "
        f"CAST(NULL AS BIGINT) AS severity FROM traces WHERE {tag(name)} IS NOT NULL"
    )
    return _spoken_of(ledger, question, said, thumbs, f"the tag {name}")


def flattering_by_judge(
    ledger: Ledger, question: TruthQuestion, judge: str, thumbs: Thumbs
) -> Truth:
    """Return which outputs a judge calls flattering, in place of wrong: as it says, and not corrected."""
    words = f"as {judge} says, whose own errors are not corrected"
    return _spoken_of(ledger, question, _newest(judge), thumbs, words)


def _spoken_of(
    ledger: Ledger, question: TruthQuestion, said: str, thumbs: Thumbs, words: str
) -> Truth:
    condition = f"{question.condition()} AND said.p IS NOT NULL"
    stratum = judged_by(ledger, condition, said, thumbs)
    if not stratum.size:
        raise BadInput(f"no output of {question.system} is called flattering or not ({words})")
    return Truth((stratum,), f"{words}; {stratum.size:,} outputs that it speaks of")


def judged_by(ledger: Ledger, condition: str, said: str, thumbs: Thumbs) -> TruthStratum:
    """Return all traces of a log by verdict, severity and thumb; those without a verdict are unsure.

    Parameters
    ----------
    ledger
    condition
        SQL over traces.
    said
        SQL with trace_id, p and severity.
    thumbs

    Notes
    -----
    The silent ones are counted by SQL; only traces with a thumb are looked at one by one.
    """
    joined = f"FROM traces LEFT JOIN ({said}) AS said ON said.trace_id = traces.trace_id WHERE {condition}"
    wrong = "CASE WHEN said.p > 0.5 THEN 1 WHEN said.p < 0.5 THEN 0 END"
    every: Counter[tuple[int | None, int | None]] = Counter()
    for row in ledger.rows(
        f"SELECT {wrong} AS wrong, said.severity AS severity, count(*) AS n {joined} GROUP BY 1, 2"
    ):
        every[row["wrong"], row["severity"]] += row["n"]
    cells: Counter[Cell] = Counter()
    for chunk in _chunks(sorted(thumbs.by_trace)):
        ids = ", ".join(map(literal, chunk))
        for row in ledger.rows(
            f"SELECT traces.trace_id, {wrong} AS wrong, said.severity AS severity {joined} "
            f"AND traces.trace_id IN ({ids})"
        ):
            cells[Cell(row["wrong"], row["severity"], thumbs.by_trace[row["trace_id"]])] += 1
    for (is_wrong, severity), count in every.items():
        given = sum(
            n for cell, n in cells.items() if (cell.wrong, cell.severity) == (is_wrong, severity)
        )
        if count > given:
            cells[Cell(is_wrong, severity, Thumb.SILENT)] = count - given
    return TruthStratum(sum(every.values()), cells)


def _thumb(thumbs: Thumbs, trace_id: str) -> Thumb:
    return thumbs.by_trace.get(trace_id, Thumb.SILENT)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]

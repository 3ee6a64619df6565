"""What a ledger knows of a judge: what it said of every output, and which of them are wrong by labels or by a census.

Labels come from a draw, with known chances; a census is another judge that has spoken on every output, as a mechanical
check. Any other labels, however many, say nothing: nobody knows how they were picked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any, Literal

import numpy as np

from assay.errors import AssayError, BadInput, DrawError, LedgerError
from assay.judge.calibration_outputs import (
    COLUMNS,
    NO_LABEL,
    UNSURE,
    JudgedOutputs,
    integers,
    joined,
    outputs_of,
)
from assay.judge.calibration_tasks import share_tasks, task_answers
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, labeled_draws, readings_of, stored_draw
from assay.ledger.population import Window, buckets, scores, tag
from assay.ledger.store import Ledger, literal

SHOWN_JUDGES = 8


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """Which judge, against what.

    Parameters
    ----------
    judge
        Its full name in the ledger.
    truth
        A judge that has spoken on every output; None: labels of a draw.
    draw_id
        The draw whose labels count; None: the newest that has labels and that this judge has spoken on.
    system, version
        Only its outputs; None: all that the judge has spoken on.
    threshold : in (0, 1]
        The judge flags an output from that probability of error on.
    confidence_level : in (0, 1)
    """

    judge: str
    truth: str | None = None
    draw_id: str | None = None
    system: str | None = None
    version: str | None = None
    threshold: float = 0.5
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise BadInput(f"threshold must be in (0, 1], got {self.threshold}")
        if self.truth is not None and self.draw_id is not None:
            raise BadInput("the truth is either a judge (--truth) or the labels of a draw (--draw)")
        if self.truth == self.judge:
            raise BadInput(f"{self.judge!r} can't be the truth that it is held against")


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationEvidence:
    """What the judge said, and what is true as far as it is known."""

    kind: Literal["labels", "census"]
    words: str
    outputs: JudgedOutputs
    systems: tuple[str, ...]
    draw: StoredDraw | None = None
    notes: tuple[str, ...] = ()
    shares_tasks: bool = False
    """Whether several systems answered a task in common."""

    @property
    def is_census(self) -> bool:
        """Whether every output is known to be wrong or right: what is counted then has no sampling error."""
        return self.kind == "census"


def gather_evidence(ledger: Ledger, question: CalibrationQuestion) -> CalibrationEvidence:
    """Return what the ledger knows of a judge.

    Raises
    ------
    AssayError
        Where the judge, the truth or the draw isn't there, or the truth has not spoken on every output.
    """
    spoken = _spoken_on(ledger, question)
    if question.truth is not None:
        return _census(ledger, question, spoken)
    draw, others = _the_draw(ledger, question, spoken)
    return _labels(ledger, question, draw, others)


def _spoken_on(ledger: Ledger, question: CalibrationQuestion) -> list[Window]:
    """Return the systems that the judge has spoken on, most outputs first."""
    rows = ledger.rows(
        "SELECT traces.system AS system, traces.version AS version, count(*) AS n FROM traces "
        f"JOIN ({scores(ledger, question.judge)}) AS scored ON scored.trace_id = traces.trace_id "
        "GROUP BY traces.system, traces.version ORDER BY n DESC, 1, 2"
    )
    if not rows:
        raise _no_judge(ledger, question.judge)
    windows = [Window(row["system"], row["version"]) for row in rows]
    asked = [
        w
        for w in windows
        if question.system in (None, w.system) and question.version in (None, w.version)
    ]
    if not asked:
        named = ", ".join(f"{w.system} {w.version}".strip() for w in windows[:5])
        raise LedgerError(
            f"{quote(question.judge)} has spoken on no output of {question.system or 'this version'}; "
            f"it has on {named}",
            next_command=f"assay ledger info {ledger.typed}",
        )
    return asked


def _no_judge(ledger: Ledger, judge: str) -> LedgerError:
    rows = ledger.rows(
        "SELECT judge, count(*) AS n FROM verdicts WHERE draw_id IS NULL GROUP BY judge ORDER BY n DESC, judge"
    )
    # Quoted as a shell takes it: a name is there to be copied.
    there = "; ".join(f"{quote(row['judge'])} ({row['n']:,})" for row in rows[:SHOWN_JUDGES])
    if len(rows) > SHOWN_JUDGES:
        there += f"; and {len(rows) - SHOWN_JUDGES:,} more"
    command = "ledger info {}" if rows else "judge check {} --check numeric"
    return LedgerError(
        f"no output here has a score by {quote(judge)}; "
        + (f"there are {there}" if there else "there are no scores"),
        next_command=f"assay {command.format(ledger.typed)}",
    )


def _census(
    ledger: Ledger, question: CalibrationQuestion, windows: list[Window]
) -> CalibrationEvidence:
    truth = question.truth or ""
    if not ledger.rows(f"SELECT 1 FROM verdicts WHERE judge = {literal(truth)} LIMIT 1"):
        raise _no_judge(ledger, truth)
    parts, unsaid, between = [], 0, 0
    notes: list[str] = []
    total = _rows_in_verdicts(ledger)
    for place, window in enumerate(windows):
        answers = task_answers(ledger, window)
        notes += [answers.note] if answers.note else []
        for bucket in buckets("trace_id", total):
            own = scores(ledger, question.judge, within=bucket)
            told = scores(ledger, truth, within=bucket)
            batches = ledger.query(
                f"SELECT {COLUMNS}, CAST(CASE WHEN told.trace_id IS NULL THEN {NO_LABEL} "
                f"WHEN told.error_probability IS NULL THEN {UNSURE} "
                "WHEN told.error_probability >= 0.5 THEN 1 ELSE 0 END AS BIGINT) AS wrong, "
                "coalesce(told.error_probability > 0 AND told.error_probability < 1, FALSE) AS undecided "
                f"FROM traces LEFT JOIN ({own}) AS scored ON scored.trace_id = traces.trace_id "
                f"LEFT JOIN ({told}) AS told ON told.trace_id = traces.trace_id "
                f"WHERE {window.condition()} AND {bucket.replace('trace_id', 'traces.trace_id')} "
                f"AND {answers.condition}"
            )
            for batch in batches:
                parts.append(outputs_of(batch, place, stratum=0, wrong=integers(batch, "wrong")))
                unsaid += int((parts[-1].wrong == NO_LABEL).sum())
                between += sum(batch["undecided"].to_pylist())
    outputs = joined(parts)
    if unsaid:
        raise AssayError(
            f"{truth!r} has spoken on {outputs.wrong.size - unsaid:,} of {outputs.wrong.size:,} outputs: a count needs "
            "them all; label a draw instead",
            next_command=f"assay draw {ledger.typed} --labels 300 --seed 7",
        )
    shared = share_tasks(ledger, windows)
    if shared:
        notes.append(
            "several systems answered the same tasks, and their answers hang together: none is read as a sample of "
            "tasks, and limits of parts, drift and length are too narrow; --system takes one"
        )
    if between:
        notes.append(
            f"{truth} is not sure on {between:,} outputs, which count as wrong from 0.5 on: it is no mechanical check"
        )
    return CalibrationEvidence(
        "census",
        f"every output judged by {truth}",
        outputs,
        _names(windows),
        notes=tuple(notes),
        shares_tasks=shared,
    )


def _the_draw(
    ledger: Ledger, question: CalibrationQuestion, spoken: list[Window]
) -> tuple[StoredDraw, list[StoredDraw]]:
    if question.draw_id is not None:
        return stored_draw(ledger, question.draw_id), []
    names = {(w.system, w.version) for w in spoken}
    draws = [
        draw
        for draw in labeled_draws(ledger)
        if draw.parent is None
        and draw.units is None
        and (draw.window.system, draw.window.version) in names
    ]
    if not draws:
        raise AssayError(
            f"no output that {question.judge!r} has spoken on is labeled from a draw, and no --truth is named: "
            "its errors are unknown",
            next_command=f"assay draw {ledger.typed} --labels 300 --seed 7{_of(spoken)}",
        )
    return draws[0], draws[1:]


def _of(spoken: list[Window]) -> str:
    """Return the options that name the first system: a draw is of one."""
    version = f" --version {quote(spoken[0].version)}" if spoken[0].version else ""
    return f" --system {quote(spoken[0].system)}{version}"


def _labels(
    ledger: Ledger, question: CalibrationQuestion, draw: StoredDraw, others: list[StoredDraw]
) -> CalibrationEvidence:
    if draw.units is not None or draw.parent is not None:
        what = "draws whole units" if draw.units is not None else "reads labels of a draw again"
        raise DrawError(
            f"{draw.draw_id} {what}: a judge is calibrated from a draw of single outputs",
            next_command=f"assay draw {ledger.typed} --labels 300 --seed 7",
        )
    labels = labels_of(ledger, draw.draw_id)
    counted: dict[str, int] = {}
    for stratum in draw.strata:
        for trace_id in stratum.trace_ids:
            # Only an unbroken beginning of the random order: what was skipped may have been skipped for being hard.
            if trace_id not in labels:
                break
            wrong = labels[trace_id].wrong
            counted[trace_id] = UNSURE if wrong is None else wrong
    if not counted:
        raise AssayError(
            f"none of the {draw.planned:,} labels of {draw.draw_id} is in: its errors are unknown",
            next_command=f"assay label {ledger.typed} FILLED.csv",
        )
    outputs = joined(list(_frame(ledger, question, draw, counted)))
    if outputs.score.size != draw.population:
        raise DrawError(
            f"the tables as {draw.draw_id} froze them are gone: it had {draw.population:,} outputs, "
            f"{outputs.score.size:,} are there",
            next_command=f"assay draw {ledger.typed} --labels 300 --seed 7",
        )
    people = ", ".join(sorted({labels[trace_id].judge for trace_id in counted}))
    strata = f"{len(draw.strata)} strata by {draw.judge}" if draw.judge else "drawn without a judge"
    return CalibrationEvidence(
        "labels",
        f"{len(counted):,} labels by {people}; {draw.draw_id}, seed {draw.seed}, {strata}",
        outputs,
        _names([draw.window]),
        draw,
        tuple(_label_notes(ledger, draw, len(counted), others)),
    )


def _label_notes(
    ledger: Ledger, draw: StoredDraw, counted: int, others: list[StoredDraw]
) -> Iterator[str]:
    if counted < draw.planned or draw.goes_on:
        yield (
            f"{counted:,} of {draw.planned:,} labels count so far: the limits hold for one look at them, not for "
            "whoever stops when they look good"
        )
    if readings_of(ledger, draw.draw_id):
        yield "these are the first reader's labels: a second reading plays no part here"
    if others:
        named = ", ".join(other.draw_id for other in others[:5])
        yield f"only the labels of {draw.draw_id} count; --draw takes those of another: {named}"
    yield "a label counts as the truth: labels that err make the judge look worse than it is, or better"


def _frame(
    ledger: Ledger, question: CalibrationQuestion, draw: StoredDraw, counted: Mapping[str, int]
) -> Iterator[JudgedOutputs]:
    """Yield the outputs that the draw froze, with the judge's scores: as they were frozen, or its newest."""
    frozen = {"traces": draw.traces_version, "verdicts": draw.verdicts_version}
    own = draw.judge == question.judge
    versions = frozen if own else {"traces": draw.traces_version}
    ids = ",".join(map(literal, counted))
    for bucket in buckets("trace_id", max(draw.population, _rows_in_verdicts(ledger))):
        where = f"{draw.window.condition()} AND {bucket.replace('trace_id', 'traces.trace_id')}"
        scored = scores(ledger, question.judge, versions=versions, within=bucket)
        needs_join = draw.judge is not None and not own
        strata = _strata_by_id(ledger, draw, frozen, bucket) if needs_join else {}
        tags = "".join(f", {tag(name)} AS tag_{i}" for i, name in enumerate(draw.stratified_by))
        stratum = "0" if needs_join else _cases(draw)
        kept = "traces.trace_id" if needs_join else "CAST(NULL AS VARCHAR)"
        batches = ledger.query(
            f"SELECT drawn, said, length, at, CAST({stratum} AS BIGINT) AS stratum, kept FROM ("
            f"SELECT {COLUMNS}, scored.error_probability AS score, {kept} AS kept, "
            f"CASE WHEN traces.trace_id IN ({ids}) THEN traces.trace_id END AS drawn{tags} "
            f"FROM traces LEFT JOIN ({scored}) AS scored ON scored.trace_id = traces.trace_id WHERE {where})",
            versions=versions,
        )
        for batch in batches:
            drawn = batch["drawn"].to_pylist()
            wrong = np.array([counted.get(t, NO_LABEL) for t in drawn], dtype=np.int64)
            places: Any = integers(batch, "stratum")
            if needs_join:
                places = np.array([strata[t] for t in batch["kept"].to_pylist()], dtype=np.int64)
            yield outputs_of(batch, 0, stratum=places, wrong=wrong)


def _cases(draw: StoredDraw) -> str:
    rules = " ".join(f"WHEN {s.rule.condition()} THEN {i}" for i, s in enumerate(draw.strata))
    return f"CASE {rules} END"


def _strata_by_id(
    ledger: Ledger, draw: StoredDraw, frozen: Mapping[str, int], bucket: str
) -> dict[str, int]:
    """Return the stratum of each output, as another judge's frozen scores made it."""
    scored = scores(ledger, draw.judge or "", versions=frozen, within=bucket)
    tags = "".join(f", {tag(name)} AS tag_{i}" for i, name in enumerate(draw.stratified_by))
    batches = ledger.query(
        f"SELECT trace_id, CAST({_cases(draw)} AS BIGINT) AS stratum FROM (SELECT traces.trace_id AS trace_id, "
        f"scored.error_probability AS score{tags} FROM traces LEFT JOIN ({scored}) AS scored "
        f"ON scored.trace_id = traces.trace_id WHERE {draw.window.condition()} "
        f"AND {bucket.replace('trace_id', 'traces.trace_id')})",
        versions=frozen,
    )
    strata: dict[str, int] = {}
    for batch in batches:
        ids, places = batch["trace_id"].to_pylist(), batch["stratum"].to_pylist()
        strata |= dict(zip(ids, places, strict=True))
    return strata


def _rows_in_verdicts(ledger: Ledger) -> int:
    return int(ledger.rows("SELECT count(*) AS n FROM verdicts")[0]["n"])


def _names(windows: list[Window]) -> tuple[str, ...]:
    return tuple(f"{w.system} {w.version}".strip() for w in windows)

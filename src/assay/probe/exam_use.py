"""The score in use, verified: labels of a draw with known chances, or a check's verdicts; and the mix of the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.errors import BadInput
from assay.estimate.post_stratified import MixCell, score_at_mix
from assay.estimate.stratified import StratumCount, error_rate
from assay.ledger.answers import as_it_stands
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, labeled_draws, stored_draw
from assay.ledger.population import scores, tag, tag_value
from assay.ledger.store import Ledger, literal
from assay.probe.exam_read import USE, Selection, System, cell_name
from assay.quantity import Estimate, Quantity, Unknown

UNIT = "share right"


@dataclass(frozen=True, slots=True)
class UseQuestion:
    """What counts as use, and whose word.

    Parameters
    ----------
    selection
        Which answers are work.
    judge
        A check, or a person who has read everything; None: labels of a draw, else the only check.
    draw
        Which draw; None: the newest that has labels.
    by
        Tags that make the kinds of task.
    """

    selection: Selection = USE
    judge: str | None = None
    draw: str | None = None
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UseCell:
    """Outputs of one kind: how many, and how many a judge calls right, wrong."""

    outputs: int
    right: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """What is known of a system's work.

    Parameters
    ----------
    mix
        Kind of task -> outputs of that kind; one kind where no tags make them.
    strata
        Labels of a draw; empty where a judge has spoken of the outputs instead.
    cells
        What a judge says, by kind; empty with a draw.
    words
        Whose verdicts these are; why there are none.
    """

    mix: Mapping[str, int]
    strata: tuple[StratumCount, ...]
    cells: Mapping[str, UseCell]
    words: str

    @property
    def outputs(self) -> int:
        """Outputs in all."""
        return sum(self.mix.values())

    def score(self, confidence_level: float) -> Quantity:
        """Return the share of the outputs that is right.

        Notes
        -----
        With a draw: that of the whole window, `assay.estimate.stratified.error_rate` from the labels. With a judge who
        has spoken of every output: counted. Where it has not, and tags make kinds of task: post-stratified to the mix
        of all outputs, its verdicts within a kind taken as drawn at random, which is assumed. Without tags: bounded
        both ways.
        """
        if self.strata:
            wrong = error_rate(self.strata, confidence_level=confidence_level)
            return replace(
                wrong, value=1 - wrong.value, low=1 - wrong.high, high=1 - wrong.low, unit=UNIT,
                method=f"{wrong.method}; {self.words}",
            )  # fmt: skip
        right = sum(cell.right for cell in self.cells.values())
        wrong_count = sum(cell.wrong for cell in self.cells.values())
        if right + wrong_count == 0:
            return Unknown(self.words)
        silent = self.outputs - right - wrong_count
        if silent and len(self.mix) > 1:
            return self._post_stratified(confidence_level)
        low, high = right / self.outputs, (right + silent) / self.outputs
        words = f"; {silent:,} of {self.outputs:,} not judged, counted both ways" if silent else ""
        value = right / (right + wrong_count)
        return Estimate(
            min(max(value, low), high), low, high, UNIT, 1.0, right + wrong_count,
            f"count of all; {self.words}{words}", "proved" if silent else "exact",
        )  # fmt: skip

    def _post_stratified(self, level: float) -> Quantity:
        kinds = [
            MixCell(name, outputs, np.repeat([1.0, 0.0], [cell.right, cell.wrong]))
            for name, outputs in self.mix.items()
            for cell in (self.cells.get(name, UseCell(outputs)),)
        ]
        found = score_at_mix(kinds, confidence_level=level, two_valued=True)
        if isinstance(found, Unknown):
            return found
        words = f"{found.method}; {self.words}, taken as drawn at random within each kind"
        return replace(found, method=words, guarantee="assumed")


def read_use(ledger: Ledger, system: System, question: UseQuestion) -> Use:
    """Return what is known of a system's work.

    Parameters
    ----------
    ledger
    system
    question

    Returns
    -------
    Use
        Without strata and verdicts where nobody has verified the work: its score is then unknown.

    Raises
    ------
    BadInput
        Where the judge named is a model, or a draw is named that does not fit.
    DrawError
        Where the draw named is not there.
    """
    where = _where(system, question.selection)
    mix = _mix(ledger, where, question.by)
    if not mix:
        return Use({}, (), {}, f"no answer of {_name(system)} with {question.selection.words}")
    if question.judge is None:
        draw = _draw(ledger, system, question)
        if draw is not None:
            return _labeled(ledger, draw, mix)
    judge = question.judge or _only_check(ledger, where)
    if judge is None:
        why = f"nobody has verified the work of {_name(system)}: labels of a draw, or a check"
        return Use(mix, (), {}, why)
    if _is_model(ledger, judge):
        raise BadInput(
            f"{judge} is a model: what it says is no use score that an exam could be held against",
            next_command=f"assay draw {ledger.typed} --labels 300 --judge {judge!r} --seed 7",
        )
    return Use(mix, (), _judged(ledger, where, judge, question.by), f"verdicts of {judge}")


def _where(system: System, selection: Selection) -> str:
    parts = [
        f"traces.system = {literal(system[0])}",
        f"coalesce(traces.version, '') = {literal(system[1])}",
        selection.condition(),
        as_it_stands(),
    ]
    if selection.origin is not None:
        parts.append(f"traces.origin = {literal(selection.origin)}")
    return " AND ".join(parts)


def _name(system: System) -> str:
    return f"{system[0]}@{system[1]}" if system[1] else system[0]


def _kinds(by: Sequence[str]) -> str:
    return "".join(f", {tag(name)} AS kind{place}" for place, name in enumerate(by))


def _grouping(by: Sequence[str]) -> str:
    return f" GROUP BY {', '.join(f'kind{place}' for place in range(len(by)))}" if by else ""


def _cell(by: Sequence[str], row: Mapping[str, str | None]) -> str:
    return cell_name(by, [tag_value(row[f"kind{place}"]) for place in range(len(by))]) or "all"


def _mix(ledger: Ledger, where: str, by: Sequence[str]) -> dict[str, int]:
    inner = f"SELECT 1 AS one{_kinds(by)} FROM traces WHERE {where}"
    columns = "".join(f", kind{place}" for place in range(len(by)))
    rows = ledger.rows(f"SELECT count(*) AS n{columns} FROM ({inner}){_grouping(by)}")
    return {_cell(by, row): int(row["n"]) for row in rows if row["n"]}


def _judged(ledger: Ledger, where: str, judge: str, by: Sequence[str]) -> dict[str, UseCell]:
    inner = (
        f"SELECT said.error_probability AS p{_kinds(by)} FROM traces "
        f"LEFT JOIN ({scores(ledger, judge)}) AS said ON said.trace_id = traces.trace_id WHERE {where}"
    )
    columns = "".join(f", kind{place}" for place in range(len(by)))
    rows = ledger.rows(
        "SELECT count(*) AS n, count(*) FILTER (WHERE p < 0.5) AS good, count(*) FILTER (WHERE p > 0.5) AS bad"
        f"{columns} FROM ({inner}){_grouping(by)}"
    )
    return {
        _cell(by, row): UseCell(int(row["n"]), int(row["good"]), int(row["bad"])) for row in rows
    }


def _draw(ledger: Ledger, system: System, question: UseQuestion) -> StoredDraw | None:
    if question.draw is not None:
        draw = stored_draw(ledger, question.draw)
        # Other systems are held to their own draws: this one is not theirs.
        if (draw.window.system, draw.window.version) != system:
            return _newest(ledger, system, question)
        if draw.units is not None or draw.parent is not None:
            raise BadInput(
                f"{draw.draw_id} draws whole units or reads labels again: it takes a draw of single outputs"
            )
        return draw
    return _newest(ledger, system, question)


def _newest(ledger: Ledger, system: System, question: UseQuestion) -> StoredDraw | None:
    chosen = question.selection
    if chosen.tags or chosen.having or chosen.without:
        # Labels of a draw are of its whole window, not of a part that tags pick.
        return None
    for draw in labeled_draws(ledger):
        window = draw.window
        fits = (window.system, window.version) == system and draw.parent is None
        if fits and draw.units is None and window.origin in (None, chosen.origin):
            return draw
    return None


def _labeled(ledger: Ledger, draw: StoredDraw, mix: Mapping[str, int]) -> Use:
    labels = labels_of(ledger, draw.draw_id)
    strata = []
    for stratum in draw.strata:
        said = []
        for trace_id in stratum.trace_ids:
            label = labels.get(trace_id)
            if label is None:
                # Only an unbroken beginning of the random order is a random sample.
                break
            said.append(label.wrong)
        strata.append(
            StratumCount(
                stratum.size, len(said), said.count(1), said.count(None), stratum.rule.name
            )
        )
    people = ", ".join(sorted({label.judge for label in labels.values()}))
    words = f"labels by {people}; {draw.draw_id}, seed {draw.seed}"
    if not any(stratum.labeled for stratum in strata):
        return Use(mix, (), {}, f"{draw.draw_id} has no label at the beginning of its random order")
    return Use(mix, tuple(strata), {}, words)


def _only_check(ledger: Ledger, where: str) -> str | None:
    rows = ledger.rows(
        "SELECT DISTINCT verdicts.judge AS judge FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id "
        f"WHERE verdicts.judge_kind = 'check' AND verdicts.draw_id IS NULL AND {where} ORDER BY 1"
    )
    names = [str(row["judge"]) for row in rows]
    if len(names) > 1:
        raise BadInput(
            f"several checks have spoken of the work: name one with --use-judge: {', '.join(names)}"
        )
    return names[0] if names else None


def _is_model(ledger: Ledger, judge: str) -> bool:
    rows = ledger.rows(f"SELECT DISTINCT judge_kind FROM verdicts WHERE judge = {literal(judge)}")
    if not rows:
        raise BadInput(f"the ledger holds no verdict of {judge}")
    return any(row["judge_kind"] == "model" for row in rows)

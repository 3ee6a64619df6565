"""The update gate: an old and a new version on the same tasks, and one of three answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.errors import BadInput
from assay.estimate.gate_power import FlipRates, tasks_needed, tasks_needed_any_time
from assay.estimate.paired import PairedTable
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, assumed
from assay.volume.gate_changes import both_wrong_different
from assay.volume.gate_decision import ALL, MOST_BROKEN, Answer, Decision, Demand, decide
from assay.volume.gate_noise import NoiseFloor
from assay.volume.gate_pairs import Pairs, read_pairs, read_repeats
from assay.volume.gate_result import Compared, GateResult, LeftOut, earlier_line
from assay.volume.gate_versions import (
    Grader,
    Version,
    one_grader,
    refuse_changed,
    version_named,
)
from assay.volume.gate_volume import Pace, volume_change

SETTINGS = ("ask.temperature", "ask.prompt", "ask.max_tokens", "ask.runtime", "ask.cache")
"""Settings that change answers: a version compared under other ones is not the only thing that changed."""


@dataclass(frozen=True, slots=True)
class GateQuestion:
    """What is asked of a gate.

    Parameters
    ----------
    old, new
        ``system@version``, or a system that has one version.
    judge
        The grader's full name, or how it begins; None: the only one that has judged both.
    by
        Tags that make strata; ``reference``: the right answer.
    demand
        What is asked of the new version.
    noise
        Two names that are the same version run twice; None: the epochs of the old version.
    without_noise_floor
        Answer though the same version was never run twice; marked in the result.
    pace
        What throughput the volume of errors is reckoned with.
    against
        An earlier result (JSON), which must have been graded alike.
    """

    old: str
    new: str
    judge: str | None = None
    by: tuple[str, ...] = ()
    demand: Demand = field(default_factory=Demand)
    noise: tuple[str, str] | None = None
    without_noise_floor: bool = False
    pace: Pace = field(default_factory=Pace)
    against: Path | None = None


def run_gate(ledger: Ledger, question: GateQuestion) -> GateResult:
    """Return whether to take a new version: take it, refuse it, or not enough data.

    Parameters
    ----------
    ledger
        Answers of both versions to the same tasks, judged by one check or one person.
    question

    Returns
    -------
    GateResult

    Raises
    ------
    BadInput
        Where the versions, the grader or the tasks don't fit together.
    LedgerError
        Where an earlier result was graded otherwise.

    Notes
    -----
    The verdict rests on independent tasks and on the grader; it speaks of these tasks and of tasks like them. See
    `assay.volume.gate_decision.decide` for the tests. Pairs without a verdict can turn no answer: `take` must hold with
    each of them counted as newly wrong, `refuse` with each as newly right.
    """
    versions = (version_named(ledger, question.old), version_named(ledger, question.new))
    if versions[0] == versions[1]:
        raise BadInput(
            f"--old and --new are both {versions[0].name}: epochs of one version are the noise floor"
        )
    grader = one_grader(ledger, *versions, question.judge)
    pairs = read_pairs(ledger, versions, grader, by=question.by)
    whole = pairs.table()
    if whole.n == 0:
        raise BadInput(f"no task has a verdict of {grader.name} on both versions")
    tables = {name: pairs.table(chosen) for name, chosen in pairs.strata.items()}
    tables = {name: table for name, table in tables.items() if table.n}
    decision = decide(whole, tables, question.demand)
    noise = _noise(ledger, question, versions, grader)
    answer, reasons = _answer(pairs, decision, question, noise)
    tested = {test.name: test for test in decision.tests}
    result = GateResult(
        answer=answer,
        reasons=reasons,
        demand=question.demand,
        old=versions[0],
        new=versions[1],
        grader=grader,
        tasks_sha256=pairs.tasks_sha256,
        whole=Compared.of(ALL, whole, tested[ALL], question.demand),
        strata=tuple(
            Compared.of(name, table, tested[name], question.demand)
            for name, table in tables.items()
        ),
        decision=decision,
        both_wrong_different=both_wrong_different(ledger, versions, pairs, grader),
        noise=noise,
        without_noise_floor=question.without_noise_floor and noise is None,
        volume=volume_change(
            ledger,
            versions,
            (whole.old_errors, whole.new_errors),
            whole.n,
            pace=question.pace,
            confidence_level=question.demand.confidence_level,
        ),
        more_tasks=_more_tasks(whole, question.demand, answer),
        left_out=LeftOut(pairs.only_old, pairs.only_new, pairs.unjudged, pairs.repeated),
        notes=_settings_notes(ledger, versions),
    )
    return _beside(result, question.against)


def _noise(
    ledger: Ledger, question: GateQuestion, versions: tuple[Version, Version], grader: Grader
) -> NoiseFloor | None:
    if question.noise is not None:
        first, second = (version_named(ledger, name) for name in question.noise)
        table = read_pairs(ledger, (first, second), grader).table()
        return NoiseFloor(f"{first.name} and {second.name}", table)
    for version in versions:
        table = read_repeats(ledger, version, grader)
        if table.n:
            return NoiseFloor(version.name, table)
    return None


def _answer(
    pairs: Pairs, decision: Decision, question: GateQuestion, noise: NoiseFloor | None
) -> tuple[Answer, tuple[str, ...]]:
    """Return the answer with its reasons, the decisive one first."""
    reasons = list(_why(pairs, decision, question.demand))
    answer = decision.answer
    turned = _turned(pairs, decision, question.demand)
    if turned:
        answer = "not enough data"
        reasons.insert(0, turned)
    if noise is None and not question.without_noise_floor:
        answer = "not enough data"
        reasons.insert(
            0,
            "the same version was never run twice, so the change can't be told from a dice roll: "
            "ask the old version again (assay ask ... --epochs 2), name two runs with --noise, or go "
            "without by --no-noise-floor",
        )
    elif noise is not None and (fault := noise.fault(len(pairs.tasks))):
        answer = "not enough data"
        reasons.insert(0, fault)
    return answer, tuple(reasons)


def _why(pairs: Pairs, decision: Decision, demand: Demand) -> list[str]:
    tested = {test.name: test for test in decision.tests}
    if decision.answer == "refuse":
        return [
            f"{_counts(pairs, name)}: more than demanded, p = {tested[name].p_worse:.2g}"
            + (
                f", {tested[name].p_worse_adjusted:.2g} corrected for {len(tested)} tests"
                if len(tested) > 1
                else ""
            )
            for name in decision.broken_by
        ]
    if decision.answer == "take":
        return [f"shown to hold: {demand.sentence()}", _counts(pairs, ALL)]
    return [
        f"{_counts(pairs, name)}: neither shown to be within what is demanded (p = {tested[name].p_within:.2g}) "
        f"nor beyond it (p = {tested[name].p_worse:.2g})"
        for name in decision.open
    ]


def _counts(pairs: Pairs, name: str) -> str:
    table = pairs.table(pairs.strata.get(name))
    flips = f"{table.broke:,} broke, {table.fixed:,} fixed of {table.n:,}"
    if name == MOST_BROKEN:
        return f"{table.broke / table.n:.2%} of the tasks newly wrong ({flips})"
    old, new = table.old_errors / table.n, table.new_errors / table.n
    return f"{name}: {old:.1%} wrong before, {new:.1%} now ({flips})"


def _turned(pairs: Pairs, decision: Decision, demand: Demand) -> str:
    """Return why pairs without a verdict could turn the answer; empty where they could not."""
    if decision.answer == "not enough data" or not pairs.unjudged:
        return ""
    against = decision.answer == "take"

    def filled(table: PairedTable, unjudged: int) -> PairedTable:
        return table.with_more(broke=unjudged) if against else table.with_more(fixed=unjudged)

    missing = ~pairs.judged
    strata = {
        name: filled(pairs.table(chosen), int((chosen & missing).sum()))
        for name, chosen in pairs.strata.items()
    }
    if decide(filled(pairs.table(), pairs.unjudged), strata, demand).answer == decision.answer:
        return ""
    return (
        f"{pairs.unjudged} tasks have an answer without a verdict, and could turn the answer "
        f"from {decision.answer!r}"
    )


def _more_tasks(table: PairedTable, demand: Demand, answer: Answer) -> Quantity:
    """Return how many tasks more are likely to decide it, if the shares seen so far are the true ones."""
    if answer != "not enough data":
        return assumed(0.0, "tasks", method="the answer stands")
    rates = FlipRates(table.broke / table.n, table.fixed / table.n)
    plan = tasks_needed_any_time if demand.any_time else tasks_needed
    needed = plan(rates, margin=demand.margin, miss=demand.alpha / 2)
    if isinstance(needed, Unknown):
        return needed
    more = needed.value - table.n
    if more <= 0:
        return Unknown("it is not the number of tasks that is lacking")
    return Estimate(more, more, more, "tasks", 1.0, 0, needed.method, "assumed")


def _settings_notes(ledger: Ledger, versions: tuple[Version, Version]) -> tuple[str, ...]:
    """Return a note for each setting that differs between the versions."""
    columns = ", ".join(
        f"array_agg(DISTINCT {tag(name)}) AS setting_{place}" for place, name in enumerate(SETTINGS)
    )
    found: list[Mapping[str, Any]] = [
        ledger.rows(f"SELECT {columns} FROM traces WHERE {version.condition()}")[0]
        for version in versions
    ]
    notes = []
    for place, name in enumerate(SETTINGS):
        before, after = (_values(row[f"setting_{place}"]) for row in found)
        if before and after and before != after:
            notes.append(
                f"{name} differs too ({', '.join(before)} before, {', '.join(after)} now): "
                "what changed may be that and not the version"
            )
    return tuple(notes)


def _values(stored: list[str | None] | None) -> list[str]:
    return sorted(value for one in stored or () if (value := tag_value(one)) is not None)


def _beside(result: GateResult, against: Path | None) -> GateResult:
    """Return the result with a note of an earlier one, which must have been graded alike."""
    if against is None:
        return result
    try:
        before = json.loads(against.read_text("utf-8"))
        refuse_changed(before["grader"], result.graded_by(), where=str(against))
        line = earlier_line(before)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{against} can't be read as an earlier result of assay gate --json ({error})"
        ) from None
    return replace(result, notes=(*result.notes, line))

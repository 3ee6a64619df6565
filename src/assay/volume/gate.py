"""The update gate: an old and a new version on the same tasks, and one of three answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.errors import BadInput
from assay.estimate.paired import PairedTable
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger
from assay.volume.gate_changes import both_wrong_different
from assay.volume.gate_decision import ALL, MOST_BROKEN, Answer, Decision, Demand, decide
from assay.volume.gate_more import more_tasks
from assay.volume.gate_noise import NoiseFloor, noise_floor
from assay.volume.gate_pairs import Pairs, read_pairs
from assay.volume.gate_result import Compared, GateResult, LeftOut, earlier_line
from assay.volume.gate_versions import Version, one_grader, refuse_changed, version_named
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
        Tags that make strata; ``reference``: the right answer. None: the right answer, where it is one of a few
        classes; empty: no strata.
    demand
        What is asked of the new version.
    noise
        Two names that are the same version run twice; None: the epochs of the old version.
    without_noise_floor
        Take a version though the same one was never run twice; marked in the result.
    pace
        What throughput the volume of errors is reckoned with.
    against
        An earlier result (JSON), which must have been graded alike.
    """

    old: str
    new: str
    judge: str | None = None
    by: tuple[str, ...] | None = None
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

    Without a noise floor a version can be refused and not be taken. The paired test reckons with the dice roll of each
    answer, so a refusal stands by itself; what it can't see is what moves a whole run, and nothing is put into use on
    the strength of that. A version that differs from itself carries neither answer.
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
    decision = decide(whole, tables, question.demand)
    noise = noise_floor(ledger, versions, grader, question.noise)
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
            if table.n
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
        more_tasks=more_tasks({ALL: whole, **tables}, decision, question.demand, answer),
        left_out=LeftOut(pairs.only_old, pairs.only_new, pairs.unjudged, pairs.repeated),
        notes=(*_strata_notes(pairs, question), *_settings_notes(ledger, versions)),
    )
    return _beside(result, question.against)


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
    if noise is not None and noise.drifts:
        answer = "not enough data"
        reasons.insert(0, noise.drift())
    elif answer == "take" and (lacking := _no_floor(noise, question, len(pairs.tasks))):
        answer = "not enough data"
        reasons.insert(0, lacking)
    return answer, tuple(reasons)


def _no_floor(noise: NoiseFloor | None, question: GateQuestion, tasks: int) -> str:
    """Return why a better version can't be taken yet; empty where it can."""
    if question.without_noise_floor:
        return ""
    if noise is not None:
        return noise.thin(tasks)
    return (
        "the tables say take, but the noise floor is unknown: the same version was never run twice, and what moves a "
        "whole run can't be told from the update. Ask the old version again (assay ask ... --epochs 2), name two runs "
        "of one version with --noise, or go without by --no-noise-floor"
    )


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


def _strata_notes(pairs: Pairs, question: GateQuestion) -> list[str]:
    notes = []
    if question.by is None and pairs.strata:
        notes.append(
            f"the right answers are {len(pairs.strata)} classes, so each is a stratum: --by TAG for others, "
            "--no-strata for none"
        )
    if empty := sum(not pairs.table(chosen).n for chosen in pairs.strata.values()):
        notes.append(f"{empty} strata have no task yet with a verdict on both versions")
    return notes


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
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{against} can't be read as an earlier result of assay gate --json ({error})"
        ) from None
    return replace(result, notes=(*result.notes, line))

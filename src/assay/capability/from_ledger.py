"""From what a ledger knows of a system to the evidence that it is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.capability.cost_question import CostQuestion
from assay.capability.cost_sources import HourPrice
from assay.capability.cost_standard import Attempts
from assay.capability.evidence import (
    WORST,
    Caught,
    CostEvidence,
    Evidence,
    ShareEvidence,
    ShareStratum,
    Together,
    stated,
    together,
)
from assay.capability.ledger_columns import Columns, by_task
from assay.capability.ledger_counts import JudgedCounts
from assay.capability.ledger_facts import NotJudged, SystemFacts
from assay.capability.ledger_labels import LabeledCounts
from assay.capability.price_table import PriceTable
from assay.capability.prices import FilledCosts, fill_costs
from assay.capability.same_tasks import TaskErrors
from assay.estimate.repeated import residuals
from assay.ledger.store import Ledger
from assay.quantity import Unknown

FloatArray = npt.NDArray[np.float64]

MOST_USD = 1e9
"""Of one answer: what is above was written wrong, and a mean with it in says nothing of the others."""

FEWEST_ROWS = 3
"""Of fewer, a correlation says nothing."""

MOST_REASONS = 3
"""So many reasons are said why costs are unknown."""

NOT_CHECKED = "nothing is checked before delivery"


@dataclass(frozen=True, slots=True, eq=False)
class AttemptCost:
    """What an attempt costs.

    Parameters
    ----------
    evidence
    rows : shape (n,)
        Of each answer that was read, as far as is known; NaN elsewhere. Before a factor that multiplies all.
    notes
        What a reader has to know of it.
    """

    evidence: CostEvidence
    rows: FloatArray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerEvidence:
    """The evidence of one system, and what a reader has to know of it.

    Parameters
    ----------
    evidence
        Without an item that shows what is right where nobody has judged.
    outputs : >= 0
        Outputs, or labels, that the share of right ones rests on.
    notes
        In words.
    unchecked
        Whether nothing stands between the system and its users, as far as anybody says.
    tasks
        Task by task, where every output was judged and read; else None.
    """

    evidence: Evidence
    outputs: int
    notes: tuple[str, ...]
    unchecked: bool
    tasks: TaskErrors | None = None


def evidence_of(
    facts: SystemFacts,
    question: CostQuestion,
    hour: HourPrice | None,
    table: PriceTable | None = None,
) -> LedgerEvidence:
    """Return the evidence of a system.

    Outputs that don't say whether they were caught count as delivered, as they do in `assay volume`; and where nothing
    is caught or held back, no check is paid for. Where something is, what it costs is for the user to say.
    """
    judged = facts.judged
    nobody = isinstance(judged, NotJudged)
    caught, flagged = (
        (None, None) if isinstance(judged, NotJudged) else _held_back(judged, question)
    )
    unchecked = caught is None and flagged is None and not nobody
    caught = 0.0 if caught is None else caught
    flagged = 0.0 if flagged is None else flagged
    models = _models(facts, question.token_model)
    columns = facts.columns
    cost = attempt_cost(columns, hour, models=models, table=table)
    timed = np.isfinite(columns.latency_seconds).any()
    return LedgerEvidence(
        Evidence(
            name=facts.name,
            right=ShareEvidence(0, 0) if isinstance(judged, NotJudged) else right_share(judged),
            attempt_cost_usd=cost.evidence,
            seconds=columns.sampled(columns.latency_seconds, "latency in the log")
            if timed
            else None,
            check_cost_usd=_check_cost(question, unchecked=unchecked or nobody),
            caught=caught,
            flagged=flagged,
            together=_together(columns, cost.rows),
        ),
        _outputs(judged),
        cost.notes,
        unchecked,
        _task_errors(facts, cost.rows),
    )


def _outputs(judged: JudgedCounts | LabeledCounts | NotJudged) -> int:
    match judged:
        case JudgedCounts():
            return judged.judged + judged.unsure
        case LabeledCounts():
            return judged.labels
        case NotJudged():
            return 0


def attempts_of(ledger: Ledger, facts: SystemFacts) -> Attempts | None:
    """Return how often each task was answered right of how often it was asked; None where each was asked once.

    Only where a check has judged every output: labels of a draw seldom hold all answers to one task.
    """
    judged, traffic = facts.judged, facts.traffic
    if not isinstance(judged, JudgedCounts) or judged.judged <= judged.tasks:
        return None
    right, asked = by_task(ledger, traffic, judged.judge)
    return Attempts(right, asked)


def right_share(judged: JudgedCounts | LabeledCounts) -> ShareEvidence:
    """Return the share of right outputs; those nobody is sure of count as wrong."""
    if isinstance(judged, JudgedCounts):
        worth = judged.worth_of_an_answer
        return ShareEvidence(judged.right * worth, (judged.judged + judged.unsure) * worth)
    population = sum(stratum.size for stratum in judged.strata)
    strata = [
        ShareStratum(
            stratum.size / population,
            stratum.labeled - stratum.errors - stratum.unsure,
            stratum.labeled,
        )
        for stratum in judged.strata
    ]
    return ShareEvidence.of_strata(strata)


def attempt_cost(
    columns: Columns,
    hour: HourPrice | None,
    *,
    models: Sequence[str],
    table: PriceTable | None = None,
) -> AttemptCost:
    """Return what an attempt costs.

    The log's own costs go first, then what the tokens of the model cost; answers without either are taken
    to cost like those with one. Where a machine was named and no answer has a cost, it is what its seconds cost there.
    `models` is of each answer its own, or one for all.
    """
    costs = columns.known("cost_usd")
    why = ""

    def unknown(reason: str) -> AttemptCost:
        return AttemptCost(Unknown(reason), np.full(columns.read, np.nan))

    if hour is None and len(costs) < columns.read:
        filled = fill_costs(
            models,
            columns.prompt_tokens,
            columns.completion_tokens,
            columns.cost_usd,
            table=table,
        )
        known = np.isfinite(filled.cost_usd)
        if known.sum() > len(costs):
            low, value, high = (
                each[known] for each in (filled.low_usd, filled.cost_usd, filled.high_usd)
            )
            # What all of them cost at the lowest and at the highest price, over what they cost at the price itself.
            factor = (low.sum() / value.sum(), 1.0, high.sum() / value.sum())
            rows = np.where(known, filled.cost_usd, np.nan)
            sampled = columns.sampled(rows, "tokens at the price of the model", factor)
            return AttemptCost(sampled, rows, _told(filled))
        why = "; ".join(list(filled.unknown)[:MOST_REASONS])
    if len(costs) and costs.max() > MOST_USD:
        return unknown(
            f"the log has an answer at ${costs.max():.3g}: no answer costs more than ${MOST_USD:g}, so it was written "
            "wrong"
        )
    if len(costs):
        missing = columns.read - len(costs)
        said = (
            f"{missing:,} of {columns.read:,} outputs have no cost: taken to cost like the others"
        )
        sampled = columns.sampled(columns.cost_usd, "cost in the log")
        return AttemptCost(sampled, columns.cost_usd, (said,) if missing else ())
    if hour is None:
        return unknown(
            f"no output has a cost{f' ({why})' if why else ''}: that is unknown, and never free; --machine or "
            "--usd-per-hour prices its time, --token-model its tokens"
        )
    if not np.isfinite(columns.latency_seconds).any():
        return unknown("no output has a cost, or a latency to put the machine's hour on")
    share = 1 / 3600 / hour.lanes
    lanes = f", {hour.lanes} at a time" if hour.lanes > 1 else ""
    factor = (hour.low * share, hour.usd * share, hour.high * share)
    words = f"latency times the machine's hour{lanes}: {hour.words}"
    sampled = columns.sampled(columns.latency_seconds, words, factor)
    return AttemptCost(sampled, columns.latency_seconds)


def _told(filled: FilledCosts) -> tuple[str, ...]:
    more = ("outputs without a cost are taken to cost like the others",) if filled.unknown else ()
    return (*filled.notes, *more)


def _models(facts: SystemFacts, told: str | None) -> Sequence[str]:
    """Return which model each answer's tokens are priced as: the one asked for, its own tag's, or the system's name."""
    if told is not None:
        return [told]
    named = facts.columns.models
    return [name or facts.traffic.window.system for name in named] or [facts.traffic.window.system]


def _held_back(
    judged: JudgedCounts | LabeledCounts, question: CostQuestion
) -> tuple[Caught, Caught]:
    """Return which shares of wrong and of right outputs are held back: as said, else as tags say, else None.

    Where some have a tag, those without one count as delivered.
    """
    if question.caught is not None:
        return question.caught, question.flagged or 0.0
    if isinstance(judged, JudgedCounts):
        if judged.told_wrong + judged.told_right == 0:
            return None, None
        # The wrong answers to one task may all be caught together, so each task counts as one.
        worth = min(1.0, judged.tasks / max(judged.judged, 1))
        return (
            _of_counts(judged.caught, judged.wrong + judged.unsure, worth),
            _of_counts(judged.flagged, judged.right, worth),
        )
    if not any(stratum.told for stratum in judged.caught):
        return None, None
    labels = [stratum.labeled for stratum in judged.strata]
    return (
        ShareEvidence.of_parts(
            (part.size, count, part.wrong, part.caught)
            for part, count in zip(judged.caught, labels, strict=True)
        ),
        ShareEvidence.of_parts(
            (part.size, count, part.right, part.flagged)
            for part, count in zip(judged.caught, labels, strict=True)
        ),
    )


def _of_counts(hits: int, trials: int, worth: float) -> ShareEvidence | None:
    return ShareEvidence(hits * worth, trials * worth) if trials else None


def _check_cost(question: CostQuestion, *, unchecked: bool) -> CostEvidence:
    if question.check_usd is not None:
        return stated(question.check_usd)
    if unchecked or question.caught == 0:
        return stated(0.0, NOT_CHECKED)
    return Unknown("nobody has said what checking one result costs: --check-cost, 0 if it is free")


def _task_errors(facts: SystemFacts, costs: FloatArray) -> TaskErrors | None:
    columns = facts.columns
    if not isinstance(facts.judged, JudgedCounts) or columns.read < facts.traffic.traces:
        return None
    # Who is unsure of an output counts it as wrong.
    right = np.where(np.isfinite(columns.right), columns.right, 0.0)
    count = len(columns.task_names)
    rows = [residuals(row, columns.tasks, count) for row in (right, costs, columns.latency_seconds)]
    return TaskErrors(columns.task_names, np.stack(rows), float(right.mean()), columns.read / count)


def _together(columns: Columns, costs: FloatArray) -> Together:
    """Return how being right, costs and seconds go together, where rows say; else the worst there could be.

    Of tasks, where some were answered several times: what each adds to the errors of the means.
    """
    right, seconds = columns.right, columns.latency_seconds
    known = np.isfinite(right) & np.isfinite(costs)
    timed = known & np.isfinite(seconds)
    if known.sum() < FEWEST_ROWS:
        return WORST
    rows = (right, costs, seconds) if timed.sum() >= FEWEST_ROWS else (right, costs)
    used = timed if len(rows) == 3 else known
    count = len(columns.task_names)
    return together(*(residuals(row[used], columns.tasks[used], count) for row in rows))

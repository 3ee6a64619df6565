"""From a ledger to the answer of `assay cost`: each system measured, all of them ordered, and where the order turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.capability.cost_question import CostQuestion
from assay.capability.cost_result import CostAnswer, CostedSystem
from assay.capability.cost_sources import hour_price, price_table
from assay.capability.cost_standard import add_ons_of, held_to, standard_of
from assay.capability.cost_turning import turning
from assay.capability.evidence import Evidence, Prices
from assay.capability.from_ledger import LedgerEvidence, attempts_of, evidence_of
from assay.capability.ledger_facts import NotJudged, SystemFacts, facts_of
from assay.capability.ledger_second_pass import BothPasses, both_passes
from assay.capability.measure import DRAWS, Capability, measure, quantity_of
from assay.capability.parts import Scores
from assay.capability.ranking import cost_difference, items_to_tell_apart, rank
from assay.capability.same_tasks import compared_on, shared_scores
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown

NOBODY_CHECKS = "nothing stands between a system and its users: no tag says what was caught, and --caught doesn't"
WAITING = "waiting costs nothing: --wait-cost prices it"


@dataclass(frozen=True, slots=True)
class _Measured:
    facts: SystemFacts
    known: LedgerEvidence
    capability: Capability
    costed: CostedSystem


def check_question(question: CostQuestion) -> None:
    """Refuse a question that no ledger can answer.

    Raises
    ------
    BadInput
        If the standard or the catalogue can't be read, or what an hour of the machine costs is not in it.
    """
    standard_of(question)
    hour_price(question.machine)
    price_table(question.machine)


def answer_cost(ledger: Ledger, question: CostQuestion | None = None) -> CostAnswer:
    """Return what a verified-correct result of each system in a ledger costs, cheapest first.

    Parameters
    ----------
    ledger
        Traces with costs and latencies, and verdicts on them.
    question
        Prices, systems, standard. Without the prices that the cost takes nothing is ranked by it.

    Returns
    -------
    CostAnswer

    Raises
    ------
    LedgerError
        Where the ledger holds none of the systems asked for.
    BadInput
        Where the question contradicts itself.
    """
    question = question or CostQuestion()
    standard = standard_of(question)
    hour = hour_price(question.machine)
    rng = np.random.default_rng(question.seed)
    table = price_table(question.machine)
    facts = facts_of(ledger, question.facts)
    known = [evidence_of(one, question, hour, table) for one in facts]
    tasks = [one.tasks for one in known]
    scores = shared_scores([one.evidence for one in known], tasks, rng, draws=DRAWS)
    measured = [
        _measure(one, question, evidence, rng, drawn)
        for one, evidence, drawn in zip(facts, known, scores, strict=True)
    ]
    if standard is not None:
        for place, one in enumerate(measured):
            attempts = attempts_of(ledger, one.facts)
            others = [other.capability for other in measured]
            both, why = _second_pass(ledger, one.facts, question)
            add_ons = add_ons_of(one.capability, question, others, attempts, both)
            met = held_to(standard, one.capability, add_ons, rng=rng)
            costed = replace(
                one.costed,
                standard=met.words,
                meets=met.meets,
                add_on=met.add_on,
                notes=(*one.costed.notes, *why),
            )
            measured[place] = replace(one, costed=costed)
    priced = question.mend_usd is not None or question.escape_usd is not None
    if priced:
        systems, dearer, more = _ordered(measured, question.confidence_level)
    else:
        systems, dearer, more = _by_score(measured), None, None
    turned = turning([one.capability for one in measured], rng=rng)
    return CostAnswer(
        ledger=str(ledger.path),
        systems=systems,
        said=(*question.said, *((hour.words,) if hour else ())),
        assumed=tuple(_assumed(measured, question)),
        priced=priced,
        break_evens=turned.break_evens,
        curves=turned.curves,
        second_costs_more=dearer,
        more_items=more,
        standard=None if standard is None else standard.words,
        curve_words=turned.words,
        confidence_level=question.confidence_level,
        compared_on=compared_on(tasks),
    )


def _second_pass(
    ledger: Ledger, facts: SystemFacts, question: CostQuestion
) -> tuple[BothPasses | None, tuple[str, ...]]:
    """Return what gets past both passes, or why nobody knows."""
    if question.second_pass is None:
        return None, ()
    if question.caught not in (None, 0.0):
        why = "what checking catches is on your word (--caught): which errors both passes miss isn't measured"
        return None, (f"no second pass was tried: {why}",)
    tag = question.facts.caught_tag if question.caught is None else None
    found = both_passes(ledger, facts, question.second_pass, caught_tag=tag)
    return (
        (None, (f"no second pass was tried: {found}",)) if isinstance(found, str) else (found, ())
    )


def prices_of(question: CostQuestion) -> Prices:
    """Return what the user says things cost."""
    return Prices(
        question.mend_usd, question.escape_usd, question.false_alarm_usd, question.wait_usd_per_hour
    )


def _measure(
    facts: SystemFacts,
    question: CostQuestion,
    known: LedgerEvidence,
    rng: np.random.Generator,
    scores: Scores,
) -> _Measured:
    level = question.confidence_level
    found = measure(
        known.evidence, prices_of(question), rng=rng, confidence_level=level, scores=scores
    )
    judged = facts.judged
    unjudged = Unknown(judged.reason) if isinstance(judged, NotJudged) else None

    def of(quantity: Quantity) -> Quantity:
        # Of all that is missing, who is right comes first: without it there is nothing to price.
        return unjudged if unjudged and isinstance(quantity, Unknown) else quantity

    def mean(name: str, unit: str) -> Quantity:
        return quantity_of(
            found.parts, (name,), lambda parts: parts[name], unit=unit, confidence_level=level
        )

    attempt = mean("cost", "USD/output")
    source = getattr(known.evidence.attempt_cost_usd, "source", "")
    if isinstance(attempt, Estimate) and source:
        attempt = replace(attempt, method=f"{attempt.method}; {source}", n=facts.columns.read)
    latency = mean("seconds", "s/output")
    costed = CostedSystem(
        name=facts.name,
        evidence=facts.words,
        outputs=known.outputs,
        right=of(found.right),
        attempt_cost=attempt,
        latency=latency,
        tail=found.seconds_p95,
        cost_of_pass=of(found.cost_of_pass),
        errors_per_hour=of(found.wrong_per_hour),
        correct_per_hour=of(found.right_per_hour),
        cost=of(found.cvc),
        escaped=of(found.epc),
        seconds=of(found.tvc),
        next_command=judged.next_command
        if isinstance(judged, NotJudged)
        else _unsaid(known.evidence, question),
        notes=(*facts.notes, *known.notes),
    )
    return _Measured(facts, known, found, costed)


def _unsaid(evidence: Evidence, question: CostQuestion) -> str:
    """Return the options that the cost of a system takes and that nobody has given; empty where none is missing."""
    missing = (
        ("--mend-cost USD", question.mend_usd is None and evidence.caught != 0),
        ("--escape-cost USD", question.escape_usd is None and evidence.caught != 1),
        ("--false-alarm-cost USD", question.false_alarm_usd is None and evidence.flagged != 0),
        ("--check-cost USD", isinstance(evidence.check_cost_usd, Unknown)),
    )
    return " ".join(option for option, is_missing in missing if is_missing)


def _ordered(
    measured: Sequence[_Measured], level: float
) -> tuple[tuple[CostedSystem, ...], Quantity | None, Quantity | None]:
    by_name = {one.costed.name: one for one in measured}
    order = rank([one.capability for one in measured])
    several = len(order.rows) > 1
    ranked = [
        replace(
            by_name[row.name].costed,
            p_best=row.p_best if several else None,
            tie=row.tie,
            notes=(*by_name[row.name].costed.notes, *([row.note] if row.note else [])),
        )
        for row in order.rows
    ]
    dearer = more = None
    if several:
        first, second = (row.capability for row in order.rows[:2])
        dearer = cost_difference(second, first, confidence_level=level, chosen_from=len(order.rows))
        if order.is_tie:
            more = items_to_tell_apart(first, second, confidence_level=level)
    return (*ranked, *(by_name[one.name].costed for one in order.unranked)), dearer, more


def _by_score(measured: Sequence[_Measured]) -> tuple[CostedSystem, ...]:
    def score(one: _Measured) -> tuple[float, str]:
        right = one.costed.right
        return (-right.value if isinstance(right, Estimate) else 1.0, one.costed.name)

    return tuple(one.costed for one in sorted(measured, key=score))


def _assumed(measured: Sequence[_Measured], question: CostQuestion) -> list[str]:
    assumed = []
    if any(one.known.unchecked for one in measured):
        assumed.append(NOBODY_CHECKS)
    if question.caught is not None and question.flagged is None:
        assumed.append("no right result is held back: --flagged says otherwise")
    if question.wait_usd_per_hour is None:
        assumed.append(WAITING)
    assumed.append("the outputs judged are a sample of those to come")
    return assumed

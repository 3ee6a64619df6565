"""The volume of errors: from evidence to errors per day, with what they mean and what would sharpen them."""

from __future__ import annotations

import math
from dataclasses import replace

from assay.errors import BadInput
from assay.estimate import (
    Alternative,
    HalvingPlan,
    JudgeWorth,
    StratumCount,
    evidence_ceiling,
    judge_worth,
    labels_to_halve,
    sigma_level,
)
from assay.ledger.population import moment_text
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.future import FutureDays
from assay.volume.gather import gather
from assay.volume.label_noise import LabelNoise, label_noise, noise_notes, read_once
from assay.volume.meter import ErrorVolume, Meter
from assay.volume.missed import ceiling_with_missed
from assay.volume.parts import strata_parts, tag_parts
from assay.volume.people import Baseline, is_named, measured_people
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.result import StandardDecision, SystemVolume, VolumeAnswer
from assay.volume.severity import parse_weights, severity_volume
from assay.volume.split import NO_TAG
from assay.volume.standard import Standard, decide, parse_standard
from assay.volume.statement import next_command, sentence
from assay.volume.traffic import throughput
from assay.volume.unit_evidence import UnitEvidence
from assay.volume.units import unit_notes, unit_volume


def measure_volume(ledger: Ledger, question: VolumeQuestion | None = None) -> VolumeAnswer:
    """Return the volume of errors of every system in a ledger.

    Parameters
    ----------
    ledger
        Traces, and either a check of all of them or the labels of a draw.
    question
        Which systems, which window, compared with whom, held against which standard.

    Returns
    -------
    VolumeAnswer
        One answer a system; each number an Estimate, or an Unknown that says what is missing.

    Raises
    ------
    LedgerError
        Where the ledger holds no trace that the question is about.
    BadInput
        Where the question contradicts itself.

    Notes
    -----
    The labels of a draw give a design-based interval for the frozen window (`assay.estimate.total_errors`): it needs no
    assumption on the system, the judge, or the dependence between outputs. It says nothing about next week.
    """
    question = question or VolumeQuestion()
    standard = parse_standard(question.standard) if question.standard else None
    _check(ledger, question, standard)
    if question.severity_weights is not None:
        parse_weights(question.severity_weights)
    gathered = gather(ledger, question)
    baseline = Baseline(question, measured_people(ledger, question, gathered))
    future = FutureDays(ledger, question, gathered)
    systems = [
        # The forecast is put beside the finished answer: nothing that is decided can rest on it.
        _with_future(_measure(ledger, question, system, baseline, standard), future, system)
        for system in gathered
        if not (
            question.human
            and question.human.system
            and question.system is None
            and is_named(system, question.human.system)
        )
    ]
    return VolumeAnswer(
        ledger=str(ledger.path),
        start=moment_text(question.start),
        end=moment_text(question.end),
        confidence_level=question.confidence_level,
        systems=tuple(systems),
    )


def _check(ledger: Ledger, question: VolumeQuestion, standard: Standard | None) -> None:
    if not 0.5 <= question.confidence_level < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {question.confidence_level}")
    human = question.human or HumanBaseline()
    numbers = {
        "--per-day": question.per_day,
        "--workers": question.workers,
        "--human-per-day": human.per_day,
    }
    for name, value in numbers.items():
        if value is not None and not 0 < value < math.inf:
            raise BadInput(f"{name} must be above 0 and finite, got {value}")
    if standard and standard.kind == "human" and question.human is None:
        raise BadInput(
            "the standard `human` needs the people to compare with",
            next_command=f"assay volume {ledger.typed} --standard human --human-error-rate 0.10 --human-per-day 40",
        )


def _measure(
    ledger: Ledger,
    question: VolumeQuestion,
    system: SystemEvidence,
    baseline: Baseline,
    standard: Standard | None,
) -> SystemVolume:
    level = question.confidence_level
    start, end = system.window.start, system.window.end
    per_day = throughput(
        system.traffic, per_day=question.per_day, workers=question.workers, start=start, end=end
    )
    meter = Meter(system, per_day)
    volume = meter.at(level)
    halving, worth = _plans(system, level)
    answer = SystemVolume(
        window=system.window,
        traffic=system.traffic,
        evidence=system.evidence,
        labels=_label_count(system),
        throughput_per_day=per_day,
        errors=volume.errors,
        error_rate=volume.rate,
        errors_per_day=volume.per_day,
        errors_per_thousand=_scaled(volume.rate, 1_000, "errors/1,000 traces"),
        escaped_errors_per_day=volume.escaped_per_day,
        sigma_level=sigma_level(volume.rate) if isinstance(volume.rate, Estimate) else volume.rate,
        evidence_ceiling_sigma=_ceiling(system, level),
        labels_to_halve=halving,
        judge_gain=worth.gain,
        human=baseline.compare(meter, level),
        standard=_decided(standard, meter, baseline, level, volume),
        strata=strata_parts(system, per_day, level),
        by={
            tag: tag_parts(ledger, system, tag, per_day, level)
            for tag in _split_tags(system, question)
        },
        notes=_notes(system, from_times=question.per_day is None and question.workers is None),
        sentence="",
        next_command="",
        traces_version=system.traces_version,
        frozen_lost=system.frozen_lost,
        judge_p_value=worth.p_value,
        label_noise=_label_noise(system, level),
    )
    if isinstance(system.evidence, UnitEvidence):
        notes = (*answer.notes, *unit_notes(system.evidence, question.by))
        units = unit_volume(system.evidence, per_day, level)
        answer = replace(answer, units=units, notes=notes)
    if question.severity_weights is not None:
        weights = dict(parse_weights(question.severity_weights))
        severity = severity_volume(ledger, system, per_day, weights, confidence_level=level)
        answer = replace(answer, severity=severity)
    absent = [tag for tag, parts in answer.by.items() if {part.name for part in parts} == {NO_TAG}]
    if absent:
        note = f"no output has a tag {' or '.join(map(repr, absent))}"
        answer = replace(answer, notes=(*answer.notes, note))
    answer = replace(answer, sentence=sentence(answer))
    return replace(answer, next_command=next_command(answer, ledger.typed, question.typed))


def _with_future(answer: SystemVolume, future: FutureDays, system: SystemEvidence) -> SystemVolume:
    return replace(answer, future=future.of(system, answer.throughput_per_day))


def _split_tags(system: SystemEvidence, question: VolumeQuestion) -> tuple[str, ...]:
    # Whole units are not split: `unit_notes` says so.
    return () if isinstance(system.evidence, UnitEvidence) else question.by


def _scaled(quantity: Quantity, factor: float, unit: str) -> Quantity:
    return quantity.scaled(factor, unit) if isinstance(quantity, Estimate) else quantity


def _strata(system: SystemEvidence) -> list[StratumCount]:
    if isinstance(system.evidence, SampleEvidence):
        return list(system.evidence.strata)
    return [StratumCount(system.traffic.traces, system.traffic.traces, 0)]


def _label_count(system: SystemEvidence) -> int:
    if isinstance(system.evidence, SampleEvidence):
        return sum(stratum.labeled for stratum in system.evidence.strata)
    if isinstance(system.evidence, UnitEvidence):
        return system.evidence.labels
    return 0


def _ceiling(system: SystemEvidence, level: float) -> Quantity:
    if isinstance(system.evidence, NoEvidence):
        return Unknown(system.evidence.reason)
    if isinstance(system.evidence, UnitEvidence):
        return Unknown("worked out for draws of single outputs only")
    if isinstance(system.evidence, SampleEvidence):
        if not system.evidence.look.is_planned:
            return Unknown(system.evidence.no_look)
        if system.evidence.reading is not None and system.evidence.reading.bounds_missed:
            return ceiling_with_missed(system.evidence, level)
        ceiling = evidence_ceiling(
            _strata(system), confidence_level=system.evidence.look.level(level)
        )
        return (
            replace(ceiling, confidence_level=level) if isinstance(ceiling, Estimate) else ceiling
        )
    return evidence_ceiling(_strata(system), confidence_level=level)


def _label_noise(system: SystemEvidence, level: float) -> LabelNoise | None:
    if isinstance(system.evidence, UnitEvidence):
        return read_once()
    if not isinstance(system.evidence, SampleEvidence):
        return None
    return label_noise(system.evidence.reading, system.evidence.look, level)


def _plans(system: SystemEvidence, level: float) -> tuple[HalvingPlan, JudgeWorth]:
    match system.evidence:
        case SampleEvidence() as sample:
            if not sample.look.is_planned:
                early = Unknown(sample.no_look)
                return HalvingPlan(early, early), JudgeWorth(early, None)
            strata = list(sample.strata)
            look_level = sample.look.level(level)
            plan = labels_to_halve(strata, confidence_level=look_level)
            if sample.reading is not None and sample.reading.bounds_missed:
                again = Unknown("how many outputs are read again sets the width too")
                plan = HalvingPlan(with_judge=again, without_judge=again)
            if sample.draw.judge is None and not sample.draw.stratified_by:
                plan = plan._replace(with_judge=Unknown("the draw was made without a judge"))
            if sample.draw.judge is None:
                return plan, JudgeWorth(Unknown("the draw was made without a judge"), None)
            worth = judge_worth(strata, confidence_level=look_level)
            if sample.by_what_was_found:
                # Where errors were found by luck more was drawn: the p-value is of a density fixed beforehand.
                worth = worth._replace(p_value=None)
            if isinstance(worth.gain, Estimate):
                # All looks together miss no more than the level that was asked for.
                worth = worth._replace(gain=replace(worth.gain, confidence_level=level))
            return plan, worth
        case UnitEvidence():
            reason = Unknown("worked out for draws of single outputs only")
        case CensusEvidence():
            reason = Unknown("every output is judged already: there is no interval to halve")
        case NoEvidence() as none:
            reason = Unknown(none.reason)
    return HalvingPlan(with_judge=reason, without_judge=reason), JudgeWorth(reason, None)


def _decided(
    standard: Standard | None, meter: Meter, baseline: Baseline, level: float, volume: ErrorVolume
) -> StandardDecision | None:
    if standard is None:
        return None
    escaped = isinstance(volume.escaped_per_day, Estimate)

    def one_sided(alternative: Alternative) -> Quantity:
        if standard.kind == "human":
            human = baseline.compare(meter, level)
            assert human is not None
            return human.ratio
        limited = meter.at(level, alternative)
        if standard.kind == "rate":
            return limited.rate
        return limited.escaped_per_day if escaped else limited.per_day

    return decide(standard, one_sided, noun="escaped errors" if escaped else "errors")


def _notes(system: SystemEvidence, *, from_times: bool) -> tuple[str, ...]:
    notes = list(system.notes)
    if system.traffic.set_aside:
        others = " and ".join(f"{n:,} {origin}" for origin, n in system.traffic.set_aside)
        notes.append(
            f"left out: {others} outputs, which are not the work of this system; --origin takes one kind alone"
        )
    traffic = system.traffic
    asked_for = traffic.asked_for == traffic.traces
    if from_times and not asked_for and traffic.first is not None and traffic.last is not None:
        hours = (traffic.last - traffic.first) / 3.6e9
        if hours < 24:
            notes.append(
                f"the log covers {hours:.3g} hours: a day is projected from them, as if round the clock"
            )
    if system.arrived_since:
        notes.append(
            f"{system.arrived_since} outputs came in after the draw and are not part of this answer"
        )
    untold = traffic.traces - traffic.caught_known
    if traffic.caught_known and untold:
        notes.append(
            f"{untold:,} outputs don't say whether they were caught: they count as delivered"
        )
    match system.evidence:
        case SampleEvidence() as sample:
            unsure = sum(stratum.unsure for stratum in sample.strata)
            if unsure:
                notes.append(
                    f"{unsure} labels are unsure: the lower limit counts them right, the upper one wrong"
                )
            notes += noise_notes(sample.reading)
        case UnitEvidence():
            pass  # `unit_notes` says it.
        case CensusEvidence() as census:
            notes.append(
                f"counted by {census.judge}: the count is exact if that is right; its own mistakes are not in it"
            )
        case NoEvidence():
            pass
    return tuple(notes)

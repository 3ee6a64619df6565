"""The volume of errors: from evidence to errors per day, with what they mean and what would sharpen them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from assay.errors import BadInput
from assay.estimate import (
    Alternative,
    HalvingPlan,
    StratumCount,
    domain_errors,
    evidence_ceiling,
    judge_gain,
    labels_to_halve,
    ratio_of_estimates,
    sigma_level,
    total_errors,
)
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, assumed, exact
from assay.volume.evidence import (
    CensusEvidence,
    NoEvidence,
    SampleEvidence,
    SystemEvidence,
    gather,
)
from assay.volume.parts import census_method, strata_parts, tag_parts
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.result import HumanComparison, StandardDecision, SystemVolume, VolumeAnswer
from assay.volume.standard import Standard, decide, parse_standard
from assay.volume.statement import next_command, sentence
from assay.volume.traffic import throughput


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
    _check(question, standard)
    gathered = gather(ledger, question)
    baseline = _Baseline(question, _people(ledger, question, gathered))
    systems = [
        _measure(ledger, question, system, baseline, standard)
        for system in gathered
        if not (
            question.human
            and question.system is None
            and system.window.system == question.human.system
        )
    ]
    return VolumeAnswer(
        ledger=str(ledger.path),
        start=_shown_time(question.start),
        end=_shown_time(question.end),
        confidence_level=question.confidence_level,
        systems=tuple(systems),
    )


def _check(question: VolumeQuestion, standard: Standard | None) -> None:
    if not 0.5 <= question.confidence_level < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {question.confidence_level}")
    for name, value in (("per day", question.per_day), ("workers", question.workers)):
        if value is not None and not value > 0:
            raise BadInput(f"{name} must be above 0, got {value}")
    if standard and standard.kind == "human" and question.human is None:
        raise BadInput(
            "the standard `human` needs the people to compare with",
            next_command="assay volume LEDGER --standard human --human-error-rate 0.10 --human-per-day 40",
        )


@dataclass(frozen=True, slots=True)
class _Volume:
    """Errors of a system at one confidence level, on one or on both sides."""

    errors: Quantity
    rate: Quantity
    per_day: Quantity
    escaped_per_day: Quantity


class _Meter:
    """Turns the evidence of one system into numbers at any confidence level."""

    def __init__(self, system: SystemEvidence, throughput_per_day: Quantity) -> None:
        self._system = system
        self._per_day = throughput_per_day
        self._n = system.traffic.traces

    def at(self, confidence_level: float, alternative: Alternative = "two-sided") -> _Volume:
        errors = self._errors(confidence_level, alternative)
        escaped = self._escaped(confidence_level, alternative)
        return _Volume(errors, self._rate(errors), self._daily(errors), self._daily(escaped))

    def _errors(self, confidence_level: float, alternative: Alternative) -> Quantity:
        match self._system.evidence:
            case SampleEvidence() as sample:
                errors = total_errors(
                    sample.strata, confidence_level=confidence_level, alternative=alternative
                )
                return replace(errors, method=f"{errors.method}; {_draw_words(sample)}")
            case CensusEvidence() as census:
                return exact(census.errors, "errors", n=self._n, method=census_method(census))
            case NoEvidence() as none:
                return Unknown(none.reason)

    def _escaped(self, confidence_level: float, alternative: Alternative) -> Quantity:
        traffic = self._system.traffic
        if not traffic.caught_known:
            return Unknown("no trace says whether it was caught before delivery (tag `caught`)")
        match self._system.evidence:
            case SampleEvidence() as sample:
                wrong = [
                    sum(t.wrong == 1 and not t.caught for t in sample.labeled if t.stratum == index)
                    for index in range(len(sample.strata))
                ]
                escaped = domain_errors(
                    sample.strata,
                    wrong,
                    domain_size=traffic.traces - traffic.caught,
                    confidence_level=confidence_level,
                    alternative=alternative,
                )
                return replace(
                    escaped,
                    method=f"{escaped.method}; not caught before delivery; {_draw_words(sample)}",
                )
            case CensusEvidence() as census:
                if census.escaped is None:
                    return Unknown(
                        "no trace says whether it was caught before delivery (tag `caught`)"
                    )
                method = f"{census_method(census)}; not caught before delivery"
                return exact(census.escaped, "errors", n=self._n, method=method)
            case NoEvidence() as none:
                return Unknown(none.reason)

    def _rate(self, errors: Quantity) -> Quantity:
        return (
            errors.scaled(1 / self._n, "errors/trace") if isinstance(errors, Estimate) else errors
        )

    def _daily(self, errors: Quantity) -> Quantity:
        if isinstance(errors, Unknown):
            return errors
        if isinstance(self._per_day, Unknown):
            return self._per_day
        method = f"{errors.method}; throughput: {self._per_day.method}"
        return errors.scaled(self._per_day.value / self._n, "errors/day", method=method)


def _draw_words(sample: SampleEvidence) -> str:
    strata = f"strata by {sample.draw.judge}" if sample.draw.judge else "no judge"
    people = ", ".join(sample.people)
    return f"labels by {people}; {sample.draw.draw_id}, seed {sample.draw.seed}, {strata}"


@dataclass(frozen=True, slots=True)
class _People:
    """What was measured of the people that a system replaced."""

    name: str
    meter: _Meter
    per_day: Quantity


class _Baseline:
    """The people to compare with: assumed, measured, or nobody."""

    def __init__(self, question: VolumeQuestion, measured: _People | None) -> None:
        self._human = question.human
        self._measured = measured

    def compare(self, meter: _Meter, confidence_level: float) -> HumanComparison | None:
        if self._human is None:
            return None
        if self._measured is not None:
            return self._against_measured(meter, self._measured, confidence_level)
        return self._against_assumed(meter, self._human, confidence_level)

    def _against_assumed(
        self, meter: _Meter, human: HumanBaseline, confidence_level: float
    ) -> HumanComparison:
        assert human.error_rate is not None
        assert human.per_day is not None
        rate = assumed(human.error_rate, "errors/trace", method="assumed: --human-error-rate")
        per_day = assumed(human.per_day, "traces/day", method="assumed: --human-per-day")
        daily = assumed(
            human.error_rate * human.per_day,
            "errors/day",
            method="assumed: --human-error-rate x --human-per-day",
        )
        ratio = _ratio(meter.at(confidence_level).per_day, daily)
        return HumanComparison("assumption", rate, per_day, daily, ratio)

    def _against_measured(
        self, meter: _Meter, people: _People, confidence_level: float
    ) -> HumanComparison:
        shown = people.meter.at(confidence_level)
        # A ratio of two intervals holds at the level of their errors' sum: each takes half.
        halved = 1 - (1 - confidence_level) / 2
        ratio = _ratio(meter.at(halved).per_day, people.meter.at(halved).per_day)
        return HumanComparison(
            f"traces of {people.name}", shown.rate, people.per_day, shown.per_day, ratio
        )


def _ratio(ours: Quantity, theirs: Quantity) -> Quantity:
    if isinstance(ours, Unknown):
        return ours
    if isinstance(theirs, Unknown):
        return Unknown(f"of the people: {theirs.reason}")
    return ratio_of_estimates(ours, theirs)


def _people(
    ledger: Ledger, question: VolumeQuestion, gathered: list[SystemEvidence]
) -> _People | None:
    if question.human is None or question.human.system is None:
        return None
    name = question.human.system
    found = [system for system in gathered if system.window.system == name]
    if not found:
        asked = VolumeQuestion(
            system=name,
            start=question.start,
            end=question.end,
            evidence=question.evidence,
            caught_tag=question.caught_tag,
        )
        found = gather(ledger, asked)
    per_day = throughput(
        found[0].traffic, per_day=question.human.per_day, start=question.start, end=question.end
    )
    return _People(name, _Meter(found[0], per_day), per_day)


def _measure(
    ledger: Ledger,
    question: VolumeQuestion,
    system: SystemEvidence,
    baseline: _Baseline,
    standard: Standard | None,
) -> SystemVolume:
    level = question.confidence_level
    start, end = system.window.start, system.window.end
    per_day = throughput(
        system.traffic, per_day=question.per_day, workers=question.workers, start=start, end=end
    )
    meter = _Meter(system, per_day)
    volume = meter.at(level)
    halving, gain = _plans(system, level)
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
        judge_gain=gain,
        human=baseline.compare(meter, level),
        standard=_decided(standard, meter, baseline, level),
        strata=strata_parts(system, per_day, level),
        by={tag: tag_parts(ledger, system, tag, per_day, level) for tag in question.by},
        notes=_notes(system),
        sentence="",
        next_command="",
    )
    answer = replace(answer, sentence=sentence(answer))
    return replace(answer, next_command=next_command(answer, str(ledger.path)))


def _scaled(quantity: Quantity, factor: float, unit: str) -> Quantity:
    return quantity.scaled(factor, unit) if isinstance(quantity, Estimate) else quantity


def _strata(system: SystemEvidence) -> list[StratumCount]:
    if isinstance(system.evidence, SampleEvidence):
        return list(system.evidence.strata)
    return [StratumCount(system.traffic.traces, system.traffic.traces, 0)]


def _label_count(system: SystemEvidence) -> int:
    if isinstance(system.evidence, SampleEvidence):
        return sum(stratum.labeled for stratum in system.evidence.strata)
    return 0


def _ceiling(system: SystemEvidence, level: float) -> Quantity:
    if isinstance(system.evidence, NoEvidence):
        return Unknown(system.evidence.reason)
    return evidence_ceiling(_strata(system), confidence_level=level)


def _plans(system: SystemEvidence, level: float) -> tuple[HalvingPlan, Quantity]:
    match system.evidence:
        case SampleEvidence() as sample:
            strata = list(sample.strata)
            return labels_to_halve(strata, confidence_level=level), judge_gain(
                strata, confidence_level=level
            )
        case CensusEvidence():
            reason = Unknown("every output is judged already: there is no interval to halve")
        case NoEvidence() as none:
            reason = Unknown(none.reason)
    return HalvingPlan(with_judge=reason, without_judge=reason), reason


def _decided(
    standard: Standard | None, meter: _Meter, baseline: _Baseline, level: float
) -> StandardDecision | None:
    if standard is None:
        return None

    def one_sided(alternative: Alternative) -> Quantity:
        if standard.kind == "human":
            human = baseline.compare(meter, level)
            assert human is not None
            return human.ratio
        volume = meter.at(level, alternative)
        if standard.kind == "rate":
            return volume.rate
        return (
            volume.escaped_per_day
            if isinstance(volume.escaped_per_day, Estimate)
            else volume.per_day
        )

    measured: Callable[[Alternative], Quantity] = one_sided
    return decide(standard, measured)


def _notes(system: SystemEvidence) -> tuple[str, ...]:
    notes = list(system.notes)
    if system.arrived_since:
        notes.append(
            f"{system.arrived_since} outputs came in after the draw and are not part of this answer"
        )
    match system.evidence:
        case SampleEvidence() as sample:
            unsure = sum(stratum.unsure for stratum in sample.strata)
            if unsure:
                notes.append(
                    f"{unsure} labels are unsure: the lower limit counts them right, the upper one wrong"
                )
            notes.append(
                "labels are taken as the truth: no error rate below the labelers' own rate of mistakes is shown"
            )
        case CensusEvidence() as census:
            notes.append(
                f"counted by {census.judge}: the count is exact if that is right; its own mistakes are not in it"
            )
        case NoEvidence():
            pass
    return tuple(notes)


def _shown_time(microseconds: int | None) -> str | None:
    from datetime import UTC, datetime

    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat().replace("+00:00", "Z")

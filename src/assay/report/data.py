"""What stands in the page, as values: the answer, and what was computed beside it for the charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from shlex import quote

from assay.estimate import judge_finding
from assay.figures import confidence, interval
from assay.ledger.schema import EVIDENCE
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence
from assay.volume.measure import measure_volume
from assay.volume.parts import day_parts
from assay.volume.question import VolumeQuestion
from assay.volume.result import PartVolume, SystemVolume, VolumeAnswer
from assay.volume.unit_evidence import UnitEvidence

MOST_DETAILED = 6
"""Systems with charts of their own: those with the most errors a day. All stand in the table."""

KNOWS_ERRORS = 0.01
"""From this p-value down a judge tells wrong from right, even where its draw is not shown to save a label."""

DISTRIBUTION = "assay-ai"


@dataclass(frozen=True, slots=True)
class SystemReport:
    """One system in full: its answer, and its errors day by day."""

    volume: SystemVolume
    days: tuple[PartVolume, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page says.

    Parameters
    ----------
    answer
        Every system.
    detailed
        The systems that are shown with charts, most errors a day first.
    command
        The command line that made the page.
    ledger
        Path of the ledger, as the user gave it.
    tables
        The ledger's tables and the version of each that was read.
    assay_version
        Version of the package.
    made_at
        When the page was made.
    """

    answer: VolumeAnswer
    detailed: tuple[SystemReport, ...]
    command: str
    ledger: str
    tables: Mapping[str, int]
    assay_version: str
    made_at: datetime

    @property
    def typed_ledger(self) -> str:
        """The ledger's path as a user would type it in a shell."""
        return quote(self.ledger)

    def to_json(self) -> dict[str, object]:
        """Return the page's record: the answer as `assay volume --json` gives it, and how it was made.

        Of systems without charts the parts (`strata`, `by`) are left out: forty systems' would swamp the page.
        """
        detailed = {system.volume.name for system in self.detailed}
        answer = self.answer.to_json()
        answer["systems"] = [
            system.to_json()
            if system.name in detailed
            else system.to_json() | {"strata": [], "by": {}}
            for system in self.answer.systems
        ]
        return {
            "answer": answer,
            "days": [
                {
                    "system": system.volume.window.system,
                    "version": system.volume.window.version,
                    "days": [_day_json(part) for part in system.days],
                }
                for system in self.detailed
            ],
            "made": {
                "assay": self.assay_version,
                "command": self.command,
                "ledger": self.ledger,
                "tables": dict(self.tables),
                "at": self.made_at.isoformat(),
            },
        }


def _day_json(part: PartVolume) -> dict[str, object]:
    # Limits only: method, unit and level are the system's own, and a year of days would swamp the page.
    errors = part.errors.to_json()
    limits = {key: errors[key] for key in ("value", "low", "high", "reason") if key in errors}
    return {"day": part.name, "traces": part.traces, "labels": part.labels, "errors": limits}


def collect(
    ledger: Ledger, question: VolumeQuestion, *, command: str, made_at: datetime | None = None
) -> Report:
    """Measure, and gather what the page says beside the answer.

    Raises
    ------
    LedgerError, BadInput
        As `assay.volume.measure.measure_volume`.
    """
    # Versions first: rows that come in while the page is made must not be claimed for it.
    tables = {name: ledger.version(name) for name in EVIDENCE}
    answer = measure_volume(ledger, question)
    detailed = [
        SystemReport(system, day_parts(ledger, system.gathered, question.confidence_level))
        for system in by_volume(answer)[:MOST_DETAILED]
    ]
    return Report(
        answer=answer,
        detailed=tuple(detailed),
        command=command,
        ledger=str(ledger.path),
        tables=tables,
        assay_version=version(DISTRIBUTION),
        made_at=made_at or datetime.now(UTC).replace(microsecond=0),
    )


def by_volume(answer: VolumeAnswer) -> list[SystemVolume]:
    """Return the systems, most errors a day first; those where it is unknown stand last."""

    def key(system: SystemVolume) -> tuple[bool, float, int, str]:
        daily = system.errors_per_day
        known = isinstance(daily, Estimate)
        return (
            not known,
            -daily.value if isinstance(daily, Estimate) else 0.0,
            -system.traffic.traces,
            system.name,
        )

    return sorted(answer.systems, key=key)


def number_rows(system: SystemVolume) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield what a system's table of numbers says: name, number, and whether it is shown in percent."""
    yield "errors per day", system.errors_per_day, False
    if isinstance(system.evidence, NoEvidence):
        # Without evidence all that hangs on it is unknown for the one reason already given.
        yield "throughput per day", system.throughput_per_day, False
        return
    if isinstance(system.errors_per_day, Unknown):
        yield "errors per 1,000 traces", system.errors_per_thousand, False
    yield "escaped errors per day", system.escaped_errors_per_day, False
    yield from _weighed_rows(system)
    if system.human:
        yield "human errors per day", system.human.errors_per_day, False
        yield "system / human errors", system.human.ratio, False
    yield "throughput per day", system.throughput_per_day, False
    yield "error rate", system.error_rate, True
    yield "sigma held (one-sided)", system.sigma_level, False
    yield "highest sigma this evidence could show", system.evidence_ceiling_sigma, False
    if isinstance(system.evidence, SampleEvidence):
        yield (
            "labels to halve the interval, with the judge",
            system.labels_to_halve.with_judge,
            False,
        )
        yield "labels to halve it, without", system.labels_to_halve.without_judge, False
    if system.label_noise and system.label_noise.reading:
        noise = system.label_noise
        yield "second reader confirms a wrong", noise.second_confirms, True
        yield "second reader finds an error", noise.second_finds, True
        yield "false alarms of the first reader, of all outputs", noise.false_alarm_rate, True
        yield "label-noise floor: errors that the first reader missed", noise.floor, True
        yield "errors in the window, if both readers miss alike", noise.errors_if_independent, False
    if system.standard:
        standard = system.standard
        yield f"standard {standard.standard}: {standard.decision}", standard.measured, False


def _weighed_rows(system: SystemVolume) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield what errors weigh: money in wrong outputs, severity, and what whole units cost."""
    if system.severity:
        yield "severity-weighted errors per day", system.severity.per_day, False
        yield "severity-weighted errors in the window", system.severity.in_window, False
    units = system.units
    if units is None:
        return
    for what, quantity in (
        ("in wrong outputs per day", units.per_day),
        ("in wrong outputs of the window", units.in_wrong_outputs),
        ("in wrong outputs of the window, at most", units.at_most),
        ("at most, by Stringer's bound", units.stringer),
    ):
        if quantity is not None:
            yield f"{units.weigh_by} {what}", quantity, False
    if units.unit == "conversation":
        yield "design effect of whole conversations", units.design_effect, False


def judge_words(system: SystemVolume) -> str:
    """Return what the draw's judge was worth; empty where none took part."""
    evidence, gain = system.evidence, system.judge_gain
    if not isinstance(evidence, SampleEvidence) or evidence.draw.judge is None:
        return ""
    judge = f"The judge {evidence.draw.judge}"
    if isinstance(gain, Unknown):
        return f"{judge} is worth an unknown number of labels: {gain.reason}."
    sure = f"{confidence(gain)}, n {gain.n:,}"
    times, found = f"{interval(gain)} times the labels", judge_finding(gain)
    if found == "saves labels":
        return f"{judge} is worth {times} of a uniform draw ({sure})."
    if found == "costs labels":
        return f"{judge} adds nothing: its draw is worth {times} ({sure}); draw without it next time (--no-judge)."
    if system.judge_p_value is not None and system.judge_p_value <= KNOWS_ERRORS:
        judge = f"{judge} tells wrong from right (p {system.judge_p_value:.1g}) but"
    return f"{judge} adds nothing that these labels show ({times}; {sure}): label more."


def future_words(system: SystemVolume) -> str:
    """Return the line on the coming days; empty where nothing is known of those past."""
    if system.future is None or isinstance(system.evidence, NoEvidence):
        return ""
    words = system.future.words
    return f"{words[0].upper()}{words[1:]}."


def limits(report: Report) -> list[str]:
    """Return what the page does not say, for all systems."""
    level = f"{100 * report.answer.confidence_level:g} %"
    said = [
        (
            "Next week, but for the line marked as a forecast. The numbers are about this window: new versions, "
            "users and questions change them."
        ),
        "How bad an error is. Every wrong output counts as one, whatever its kind.",
        "How sure the throughput is. It is taken as known; its own error is not in the intervals.",
        f"All intervals at once. Each holds by itself: of many at {level}, some miss.",
    ]
    kinds = {type(system.evidence) for system in report.answer.systems}
    read_again = {
        system.label_noise is not None and system.label_noise.reading is not None
        for system in report.answer.systems
        if isinstance(system.evidence, SampleEvidence | UnitEvidence)
    }
    if False in read_again:
        said.append(
            "The labelers' own mistakes. Labels are taken as the truth: below the rate at which the labelers err, "
            "nothing is shown."
        )
    if True in read_again:
        said.append(
            "Mistakes that readers share. Where labels were read twice, what all of them get wrong alike is in no "
            "interval."
        )
    if CensusEvidence in kinds:
        said.append(
            "The check's own mistakes. A count is exact as far as the rule of the check is right; an answer that the "
            "rule can't read counts as the rule says."
        )
    if NoEvidence in kinds:
        said.append(
            "Anything on systems without labels or a check of every output: unknown is not zero."
        )
    return said


def evidence_rows(system: SystemVolume) -> list[tuple[str, str]]:
    """Return how a system's number was made: draw, judge and its rule, people."""
    rows = [("outputs in the window", f"{system.traffic.traces:,}")]
    match system.evidence:
        case SampleEvidence() as sample:
            draw = sample.draw
            drawn = datetime.fromtimestamp(draw.at / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")
            strata = "; ".join(
                f"{stratum.rule.name} ({stratum.planned:,} of {stratum.size:,})"
                for stratum in draw.strata
            )
            rows += [
                ("draw", f"{draw.draw_id}, {drawn}"),
                ("seed", str(draw.seed)),
                (
                    "labels",
                    f"{system.labels:,} of {draw.planned:,} planned, by {', '.join(sample.people)}",
                ),
                ("table of traces at the draw", f"version {draw.traces_version}"),
                ("judge that made the strata", draw.judge or "none"),
                ("strata (labels of outputs)", strata),
            ]
        case UnitEvidence() as units:
            rows += [
                ("draw", units.draw.describe()),
                (
                    f"{units.plan.plural} read",
                    f"{len(units.units):,} of {units.plan.planned:,} planned",
                ),
                ("labels", f"{units.labels:,}, by {', '.join(units.people)}"),
                ("table of traces at the draw", f"version {units.draw.traces_version}"),
            ]
        case CensusEvidence() as census:
            rows.append(
                ("judge and its rule", f"{census.judge} ({census.judge_kind}), on every output")
            )
        case NoEvidence() as none:
            rows.append(("evidence", f"none: {none.reason}"))
    return rows

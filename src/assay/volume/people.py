"""The people that a system replaced: assumed, or measured from their own traces."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assay.errors import BadInput
from assay.estimate import ratio_of_estimates
from assay.ledger.store import Ledger
from assay.quantity import Quantity, Unknown, assumed
from assay.volume.evidence import SystemEvidence
from assay.volume.gather import gather
from assay.volume.meter import Meter
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.result import HumanComparison
from assay.volume.traffic import throughput


@dataclass(frozen=True, slots=True)
class MeasuredPeople:
    """What was measured of the people that a system replaced."""

    name: str
    meter: Meter
    per_day: Quantity


class Baseline:
    """The people to compare with: assumed, measured, or nobody."""

    def __init__(self, question: VolumeQuestion, measured: MeasuredPeople | None) -> None:
        self._human = question.human
        self._measured = measured

    def compare(self, meter: Meter, confidence_level: float) -> HumanComparison | None:
        """Return the people beside a system, or None where nobody is to be compared with."""
        if self._human is None:
            return None
        if self._measured is not None:
            return self._against_measured(meter, self._measured, confidence_level)
        return self._against_assumed(meter, self._human, confidence_level)

    def _against_assumed(
        self, meter: Meter, human: HumanBaseline, confidence_level: float
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
        self, meter: Meter, people: MeasuredPeople, confidence_level: float
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
    ratio = ratio_of_estimates(ours, theirs)
    if isinstance(ratio, Unknown):
        return ratio
    return replace(ratio, method=f"errors per day, system to people; the people's: {theirs.method}")


def is_named(system: SystemEvidence, name: str) -> bool:
    """Return whether a name, with or without the version, is that of a system."""
    window = system.window
    return name in (window.system, f"{window.system} {window.version}".strip())


def measured_people(
    ledger: Ledger, question: VolumeQuestion, gathered: list[SystemEvidence]
) -> MeasuredPeople | None:
    """Return what the ledger says of the people, where the question names their traces."""
    if question.human is None or question.human.system is None:
        return None
    name = question.human.system
    found = [system for system in gathered if is_named(system, name)]
    if not found:
        asked = VolumeQuestion(
            start=question.start,
            end=question.end,
            evidence=question.evidence,
            caught_tag=question.caught_tag,
        )
        found = [system for system in gather(ledger, asked) if is_named(system, name)]
    if len(found) != 1:
        versions = ", ".join(f"{one.window.system} {one.window.version}".strip() for one in found)
        raise BadInput(
            f"--human-system must name one system: {name!r} is "
            + (f"several ({versions}); add the version" if found else "not in the ledger")
        )
    per_day = throughput(
        found[0].traffic, per_day=question.human.per_day, start=question.start, end=question.end
    )
    return MeasuredPeople(name, Meter(found[0], per_day), per_day)

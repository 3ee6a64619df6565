"""How far labels can be trusted: what the second reader confirms and finds, and the floor below both readers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assay.estimate import total_errors
from assay.estimate.noise import (
    corrected_total,
    false_alarm_rate,
    label_noise_floor,
    miss_rate,
    second_confirms,
    second_finds,
)
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.agreement import SecondReading
from assay.volume.looks import Look

INDEPENDENCE_SHARE = 0.25
"""Of the chance to miss, what goes to the miss rate where readers are taken to err independently; twice, see
`assay.estimate.noise.corrected_total`."""

READ_ONCE = "labels were read once: below which error rate they say nothing is not known"


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """How far the labels can be trusted: what a second reading says of the first, and the floor below both.

    Parameters
    ----------
    reading
        None where labels were read once.
    second_confirms
        P(second reader says wrong | the first did). Unit: share of readings.
    second_finds
        P(second reader says wrong | an error that the first found). Unit: share of errors.
    false_alarm_rate
        Outputs called wrong that are not. Unit: errors/trace.
    floor
        Its upper limit is the error rate below which the labels say nothing. Unit: errors/trace.
    errors_if_independent
        Errors, were missing an error as likely for each of them and for both readers. Never more than an assumption.
        Unit: errors.
    """

    reading: SecondReading | None
    second_confirms: Quantity
    second_finds: Quantity
    false_alarm_rate: Quantity
    floor: Quantity
    errors_if_independent: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "second_reading": self.reading.to_json() if self.reading else None,
            "second_confirms": self.second_confirms.to_json(),
            "second_finds": self.second_finds.to_json(),
            "false_alarm_rate": self.false_alarm_rate.to_json(),
            "floor": self.floor.to_json(),
            "errors_if_independent": self.errors_if_independent.to_json(),
        }


def read_once() -> LabelNoise:
    """Return what is known of labels that nobody has read again."""
    once = Unknown(READ_ONCE)
    return LabelNoise(None, once, once, once, once, once)


def label_noise(reading: SecondReading | None, look: Look, confidence_level: float) -> LabelNoise:
    """Return how far the labels of a look can be trusted."""
    if reading is None:
        return read_once()
    # It is looked at whenever the whole is: computed at the look's level, claimed at that of all looks.
    level = look.level(confidence_level)
    independent: Quantity
    finds: Quantity
    if _open_among_wrong(reading):
        waits = f"{len(reading.undecided)} outputs wait for a third reading"
        finds, independent = Unknown(waits), Unknown(waits)
    else:
        finds = second_finds(reading.found, reading.errors, confidence_level=level)
        independent = _if_independent(reading, look, level)
    return LabelNoise(
        reading,
        _claimed(
            second_confirms(reading.confirmed, reading.said_wrong, confidence_level=level),
            confidence_level,
        ),
        _claimed(finds, confidence_level),
        _claimed(false_alarm_rate(reading.refuted, confidence_level=level), confidence_level),
        _claimed(label_noise_floor(reading.strata, confidence_level=level), confidence_level),
        _claimed(independent, confidence_level),
    )


def _open_among_wrong(reading: SecondReading) -> bool:
    # Errors known only once decided: leaving the open ones out would flatter the second reader.
    return any(stratum.unsure for stratum in reading.refuted)


def _if_independent(reading: SecondReading, look: Look, level: float) -> Quantity:
    luck = (1 - level) * INDEPENDENCE_SHARE
    missed = miss_rate(reading.errors - reading.found, reading.errors, confidence_level=1 - luck)
    if isinstance(missed, Unknown):
        return missed
    found = total_errors(look.strata, confidence_level=1 - (1 - level) + 2 * luck)
    population = sum(stratum.size for stratum in look.strata)
    return corrected_total(found, missed, population=population)


def _claimed(quantity: Quantity, confidence_level: float) -> Quantity:
    if isinstance(quantity, Estimate) and quantity.guarantee != "exact":
        return replace(quantity, confidence_level=confidence_level)
    return quantity


def noise_notes(reading: SecondReading | None) -> list[str]:
    """Return what must be said of the labels beside the numbers."""
    if reading is None:
        return [
            f"{READ_ONCE}, and they are taken as the truth (`assay draw --second-reading` measures it)"
        ]
    notes = []
    if reading.undecided:
        notes.append(
            f"{len(reading.undecided)} outputs on which two readings differ count as unsure until a third decides"
        )
    if reading.bounds_missed:
        again = sum(stratum.reread for stratum in reading.strata)
        missed = sum(stratum.missed for stratum in reading.strata)
        notes.append(
            f"of {again} outputs called right and read again {missed} were wrong: what was missed elsewhere is in the "
            "limits; mistakes that all readers share are in none"
        )
    else:
        notes.append(
            "nothing called right was read again: errors that the first reader missed are in no limit "
            "(--share-of-right 0.1 would find them)"
        )
    return notes

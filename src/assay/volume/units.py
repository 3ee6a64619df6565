"""From whole units that were read to totals over the window: errors, money in wrong outputs, severity.

Conversations, copies of one text, and amounts of money are one thing: units of known size, of which a share is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from assay.estimate import Alternative
from assay.estimate.design_effect import design_effect
from assay.estimate.sized import ReadUnits, SizedPopulation, race_order, sized_total
from assay.estimate.stringer import hits_until, stringer_bound
from assay.figures import plain
from assay.ledger.unit_plan import UnitMember, uniforms
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.daily import daily
from assay.volume.unit_evidence import UnitEvidence, UnitLabel

ONE_SIDED = "upper limit alone"
_UNSURE, _UNSURE_OR_UNKNOWN = "unsure labels", "unsure labels and unknown severities"


@dataclass(frozen=True, slots=True)
class UnitVolume:
    """What a draw of whole units says beside the errors.

    Parameters
    ----------
    unit
        conversation, text or output.
    read, planned, units : >= 1
        Units that count, that were planned, that there are.
    outputs_read : >= 1
        Outputs whose label counts; those of copies once.
    design_effect
        Of conversations: what reading whole ones costs. Unit: variance / variance of single outputs.
    weigh_by
        Where outputs were drawn by an amount, its name; then the numbers below are there.
    at_risk : > 0
        Sum of all known amounts.
    in_wrong_outputs, per_day
        Amount in wrong outputs of the window, and a day.
    at_most, stringer
        Amount in wrong outputs of the window with its upper limit alone: ours, which is proved, and the auditors'.
    unknown_amounts, zero_amounts : >= 0
        Outputs that are not in these numbers: their amount is unknown, or nothing.
    """

    unit: str
    read: int
    planned: int
    units: int
    outputs_read: int
    design_effect: Quantity
    weigh_by: str | None = None
    at_risk: float | None = None
    in_wrong_outputs: Quantity | None = None
    per_day: Quantity | None = None
    at_most: Quantity | None = None
    stringer: Quantity | None = None
    unknown_amounts: int = 0
    zero_amounts: int = 0

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        money = {
            "in_wrong_outputs": self.in_wrong_outputs,
            "in_wrong_outputs_per_day": self.per_day,
            "in_wrong_outputs_at_most": self.at_most,
            "stringer": self.stringer,
        }
        return {
            "unit": self.unit,
            "read": self.read,
            "planned": self.planned,
            "units": self.units,
            "outputs_read": self.outputs_read,
            "design_effect": self.design_effect.to_json(),
            "weigh_by": self.weigh_by,
            "at_risk": self.at_risk,
            **{name: quantity.to_json() if quantity else None for name, quantity in money.items()},
            "unknown_amounts": self.unknown_amounts,
            "zero_amounts": self.zero_amounts,
        }


def unit_errors(
    evidence: UnitEvidence,
    confidence_level: float,
    alternative: Alternative = "two-sided",
    counts: Callable[[UnitLabel], bool] = lambda _: True,
) -> Estimate:
    """Return the wrong outputs of the window, of all or of those that count.

    Outputs that could not be drawn, because no amount is known of them or it is zero, are bounded both ways.
    """
    plan = evidence.plan
    population = SizedPopulation(
        units=plan.units,
        size=plan.outputs,
        weight=plan.weight,
        largest_ratio=plan.largest_output_ratio,
        largest_size=plan.largest_outputs,
        whole=True,
        all_or_none=plan.unit != "conversation",
    )
    read = _read(evidence, _copies, counts)
    errors = _total(evidence, population, read, confidence_level, alternative)
    undrawn = plan.unknown_amounts + plan.zero_amounts
    method = f"{errors.method}; {evidence.words}"
    if undrawn:
        method += f"; {undrawn:,} outputs that could not be drawn bounded both ways"
        # Nothing is known of them: the point takes them to be as wrong as the others, not to be right.
        value, high = errors.value * (1 + undrawn / plan.outputs), errors.high + undrawn
        errors = replace(errors, value=min(value, high), high=high, guarantee="proved")
    return replace(errors, unit="errors", n=evidence.labels, method=method)


def escaped_unit_errors(
    evidence: UnitEvidence, confidence_level: float, alternative: Alternative, not_caught: int
) -> Quantity:
    """Return the wrong outputs that were not caught before delivery; `not_caught` outputs were not."""
    if evidence.plan.unit == "text":
        return Unknown("copies of one text may be caught one and not the other")
    escaped = unit_errors(
        evidence, confidence_level, alternative, counts=lambda label: not label.caught
    )
    cap = float(not_caught)
    return replace(
        escaped,
        value=min(escaped.value, cap),
        low=min(escaped.low, cap),
        high=min(escaped.high, cap),
        method=f"{escaped.method}; not caught before delivery",
    )


def unit_volume(
    evidence: UnitEvidence, throughput_per_day: Quantity, confidence_level: float
) -> UnitVolume:
    """Return what a draw of whole units says beside the errors."""
    plan = evidence.plan
    volume = UnitVolume(
        unit=plan.unit,
        read=len(evidence.units),
        planned=plan.planned,
        units=plan.units,
        outputs_read=evidence.labels,
        design_effect=effect_of_units(evidence),
        unknown_amounts=plan.unknown_amounts,
        zero_amounts=plan.zero_amounts,
    )
    if plan.weigh_by is None:
        return volume
    total = money_in_wrong_outputs(evidence, confidence_level)
    population, unit = evidence.draw.population, f"{plan.weigh_by}/day"
    return replace(
        volume,
        weigh_by=plan.weigh_by,
        at_risk=plan.size,
        in_wrong_outputs=total,
        per_day=daily(total, throughput_per_day, population, unit),
        at_most=money_in_wrong_outputs(evidence, confidence_level, "less"),
        stringer=stringer_limit(evidence, confidence_level),
    )


def unit_notes(evidence: UnitEvidence, by: tuple[str, ...]) -> list[str]:
    """Return what has to be said of an answer from whole units."""
    plan, notes = evidence.plan, []
    notes.append(
        f"{len(evidence.units):,} of {plan.units:,} {plan.plural} are read in full ({plan.planned:,} planned)"
    )
    if evidence.held_back:
        notes.append(
            f"{evidence.held_back} labels wait: for the rest of their {plan.unit}, or for one drawn before it"
        )
    if evidence.unsure:
        notes.append(
            f"{evidence.unsure} labels are unsure: the lower limit counts them right, the upper one wrong"
        )
    notes.append(
        "labels are taken as the truth: no error rate below the labelers' own rate of mistakes is shown"
    )
    if plan.unknown_amounts:
        notes.append(
            f"{plan.unknown_amounts:,} outputs have no {plan.weigh_by}: what is at risk in them is unknown, not zero, "
            "and is in no number here"
        )
    if plan.zero_amounts:
        notes.append(
            f"{plan.zero_amounts:,} outputs have a {plan.weigh_by} of 0: nothing is at risk in them"
        )
    if plan.weigh_by is not None:
        notes.append(f"{plan.weigh_by} at risk: {plain(plan.size)} on {plan.outputs:,} outputs")
        notes.append(
            f"drawn for the {plan.weigh_by} in wrong outputs: the number of errors is wide here; draw without "
            "--weigh-by for that"
        )
    if by:
        notes.append(
            f"a draw of {plan.plural} by size is not split by {', '.join(by)}: draw single outputs for that"
        )
    return notes


def weighted_errors(
    evidence: UnitEvidence, confidence_level: float, least: Callable[[UnitLabel], float],
    most: Callable[[UnitLabel], float], largest: float,
) -> Estimate:  # fmt: skip
    """Return the sum of weights in [0, largest] over wrong outputs; each label's lies between `least` and `most`."""
    plan = evidence.plan
    population = SizedPopulation(
        units=plan.units,
        size=plan.outputs * largest,
        weight=plan.weight,
        largest_ratio=plan.largest_output_ratio * largest,
        largest_size=plan.largest_outputs * largest,
    )
    sizes = [sum(label.member.copies for label in unit) * largest for unit in evidence.units]
    taints = [
        [
            sum(weight(label) * label.member.copies for label in unit) / size
            for unit, size in zip(evidence.units, sizes, strict=True)
        ]
        for weight in (least, most)
    ]
    read = ReadUnits(sizes, _weights(evidence), *taints)
    total = sized_total(read, population, planned=plan.planned, confidence_level=confidence_level)
    undrawn = plan.unknown_amounts + plan.zero_amounts
    total = replace(
        total,
        value=min(total.value * (1 + undrawn / plan.outputs), total.high + undrawn * largest),
        high=total.high + undrawn * largest,
    )
    return replace(
        total,
        unit="severity-weighted errors",
        n=evidence.labels,
        method=f"{total.method.replace(_UNSURE, _UNSURE_OR_UNKNOWN)}; {evidence.words}",
    )


def money_in_wrong_outputs(
    evidence: UnitEvidence, confidence_level: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Return the amount in wrong outputs of the window."""
    read = _read(evidence, _amount)
    total = _total(evidence, _sized(evidence), read, confidence_level, alternative)
    side = f"; {ONE_SIDED}" if alternative == "less" else ""
    method = f"{total.method}{side}; {_money_words(evidence)}"
    return replace(total, unit=evidence.plan.weigh_by or "size", method=method)


def stringer_limit(evidence: UnitEvidence, confidence_level: float) -> Estimate:
    """Return the auditors' upper limit of the amount in wrong outputs of the window."""
    bound = stringer_bound(
        _read(evidence, _amount),
        _sized(evidence),
        _hits(evidence),
        confidence_level=confidence_level,
    )
    method = f"{bound.method}; {ONE_SIDED}; {_money_words(evidence)}"
    return replace(bound, unit=evidence.plan.weigh_by or "size", method=method)


def _sized(evidence: UnitEvidence) -> SizedPopulation:
    plan = evidence.plan
    return SizedPopulation(
        plan.units, plan.size, plan.weight, plan.largest_ratio, plan.largest_size
    )


def _money_words(evidence: UnitEvidence) -> str:
    unknown = evidence.plan.unknown_amounts
    left_out = f"; {unknown:,} outputs of unknown amount are not in it" if unknown else ""
    return evidence.words + left_out


def effect_of_units(evidence: UnitEvidence) -> Quantity:
    """Return the design effect of reading whole conversations."""
    plan = evidence.plan
    if plan.unit != "conversation":
        return Unknown(f"{plan.plural} are labeled one by one")
    return design_effect(_read(evidence, _copies), _sized(evidence))


def _total(
    evidence: UnitEvidence,
    population: SizedPopulation,
    read: ReadUnits,
    confidence_level: float,
    alternative: Alternative = "two-sided",
) -> Estimate:
    return sized_total(
        read,
        population,
        planned=evidence.plan.planned,
        confidence_level=confidence_level,
        alternative=alternative,
        one_look=evidence.one_look,
    )


def _read(
    evidence: UnitEvidence,
    measure: Callable[[UnitMember], float],
    counts: Callable[[UnitLabel], bool] = lambda _: True,
) -> ReadUnits:
    """Return the units by their measure, with the share of each that is wrong and counts."""
    sizes, low, high = [], [], []
    for unit in evidence.units:
        size = sum(measure(label.member) for label in unit)
        wrong = sum(measure(label.member) for label in unit if label.wrong == 1 and counts(label))
        open_ = sum(
            measure(label.member) for label in unit if label.wrong is None and counts(label)
        )
        sizes.append(size)
        low.append(min(wrong / size, 1.0))
        high.append(min((wrong + open_) / size, 1.0))
    return ReadUnits(sizes, _weights(evidence), low, high)


def _copies(member: UnitMember) -> float:
    return float(member.copies)


def _amount(member: UnitMember) -> float:
    return member.amount


def _weights(evidence: UnitEvidence) -> list[float]:
    return [unit[0].member.weight for unit in evidence.units]


def _hits(evidence: UnitEvidence) -> list[int]:
    """Return how often each unit would have come up until the last one read, had it been put back."""
    seed = evidence.draw.seed
    members = [unit[0].member for unit in evidence.units]
    first = [next(uniforms(seed, member.unit_id)) for member in members]
    _, keys = race_order(_weights(evidence), first)
    horizon = float(keys.max())
    return [
        max(1, hits_until(member.weight, horizon, uniforms(seed, member.unit_id)))
        for member in members
    ]

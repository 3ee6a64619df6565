"""The answer in words: one sentence that a manager understands, and the next command to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.figures import (
    confidence,
    decimals_of,
    interval,
    is_exact,
    number,
    plain,
    rounded_down,
    rounded_up,
)
from assay.ledger.population import moment_text
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.commands import draw_command
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence
from assay.volume.unit_evidence import UnitEvidence

if TYPE_CHECKING:
    from assay.volume.result import SystemVolume


def sentence(answer: SystemVolume) -> str:
    """Return the verdict on one system in one or two sentences."""
    parts = [_volume_sentence(answer)]
    if answer.human and isinstance(answer.human.ratio, Estimate):
        people = "assumed" if answer.human.source == "assumption" else "measured"
        parts.append(
            f"That is {_times(answer.human.ratio)} the errors of the people it replaced ({people})."
        )
    if answer.standard:
        verdict = {
            "met": "is met",
            "missed": "is missed",
            "not shown": "is not shown to be met by this evidence",
        }[answer.standard.decision]
        parts.append(f"The standard of {answer.standard.demand} {verdict}.")
    return " ".join(parts)


def _volume_sentence(answer: SystemVolume) -> str:
    name = answer.name
    if isinstance(answer.evidence, NoEvidence):
        return f"{name}: the volume of errors is unknown, because {answer.evidence.reason}."
    assert isinstance(answer.error_rate, Estimate)
    if isinstance(answer.errors_per_day, Estimate):
        assert isinstance(answer.throughput_per_day, Estimate)
        amount, unit = answer.errors_per_day, "a day"
        out_of = f", out of {plain(answer.throughput_per_day.value)} outputs a day"
    else:
        assert isinstance(answer.errors_per_thousand, Estimate)
        amount, unit = answer.errors_per_thousand, "per 1,000 outputs"
        missing = answer.errors_per_day
        out_of = (
            f"; how many a day is unknown: {missing.reason}" if isinstance(missing, Unknown) else ""
        )
    return f"{name} {_amount(answer, amount, unit)}{out_of}.{_escaped(answer)}"


def _escaped(answer: SystemVolume) -> str:
    escaped = answer.escaped_errors_per_day
    if not isinstance(escaped, Estimate) or not answer.traffic.caught:
        return ""
    return f" Not caught before delivery: {interval(escaped)} a day."


def _amount(answer: SystemVolume, amount: Estimate, unit: str) -> str:
    if isinstance(answer.evidence, CensusEvidence):
        assert isinstance(answer.errors, Estimate)
        counted = f"{plain(answer.errors.value)} of {answer.traffic.traces:,} outputs are wrong"
        return f"makes {plain(amount.value)} errors {unit}, counted: {counted}"
    if is_exact(amount):
        return f"makes {plain(amount.value)} errors {unit}, counted"
    level = confidence(amount)
    decimals = decimals_of(amount)
    low, high = rounded_down(amount.low, decimals), rounded_up(amount.high, decimals)
    if amount.value == 0:
        # All that the limit rests on: live limits count labels beyond the last look.
        return f"had no error in {amount.n} labeled outputs: at most {high} errors {unit} ({level})"
    return f"makes about {number(amount.value, decimals)} errors {unit}, between {low} and {high} ({level})"


def _times(ratio: Estimate) -> str:
    if is_exact(ratio):
        return f"{plain(ratio.value)} times"
    return f"{interval(ratio)} times"


def next_command(answer: SystemVolume, ledger: str, options: str = "") -> str:
    """Return the command that helps most now; `ledger` and `options` as they would be typed."""
    evidence = answer.evidence
    if isinstance(evidence, NoEvidence):
        return evidence.next_command
    if (
        isinstance(evidence, SampleEvidence | UnitEvidence)
        and answer.labels < evidence.draw.planned
    ):
        return f"assay label {ledger} FILLED.csv"
    if isinstance(evidence, SampleEvidence) and evidence.reading and evidence.reading.undecided:
        return f"assay draw {ledger} --adjudicate {evidence.reading.draw.draw_id}"
    if isinstance(answer.throughput_per_day, Unknown):
        flag = "--workers 1" if answer.traffic.latencies else "--per-day N"
        return f"assay volume {ledger} {flag}{options}"
    if (
        answer.standard
        and answer.standard.decision == "not shown"
        and isinstance(evidence, SampleEvidence)
    ):
        # More labels of the same window would be a second try at the same question: a later window is a new one.
        wanted: Quantity = answer.labels_to_halve.with_judge
        count = round(wanted.value) if isinstance(wanted, Estimate) else 2 * answer.labels
        fresh = draw_command(ledger, answer.window, labels=count, seed=evidence.draw.seed + 1)
        last = answer.traffic.last
        return fresh if last is None else f"{fresh} --from {moment_text(last + 1)}"
    return f"assay report {ledger} -o report.html{options}"

"""Answers built by hand, with whatever names a test wants in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from assay.estimate import HalvingPlan, StratumCount
from assay.estimate.judge_worth import GAIN_UNIT
from assay.ledger.draws import DrawnStratum, StoredDraw
from assay.ledger.frame import StratumRule
from assay.ledger.population import Window
from assay.quantity import Estimate, Quantity, Unknown, assumed, exact
from assay.report.data import Report, SystemReport, by_volume
from assay.volume.evidence import CensusEvidence, Evidence, NoEvidence, SampleEvidence
from assay.volume.looks import Look
from assay.volume.result import (
    HumanComparison,
    PartVolume,
    StandardDecision,
    SystemVolume,
    VolumeAnswer,
)
from assay.volume.statement import sentence
from assay.volume.traffic import Traffic

MADE_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
METHOD = "profile likelihood, 2 strata"


def estimate(
    value: float, low: float, high: float, unit: str = "errors/day", n: int = 300
) -> Estimate:
    return Estimate(value, low, high, unit, 0.95, n, METHOD)


def part(name: str, value: float = 12.0, *, known: bool = True) -> PartVolume:
    daily: Quantity = (
        estimate(value, value / 2, value * 2 + 3) if known else Unknown(f"no label in {name!r}")
    )
    rate: Quantity = daily.scaled(0.001, "errors/trace") if isinstance(daily, Estimate) else daily
    return PartVolume(name, 1_000, 40 if known else 0, daily, rate, daily)


def days(count: int = 14) -> tuple[PartVolume, ...]:
    return tuple(
        part(f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}", 3.0 * (day % 5))
        for day in range(count)
    )


def sampled(judge: str | None = "small-judge", stratum: str = "high") -> SampleEvidence:
    window = Window("desk", "1")
    strata = (
        DrawnStratum(StratumRule("low"), 9_000, 150, ("a",)),
        DrawnStratum(StratumRule(stratum, tags=(("topic", "x"),)), 1_000, 150, ("b",)),
    )
    draw = StoredDraw("draw-1", 1_790_000_000_000_000, 7, window, 10_000, 3, 4, judge, (), strata)
    counts = (StratumCount(9_000, 150, 2, name="low"), StratumCount(1_000, 150, 60, name=stratum))
    return SampleEvidence(draw, (Look(1, 1, 1.0, counts),), (), 0, ("ada",))


def system(
    name: str = "desk",
    *,
    volume: Quantity | None = None,
    rate: Quantity | None = None,
    evidence: Evidence | None = None,
    standard: bool = False,
    human: bool = True,
    strata: tuple[PartVolume, ...] | None = None,
    by: dict[str, tuple[PartVolume, ...]] | None = None,
    notes: tuple[str, ...] = ("labels are taken as the truth",),
) -> SystemVolume:
    daily = volume or estimate(86.3, 60.2, 121.4)
    per_trace = rate or estimate(0.052, 0.036, 0.073, "errors/trace")
    people = assumed(4, "errors/day", method="assumed: --human-error-rate x --human-per-day")
    halving = HalvingPlan(estimate(900, 700, 1200, "labels"), estimate(1500, 1100, 2100, "labels"))
    decision = StandardDecision("30/30d", "at most 30 errors in 30 days", "missed", daily, 30.0)
    answer = SystemVolume(
        window=Window(name, "1"),
        traffic=Traffic(traces=10_000, timed=10_000, first=0, last=86_400_000_000),
        evidence=evidence or sampled(),
        labels=300,
        throughput_per_day=exact(1660, "traces/day", n=10_000, method="time stamps over 6 days"),
        errors=estimate(520, 360, 730, "errors"),
        error_rate=per_trace,
        errors_per_day=daily,
        errors_per_thousand=estimate(52, 36, 73, "errors/1,000 traces"),
        escaped_errors_per_day=Unknown("no trace says whether it was caught before delivery (tag `caught`)"),
        sigma_level=estimate(1.6, 1.45, 1.8, "sigma"),
        evidence_ceiling_sigma=estimate(2.3, 2.3, 2.3, "sigma"),
        labels_to_halve=halving,
        judge_gain=estimate(1.4, 1.2, 1.5, GAIN_UNIT),
        human=HumanComparison(
            "assumption",
            assumed(0.1, "errors/trace", method="assumed"),
            assumed(40, "traces/day", method="assumed"),
            people,
            estimate(21.6, 15, 30.4, "system errors / human errors"),
        ) if human else None,
        standard=decision if standard else None,
        strata=(part("low"), part("high", 70.0)) if strata is None else strata,
        by={} if by is None else by,
        notes=notes,
        sentence="",
        next_command="assay draw runs.ledger --labels 900 --seed 7",
    )  # fmt: skip
    return replace(answer, sentence=sentence(answer))


def counted(name: str = "counted") -> SystemVolume:
    census = CensusEvidence("exact (case folded)", "check", 520.0, None)
    count = exact(
        520, "errors", n=10_000, method="census: every output judged by exact (case folded)"
    )
    reason = Unknown("every output is judged already: there is no interval to halve")
    answer = system(name, evidence=census, strata=())
    answer = replace(
        answer,
        errors=count,
        error_rate=count.scaled(1e-4, "errors/trace"),
        errors_per_day=count.scaled(0.166, "errors/day"),
        labels=0,
        labels_to_halve=HalvingPlan(reason, reason),
        judge_gain=reason,
    )
    return replace(answer, sentence=sentence(answer))


def unlabeled(
    name: str = "nobody-looked", reason: str = "no output has been labeled from a draw"
) -> SystemVolume:
    unknown = Unknown(reason)
    answer = system(
        name, evidence=NoEvidence(reason, "assay draw"), strata=(), volume=unknown, rate=unknown
    )
    answer = replace(
        answer, errors=unknown, errors_per_thousand=unknown, sigma_level=unknown, labels=0,
        evidence_ceiling_sigma=unknown, labels_to_halve=HalvingPlan(unknown, unknown), judge_gain=unknown,
    )  # fmt: skip
    return replace(answer, sentence=sentence(answer))


def report(
    *systems: SystemVolume,
    command: str = "assay report runs.ledger",
    ledger: str = "runs.ledger",
    with_days: bool = True,
) -> Report:
    answer = VolumeAnswer(ledger, None, None, 0.95, systems or (system(),))
    detailed = tuple(
        SystemReport(one, days() if with_days and not isinstance(one.evidence, NoEvidence) else ())
        for one in by_volume(answer)[:6]
    )
    tables = {"traces": 3, "verdicts": 2, "draws": 1}
    return Report(answer, detailed, command, ledger, tables, "0.1.0", MADE_AT)

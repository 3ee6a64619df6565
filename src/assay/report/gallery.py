"""Which charts a system gets, and what is said beneath each; where there is none, why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.estimate import forecast_widths
from assay.figures import is_exact, number
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.report.charts import (
    MOST_DAYS,
    MOST_RANKED,
    MOST_ROWS,
    Day,
    PlanCurve,
    PlanPoint,
    Ranked,
    Row,
    day_chart,
    interval_chart,
    order_chart,
    plan_chart,
)
from assay.report.data import SystemReport
from assay.report.svg import Chart
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence
from assay.volume.result import PartVolume, SystemVolume, VolumeAnswer

CURVE_STEPS = 24

HOLLOW = "A hollow point: nothing found, and the bar shows how much there may be all the same."


@dataclass(frozen=True, slots=True)
class NoChart:
    """A chart that can't be drawn, and why."""

    title: str
    reason: str


Picture = Chart | NoChart


def system_pictures(report: SystemReport, name: str) -> list[Picture]:
    """Return the charts of one system.

    Parameters
    ----------
    report
        The system, with its days.
    name
        Prefix of the charts' identifiers.
    """
    system = report.volume
    pictures = [_days(report, f"{name}-days")]
    if system.human:
        pictures.append(_beside_people(system, f"{name}-people"))
    pictures += _splits(system, name)
    pictures.append(_plan(system, f"{name}-plan"))
    return pictures


def order_picture(answer: VolumeAnswer, name: str) -> Picture:
    """Return the order of the systems by error rate beside the order by volume."""
    title = "The order by error rate, and the order by volume"
    ranked = [
        Ranked(system.name, system.error_rate, system.errors_per_day)
        for system in answer.systems
        if isinstance(system.error_rate, Estimate) and isinstance(system.errors_per_day, Estimate)
    ]
    unknown = len(answer.systems) - len(ranked)
    caption = (
        "In colour: systems that look better by rate than they are by volume. Places whose intervals overlap are not "
        "told apart."
    )
    if len(ranked) > MOST_RANKED:
        caption += f" Drawn: the {MOST_RANKED} with the most errors a day; all are in the table."
    if unknown:
        caption += f" Not drawn: {unknown} whose volume is unknown."
    chart = order_chart(ranked, name=name, title=title, caption=caption)
    return chart or NoChart(
        title, "The volume is known of fewer than two systems: there is no order."
    )


def _days(report: SystemReport, name: str) -> Picture:
    title = "Errors by day"
    if not report.volume.traffic.timed:
        return NoChart(title, "No output has a time stamp: errors by day are unknown.")
    if isinstance(report.volume.evidence, NoEvidence):
        return NoChart(title, f"Errors by day are unknown: {report.volume.evidence.reason}.")
    caption = _how([day.errors for day in report.days])
    if len(report.days) > MOST_DAYS:
        caption += f" Drawn: the last {MOST_DAYS} of {len(report.days)} days."
    days = [Day(day.name, day.errors) for day in report.days]
    chart = day_chart(days, name=name, title=title, caption=caption)
    return chart or NoChart(title, f"Errors by day are unknown: {_reason(report.days)}.")


def _beside_people(system: SystemVolume, name: str) -> Picture:
    assert system.human is not None
    assumed = system.human.source == "assumption"
    title = "Errors per day, beside the people it replaced"
    rows = [Row(system.name, system.errors_per_day)]
    if isinstance(system.escaped_errors_per_day, Estimate):
        rows.append(Row("escaped errors of it", system.escaped_errors_per_day))
    rows.append(Row("people, assumed" if assumed else "people", system.human.errors_per_day))
    source = (
        "The people's number is an assumption."
        if assumed
        else f"The people: {system.human.source}."
    )
    caption = f"{_how([row.quantity for row in rows])} {source}"
    chart = interval_chart(
        rows, axis="errors per day", name=name, title=title, caption=caption, may_be_log=True
    )
    return chart or NoChart(title, _unknown(system.errors_per_day))


def _splits(system: SystemVolume, name: str) -> Iterator[Picture]:
    splits = [("stratum", system.strata)] if len(system.strata) > 1 else []
    splits += [(f"tag {tag}", parts) for tag, parts in system.by.items()]
    for place, (what, parts) in enumerate(splits):
        yield from _split(what, parts, f"{name}-split{place}")


def _split(what: str, parts: Sequence[PartVolume], name: str) -> Iterator[Picture]:
    shown = sorted(parts, key=lambda part: -part.traces)[:MOST_ROWS]
    shown = [part for part in parts if part in shown]
    left_out = f" Drawn: the {MOST_ROWS} largest of {len(parts)}." if len(parts) > MOST_ROWS else ""
    daily = any(isinstance(part.errors_per_day, Estimate) for part in shown)
    volume = [Row(part.name, part.errors_per_day if daily else part.errors) for part in shown]
    axis = "errors per day" if daily else "errors in the window"
    rate = [Row(part.name, part.error_rate) for part in shown]
    for rows, unit, percent, suffix in (
        (volume, axis, False, "volume"),
        (rate, "error rate, %", True, "rate"),
    ):
        title = f"{'Error rate' if percent else unit.capitalize()} by {what}"
        caption = _how([row.quantity for row in rows]) + left_out
        chart = interval_chart(
            rows, axis=unit, name=f"{name}-{suffix}", title=title, caption=caption, percent=percent
        )
        yield chart or NoChart(title, f"Unknown: {_reason(parts)}.")


def _plan(system: SystemVolume, name: str) -> Picture:
    title = "What more labels would give"
    if isinstance(system.evidence, CensusEvidence):
        reason = (
            "Every output is judged already: the count has no interval that labels could narrow."
        )
        return NoChart(title, reason)
    if isinstance(system.evidence, NoEvidence):
        return NoChart(title, f"No plan yet: {system.evidence.reason}.")
    volume = system.errors_per_day
    if isinstance(volume, Unknown):
        volume = system.errors_per_thousand
    if isinstance(volume, Unknown):
        return NoChart(title, _unknown(volume))
    half = (volume.high - volume.low) / 2
    now = exact(system.labels, "labels", n=system.labels, method="counted")
    points = [PlanPoint("now", now, half)]
    for plan, labels in (
        ("half of it, with the judge", system.labels_to_halve.with_judge),
        ("half of it, without the judge", system.labels_to_halve.without_judge),
    ):
        if isinstance(labels, Estimate):
            points.append(PlanPoint(plan, labels, half / 2))
    caption = (
        f"Now: {number(system.labels, 0)} labels give an interval of this half-width. A forecast from the rates found, "
        "without a guarantee; its bar is the forecast at the two ends of today's interval. Whole line: labels drawn "
        "with the judge; dashed: drawn uniformly."
    )
    chart = plan_chart(
        points, _curves(system, points), unit=volume.unit, name=name, title=title, caption=caption
    )
    return chart or NoChart(title, _unknown(system.labels_to_halve.with_judge))


def _curves(system: SystemVolume, points: Sequence[PlanPoint]) -> list[PlanCurve]:
    if not isinstance(system.evidence, SampleEvidence) or not isinstance(system.errors, Estimate):
        return []
    width = system.errors.high - system.errors.low
    if width <= 0:
        return []
    last = max(point.labels.high for point in points)
    steps = [
        system.labels * (last / system.labels) ** (step / CURVE_STEPS)
        for step in range(CURVE_STEPS + 1)
    ]
    labels = sorted({min(round(n), system.traffic.traces) for n in steps})
    forecast = forecast_widths(system.evidence.strata, labels)
    if isinstance(forecast, Unknown):
        return []
    # From errors in the window to the unit of the chart: both half-widths are of the same interval.
    per_error = points[0].half_width / width
    return [
        PlanCurve(forecast.labels, tuple(w * per_error for w in widths), dashed)
        for widths, dashed in ((forecast.with_judge, False), (forecast.without_judge, True))
    ]


def _how(quantities: Sequence[Quantity]) -> str:
    """Say how to read the bars: their level, what a hollow point is, and that some numbers are unknown."""
    estimates = [quantity for quantity in quantities if isinstance(quantity, Estimate)]
    sampled = [estimate for estimate in estimates if not is_exact(estimate)]
    if not sampled:
        said = ["Counted: there is no sampling error, hence no bar."] if estimates else []
    else:
        level = f"{100 * sampled[0].confidence_level:g} %"
        said = [f"Bars: {level} intervals; each holds by itself."]
        if any(estimate.value == 0 for estimate in sampled):
            said.append(HOLLOW)
    if len(estimates) < len(quantities):
        said.append("Unknown is said in words and not drawn.")
    return " ".join(said)


def _reason(parts: Sequence[PartVolume]) -> str:
    reasons = [part.errors.reason for part in parts if isinstance(part.errors, Unknown)]
    return reasons[0] if reasons else "the window has no such part"


def _unknown(quantity: Quantity) -> str:
    return f"Unknown: {quantity.reason}." if isinstance(quantity, Unknown) else ""

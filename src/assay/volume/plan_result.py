"""A plan for labels, as values: field names are those of the JSON form, see docs/CLI.md."""

from __future__ import annotations

from dataclasses import dataclass

from assay.estimate import AcceptancePlan
from assay.volume.reach import Reach
from assay.volume.target import Target


@dataclass(frozen=True, slots=True)
class TrueRate:
    """An error rate that the system may have.

    Parameters
    ----------
    error_rate : in [0, 1]
    of_standard : >= 0
        Divided by the standard's; None where that is no error at all.
    errors : >= 0
        Errors in the window; None for a source.
    expected
        Whether a plan was asked for it.
    """

    error_rate: float
    of_standard: float | None
    errors: int | None
    expected: bool

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "error_rate": self.error_rate,
            "of_standard": self.of_standard,
            "errors": self.errors,
            "expected": self.expected,
        }


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan: labels, how many may be wrong, who passes, and what it costs.

    Parameters
    ----------
    allowed_errors : >= 0
    labels : > 0
        With one look, at the end.
    labels_planned_looks : > 0
        With the looks that `assay volume` plans for labels that come in little by little.
    labels_any_time : > 0
        With a look after every label; None for a window whose labels err, where no such bound is known here.
    passing_rate : in [0, 1]
        The highest true error rate that passes with `LabelPlan.power`; None: not even a system without an error does.
    passes : in [0, 1]
        Chance to pass, for each of `LabelPlan.true_rates`.
    days : > 0
        At the pace; None without one.
    usd : > 0
        None without a price.
    recommended
        Whether it is the plan for an expected rate.
    """

    allowed_errors: int
    labels: int
    labels_planned_looks: int
    labels_any_time: int | None
    passing_rate: float | None
    passes: tuple[float, ...]
    days: int | None
    usd: float | None
    recommended: bool

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "allowed_errors": self.allowed_errors,
            "labels": self.labels,
            "labels_planned_looks": self.labels_planned_looks,
            "labels_any_time": self.labels_any_time,
            "passing_rate": self.passing_rate,
            "passes": list(self.passes),
            "days": self.days,
            "usd": self.usd,
            "recommended": self.recommended,
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The fewest labels that let a system of the expected rate pass often enough; or why there is no such plan."""

    true_rate: float
    plan: AcceptancePlan | None
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        if self.plan is None:
            return {"true_rate": self.true_rate, "labels": None, "reason": self.reason}
        return {
            "true_rate": self.true_rate,
            "labels": self.plan.labels,
            "allowed_errors": self.plan.allowed_errors,
            "passing_probability": self.plan.passing_probability,
        }


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """What wrong labels do to the plan.

    Parameters
    ----------
    label_error_rate : in [0, 0.5)
        As assumed; None: unknown.
    false_alarms : >= 0
        Right outputs that one reader would call wrong in the plan without an error, of a system that makes none.
    clean_system_passes : in [0, 1]
        Chance that a system without any error passes that plan, with one reader.
    second_reader
        Whether the plans and chances are those with a second reader of what the first calls wrong.
    second_readings : >= 0
        Outputs for the second reader, in the first plan that is recommended; None without one.
    words
        All that in words.
    """

    label_error_rate: float | None = None
    false_alarms: float | None = None
    clean_system_passes: float | None = None
    second_reader: bool = False
    second_readings: float | None = None
    words: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "label_error_rate": self.label_error_rate,
            "false_alarms": self.false_alarms,
            "clean_system_passes": self.clean_system_passes,
            "second_reader": self.second_reader,
            "second_readings": self.second_readings,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """How many labels a standard takes.

    Parameters
    ----------
    target
        What is to be shown.
    confidence_level : in (0, 1)
    power : in (0, 1)
        How often a system of the expected rate is to pass.
    planned_looks : > 0
        How many looks `assay volume` plans.
    labels_per_day, usd_per_label
        As asked; None: unknown.
    true_rates
        Rates for which the chance to pass is given.
    rows
        The plans, fewest errors first.
    recommended
        One for each expected rate.
    reach
        Whether labels can show it at all.
    noise
        What wrong labels do to it.
    notes, sentence, next_command
        What to know, the verdict in words, and what to type.
    """

    target: Target
    confidence_level: float
    power: float
    planned_looks: int
    labels_per_day: float | None
    usd_per_label: float | None
    true_rates: tuple[TrueRate, ...]
    rows: tuple[PlanRow, ...]
    recommended: tuple[Recommendation, ...]
    reach: Reach
    noise: LabelNoise
    notes: tuple[str, ...] = ()
    sentence: str = ""
    next_command: str = ""

    @property
    def method(self) -> str:
        """The law behind the numbers of labels."""
        if self.target.population is None:
            return "exact binomial, labels drawn at random from an endless source"
        return (
            f"exact hypergeometric, labels drawn at random from {self.target.population:,} outputs"
        )

    def row(self, allowed_errors: int) -> PlanRow:
        """Return the plan that allows so many errors."""
        return next(row for row in self.rows if row.allowed_errors == allowed_errors)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "sentence": self.sentence,
            "standard": self.target.standard,
            "demand": self.target.demand,
            "error_rate": self.target.error_rate,
            "sigma": self.target.sigma if self.target.error_rate > 0 else None,
            "population": self.target.population,
            "most_errors": self.target.most_errors,
            "confidence_level": self.confidence_level,
            "power": self.power,
            "method": self.method,
            "guarantee": "proved",
            "labels_per_day": self.labels_per_day,
            "usd_per_label": self.usd_per_label,
            "true_rates": [rate.to_json() for rate in self.true_rates],
            "plans": [row.to_json() for row in self.rows],
            "recommended": [one.to_json() for one in self.recommended],
            "planned_looks": self.planned_looks,
            "reach": self.reach.to_json(),
            "label_noise": self.noise.to_json(),
            "notes": list(self.notes),
            "next": self.next_command,
        }

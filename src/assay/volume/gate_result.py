"""What a gate answers, and all that it rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.estimate.mcnemar import mcnemar_p_value
from assay.estimate.paired import FlipShares, PairedTable, flip_shares
from assay.estimate.paired_eprocess import paired_log_e_value
from assay.estimate.paired_exact import paired_difference
from assay.estimate.tango import tango_interval
from assay.quantity import Estimate, Quantity
from assay.volume.gate_decision import Answer, Decision, Demand, Finding
from assay.volume.gate_noise import NoiseFloor
from assay.volume.gate_versions import Grader, Version
from assay.volume.gate_volume import VolumeChange

LARGEST_LOG = 700.0
"""An e-value beyond e**700 is shown as that: no float holds more."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A table with what is reckoned from it.

    Parameters
    ----------
    name
        All tasks, or a stratum.
    table
    tested
        What it says of the demand.
    shares
        Broke, fixed and the rest, each with its interval.
    difference
        Error rate of the new version less that of the old one.
    demand
        What is asked.
    """

    name: str
    table: PairedTable
    tested: Finding
    shares: FlipShares
    difference: Estimate
    demand: Demand

    @classmethod
    def of(cls, name: str, table: PairedTable, tested: Finding, demand: Demand) -> Compared:
        """Return a table with all that is reckoned from it; it holds at least one task."""
        level = demand.confidence_level
        shares = flip_shares(table, confidence_level=level)
        return cls(
            name, table, tested, shares, paired_difference(table, confidence_level=level), demand
        )

    @property
    def p_value(self) -> float:
        """Exact McNemar, two-sided: "as many errors as before"."""
        return mcnemar_p_value(self.table.broke, self.table.fixed)

    def log_e_value(self, worse: bool) -> float:
        """Return the log of the bet against "within the margin" (worse) or against "beyond it"."""
        side = "greater" if worse else "less"
        return min(
            LARGEST_LOG,
            paired_log_e_value(self.table, self.demand.margin, alternative=side),  # type: ignore[arg-type]
        )

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        tango = tango_interval(self.table, confidence_level=self.demand.confidence_level)
        return {
            "name": self.name,
            "tasks": self.table.n,
            "both_right": self.table.both_right,
            "broke": self.table.broke,
            "fixed": self.table.fixed,
            "both_wrong": self.table.both_wrong,
            "old_error_rate": self.shares.old_error_rate.to_json(),
            "new_error_rate": self.shares.new_error_rate.to_json(),
            "difference": self.difference.to_json(),
            "difference_tango": {"low": tango.low, "high": tango.high},
            "negative_flip_rate": self.shares.negative_flips.to_json(),
            "positive_flip_rate": self.shares.positive_flips.to_json(),
            "churn": self.shares.churn.to_json(),
            "regressions_of_new_errors": self.shares.regressions.to_json(),
            "mcnemar_p_value": self.p_value,
            "log_e_value_worse": self.log_e_value(worse=True),
            "log_e_value_within": self.log_e_value(worse=False),
            "p_worse": self.tested.p_worse,
            "p_worse_adjusted": self.tested.p_worse_adjusted,
            "p_within": self.tested.p_within,
        }


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Tasks that are in no table.

    Parameters
    ----------
    only_old, only_new
        Answered by one version alone.
    unjudged
        Answered by both, but without a verdict on one of the answers.
    repeated
        Tasks with several answers to one epoch, of which the first is taken: none is left out.
    """

    only_old: int
    only_new: int
    unjudged: int
    repeated: int

    def to_json(self) -> dict[str, int]:
        """Return the stable JSON form."""
        return {
            "only_old": self.only_old,
            "only_new": self.only_new,
            "unjudged": self.unjudged,
            "repeated": self.repeated,
        }


@dataclass(frozen=True, slots=True)
class GateResult:
    """The answer of a gate.

    Parameters
    ----------
    answer
        ``take``, ``refuse`` or ``not enough data``.
    reasons
        Why, a sentence each.
    demand, old, new, grader, tasks_sha256
        What was asked, of what, by whom, on which tasks.
    whole, strata
        All tasks, and each stratum.
    decision
        What the tables alone say; the answer also asks for a noise floor and for verdicts on all pairs.
    both_wrong_different
        Tasks that both got wrong with different answers.
    noise
        The same version twice; None: there is none.
    without_noise_floor
        Whether the user went without one.
    volume
        Errors a day before and after.
    more_tasks
        How many tasks more are likely to decide it.
    left_out
    notes
    """

    answer: Answer
    reasons: tuple[str, ...]
    demand: Demand
    old: Version
    new: Version
    grader: Grader
    tasks_sha256: str
    whole: Compared
    strata: tuple[Compared, ...]
    decision: Decision
    both_wrong_different: Quantity
    noise: NoiseFloor | None
    without_noise_floor: bool
    volume: VolumeChange
    more_tasks: Quantity
    left_out: LeftOut
    notes: tuple[str, ...] = ()

    @property
    def refusing(self) -> tuple[Compared, ...]:
        """The tables that refuse, the worst first."""
        named = [one for one in (self.whole, *self.strata) if one.name in self.decision.broken_by]
        return tuple(sorted(named, key=lambda one: -one.difference.value))

    def graded_by(self) -> dict[str, dict[str, object]]:
        """Return what a comparison stands on, each with its hash: an earlier result must have the same."""
        return {
            "judge": {"name": self.grader.name, "sha256": _sha256(self.grader.name)},
            "parser": {"name": self.grader.parser, "sha256": _sha256(self.grader.parser)},
            "tasks": {"name": f"{self.whole.table.n + self.left_out.unjudged} tasks", "sha256": self.tasks_sha256},
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        return {
            "answer": self.answer,
            "reasons": list(self.reasons),
            "demand": self.demand.to_json(),
            "old": _version_json(self.old),
            "new": _version_json(self.new),
            "grader": self.graded_by(),
            "all": self.whole.to_json(),
            "strata": [one.to_json() for one in self.strata],
            "refused_by": list(self.decision.broken_by),
            "not_shown": list(self.decision.open),
            "both_wrong_different": self.both_wrong_different.to_json(),
            "noise_floor": None
            if self.noise is None
            else self.noise.to_json(self.demand.confidence_level),
            "without_noise_floor": self.without_noise_floor,
            "volume": self.volume.to_json(),
            "more_tasks": self.more_tasks.to_json(),
            "left_out": self.left_out.to_json(),
            "notes": list(self.notes),
        }


def earlier_line(before: Mapping[str, Any]) -> str:
    """Return an earlier result in a sentence."""
    table = before["all"]
    return (
        f"earlier: {before['old']['name']} to {before['new']['name']}: {before['answer']} "
        f"({table['broke']} broke, {table['fixed']} fixed of {table['tasks']})"
    )


def _version_json(version: Version) -> dict[str, str]:
    return {"name": version.name, "system": version.system, "version": version.version}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""The noise floor: what the same version, run twice, already changes."""

from __future__ import annotations

from dataclasses import dataclass

from assay.estimate.mcnemar import mcnemar_p_value
from assay.estimate.paired import PairedTable, flip_shares
from assay.quantity import Quantity

LEAST_TASKS = 30
"""Tasks that must have been run twice, or all of them where there are fewer."""

DRIFT = 0.01
"""A same version that differs from itself at this level is not the same, or the set-up has moved."""


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """One version against itself.

    Parameters
    ----------
    of
        What was run twice, in words.
    table
        First run against second.
    """

    of: str
    table: PairedTable

    def churn(self, confidence_level: float = 0.95) -> Quantity:
        """Return the share of tasks whose verdict a second run of the same version changes."""
        return flip_shares(self.table, confidence_level=confidence_level).churn

    @property
    def p_value(self) -> float:
        """Two-sided exact p-value of "the first run errs as often as the second"."""
        return mcnemar_p_value(self.table.broke, self.table.fixed)

    def fault(self, tasks: int) -> str:
        """Return why this floor carries no verdict on `tasks` tasks; empty where it does."""
        least = min(LEAST_TASKS, tasks)
        if self.table.n < least:
            return (
                f"the noise floor rests on {self.table.n} tasks of {self.of} run twice: "
                f"at least {least} are asked for"
            )
        if self.p_value <= DRIFT:
            return (
                f"{self.of}, run twice, differs from itself (p = {self.p_value:.2g}): "
                "what changed between the runs is not the version, and has to be found first"
            )
        return ""

    def to_json(self, confidence_level: float) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "of": self.of,
            "tasks": self.table.n,
            "changed": self.table.discordant,
            "churn": self.churn(confidence_level).to_json(),
            "p_value": self.p_value,
        }

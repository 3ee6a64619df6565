"""The noise floor: what the same version, run twice, already changes."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import BadInput
from assay.estimate.mcnemar import mcnemar_p_value
from assay.estimate.paired import PairedTable, flip_shares
from assay.ledger.store import Ledger
from assay.quantity import Quantity
from assay.volume.gate_pairs import read_pairs, read_repeats
from assay.volume.gate_versions import Grader, Version, version_named

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

    @property
    def drifts(self) -> bool:
        """Whether the same version differs from itself."""
        return self.p_value <= DRIFT

    def thin(self, tasks: int) -> str:
        """Return why this floor is too small to take a version on `tasks` tasks; empty where it is not."""
        least = min(LEAST_TASKS, tasks)
        if self.table.n >= least:
            return ""
        return (
            f"the noise floor rests on {self.table.n} tasks of {self.of} run twice: "
            f"at least {least} are asked for"
        )

    def drift(self) -> str:
        """Return why this floor carries no answer at all; empty where it does."""
        if not self.drifts:
            return ""
        return (
            f"{self.of}, run twice, differs from itself (p = {self.p_value:.2g}): "
            "what changed between the runs (one seed for all tasks, the day, the load) is not the version, and has to "
            "be found first"
        )

    def to_json(self, confidence_level: float) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "of": self.of,
            "tasks": self.table.n,
            "changed": self.table.discordant,
            "churn": self.churn(confidence_level).to_json(),
            "p_value": self.p_value,
        }


def noise_floor(
    ledger: Ledger,
    versions: tuple[Version, Version],
    grader: Grader,
    named: tuple[str, str] | None = None,
) -> NoiseFloor | None:
    """Return what the same version, run twice, changes; None where it never was.

    Parameters
    ----------
    ledger
        Traces and verdicts.
    versions
        The old one, and the new one.
    grader
        Who judged them.
    named
        Two names that are one version run twice; None: the first two epochs of either version. One that differs from
        itself is returned before one that does not, else the one of more tasks.

    Raises
    ------
    BadInput
        Where the two names are one and the same run, or the very update that is to be judged.
    """
    if named is not None:
        first, second = (version_named(ledger, name) for name in named)
        if first == second:
            raise BadInput(
                f"--noise names {first.name} twice: name two runs of one version (its epochs are found without --noise)"
            )
        if {first, second} == set(versions):
            raise BadInput(
                "--noise names the old and the new version: it is for the same version, run under two names"
            )
        table = read_pairs(ledger, (first, second), grader).table()
        return NoiseFloor(f"{first.name} and {second.name}", table)
    floors = [
        NoiseFloor(version.name, table)
        for version in versions
        if (table := read_repeats(ledger, version, grader)).n
    ]
    return max(floors, key=lambda floor: (floor.drifts, floor.table.n), default=None)

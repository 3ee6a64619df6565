"""The tables of loop.toml: the tasks, what is generated, what is labeled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assay.curate.loop.arithmetic import FAMILIES, Arithmetic
from assay.curate.loop.task_source import TaskPaths, TaskSource
from assay.errors import BadInput


@dataclass(frozen=True, slots=True)
class LoopTasks:
    """The tasks.

    Parameters
    ----------
    family
        "reverse-addition" or "two-digit-sums": any number of fresh sums, with an exact check. Empty: tasks in files.
    held_out_tasks : >= 1
        Of a family; answered greedily after every turn.
    harder_tasks : >= 0
        Of a family.
    sampled_tasks : >= 0
        The first so many held-out tasks are answered several times as well, for pass@k. 0: none.
    samples : >= 2
        Answers to each of those.
    training, held_out, harder
        Files of tasks, as `assay ask` reads them.
    check
        The exact check of tasks in files, as `assay judge check --check`.
    leaks
        "refuse" a loop whose held-out tasks are trained on, or go on and "name" them in OUT/leaks.json.

    Raises
    ------
    BadInput
        If one is out of range, or neither a family nor files are named.
    """

    family: str = ""
    held_out_tasks: int = 2_000
    harder_tasks: int = 1_000
    sampled_tasks: int = 500
    samples: int = 8
    training: str = ""
    held_out: str = ""
    harder: str = ""
    check: str = ""
    leaks: Literal["refuse", "name"] = "refuse"

    def __post_init__(self) -> None:
        if self.family and self.family not in FAMILIES:
            raise BadInput(f"family must be one of {', '.join(FAMILIES)}, got {self.family!r}")
        files = {"training": self.training, "held_out": self.held_out, "check": self.check}
        if self.family and any((*files.values(), self.harder)):
            raise BadInput(
                "a family brings its own tasks and check: name a family or files, not both"
            )
        missing = [name for name, value in files.items() if not value]
        if not self.family and missing:
            raise BadInput(
                f"tasks in files need training, held_out and check; {missing[0]} is missing",
                next_command='write family = "reverse-addition", or name the files',
            )
        _at_least("held_out_tasks", self.held_out_tasks, 1)
        _at_least("harder_tasks", self.harder_tasks, 0)
        _at_least("sampled_tasks", self.sampled_tasks, 0)
        _at_least("samples", self.samples, 2)

    def source(self, folder: Path) -> TaskSource:
        """Return the tasks.

        Parameters
        ----------
        folder
            Where loop.toml lies: paths in it start there.
        """
        if self.family:
            return Arithmetic(self.family, self.held_out_tasks, self.harder_tasks)
        harder = folder / self.harder if self.harder else None
        paths = TaskPaths(folder / self.training, folder / self.held_out, harder, self.check)
        return paths.read(leaks_named=self.leaks == "name")


@dataclass(frozen=True, slots=True)
class Generation:
    """What is generated in a turn.

    Parameters
    ----------
    temperature : > 0
    samples : >= 1
        Answers to each task.
    keep : >= 1
        Examples of a turn: generation ends when the verifier has kept so many.
    at_most : >= 1
        Answers generated in a turn, however few are kept. Tasks in files end it too: each is asked once a turn.
    at_once : >= 1
        Tasks between two states on disk.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    temperature: float = 1.0
    samples: int = 1
    keep: int = 3_000
    at_most: int = 60_000
    at_once: int = 1_000

    def __post_init__(self) -> None:
        if not 0 < self.temperature < 100:
            raise BadInput(f"temperature must be in (0, 100), got {self.temperature}")
        for name in ("samples", "keep", "at_most", "at_once"):
            _at_least(name, getattr(self, name), 1)


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """Labels of a turn.

    Parameters
    ----------
    kept, rejected : >= 0
        Drawn by lot among the answers that were kept, and among those that were rejected.
    """

    kept: int = 100
    rejected: int = 100

    def __post_init__(self) -> None:
        _at_least("kept", self.kept, 0)
        _at_least("rejected", self.rejected, 0)


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise BadInput(f"{name} must be at least {least}, got {value}")

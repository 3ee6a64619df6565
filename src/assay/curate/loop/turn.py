"""The record of a turn, and what a loop's folder holds.

    OUT/
        loop.toml                      as given
        ledger/                        answers of every turn to the held-out and the harder set, with their verdicts
        turns/turn-000/turn.json       the system before the first turn: measured only
        turns/turn-001/
            generated.jsonl            every answer that was generated, and whether it was kept
            audit.jsonl                those that were drawn by lot and labeled
            weights/                   after the training
            turn.json                  this record; written last

With several arms or seeds, OUT/ARM/seed-S/ is such a folder for each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.errors import BadInput

TURNS = "turns"
LEDGER = "ledger"
LOOP_FILE = "loop.toml"
TURN_FILE = "turn.json"
GENERATED_FILE = "generated.jsonl"
AUDIT_FILE = "audit.jsonl"
WEIGHTS = "weights"
RIGHT = ""
"""The kind of an answer that is right, or whose truth nobody knows."""


@dataclass(frozen=True, slots=True)
class Generated:
    """An answer that was generated for training: a line of generated.jsonl.

    Parameters
    ----------
    task_id
    input, output
    sample : >= 0
        Which of the answers to this task.
    right
        By the exact check; None where there is none.
    kept
        Whether the verifier let it through.
    kind
        Of the error; empty where there is none, or it is not known.
    """

    task_id: str
    input: str
    output: str
    sample: int
    right: bool | None
    kept: bool
    kind: str = RIGHT

    def to_json(self) -> dict[str, object]:
        """Return the line."""
        return {name: getattr(self, name) for name in _GENERATED}


_GENERATED = ("task_id", "input", "output", "sample", "right", "kept", "kind")


@dataclass(frozen=True, slots=True)
class Audited:
    """What labels say of the answers that were kept, or of those that were rejected.

    Parameters
    ----------
    labeled : >= 0
        Drawn by lot, each alike, and labeled.
    right : in 0..labeled
    of : >= labeled
        Answers that were drawn from.
    """

    labeled: int
    right: int
    of: int

    def to_json(self) -> dict[str, int]:
        """Return it under stable names."""
        return {"labeled": self.labeled, "right": self.right, "of": self.of}


@dataclass(frozen=True, slots=True)
class Audit:
    """The labels of a turn.

    Parameters
    ----------
    kept, rejected
    by_kind
        Kind of error -> how many of the labeled kept and of the labeled rejected answers are of it.
    """

    kept: Audited = Audited(0, 0, 0)
    rejected: Audited = Audited(0, 0, 0)
    by_kind: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        kinds = {
            kind: {"kept": kept, "rejected": rejected}
            for kind, (kept, rejected) in sorted(self.by_kind.items())
        }
        return {
            "kept": self.kept.to_json(),
            "rejected": self.rejected.to_json(),
            "by_kind": kinds,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """Greedy answers to a fixed set of tasks.

    Parameters
    ----------
    n : >= 0
        Tasks, each answered once.
    right : in 0..n
    throughput_per_day : > 0
        Answers a day that error volume is stated at: the same for every turn. None: not given.
    """

    n: int
    right: int
    throughput_per_day: float | None = None

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {"n": self.n, "right": self.right, "throughput_per_day": self.throughput_per_day}


@dataclass(frozen=True, slots=True)
class Sampled:
    """Several answers to each held-out task, drawn as those for training are.

    Parameters
    ----------
    tasks, samples : >= 0
    right_by_task : (tasks,), each in 0..samples
        Right answers to each task, always in the same order of tasks.
    """

    tasks: int
    samples: int
    right_by_task: tuple[int, ...]

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "tasks": self.tasks,
            "samples": self.samples,
            "right_by_task": list(self.right_by_task),
        }


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A turn: what was generated and kept, what labels say of it, and how the system answers afterwards.

    Parameters
    ----------
    turn : >= 0
        0: the system before the first; nothing was generated for it.
    system, version
        As in the ledger, after this turn's training.
    generated : >= 0
        Answers.
    kept : in 0..generated
        By the verifier.
    kept_right
        Of those, by the exact check; None where there is none. No verdict may be built on it: labels are for that.
    trained : >= 0
        Examples of this turn that were trained on: at most `kept`, as many as the plan asks for.
    distinct_outputs : >= 0
        Different texts among the generated answers, a task's together with the task.
    audit
    training
        As of `TrainingCost.to_json`; empty at turn 0 where nothing was trained.
    held_out, harder
        None: the loop has no such set.
    sampled
    seconds
        generate, verify, train, measure -> seconds of the process that ended this turn.
    """

    turn: int
    system: str
    version: str
    generated: int
    kept: int
    kept_right: int | None
    trained: int
    distinct_outputs: int
    audit: Audit
    training: Mapping[str, Any]
    held_out: Measured
    harder: Measured | None
    sampled: Sampled | None
    seconds: Mapping[str, float]

    def to_json(self) -> dict[str, object]:
        """Return it as turn.json has it."""
        return {
            "turn": self.turn,
            "system": self.system,
            "version": self.version,
            "generated": self.generated,
            "kept": self.kept,
            "kept_right": self.kept_right,
            "trained": self.trained,
            "distinct_outputs": self.distinct_outputs,
            "audit": self.audit.to_json(),
            "training": dict(self.training),
            "measures": {
                "held_out": self.held_out.to_json(),
                "harder": self.harder.to_json() if self.harder else None,
                "sampled": self.sampled.to_json() if self.sampled else None,
            },
            "seconds": dict(self.seconds),
        }


def version_of(turn: int) -> str:
    """Return the version that the ledger knows the system under after a turn."""
    return f"turn-{turn}"


def turn_folder(out: Path, turn: int) -> Path:
    """Return the folder of a turn."""
    return out / TURNS / f"turn-{turn:03d}"


def read_turn(path: Path) -> TurnRecord:
    """Return the record in a file turn.json.

    Raises
    ------
    BadInput
        If it can't be read, or is no such record.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        return _turn_of(told)
    except OSError as error:
        raise BadInput(f"the turn can't be read: {error.strerror}", where=str(path)) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"this is no record of a turn: {error!r:.120}", where=str(path)) from None


def read_turns(out: Path) -> tuple[TurnRecord, ...]:
    """Return the turns of a loop's folder that are done, in their order.

    Raises
    ------
    BadInput
        If there is none, one between them is missing, or one can't be read.
    """
    found = tuple(read_turn(path) for path in sorted((out / TURNS).glob(f"turn-*/{TURN_FILE}")))
    if not found:
        raise BadInput(
            "there is no turn of a loop in it",
            where=str(out),
            next_command=f"assay loop run loop.toml -o {out}",
        )
    for number, record in enumerate(found):
        if record.turn != number:
            raise BadInput(f"turn {number} is missing", where=str(out / TURNS))
    return found


def _turn_of(told: Mapping[str, Any]) -> TurnRecord:
    measures = told["measures"]
    sampled = measures.get("sampled")
    audit = told["audit"]
    kinds = {kind: (row["kept"], row["rejected"]) for kind, row in audit["by_kind"].items()}
    return TurnRecord(
        turn=int(told["turn"]),
        system=str(told["system"]),
        version=str(told["version"]),
        generated=int(told["generated"]),
        kept=int(told["kept"]),
        kept_right=None if told["kept_right"] is None else int(told["kept_right"]),
        trained=int(told.get("trained", told["kept"])),
        distinct_outputs=int(told["distinct_outputs"]),
        audit=Audit(Audited(**audit["kept"]), Audited(**audit["rejected"]), kinds),
        training=dict(told["training"]),
        held_out=Measured(**measures["held_out"]),
        harder=Measured(**measures["harder"]) if measures.get("harder") else None,
        sampled=(
            Sampled(sampled["tasks"], sampled["samples"], tuple(sampled["right_by_task"]))
            if sampled
            else None
        ),
        seconds=dict(told["seconds"]),
    )

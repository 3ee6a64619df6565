"""What a verdict on a loop is made from: the answers of every turn in the ledger, and the records of its folder.

A ledger alone is enough, also one that no loop of Assay has written: versions of a system, in their order. The folder
adds what was generated, kept and labeled, and what a turn took.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.curate.loop.loop_measure import HARDER, HELD_OUT
from assay.curate.loop.loop_state import KEY, WORK
from assay.curate.loop.turn import LEDGER, TURNS, TurnRecord, read_turns
from assay.curate.loop.verdict_answers import SetAnswers, gathered
from assay.curate.loop.verdict_versions import (
    WhichVersions,
    judge_named,
    only_system,
    versions_of,
)
from assay.errors import BadInput
from assay.ledger.answers import AnswerQuery, read_answers
from assay.ledger.store import Ledger

SmallArray = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class LoopEvidence:
    """A loop: one arm with one seed, or the versions of a system.

    Parameters
    ----------
    name
        To be called by.
    arm, seed
        Empty where there is no folder of a loop.
    verify, mix
        As in its loop.toml; empty where that is not known.
    folder
        Of the loop; None: only a ledger is known.
    system
    versions
        In their order, as in the ledger.
    judges
        Who said what is right.
    held_out
    harder
        None: there is no such set.
    records
        Of each turn; empty where there is no folder.
    """

    name: str
    arm: str
    seed: str
    verify: str
    mix: str
    folder: Path | None
    system: str
    versions: tuple[str, ...]
    judges: tuple[str, ...]
    held_out: SetAnswers
    harder: SetAnswers | None
    records: tuple[TurnRecord, ...] = ()
    key: Mapping[str, Any] = field(default_factory=dict)

    def cleaned(self, held_out: SetAnswers) -> LoopEvidence:
        """Return the same with other held-out answers."""
        return replace(self, held_out=held_out)

    @property
    def turns(self) -> int:
        """Turns after turn 0."""
        return len(self.versions) - 1

    @property
    def throughput_per_day(self) -> float | None:
        """As the loop was told; None: it was not."""
        return self.records[-1].held_out.throughput_per_day if self.records else None


def find_loops(
    path: Path,
    which: WhichVersions | None = None,
    *,
    arms: tuple[str, ...] = (),
    seeds: tuple[str, ...] = (),
) -> tuple[Callable[[], LoopEvidence], ...]:
    """Return what reads each loop in a folder: one, or each arm with each seed, or the one in a ledger.

    Parameters
    ----------
    path
    which
        Versions of a ledger.
    arms, seeds
        Of a folder of several: only these; all where none is named.

    Raises
    ------
    BadInput
        If there is none, or a loop has no turn after turn 0.
    LedgerError
        If a ledger can't be read.
    """
    which = which or WhichVersions()
    if not path.exists():
        raise BadInput(
            f"there is no folder {path}", next_command=f"assay loop run loop.toml -o {path}"
        )
    if path.name == LEDGER and (path.parent / TURNS).is_dir():
        path = path.parent
    if (path / TURNS).is_dir():
        _check_own(path, arms, seeds)
        return (partial(_of_folder, path, which),)
    folders = sorted(found.parent for found in path.glob(f"*/seed-*/{TURNS}"))
    if folders:
        _check_named(folders, arms, seeds, path)
        begun = [folder for folder in _chosen(folders, arms, seeds) if _has_turn(folder)]
        if not begun:
            raise BadInput(
                "no turn of this loop is done yet: a verdict needs one after turn 0",
                where=str(path),
                next_command=f"assay loop run loop.toml -o {path}",
            )
        return tuple(partial(_of_folder, folder, which) for folder in begun)
    if arms or seeds:
        raise BadInput("--arm and --seed go with the folder of a loop", where=str(path))
    if not (path / "assay.json").exists():
        raise BadInput(
            "this is neither the folder of a loop nor a ledger",
            where=str(path),
            next_command="assay loop run loop.toml -o loops",
        )
    return (partial(_of_ledger, path, which),)


def read_loops(path: Path, which: WhichVersions | None = None) -> tuple[LoopEvidence, ...]:
    """Return the loops that `find_loops` finds.

    Raises
    ------
    BadInput, LedgerError
        As there.
    """
    return tuple(read() for read in find_loops(path, which))


def loops_left_out(path: Path, arms: tuple[str, ...], seeds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the loops of a folder of several that have no turn after turn 0 yet: nothing can be said of them."""
    if (path / TURNS).is_dir():
        return ()
    folders = sorted(found.parent for found in path.glob(f"*/seed-*/{TURNS}"))
    return tuple(
        f"{folder.parent.name}, seed {folder.name.removeprefix('seed-')}"
        for folder in _chosen(folders, arms, seeds)
        if not _has_turn(folder)
    )


def _chosen(folders: Sequence[Path], arms: Sequence[str], seeds: Sequence[str]) -> list[Path]:
    return [
        folder
        for folder in folders
        if (not arms or folder.parent.name in arms)
        and (not seeds or folder.name.removeprefix("seed-") in seeds)
    ]


def _check_own(folder: Path, arms: Sequence[str], seeds: Sequence[str]) -> None:
    """Refuse another arm or seed than that of a folder of one loop."""
    key = _key(folder)
    for what, asked in (("arm", arms), ("seed", seeds)):
        own = str(key.get(what, ""))
        for name in asked:
            if name != own:
                raise BadInput(
                    f"there is no {what} {name!r} in it: it is the folder of one loop"
                    + (f", {what} {own}" if own else ""),
                    where=str(folder),
                )


def _check_named(
    folders: Sequence[Path], arms: Sequence[str], seeds: Sequence[str], where: Path
) -> None:
    there = (
        ("arm", arms, {folder.parent.name for folder in folders}),
        ("seed", seeds, {folder.name.removeprefix("seed-") for folder in folders}),
    )
    for what, asked, names in there:
        for name in asked:
            if name not in names:
                raise BadInput(
                    f"there is no {what} {name!r} in it; known are {', '.join(sorted(names))}",
                    where=str(where),
                )


def _has_turn(folder: Path) -> bool:
    """Whether a turn after turn 0 is done."""
    return any(path.parent.name != "turn-000" for path in (folder / TURNS).glob("turn-*/turn.json"))


def _of_folder(folder: Path, which: WhichVersions) -> LoopEvidence:
    records = read_turns(folder)
    if len(records) < 2:
        raise BadInput(
            "this loop has turn 0 only: a verdict needs a turn after it",
            where=str(folder),
            next_command=f"assay loop run loop.toml -o {folder}",
        )
    if which.system is not None or which.versions:
        raise BadInput(
            "the folder of a loop says itself what its system and its turns are: --system and --versions go with "
            "a ledger",
            next_command=f"assay loop verdict {folder}",
        )
    key = _key(folder)
    arm, seed = str(key.get("arm", "")), str(key.get("seed", ""))
    ledger = Ledger.open(folder / LEDGER)
    told = _answers(ledger, records[0].system, [record.version for record in records], which.judge)
    name = f"{arm or 'loop'}, seed {seed}" if seed else folder.name
    return LoopEvidence(
        name=name,
        arm=arm,
        seed=seed,
        verify=str(key.get("verify", "")),
        mix=str(key.get("mix", "")),
        folder=folder,
        system=records[0].system,
        versions=tuple(record.version for record in records),
        records=records,
        key=key,
        **told,
    )


def _key(folder: Path) -> dict[str, Any]:
    """Return what the records follow from; from the names of the folders where the file is gone."""
    try:
        told = json.loads((folder / WORK / KEY).read_bytes())
        if isinstance(told, dict):
            return told
    except (OSError, ValueError):
        pass
    if folder.name.startswith("seed-"):
        return {"arm": folder.parent.name, "seed": folder.name.removeprefix("seed-")}
    return {}


def _of_ledger(path: Path, which: WhichVersions) -> LoopEvidence:
    ledger = Ledger.open(path)
    system = which.system or only_system(ledger)
    versions = versions_of(ledger, system, which.versions)
    told = _answers(ledger, system, versions, which.judge)
    return LoopEvidence(
        name=system,
        arm="",
        seed="",
        verify="",
        mix="",
        folder=None,
        system=system,
        versions=tuple(versions),
        **told,
    )


def _answers(
    ledger: Ledger, system: str, versions: Sequence[str], judge: str | None
) -> dict[str, Any]:
    query = AnswerQuery(
        systems=tuple((system, version or None) for version in versions),
        judge=judge_named(ledger, judge),
        texts=("input", "output", "tags"),
    )
    answers = read_answers(ledger, query)
    sets = gathered(answers, versions)
    if HELD_OUT not in sets:
        raise BadInput(f"no greedy answer of {system} is in it", where=str(ledger.path))
    held_out = sets[HELD_OUT]
    if not held_out.tasks:
        counts = ", ".join(
            f"{name or 'without a name'}: {n:,}"
            for name, n in zip(versions, held_out.answered, strict=True)
        )
        raise BadInput(
            f"no task was answered by every version: nothing pairs (tasks of each: {counts})",
            where=str(ledger.path),
        )
    used = tuple(answers.judges)
    if (held_out.right < 0).all():
        raise BadInput(
            "no answer has a verdict of a check or a person: what is right is unknown",
            where=str(ledger.path),
            next_command=f"assay judge check {ledger.path} --help",
        )
    harder = sets.get(HARDER)
    return {
        "judges": used,
        "held_out": held_out,
        "harder": harder if harder and harder.tasks else None,
    }

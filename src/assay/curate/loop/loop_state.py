"""What a loop has done so far, on disk: a loop that is killed at any moment goes on where it stood.

    OUT/.work/
        run.lock          held by the process that runs; the system releases it when its holder dies
        key.json          all that the records follow from
        turn-001/         a turn that is not done yet
            answers-0000.json   generated together
            kept-0000.json      the verifier's word on them
            selection.json      what was drawn and selected; generated.jsonl and audit.jsonl are written
            training/           a state of the learner on its way
            training.json       the weights are there
            measured.json       answers to the fixed sets; they go to the ledger from here

Every file is put in place in one step once it is whole; what is there is never done again.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from assay.curate.checkpoint import refuse_another, told_when_full, write_whole
from assay.curate.loop.turn import (
    AUDIT_FILE,
    GENERATED_FILE,
    LEDGER,
    LOOP_FILE,
    TURN_FILE,
    TURNS,
    WEIGHTS,
    Generated,
    TurnRecord,
    read_turn,
    turn_folder,
)
from assay.errors import BadInput
from assay.ledger.store import Ledger

WORK = ".work"
KEY = "key.json"
FIRST = ".first"
"""Weights before the first turn, which arms share."""

LEAKS = "leaks.json"
OWN = frozenset({WORK, FIRST, LEAKS, LOOP_FILE, LEDGER, TURNS})


@dataclass(frozen=True, slots=True)
class LoopFolder:
    """The folder of one arm with one seed.

    Parameters
    ----------
    out
    """

    out: Path

    @property
    def work(self) -> Path:
        """What is not done yet."""
        return self.out / WORK

    def check(self, key: Mapping[str, object]) -> None:
        """Refuse a loop of another key before anything is written.

        Raises
        ------
        BadInput
            If the folder was begun from something else, and has answers of it.
        """
        before = self._key()
        now = json.loads(json.dumps(key))
        if before is not None and before != now and not self._nothing_done():
            refuse_another(self.out, before, now)

    @contextlib.contextmanager
    def held(self, key: Mapping[str, object], text: str) -> Iterator[None]:
        """Hold the folder for a loop with this key; `text` is its loop.toml.

        Raises
        ------
        BadInput
            If another process holds it, it holds something else, or a loop of another key.
        DiskFull
            If there is no room.
        """
        with told_when_full(self.out):
            self._claim()
            lock = FileLock(self.work / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BadInput(
                f"another process runs the loop in {self.out} now: let it end, or choose another folder"
            ) from None
        try:
            with told_when_full(self.out):
                self._check(key)
                write_whole(self.out / LOOP_FILE, text.encode())
                yield
        finally:
            lock.release()

    def turn(self, number: int) -> TurnWork:
        """Return the work on a turn."""
        return TurnWork(turn_folder(self.out, number), self.work / f"turn-{number:03d}")

    def _claim(self) -> None:
        if self.out.exists() and not self.out.is_dir():
            raise BadInput(f"{self.out} is a file: -o names a folder")
        begun = self.work.exists() or (self.out / TURNS).exists()
        there = self.out.iterdir() if self.out.exists() else iter(())
        strangers = sorted(path.name for path in there if path.name not in OWN)
        if not begun and strangers:
            raise BadInput(
                f"the folder {self.out} holds other files ({strangers[0]}): choose an empty one"
            )
        self.work.mkdir(parents=True, exist_ok=True)

    def _check(self, key: Mapping[str, object]) -> None:
        path = self.work / KEY
        now = json.loads(json.dumps(key))
        before = self._key()
        if before is not None and before != now:
            if not self._nothing_done():
                refuse_another(self.out, before, now)
            for left in (*self.work.glob("turn-*"), self.out / TURNS):
                shutil.rmtree(left, ignore_errors=True)
        if before != now:
            write_whole(path, json.dumps(now, indent=1, sort_keys=True).encode())

    def _key(self) -> dict[str, object] | None:
        """Return what the loop was begun from; None: it was not begun."""
        path = self.work / KEY
        if not path.exists():
            return None
        try:
            told = json.loads(path.read_bytes())
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise BadInput(
                "it doesn't say what this loop was begun from",
                where=str(path),
                next_command="choose another folder with -o, or remove this one",
            )
        return told

    def _nothing_done(self) -> bool:
        """Whether no answer is kept yet: a setting that failed at once may be mended in the same folder."""
        kept = (
            *self.work.glob("turn-*/measured.json"),
            *(self.out / TURNS).glob(f"turn-*/{TURN_FILE}"),
        )
        ledger = self.out / LEDGER
        return not kept and not (
            ledger.exists() and Ledger.open(ledger).rows("SELECT trace_id FROM traces LIMIT 1")
        )


@dataclass(frozen=True, slots=True)
class TurnWork:
    """What is done of a turn.

    Parameters
    ----------
    folder
        Of the turn.
    work
        Of what is not done yet.
    """

    folder: Path
    work: Path

    def begin(self) -> None:
        """Make the folders."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(parents=True, exist_ok=True)

    @property
    def weights(self) -> Path:
        """Where the weights lie after this turn's training."""
        return self.folder / WEIGHTS

    def record(self) -> TurnRecord | None:
        """Return the record of a turn that is done."""
        path = self.folder / TURN_FILE
        return read_turn(path) if path.exists() else None

    def read(self, name: str) -> Any:
        """Return what was written under a name; None: nothing."""
        path = self.work / f"{name}.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def write(self, name: str, told: object) -> None:
        """Write what is never done again."""
        write_whole(self.work / f"{name}.json", json.dumps(told).encode())

    def write_generated(self, rows: Sequence[Generated]) -> None:
        """Write generated.jsonl."""
        _write_lines(self.folder / GENERATED_FILE, [row.to_json() for row in rows])

    def write_audit(self, rows: Sequence[Generated]) -> None:
        """Write audit.jsonl."""
        names = ("task_id", "sample", "kept", "right", "kind")
        _write_lines(
            self.folder / AUDIT_FILE,
            [{name: row.to_json()[name] for name in names} for row in rows],
        )

    def generated(self) -> list[Generated]:
        """Return the lines of generated.jsonl."""
        return read_generated(self.folder / GENERATED_FILE)

    def end(self, record: TurnRecord) -> None:
        """Write turn.json: the turn is done, and its work is swept away."""
        text = json.dumps(record.to_json(), indent=1)
        write_whole(self.folder / TURN_FILE, f"{text}\n".encode())
        self.sweep()

    def sweep(self) -> None:
        """Remove what a turn that is done has left."""
        shutil.rmtree(self.work, ignore_errors=True)


def read_generated(path: Path) -> list[Generated]:
    """Return the answers in a file generated.jsonl.

    Raises
    ------
    BadInput
        If it can't be read, or a line is no answer.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return [Generated(**json.loads(line)) for line in stream]
    except OSError as error:
        raise BadInput(f"it can't be read: {error.strerror or error}", where=str(path)) from None
    except (TypeError, ValueError) as error:
        raise BadInput(f"a line is no answer of a turn: {error!s:.120}", where=str(path)) from None


def _write_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    # In ASCII: a model's output may hold half a character, which UTF-8 can't.
    write_whole(path, "".join(f"{json.dumps(row)}\n" for row in rows).encode())

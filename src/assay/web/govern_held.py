"""Held answers: a file each, in the folder that says what became of it.

An answer is on the disk before the client hears that it is held. It moves to `released/` after a person has called it
right and the journal has that, and nothing reads it back from anywhere else: no path leads from `held/` to a client.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assay.errors import LedgerError

Became = Literal["waiting", "released", "rejected"]
_FOLDERS: dict[Became, str] = {"waiting": "held", "released": "released", "rejected": "rejected"}
_NAME = re.compile(r"g-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class HeldAnswers:
    """The answers that were held.

    Parameters
    ----------
    folder
        The governor's folder.
    """

    folder: Path

    def put(self, decision_id: str, answer: bytes) -> None:
        """Keep an answer; it is on the disk when this returns.

        Raises
        ------
        LedgerError
            Where it can't be written.
        """
        path = self._path(decision_id, "waiting")
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with path.open("xb", buffering=0) as file:
                rest = answer
                while rest:
                    rest = rest[file.write(rest) or 0 :]
                os.fsync(file.fileno())
            _sync(path.parent)
        except OSError as error:
            raise LedgerError(f"{path} can't be written: {error.strerror or error}") from error

    def settle(self, decision_id: str, became: Becoming) -> None:
        """Move an answer to where a person's verdict puts it; where there is none, nothing happens."""
        path = self._path(decision_id, became)
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            self._path(decision_id, "waiting").rename(path)
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise LedgerError(f"{path} can't be written: {error.strerror or error}") from error

    def drop(self, decision_id: str) -> None:
        """Take an answer away that nobody was told of."""
        self._path(decision_id, "waiting").unlink(missing_ok=True)

    def waiting(self) -> list[str]:
        """Return the decisions whose answers wait."""
        return sorted(path.stem for path in (self.folder / _FOLDERS["waiting"]).glob("g-*.json"))

    def named(self, decision_id: str) -> bool:
        """Say whether a decision is of the pass-through, which keeps answers."""
        return _NAME.fullmatch(decision_id) is not None

    def became(self, decision_id: str) -> Became | None:
        """Return what became of an answer; None where none of that name was held."""
        if not _NAME.fullmatch(decision_id):
            return None
        return next((b for b in _FOLDERS if self._path(decision_id, b).exists()), None)

    def released(self, decision_id: str) -> bytes:
        """Return an answer that a person has called right.

        Raises
        ------
        LedgerError
            Where it can't be read.
        """
        path = self._path(decision_id, "released")
        try:
            return path.read_bytes()
        except OSError as error:
            raise LedgerError(f"{path} can't be read: {error.strerror or error}") from error

    def _path(self, decision_id: str, became: Became) -> Path:
        if not _NAME.fullmatch(decision_id):
            raise LedgerError(f"{decision_id!r:.60} is no name of a held answer")
        return self.folder / _FOLDERS[became] / f"{decision_id}.json"


Becoming = Literal["released", "rejected"]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

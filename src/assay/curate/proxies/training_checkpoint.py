"""The state of a training on disk: plain arrays in a zip file of numpy's; nothing in it is ever run or unpickled."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput

_HEADER = "header"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A state.

    Parameters
    ----------
    identity
        Of the run that it belongs to.
    step : >= 0
        Steps done.
    arrays
        Name -> numbers.
    """

    identity: str
    step: int
    arrays: Mapping[str, npt.NDArray[np.floating[Any]]]


def save_checkpoint(path: Path, state: Checkpoint) -> None:
    """Write a state; whoever dies in between leaves the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    header = np.array([state.identity, str(state.step)])
    with beside.open("wb") as stream:
        arrays: dict[str, Any] = {_HEADER: header, **state.arrays}
        np.savez(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


def load_checkpoint(path: Path, identity: str) -> Checkpoint:
    """Return a state that was written.

    Parameters
    ----------
    path
    identity
        Of the run that is to go on.

    Raises
    ------
    BadInput
        If it is of another run, or no such file.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            owner, step = (str(part) for part in stored[_HEADER])
            arrays = {name: stored[name] for name in stored.files if name != _HEADER}
            done = int(step)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BadInput(
            f"this is no checkpoint of a training: {error}",
            where=str(path),
            next_command=f"rm {path}",
        ) from error
    if owner != identity:
        raise BadInput(
            "this checkpoint is of another training: its texts, size, settings, steps or seed differ",
            where=str(path),
            next_command="name another file",
        )
    return Checkpoint(owner, done, arrays)

"""How long labeled answers are: the labels of a turn, joined to the outputs that they are of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.curate.loop.loop_state import read_generated
from assay.curate.loop.turn import AUDIT_FILE, GENERATED_FILE, turn_folder
from assay.errors import BadInput
from assay.estimate.loop_gain_length import LabeledLengths, LengthPreference, length_preference
from assay.quantity import Unknown


@dataclass(frozen=True, slots=True)
class LoopLengths:
    """Whether a loop's verifier prefers long answers.

    Parameters
    ----------
    preference
        Over all turns.
    reason
        Why nothing is known; empty where something is.
    """

    preference: LengthPreference
    reason: str = ""


def read_lengths(folder: Path | None, turns: int, *, confidence_level: float) -> LoopLengths:
    """Return whether the verifier keeps longer answers, by the labels of all turns.

    Parameters
    ----------
    folder
        Of the loop; None: there are no labels.
    turns
        That are done.
    confidence_level

    Raises
    ------
    BadInput
        If a file is there and can't be read.
    """
    length: list[int] = []
    kept: list[bool] = []
    stratum: list[int] = []
    for turn in range(1, turns + 1):
        if folder is None:
            break
        at = turn_folder(folder, turn)
        if not (at / AUDIT_FILE).exists() or not (at / GENERATED_FILE).exists():
            continue
        outputs = {
            (row.task_id, row.sample, row.kept): len(row.output)
            for row in read_generated(at / GENERATED_FILE)
        }
        for row in _labels(at / AUDIT_FILE):
            size = outputs.get((str(row["task_id"]), int(row["sample"]), bool(row["kept"])))
            if row["right"] is None or size is None:
                continue
            length.append(size)
            kept.append(bool(row["kept"]))
            # Wrong answers after the right ones of the same turn.
            stratum.append(2 * turn + (not row["right"]))
    if not length:
        why = "no answer of this loop is labeled"
        return LoopLengths(LengthPreference(None, 0, Unknown(why)), why)
    labeled = LabeledLengths(
        np.array(length, np.int64), np.array(kept, bool), np.array(stratum, np.int64)
    )
    return LoopLengths(length_preference(labeled, confidence_level=confidence_level))


def _labels(path: Path) -> list[dict[str, Any]]:
    names = ("task_id", "sample", "kept", "right")
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return [{name: row[name] for name in names} for row in rows]
    except OSError as error:
        raise BadInput(f"it can't be read: {error.strerror or error}", where=str(path)) from None
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"a line is no label of a turn: {error!r:.120}", where=str(path)) from None

"""Writing a fine-tuning set without repeats and contradictions, and what was left out, with reasons."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from assay.curate.checkpoint import sync_folder, told_when_full
from assay.curate.instruction_pairs import Pair
from assay.curate.instructions import InstructionReport
from assay.curate.select_write import check_output

KEPT, DROPPED, CONTRADICTIONS, REPORT = (
    "kept.jsonl",
    "dropped.jsonl",
    "contradictions.jsonl",
    "report.json",
)
REPEATED = "the same instruction and answer stand there before"
CONTRADICTED = "the same instruction has another answer elsewhere"
_PART = ".assay-part"


def reasons(found: InstructionReport, *, keep_contradictions: bool = False) -> list[str]:
    """Return why each record is dropped; "" for those that are kept.

    Parameters
    ----------
    found
    keep_contradictions
        Whether contradictions that are sure stay, but for repeats of them. Else all records of such a cluster go:
        which of them is right, nobody has said.
    """
    gone = frozenset[int]() if keep_contradictions else found.contradicted
    return [
        CONTRADICTED if row in gone else REPEATED if first != row else ""
        for row, first in enumerate(found.repeated)
    ]


def write_cleaned(
    found: InstructionReport, folder: Path, *, keep_contradictions: bool = False
) -> dict[str, int]:
    """Write the set to a folder, and return the lines of each file; the same set gives the same bytes.

    Parameters
    ----------
    found
        Of `assay.curate.instructions.inspect_files`: its pairs hold their records.
    folder
        It is there once all of it is written: the records that are kept, as they were read and in their order; those
        that are dropped, each with its place, the reason and the record; every cluster of contradictions; the report.
    keep_contradictions
        As of `reasons`.

    Raises
    ------
    BadInput
        If the folder holds something or can't be written.
    DiskFull
        If there is no room.
    """
    check_output(folder)
    part = folder.with_name(folder.name + _PART)
    with told_when_full(folder):
        # What a run that was killed has left.
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            lines = _written(found, part, reasons(found, keep_contradictions=keep_contradictions))
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        part.replace(folder)
        sync_folder(folder.parent)
    return lines


def _written(found: InstructionReport, folder: Path, why: list[str]) -> dict[str, int]:
    rows = list(zip(found.pairs, why, strict=True))
    unread = [_line(where=one.where, reason=one.reason, record=None) for one in found.rejected]
    gone = [
        _line(
            where=pair.where,
            reason=reason,
            **_of(found, row),
            record=msgspec.Raw(pair.record.encode()),
        )
        for row, (pair, reason) in enumerate(rows)
        if reason
    ]
    report = {**found.to_json(), "kept": why.count(""), "dropped": len(gone)}
    report.pop("contradictions")
    (folder / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return {
        KEPT: _write(folder / KEPT, (pair.record for pair, reason in rows if not reason)),
        DROPPED: _write(folder / DROPPED, [*gone, *unread]),
        CONTRADICTIONS: _write(
            folder / CONTRADICTIONS, (_line(**one.to_json()) for one in found.contradictions)
        ),
    }


def _of(found: InstructionReport, row: int) -> dict[str, str]:
    """Return where the record stands that a repeat repeats."""
    first: Pair = found.pairs[found.repeated[row]]
    return {} if found.repeated[row] == row else {"same_as": first.where}


def _line(**values: object) -> str:
    return msgspec.json.encode(values).decode()


def _write(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(f"{line}\n")
            count += 1
    return count

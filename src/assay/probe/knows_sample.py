"""Flagged answers that a person reads: drawn by a seeded order, listed without what the detector says, and read back.

The order is that of SHA-256 over "seed:trace_id", as in draws of labels: its first n are a simple random sample of what
was flagged, as long as the seed was not chosen after looking.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import BadInput
from assay.estimate.detector_precision import ReadSample
from assay.ledger.store import Ledger, literal
from assay.probe.knows_kinds import Kind
from assay.probe.knows_read import KINDS, KnowsColumns

ASKED = ("input", "reference", "reasoning", "output", "answer")
HEADER = ("draw", "trace_id", *ASKED, "reading", "note")
READINGS = ("yes", "no", "unsure")
QUESTIONS = {
    Kind.SLIP: "does the reasoning reach the right answer, while the answer says another?",
    Kind.FORMAT: "is the answer the reference in another form, unit or place?",
    Kind.DISPUTED: "is the reference wrong, or the question open to the reading that was answered?",
}
"""What a person is asked of each class."""

_CODES = {Kind.SLIP: "a", Kind.FORMAT: "b", Kind.DISPUTED: "c"}
"""The class in the name of a draw: a reader needn't know what the detector has said."""

_DRAW = re.compile(r"knows-(?P<kind>[a-c])-[0-9a-f]{12}-(?P<seed>-?\d{1,20})-(?P<size>\d{1,9})")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run as a formula by spreadsheet programs; an apostrophe before it makes it text."""


@dataclass(frozen=True, slots=True)
class FlaggedDraw:
    """A drawn sample of what was flagged.

    Parameters
    ----------
    draw
        Its name: of the detector, the seed, and all that was flagged. Another flagged answer makes another draw.
    kind
        The class that it is a sample of.
    seed
    flagged : >= 0
        All that was flagged.
    trace_ids
        The drawn ones, in their random order.
    """

    draw: str
    kind: Kind
    seed: int
    flagged: int
    trace_ids: tuple[str, ...]


def flagged_ids(columns: KnowsColumns, kind: Kind = Kind.SLIP) -> list[str]:
    """Return the trace ids of the wrong answers of a kind."""
    wanted = KINDS.index(kind)
    return [
        trace_id for place, trace_id in columns.wrong_ids.items() if columns.kind[place] == wanted
    ]


def draw_flagged(
    flagged: Sequence[str], detector: str, *, labels: int, seed: int, kind: Kind = Kind.SLIP
) -> FlaggedDraw:
    """Draw from what was flagged.

    Parameters
    ----------
    flagged
        Trace ids, in any order.
    detector
        The detector's name.
    labels : >= 1
        How many to read; all of them where fewer were flagged.
    seed
        Sets the random order. Choose it before you look.
    kind
        The class that is drawn from.

    Raises
    ------
    BadInput
        Where nothing was flagged, or `labels` is less than 1.

    Examples
    --------
    >>> draw_flagged(["a", "b", "c"], "d", labels=2, seed=7).trace_ids
    ('c', 'a')
    """
    if labels < 1:
        raise BadInput(f"--sample must be at least 1, got {labels}")
    if not flagged:
        raise BadInput(f"nothing was flagged as {kind.value}: there is nothing to read")
    ordered = sorted(flagged, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    size = min(labels, len(ordered))
    digest = hashlib.sha256("\n".join([detector, *sorted(flagged)]).encode()).hexdigest()[:12]
    name = f"knows-{_CODES[kind]}-{digest}-{seed}-{size}"
    return FlaggedDraw(name, kind, seed, len(ordered), tuple(ordered[:size]))


def list_text(ledger: Ledger, draw: FlaggedDraw) -> str:
    """Return the list to fill in, as CSV: what was asked, thought and answered, and an empty reading."""
    wanted = ", ".join(map(literal, draw.trace_ids))
    before = "SELECT conversation_id, output AS thought FROM traces WHERE turn = 0"
    rows = ledger.rows(
        f"SELECT traces.trace_id, {', '.join(f'traces.{name}' for name in ASKED)}, before.thought FROM traces "
        f"LEFT JOIN ({before}) AS before ON before.conversation_id = traces.conversation_id AND traces.turn > 0 "
        f"WHERE traces.trace_id IN ({wanted})"
    )
    found = {row["trace_id"]: row for row in rows}
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for trace_id in draw.trace_ids:
        row = found[trace_id]
        row["reasoning"] = row["reasoning"] or row["thought"]
        texts = [_cell(row[name] or "") for name in ASKED]
        writer.writerow([draw.draw, _cell(trace_id), *texts, "", ""])
    return stream.getvalue()


def read_lists(
    paths: Sequence[Path], columns: KnowsColumns, detector: str
) -> dict[Kind, ReadSample]:
    """Return what people say of each class, one list a class; see `read_list`.

    Raises
    ------
    BadInput
        Where two lists are of one class, or one of them can't be used.
    """
    samples: dict[Kind, ReadSample] = {}
    for path in paths:
        kind = kind_of_list(path)
        if kind in samples:
            raise BadInput(
                f"is the second list of the class {kind.value!r}: give one, or draw a longer one",
                where=str(path),
            )
        samples[kind] = read_list(path, flagged_ids(columns, kind), detector)
    return samples


def kind_of_list(path: Path) -> Kind:
    """Return the class that a list was drawn from.

    Raises
    ------
    BadInput
        Where the file is no such list.
    """
    name = _rows(path)[0]["draw"]
    match = _DRAW.fullmatch(name)
    kind = next((one for one in QUESTIONS if match and match["kind"] == _CODES[one]), None)
    if kind is None:
        raise BadInput(f"{name!r:.80} is no draw of flagged answers", where=str(path))
    return kind


def read_list(path: Path, flagged: Sequence[str], detector: str) -> ReadSample:
    """Return what a person says of the drawn answers.

    Parameters
    ----------
    path
        The list, its column `reading` filled with yes, no or unsure. What is left empty counts as unsure, so that the
        interval holds at every look.
    flagged
        What is flagged now: it must be what the list was drawn from.
    detector
        The detector's name.

    Raises
    ------
    BadInput
        Where the file is not such a list, rows are missing, or the flagged answers have changed since.
    """
    kind, rows = kind_of_list(path), _rows(path)
    match = _DRAW.fullmatch(rows[0]["draw"])
    draw = None
    if match is not None and flagged and int(match["size"]):
        told = {"labels": int(match["size"]), "seed": int(match["seed"])}
        draw = draw_flagged(flagged, detector, kind=kind, **told)
    if draw is None or any(row["draw"] != draw.draw for row in rows):
        raise BadInput(
            "the flagged answers are not those that this list was drawn from: other parsers, another window, or new "
            "answers; give the same options, or draw again",
            where=str(path),
        )
    said = {_plain(row["trace_id"]): row["reading"].strip().casefold() for row in rows}
    missing = [trace_id for trace_id in draw.trace_ids if trace_id not in said]
    if missing or len(said) != len(draw.trace_ids) or len(rows) != len(said):
        raise BadInput(
            f"the list must hold each of the {len(draw.trace_ids)} drawn answers once; {len(missing)} are missing",
            where=str(path),
        )
    return _sample(draw, said, path)


def _sample(draw: FlaggedDraw, said: Mapping[str, str], path: Path) -> ReadSample:
    for trace_id, reading in said.items():
        if reading and reading not in READINGS:
            raise BadInput(
                f"the reading of {trace_id} must be {', '.join(READINGS)} or empty, got {reading!r:.40}",
                where=str(path),
            )
    confirmed = sum(reading == "yes" for reading in said.values())
    unsure = sum(reading in ("unsure", "") for reading in said.values())
    if unsure == len(said) and not any(said.values()):
        return ReadSample(draw.flagged, 0, 0)
    return ReadSample(draw.flagged, len(said), confirmed, unsure)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"can't be read: {error}", where=str(path)) from None
    if not rows or any(
        row.get(name) is None for row in rows for name in ("draw", "trace_id", "reading")
    ):
        raise BadInput(
            "is no list of flagged answers: it needs the columns draw, trace_id and reading",
            where=str(path),
        )
    return rows


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith((*FORMULA_STARTS, "'")) else text


def _plain(cell: str) -> str:
    return cell.removeprefix("'")

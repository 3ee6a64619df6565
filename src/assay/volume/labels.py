"""The list that goes to the person who labels, and the way back.

The list shows what was asked and what was answered, never what the judge thinks of it. It comes back in whole or in
part; what doesn't fit the draw is refused by line, and the rest is taken.
"""

from __future__ import annotations

import csv
import hashlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from assay.errors import BadInput, DrawError
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.draws import StoredDraw, stored_draw
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger
from assay.volume.agreement import read_again_in
from assay.volume.asked import ASKED, TALK, asked_rows
from assay.volume.label_studio import Annotation, annotations_of
from assay.volume.reading import earlier_readers

FILLED = ("verdict", "severity", "kind", "note")
HEADER = ("draw_id", "trace_id", *ASKED, *FILLED)

VERDICTS: dict[str, float | None] = {"right": 0.0, "wrong": 1.0, "unsure": None}

MAX_FIELD_CHARACTERS = 2**24
"""As long as a line that ingest takes: a context may be a whole document."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run as a formula by spreadsheet programs; an apostrophe before it makes it text."""


@dataclass(slots=True)
class LabelReport:
    """What became of a list of labels: rows = taken + unchanged + empty + refused."""

    taken: int = 0
    replaced: int = 0
    """Of those taken: in place of another verdict, or of another person's label."""
    unchanged: int = 0
    empty: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    draws: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Draw -> labels it has now, labels planned."""
    undecided: dict[str, int] = field(default_factory=dict)
    """Second reading -> outputs on which it differs from the first, and no third has decided."""

    def next_command(self, ledger: str) -> str:
        """Return the command that helps most now; `ledger` as it would be typed."""
        for draw_id, count in self.undecided.items():
            done, planned = self.draws.get(draw_id, (0, 0))
            if count and done >= planned:
                return f"assay draw {ledger} --adjudicate {draw_id}"
        return f"assay volume {ledger}"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "taken": self.taken,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "empty": self.empty,
            "refused": [{"line": line, "reason": reason} for line, reason in self.refused],
            "draws": {
                draw: {"labeled": done, "planned": planned}
                for draw, (done, planned) in self.draws.items()
            },
            "undecided": self.undecided,
        }


def list_of(ledger: Ledger, draws: Sequence[StoredDraw], *, batch: int | None = None) -> str:
    """Return the list of one or more draws as CSV, in an order of which every beginning is a valid sample.

    `batch` takes only one hand-out of a draw.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    talks = any(draw.units and draw.units.plan.unit == "conversation" for draw in draws)
    writer.writerow((*HEADER[:2], *TALK, *HEADER[2:]) if talks else HEADER)
    for draw in draws:
        writer.writerows(_list_rows(ledger, draw, TALK if talks else (), batch))
    return stream.getvalue()


def _list_rows(
    ledger: Ledger, draw: StoredDraw, talk: tuple[str, ...], batch: int | None
) -> Iterator[list[str]]:
    labels = labels_of(ledger, draw.draw_id)
    for row in asked_rows(ledger, draw, (*talk, *ASKED), batch=batch):
        texts = [_cell(row[name]) for name in ASKED]
        if row["answer"] == row["output"]:
            texts[ASKED.index("answer")] = ""
        said = _said(labels.get(row["trace_id"]))
        turn = ["" if row[name] is None else _cell(str(row[name])) for name in talk]
        yield [draw.draw_id, _cell(row["trace_id"]), *turn, *texts, said, "", "", ""]


def take_labels(ledger: Ledger, path: Path, *, person: str = "person") -> LabelReport:
    """Take labels back from a filled list.

    Parameters
    ----------
    ledger
        The ledger that the draw is in.
    path
        CSV with at least the columns draw_id, trace_id and verdict: right, wrong, unsure, or empty where not yet
        labeled. Or the export of Label Studio, as JSON, of tasks that `assay export` made.
    person
        Who labeled. In an export of Label Studio the people have names of their own.

    Returns
    -------
    LabelReport
        What was taken, and what was refused, by line (in an export of Label Studio: by task).

    Raises
    ------
    BadInput
        Where the file can't be read as such a list.
    """
    if not person.strip():
        raise BadInput(
            "who labeled must have a name, got an empty one",
            next_command=f"assay label {ledger.typed} {quote(str(path))} --person NAME",
        )
    text = _text(path)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    report = LabelReport()
    with ledger.locked():
        if text.lstrip()[:1] in ("[", "{"):
            annotations = annotations_of(text, where=str(path), person=person)
            rows = _annotated(ledger, annotations, digest, report)
        else:
            now = time.time_ns() // 1_000
            rows = _Intake(ledger, person, digest, report, now).rows(_records(ledger, text, path))
        ledger.append("verdicts", rows)
    report.taken = len(rows)
    for draw_id, (_, planned) in report.draws.items():
        report.draws[draw_id] = (len(labels_of(ledger, draw_id)), planned)
        again = read_again_in(ledger, draw_id)
        if again is not None:
            report.undecided[again.reading.draw_id] = len(again.undecided)
    return report


def _annotated(
    ledger: Ledger, annotations: list[Annotation], digest: str, report: LabelReport
) -> list[Row]:
    """Return what several people said; of two on one output the later counts, as it would had it come later."""
    now = time.time_ns() // 1_000
    intakes: dict[str, _Intake] = {}
    said: dict[tuple[object, object], Row] = {}
    rows: list[Row] = []
    for number, (person, place, record) in enumerate(annotations, start=1):
        if person not in intakes:
            intakes[person] = _Intake(ledger, person, digest, report, now)
        refused = len(report.refused)
        # The number keeps the order of two people's labels, which came in at one moment.
        for row in intakes[person].rows(iter([(number, record)])):
            report.replaced += (row["draw_id"], row["trace_id"]) in said
            said[row["draw_id"], row["trace_id"]] = row
            rows.append(row)
        report.refused[refused:] = [(place, reason) for _, reason in report.refused[refused:]]
    return rows


class _Intake:
    """Checks one record after the other against the draws that they name."""

    def __init__(
        self, ledger: Ledger, person: str, digest: str, report: LabelReport, now: int
    ) -> None:
        self._ledger = ledger
        self._person = person
        self._digest = digest
        self._report = report
        self._chances: dict[str, dict[str, float | None]] = {}
        self._known: dict[str, dict[str, tuple[str, float | None, int | None]]] = {}
        self._readers: dict[str, Callable[[str], set[str]]] = {}
        self._unknown: dict[str, str] = {}
        self._seen: dict[tuple[str, str], int] = {}
        self._now = now

    def rows(self, records: Iterator[tuple[int, dict[str, str]]]) -> list[Row]:
        taken: list[Row] = []
        for line, record in records:
            try:
                row = self._row(line, record)
            except DrawError as error:
                self._report.refused.append((line, error.message))
                continue
            if row is not None:
                taken.append(row)
        return taken

    def _row(self, line: int, record: dict[str, str]) -> Row | None:
        said = record["verdict"].strip().lower()
        if not said:
            self._report.empty += 1
            return None
        if said not in VERDICTS:
            raise DrawError(
                f"verdict must be right, wrong or unsure, got {record['verdict'].strip()[:40]!r}"
            )
        draw_id, trace_id, chance = self._drawn(record)
        if self._person in self._readers[draw_id](trace_id):
            raise DrawError(
                f"{self._person!r} has read {trace_id[:60]!r} before: it is for another person (--person NAME)"
            )
        first = self._seen.setdefault((draw_id, trace_id), line)
        if first != line:
            raise DrawError(f"{trace_id} is labeled twice in this file, first on line {first}")
        severity = _severity(record.get("severity", ""))
        known = self._known[draw_id].get(trace_id)
        # A severity that comes later is news; a blank one takes nothing back.
        if known is not None and known == (
            self._person,
            VERDICTS[said],
            known[2] if severity is None else severity,
        ):
            self._report.unchanged += 1
            return None
        if known is not None and known[:2] != (self._person, VERDICTS[said]):
            self._report.replaced += 1
        return {
            "trace_id": trace_id,
            "judge": self._person,
            "judge_kind": "person",
            "error_probability": VERDICTS[said],
            "severity": severity,
            "kind": record.get("kind", "").strip() or None,
            "note": record.get("note", "").strip() or None,
            "at": self._now,
            "draw_id": draw_id,
            "inclusion_probability": chance,
            "source": f"{self._digest}:{line}",
        }

    def _drawn(self, record: dict[str, str]) -> tuple[str, str, float | None]:
        draw_id = record["draw_id"].strip()
        if draw_id not in self._chances:
            self._load(draw_id)
        chances = self._chances[draw_id]
        # The list writes an apostrophe before an id that a spreadsheet would run, or that begins with one.
        trace_id = record["trace_id"].removeprefix("'")
        if trace_id not in chances:
            trace_id = record["trace_id"]
        if trace_id not in chances:
            raise DrawError(
                f"trace {trace_id[:60]!r} was not drawn by {draw_id}: only outputs drawn with a known chance may enter"
            )
        return draw_id, trace_id, chances[trace_id]

    def _load(self, draw_id: str) -> None:
        if draw_id not in self._unknown:
            try:
                draw = stored_draw(self._ledger, draw_id)
            except DrawError as error:
                # Every row of a list may name it: the ledger is asked once.
                self._unknown[draw_id] = error.message
        if draw_id in self._unknown:
            raise DrawError(self._unknown[draw_id])
        self._chances[draw_id] = {
            trace_id: draw.chance(stratum)
            for stratum in draw.strata
            for trace_id in stratum.trace_ids
        }
        readers = self._readers[draw_id] = earlier_readers(self._ledger, draw)
        if all(self._person in readers(trace_id) for trace_id in self._chances[draw_id]):
            raise BadInput(
                f"{self._person!r} has read every output of {draw_id} before: it is for another person",
                next_command=f"assay label {self._ledger.typed} FILLED.csv --person NAME",
            )
        known = labels_of(self._ledger, draw_id)
        self._known[draw_id] = {
            trace_id: (label.judge, label.wrong, label.severity)
            for trace_id, label in known.items()
        }
        self._report.draws[draw_id] = (len(known), draw.planned)


def _severity(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if text not in ("1", "2", "3"):
        raise DrawError(f"severity must be 1 (worst), 2 or 3, got {text[:20]!r}")
    return int(text)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"the file is not UTF-8 text (byte {error.start}); save it as CSV UTF-8",
            where=str(path),
        ) from None
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from None


def _records(ledger: Ledger, text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, dialect=_dialect(text))
    try:
        missing = [
            name
            for name in ("draw_id", "trace_id", "verdict")
            if name not in (reader.fieldnames or ())
        ]
        if missing:
            raise BadInput(
                f"the list needs the columns draw_id, trace_id and verdict; {', '.join(missing)} missing",
                where=f"{path}:1",
                next_command=f"assay label {ledger.typed} FILLED.csv",
            )
        line = reader.line_num
        for record in reader:
            yield (
                line + 1,
                {name: value or "" for name, value in record.items() if isinstance(name, str)},
            )
            line = reader.line_num
    except csv.Error as error:
        raise BadInput(
            f"the file is not well-formed CSV: {error}", where=f"{path}:{reader.line_num}"
        ) from None


def _dialect(text: str) -> type[csv.Dialect]:
    # Spreadsheet programs in much of Europe save CSV with semicolons.
    header = text.partition("\n")[0]

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=header.count)

    return Dialect


def _cell(value: str | None) -> str:
    text = value or ""
    return f"'{text}" if text.startswith((*FORMULA_STARTS, "'")) else text


def _said(label: Label | None) -> str:
    if label is None:
        return ""
    return "unsure" if label.wrong is None else ("wrong" if label.wrong else "right")

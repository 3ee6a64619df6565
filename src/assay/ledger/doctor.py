"""What a file is, what it could answer, and what to type next; nothing is written."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from assay.errors import BadInput, UnknownFormat
from assay.ledger.ingest.detect import choose_reader
from assay.ledger.ingest.guess import MappingGuess
from assay.ledger.ingest.mapping import format_mapping, name_columns
from assay.ledger.ingest.other_files import OtherFile, other_file
from assay.ledger.ingest.source import ReadOptions, Source
from assay.ledger.ingest.table import MappedReader
from assay.ledger.survey import LOOKED_AT, Answer, JudgeSeen, Survey, answers
from assay.terminal import visible

SHOWN_SYSTEMS = 10


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a file is and what can be done with it."""

    file: str
    format: str
    title: str
    lines: int = 0
    accepted: int = 0
    rejected: int = 0
    blank: int = 0
    traces: int = 0
    verdicts: int = 0
    first_rejects: tuple[tuple[int, str], ...] = ()
    """(line, reason)."""
    systems: tuple[tuple[str, int], ...] = ()
    """(system, traces), the first ten met."""
    systems_count: int = 0
    judges: tuple[JudgeSeen, ...] = ()
    known: dict[str, float] = field(default_factory=dict)
    """Column of a trace -> share of the sampled traces where it is known."""
    first_time: str | None = None
    last_time: str | None = None
    mapping: dict[str, str] | None = None
    """Key -> the file's column; None where the format needs no mapping."""
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    """Columns that become tags."""
    notes: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    problem: str | None = None
    """Why the file can't be read, or not to its end."""
    next_command: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        plain = asdict(self)
        plain["first_rejects"] = [{"line": n, "reason": why} for n, why in self.first_rejects]
        plain["systems"] = [{"system": name, "traces": n} for name, n in self.systems]
        return plain


def diagnose(path: Path, options: ReadOptions | None = None, *, limit: int = 10_000) -> Diagnosis:
    """Look into a file and say what it is, what it can answer and what to type next.

    Parameters
    ----------
    path
        Any file.
    options
        What the user says of it.
    limit
        How many traces are looked into; the count of rows is always of the whole file.

    Raises
    ------
    UnknownFormat
        Where no reader knows the file.
    BadInput
        Where it can't be opened or is empty. A file that is known but can't be read yields a diagnosis with a problem.
    """
    options = options or ReadOptions()
    if (path / "assay.json").exists():
        raise BadInput(
            f"{path} is a ledger, not a file",
            next_command=f"assay ledger info {shlex.quote(str(path))}",
        )
    source = Source(path)
    try:
        reader = choose_reader(source, options)
    except UnknownFormat:
        if other := other_file(source):
            return _diagnosis_of(other, path)
        raise
    survey = Survey(limit)
    guess: MappingGuess | None = None
    problem: BadInput | None = None
    try:
        if isinstance(reader, MappedReader):
            guess = reader.guess(source, options)
        for item in reader.read(source, options):
            survey.add(item)
    except BadInput as error:
        problem = error
        if isinstance(error, UnknownFormat) and (other := other_file(source)):
            return _diagnosis_of(other, path)
    facts = _facts(survey)
    if guess:
        facts |= {
            "mapping": {key: column for key, column in guess.mapping.items() if column},
            "ambiguous": dict(guess.ambiguous),
            "tags": guess.unmapped,
            "notes": guess.notes,
        }
    return Diagnosis(
        file=str(path),
        format=reader.name,
        title=reader.title,
        problem=problem.message if problem else None,
        next_command=(problem.next_command if problem else "")
        or _ingest_command(path, guess, options),
        **facts,
    )


def _diagnosis_of(other: OtherFile, path: Path) -> Diagnosis:
    return Diagnosis(
        file=str(path),
        format=other.name,
        title=other.title,
        lines=other.tally.lines,
        accepted=other.tally.accepted,
        rejected=other.tally.rejected,
        blank=other.tally.blank,
        first_rejects=other.first_rejects,
        notes=other.notes,
        next_command=other.next_command,
    )


def _facts(survey: Survey) -> dict[str, Any]:
    tally = survey.tally
    return {
        "lines": tally.lines,
        "accepted": tally.accepted,
        "rejected": tally.rejected,
        "blank": tally.blank,
        "traces": tally.traces,
        "verdicts": tally.verdicts,
        "first_rejects": tuple(survey.rejects),
        "systems": tuple(islice(survey.systems.items(), SHOWN_SYSTEMS)),
        "systems_count": len(survey.systems),
        "judges": tuple(survey.judges),
        "known": {name: survey.share(name) for name in LOOKED_AT},
        "first_time": _iso(survey.times[0]) if survey.times else None,
        "last_time": _iso(survey.times[1]) if survey.times else None,
        "answers": tuple(answers(survey)),
    }


def _ingest_command(path: Path, guess: MappingGuess | None, options: ReadOptions) -> str:
    command = f"assay ingest {shlex.quote(str(path))} --into runs.ledger"
    if guess and guess.mapping:
        command += f" --map {shlex.quote(format_mapping(guess.mapping))}"
    for name in ("system", "version", "filter", "origin"):
        if value := getattr(options, name):
            command += f" --{name} {shlex.quote(value)}"
    return command


def _iso(microseconds: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).isoformat(
        timespec="seconds"
    )


def describe(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as plain text, safe to print whatever the file holds."""
    sections = [
        _summary(diagnosis),
        _columns(diagnosis),
        [f"note: {note}" for note in diagnosis.notes],
        _questions(diagnosis),
        [f"next: {diagnosis.next_command}"],
    ]
    return "\n\n".join("\n".join(map(visible, lines)) for lines in sections if lines)


def _summary(diagnosis: Diagnosis) -> list[str]:
    counts = (
        f"{diagnosis.accepted:,} good + {diagnosis.rejected:,} refused + {diagnosis.blank:,} blank"
    )
    lines = [f"{diagnosis.file}: {diagnosis.title}", f"  {diagnosis.lines:,} rows = {counts}"]
    lines += [f"  line {number}: {reason}" for number, reason in diagnosis.first_rejects]
    if diagnosis.rejected > len(diagnosis.first_rejects):
        lines.append(f"  ... and {diagnosis.rejected - len(diagnosis.first_rejects):,} more")
    if diagnosis.problem:
        lines.append(f"  problem: {diagnosis.problem}")
    if diagnosis.systems:
        names = ", ".join(f"{name} ({count:,})" for name, count in diagnosis.systems)
        more = diagnosis.systems_count - len(diagnosis.systems)
        lines.append(
            f"  {diagnosis.systems_count:,} systems: {names}" + f" and {more:,} more" * (more > 0)
        )
    if diagnosis.first_time:
        lines.append(f"  from {diagnosis.first_time} to {diagnosis.last_time}")
    return lines


def _columns(diagnosis: Diagnosis) -> list[str]:
    lines = []
    if diagnosis.mapping:
        width = max(map(len, diagnosis.mapping))
        lines = ["columns"]
        lines += [
            f"  {key.partition(':')[0]:<{width}}  {col}" for key, col in diagnosis.mapping.items()
        ]
    for key, columns in diagnosis.ambiguous.items():
        lines.append(f"  {key}: left open, it could be {name_columns(columns)}")
    if diagnosis.tags:
        lines.append(f"  tags: {name_columns(diagnosis.tags)}")
    known = [f"{name} {share:.0%}" for name, share in diagnosis.known.items() if share > 0]
    if known:
        lines.append(f"known of the traces: {', '.join(known)}")
    for judge in diagnosis.judges:
        unsure = f", {judge.unsure:,} unsure" if judge.unsure else ""
        lines.append(f"judge {judge.name} ({judge.kind}): {judge.verdicts:,} verdicts{unsure}")
    return lines


def _questions(diagnosis: Diagnosis) -> list[str]:
    if not diagnosis.answers:
        return []
    marks = {True: "yes", False: "no "}
    return ["what it can answer"] + [
        f"  {marks[answer.can]}  {answer.question}: {answer.why}" for answer in diagnosis.answers
    ]

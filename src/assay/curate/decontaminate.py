"""The step that drops documents with items of an exam in them: of a task file, or of a ledger's own tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from assay.ask.tasks import read_tasks
from assay.curate.documents import Documents
from assay.curate.exam_overlap import DocumentOverlap, find_exam_overlap
from assay.curate.exam_overlap_index import ExamIndex, ExamOverlapSettings, exam_index
from assay.curate.step import KEPT, StepResult, kept_by_reason
from assay.errors import BadInput
from assay.ledger.store import Ledger, literal

COPIED, EDITED = "exam_copied", "exam_edited"
"""Reasons: 13 words of an item in a row; an item with some words or numbers changed."""


@dataclass(frozen=True, slots=True)
class Decontaminate:
    """Drop documents that overlap with an exam.

    Parameters
    ----------
    exams
        Files of tasks, as `assay ask` reads them; their questions are looked for.
    ledgers
        Ledgers of which the tasks are looked for.
    origins
        Of a ledger's tasks: ``exam``, ``probe``, ``field``.
    window, gram, share
        As in `assay.curate.exam_overlap_index.ExamOverlapSettings`.
    windows_needed : >= 1
        Windows of an item from which a document goes: more than one spares a book that quotes a sentence.
    edited
        Whether edited copies go too.

    Raises
    ------
    BadInput
        If there is nothing to look for, or a number is out of range.

    Notes
    -----
    The files are read when the first batch comes, once in each process.
    """

    exams: tuple[str, ...] = ()
    ledgers: tuple[str, ...] = ()
    origins: tuple[str, ...] = ("exam", "probe")
    window: int = 13
    gram: int = 3
    share: float = 0.5
    windows_needed: int = 1
    edited: bool = True

    def __post_init__(self) -> None:
        if not self.exams and not self.ledgers:
            raise BadInput("decontaminate: name at least one file of tasks or one ledger")
        if self.windows_needed < 1:
            raise BadInput(
                f"decontaminate: windows_needed is at least 1, got {self.windows_needed}"
            )
        self.settings  # noqa: B018 - refuses what is out of range before anything is read

    @property
    def name(self) -> str:
        """The step's name."""
        return "decontaminate"

    @property
    def settings(self) -> ExamOverlapSettings:
        """What counts as an overlap."""
        return ExamOverlapSettings(window=self.window, gram=self.gram, share=self.share)

    @property
    def index(self) -> ExamIndex:
        """The exam, read."""
        return _index(self)

    def overlaps(self, docs: Documents) -> list[DocumentOverlap]:
        """Return what overlaps, document by document and item by item."""
        return find_exam_overlap(docs.text, self.index)

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents that do not overlap; counted are the overlaps, each of a document with an item."""
        reasons = [KEPT] * len(docs)
        met = 0
        for found in self.overlaps(docs):
            if found.windows >= self.windows_needed:
                reasons[found.row] = COPIED
            elif self.edited and found.share and not reasons[found.row]:
                reasons[found.row] = EDITED
            else:
                continue
            met += 1
        return kept_by_reason(docs, reasons, {"overlaps": met})


@lru_cache(maxsize=4)
def _index(step: Decontaminate) -> ExamIndex:
    names: list[str] = []
    items: list[Sequence[str]] = []
    for path in step.exams:
        for task in read_tasks(Path(path)).tasks:
            names.append(f"{path}:{task.task_id}")
            items.append(task.turns)
    for path in step.ledgers:
        found = ledger_tasks(Path(path), step.origins)
        names += [f"{path}:{task_id}" for task_id, _ in found]
        items += [(text,) for _, text in found]
    return exam_index(names, items, step.settings)


def ledger_tasks(path: Path, origins: Sequence[str]) -> list[tuple[str, str]]:
    """Return the tasks of a ledger: name and what was asked, each different question once.

    Raises
    ------
    BadInput
        If it has none of those origins.
    LedgerError
        If there is no ledger, or it can't be read.
    """
    among = ", ".join(literal(origin) for origin in origins)
    rows = Ledger.open(path).rows(
        "SELECT DISTINCT task_id, input FROM traces WHERE input IS NOT NULL AND input <> '' "
        f"AND origin IN ({among or literal('')}) ORDER BY task_id, input"
    )
    if not rows:
        raise BadInput(
            f"{path} has no task of origin {' or '.join(origins) or '(none named)'} to look for",
            next_command=f"assay ledger info {path}",
        )
    return [(row["task_id"], row["input"]) for row in rows]

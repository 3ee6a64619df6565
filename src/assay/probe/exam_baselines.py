"""The tasks of an exam as the trivial rules read them: what is asked, what is right, and a tag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from assay.ledger.answers import AnswerQuery, read_answers
from assay.ledger.store import Ledger
from assay.probe.exam_read import Selection
from assay.probe.trivial_baselines import ExamItems, TrivialBaselines, trivial_baselines
from assay.quantity import Quantity, Unknown

if TYPE_CHECKING:
    import numpy as np


def exam_baselines(
    ledger: Ledger,
    selection: Selection,
    *,
    score: Quantity,
    group: str | None,
    confidence_level: float,
    rng: np.random.Generator,
) -> TrivialBaselines | Unknown:
    """Score rules without skill on the tasks of an exam.

    Parameters
    ----------
    ledger, selection
        Each task is taken once, whoever answered it.
    score
        Of the system that the exam is to speak for.
    group
        Tag that a rule may read instead of the task: its author, its source.
    confidence_level : in (0, 1)
    rng
        Halves the tasks.

    Returns
    -------
    TrivialBaselines or Unknown
        `Unknown` where no task has both its input and its reference in the ledger.
    """
    query = AnswerQuery(
        origin=selection.origin,
        texts=("input", "reference", "tags"),
        condition=selection.condition(),
    )
    answers = read_answers(ledger, query)
    texts, references, groups = [], [], []
    columns = (answers.texts[name] for name in query.texts)
    seen = -1
    for task, asked, right, tags in zip(answers.task.tolist(), *columns, strict=True):
        if task == seen or not asked or right is None:
            continue
        seen = task
        texts.append(asked)
        references.append(right)
        kept = json.loads(tags) if tags else {}
        groups.append(str(kept.get(group, "")))
    if not texts:
        return Unknown("no task of the exam has both its text and its reference in the ledger")
    items = ExamItems(texts, references, groups if group is not None else None)
    return trivial_baselines(items, rng=rng, system_score=score, confidence_level=confidence_level)

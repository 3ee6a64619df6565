"""Labels of a ledger that are probably wrong, by a classifier of the text or by a judge."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.curate.quality_training import fit
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.estimate.auroc import auroc_of_tasks
from assay.estimate.confident_learning import (
    FEWEST,
    confident_joint,
    label_errors,
    noise_rate_suspects,
)
from assay.ledger.answers import AnswerQuery, Answers, read_answers
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Choice = Literal["threshold", "noise-rate"]
"""Which labels are suspects: those that are confidently of another class, or as many as the joint counts."""

FOLDS = 5
EXCERPT = 160
NAMES = ("right", "wrong")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label to read again.

    Parameters
    ----------
    trace_id, task_id, judge
        The answer, and who labelled it.
    label
        "right" or "wrong".
    self_confidence : in [0, 1]
        Probability of that label: the lower, the sooner to be read.
    text
        Begin of the answer.
    """

    trace_id: str
    task_id: str
    judge: str
    label: str
    self_confidence: float
    text: str

    def to_json(self) -> dict[str, object]:
        """Return the columns."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """What labels of a ledger look wrong.

    Parameters
    ----------
    labels
        "right" and "wrong" -> labels that were looked at.
    by
        Where the probabilities come from.
    errors
        How many labels are wrong.
    told_apart
        AUROC of the probabilities against the labels.
    suspects
        Least likely labels first: what a person must read again.
    contradicted : >= 0
        Errors that are sure: the same task and answer has both labels.
    rest
        Trace id -> label, of those that are no suspects.
    verify : >= 0
        Labels of the rest to draw at random and read, so that with the confidence asked for no more than 1 % of it is
        wrong if none is found wrong.
    """

    labels: dict[str, int]
    by: str
    errors: Quantity
    told_apart: Quantity
    suspects: tuple[Suspect, ...]
    contradicted: int
    rest: Mapping[str, str]
    verify: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "labels": self.labels,
            "by": self.by,
            "label_errors": self.errors.to_json(),
            "told_apart": self.told_apart.to_json(),
            "to_read_again": len(self.suspects),
            "contradicted": self.contradicted,
            "to_draw_of_the_rest": self.verify,
            "suspects": [suspect.to_json() for suspect in self.suspects],
        }


def find_label_errors(
    ledger: Ledger,
    *,
    judge: str | None = None,
    labels_by: str | None = None,
    choose: Choice = "threshold",
    seed: int = 1,
    confidence_level: float = 0.95,
) -> LabelNoise:
    """Return which labels of a ledger are probably wrong.

    Parameters
    ----------
    ledger
    judge
        Whose probabilities of error are held against the labels. None: a classifier of the answers' text, trained
        on the labels of other tasks.
    labels_by
        Whose labels. None: of each answer a person's newest, else a check's.
    choose
        Which labels are suspects.
    seed
        Deals tasks into folds.
    confidence_level

    Raises
    ------
    BadInput
        If the judge is the one whose labels are asked about, or either has said nothing.

    Notes
    -----
    A suspect is to be read again and is no error: a classifier of words knows little of what is right. Where
    `told_apart` is near 0.5, nothing here says anything, and no suspects are named.
    """
    if judge is not None and judge == labels_by:
        raise BadInput(f"the labels of {judge!r} can't be held against its own probabilities")
    given = read_answers(ledger, AnswerQuery(judge=labels_by, texts=("input", "output")))
    spoken = np.array([text is not None for text in given.texts["output"]], dtype=np.bool_)
    if labels_by is not None and not (given.wrong >= 0).any():
        raise BadInput(f"no answer has a label of {labels_by!r}")
    rows = np.flatnonzero((given.wrong >= 0) & spoken)
    if judge is not None:
        wrong, rows = _judged(ledger, judge, given, rows)
    label = given.wrong[rows].astype(np.int64)
    counts = np.bincount(label, minlength=2)
    shown = dict(zip(NAMES, counts.tolist(), strict=True))
    texts = [
        f"{given.texts['input'][r] or ''}\n\n{given.texts['output'][r]}" for r in rows.tolist()
    ]
    sure = _contradicted(texts, label)
    by = (
        f"judge {judge}"
        if judge is not None
        else "a classifier of the text, trained on other tasks"
    )
    task = given.task[rows]
    few = _too_few(counts, task)
    every = {
        given.trace_ids[row]: NAMES[one]
        for row, one in zip(rows.tolist(), label.tolist(), strict=True)
    }
    nothing = LabelNoise(shown, by, Unknown(few), Unknown(few), (), sure, every, 0)
    if few:
        return nothing
    if judge is None:
        wrong = _out_of_fold(texts, label, task, seed)
    told = auroc_of_tasks(wrong[label == 1], wrong[label == 0])
    if not isinstance(told, Estimate) or told.low <= 0.5:
        why = Unknown("the probabilities don't tell the labels apart better than a coin would")
        return replace(nothing, errors=why, told_apart=told)
    chances = np.column_stack([1 - wrong, wrong])
    found = confident_joint(label, chances)
    suspect = found.suspect
    if choose == "noise-rate":
        suspect = noise_rate_suspects(label, chances, found.joint)
    errors = label_errors(
        label, chances, group=task, contradicted=sure, confidence_level=confidence_level
    )
    order = np.argsort(found.self_confidence, kind="stable")
    suspects = tuple(
        _suspect(given, int(rows[place]), int(label[place]), float(found.self_confidence[place]))
        for place in order.tolist()
        if suspect[place]
    )
    rest = {name: every[name] for name, one in zip(every, suspect.tolist(), strict=True) if not one}
    verify = min(len(rest), math.ceil(math.log(1 - confidence_level) / math.log(0.99)))
    return LabelNoise(shown, by, errors, told, suspects, sure, rest, verify)


def _too_few(counts: IntArray, task: IntArray) -> str:
    if counts.min() < FEWEST:
        given = f"{counts[0]:,} labels say right and {counts[1]:,} wrong"
        return f"{given}: with fewer than {FEWEST} of one nothing is said"
    if len(np.unique(task)) < 20:
        return f"the labels are of {len(np.unique(task))} tasks, and 20 are needed"
    return ""


def _judged(
    ledger: Ledger, judge: str, given: Answers, rows: IntArray
) -> tuple[FloatArray, IntArray]:
    """Return a judge's probabilities of error, and the labelled rows that it has spoken on."""
    spoken = read_answers(ledger, AnswerQuery(judge=judge))
    said = dict(zip(spoken.trace_ids, spoken.error_probability.tolist(), strict=True))
    own = judge in given.judges and given.judges.index(judge)
    wrong = np.array([said.get(given.trace_ids[row], np.nan) for row in rows.tolist()])
    usable = np.isfinite(wrong)
    if own is not False:
        usable &= given.judge[rows] != own
    if not usable.any():
        raise BadInput(f"the judge {judge!r} has said nothing of the labelled answers")
    return wrong[usable], rows[usable]


def _out_of_fold(texts: list[str], label: IntArray, task: IntArray, seed: int) -> FloatArray:
    """Return the probability that each answer is wrong, by a classifier trained on other tasks' labels."""
    rng = np.random.default_rng(seed)
    names, which = np.unique(task, return_inverse=True)
    fold = (rng.permutation(len(names)) % FOLDS)[which]
    column = TextColumn.from_texts(texts)
    digest = np.unique([_digest(text) for text in texts], return_inverse=True)[1]
    wrong = np.full(len(texts), label.mean())
    for number in range(FOLDS):
        outside = np.flatnonzero(fold == number)
        inside = np.flatnonzero(fold != number)
        # A text with both labels teaches neither.
        both = np.intersect1d(
            digest[inside[label[inside] == 1]], digest[inside[label[inside] == 0]]
        )
        inside = inside[~np.isin(digest[inside], both)]
        bad, good = inside[label[inside] == 1], inside[label[inside] == 0]
        if min(len(bad), len(good)) < 10 or not len(outside):
            continue
        model = fit(column.take(bad), column.take(good), rng=rng)
        even = model.scores(column.take(outside))
        # The classifier speaks as if both were equally common.
        share = len(bad) / len(inside)
        wrong[outside] = even * share / (even * share + (1 - even) * (1 - share))
    return wrong


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _contradicted(texts: list[str], label: IntArray) -> int:
    counts: dict[bytes, Counter[int]] = {}
    for text, one in zip(texts, label.tolist(), strict=True):
        counts.setdefault(_digest(text), Counter())[one] += 1
    return sum(sum(held.values()) - max(held.values()) for held in counts.values())


def _suspect(given: Answers, row: int, label: int, confidence: float) -> Suspect:
    return Suspect(
        given.trace_ids[row],
        given.tasks[given.task[row]] if given.task[row] >= 0 else "",
        given.judges[given.judge[row]],
        NAMES[label],
        confidence,
        (given.texts["output"][row] or "")[:EXCERPT],
    )

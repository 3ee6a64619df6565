"""Which answers become examples: verified, each said once, not too many a task, hard and easy tasks in their shares.

Lots are hashes of seed and trace: the same answers give the same set on every machine, in whatever order they came.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.curate.near_duplicates_sets import jaccard, sets_of
from assay.curate.shingles import ShingleSettings
from assay.curate.synthesize_candidates import Candidate
from assay.curate.synthesize_gate import Combine, Verdict, combined, deciding, why_not
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

BUCKETS = ("hard", "medium", "easy")
HARD, EASY = 1 / 3, 2 / 3
KEPT = "kept"
LEFT_OUT = "left out"
REJECTED = "rejected"
NOTHING_SAID = "nothing was said"
CUT = "the limit of tokens cut it off"
PER_TASK = 10
"""Cap on examples of one problem: Singh et al. 2024 (ReST-EM), arXiv:2312.06585, section 5."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a set is chosen among the verified answers.

    Parameters
    ----------
    per_task : >= 1
        Most examples of one task.
    near : in (0, 1]
        Answers to one task are the same where their shingles of 5 words are so alike (Jaccard); None: where their texts
        are.
    balance
        Shares of hard, medium and easy tasks in the set, as (bucket, share); empty: as they come.
    seed : >= 0
        Of the lots.

    Raises
    ------
    BadInput
        Where a number is out of range, or the shares do not sum to 1.
    """

    per_task: int = PER_TASK
    near: float | None = None
    balance: tuple[tuple[str, float], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.per_task < 1:
            raise BadInput(f"per_task must be at least 1, got {self.per_task}")
        if self.near is not None and not 0 < self.near <= 1:
            raise BadInput(f"near must be in (0, 1], got {self.near:g}")
        if not self.balance:
            return
        names = [name for name, _ in self.balance]
        total = math.fsum(share for _, share in self.balance)
        if not set(names) <= set(BUCKETS) or len(set(names)) < len(names):
            raise BadInput(
                f"balance names each of {', '.join(BUCKETS)} once, got {', '.join(names)}"
            )
        if any(not 0 <= share <= 1 for _, share in self.balance) or abs(total - 1) > 1e-6:
            raise BadInput(
                f"the shares of balance must be in [0, 1] and sum to 1, they sum to {total:g}"
            )

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "per_task": self.per_task,
            "near": self.near,
            "balance": dict(self.balance),
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of an answer.

    Parameters
    ----------
    candidate
    verdicts
        What the verifiers say.
    outcome : {"kept", "left out", "rejected"}
        Left out: verified, but said before, or above a cap or a share.
    why
        Empty where it is kept.
    bucket
        How hard its task is, by the share of the task's answers that are verified.
    """

    candidate: Candidate
    verdicts: tuple[Verdict, ...]
    outcome: str
    why: str
    bucket: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Every answer decided.

    Parameters
    ----------
    decided
        In the order of tasks and samples.
    empty_buckets
        Buckets that were to have a share and have no verified answer: their share went to the others.
    """

    decided: tuple[Decided, ...]
    empty_buckets: tuple[str, ...] = ()

    def of(self, outcome: str) -> tuple[Decided, ...]:
        """Return the answers of an outcome."""
        return tuple(one for one in self.decided if one.outcome == outcome)

    def reasons(self) -> dict[str, int]:
        """Return how many answers are not kept, by the reason without what it is of, most first."""
        counts = Counter(one.why.split(":")[0] for one in self.decided if one.why)
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def bucket_of(verified: int, samples: int) -> str:
    """Return how hard a task is, by how many of its answers are verified.

    Examples
    --------
    >>> [bucket_of(right, 8) for right in (0, 2, 4, 8)]
    ['hard', 'hard', 'medium', 'easy']
    """
    share = verified / samples
    return "hard" if share <= HARD else "medium" if share <= EASY else "easy"


def choose(
    found: Sequence[Candidate],
    verdicts: Mapping[str, tuple[Verdict, ...]],
    combine: Combine,
    choice: Choice,
) -> Chosen:
    """Decide every answer.

    Parameters
    ----------
    found
        In the order of tasks and samples.
    verdicts
        Trace -> what the verifiers say; with a panel, its verdict last.
    combine
    choice

    Returns
    -------
    Chosen
        With at least one answer, as many as were found.
    """
    why = [_rejection(one, verdicts[one.trace_id], combine) for one in found]
    passed = Counter(one.task_id for one, no in zip(found, why, strict=True) if not no)
    samples = Counter(one.task_id for one in found)
    buckets = {task: bucket_of(passed[task], samples[task]) for task in samples}
    outcome = [REJECTED if no else KEPT for no in why]
    _leave_repeats(found, outcome, why)
    if choice.near is not None:
        _leave_near(found, outcome, why, choice.near)
    _cap_tasks(found, outcome, why, choice)
    empty = _balance(found, outcome, why, buckets, choice)
    return Chosen(
        tuple(
            Decided(one, verdicts[one.trace_id], end, no, buckets[one.task_id])
            for one, end, no in zip(found, outcome, why, strict=True)
        ),
        empty,
    )


def lot(seed: int, trace_id: str) -> bytes:
    """Return the lot of an answer."""
    return hashlib.sha256(f"{seed}:choose:{trace_id}".encode()).digest()


def _rejection(one: Candidate, verdicts: Sequence[Verdict], combine: Combine) -> str:
    if not one.output.strip():
        return NOTHING_SAID
    if one.cut_off:
        return CUT
    return "" if combined(verdicts, combine) else why_not(deciding(verdicts, combine))


def _leave_repeats(found: Sequence[Candidate], outcome: list[str], why: list[str]) -> None:
    first: dict[str, Candidate] = {}
    for place, one in enumerate(found):
        if outcome[place] != KEPT:
            continue
        before = first.setdefault(one.same_as, one)
        if before is not one:
            outcome[place] = LEFT_OUT
            why[place] = f"a repeat: as task {before.task_id}, sample {before.sample}"


def _leave_near(
    found: Sequence[Candidate], outcome: list[str], why: list[str], threshold: float
) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if outcome[place] == KEPT:
            places[one.task_id].append(place)
    for own in places.values():
        # Answers to one task only: other tasks of one form differ in the names that matter.
        sets = sets_of(
            TextColumn.from_texts([found[place].output for place in own]), ShingleSettings()
        )
        kept: list[int] = []
        for row, place in enumerate(own):
            alike = jaccard(sets, np.full(len(kept), row), np.array(kept, dtype=np.int64))
            close = np.flatnonzero(alike >= threshold)
            if not close.size:
                kept.append(row)
                continue
            outcome[place] = LEFT_OUT
            why[place] = f"a near-repeat: as sample {found[own[kept[int(close[0])]]].sample}"


def _cap_tasks(
    found: Sequence[Candidate], outcome: list[str], why: list[str], choice: Choice
) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if outcome[place] == KEPT:
            places[one.task_id].append(place)
    for own in places.values():
        ordered = sorted(own, key=lambda place: lot(choice.seed, found[place].trace_id))
        for place in ordered[choice.per_task :]:
            outcome[place] = LEFT_OUT
            why[place] = f"above the cap of a task: {choice.per_task} drawn of {len(own)}"


def _balance(
    found: Sequence[Candidate],
    outcome: list[str],
    why: list[str],
    buckets: Mapping[str, str],
    choice: Choice,
) -> tuple[str, ...]:
    """Leave out as few as give the shares; return the buckets that have nothing to give."""
    if not choice.balance:
        return ()
    places: dict[str, list[int]] = {name: [] for name in BUCKETS}
    for place, one in enumerate(found):
        if outcome[place] == KEPT:
            places[buckets[one.task_id]].append(place)
    wanted = {name: share for name, share in choice.balance if share > 0}
    empty = tuple(name for name in BUCKETS if name in wanted and not places[name])
    there = {name: share for name, share in wanted.items() if places[name]}
    shared = math.fsum(there.values())
    size = min((len(places[name]) * shared / share for name, share in there.items()), default=0.0)
    for name in BUCKETS:
        # A bucket that has something is never lost to rounding.
        quota = max(1, math.floor(size * there[name] / shared + 1e-9)) if name in there else 0
        ordered = sorted(places[name], key=lambda place: lot(choice.seed, found[place].trace_id))
        for place in ordered[quota:]:
            outcome[place] = LEFT_OUT
            why[place] = f"above the share of {name} tasks: {quota} drawn of {len(ordered)}"
    return empty

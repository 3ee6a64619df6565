"""Answers of several versions to the same tasks, as arrays: one row a turn, one column a task."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assay.curate.loop.loop_measure import GREEDY, HELD_OUT, SAMPLED
from assay.errors import BadInput
from assay.estimate.loop_gain import UNJUDGED
from assay.estimate.loop_gain_samples import SampledAnswers
from assay.ledger.answers import Answers

SmallArray = npt.NDArray[np.int8]
IntArray = npt.NDArray[np.int64]

NO_BUCKET = ("set", "decoding", "probe")
"""Tags that say how a task was asked, and not of what kind it is; so do those with a dot in their name."""

MOST_VALUES = 50
"""Values of a tag beyond which it is a name and no kind."""


@dataclass(frozen=True, slots=True, eq=False)
class SetAnswers:
    """Answers to a set of tasks.

    Parameters
    ----------
    tasks : length n_tasks
        Those that every version answered.
    answered : length n_turns + 1
        Tasks that each version answered, the others among them.
    inputs : length n_tasks
        What was asked; empty where the ledger has no text.
    right : shape (n_turns + 1, n_tasks), 1 right, 0 wrong, -1 nobody has said
        The first answer to each.
    length : shape (n_turns + 1, n_tasks)
        Letters of it.
    buckets
        Tag -> its value for each task; "" where it has none.
    sampled : length n_turns + 1
        Several answers to a task; empty where it was not asked several times.
    sampled_tasks
        Names of the tasks that those are of, in their order.
    left_out
        Tasks that were asked several times, and of which an answer was not judged, or a turn has fewer: left out.
    """

    tasks: tuple[str, ...]
    answered: tuple[int, ...]
    inputs: tuple[str, ...]
    right: SmallArray
    length: IntArray
    buckets: Mapping[str, tuple[str, ...]]
    sampled: tuple[SampledAnswers, ...] = ()
    sampled_tasks: tuple[str, ...] = ()
    left_out: int = 0

    def without(self, left_out: frozenset[str]) -> SetAnswers:
        """Return the answers but for some tasks."""
        if not left_out:
            return self
        stays = np.array([task not in left_out for task in self.tasks], dtype=bool)
        several = np.array([task not in left_out for task in self.sampled_tasks], dtype=bool)

        def kept(names: tuple[str, ...], which: npt.NDArray[np.bool_]) -> tuple[str, ...]:
            return tuple(name for name, stay in zip(names, which.tolist(), strict=True) if stay)

        return replace(
            self,
            tasks=kept(self.tasks, stays),
            inputs=kept(self.inputs, stays),
            right=self.right[:, stays],
            length=self.length[:, stays],
            buckets={name: kept(values, stays) for name, values in self.buckets.items()},
            sampled=tuple(one.only(several) for one in self.sampled) if several.any() else (),
            sampled_tasks=kept(self.sampled_tasks, several),
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """One answer."""

    epoch: int
    right: int
    output: str
    input: str


def gathered(answers: Answers, versions: Sequence[str]) -> dict[str, SetAnswers]:
    """Return the answers of versions by the set that their tasks are of.

    Parameters
    ----------
    answers
        With the texts input, output and tags.
    versions
        In the order of the turns.

    Returns
    -------
    dict
        held_out, harder and so on by the tag `set`; tasks without one are held_out.

    Raises
    ------
    BadInput
        If a version answered a task twice in the same epoch.

    Notes
    -----
    By the tag `decoding` where there is one; else the first epoch of a task is its answer, and all of its epochs are
    its samples.
    """
    first, samples, tags = _sorted_out(answers, versions)
    found = {}
    for name in sorted({key[0] for key in first}):
        by_version = [
            {task: said for (of, v, task), said in first.items() if of == name and v == version}
            for version in versions
        ]
        shared = sorted(set.intersection(*(set(one) for one in by_version)))
        several, names, left_out = _sampled(
            [
                {t: s for (of, v, t), s in samples.items() if of == name and v == version}
                for version in versions
            ]
        )
        found[name] = SetAnswers(
            tasks=tuple(shared),
            answered=tuple(len(one) for one in by_version),
            inputs=tuple(by_version[0][task].input for task in shared),
            right=_array([[one[task].right for task in shared] for one in by_version]).astype(
                np.int8
            ),
            length=_array([[len(one[task].output) for task in shared] for one in by_version]),
            buckets=_buckets([tags.get((name, task), {}) for task in shared]),
            sampled=several,
            sampled_tasks=names,
            left_out=left_out,
        )
    return found


_Key = tuple[str, str, str]


def _sorted_out(
    answers: Answers, versions: Sequence[str]
) -> tuple[dict[_Key, _Said], dict[_Key, list[_Said]], dict[tuple[str, str], dict[str, str]]]:
    """Return each task's first answer, all its samples, and its tags."""
    first: dict[_Key, _Said] = {}
    samples: dict[_Key, list[_Said]] = {}
    tags: dict[tuple[str, str], dict[str, str]] = {}
    wrong = answers.wrong
    wanted, parsed = set(versions), {}
    for place in range(len(answers)):
        version = answers.versions[answers.version[place]]
        if version not in wanted:
            continue
        text = answers.texts["tags"][place] or "{}"
        if text not in parsed:
            parsed[text] = _tags(text)
        of = parsed[text]
        turn = int(answers.turn[place])
        task = answers.tasks[answers.task[place]]
        task = f"{task}, turn {turn}" if turn > 1 else task
        key = (of.get("set", HELD_OUT), version, task)
        judged = int(wrong[place])
        said = _Said(
            int(answers.epoch[place]),
            UNJUDGED if judged < 0 else 1 - judged,
            answers.texts["output"][place] or "",
            answers.texts["input"][place] or "",
        )
        decoding = of.get("decoding", "")
        if decoding != GREEDY:
            samples.setdefault(key, []).append(said)
        if decoding != SAMPLED:
            there = first.get(key)
            if there is not None and there.epoch == said.epoch:
                raise BadInput(
                    f"{version or 'a version'} answered the task {task!r} twice in epoch {said.epoch}: "
                    "which answer counts is not known",
                    next_command="name the runs as versions of their own, or give them epochs",
                )
            if there is None or said.epoch < there.epoch:
                first[key] = said
            tags.setdefault((key[0], task), of)
    return first, samples, tags


def _tags(text: str) -> dict[str, str]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}


def _sampled(
    by_version: Sequence[Mapping[str, list[_Said]]],
) -> tuple[tuple[SampledAnswers, ...], tuple[str, ...], int]:
    """Return the samples of each turn on the tasks that have them all, judged; these tasks; how many have not."""
    several = {task for one in by_version for task, said in one.items() if len(said) > 1}
    if not several:
        return (), (), 0
    # As many as most tasks have in the turn that has fewest.
    sizes = Counter(min(len(one.get(task, ())) for one in by_version) for task in several)
    samples = max(sizes, key=lambda size: (sizes[size], size))
    whole = [
        task
        for task in sorted(several)
        if all(
            len(one.get(task, ())) >= samples
            and all(said.right != UNJUDGED for said in one[task][:samples])
            for one in by_version
        )
    ]
    if samples < 2 or not whole:
        return (), (), len(several)
    turns = tuple(_of_turn([one[task][:samples] for task in whole], samples) for one in by_version)
    return turns, tuple(whole), len(several) - len(whole)


def _of_turn(rows: Sequence[Sequence[_Said]], samples: int) -> SampledAnswers:
    right, distinct, agreement, commonest_right = [], [], [], []
    apart = []
    for row in rows:
        texts = Counter(said.output.strip() for said in row)
        most = max(texts.values())
        commonest = min(text for text, count in texts.items() if count == most)
        hits = Counter(said.output.strip() for said in row if said.right == 1)
        n = sum(hits.values())
        right.append(n)
        distinct.append(len(texts))
        agreement.append(most / samples)
        commonest_right.append(int(hits[commonest] > 0))
        alike = sum(count * (count - 1) for count in hits.values())
        apart.append(1 - alike / (n * (n - 1)) if n > 1 else np.nan)
    return SampledAnswers(
        samples,
        np.array(right, np.int64),
        np.array(distinct, np.int64),
        np.array(apart, np.float64),
        np.array(agreement, np.float64),
        np.array(commonest_right, np.int64),
    )


def _buckets(tags: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    names = {name for of in tags for name in of if name not in NO_BUCKET and "." not in name}
    found = {}
    for name in sorted(names):
        values = tuple(of.get(name, "") for of in tags)
        if 1 < len(set(values)) <= MOST_VALUES:
            found[name] = values
    return found


def _array(rows: list[list[int]]) -> IntArray:
    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)

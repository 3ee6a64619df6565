"""Held-out tasks that a loop has trained on: the same text, the same but for case and space, or nearly the same."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.curate.loop.loop_state import LEAKS, read_generated
from assay.curate.loop.task_source import asked_text
from assay.curate.loop.turn import GENERATED_FILE, turn_folder

SHINGLE = 5
FEWEST_WORDS = 8
"""Words of a task below which only the same text is a copy: in a short one, one other word asks for something else."""

SHARE = 0.8
"""Of a held-out task's runs of five words that stand in one training example, from which on it is a near-copy."""

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class LeakedTasks:
    """Held-out tasks that were trained on.

    Parameters
    ----------
    same, near
        Places in the held-out set: of the same text (case and white space folded), and of nearly the same.
    examples
        Different prompts that were looked through. 0: it is not known what was trained on.
    told
        What the loop itself wrote down of leaks before it began.
    first_turn
        In which the first one was trained on; None: there is none.
    """

    same: tuple[int, ...]
    near: tuple[int, ...]
    examples: int
    told: tuple[str, ...]
    first_turn: int | None = None

    @property
    def places(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(sorted({*self.same, *self.near}))


def find_leaks(folder: Path | None, turns: int, inputs: Sequence[str]) -> LeakedTasks:
    """Return the held-out tasks that stand among the examples that a loop's turns trained on.

    Parameters
    ----------
    folder
        Of the loop; None: what was trained on is not known.
    turns
        That are done.
    inputs
        Texts of the held-out tasks.

    Notes
    -----
    A near-copy holds four fifths of the held-out task's runs of five words, and the same numbers in the same order:
    the same story with other numbers is another task. A paraphrase is not found: `assay exam overlap` looks for those.
    """
    if folder is None:
        return LeakedTasks((), (), 0, ())
    index = _Index(inputs)
    seen: set[str] = set()
    same: set[int] = set()
    near: set[int] = set()
    first = None
    for turn in range(1, turns + 1):
        path = turn_folder(folder, turn) / GENERATED_FILE
        if not path.exists():
            continue
        fresh = {row.input for row in read_generated(path) if row.kept} - seen
        seen |= fresh
        for text in fresh:
            same.update(index.same(text))
            near.update(index.near(text))
        if first is None and (same or near):
            first = turn
    return LeakedTasks(
        tuple(sorted(same)), tuple(sorted(near - same)), len(seen), _told(folder), first
    )


class _Index:
    """Held-out tasks by their text, and by the runs of words in them."""

    def __init__(self, inputs: Sequence[str]) -> None:
        self._texts: dict[str, list[int]] = defaultdict(list)
        self._runs: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._sizes: dict[int, int] = {}
        self._numbers: dict[int, tuple[str, ...]] = {}
        for place, text in enumerate(inputs):
            if not text:
                continue
            self._texts[asked_text(text)].append(place)
            runs = _runs(text)
            if runs:
                self._sizes[place] = len(runs)
                self._numbers[place] = tuple(_NUMBER.findall(text))
                for run in runs:
                    self._runs[run].append(place)

    def same(self, text: str) -> Iterable[int]:
        """Return the places of tasks with the same text."""
        return self._texts.get(asked_text(text), ())

    def near(self, text: str) -> Iterable[int]:
        """Return the places of tasks that are nearly in it."""
        if not self._runs:
            return ()
        found: dict[int, int] = defaultdict(int)
        for run in _runs(text):
            for place in self._runs.get(run, ()):
                found[place] += 1
        numbers = tuple(_NUMBER.findall(text)) if found else ()
        return [
            place
            for place, count in found.items()
            if count >= SHARE * self._sizes[place] and self._numbers[place] == numbers
        ]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    if len(words) < FEWEST_WORDS:
        return set()
    return {tuple(words[place : place + SHINGLE]) for place in range(len(words) - SHINGLE + 1)}


def _told(folder: Path) -> tuple[str, ...]:
    """Return the leaks that `assay loop run` named, in this folder or in that of all arms."""
    for path in (folder / LEAKS, folder.parent.parent / LEAKS):
        try:
            told = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(told, list):
            return tuple(str(one) for one in told)
    return ()

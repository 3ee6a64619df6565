"""Right when asked otherwise: under another prompt, or once more. Both show that a wrong answer was within reach.

Neither looks at the reasoning. A system that guesses is also right now and then when it is asked again, so that a share
of these is an upper limit for knowledge, and is shown beside the share of answers that get worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.exact import clopper_pearson
from assay.estimate.two_by_two import TwoByTwo
from assay.probe.knows import State
from assay.probe.knows_read import KnowsColumns
from assay.quantity import Estimate, Quantity, Unknown

BoolArray = npt.NDArray[np.bool_]

PLAIN = ""
"""The variant of the input as it is."""

MOSTLY = 0.8
"""Right in four of five further answers: what CHOKE asks of knowledge in five of five, a little milder."""


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One system's tasks under two prompts.

    Parameters
    ----------
    system
        ``name@version``.
    plain, production
        Names of the two prompt variants.
    table
        Tasks answered under both: first the plain prompt, second the production prompt.
    lost
        Right under the plain prompt and wrong under the production prompt, of the tasks in the table.
    gained
        The reverse.
    """

    system: str
    plain: str
    production: str
    table: TwoByTwo
    lost: Quantity
    gained: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "plain": self.plain,
            "production": self.production,
            "tasks": self.table.n,
            "both_right": self.table.both_right,
            "only_plain_right": self.table.only_first,
            "only_production_right": self.table.only_second,
            "both_wrong": self.table.both_wrong,
            "lost": self.lost.to_json(),
            "gained": self.gained.to_json(),
        }


@dataclass(frozen=True, slots=True)
class AgainResult:
    """One system's tasks that were answered several times.

    Parameters
    ----------
    system
        ``name@version``.
    tasks : >= 0
        Tasks with at least two answers under one prompt.
    wrong_first : >= 0
        Those whose first answer is wrong.
    right_once
        Of these, those with a right one among the further answers.
    right_mostly
        Of these, those with at least four of five further answers right.
    further
        Fewest and most further answers of a task.
    """

    system: str
    tasks: int
    wrong_first: int
    right_once: Quantity
    right_mostly: Quantity
    further: tuple[int, int]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "tasks": self.tasks,
            "wrong_first": self.wrong_first,
            "right_once": self.right_once.to_json(),
            "right_mostly": self.right_mostly.to_json(),
            "further": list(self.further),
        }


def prompt_variants(
    columns: KnowsColumns, production: str, *, plain: str = PLAIN, confidence_level: float = 0.95
) -> list[VariantResult]:
    """Compare each system's answers under two prompts, task by task.

    Parameters
    ----------
    columns
        Parsed answers; the first under each prompt counts.
    production
        The variant that is used: its name, or the part before the ``@``.
    plain
        The one to compare with; empty: the input as it is.
    confidence_level : in (0, 1)

    Raises
    ------
    BadInput
        Where no answer was given under one of them.
    """
    used, other = _variant(columns, production), _variant(columns, plain)
    results = []
    for code, system in enumerate(columns.systems):
        own = columns.system == code
        first = _first_right(columns, own & (columns.variant == other))
        second = _first_right(columns, own & (columns.variant == used))
        both = sorted(first.keys() & second.keys())
        if not both:
            continue
        pairs = [(first[task], second[task]) for task in both]
        cells = ((True, True), (True, False), (False, True), (False, False))
        table = TwoByTwo(*map(pairs.count, cells))
        results.append(
            VariantResult(
                system,
                columns.variants[other] or "the input as it is",
                columns.variants[used],
                table,
                _share(table.only_first, table.n, "tasks lost/task", confidence_level),
                _share(table.only_second, table.n, "tasks gained/task", confidence_level),
            )
        )
    return results


def asked_again(columns: KnowsColumns, *, confidence_level: float = 0.95) -> list[AgainResult]:
    """Say of each system how many wrong first answers are right when asked again.

    Parameters
    ----------
    columns
        Parsed answers, several a task: its epochs, under one prompt each.
    confidence_level : in (0, 1)

    Returns
    -------
    list of AgainResult
        Systems with repeats only.

    Notes
    -----
    A task is one observation, so the exact binomial interval holds for tasks drawn independently. The chance to be
    right once grows with the number of further answers: compare only systems that were asked equally often.
    """
    results = []
    for code, system in enumerate(columns.systems):
        chains = _chains(columns, columns.system == code)
        if not chains:
            continue
        wrong_first = [further for first, *further in chains if not first]
        counts = [len(further) for _, *further in chains]
        once = sum(any(further) for further in wrong_first)
        mostly = sum(sum(further) >= MOSTLY * len(further) for further in wrong_first)
        unit = "tasks/wrong first answer"
        results.append(
            AgainResult(
                system,
                len(chains),
                len(wrong_first),
                _share(once, len(wrong_first), unit, confidence_level),
                _share(mostly, len(wrong_first), unit, confidence_level),
                (min(counts), max(counts)),
            )
        )
    return results


def _variant(columns: KnowsColumns, name: str) -> int:
    found = [
        code for code, one in enumerate(columns.variants) if name in (one, one.partition("@")[0])
    ]
    if len(found) != 1:
        known = ", ".join(one or "(the input as it is)" for one in columns.variants)
        said = "several answer to" if found else "no answer was given under"
        raise BadInput(f"{said} the prompt variant {name!r}; the answers here have {known}")
    return found[0]


def _first_right(columns: KnowsColumns, chosen: BoolArray) -> dict[int, bool]:
    """Return task -> whether its first chosen answer is right."""
    places = np.flatnonzero(chosen)
    order = places[np.lexsort((columns.epoch[places], columns.task[places]))]
    said: dict[int, bool] = {}
    for place in order:
        said.setdefault(int(columns.task[place]), bool(columns.answer[place] == State.RIGHT))
    return said


def _chains(columns: KnowsColumns, chosen: BoolArray) -> list[Sequence[bool]]:
    """Return for each task and prompt with several answers, whether each is right, in the order of the epochs.

    A task that was asked under several prompts counts under the first of them.
    """
    places = np.flatnonzero(chosen)
    order = places[np.lexsort((columns.epoch[places], columns.variant[places], columns.task[places]))]  # fmt: skip
    chains: dict[tuple[int, int], list[bool]] = {}
    for place in order:
        key = (int(columns.task[place]), int(columns.variant[place]))
        chains.setdefault(key, []).append(bool(columns.answer[place] == State.RIGHT))
    first: dict[int, list[bool]] = {}
    for (task, _), chain in chains.items():
        if len(chain) > 1:
            first.setdefault(task, chain)
    return list(first.values())


def _share(count: int, of: int, unit: str, confidence_level: float) -> Quantity:
    if of == 0:
        return Unknown("no first answer is wrong")
    low, high = clopper_pearson(count, of, confidence_level=confidence_level)
    method = "binomial (Clopper-Pearson) over tasks"
    return Estimate(count / of, low, high, unit, confidence_level, of, method)

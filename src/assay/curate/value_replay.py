"""How often small models have been right about data: decisions at one scale replayed at another, on published runs."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.errors import BadInput
from assay.estimate.rank_agreement import RankAgreement, rank_agreement

COLUMNS = ("dataset", "parameters", "training_tokens", "core_v2")


@dataclass(frozen=True, slots=True, order=True)
class Scale:
    """A size of model and of training.

    Parameters
    ----------
    parameters, training_tokens : >= 1
    """

    parameters: int
    training_tokens: int

    def __str__(self) -> str:
        return f"{_short(self.parameters)} parameters, {_short(self.training_tokens)} tokens"


@dataclass(frozen=True, slots=True)
class Replay:
    """Decisions at a small scale, held against those at a larger one.

    Parameters
    ----------
    small, large
    datasets
        Those that were trained on at both, in order of name.
    agreement
        Pairs of them decided alike.
    """

    small: Scale
    large: Scale
    datasets: tuple[str, ...]
    agreement: RankAgreement

    def __str__(self) -> str:
        return (
            f"{self.agreement.same} of {self.agreement.pairs} pairs, {self.small} to {self.large}"
        )


def read_runs(path: Path) -> dict[Scale, dict[str, float]]:
    """Return the best score of each data set at each scale.

    Parameters
    ----------
    path
        CSV with the columns dataset, parameters, training_tokens, core_v2; one row a trained model.

    Raises
    ------
    BadInput
        If it can't be read, or lacks a column.

    Notes
    -----
    The best of several runs, since a data set is judged by what can be made of it: with other settings the
    rest are worse for another reason than the data. The count of decisions that hold hangs on it (DCLM, 411 M
    to 1.4 B: 49 of 66 by the best run, 47 by the first, 45 by the worst, 44 by the mean).
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} can't be read: {error}") from error
    missing = [name for name in COLUMNS if rows and name not in rows[0]]
    if not rows or missing:
        raise BadInput(f"{path} holds no runs: it lacks {missing or 'rows'}")
    return best_scores(rows)


def best_scores(rows: Iterable[Mapping[str, str]]) -> dict[Scale, dict[str, float]]:
    """Return the best score of each data set at each scale, of rows as in `read_runs`."""
    best: dict[Scale, dict[str, float]] = {}
    for number, row in enumerate(rows, start=2):
        try:
            scale = Scale(int(row["parameters"]), int(row["training_tokens"]))
            score = float(row["core_v2"])
        except ValueError:
            raise BadInput(f"line {number} holds no numbers: {dict(row)}") from None
        if math.isfinite(score):
            scores = best.setdefault(scale, {})
            scores[row["dataset"]] = max(score, scores.get(row["dataset"], -math.inf))
    return best


def replay(runs: Mapping[Scale, Mapping[str, float]], small: Scale, large: Scale) -> Replay:
    """Return how many decisions between two data sets at the small scale hold at the large one.

    Raises
    ------
    BadInput
        If fewer than two data sets were trained on at both.
    """
    both = sorted(set(runs.get(small, {})) & set(runs.get(large, {})))
    if len(both) < 2:
        raise BadInput(f"{len(both)} data sets were trained on at both {small} and {large}")
    return Replay(
        small,
        large,
        tuple(both),
        rank_agreement([runs[small][name] for name in both], [runs[large][name] for name in both]),
    )


def replays(runs: Mapping[Scale, Mapping[str, float]]) -> tuple[Replay, ...]:
    """Return the replays of all two scales, small to large, that have at least two data sets in common."""
    return tuple(
        replay(runs, small, large)
        for small, large in itertools.combinations(sorted(runs), 2)
        if len(set(runs[small]) & set(runs[large])) >= 2
    )


def _short(number: int) -> str:
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)

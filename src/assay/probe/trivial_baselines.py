"""Trivial baselines: what an exam gives to rules that have no skill, and whether it can be passed without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.bounded_mean import mean_of_tasks
from assay.figures import interval, shown
from assay.probe.trivial_baselines_rules import (
    Rule,
    Seen,
    by_format,
    by_group,
    by_length,
    majority,
    see,
)
from assay.quantity import Estimate, Quantity, Unknown, assumed, weakest

IntArray = npt.NDArray[np.int64]

UNIT = "share of items"
LIFT = 0.5
"""Of what a system has above chance: a rule without skill that reaches so much passes the exam."""

_TOO_FEW = Unknown("fewer than four items that stand alone: a rule can't be learned and tried")


@dataclass(frozen=True, slots=True)
class ExamItems:
    """What an exam shows and what is right, item by item; columns of one length n.

    Parameters
    ----------
    texts
        What the exam shows: the question; or for an exam of detectors the answer that is to be called right or wrong.
    references
        What is right, compared as text after trimming and case folding.
    groups
        The tag that a rule may read instead of the text: author, source, subject. None: there is none.
    families
        Items that belong together (several answers to one question): they are never split, and count as one for the
        interval. None: each item is its own.

    Raises
    ------
    BadInput
        Where the columns have different lengths.
    """

    texts: Sequence[str]
    references: Sequence[str]
    groups: Sequence[str] | None = None
    families: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name, column in (
            ("references", self.references), ("groups", self.groups), ("families", self.families)
        ):  # fmt: skip
            if column is not None and len(column) != len(self.texts):
                raise BadInput(f"{len(self.texts):,} texts but {len(column):,} {name}")


class Passing(Enum):
    """Whether the exam can be passed without the skill: three answers."""

    YES = "can be passed without the skill"
    NO = "not passed by the trivial rules tried"
    UNKNOWN = "not enough data to tell"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A rule without skill.

    Parameters
    ----------
    name
        majority, length, format or group.
    score
        Its cross-validated share of right items.
    passing
        Whether its limits are above the pass mark, below it, or neither.
    """

    name: str
    score: Quantity
    passing: Passing


@dataclass(frozen=True, slots=True)
class TrivialBaselines:
    """Every baseline, the mark that they are held against, and what follows for the exam.

    Parameters
    ----------
    baselines
        In the order majority, length, format, group.
    pass_mark
        Share of right items that passes; with limits where it was made from a system's score.
    items, kinds_of_answer : >= 0
        How many items, and how many different references.
    confidence_level
        At which all intervals hold at once.
    """

    baselines: tuple[Baseline, ...]
    pass_mark: Quantity
    items: int
    kinds_of_answer: int
    confidence_level: float

    @property
    def passing(self) -> Passing:
        """Whether any of the rules passes the exam."""
        said = {one.passing for one in self.baselines}
        if Passing.YES in said:
            return Passing.YES
        return Passing.NO if said == {Passing.NO} else Passing.UNKNOWN

    @property
    def best(self) -> Baseline | None:
        """The rule with the highest score; None where no score is known."""
        known = [
            (one.score.value, -place, one)
            for place, one in enumerate(self.baselines)
            if isinstance(one.score, Estimate)
        ]
        return max(known)[2] if known else None

    @property
    def words(self) -> str:
        """One sentence for a report."""
        best = self.best
        if best is None:
            return f"trivial baselines: {self.passing.value}."
        found = f"{best.name} alone gets {shown(best.score, percent=True)} right"
        mark = self.pass_mark
        held = (
            f"the pass mark is {interval(mark, percent=True)}"
            if isinstance(mark, Estimate)
            else f"the pass mark is unknown: {mark.reason}"
        )
        return f"The exam {_VERBS[self.passing]}: {found}, {held}."

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "passing": self.passing.value,
            "pass_mark": self.pass_mark.to_json(),
            "items": self.items,
            "kinds_of_answer": self.kinds_of_answer,
            "confidence_level": self.confidence_level,
            "baselines": {
                one.name: {"score": one.score.to_json(), "passing": one.passing.value}
                for one in self.baselines
            },
        }


_VERBS = {
    Passing.YES: "can be passed without the skill",
    Passing.NO: "is not passed by the trivial rules tried",
    Passing.UNKNOWN: "may or may not be passed without the skill (not enough data to tell)",
}


def trivial_baselines(
    items: ExamItems,
    *,
    rng: np.random.Generator,
    pass_mark: float | None = None,
    system_score: Quantity | None = None,
    confidence_level: float = 0.95,
) -> TrivialBaselines:
    """Score rules without skill on an exam.

    Parameters
    ----------
    items
    rng
        Halves the items.
    pass_mark : in (0, 1]
        Share of right items at which the exam counts as passed. None: half way from chance (one over the number of
        different references) to the system's score.
    system_score
        Share of right items of the system that the exam is to speak for; used where no pass mark is given.
    confidence_level : in (0, 1)

    Returns
    -------
    TrivialBaselines
        `passing` is YES only where a lower limit is at or above the mark's upper limit.

    Raises
    ------
    BadInput
        If the pass mark is not in (0, 1].

    Notes
    -----
    The rules: what is right most often (majority); most often at this length, in up to 16 bins (length); likeliest by
    17 marks of the text, naive Bayes (format); most often in this group (group). Cross-validation in two: each half of
    the families is tried with the rule that the other half taught. Given the rule, the tried items are a sample of the
    tasks, so each half has an exact interval (Clopper-Pearson; the bounded mean where families have several items), at
    ``1 - miss / (2 rules)``; the mean of both limits then holds for the mean of the two rules' true scores, and all
    rules hold at once (Bonferroni). That is about twice as wide as the naive interval of a cross-validation, which
    treats the folds as independent and is too narrow [2]_. Assumes independent families. A rule that fails here proves
    nothing: others, as single words, are not tried.

    References
    ----------
    .. [1] Gururangan et al., "Annotation artifacts in natural language inference data" (2018), arXiv:1803.02324: the
       effect.
    .. [2] Bates, Hastie, Tibshirani, "Cross-validation: what does it estimate and how well does it do it?" (2021),
       arXiv:2104.00673.

    Examples
    --------
    >>> texts = ["Is 7 prime?", "Is 21 a composite number?"] * 200
    >>> exam = ExamItems(texts, ["yes", "no"] * 200)
    >>> found = trivial_baselines(exam, rng=np.random.default_rng(1), pass_mark=0.8)
    >>> found.passing.value, found.best.name
    ('can be passed without the skill', 'length')
    """
    if pass_mark is not None and not 0 < pass_mark <= 1:
        raise BadInput(f"the pass mark must be in (0, 1], got {pass_mark}")
    right = _codes([reference.strip().casefold() for reference in items.references])
    seen = see(items.texts, right, items.groups)
    family = _codes(items.families if items.families is not None else range(len(right)))
    kinds = int(np.unique(right).size)
    mark = _mark(pass_mark, system_score, kinds)
    rules: dict[str, Rule] = {"majority": majority, "length": by_length, "format": by_format}
    if items.groups is not None:
        rules["group"] = by_group
    halves = _halves(family, rng)
    each = 1 - (1 - confidence_level) / (2 * len(rules))
    scores = {
        name: _score(rule, seen, family, halves, each=each, level=confidence_level)
        for name, rule in rules.items()
    }
    return TrivialBaselines(
        tuple(Baseline(name, score, _passing(score, mark)) for name, score in scores.items()),
        mark,
        len(right),
        kinds,
        confidence_level,
    )


def _codes(names: Sequence[object]) -> IntArray:
    codes: dict[object, int] = {}
    return np.array([codes.setdefault(name, len(codes)) for name in names], dtype=np.int64)


def _halves(family: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray] | None:
    """Return the items of either half of the families; None where there are too few."""
    families = int(np.unique(family).size)
    if families < 4:
        return None
    first = rng.permutation(families) < families // 2
    return np.flatnonzero(first[family]), np.flatnonzero(~first[family])


def _score(
    rule: Rule,
    seen: Seen,
    family: IntArray,
    halves: tuple[IntArray, IntArray] | None,
    *,
    each: float,
    level: float,
) -> Quantity:
    if halves is None:
        return _TOO_FEW
    found: list[Estimate] = []
    for tried, learned in (halves, halves[::-1]):
        said = rule(seen.of(learned), seen.of(tried))
        _, place = np.unique(family[tried], return_inverse=True)
        sizes = np.bincount(place)
        hits = np.bincount(place, weights=said == seen.right[tried])
        part = mean_of_tasks(
            hits / sizes, unit=UNIT, confidence_level=each, two_valued=bool(np.all(sizes == 1))
        )
        if isinstance(part, Unknown):
            return part
        found.append(part)
    one, other = found
    return Estimate(
        (one.value + other.value) / 2,
        (one.low + other.low) / 2,
        (one.high + other.high) / 2,
        UNIT,
        level,
        one.n + other.n,
        f"two-fold cross-validation, {one.method}; all rules at once",
        weakest(one.guarantee, other.guarantee),
    )


def _mark(given: float | None, system: Quantity | None, kinds: int) -> Quantity:
    if given is not None:
        return assumed(given, UNIT, method="pass mark, as given")
    if system is None:
        return Unknown("neither a pass mark nor a system's score is given")
    if isinstance(system, Unknown):
        return Unknown(f"the system's score is unknown: {system.reason}")
    # Where all items have one answer, there is nothing to guess among.
    chance = 1 / kinds if kinds > 1 else 0.0
    if system.low <= chance:
        return Unknown("the system is not shown to be better than chance")
    value, low, high = (
        chance + LIFT * (x - chance) for x in (system.value, system.low, system.high)
    )
    return Estimate(
        value,
        low,
        high,
        UNIT,
        system.confidence_level,
        system.n,
        "half way from chance to the system's score",
        system.guarantee,
    )


def _passing(score: Quantity, mark: Quantity) -> Passing:
    if isinstance(score, Unknown) or isinstance(mark, Unknown):
        return Passing.UNKNOWN
    if score.low >= mark.high:
        return Passing.YES
    return Passing.NO if score.high < mark.low else Passing.UNKNOWN

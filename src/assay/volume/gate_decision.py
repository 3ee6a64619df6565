"""Take it, refuse it, or not enough data: from paired tables to one of three answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy import special

from assay.errors import BadInput
from assay.estimate.mcnemar import mcnemar_p_value
from assay.estimate.paired import PairedTable
from assay.estimate.paired_eprocess import any_time_p_value
from assay.estimate.paired_exact import LEAST_NUISANCE_MISS, margin_p_value
from assay.estimate.two_shares import holm

Answer = Literal["take", "refuse", "not enough data"]
Side = Literal["less", "greater"]

ALL = "all tasks"
"""Name of the whole, which is tested beside its strata."""

MOST_BROKEN = "newly wrong"


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of the new version.

    Parameters
    ----------
    margin : in [0, 1)
        It may err more often than the old one by so much: errors per task. 0: no more errors at all, so that only an
        improvement can be shown.
    most_broken : in (0, 1] or None
        No more than this share of the tasks may be newly wrong, whatever was fixed. None: not asked.
    each_stratum
        Whether the margin must be shown to hold in each stratum, and not only not to be broken in any.
    confidence_level : in (0, 1)
        Each of the two answers is wrong with at most half of what is left: 2.5 % at 0.95.
    any_time
        Whether one looks again and again, so that each look must be valid.

    Raises
    ------
    BadInput
        Where a number is out of its range.
    """

    margin: float = 0.0
    most_broken: float | None = None
    each_stratum: bool = False
    confidence_level: float = 0.95
    any_time: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 1:
            raise BadInput(f"margin must be in [0, 1), as 0.01 for one point, got {self.margin}")
        if self.most_broken is not None and not 0 < self.most_broken < 1:
            raise BadInput(f"most-broken must be in (0, 1), as 0.02, got {self.most_broken}")
        if not 0.5 <= self.confidence_level <= 0.999:
            raise BadInput(f"confidence level must be in [0.5, 0.999], got {self.confidence_level}")

    @property
    def alpha(self) -> float:
        """Two-sided level of the tests."""
        return round(1 - self.confidence_level, 15)

    def sentence(self) -> str:
        """Return what is demanded in words."""
        more = f"at most {self.margin:.2%} of the tasks more" if self.margin else "no more errors"
        parts = [f"{more}, and no stratum shown to be worse than that"]
        if self.each_stratum:
            parts = [f"{more}, in each stratum"]
        if self.most_broken is not None:
            parts.append(f"at most {self.most_broken:.2%} of the tasks newly wrong")
        looks = "at any number of looks" if self.any_time else "at one look"
        return f"{'; '.join(parts)} (shown at {self.confidence_level:.0%}, {looks})"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "sentence": self.sentence(),
            "margin": self.margin,
            "most_broken": self.most_broken,
            "each_stratum": self.each_stratum,
            "confidence_level": self.confidence_level,
            "any_time": self.any_time,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """What one table says of the demand.

    Parameters
    ----------
    name
        The stratum, `ALL`, or `MOST_BROKEN`.
    p_worse : in [0, 1]
        Two-sided p-value of "within the margin" against more errors, by itself.
    p_worse_adjusted : in [0, 1]
        The same, corrected for all that were tested (Holm).
    p_within : in [0, 1]
        Two-sided p-value of "beyond the margin" against fewer errors.
    """

    name: str
    p_worse: float
    p_worse_adjusted: float
    p_within: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer on some tables.

    Parameters
    ----------
    answer
    tests
        Of all tasks first, then of each stratum, then of what is newly wrong where that was asked.
    broken_by
        Names of the tests that refuse.
    open
        Names of the tests that are not yet shown.
    """

    answer: Answer
    tests: tuple[Finding, ...]
    broken_by: tuple[str, ...]
    open: tuple[str, ...]


def decide(whole: PairedTable, strata: Mapping[str, PairedTable], demand: Demand) -> Decision:
    """Return the answer that paired tables give.

    Parameters
    ----------
    whole
        All tasks.
    strata
        Parts of them; several divisions may overlap. One without a task yet counts among the tests: while it runs,
        the number of tests must not grow with what has come in.
    demand
        What is asked.

    Returns
    -------
    Decision
        ``refuse`` where the demand is shown to be broken, in all tasks or in a stratum; ``take`` where it is shown to
        hold in all, and is shown broken in none; else ``not enough data``.

    Notes
    -----
    To refuse, one-sided exact tests at alpha / 2, corrected by Holm's method over all tasks, the strata and the share
    newly wrong: two equal versions are refused with a chance of at most alpha / 2, however many strata there are and
    however they hang together. To take, the test of all tasks (and each stratum's, where asked) at alpha / 2: all must
    hold, so nothing is to be corrected. With `any_time` the p-values are 1 / e-values, which keeps both at every look.
    """
    tables = {ALL: whole, **strata}
    tests_of = len(tables) + (demand.most_broken is not None)
    worse = {
        name: _p_value(table, demand, "greater", among=tests_of) for name, table in tables.items()
    }
    within = {name: _p_value(table, demand, "less", among=1) for name, table in tables.items()}
    if demand.most_broken is not None:
        worse[MOST_BROKEN] = _p_flips(whole, demand, "greater")
        within[MOST_BROKEN] = _p_flips(whole, demand, "less")
    adjusted = dict(zip(worse, holm(list(worse.values())), strict=True))
    tests = tuple(Finding(name, worse[name], adjusted[name], within[name]) for name in worse)
    broken_by = tuple(test.name for test in tests if test.p_worse_adjusted <= demand.alpha)
    needed = [name for name in worse if demand.each_stratum or name in (ALL, MOST_BROKEN)]
    lacking = tuple(name for name in needed if within[name] > demand.alpha)
    answer: Answer = "refuse" if broken_by else "not enough data" if lacking else "take"
    return Decision(answer, tests, broken_by, lacking)


def _p_value(table: PairedTable, demand: Demand, side: Side, *, among: int) -> float:
    """Return a table's two-sided p-value; `among`: how many tests share the level."""
    if table.n == 0:
        return 1.0
    if demand.any_time:
        one_sided = any_time_p_value(table, demand.margin, alternative=side)
    elif demand.margin == 0:
        one_sided = mcnemar_p_value(table.broke, table.fixed, alternative=side)
    else:
        # No p-value is below this: at one 250th of its level a test among hundreds can still speak.
        least = max(LEAST_NUISANCE_MISS, demand.alpha / 2 / 250 / among)
        one_sided = margin_p_value(table, demand.margin, alternative=side, nuisance_miss=least)
    return min(1.0, 2 * one_sided)


def _p_flips(table: PairedTable, demand: Demand, side: Side) -> float:
    """Return the two-sided p-value of the share that is newly wrong, against what is demanded of it."""
    most = demand.most_broken
    if most is None or table.n == 0:
        return 1.0
    if demand.any_time:
        flips = PairedTable(table.n - table.broke, table.broke, 0, 0)
        return min(1.0, 2 * any_time_p_value(flips, most, alternative=side))
    if side == "greater":
        tail = special.bdtrc(table.broke - 1, table.n, most) if table.broke else 1.0
    else:
        tail = special.bdtr(table.broke, table.n, most)
    return min(1.0, 2 * float(tail))

"""Which one more money buys down: more tasks, more wordings, or more asks of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from assay.errors import EstimateError
from assay.estimate.variance_components import VarianceComponents

Purchase = Literal["tasks", "wordings", "asks"]


class Design(NamedTuple):
    """How many of each: tasks, wordings of each, asks of each wording of each task."""

    tasks: float
    wordings: float
    asks: float

    @property
    def answers(self) -> float:
        """Answers in all."""
        return self.tasks * self.wordings * self.asks


@dataclass(frozen=True, slots=True)
class Prices:
    """What each costs, in any one unit.

    Parameters
    ----------
    answer : > 0
        One more answer, with its verdict.
    task, wording : >= 0
        One more task, or wording, before any answer.
    """

    answer: float = 1.0
    task: float = 0.0
    wording: float = 0.0

    def cost(self, design: Design) -> float:
        """Return what a design costs."""
        return (
            design.answers * self.answer + design.tasks * self.task + design.wordings * self.wording
        )


@dataclass(frozen=True, slots=True)
class Option:
    """What a tenth more money buys, spent on one thing.

    Parameters
    ----------
    purchase
    design
        The design after it.
    standard_error
        Of the error rate over all tasks and wordings, forecast.
    """

    purchase: Purchase
    design: Design
    standard_error: float


@dataclass(frozen=True, slots=True)
class RepeatPlan:
    """What to buy next. All figures are plug-in forecasts from the components' values.

    Parameters
    ----------
    design
        What there is.
    standard_error
        Of the error rate with it.
    options
        Best first: what the same money buys as tasks, wordings or asks.
    even_task_price : >= 0
        The price of a task, in answers, at which the present number of asks is the best split; where tasks are cheaper,
        buy tasks. ``inf`` where asks show no variance at all: a second ask of a task buys nothing.
    """

    design: Design
    standard_error: float
    options: tuple[Option, ...]
    even_task_price: float


def repeat_plan(
    components: VarianceComponents, design: Design, prices: Prices, *, more: float = 0.1
) -> RepeatPlan:
    """Weigh more tasks, wordings and asks against one another at equal cost.

    Parameters
    ----------
    components
        Of verdicts on tasks, asks, and wordings where there are several.
    design
        What there is; numbers of each may be means.
    prices
    more : > 0
        Share of the present cost that is to be spent.

    Returns
    -------
    RepeatPlan

    Raises
    ------
    EstimateError
        If a price is negative, or an answer free.

    Notes
    -----
    ``SE^2 = v_t / T + v_w / W + v_tw / (T W) + v_e / (T W E)``. With one wording the best number of asks is
    ``sqrt(price of a task / price of an answer * v_e / v_t)``, whose inverse gives the price at which the present
    number is best. The variance between versions is no sampling error and has no part in it.

    References
    ----------
    .. [1] Cochran, "Sampling Techniques", 3rd edition, Wiley 1977, section 10.6.
    """
    if not prices.answer > 0 or min(prices.task, prices.wording) < 0:
        raise EstimateError(f"prices must not be negative, and an answer's above 0: {prices}")
    parts = _parts(components)
    budget = prices.cost(design) * (1 + more)
    names: tuple[Purchase, ...] = ("tasks", "asks")
    if "wording" in components.variances:
        names = (*names, "wordings")
    grown = {name: _grown(design, prices, budget, name) for name in names}
    options = [
        Option(name, design_then, _standard_error(parts, design_then))
        for name, design_then in grown.items()
    ]
    options.sort(key=lambda option: option.standard_error)
    return RepeatPlan(
        design, _standard_error(parts, design), tuple(options), _even_price(parts, design)
    )


def _even_price(parts: tuple[float, float, float, float], design: Design) -> float:
    task, _, interplay, ask = parts
    if ask <= 0:
        return math.inf
    # Of one task: its own variance, and that of its asks, of which it has `wordings * asks`.
    own = task + interplay / design.wordings
    return (design.wordings * design.asks) ** 2 * own / ask


def _parts(components: VarianceComponents) -> tuple[float, float, float, float]:
    """Return the variances of task, wording, their interplay, and an ask."""
    found = components.variances
    both = max(found.get("wording", 0.0), 0.0)
    alone = components.wording_alone
    wording = 0.0 if math.isnan(alone) else min(max(alone, 0.0), both)
    ask = sum(max(found.get(name, 0.0), 0.0) for name in ("run", "judge"))
    return max(found.get("task", 0.0), 0.0), wording, both - wording, ask


def _standard_error(parts: tuple[float, float, float, float], design: Design) -> float:
    task, wording, interplay, ask = parts
    tasks, wordings, _ = design
    return math.sqrt(
        task / tasks + wording / wordings + interplay / (tasks * wordings) + ask / design.answers
    )


def _grown(design: Design, prices: Prices, budget: float, purchase: Purchase) -> Design:
    """Return the design with all of the budget spent on more of one thing."""
    tasks, wordings, asks = design
    if purchase == "tasks":
        fixed, each = prices.wording * wordings, prices.task + prices.answer * wordings * asks
        return design._replace(tasks=(budget - fixed) / each)
    if purchase == "wordings":
        fixed, each = prices.task * tasks, prices.wording + prices.answer * tasks * asks
        return design._replace(wordings=(budget - fixed) / each)
    fixed = prices.task * tasks + prices.wording * wordings
    return design._replace(asks=(budget - fixed) / (prices.answer * tasks * wordings))

"""What calls of a model cost where the log doesn't say: by the user's own table first, then by list prices.

A cost that was recorded stays. A cost of 0 with tokens is unknown and is priced as one that is missing. Each cost that
is filled in says by whose prices, and of what date.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.capability.price_table import ListPrice, PriceTable, genai_catalogue, genai_cost
from assay.errors import EstimateError
from assay.quantity import Unknown

FloatArray = npt.NDArray[np.float64]

RECORDED = "recorded"
"""What `FilledCosts.priced_by` says of costs that the log has."""


@dataclass(frozen=True, slots=True)
class PricedCall:
    """What a call costs, and by whose prices; its limits where those are a range."""

    usd: float
    priced_by: str
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class FilledCosts:
    """Costs of calls, recorded or filled in.

    Parameters
    ----------
    cost_usd : shape (n,)
        NaN where it stays unknown.
    priced_by
        How many calls by which source: ``recorded``, "priced by genai-prices 0.2.3, newest dated price ...".
    unknown
        Why others stay unknown, and how many for each reason.
    low_usd, high_usd : shape (n,)
        What costs lie between, where prices are a range; else the costs.
    """

    cost_usd: FloatArray
    priced_by: Mapping[str, int]
    unknown: Mapping[str, int]
    low_usd: FloatArray
    high_usd: FloatArray

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for a reader."""
        total = len(self.cost_usd)
        found = [
            f"{count} of {total} costs {source}"
            for source, count in self.priced_by.items()
            if source != RECORDED
        ]
        return (
            *found,
            *(f"{count} of {total} costs unknown: {why}" for why, count in self.unknown.items()),
        )


def price_of(
    model: str,
    prompt_tokens: float,
    completion_tokens: float,
    *,
    at: dt.datetime | None = None,
    table: PriceTable | None = None,
    provider: str | None = None,
) -> PricedCall | Unknown:
    """Return what a call costs: by the user's table where it has the model, else at list price.

    Parameters
    ----------
    model
        As the log has it. It must be named exactly: nothing is guessed.
    prompt_tokens, completion_tokens : >= 0
        Reasoning counts as completion.
    at
        When it was made; None: now. A user's table holds for all times.
    table, provider

    Raises
    ------
    EstimateError
        If a number of tokens is negative or not finite.

    Notes
    -----
    At the standard rate, nothing read from a cache. Some prices rise with the length of the prompt: tokens that are
    summed over many calls are priced as one long call, too dearly.

    Examples
    --------
    >>> price_of("gpt-4o", 1000, 500).usd
    0.0075
    """
    for tokens in (prompt_tokens, completion_tokens):
        if not 0 <= tokens < np.inf:
            raise EstimateError(f"tokens must be finite and not negative, got {tokens}")
    if prompt_tokens + completion_tokens == 0:
        return Unknown("no tokens: a call that has none recorded can't be priced")
    own: ListPrice | None = (table or {}).get(model)
    limits = None
    if own is not None:
        usd, name = own.cost(prompt_tokens, completion_tokens), own.catalogue
        limits = own.cost_limits(prompt_tokens, completion_tokens)
    else:
        usd = genai_cost(model, prompt_tokens, completion_tokens, at=at, provider=provider)
        name = genai_catalogue()
    return usd if isinstance(usd, Unknown) else PricedCall(usd, f"priced by {name}", limits)


def fill_costs(
    models: Sequence[str],
    prompt_tokens: npt.ArrayLike,
    completion_tokens: npt.ArrayLike,
    cost_usd: npt.ArrayLike,
    *,
    at: Sequence[dt.datetime | None] | None = None,
    table: PriceTable | None = None,
) -> FilledCosts:
    """Return the costs of calls, those filled in that the log doesn't have.

    Parameters
    ----------
    models : length n, or 1 for all
    prompt_tokens, completion_tokens : shape (n,)
        NaN where unknown: then nothing is filled in.
    cost_usd : shape (n,)
        NaN or 0 where unknown. What is above 0 stays as it is.
    at : length n
        When each was made; None: today's prices.
    table
        The user's own prices, which go first.

    Raises
    ------
    EstimateError
        If lengths differ, or a cost is negative.

    Examples
    --------
    >>> filled = fill_costs(["gpt-4o"], [1000, 1000, 1000], [500, 500, 500], [0.009, 0, float("nan")])
    >>> filled.cost_usd.tolist()
    [0.009, 0.0075, 0.0075]
    """
    cost = np.array(cost_usd, dtype=float)
    read, written = (np.asarray(x, dtype=float) for x in (prompt_tokens, completion_tokens))
    names = [models[0]] * len(cost) if len(models) == 1 else list(models)
    days = [None] * len(cost) if at is None else list(at)
    if not len(cost) == len(read) == len(written) == len(names) == len(days):
        raise EstimateError(
            f"models, tokens, costs and times must be as many, got {len(names)}, {len(read)}, "
            f"{len(written)}, {len(cost)}, {len(days)}"
        )
    if np.any((cost < 0) | np.isinf(cost)):
        raise EstimateError(
            f"a cost must be finite and not negative, got {float(np.nanmin(cost))} to {float(np.nanmax(cost))}"
        )
    low, high = cost.copy(), cost.copy()
    told: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    # Calls that are alike are priced once; the time counts, as some prices hold for some hours of a day.
    known: dict[tuple[object, ...], PricedCall | Unknown] = {}
    for i in range(len(cost)):
        if cost[i] > 0:
            told[RECORDED] += 1
            continue
        cost[i] = low[i] = high[i] = np.nan
        if not (np.isfinite(read[i]) and np.isfinite(written[i])):
            unknown["no cost and no number of tokens in the log"] += 1
            continue
        day = days[i]
        key = (names[i], read[i], written[i], day)
        if key not in known:
            known[key] = price_of(names[i], read[i], written[i], at=day, table=table)
        priced = known[key]
        if isinstance(priced, Unknown):
            unknown[priced.reason] += 1
        else:
            cost[i] = priced.usd
            low[i], high[i] = priced.limits or (priced.usd, priced.usd)
            told[priced.priced_by] += 1
    return FilledCosts(cost, dict(told), dict(unknown), low, high)

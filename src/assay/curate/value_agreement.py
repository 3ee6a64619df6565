"""Whether proxies agree on the order of a corpus's sources, and whether the order at a small budget holds at a larger.

Each source alone trains each proxy, as many tokens of it, on several samples; the order is that of held-out bits per
byte. A proxy that can't put the sources into the order of a dearer one must not be asked instead of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from assay.curate.proxies.proxy import FloatArray, IntArray, Proxy, TokenColumn
from assay.curate.value_corpus import Pool, ReadyCorpus
from assay.curate.value_result import GENERALISES, TRACK_RECORD
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from assay.estimate.order_agreement import OrderAgreement, order_agreement
from assay.estimate.paired_bootstrap import paired_change
from assay.quantity import Estimate

FEWEST_SOURCES = 3
"""With two there is one pair, and its order is half a coin."""

FEWEST_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class SourceOrder:
    """The sources in a proxy's order at a budget.

    Parameters
    ----------
    proxy, tokens
    losses
        Name and held-out bits per byte of each source, the best first.
    """

    proxy: str
    tokens: int
    losses: tuple[tuple[str, Estimate], ...]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "proxy": self.proxy,
            "tokens": self.tokens,
            "bits_per_byte": {name: loss.to_json() for name, loss in self.losses},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two orders held against each other: of two proxies at a budget, or of one proxy at two.

    Parameters
    ----------
    first, second
        Their proxies.
    first_tokens, second_tokens
        Their budgets; those of one proxy rise.
    found
    """

    first: str
    second: str
    first_tokens: int
    second_tokens: int
    found: OrderAgreement

    @property
    def of_budgets(self) -> bool:
        """Whether it is one proxy at two budgets."""
        return self.first == self.second

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "first": {"proxy": self.first, "tokens": self.first_tokens},
            "second": {"proxy": self.second, "tokens": self.second_tokens},
            **self.found.to_json(),
            "track_record": TRACK_RECORD,
        }


@dataclass(frozen=True, slots=True)
class Agreement:
    """Orders of the sources, and how far they agree.

    Parameters
    ----------
    orders
        Of each proxy at each budget.
    comparisons
        Of every two proxies at each budget, then of each proxy's smaller budgets with its largest.
    left_out
        Name and tokens of sources that hold fewer than the largest budget.
    nearly_all
        Names of sources of which a sample is more than half: seeds differ less than other texts of theirs would.
    seeds, documents : >= 3, >= 8
    """

    orders: tuple[SourceOrder, ...]
    comparisons: tuple[Comparison, ...]
    left_out: tuple[tuple[str, int], ...]
    nearly_all: tuple[str, ...]
    seeds: int
    documents: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "orders": [order.to_json() for order in self.orders],
            "comparisons": [one.to_json() for one in self.comparisons],
            "left_out": [{"name": name, "tokens": tokens} for name, tokens in self.left_out],
            "nearly_all_drawn": list(self.nearly_all),
            "seeds": self.seeds,
            "target_documents": self.documents,
            "track_record": TRACK_RECORD,
            "generalises_to": GENERALISES,
        }


def measure_agreement(
    ready: ReadyCorpus,
    proxies: Sequence[Proxy],
    settings: ValueSettings | None = None,
    *,
    budgets: Sequence[int] = (),
) -> Agreement:
    """Return the orders that proxies put the sources into, and how far they agree.

    Parameters
    ----------
    ready
        Its pool's names are the sources. Without repeats, if a proxy can't value them.
    proxies
        At least one; two of them have different names.
    settings
        Seeds, confidence level, and the budget where none is given.
    budgets : each >= 1,000
        Training tokens; a smaller sample is the beginning of the larger one of its seed.

    Raises
    ------
    BadInput
        If there is nothing to compare, or fewer than three sources hold the largest budget.
    EstimateError
        If the target rests on too few documents.

    Notes
    -----
    Seeds and documents are the same for all proxies and budgets, and drawn together; see
    `assay.estimate.order_agreement`. Alone, and not on top of the rest: so that what is ordered hangs on no mixture.
    """
    settings = settings or ValueSettings()
    asked = tuple(sorted(set(budgets))) or (settings.tokens,)
    if len(proxies) * len(asked) < 2:
        raise BadInput(
            "one proxy at one budget has nothing to agree with",
            next_command="--agree, or --budgets 100k,400k",
        )
    if asked[0] < FEWEST_TOKENS:
        raise BadInput(f"a budget must be at least {FEWEST_TOKENS:,} tokens, got {asked[0]:,}")
    pool, most = ready.pool, asked[-1]
    held = [pool.tokens_of(np.flatnonzero(pool.source == code)) for code in range(len(pool.names))]
    codes = [code for code, tokens in enumerate(held) if tokens >= most]
    if len(codes) < FEWEST_SOURCES:
        third = sorted(held)[-FEWEST_SOURCES] if len(held) >= FEWEST_SOURCES else 0
        enough = f"a largest budget of at most {third:,} tokens"
        raise BadInput(
            f"{len(codes)} sources hold {most:,} tokens, and {FEWEST_SOURCES} are needed for an order",
            next_command=enough
            if third >= FEWEST_TOKENS
            else "name more sources (NAME=PATH, or a field source)",
        )
    tables = {
        (proxy.name, tokens): np.stack(
            [_bits(ready, proxy, settings, code=code, tokens=tokens) for code in codes]
        )
        for proxy in proxies
        for tokens in asked
    }
    names = [pool.names[code] for code in codes]
    orders = tuple(
        _order(ready, names, settings, key=key, bits=bits) for key, bits in tables.items()
    )
    pairs = [
        ((one.name, tokens), (other.name, tokens))
        for one, other in combinations(proxies, 2)
        for tokens in asked
    ] + [((proxy.name, tokens), (proxy.name, most)) for proxy in proxies for tokens in asked[:-1]]
    comparisons = []
    for place, (first, second) in enumerate(pairs):
        found = order_agreement(
            tables[first],
            tables[second],
            ready.target.held_out,
            rng=np.random.default_rng([settings.seed, place, 10]),
            confidence_level=settings.confidence_level,
        )
        comparisons.append(Comparison(first[0], second[0], first[1], second[1], found))
    return Agreement(
        orders,
        tuple(comparisons),
        tuple((pool.names[code], held[code]) for code in range(len(held)) if code not in codes),
        tuple(pool.names[code] for code in codes if held[code] < 2 * most),
        settings.seeds,
        len(ready.target.column),
    )


def _bits(
    ready: ReadyCorpus, proxy: Proxy, settings: ValueSettings, *, code: int, tokens: int
) -> FloatArray:
    """Return the held-out bits after training on a source alone, (seeds, documents)."""
    rows = []
    for seed in range(settings.seeds):
        train = _sample(ready.pool, code, tokens, [settings.seed, seed, 8])
        rng = np.random.default_rng([settings.seed, seed, 9])
        rows.append(proxy.held_out_bits(train, ready.target.column, rng=rng).bits)
    return np.stack(rows)


def _sample(pool: Pool, code: int, tokens: int, seed: list[int]) -> TokenColumn:
    rows: IntArray = np.flatnonzero(pool.source == code)
    rows = np.random.default_rng([*seed, code]).permutation(rows)
    reached = np.cumsum(pool.pieces.lengths[rows])
    return pool.pieces.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


def _order(
    ready: ReadyCorpus,
    names: Sequence[str],
    settings: ValueSettings,
    *,
    key: tuple[str, int],
    bits: FloatArray,
) -> SourceOrder:
    losses = [
        (
            name,
            paired_change(table, np.zeros_like(table), ready.target.held_out).estimate(
                confidence_level=settings.confidence_level
            ),
        )
        for name, table in zip(names, bits, strict=True)
    ]
    return SourceOrder(*key, tuple(sorted(losses, key=lambda row: row[1].value)))

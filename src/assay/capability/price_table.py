"""What a million tokens of a model cost: tables that a user gives, and the list prices of `genai-prices`.

Prices age, so that each carries the date it comes from, and what is not in a table is unknown: never zero, and never
the price of a model with a similar name.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assay.capability.catalogue import Catalogue, CatalogueValue
from assay.errors import BadInput
from assay.quantity import Unknown

CSV_COLUMNS = ("model", "usd_per_million_input", "usd_per_million_output", "date", "source")


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What a million tokens of a model cost, in US dollars, and who says so.

    Parameters
    ----------
    model
    usd_per_million_input, usd_per_million_output : >= 0
        None: not said.
    catalogue
        The table, with its date: "prices.csv, 2026-10-01".
    input_limits, output_limits : >= 0
        What the price lies between, where it is not known exactly; None: it is.
    """

    model: str
    usd_per_million_input: float | None
    usd_per_million_output: float | None
    catalogue: str
    input_limits: tuple[float, float] | None = None
    output_limits: tuple[float, float] | None = None

    def cost_limits(
        self, prompt_tokens: float, completion_tokens: float
    ) -> tuple[float, float] | None:
        """Return the least and the most that a call costs; None where its cost is unknown or known exactly."""
        cost = self.cost(prompt_tokens, completion_tokens)
        if isinstance(cost, Unknown) or not (self.input_limits or self.output_limits):
            return None
        read = self.input_limits or (self.usd_per_million_input or 0.0,) * 2
        written = self.output_limits or (self.usd_per_million_output or 0.0,) * 2
        low, high = (
            (prompt_tokens * price_in + completion_tokens * price_out) / 1e6
            for price_in, price_out in zip(read, written, strict=True)
        )
        return low, high

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float | Unknown:
        """Return USD of a call; unknown where the price of a kind of token that it used is not said."""
        total = 0.0
        for tokens, price, kind in (
            (prompt_tokens, self.usd_per_million_input, "input"),
            (completion_tokens, self.usd_per_million_output, "output"),
        ):
            if tokens > 0:
                if price is None:
                    return Unknown(f"{self.catalogue} has no {kind} price of {self.model}")
                total += tokens * price / 1e6
        if total == 0 and prompt_tokens + completion_tokens > 0:
            return Unknown(f"{self.catalogue} has {self.model} at 0: not charged for is not free")
        return total


PriceTable = Mapping[str, ListPrice]
"""Prices by name of the model, as the log has it."""


def catalogue_prices(catalogue: Catalogue) -> dict[str, ListPrice]:
    """Return the prices of models that a catalogue has under ``[model.NAME]``."""
    found = {}
    for name, values in catalogue.models.items():
        dates = [value.date for value in values.values()] or [catalogue.date]
        read, written = values.get("input_price"), values.get("output_price")
        found[name] = ListPrice(
            name,
            None if read is None else read.value,
            None if written is None else written.value,
            f"{catalogue.name}, {min(dates)}",
            _range(read),
            _range(written),
        )
    return found


def _range(value: CatalogueValue | None) -> tuple[float, float] | None:
    if value is None or value.low == value.high:
        return None
    return value.low, value.high


def read_price_csv(path: Path | str, *, today: dt.date | None = None) -> dict[str, ListPrice]:
    """Return prices from a CSV file with the columns of `CSV_COLUMNS`, one model a line.

    Raises
    ------
    BadInput
        With file and line: a column that is missing or not known, a price that is no number or negative, a date that is
        none or in the future, a model that stands twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the prices can't be read: {error}", where=str(path)) from error
    rows = csv.DictReader(io.StringIO(text))
    columns = list(rows.fieldnames or [])
    for column in columns:
        if column not in CSV_COLUMNS:
            close = get_close_matches(column, CSV_COLUMNS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(CSV_COLUMNS)}"
            raise BadInput(f"there is no column {column!r}; {hint}", where=f"{path}:1")
    if missing := [column for column in CSV_COLUMNS if column not in columns]:
        raise BadInput(f"the prices have no column {', '.join(missing)}", where=f"{path}:1")
    latest = today or dt.datetime.now(dt.UTC).date()
    table: dict[str, ListPrice] = {}
    for row in rows:
        price = _row_price(row, f"{path}:{rows.line_num}", Path(path).name, latest)
        if price.model in table:
            raise BadInput(f"model {price.model!r} stands twice", where=f"{path}:{rows.line_num}")
        table[price.model] = price
    return table


def _row_price(row: Mapping[str, Any], where: str, file: str, today: dt.date) -> ListPrice:
    name = (row["model"] or "").strip()
    if not name:
        raise BadInput("model is empty", where=where)
    usd = []
    for column in CSV_COLUMNS[1:3]:
        told = (row[column] or "").strip()
        try:
            price = float(told)
        except ValueError:
            price = math.nan
        if not (math.isfinite(price) and price >= 0):
            raise BadInput(f"{column} must be a number >= 0, got {told!r}", where=where)
        usd.append(price)
    try:
        date = dt.date.fromisoformat((row["date"] or "").strip())
    except ValueError as error:
        raise BadInput(
            f"date must be a day as 2026-04-01, got {row['date']!r}", where=where
        ) from error
    if date > today:
        raise BadInput(f"date must not be in the future, got {date}", where=where)
    if not (row["source"] or "").strip():
        raise BadInput("source is empty: say where the price comes from", where=where)
    return ListPrice(name, usd[0], usd[1], f"{file}, {date}")


@lru_cache(maxsize=1)
def _snapshot() -> tuple[Any, str, tuple[str, ...]]:
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    today = dt.datetime.now(dt.UTC).date()
    newest = max((day for day in _price_days(snapshot.providers) if day <= today), default=None)
    told = f", newest dated price {newest}" if newest else ""
    names = sorted({model.id for provider in snapshot.providers for model in provider.models})
    return snapshot, f"genai-prices {version('genai-prices')}{told}", tuple(names)


def _price_days(providers: Iterable[Any]) -> Iterator[dt.date]:
    for provider in providers:
        for model in provider.models:
            prices = model.prices if isinstance(model.prices, list) else []
            for dated in (*prices, *(getattr(model, "price_variants", None) or [])):
                if (day := getattr(dated.constraint, "start_date", None)) is not None:
                    yield day


def genai_catalogue() -> str:
    """Return the name of the list prices that come with `genai-prices`, its version and its newest dated price.

    The package has no date of its own: the newest day from which one of its prices holds stands for it.
    """
    return _snapshot()[1]


def genai_cost(
    model: str,
    prompt_tokens: float,
    completion_tokens: float,
    *,
    at: dt.datetime | None = None,
    provider: str | None = None,
) -> float | Unknown:
    """Return USD of a call at the list price of `genai-prices`, offline.

    Parameters
    ----------
    model
        As its provider names it. Only names that the package knows: nothing is guessed.
    prompt_tokens, completion_tokens : >= 0
    at
        When: prices that changed are those of that day, where the package has their history. None: now.
    provider
        Its id, as openai; None: whoever the name fits first.

    Notes
    -----
    At the standard rate: what was read from a cache, or sent in a batch, was cheaper.
    """
    minute = None if at is None else at.replace(second=0, microsecond=0)
    held = _flat_price(model, provider, minute)
    if isinstance(held, ListPrice):
        return held.cost(prompt_tokens, completion_tokens)
    if isinstance(held, Unknown):
        return held
    # Tiers by the length of the prompt: the package works them out for each call.
    total = float(_priced(model, provider, minute, prompt_tokens, completion_tokens).total_price)
    if total == 0 and prompt_tokens + completion_tokens > 0:
        return Unknown(f"{genai_catalogue()} has {model!r} at 0: not charged for is not free")
    return total


def _priced(
    model: str, provider: str | None, at: dt.datetime | None, read: float, written: float
) -> Any:
    from genai_prices import Usage

    usage = Usage(input_tokens=int(read), output_tokens=int(written))
    return _snapshot()[0].calc(usage, model, provider, None, at)


@lru_cache(maxsize=100_000)
def _flat_price(
    model: str, provider: str | None, at: dt.datetime | None
) -> ListPrice | Unknown | None:
    """Return prices that don't hang on the length of a call; None where they do."""
    from genai_prices.types import TieredPrices

    name, known = _snapshot()[1:]
    try:
        prices = _priced(model, provider, at, 1, 1).model_price
    except (LookupError, ValueError) as error:
        close = get_close_matches(model.lower(), known, n=3, cutoff=0.6)
        near = f"; near are {', '.join(close)}" if close else ""
        return Unknown(f"{name} has no price of {model!r} ({error}){near}")
    flat = (prices.input_mtok, prices.output_mtok)
    if any(isinstance(price, TieredPrices) for price in flat):
        return None
    read, written = (None if price is None else float(price) for price in flat)
    return ListPrice(model, read, written, name)

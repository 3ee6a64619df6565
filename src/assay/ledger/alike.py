"""Outputs whose requests are like one in words: a definition of "cases like it", not a finding.

Likeness is the share of the request's words, weighted by rarity, that the other request has too. A word's weight is
log((N + 1) / (n + 1)), where n of the N requests have it (Sparck Jones 1972, doi 10.1108/eb026526): a word that all
have weighs nothing. The set is fixed from requests alone: what was answered, judged or labeled plays no part.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assay.ledger.population import Window
from assay.ledger.store import Ledger, literal

MOST_WORDS = 40
"""The longest words of a request are compared: each is a pass over all requests."""

MOST_OUTPUTS = 20_000
"""A set larger than this is no neighbourhood any more, and its ids no query."""

_WORD = re.compile(r"\w\w+")


@dataclass(frozen=True, slots=True)
class Alike:
    """The outputs of a window that are most like one request.

    Parameters
    ----------
    trace_ids
        Those outputs; the one complained of among them, where it is in the window.
    least
        Likeness of the last of them, in (0, 1].
    words
        Word -> its weight, of those compared.
    """

    trace_ids: frozenset[str]
    least: float
    words: Mapping[str, float]


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a request that are compared: the longest, each once, in lower case.

    Examples
    --------
    >>> words_of("Ship it to Toulouse, to Toulouse!")
    ('toulouse', 'ship', 'it', 'to')
    """
    distinct = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    return tuple(sorted(distinct, key=lambda word: -len(word))[:MOST_WORDS])


def nearest(
    ledger: Ledger, window: Window, request: str, count: int, *, traces_version: int | None = None
) -> Alike:
    """Return the `count` outputs of a window whose requests are most like one, ties broken by trace id.

    Parameters
    ----------
    ledger
        Traces with their requests.
    window
        Where to look.
    request
        What was asked.
    count : in [1, 20000]
        How many; fewer where fewer share any word that tells requests apart.
    traces_version
        Version of the table to look in; None: the newest.
    """
    versions = {} if traces_version is None else {"traces": traces_version}
    words = words_of(request)
    weights = _weights(ledger, window, words, versions)
    if not weights:
        return Alike(frozenset(), 1.0, {})
    total = sum(weights.values())
    score = " + ".join(
        f"CASE WHEN {_has(word)} THEN {weight!r} ELSE 0.0 END" for word, weight in weights.items()
    )
    rows = ledger.rows(
        f"SELECT trace_id, ({score}) / {total!r} AS likeness FROM traces WHERE {window.condition()} "
        f"ORDER BY likeness DESC, trace_id LIMIT {min(count, MOST_OUTPUTS)}",
        versions=versions,
    )
    like = [row for row in rows if row["likeness"] > 0]
    least = min((row["likeness"] for row in like), default=1.0)
    return Alike(frozenset(row["trace_id"] for row in like), min(least, 1.0), weights)


def _weights(
    ledger: Ledger, window: Window, words: tuple[str, ...], versions: Mapping[str, int]
) -> dict[str, float]:
    if not words:
        return {}
    counts = ", ".join(
        f"count(*) FILTER (WHERE {_has(word)}) AS n_{i}" for i, word in enumerate(words)
    )
    row = ledger.rows(
        f"SELECT count(*) AS n, {counts} FROM traces WHERE {window.condition()}", versions=versions
    )[0]
    weights = {word: math.log((row["n"] + 1) / (row[f"n_{i}"] + 1)) for i, word in enumerate(words)}
    return {word: weight for word, weight in weights.items() if weight > 0}


def _has(word: str) -> str:
    pattern = rf"\b{re.escape(word)}\b"
    return f"regexp_like(lower(traces.input), {literal(pattern)})"

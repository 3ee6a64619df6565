"""The frozen population of a draw: the window at a version of the tables, its strata, and their random order.

The order within a stratum is that of SHA-256 over "seed:trace_id". It does not depend on how the rows are stored, any
SQL engine can compute it again, and the first m of it are a simple random sample for every m, as long as the seed was
not chosen after looking.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from assay.ledger.population import Window, tag
from assay.ledger.store import Ledger, literal


@dataclass(frozen=True, slots=True)
class StratumRule:
    """Which outputs of a window belong to a stratum: those with these tags and a score in [at_least, below).

    A rule without limits and not `unscored` takes every score; `unscored` takes traces that the judge left out.
    """

    name: str
    at_least: float | None = None
    below: float | None = None
    unscored: bool = False
    tags: tuple[tuple[str, str | None], ...] = ()
    """Tag names and their stored (JSON-escaped) values; None for traces without the tag."""
    first_said: str | None = None
    """In a second reading: which of the stratum's labels these are, by what the first reader said."""

    def condition(self) -> str:
        """Return the SQL condition over a table `frame` with columns score and tag_0, tag_1, ..."""
        parts = []
        if self.unscored:
            parts.append("score IS NULL")
        if self.at_least is not None:
            parts.append(f"score >= CAST({self.at_least!r} AS DOUBLE)")
        if self.below is not None:
            parts.append(f"score < CAST({self.below!r} AS DOUBLE)")
        for index, (_, value) in enumerate(self.tags):
            parts.append(
                f"tag_{index} IS NULL" if value is None else f"tag_{index} = {literal(value)}"
            )
        return " AND ".join(parts) or "TRUE"

    def to_json(self) -> str:
        """Return the rule as it is stored with a draw."""
        rule: dict[str, object] = {
            "at_least": self.at_least,
            "below": self.below,
            "unscored": self.unscored,
            "tags": [list(pair) for pair in self.tags],
        }
        if self.first_said is not None:
            rule["first_said"] = self.first_said
        return json.dumps(rule, separators=(",", ":"))

    @classmethod
    def from_json(cls, name: str, text: str) -> StratumRule:
        """Return a rule from its stored form."""
        rule = json.loads(text)
        tags = tuple((key, value) for key, value in rule["tags"])
        return cls(
            name,
            rule["at_least"],
            rule["below"],
            rule["unscored"],
            tags,
            rule.get("first_said"),
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """The frozen population: traces at a version of the tables, a judge's score and tags beside them."""

    window: Window
    traces_version: int
    verdicts_version: int
    scores_sql: str | None
    tags: tuple[str, ...] = ()
    split: str | None = None
    """SQL over `traces` for one column more, `part`."""

    def sql(self) -> str:
        """Return SQL for the population: columns trace_id, score, tag_0, tag_1, ... and part, where asked for."""
        tags = "".join(f", {tag(name)} AS tag_{i}" for i, name in enumerate(self.tags))
        tags += "" if self.split is None else f", {self.split} AS part"
        if self.scores_sql is None:
            body = f"SELECT traces.trace_id, CAST(NULL AS DOUBLE) AS score{tags} FROM traces"
        else:
            body = (
                f"SELECT traces.trace_id, scored.error_probability AS score{tags} FROM traces "
                f"LEFT JOIN ({self.scores_sql}) AS scored ON scored.trace_id = traces.trace_id"
            )
        return f"{body} WHERE {self.window.condition()}"

    def rows(self, ledger: Ledger, select: str, tail: str = "") -> list[dict[str, Any]]:
        """Run a query over the population as a table `frame`."""
        sql = f"WITH frame AS ({self.sql()}) SELECT {select} FROM frame {tail}"
        versions = {"traces": self.traces_version, "verdicts": self.verdicts_version}
        return ledger.rows(sql, versions=versions)


def first_in_order(
    ledger: Ledger, frame: Frame, rule: StratumRule, *, seed: int, count: int
) -> list[str]:
    """Return the first `count` trace ids of a stratum in the random order that the seed sets."""
    order = f"encode(digest(concat('{seed}:', trace_id), 'sha256'), 'hex')"
    found = frame.rows(
        ledger, "trace_id", f"WHERE {rule.condition()} ORDER BY {order} LIMIT {count}"
    )
    return [row["trace_id"] for row in found]

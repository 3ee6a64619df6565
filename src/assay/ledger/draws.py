"""Draws as they are stored: strata, their random order, and the labels that came back.

The order within a stratum is that of SHA-256 over "seed:trace_id". It does not depend on how the rows are stored, any
SQL engine can compute it again, and the first m of it are a simple random sample for every m, as long as the seed was
not chosen after looking.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.errors import DrawError, LedgerError
from assay.ledger.population import NEWEST_LAST, Window, scores, tag
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
        rule = {
            "at_least": self.at_least,
            "below": self.below,
            "unscored": self.unscored,
            "tags": [list(pair) for pair in self.tags],
        }
        return json.dumps(rule, separators=(",", ":"))

    @classmethod
    def from_json(cls, name: str, text: str) -> StratumRule:
        """Return a rule from its stored form."""
        rule = json.loads(text)
        tags = tuple((key, value) for key, value in rule["tags"])
        return cls(name, rule["at_least"], rule["below"], rule["unscored"], tags)


@dataclass(frozen=True, slots=True)
class Frame:
    """The frozen population: traces at a version of the tables, a judge's score and tags beside them."""

    window: Window
    traces_version: int
    verdicts_version: int
    scores_sql: str | None
    tags: tuple[str, ...] = ()

    def sql(self) -> str:
        """Return SQL for the population: columns trace_id, score, tag_0, tag_1, ..."""
        tags = "".join(f", {tag(name)} AS tag_{i}" for i, name in enumerate(self.tags))
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


@dataclass(frozen=True, slots=True)
class DrawnStratum:
    """One stratum of a stored draw: its size, the labels planned, and the traces in random order."""

    rule: StratumRule
    size: int
    planned: int
    trace_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredDraw:
    """A draw read back from the ledger."""

    draw_id: str
    at: int
    seed: int
    window: Window
    population: int
    traces_version: int
    verdicts_version: int
    judge: str | None
    stratified_by: tuple[str, ...]
    strata: tuple[DrawnStratum, ...]

    @property
    def planned(self) -> int:
        """Labels planned in all strata."""
        return sum(stratum.planned for stratum in self.strata)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "draw_id": self.draw_id,
            "seed": self.seed,
            "system": self.window.system,
            "version": self.window.version,
            "population": self.population,
            "labels": self.planned,
            "judge": self.judge,
            "stratified_by": list(self.stratified_by),
            "strata": [
                {
                    "name": stratum.rule.name,
                    "traces": stratum.size,
                    "labels": stratum.planned,
                    "inclusion_probability": stratum.planned / stratum.size,
                }
                for stratum in self.strata
            ],
        }

    def describe(self) -> str:
        """Return the draw in one line."""
        strata = (
            f"{len(self.strata)} strata by {self.judge}"
            if self.judge
            else f"{len(self.strata)} strata, no judge"
        )
        name = f"{self.window.system} {self.window.version}".strip()
        return f"{self.draw_id}: {self.planned:,} of {self.population:,} outputs of {name}, {strata}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Label:
    """The newest label of a drawn trace: 1 wrong, 0 right, None unsure."""

    trace_id: str
    wrong: int | None
    judge: str


def cells(ledger: Ledger, draw: StoredDraw, split: str) -> dict[str | None, list[int]] | None:
    """Return how many outputs of each stratum have each value of a tag: stored value -> sizes, a stratum each.

    None where the tables are no longer as the draw froze them.
    """
    versions = {"traces": draw.traces_version, "verdicts": draw.verdicts_version}
    try:
        scored = None if draw.judge is None else scores(ledger, draw.judge, versions=versions)
        frame = Frame(
            draw.window,
            draw.traces_version,
            draw.verdicts_version,
            scored,
            (*draw.stratified_by, split),
        )
        cases = " ".join(
            f"WHEN {stratum.rule.condition()} THEN {i}" for i, stratum in enumerate(draw.strata)
        )
        part = f"tag_{len(draw.stratified_by)}"
        rows = frame.rows(
            ledger, f"CASE {cases} END AS stratum, {part} AS part, count(*) AS n", "GROUP BY 1, 2"
        )
    except LedgerError:
        return None
    sizes: dict[str | None, list[int]] = {}
    for row in rows:
        if row["stratum"] is None:
            return None
        sizes.setdefault(row["part"], [0] * len(draw.strata))[row["stratum"]] = row["n"]
    whole = [sum(part[i] for part in sizes.values()) for i in range(len(draw.strata))]
    return sizes if whole == [stratum.size for stratum in draw.strata] else None


def stored_draws(ledger: Ledger, draw_ids: Sequence[str] | None = None) -> list[StoredDraw]:
    """Return the draws of a ledger, newest first."""
    where = ""
    if draw_ids is not None:
        if not draw_ids:
            return []
        where = f"WHERE draw_id IN ({','.join(map(literal, draw_ids))})"
    rows = ledger.rows(
        "SELECT draw_id, cast(at AS bigint) AS at, seed, system, version, cast(window_from AS bigint) AS start, "
        'cast(window_to AS bigint) AS "end", population, traces_version, verdicts_version, judge, '
        f"stratified_by, stratum, stratum_rule, stratum_size, stratum_labels, position, trace_id FROM draws {where} "
        "ORDER BY at DESC, draw_id, stratum, position"
    )
    by_draw: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_draw.setdefault(row["draw_id"], []).append(row)
    return [_stored_draw(group) for group in by_draw.values()]


def stored_draw(ledger: Ledger, draw_id: str) -> StoredDraw:
    """Return one draw.

    Raises
    ------
    DrawError
        Where the ledger holds no such draw; the ones there are get named.
    """
    found = stored_draws(ledger, [draw_id])
    if found:
        return found[0]
    known = [
        row["draw_id"] for row in ledger.rows("SELECT DISTINCT draw_id FROM draws ORDER BY draw_id")
    ]
    there = f"it holds {', '.join(known[:5])}" if known else "it holds none"
    raise DrawError(
        f"the ledger has no draw {draw_id!r}; {there}",
        next_command=f"assay draw {ledger.typed} --labels 300 --seed 7",
    )


def intakes_of(ledger: Ledger, draw_id: str) -> int:
    """Return in how many goes the labels of a draw came in: how often somebody could have looked."""
    rows = ledger.rows(
        # Without a time each label may have come by itself.
        "SELECT count(DISTINCT at) + count(*) FILTER (WHERE at IS NULL) AS n FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'"
    )
    return int(rows[0]["n"])


def labels_of(ledger: Ledger, draw_id: str) -> dict[str, Label]:
    """Return the newest label of each trace of a draw.

    Only verdicts of persons that name the draw count: traces labeled for other reasons never enter an estimate.
    """
    rows = ledger.rows(
        "SELECT trace_id, error_probability, judge FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person' ORDER BY {NEWEST_LAST}"
    )
    labels: dict[str, Label] = {}
    for row in rows:
        # A label says right or wrong; anything in between is unsure.
        wrong = {0.0: 0, 1.0: 1}.get(row["error_probability"])
        labels[row["trace_id"]] = Label(row["trace_id"], wrong, row["judge"])
    return labels


def _stored_draw(rows: list[dict[str, Any]]) -> StoredDraw:
    first = rows[0]
    strata: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        # By the rule and not by the name: two names may be rounded alike.
        strata.setdefault(row["stratum_rule"], []).append(row)
    drawn = tuple(sorted(map(_drawn_stratum, strata.values()), key=_place))
    if sum(stratum.size for stratum in drawn) != first["population"] or any(
        len(stratum.trace_ids) != stratum.planned for stratum in drawn
    ):
        raise DrawError(
            f"{first['draw_id']} is damaged: its strata don't add up to its {first['population']} outputs"
        )
    return StoredDraw(
        draw_id=first["draw_id"],
        at=first["at"],
        seed=first["seed"],
        window=Window(first["system"], first["version"], first["start"], first["end"]),
        population=first["population"],
        traces_version=first["traces_version"],
        verdicts_version=first["verdicts_version"],
        judge=first["judge"],
        stratified_by=tuple(json.loads(first["stratified_by"])),
        strata=drawn,
    )


def _place(stratum: DrawnStratum) -> tuple[str, bool, float]:
    """Order strata as they are read: by tags, then from the lowest scores to the highest, then those without."""
    rule = stratum.rule
    return json.dumps(rule.tags), rule.unscored, -1.0 if rule.at_least is None else rule.at_least


def _drawn_stratum(rows: list[dict[str, Any]]) -> DrawnStratum:
    first = rows[0]
    # The same draw appended twice, by two processes at once, says the same twice.
    in_order = {row["position"]: row["trace_id"] for row in rows}
    return DrawnStratum(
        rule=StratumRule.from_json(first["stratum"], first["stratum_rule"]),
        size=first["stratum_size"],
        planned=first["stratum_labels"],
        trace_ids=tuple(in_order[position] for position in sorted(in_order)),
    )

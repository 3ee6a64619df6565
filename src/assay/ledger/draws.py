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
from assay.ledger.population import NEWEST_LAST, Window, scores, tag, timestamp
from assay.ledger.store import Ledger, literal
from assay.ledger.unit_plan import DrawnUnits, UnitMember, UnitPlan


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


@dataclass(frozen=True, slots=True)
class DrawnStratum:
    """One stratum of a stored draw: its size, the labels handed out, and the traces in random order."""

    rule: StratumRule
    size: int
    planned: int
    trace_ids: tuple[str, ...]
    batch_ends: tuple[int, ...] = ()
    """Labels handed out up to each batch of the draw; empty: one batch."""
    anticipated_error_rate: float | None = None
    """What was expected before the first label."""


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
    parent: str | None = None
    """Of a second reading or an adjudication: the draw whose labels are read again."""
    budget: int | None = None
    """Labels planned in all, where they are handed out in batches."""
    at_most: float | None = None
    """The error rate that it is made to certify: then the whole chance to miss goes to live limits."""
    label_order: tuple[str, ...] = ()
    """The traces in the order in which they are to be labeled."""
    units: DrawnUnits | None = None
    """Of a draw of whole units: what was drawn. Its one stratum lists their outputs: no random sample of them."""

    @property
    def batches(self) -> int:
        """In how many goes it was handed out."""
        return max(len(self.strata[0].batch_ends), 1)

    @property
    def first_batch(self) -> tuple[int, ...]:
        """Labels of each stratum that were handed out at first."""
        return tuple(s.batch_ends[0] if s.batch_ends else s.planned for s in self.strata)

    @property
    def goes_on(self) -> bool:
        """Whether less than the planned labels were handed out at first, and the others little by little."""
        return self.budget is not None and self.most_labels > sum(self.first_batch)

    @property
    def in_one_list(self) -> bool:
        """Whether all labels were handed out at once, and none will come after them."""
        return self.batches == 1 and not self.goes_on

    @property
    def most_labels(self) -> int:
        """Labels planned in all hand-outs: no more than there are outputs."""
        return min(self.budget or self.planned, self.population)

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
                    "inclusion_probability": self.chance(stratum),
                }
                for stratum in self.strata
            ],
            "parent": self.parent,
            "units": None if self.units is None else json.loads(self.units.plan.to_json()),
        }

    def chance(self, stratum: DrawnStratum) -> float | None:
        """Return with what chance an output of a stratum was drawn; None where whole units were, by their weights."""
        return None if self.units is not None else stratum.planned / stratum.size

    def describe(self) -> str:
        """Return the draw in one line."""
        if self.parent is not None:
            return f"{self.draw_id}: {self.planned:,} of the {self.population:,} labels of {self.parent} to read again"
        if self.units is not None:
            return self._describe_units(self.units.plan)
        strata = (
            f"{len(self.strata)} strata by {self.judge}"
            if self.judge
            else f"{len(self.strata)} strata, no judge"
        )
        name = f"{self.window.system} {self.window.version}".strip()
        batch = "" if self.in_one_list else self._batch_words()
        return (
            f"{self.draw_id}: {self.planned:,} of {self.population:,} outputs of {name}, {strata}, "
            f"seed {self.seed}{batch}"
        )

    def _batch_words(self) -> str:
        budget = self.most_labels
        if self.planned <= budget:
            return f"; hand-out {self.batches}, {self.planned:,} of {budget:,} planned labels"
        return (
            f"; hand-out {self.batches}, {self.planned - budget:,} more than the {budget:,} planned labels: those "
            "beyond the plan count in the live limits only"
        )

    def _describe_units(self, plan: UnitPlan) -> str:
        name = f"{self.window.system} {self.window.version}".strip()
        by = plan.weigh_by or "number of outputs"
        score = f" and the score of {self.judge}" if self.judge else ""
        drawn = f"{plan.planned:,} of {plan.units:,} {plan.plural} of {name}"
        return f"{self.draw_id}: {drawn} ({self.planned:,} outputs to label), drawn by {by}{score}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Label:
    """The newest label of a drawn trace: 1 wrong, 0 right, None unsure."""

    trace_id: str
    wrong: int | None
    judge: str
    severity: int | None = None
    """1 worst to 3; None where nobody said."""


def cells(ledger: Ledger, draw: StoredDraw, split: str) -> dict[str | None, list[int]] | None:
    """Return how many outputs of each stratum have each value of an SQL expression over `traces`: value -> sizes.

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
            draw.stratified_by,
            split,
        )
        cases = " ".join(
            f"WHEN {stratum.rule.condition()} THEN {i}" for i, stratum in enumerate(draw.strata)
        )
        rows = frame.rows(
            ledger, f"CASE {cases} END AS stratum, part, count(*) AS n", "GROUP BY 1, 2"
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
        "stratified_by, stratum, stratum_rule, stratum_size, stratum_labels, position, label_order, trace_id, batch, "
        "draw_labels, at_most, anticipated_error_rate, parent, "
        f"unit_plan, unit_id, unit_weight, copies, amount FROM draws {where} "
        "ORDER BY at DESC, draw_id, stratum, position"
    )
    by_draw: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_draw.setdefault(row["draw_id"], []).append(row)
    return [_stored_draw(group) for group in by_draw.values()]


def labeled_draws(ledger: Ledger) -> list[StoredDraw]:
    """Return the draws of which people have labeled something, newest first."""
    rows = ledger.rows(
        "SELECT DISTINCT draw_id FROM verdicts WHERE draw_id IS NOT NULL AND judge_kind = 'person'"
    )
    return stored_draws(ledger, [row["draw_id"] for row in rows])


def readings_of(ledger: Ledger, draw_id: str) -> list[StoredDraw]:
    """Return the draws that read labels of a draw again, newest first."""
    rows = ledger.rows(f"SELECT DISTINCT draw_id FROM draws WHERE parent = {literal(draw_id)}")
    return stored_draws(ledger, [row["draw_id"] for row in rows])


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
        f"the ledger has no draw {draw_id!r}; {there}" if draw_id else "the ledger holds no draw",
        next_command=f"assay ledger info {ledger.typed}"
        if known
        else f"assay draw {ledger.typed} --labels 300 --seed 7",
    )


def newest_draw(ledger: Ledger) -> StoredDraw:
    """Return the draw that was made last.

    Raises
    ------
    DrawError
        Where there is none.
    """
    rows = ledger.rows("SELECT draw_id FROM draws ORDER BY at DESC, draw_id LIMIT 1")
    return stored_draw(ledger, rows[0]["draw_id"] if rows else "")


def intakes_of(ledger: Ledger, draw_id: str, *, until: int | None = None) -> int:
    """Return in how many goes outputs of a draw got their first label: how often somebody could have looked at fewer.

    A label that is corrected, or gets a severity, later is no new go: the same sample is counted again.
    """
    rows = ledger.rows(
        # Without a time each label may have come by itself.
        "SELECT count(DISTINCT first) + count(*) FILTER (WHERE first IS NULL) AS n FROM ("
        "SELECT CASE WHEN count(*) = count(at) THEN min(at) END AS first FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'{_up_to(until)} GROUP BY trace_id)"
    )
    return int(rows[0]["n"])


def labels_of(ledger: Ledger, draw_id: str, *, until: int | None = None) -> dict[str, Label]:
    """Return the newest label of each trace of a draw, or the newest up to a moment.

    Only verdicts of persons that name the draw count: traces labeled for other reasons never enter an estimate.
    """
    rows = ledger.rows(
        "SELECT trace_id, error_probability, judge, severity FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'{_up_to(until)} ORDER BY {NEWEST_LAST}"
    )
    labels: dict[str, Label] = {}
    for row in rows:
        # A label says right or wrong; anything in between is unsure.
        wrong = {0.0: 0, 1.0: 1}.get(row["error_probability"])
        labels[row["trace_id"]] = Label(row["trace_id"], wrong, row["judge"], row["severity"])
    return labels


def everybody_of(ledger: Ledger, draw_id: str) -> dict[str, set[str]]:
    """Return who has labeled each trace of a draw, those too whose label was replaced since."""
    rows = ledger.rows(
        "SELECT DISTINCT trace_id, judge FROM verdicts "
        f"WHERE draw_id = {literal(draw_id)} AND judge_kind = 'person'"
    )
    people: dict[str, set[str]] = {}
    for row in rows:
        people.setdefault(row["trace_id"], set()).add(row["judge"])
    return people


def _up_to(until: int | None) -> str:
    return "" if until is None else f" AND (at IS NULL OR at <= {timestamp(until)})"


def _stored_draw(rows: list[dict[str, Any]]) -> StoredDraw:
    first = rows[0]
    strata: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        # By the rule and not by the name: two names may be rounded alike.
        strata.setdefault(row["stratum_rule"], []).append(row)
    batches = max(row["batch"] or 1 for row in rows)
    drawn = tuple(sorted((_drawn_stratum(group, batches) for group in strata.values()), key=_place))
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
        parent=first["parent"],
        budget=first["draw_labels"],
        at_most=first["at_most"],
        label_order=_label_order(rows),
        units=_drawn_units(rows),
    )


def _label_order(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    ordered = sorted(rows, key=lambda row: (row["batch"] or 1, row["label_order"]))
    return tuple(dict.fromkeys(row["trace_id"] for row in ordered))


def _drawn_units(rows: list[dict[str, Any]]) -> DrawnUnits | None:
    if rows[0]["unit_plan"] is None:
        return None
    # The same draw appended twice, by two processes at once, says the same twice.
    in_order = {row["position"]: row for row in rows}
    members = tuple(
        UnitMember(
            row["trace_id"], row["unit_id"], row["unit_weight"], row["copies"], row["amount"]
        )
        for _, row in sorted(in_order.items())
    )
    return DrawnUnits(UnitPlan.from_json(rows[0]["unit_plan"]), members)


def _place(stratum: DrawnStratum) -> tuple[str, bool, float]:
    """Order strata as they are read: by tags, then from the lowest scores to the highest, then those without."""
    rule = stratum.rule
    return json.dumps(rule.tags), rule.unscored, -1.0 if rule.at_least is None else rule.at_least


def _drawn_stratum(rows: list[dict[str, Any]], batches: int) -> DrawnStratum:
    first = rows[0]
    # The same draw appended twice, by two processes at once, says the same twice.
    in_order = {row["position"]: row for row in rows}
    ordered = [in_order[position] for position in sorted(in_order)]
    came_in = [row["batch"] or 1 for row in ordered]
    return DrawnStratum(
        rule=StratumRule.from_json(first["stratum"], first["stratum_rule"]),
        size=first["stratum_size"],
        planned=max(row["stratum_labels"] for row in rows),
        trace_ids=tuple(row["trace_id"] for row in ordered),
        batch_ends=tuple(sum(batch <= end for batch in came_in) for end in range(1, batches + 1)),
        anticipated_error_rate=first["anticipated_error_rate"],
    )

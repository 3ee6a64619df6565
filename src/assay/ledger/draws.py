"""Draws as they are stored: strata, what was drawn of them in random order, and what was planned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.errors import DrawError, LedgerError
from assay.ledger.frame import Frame, StratumRule
from assay.ledger.population import Window, scores
from assay.ledger.store import Ledger, literal
from assay.ledger.unit_plan import DrawnUnits, UnitMember, UnitPlan


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


def frozen_frame(
    ledger: Ledger,
    draw: StoredDraw,
    *,
    split: str | None = None,
    versions: Mapping[str, int] | None = None,
) -> Frame:
    """Return the population that a draw froze, as queries see it.

    Parameters
    ----------
    ledger
        The ledger that it is in.
    draw
        The draw.
    split
        SQL over `traces` for one column more, `part`.
    versions
        Of the tables traces and verdicts; None: those that the draw froze.
    """
    frozen = {"traces": draw.traces_version, "verdicts": draw.verdicts_version}
    at = dict(versions or frozen)
    scored = None if draw.judge is None else scores(ledger, draw.judge, versions=at)
    return Frame(draw.window, at["traces"], at["verdicts"], scored, draw.stratified_by, split)


def cells(ledger: Ledger, draw: StoredDraw, split: str) -> dict[str | None, list[int]] | None:
    """Return how many outputs of each stratum have each value of an SQL expression over `traces`: value -> sizes.

    None where the tables are no longer as the draw froze them.
    """
    try:
        frame = frozen_frame(ledger, draw, split=split)
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
        'cast(window_to AS bigint) AS "end", origin, population, traces_version, verdicts_version, judge, '
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
        window=Window(
            first["system"], first["version"], first["start"], first["end"], first["origin"]
        ),
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

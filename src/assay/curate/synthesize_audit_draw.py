"""Drawing what is to be labeled of a synthetic set: strata of kept, left out and rejected answers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.ask.run import AskPlan
from assay.curate.synthesize_choose import KEPT, LEFT_OUT, REJECTED, Decided
from assay.errors import BadInput
from assay.judge.score_rows import ScoreWriter, score_row
from assay.ledger.draws import stored_draws
from assay.ledger.frame import Frame, StratumRule, first_in_order
from assay.ledger.ingest.record import Row
from assay.ledger.population import Window, scores
from assay.ledger.store import Ledger, literal

SCORES = {KEPT: 0.0, LEFT_OUT: 0.25, REJECTED: 1.0}
"""What the gate's score says is only to which part an answer belongs; it is no probability."""

RULES = {
    KEPT: StratumRule("kept", None, 0.1),
    LEFT_OUT: StratumRule("verified, left out", 0.1, 0.5),
    REJECTED: StratumRule("rejected", 0.5, None),
}


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """How many answers of each part are labeled.

    Parameters
    ----------
    kept, left_out, rejected : >= 0
    verified_kept, verified_left_out : >= 0
        So many of the kept ones and so many of those left out, the first in their random orders, are together a random
        sample of all verified answers.
    """

    kept: int
    left_out: int
    rejected: int
    verified_kept: int
    verified_left_out: int


def audit_plan(sizes: tuple[int, int, int], labels: int, *, rng: np.random.Generator) -> AuditPlan:
    """Return how many answers of each part are drawn for `labels` of the kept and `labels` of the rejected ones.

    Parameters
    ----------
    sizes : >= 0
        Kept, left out, rejected.
    labels : >= 1
    rng
        For how many of a random sample of the verified answers are kept ones.

    Notes
    -----
    A sample of `labels` of the verified answers has a hypergeometric number of kept ones; given that number they are a
    random sample of the kept. More kept ones are added until there are `labels`, so that the set's purity and the
    verifier's rates come from one list.
    """
    kept, left, rejected = sizes
    verified = min(labels, kept + left)
    of_left = int(rng.hypergeometric(left, kept, verified)) if left and verified else 0
    # Every part that is not empty is drawn from, so that the draw says something of all answers.
    drawn_left = max(of_left, min(left, 1))
    return AuditPlan(
        min(labels, kept), drawn_left, min(labels, rejected), verified - of_left, of_left
    )


def draw_audit(
    ledger: Ledger, plan: AskPlan, decided: Sequence[Decided], *, labels: int, seed: int
) -> str:
    """Draw answers to be labeled, write the draw into the ledger, and return its name; the same request draws once.

    Parameters
    ----------
    ledger
    plan
        What was asked: the ledger's answers of this system are those of the plan.
    decided
        Every answer.
    labels : >= 1
        Of the kept, and as many of the rejected ones.
    seed : >= 0

    Raises
    ------
    BadInput
        If there is nothing to draw from.
    """
    judge = _gate_name(decided)
    writer = ScoreWriter(ledger, judge)
    for one in decided:
        row = score_row(judge, one.candidate.trace_id, SCORES[one.outcome], one.why[:300])
        writer.add(row)
    writer.flush()
    sizes = _sizes(decided)
    if not sum(sizes):
        raise BadInput("there is no answer to draw from")
    draw_id = _draw_id(judge, labels, seed)
    if stored_draws(ledger, [draw_id]):
        return draw_id
    planned = audit_plan(sizes, labels, rng=np.random.default_rng([seed, labels]))
    window = Window(plan.settings.system, plan.settings.version)
    with ledger.locked():
        if not stored_draws(ledger, [draw_id]):
            ledger.append("draws", _rows(ledger, draw_id, (judge, seed), window, sizes, planned))
    return draw_id


def newest_audit(ledger: Ledger, decided: Sequence[Decided]) -> str:
    """Return the newest draw that was made of this very set; empty where there is none."""
    judge = _gate_name(decided)
    rows = ledger.rows(
        f"SELECT draw_id, max(at) AS at FROM draws WHERE judge = {literal(judge)} GROUP BY draw_id ORDER BY at DESC"
    )
    return str(rows[0]["draw_id"]) if rows else ""


def _gate_name(decided: Sequence[Decided]) -> str:
    """Return the name of what parted the answers: another parting has another name, and other draws."""
    text = json.dumps([[one.candidate.trace_id, one.outcome] for one in decided])
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"synthesize@1 (0 kept, 0.25 verified and left out, 1 rejected; parting sha256:{digest})"


def _draw_id(judge: str, labels: int, seed: int) -> str:
    digest = hashlib.sha256(json.dumps([judge, labels, seed]).encode()).hexdigest()[:8]
    return f"audit-{digest}-{labels}"


def _sizes(decided: Sequence[Decided]) -> tuple[int, int, int]:
    outcomes = [one.outcome for one in decided]
    return outcomes.count(KEPT), outcomes.count(LEFT_OUT), outcomes.count(REJECTED)


def _rows(
    ledger: Ledger,
    draw_id: str,
    gate: tuple[str, int],
    window: Window,
    sizes: tuple[int, int, int],
    planned: AuditPlan,
) -> list[Row]:
    judge, seed = gate
    versions = {name: ledger.version(name) for name in ("traces", "verdicts")}
    scored = scores(ledger, judge, versions=versions)
    frame = Frame(window, versions["traces"], versions["verdicts"], scored)
    base: Row = {
        "draw_id": draw_id,
        "at": time.time_ns() // 1_000,
        "seed": seed,
        "system": window.system,
        "version": window.version,
        "population": sum(sizes),
        "traces_version": frame.traces_version,
        "verdicts_version": frame.verdicts_version,
        "judge": judge,
        "stratified_by": "[]",
        "batch": 1,
        "draw_labels": planned.kept + planned.left_out + planned.rejected,
    }
    rows: list[Row] = []
    counts = (planned.kept, planned.left_out, planned.rejected)
    for rule, size, count in zip(RULES.values(), sizes, counts, strict=True):
        drawn = first_in_order(ledger, frame, rule, seed=seed, count=count) if count else []
        rows += [
            base
            | {
                "stratum": rule.name,
                "stratum_rule": rule.to_json(),
                "stratum_size": size,
                "stratum_labels": count,
                "position": position,
                "trace_id": trace_id,
                "inclusion_probability": count / size,
            }
            for position, trace_id in enumerate(drawn, start=1)
        ]
    # Spread evenly, so that whoever stops early has labeled each part from the start of its random order.
    ordered = sorted(
        rows,
        key=lambda row: (
            int(str(row["position"])) / int(str(row["stratum_labels"])),
            str(row["stratum"]),
        ),
    )
    return [row | {"label_order": place} for place, row in enumerate(ordered, start=1)]

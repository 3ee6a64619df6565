"""How pure a synthetic set is: labels of kept, left out and rejected answers that were drawn by lot.

The draw is one of the ledger, with three strata: kept examples, answers that were verified and left out as repeats or
above a cap, and rejected ones. `assay label` takes its list back as it does that of `assay draw`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.curate.synthesize_audit_draw import RULES, audit_plan
from assay.curate.synthesize_choose import KEPT, LEFT_OUT, REJECTED
from assay.estimate.exact import hypergeometric_errors
from assay.estimate.gate_quality import AuditCount, GateQuality, gate_quality
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.draws import StoredDraw, stored_draw
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown

CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PartLabels:
    """Labels of a part.

    Parameters
    ----------
    of
        Answers of the part.
    drawn
        To be labeled.
    labeled
        Up to the last label in the random order.
    right
        What is unsure, or was passed over before the last label, counts against the verifier: as wrong where it was
        passed, as right where it was rejected.
    unsure
        Of those labeled.
    """

    of: int
    drawn: int
    labeled: int
    right: int
    unsure: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Audit:
    """What labels say of a set and of its verifier.

    Parameters
    ----------
    draw_id
        The draw; empty where nothing was drawn.
    parts
        Labels by part.
    purity
        Share of the kept examples that are right.
    gate
        What the verifier does: phi, psi; None where the labels do not say it.
    why_no_gate
        Why not.
    """

    draw_id: str
    parts: dict[str, PartLabels]
    purity: Quantity
    gate: GateQuality | None
    why_no_gate: str

    @property
    def to_label(self) -> int:
        """Answers that were drawn and have no label."""
        return sum(part.drawn - part.labeled for part in self.parts.values())

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "draw_id": self.draw_id or None,
            "labels": {name: part.to_json() for name, part in self.parts.items()},
            "purity": self.purity.to_json(),
            "verifier": {"reason": self.why_no_gate} if self.gate is None else self.gate.to_json(),
        }


NOT_DRAWN = Audit(
    "",
    {},
    Unknown("nobody has labeled a drawn sample of it: --audit 100"),
    None,
    "nothing was drawn to be labeled",
)


def read_audit(
    ledger: Ledger, draw_id: str, *, confidence_level: float = CONFIDENCE_LEVEL
) -> Audit:
    """Return what the labels of a draw say.

    Notes
    -----
    The set is a finite population, and the labels of its examples a random sample of it without replacement: purity has
    the exact hypergeometric limits, and none once all are labeled. The verifier's rates are those of
    `assay.estimate.gate_quality.gate_quality`, of a generator that goes on. Labels are taken to be right.
    """
    draw = stored_draw(ledger, draw_id)
    said = labels_of(ledger, draw_id)
    strata = {stratum.rule.name: stratum for stratum in draw.strata}
    parts: dict[str, PartLabels] = {}
    for outcome, rule in RULES.items():
        stratum = strata.get(rule.name)
        if stratum is None:
            parts[outcome] = PartLabels(0, 0, 0, 0, 0)
            continue
        part = _labeled([said.get(one) for one in stratum.trace_ids], outcome)
        parts[outcome] = PartLabels(stratum.size, len(stratum.trace_ids), *part)
    gate, why = _gate(draw, parts, said, confidence_level)
    return Audit(draw_id, parts, _purity(parts[KEPT], confidence_level), gate, why)


def _labeled(said: Sequence[Label | None], outcome: str) -> tuple[int, int, int]:
    """Return labels up to the last one, how many count as right, and how many are unsure or were passed over."""
    last = max((place for place, one in enumerate(said, start=1) if one is not None), default=0)
    wrong = [None if one is None else one.wrong for one in said[:last]]
    unsure = wrong.count(None)
    return last, wrong.count(0) + (unsure if outcome == REJECTED else 0), unsure


def _purity(part: PartLabels, confidence_level: float) -> Quantity:
    if not part.of:
        return Unknown("no example was kept")
    if not part.labeled:
        return Unknown("no example of the kept set is labeled")
    wrong = part.labeled - part.right
    found = hypergeometric_errors(wrong, part.labeled, part.of, confidence_level=confidence_level)
    unsure = f", {part.unsure} unsure counted as wrong" if part.unsure else ""
    if part.labeled == part.of:
        method, level = f"all examples labeled{unsure}", 1.0
    else:
        method, level = (
            f"labels of a random sample{unsure}; hypergeometric limits",
            confidence_level,
        )
    value = part.right / part.labeled
    low, high = 1 - found.high / part.of, 1 - found.low / part.of
    return Estimate(
        value, min(low, value), max(high, value), "right/kept example", level, part.labeled, method,
        "exact" if level == 1.0 else "proved",
    )  # fmt: skip


def _gate(
    draw: StoredDraw, parts: dict[str, PartLabels], said: dict[str, Label], confidence_level: float
) -> tuple[GateQuality | None, str]:
    kept, left, rejected = (parts[name] for name in (KEPT, LEFT_OUT, REJECTED))
    if not rejected.of:
        return None, "nothing was rejected"
    if not kept.labeled or not rejected.labeled:
        return None, "no rejected example is labeled" if kept.labeled else "nothing is labeled"
    lost = AuditCount(rejected.labeled, rejected.right, rejected.of)
    if not left.of:
        passed = AuditCount(kept.labeled, kept.right, kept.of)
        return gate_quality(passed, lost, confidence_level=confidence_level), ""
    sizes, labels = (kept.of, left.of, rejected.of), int(draw.draw_id.rsplit("-", 1)[1])
    plan = audit_plan(sizes, labels, rng=np.random.default_rng([draw.seed, labels]))
    if left.labeled < plan.verified_left_out or kept.labeled < plan.verified_kept:
        return None, "of the answers that were verified and left out some have no label yet"
    counts = {RULES[KEPT].name: plan.verified_kept, RULES[LEFT_OUT].name: plan.verified_left_out}
    right = 0
    for stratum in draw.strata:
        first = stratum.trace_ids[: counts.get(stratum.rule.name, 0)]
        right += _labeled([said.get(one) for one in first], KEPT)[1]
    passed = AuditCount(sum(counts.values()), right, kept.of + left.of)
    return gate_quality(passed, lost, confidence_level=confidence_level), ""

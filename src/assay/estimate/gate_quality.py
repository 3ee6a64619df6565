"""What a gate does: how often it keeps what is right and what is wrong, from labels of kept and of rejected items.

Whoever audits a gate labels a lot of what it kept and a lot of what it rejected. From the two shares that are right,
and from how much was kept, follow the gate's two rates and their ratio, which decides whether training on what passes
lifts a generator or drags it down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import special

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.gate_kinds import (
    BLIND,
    KindQuality,
    check_kinds,
    kept_share,
    kind_qualities,
)
from assay.estimate.gate_ratio import (
    MELDED,
    RATIO_UNIT,
    AuditCount,
    GateVerdict,
    LogRatio,
    at_shares,
    audited_log_ratio,
    gate_verdict,
    pooled_log_ratio,
)
from assay.estimate.melded_pair import FloatArray, Melded, Pair, melded_limits
from assay.quantity import Estimate, Quantity, Unknown

__all__ = [
    "BLIND",
    "RATIO_UNIT",
    "AuditCount",
    "GateQuality",
    "GateVerdict",
    "KindQuality",
    "LogRatio",
    "gate_quality",
    "gate_verdict",
    "pooled_log_ratio",
]


@dataclass(frozen=True, slots=True)
class GateQuality:
    """A gate's rates.

    Parameters
    ----------
    kept_share : in [0, 1]
        Of all items; counted.
    purity
        Share of the kept items that is right.
    generator
        Share of all items that is right, before the gate.
    keeps_right, keeps_wrong
        Chances that a right and a wrong item is kept: phi and psi.
    log_ratio
        ln(phi / psi): above 0, what is kept is purer than what was generated. None: a part has no labels.
    generations_per_right
        Items that are generated for one that is kept and right.
    wrong_per_right
        Wrong items that are kept for each right one.
    breakdown
        Share of wrong items from which on nothing can be learned from what is kept, with data without end.
    kinds
        By name.
    """

    kept_share: float
    purity: Quantity
    generator: Quantity
    keeps_right: Quantity
    keeps_wrong: Quantity
    log_ratio: LogRatio | None
    generations_per_right: Quantity
    wrong_per_right: Quantity
    breakdown: Quantity
    kinds: tuple[KindQuality, ...]

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """Kinds of error that the gate does not see."""
        return tuple(kind.kind for kind in self.kinds if kind.blind)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        names = (
            "purity",
            "generator",
            "keeps_right",
            "keeps_wrong",
            "generations_per_right",
            "wrong_per_right",
            "breakdown",
        )
        ratio = self.log_ratio
        return {
            "kept_share": self.kept_share,
            "log_ratio": (ratio.quantity if ratio else self.keeps_wrong).to_json(),
            **{name: getattr(self, name).to_json() for name in names},
            "kinds": [kind.to_json() for kind in self.kinds],
            "blind_spots": list(self.blind_spots),
        }


def gate_quality(
    kept: AuditCount,
    rejected: AuditCount,
    by_kind: Mapping[str, tuple[int, int]] | None = None,
    *,
    confidence_level: float = 0.95,
) -> GateQuality:
    r"""Return what a gate does, from labels of what it kept and of what it rejected.

    Parameters
    ----------
    kept, rejected
        Labels of a lot of each.
    by_kind
        Kind of error -> labeled kept and labeled rejected items of it.
    confidence_level : in (0, 1)
        Of each interval; those of the kinds hold together.

    Returns
    -------
    GateQuality
        With `Unknown` where there is no label of a part that is not empty.

    Raises
    ------
    EstimateError
        If a count is out of range, nothing was kept or rejected, or more items are of kinds than are wrong.

    Notes
    -----
    With K the share kept, pi of those right, rho of the rejected right: p = K pi + (1 - K) rho, phi = K pi / p,
    psi = K (1 - pi) / (1 - p), and by Bayes logit(pi) = logit(p) + ln(phi / psi). Each rises or falls in pi and in rho
    alone: `assay.estimate.melded_pair.melded_limits` of the two lots. The lots are taken to be drawn from sources
    without end, which is cautious where a good part of what was kept is labeled, and labels are taken to be right.

    Where nothing at all was rejected the gate is open: phi = psi = 1. Where nothing was kept, neither ratio nor
    purity exist.

    `breakdown` is the share of wrong items, phi / (phi + psi), beyond which no classifier learns the truth from what
    is kept (Feng et al. 2024, arXiv:2406.07515, theorem 4.2): it is where purity is 1/2, and no condition for a gain.

    Examples
    --------
    >>> found = gate_quality(AuditCount(100, 80, 3000), AuditCount(100, 30, 2000))
    >>> round(found.generator.value, 2), round(found.keeps_right.value, 2), round(found.keeps_wrong.value, 2)
    (0.6, 0.8, 0.3)
    >>> round(found.log_ratio.low, 2), round(found.log_ratio.value, 2), round(found.log_ratio.high, 2)
    (0.65, 0.98, 1.38)
    """
    total = kept.of + rejected.of
    if not total:
        raise EstimateError(
            "nothing was kept and nothing rejected: there is no gate to be measured"
        )
    share, n = kept.of / total, kept.labeled + rejected.labeled
    check_kinds(kept, rejected, by_kind or {})
    purity = _share_of(kept, confidence_level)
    for part, name in ((kept, "kept"), (rejected, "rejected")):
        if part.of and not part.labeled:
            why = Unknown(f"no item that was {name} is labeled")
            price = _prices(kept, share, confidence_level) if name == "rejected" else (why, why)
            return GateQuality(share, purity, why, why, why, None, *price, why, ())
    lots = Pair((kept.right, kept.labeled), (rejected.right, rejected.labeled))
    method = f"labels of {kept.labeled:,} kept and {rejected.labeled:,} rejected items, {MELDED}"

    def found(function: Melded, unit: str, *, falls: bool = True, turned: bool = False) -> Quantity:
        """Return a share; `turned`: the function gives what is left of it."""
        value = at_shares(function, kept, rejected)
        if math.isnan(value):
            return Unknown("no labeled item says anything of it")
        ends = melded_limits(lots, function, falls=falls, confidence_level=confidence_level)
        low, high = max(0.0, min(ends[0], value)), min(1.0, max(ends[1], value))
        if turned:
            value, low, high = 1 - value, 1 - high, 1 - low
        return Estimate(value, low, high, unit, confidence_level, n, method, "enumerated")

    ratio = audited_log_ratio(kept, rejected, share, method, confidence_level)
    keeps_right = found(kept_share(share), "of right items")
    return GateQuality(
        share,
        purity,
        found(_generator(share), "of all items", falls=False),
        keeps_right,
        found(_rejects_wrong(share), "of wrong items", turned=True),
        ratio,
        *_prices(kept, share, confidence_level),
        _breakdown(ratio),
        kind_qualities(kept, rejected, by_kind or {}, share, confidence_level),
    )


def _rejects_wrong(share: float) -> Melded:
    def function(pure: FloatArray, lost: FloatArray) -> FloatArray:
        rejected = (1 - share) * (1 - lost)
        return rejected / (share * (1 - pure) + rejected)

    return function


def _generator(share: float) -> Melded:
    return lambda pure, lost: share * pure + (1 - share) * lost


def _breakdown(ratio: LogRatio | None) -> Quantity:
    if ratio is None:
        return Unknown("nothing was kept")
    value, low, high = (float(special.expit(one)) for one in (ratio.value, ratio.low, ratio.high))
    if math.isnan(value):
        return Unknown("no labeled item says anything of it")
    return Estimate(
        value, min(low, value), max(high, value), "of all items wrong", ratio.confidence_level, ratio.n, ratio.method,
        "enumerated",
    )  # fmt: skip


def _share_of(part: AuditCount, level: float) -> Quantity:
    if not part.of:
        return Unknown("nothing was kept")
    if not part.labeled:
        return Unknown("no item that was kept is labeled")
    limits = clopper_pearson(part.right, part.labeled, confidence_level=level)
    method = f"{part.right:,} of {part.labeled:,} labels, Clopper-Pearson"
    return Estimate(
        part.right / part.labeled, limits.low, limits.high, "of the kept items", level, part.labeled, method, "proved"
    )  # fmt: skip


def _prices(kept: AuditCount, share: float, level: float) -> tuple[Quantity, Quantity]:
    """Return generations for each right item kept, and wrong items kept for each right one."""
    pure = _share_of(kept, level)
    if isinstance(pure, Unknown):
        return pure, pure
    if not kept.right:
        why = Unknown("no right item is among the labeled ones that were kept")
        return why, why

    def made(ends: tuple[float, float, float], unit: str) -> Estimate:
        return Estimate(*ends, unit, level, kept.labeled, pure.method, "proved")

    value, low, high = pure.value, pure.low, pure.high
    generations = (1 / (share * value), 1 / (share * high), 1 / (share * low))
    wrong = ((1 - value) / value, (1 - high) / high, (1 - low) / low)
    return (
        made(generations, "generations per right item kept"),
        made(wrong, "wrong items per right one"),
    )

"""What a gate does with each kind of error: a kind that passes as if it were right is a blind spot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.errors import EstimateError
from assay.estimate.gate_ratio import MELDED, AuditCount
from assay.estimate.melded_pair import Melded, Pair, melded_limits
from assay.quantity import Estimate, Quantity, Unknown

BLIND = 0.5
"""A kind of error passes as if it were right where it is surely kept at more than half the rate of what is right."""


@dataclass(frozen=True, slots=True)
class KindQuality:
    """What a gate does with one kind of error.

    Parameters
    ----------
    kind
    kept, rejected : >= 0
        Labeled items of it.
    passes
        Share of these errors that the gate keeps; `Unknown` where none was seen.
    blind
        Whether it surely passes at more than half the rate of what is right, and surely more often than other errors.
    """

    kind: str
    kept: int
    rejected: int
    passes: Quantity
    blind: bool

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "kind": self.kind,
            "kept": self.kept,
            "rejected": self.rejected,
            "passes": self.passes.to_json(),
            "blind": self.blind,
        }


def kind_qualities(
    kept: AuditCount,
    rejected: AuditCount,
    by_kind: Mapping[str, tuple[int, int]],
    share: float,
    confidence_level: float,
) -> tuple[KindQuality, ...]:
    """Return each kind of error; all limits hold together: each kind, what is not of it, and the right items."""
    if not by_kind or not kept.of or not rejected.of:
        return ()
    level = 1 - (1 - confidence_level) / (2 * len(by_kind) + 1)
    labeled = (kept.labeled, rejected.labeled)
    right = _passing((kept.right, rejected.right), labeled, share, level)
    wrong = (kept.labeled - kept.right, rejected.labeled - rejected.right)
    found = []
    for name, counts in sorted(by_kind.items()):
        own = _passing(counts, labeled, share, level)
        if own is None:
            unseen = Unknown("no labeled error is of this kind")
            found.append(KindQuality(name, *counts, unseen, blind=False))
            continue
        rest = _passing((wrong[0] - counts[0], wrong[1] - counts[1]), labeled, share, level)
        # What passes like the right items and unlike other errors: a gate that lets half of all errors by has no spot.
        blind = (
            right is not None
            and own.low > BLIND * right.high
            and (rest is None or own.low > rest.high)
        )
        found.append(KindQuality(name, *counts, own, blind))
    return tuple(found)


def _passing(
    counts: tuple[int, int], labeled: tuple[int, int], share: float, level: float
) -> Estimate | None:
    """Return which share of some items is kept; None where none of them was seen."""
    if not sum(counts):
        return None
    one, other = (counts[0], labeled[0]), (counts[1], labeled[1])
    function = kept_share(share)
    value = float(function(np.array(counts[0] / labeled[0]), np.array(counts[1] / labeled[1])))
    low, high = melded_limits(Pair(one, other), function, confidence_level=level)
    return Estimate(
        value,
        max(0.0, min(low, value)),
        min(1.0, max(high, value)),
        "of the errors of this kind",
        level,
        sum(labeled),
        f"labels of kept and rejected items, {MELDED}, all kinds at once (Bonferroni)",
        "enumerated",
    )


def check_kinds(
    kept: AuditCount, rejected: AuditCount, by_kind: Mapping[str, tuple[int, int]]
) -> None:
    """Refuse counts of kinds that are no part of the wrong items.

    Raises
    ------
    EstimateError
        If a count is below nought, or more items are of kinds than are wrong.
    """
    for part, name, place in ((kept, "kept", 0), (rejected, "rejected", 1)):
        of_kinds = sum(counts[place] for counts in by_kind.values())
        wrong = part.labeled - part.right
        if of_kinds > wrong or any(counts[place] < 0 for counts in by_kind.values()):
            raise EstimateError(
                f"{of_kinds} {name} items are of a kind of error, and {wrong} are wrong"
            )


def kept_share(share: float) -> Melded:
    """Return the function that gives how much of some items is kept, by their shares of the kept and the rejected.

    Parameters
    ----------
    share : in [0, 1]
        Of all items that is kept.
    """
    return lambda pure, lost: share * pure / (share * pure + (1 - share) * lost)

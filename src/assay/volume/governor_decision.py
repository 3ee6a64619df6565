"""What is put to a governor, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from assay.errors import BadInput
from assay.volume.governor_policy import SEVERITIES
from assay.volume.governor_state import State

Action = Literal["release", "release_audited", "hold", "refuse"]
"""What becomes of an output. ``release_audited`` is released, and a person reads it all the same."""

RELEASES = frozenset({"release", "release_audited"})
LONGEST = 200


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One output that wants to go out.

    Parameters
    ----------
    decision_id
        Names it for ever, 1 to 200 characters. The audit is drawn from it: whoever chooses it must not know the seed.
    probability : in [0, 1], or None
        The judge's probability that it is wrong. None: it could not be judged, and the fail mode of its severity holds.
    severity : 1, 2 or 3
        How bad it is if it is wrong; 1 is the worst.
    stratum
        Part of the traffic with a record of its own, as a topic. The first 63 are kept apart.

    Raises
    ------
    BadInput
        If the probability is not a number in [0, 1] (NaN is none), the severity unknown, or a text empty or too long.
    """

    decision_id: str
    probability: float | None
    severity: int = 3
    stratum: str = ""

    def __post_init__(self) -> None:
        p = self.probability
        if p is not None and (
            isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1
        ):
            raise BadInput(f"probability must be in [0, 1] or None, got {p!r}")
        if type(self.severity) is not int or self.severity not in SEVERITIES:
            raise BadInput(f"severity must be 1 (worst), 2 or 3, got {self.severity!r}")
        if not isinstance(self.decision_id, str) or not 0 < len(self.decision_id) <= LONGEST:
            raise BadInput(f"decision_id must be text of 1 to {LONGEST} characters")
        if not isinstance(self.stratum, str) or len(self.stratum) > LONGEST:
            raise BadInput(f"stratum must be text of at most {LONGEST} characters")


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an output, and why.

    Parameters
    ----------
    decision_id
    action
        What is to be done. In shadow always a release.
    would
        What would be done out of shadow; the same as `action` elsewhere.
    state
        Of the governor.
    reason
        In words, with the numbers that decided.
    numbers
        ``charge``, ``price`` and ``bucket`` in points, ``probability`` and its ``upper`` bound, ``audit_probability``,
        ``budget_remaining``, ``e_value``. Those that do not exist are left out.
    retry_after_seconds : > 0, or None
        When to try again; of refusals only.
    second_opinion
        In AMBER and worse: among the tenth at the most risk, ask a second model.
    fallback_version
        In RED and STOP: the version to serve instead.
    """

    decision_id: str
    action: Action
    would: Action
    state: State
    reason: str
    numbers: Mapping[str, float]
    retry_after_seconds: float | None = None
    second_opinion: bool = False
    fallback_version: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers: nothing in them comes from outside."""
        found = {
            "x-assay-state": self.state,
            "x-assay-action": self.action,
            "x-assay-budget-remaining": f"{self.numbers['budget_remaining']:.6g}",
        }
        if self.would != self.action:
            found["x-assay-would"] = self.would
        if self.action == "refuse" and self.retry_after_seconds is not None:
            found["retry-after"] = str(math.ceil(self.retry_after_seconds))
        return found

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {**asdict(self), "numbers": dict(self.numbers), "headers": self.headers}

"""What a user asks of a budget: how many escaped errors a window may have, of which system, over what."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from assay.errors import BadInput
from assay.volume.question import HumanBaseline
from assay.volume.severity import Weights, parse_weights

AlarmOn = Literal["auto", "count", "sampled", "confirmed"]
"""Which errors the alarm is on: all of them, counted; those an audit found; those people have confirmed."""

RESERVE = "reserve"
"""A part of this name is no value of the tag: it holds what has none of the values that are named."""

SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(h|d|w)")
DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
MOST_HISTORY = 120
LEAST_WINDOW, MOST_WINDOW = 1 / 1_440, 3_660.0
"""Days: a minute, and some ten years."""

Split = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class BudgetQuestion:
    """What to ask.

    Parameters
    ----------
    allow : > 0, or None
        Escaped errors per window (points, where errors are weighed). Just one of `allow` and `anchor` is given.
    anchor
        What the budget is derived from: see `assay.volume.budget_allowed.parse_anchor`.
    per_days : > 0
        Length of the rolling window.
    cycle_days : >= 0, or None
        What the traffic repeats itself in: the alarm allows a cycle's part from its beginning on. None: a week, or a
        day where the window is shorter than a week; 0: errors may come evenly only.
    system
        Whose budget it is; may be None where the ledger holds one. All its versions share the budget.
    at
        Last moment of the window, microseconds since 1970 UTC, not included. None: just after the newest output.
    severity_weights
        What an error of each severity counts as: `1=100,2=10,3=1`. None: errors count alike.
    split
        Part -> its part of the budget; no more in all than the whole.
    by
        The tag whose values are the parts.
    human
        The people whose volume is the budget, for the anchor `human`.
    judge
        Which complete check counts, where there are several.
    caught_tag
        The tag that says whether an output was caught before delivery.
    confidence_level : in [0.5, 1)
    false_alarm : in (0, 1)
        Chance that a window in which the budget is kept ever alarms, at most.
    alarm_on
        Fixed beforehand where it matters; auto takes what is there, whatever it says.
    history : >= 0
        So many past windows, one after another.
    curve
        Whether to work out the errors up to each part of the window, for the picture.
    """

    allow: float | None = None
    anchor: str | None = None
    per_days: float = 30.0
    cycle_days: float | None = None
    system: str | None = None
    at: int | None = None
    severity_weights: str | None = None
    split: Split = ()
    by: str | None = None
    human: HumanBaseline | None = None
    judge: str | None = None
    caught_tag: str = "caught"
    confidence_level: float = 0.95
    false_alarm: float = 0.01
    alarm_on: AlarmOn = "auto"
    history: int = 0
    curve: bool = False

    def __post_init__(self) -> None:
        if (self.allow is None) == (self.anchor is None):
            raise BadInput("a budget is stated once: give --allow N or --anchor WHAT, and not both")
        if self.allow is not None and not 0 < self.allow < math.inf:
            raise BadInput(
                f"--allow must be above 0 and finite, got {self.allow:g}: no errors at all is no budget that can be "
                "paced; state how many hours may pass without one, as --anchor 1e-7/h"
            )
        if not LEAST_WINDOW <= self.per_days <= MOST_WINDOW:
            raise BadInput(
                f"a window must be a minute or longer and at most {MOST_WINDOW:,.0f} days, got {self.per_days:g} days"
            )
        if self.cycle_days is not None and not 0 <= self.cycle_days < math.inf:
            raise BadInput(f"a cycle must be 0 days or more and finite, got {self.cycle_days:g}")
        if not 0.5 <= self.confidence_level < 1:
            raise BadInput(f"the confidence level must be in [0.5, 1), got {self.confidence_level}")
        if not 0 < self.false_alarm < 1:
            raise BadInput(f"the chance of a false alarm must be in (0, 1), got {self.false_alarm}")
        if not 0 <= self.history <= MOST_HISTORY:
            raise BadInput(f"--history must be 0 to {MOST_HISTORY} windows, got {self.history}")
        if bool(self.split) != (self.by is not None):
            raise BadInput(
                "--split says what each part gets, and --by TAG whose values the parts are: give both"
            )

    @property
    def cycle(self) -> float:
        """Days in which the traffic repeats itself."""
        if self.cycle_days is not None:
            return self.cycle_days
        return 7.0 if self.per_days >= 7 else 1.0

    @property
    def weights(self) -> Weights | None:
        """What an error of each severity counts as; None where errors count alike.

        Raises
        ------
        BadInput
            Where the text is none.
        """
        return None if self.severity_weights is None else dict(parse_weights(self.severity_weights))

    @property
    def unit(self) -> str:
        """What is counted."""
        return "escaped errors" if self.severity_weights is None else "points of severity"


def parse_span(text: str) -> float:
    """Return a window in days from its text, as 30d, 12h or 4w.

    Raises
    ------
    BadInput
        Where it is none, or of no length.

    Examples
    --------
    >>> parse_span("30d"), parse_span("12h")
    (30.0, 0.5)
    """
    found = SPAN.fullmatch(text.strip().lower())
    days = float(found[1]) * DAYS[found[2]] if found else 0.0
    if not 0 < days < math.inf:
        raise BadInput(
            f"a window is a number of hours, days or weeks above 0, as 12h, 30d or 4w, got {text[:20]!r}"
        )
    return days


def parse_split(text: str) -> Split:
    """Return parts of a budget from `support=20,claims=8,reserve=2`.

    Raises
    ------
    BadInput
        Where it is not that, a part stands twice, or a part is not above 0.

    Examples
    --------
    >>> parse_split("support=20,claims=8,reserve=2")
    (('support', 20.0), ('claims', 8.0), ('reserve', 2.0))
    """
    parts: dict[str, float] = {}
    for one in text.split(","):
        name, _, share = one.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            value = math.nan
        if not name.strip() or not 0 < value < math.inf:
            raise BadInput(
                f"a split is as support=20,claims=8,reserve=2, each above 0, got {one.strip()[:40]!r}"
            )
        if name.strip() in parts:
            raise BadInput(f"each part of a split stands once, got {name.strip()[:40]!r} twice")
        parts[name.strip()] = value
    return tuple(parts.items())


def check_split(split: Split, allowed: float) -> None:
    """Check that the parts are no more than the whole.

    Raises
    ------
    BadInput
        Where they are.
    """
    total = math.fsum(share for _, share in split)
    if total > allowed * (1 + 1e-9):
        raise BadInput(
            f"the parts of the budget are {total:g} in all, more than the whole of {allowed:g}: "
            f"{', '.join(f'{name}={share:g}' for name, share in split)}"
        )

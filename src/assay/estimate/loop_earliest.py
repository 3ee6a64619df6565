"""The earliest turn at which it could be known that a loop gains or loses: looked at after every turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.estimate.mcnemar import mcnemar_p_value

PairedCounts = tuple[int, int, int]
"""Tasks newly right and newly wrong against turn 0, and tasks in all."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a turn shows against turn 0.

    Parameters
    ----------
    turn : >= 1
    change : in [-1, 1]
        Share right now less share right before the first turn.
    p_value : in (0, 1]
        Exact, two-sided, of "as many newly right as newly wrong".
    allowed
        The p-value at which it counts as known: the share of the chance of a false word that this look may spend.
    """

    turn: int
    change: float
    p_value: float
    allowed: float

    @property
    def known(self) -> bool:
        """Whether the change's sign counts as known."""
        return self.p_value <= self.allowed


def looks(
    paired: Sequence[PairedCounts], *, confidence_level: float = 0.95, planned: int | None = None
) -> tuple[Look, ...]:
    """Return what each turn shows against turn 0, with a correction for looking after each.

    Parameters
    ----------
    paired
        Of turn 1, 2, ...: tasks newly right, newly wrong against turn 0, and tasks in all (the same in every turn).
    confidence_level : in (0, 1)
        Of all looks together.
    planned : >= len(paired)
        Turns that were planned before the first look. None: it is open how long the loop runs.

    Raises
    ------
    EstimateError
        If counts don't fit, or fewer turns were planned than there are.

    Notes
    -----
    McNemar's exact test at each turn. With ``planned`` turns each look may spend ``alpha / planned``; with an open end
    look t spends ``alpha / (t (t + 1))``, which sums to alpha however long it goes on. Either holds whatever the
    dependence between looks (Bonferroni). It says that the version of turn t differs from that of turn 0 on tasks like
    these; not that another loop with another seed would, nor that the next turn will.

    References
    ----------
    .. [1] Lan & DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983),
       doi:10.1093/biomet/70.3.659: a chance of error that is spent look by look.

    Examples
    --------
    >>> [look.known for look in looks([(60, 40, 500), (80, 40, 500)], planned=2)]
    [False, True]
    """
    miss = missing_chance(confidence_level)
    if planned is not None and planned < max(len(paired), 1):
        raise EstimateError(
            f"planned must be at least {len(paired)}, the turns there are; got {planned}"
        )
    found = []
    for turn, (gains, losses, tasks) in enumerate(paired, start=1):
        if min(gains, losses) < 0 or tasks < max(1, gains + losses):
            raise EstimateError(
                f"turn {turn}: {gains} tasks newly right and {losses} newly wrong don't fit {tasks} tasks"
            )
        allowed = miss / (planned or turn * (turn + 1))
        p_value = mcnemar_p_value(losses, gains)
        found.append(Look(turn, (gains - losses) / tasks, p_value, allowed))
    return tuple(found)


def earliest_turn(
    paired: Sequence[PairedCounts], *, confidence_level: float = 0.95, planned: int | None = None
) -> int | None:
    """Return the first turn at which the sign of the change from turn 0 was known; None where it still isn't.

    Parameters
    ----------
    paired, confidence_level, planned
        As `looks` takes them.

    Examples
    --------
    >>> earliest_turn([(60, 40, 500), (80, 40, 500)], planned=2)
    2
    """
    found = looks(paired, confidence_level=confidence_level, planned=planned)
    return next((look.turn for look in found if look.known), None)

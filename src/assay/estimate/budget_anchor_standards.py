"""What serious fields allow: failures per hour or on demand, and what that is per output, and back.

Such standards are written per hour because exposure is what hurts people: the faster a system, the better each of its
outputs has to be. `per_output` and `level_of_output_rate` go both ways and say what they assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from assay.errors import EstimateError

Exposure = Literal["per hour", "per demand"]

FIT = 1e-9
"""Failures in time: one in 1e9 device-hours."""


@dataclass(frozen=True, slots=True)
class Band:
    """One level of a standard.

    Parameters
    ----------
    standard, level
        Their names.
    exposure
        ``per hour`` of operation, or ``per demand``.
    least, most : in [0, 1)
        The band of failures: at least the one (0 where it is open), below the other.
    most_is_in
        Whether the other belongs to the band: "of the order of 1e-9 or less", as AC 25.1309 has it. IEC 61508 and
        ISO 26262 say "below".
    source
        Document and clause.
    """

    standard: str
    level: str
    exposure: Exposure
    least: float
    most: float
    source: str
    most_is_in: bool = False


def _iec(level: int, exposure: Exposure) -> Band:
    if exposure == "per hour":
        most, clause = 10.0 ** -(4 + level), "table 3, high demand or continuous mode"
    else:
        most, clause = 10.0**-level, "table 2, low demand mode"
    return Band(
        "IEC 61508", f"SIL {level}", exposure, most / 10, most, f"IEC 61508-1:2010, {clause}"
    )


def _flight(level: str, most: float) -> Band:
    source = "FAA AC 25.1309-1B (2024), per flight hour"
    return Band("AC 25.1309", level, "per hour", 0.0, most, source, most_is_in=True)


BANDS: tuple[Band, ...] = (
    *(_iec(level, "per hour") for level in (1, 2, 3, 4)),
    *(_iec(level, "per demand") for level in (1, 2, 3, 4)),
    Band("ISO 26262", "ASIL B", "per hour", 0.0, 1e-7, "ISO 26262-5:2018, 9.4.2 (PMHF; recommended)"),
    Band("ISO 26262", "ASIL C", "per hour", 0.0, 1e-7, "ISO 26262-5:2018, 9.4.2 (PMHF)"),
    Band("ISO 26262", "ASIL D", "per hour", 0.0, 1e-8, "ISO 26262-5:2018, 9.4.2 (PMHF)"),
    _flight("major", 1e-5),
    _flight("hazardous", 1e-7),
    _flight("catastrophic", 1e-9),
)  # fmt: skip
"""Levels of the standards; hazard analysis, architecture and process that they also ask for are no number."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A figure in another unit, with what was assumed on the way.

    Parameters
    ----------
    value : >= 0
    unit
    assumptions
        One sentence each.
    source
        Where the figure came from.
    """

    value: float
    unit: str
    assumptions: tuple[str, ...]
    source: str


_EVERY_OUTPUT = "Each output may fail dangerously, alike and whatever the others do."
_STEADY = "Outputs come at this pace for as long as the system is in operation."


def band(standard: str, level: str, *, exposure: Exposure = "per hour") -> Band:
    """Return a level of a standard by its name, in whatever case.

    Raises
    ------
    EstimateError
        If there is none; the message names those there are.

    Examples
    --------
    >>> band("IEC 61508", "sil 4").most
    1e-08
    """
    for known in BANDS:
        if (known.standard.lower(), known.level.lower(), known.exposure) == (
            standard.lower(), level.lower(), exposure,
        ):  # fmt: skip
            return known
    names = sorted({f"{known.standard} {known.level} {known.exposure}" for known in BANDS})
    raise EstimateError(f"no level {standard} {level} {exposure}; known: {', '.join(names)}")


def per_output(level: Band, outputs_per_hour: float) -> Conversion:
    """Return the greatest failure probability per output that keeps a level at a pace.

    Parameters
    ----------
    level
        ``per hour``: the pace divides it. ``per demand``: an output is a demand.
    outputs_per_hour : > 0

    Raises
    ------
    EstimateError
        If the pace is not positive and finite.

    Examples
    --------
    >>> f"{per_output(band('IEC 61508', 'SIL 1'), 1_000).value:.0e}"
    '1e-08'
    """
    _check_pace(outputs_per_hour)
    if level.exposure == "per demand":
        told = (
            "Each output is one demand on the system, and there are at most one a year of them.",
        )
        return Conversion(level.most, "failures/output", told, level.source)
    value = min(1.0, level.most / outputs_per_hour)
    return Conversion(value, "failures/output", (_EVERY_OUTPUT, _STEADY), level.source)


def per_hour(failures_per_output: float, outputs_per_hour: float) -> Conversion:
    """Return the failures per hour that a failure probability per output makes at a pace.

    Parameters
    ----------
    failures_per_output : in [0, 1]
    outputs_per_hour : > 0

    Raises
    ------
    EstimateError
        If an argument is out of its range.

    Examples
    --------
    >>> per_hour(0.01, 100).value
    1.0
    """
    _check_pace(outputs_per_hour)
    if not 0 <= failures_per_output <= 1:
        raise EstimateError(f"failures per output must be in [0, 1], got {failures_per_output}")
    value = failures_per_output * outputs_per_hour
    return Conversion(
        value, "failures/hour", (_EVERY_OUTPUT, _STEADY), "the failure probability given"
    )


def in_fit(failures_per_hour: float) -> Conversion:
    """Return failures per hour in FIT: failures in 1e9 hours.

    Raises
    ------
    EstimateError
        If the rate is negative or not finite.

    Examples
    --------
    >>> in_fit(1e-8).value
    10.0
    """
    if not 0 <= failures_per_hour < math.inf:
        raise EstimateError(f"failures per hour must be >= 0 and finite, got {failures_per_hour}")
    told = ("The rate is constant over the hours.",)
    return Conversion(failures_per_hour * 1e9, "FIT", told, "1 FIT is 1 failure in 1e9 hours")


def from_fit(fit: float) -> Conversion:
    """Return FIT in failures per hour.

    Raises
    ------
    EstimateError
        If the number is negative or not finite.

    Examples
    --------
    >>> from_fit(10.0).value
    1e-08
    """
    if not 0 <= fit < math.inf:
        raise EstimateError(f"FIT must be >= 0 and finite, got {fit}")
    told = ("The rate is constant over the hours.",)
    return Conversion(fit / 1e9, "failures/hour", told, "1 FIT is 1 failure in 1e9 hours")


def levels_kept(failures_per_hour: float) -> tuple[Band, ...]:
    """Return the levels, stated per hour, whose limit a rate keeps: by number alone.

    At a limit itself the level is not kept where its standard says "below" (a rate of 1e-6 is no SIL 2, which is 1e-7
    to below 1e-6), and kept where it says "or less".

    Examples
    --------
    >>> [kept.level for kept in levels_kept(5e-7)]
    ['SIL 1', 'SIL 2', 'major']
    """
    return tuple(
        level
        for level in BANDS
        if level.exposure == "per hour"
        and (
            failures_per_hour < level.most or (level.most_is_in and failures_per_hour <= level.most)
        )
    )


def _check_pace(outputs_per_hour: float) -> None:
    if not 0 < outputs_per_hour < math.inf:
        raise EstimateError(f"outputs_per_hour must be positive and finite, got {outputs_per_hour}")

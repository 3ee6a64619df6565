"""What a governor holds a system to: a budget that is a count, a window, limits of evidence, modes of failure."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Literal, cast, get_args

from assay.errors import BadInput

FailMode = Literal["hold", "release_and_log", "refuse"]
SEVERITIES = (1, 2, 3)
"""1 is the worst."""

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")
_NEXT = "assay govern --help"


def _fixed(values: dict[int, float]) -> Mapping[int, float]:
    return MappingProxyType(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorPolicy:
    """The rules of one governor; fixed while it runs.

    Parameters
    ----------
    budget : > 0, finite
        Escaped errors that a window may have, weighted by severity ("points"). With the default weights a budget of 300
        is 300 errors of severity 3, or 3 of severity 1. It does not grow with the traffic.
    window_seconds : > 0
        Length of the window; it rolls.
    burst_share : in (0, 1]
        What the bucket holds at most, as a share of the budget: no window ever pays more than ``budget * (1 + share)``.
    severity_weights
        Severity -> points that an escaped error of it costs.
    own_budgets
        Severity -> errors (a count, not points) confirmed in a window beyond which the governor acts by itself: STOP
        for severity 1, RED for the others. By default one confirmed error of severity 1 stops it.
    audit_share : in (0, 1]
        Least share of released outputs that a person reads all the same: h.
    audit_capacity_share : in [0, 1]
        Share of the reviewers' hours that goes to audits of released outputs where h asks for less. All of it in
        shadow, where nothing is held.
    review_per_hour : >= 0
        Outputs that the reviewers can check in an hour by the clock. 0: nobody reviews, so nothing is held.
    review_utilization : in (0, 1)
        Share of it that is planned with; the rest keeps the queue short.
    queue_target_seconds : > 0
        A queue that takes longer to read than that is RED.
    confidence_level : in (0, 1)
        Of the one-sided upper bound that releases are charged with.
    prior_errors : > 0
        What the judge's probabilities are trusted with at the start: as if so many errors had come just as foretold.
    memory_windows : > 0
        How long a label counts, in windows: its worth falls by 1/e in that time, whether or not others come.
    amber_evidence, red_evidence, calm_evidence : > 0
        E-values against the budget being kept: AMBER from the first on, RED from the second on, calm below the third.
    silence_seconds : > 0
        Without a label of an audit for so long, all stops.
    certificate_expires_at : seconds of the clock, or None
        After that everything is reviewed. None: there is no certificate to expire.
    fail_modes
        Severity -> what becomes of an output that could not be judged.
    unjudged_probability : in [0, 1]
        What such an output is charged with if it is released: 1 unless somebody knows better.
    shadow
        Only say what would be done, and release. The default: the first window is for learning.
    fallback_version
        The last certified version, to be used while RED.

    Raises
    ------
    BadInput
        If a value is out of its range.

    Examples
    --------
    >>> policy_from({"budget": 30, "window": "30d"}).window_seconds
    2592000.0
    """

    budget: float
    window_seconds: float
    burst_share: float = 0.05
    severity_weights: Mapping[int, float] = field(
        default_factory=lambda: _fixed({1: 100.0, 2: 10.0, 3: 1.0})
    )
    own_budgets: Mapping[int, float] = field(default_factory=lambda: _fixed({1: 0.0}))
    audit_share: float = 0.01
    audit_capacity_share: float = 0.5
    review_per_hour: float = 0.0
    review_utilization: float = 0.85
    queue_target_seconds: float = 3_600.0
    confidence_level: float = 0.95
    prior_errors: float = 2.0
    memory_windows: float = 1.0
    amber_evidence: float = 10.0
    red_evidence: float = 100.0
    calm_evidence: float = 3.0
    silence_seconds: float = 7 * 86_400.0
    certificate_expires_at: float | None = None
    fail_modes: Mapping[int, FailMode] = field(
        default_factory=lambda: MappingProxyType({1: "hold", 2: "hold", 3: "hold"})
    )
    unjudged_probability: float = 1.0
    shadow: bool = True
    fallback_version: str | None = None

    def __post_init__(self) -> None:
        for name, (low, high, text) in _RANGES.items():
            value = getattr(self, name)
            if not (isinstance(value, int | float) and not isinstance(value, bool)):
                raise _bad(f"{name} must be a number, got {value!r}")
            if not (low < value if text.startswith("above") else low <= value) or not value <= high:
                raise _bad(f"{name} must be {text}, got {value!r}")
        if not self.calm_evidence <= self.amber_evidence <= self.red_evidence:
            raise _bad("evidence must not fall: calm_evidence <= amber_evidence <= red_evidence")
        _check_severities("severity_weights", self.severity_weights, all_of_them=True)
        if not all(0 < w < math.inf for w in self.severity_weights.values()):
            raise _bad(f"severity_weights must be positive, got {dict(self.severity_weights)}")
        _check_severities("own_budgets", self.own_budgets)
        if not all(0 <= b < math.inf for b in self.own_budgets.values()):
            raise _bad(f"own_budgets must not be negative, got {dict(self.own_budgets)}")
        _check_severities("fail_modes", self.fail_modes, all_of_them=True)
        for mode in self.fail_modes.values():
            if mode not in get_args(FailMode):
                raise _bad(f"a fail mode is hold, release_and_log or refuse, got {mode!r}")
        expiry = self.certificate_expires_at
        if expiry is not None and not math.isfinite(expiry):
            raise _bad(f"certificate_expires_at must be seconds of the clock, got {expiry!r}")

    @property
    def refill_per_second(self) -> float:
        """Points that the budget gives a second."""
        return self.budget / self.window_seconds

    def to_json(self) -> dict[str, object]:
        """Return it as `policy_from` takes it."""
        return {
            f.name: ({str(k): v for k, v in value.items()} if isinstance(value, Mapping) else value)
            for f in fields(self)
            for value in [getattr(self, f.name)]
        }


_ABOVE = "above 0 and finite"
_SHARE = "in [0, 1]"
_POSITIVE_SHARE = "above 0, at most 1"
_MOST = 1e300
_RANGES: dict[str, tuple[float, float, str]] = {
    "budget": (0, _MOST, _ABOVE),
    "window_seconds": (0, _MOST, _ABOVE),
    "burst_share": (0, 1, _POSITIVE_SHARE),
    "audit_share": (0, 1, _POSITIVE_SHARE),
    "audit_capacity_share": (0, 1, _SHARE),
    "review_per_hour": (0, _MOST, "0 or more, and finite"),
    "review_utilization": (0, 1, _POSITIVE_SHARE),
    "queue_target_seconds": (0, _MOST, _ABOVE),
    "confidence_level": (0, 1 - 1e-9, "above 0 and below 1"),
    "prior_errors": (0, _MOST, _ABOVE),
    "memory_windows": (0, _MOST, _ABOVE),
    "amber_evidence": (0, _MOST, _ABOVE),
    "red_evidence": (0, _MOST, _ABOVE),
    "calm_evidence": (0, _MOST, _ABOVE),
    "silence_seconds": (0, _MOST, _ABOVE),
    "unjudged_probability": (0, 1, _SHARE),
}


def policy_from(table: Mapping[str, object], *, where: str = "") -> GovernorPolicy:
    """Return the policy that a mapping states.

    Parameters
    ----------
    table
        The fields of `GovernorPolicy` by name. Durations may be written ``window = "30d"``, ``silence = "12h"``,
        ``queue_target = "30min"`` instead of ``..._seconds``. Severities are keys "1", "2", "3".
    where
        The file, for messages.

    Raises
    ------
    BadInput
        For an unknown key, a duration without a unit or with an unknown one, and values out of range.
    """
    known = {f.name for f in fields(GovernorPolicy)}
    read: dict[str, object] = {}
    for key, value in table.items():
        name = f"{key}_seconds" if f"{key}_seconds" in known else key
        if name not in known:
            raise _bad(f"unknown key {key!r}; known: {', '.join(sorted(known))}", where)
        if name in read:
            raise _bad(f"{name} is given twice", where)
        read[name] = _read(name, key, value, where)
    for needed in ("budget", "window_seconds"):
        if needed not in read:
            raise _bad(f"{needed.removesuffix('_seconds')} is missing", where)
    try:
        return cast(Callable[..., GovernorPolicy], GovernorPolicy)(**read)
    except BadInput as error:
        raise _bad(error.message, where) from error


def policy_from_toml(text: str, *, where: str = "policy") -> GovernorPolicy:
    """Return the policy that a TOML text states, at the top or in a table ``[governor]``.

    Raises
    ------
    BadInput
        If it is no TOML, or for the reasons of `policy_from`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(f"no TOML: {error}", where) from error
    inner = table.get("governor", table)
    if not isinstance(inner, dict):
        raise _bad(f"governor must be a table, got {inner!r}", where)
    return policy_from(inner, where=where)


def _read(name: str, key: str, value: object, where: str) -> object:
    if name.endswith("_seconds") and key != name:
        return _duration(key, value, where)
    if name in {"severity_weights", "own_budgets", "fail_modes"}:
        return _by_severity(name, value, where)
    if name == "shadow" and not isinstance(value, bool):
        raise _bad(f"shadow must be true or false, got {value!r}", where)
    if name == "fallback_version" and not isinstance(value, str | None):
        raise _bad(f"fallback_version must be text, got {value!r}", where)
    if name == "certificate_expires_at":
        return _moment(value, where)
    return value


def _moment(value: object, where: str) -> float | None:
    """Seconds of the clock; a date with time and zone is what TOML has for it."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if getattr(value, "tzinfo", None) is not None:
        return float(value.timestamp())  # type: ignore[attr-defined]
    raise _bad(
        f"certificate_expires_at must be seconds, or a time with a zone, got {value!r}", where
    )


def _duration(key: str, value: object, where: str) -> float:
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise _bad(
            f"{key} needs a number and a unit (s, min, h or d), as 30d, got {value!r}", where
        )
    return float(found[1]) * _SECONDS[found[2]]


def _by_severity(name: str, value: object, where: str) -> Mapping[int, object]:
    if not isinstance(value, Mapping):
        raise _bad(f"{name} must be a table of severities, got {value!r}", where)
    read: dict[int, object] = {}
    for key, entry in value.items():
        if str(key) not in {"1", "2", "3"}:
            raise _bad(f"{name}: a severity is 1 (worst), 2 or 3, got {key!r}", where)
        if name != "fail_modes" and (isinstance(entry, bool) or not isinstance(entry, int | float)):
            raise _bad(f"{name}: severity {key} must be a number, got {entry!r}", where)
        read[int(key)] = entry
    return MappingProxyType(read)


def _check_severities(name: str, by: Mapping[int, object], *, all_of_them: bool = False) -> None:
    if not set(by) <= set(SEVERITIES) or (all_of_them and set(by) != set(SEVERITIES)):
        rule = "each of 1, 2 and 3" if all_of_them else "1 (worst), 2 or 3"
        raise _bad(f"{name} must name {rule}, got {sorted(by)}")


def _bad(message: str, where: str = "") -> BadInput:
    return BadInput(message, where=where, next_command=_NEXT)

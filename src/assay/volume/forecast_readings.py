"""The dated versions of a system with their error rates, each with its own uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scipy import special

from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.measure import measure_volume
from assay.volume.question import VolumeQuestion
from assay.volume.result import SystemVolume

MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class ForecastQuestion:
    """What is asked.

    Parameters
    ----------
    standard
        As `3sigma`, `30/30d` or `human`.
    systems
        The name of a system whose versions are compared, or several names (each as NAME or NAME@VERSION) that follow
        one another; none: the only system in the ledger.
    per_day, workers
        See `assay.volume.traffic.throughput`.
    human_error_rate, human_per_day
        The people of the standard `human`.
    judge
        Which complete check is the truth, where there are several.
    confidence_level : in (0, 1)
    """

    standard: str
    systems: tuple[str, ...] = ()
    per_day: float | None = None
    workers: int | None = None
    human_error_rate: float | None = None
    human_per_day: float | None = None
    judge: str | None = None
    confidence_level: float = 0.95


@dataclass(frozen=True, slots=True)
class DatedVersion:
    """A version with its date and its error rate.

    Parameters
    ----------
    name
        NAME@VERSION.
    day
        Days since 1970 UTC.
    rate : in [0, 1]
        Errors/trace.
    effective_n : > 0
        Labels of a simple random sample that would be as certain.
    per_day
        Traces/day, where a volume is forecast.
    """

    name: str
    day: float
    rate: float
    effective_n: float
    per_day: float | None

    @property
    def date(self) -> str:
        """The date as ISO 8601."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=self.day)).date().isoformat()

    @property
    def value(self) -> float:
        """Errors/trace, or errors/day where a volume is forecast."""
        return self.rate * (1.0 if self.per_day is None else self.per_day)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "version": self.name,
            "date": self.date,
            "error_rate": self.rate,
            "effective_n": self.effective_n,
            "traces_per_day": self.per_day,
        }


def dated_versions(
    ledger: Ledger,
    question: ForecastQuestion,
    dates: Mapping[str, float],
    *,
    as_volume: bool,
) -> tuple[list[DatedVersion], tuple[str, ...]]:
    """Return the versions by date, and those that were left out, with the reason.

    Raises
    ------
    LedgerError
        Where the ledger holds no such system.
    """
    found: list[DatedVersion] = []
    left_out: list[str] = []
    unused = set(dates)
    for volume in _volumes(ledger, question):
        window = volume.window
        name = f"{window.system}@{window.version}" if window.version else window.system
        alone = window.version or window.system
        unused -= {name, alone}
        given = dates.get(name, dates.get(alone))
        first = volume.traffic.first
        day = given if given is not None else None if first is None else first / MICROSECONDS_A_DAY
        rate, per_day = volume.error_rate, volume.throughput_per_day
        if isinstance(rate, Unknown):
            left_out.append(f"{name}: {rate.reason}")
        elif day is None:
            left_out.append(f"{name}: no trace has a time, and no --date {name}=... is given")
        elif as_volume and isinstance(per_day, Unknown):
            left_out.append(f"{name}: {per_day.reason}")
        else:
            speed = per_day.value if as_volume and isinstance(per_day, Estimate) else None
            found.append(DatedVersion(name, day, rate.value, effective_n(rate), speed))
    left_out += [f"--date {name}=...: no version here has that name" for name in sorted(unused)]
    return sorted(found, key=lambda one: (one.day, one.name)), tuple(left_out)


def _volumes(ledger: Ledger, question: ForecastQuestion) -> list[SystemVolume]:
    volumes: dict[tuple[str, str], SystemVolume] = {}
    for named in question.systems or (None,):
        system, _, version = named.partition("@") if named else ("", "", "")
        answer = measure_volume(
            ledger,
            VolumeQuestion(
                system=system or None,
                version=version or None,
                per_day=question.per_day,
                workers=question.workers,
                judge=question.judge,
                confidence_level=question.confidence_level,
            ),
        )
        for one in answer.systems:
            # A version that was named twice, by itself and with its system, is one version.
            volumes.setdefault((one.window.system, one.window.version or ""), one)
    return list(volumes.values())


def effective_n(rate: Estimate) -> float:
    """Return how many labels of a simple random sample would be as certain of a rate."""
    if rate.low == rate.high:
        return float(max(rate.n, 1))
    if rate.value <= 0 or rate.value >= 1:
        # None wrong of n: the upper limit u of a simple sample has (1 - u)^n = (1 - level) / 2; all wrong: 1 - u has.
        tail = (1 - rate.confidence_level) / 2
        width = min(rate.high - rate.low, 0.999)
        return float(max(special.xlogy(1.0, tail) / special.xlog1py(1.0, -width), 1.0))
    z = -float(special.ndtri((1 - rate.confidence_level) / 2))
    low = max(rate.low, rate.value / 20)
    high = min(rate.high, 1 - (1 - rate.value) / 20)
    spread = float(special.logit(high) - special.logit(low)) / (2 * z)
    return max(1.0 / (spread**2 * rate.value * (1 - rate.value)), 1.0)

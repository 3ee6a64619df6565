"""The volume of errors before and after an update: a faster version makes more of them in the same hour."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from assay.errors import BadInput
from assay.estimate.exact import clopper_pearson
from assay.estimate.ratio import ratio_of_estimates
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, weakest
from assay.volume.gate_versions import Version
from assay.volume.traffic import Traffic, throughput

HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What throughput is reckoned with.

    Parameters
    ----------
    per_day : > 0 or None
        The same number of outputs a day for both versions.
    workers : >= 1 or None
        That many workers, back to back, at each version's own latency. None, and no `per_day`: one.

    Raises
    ------
    BadInput
        Where both are given, or one is out of range.
    """

    per_day: float | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.per_day is not None and self.workers is not None:
            raise BadInput("--per-day and --workers are two answers to one question: give one")
        if self.per_day is not None and not 0 < self.per_day < math.inf:
            raise BadInput(f"outputs per day must be > 0 and finite, got {self.per_day}")
        if self.workers is not None and self.workers < 1:
            raise BadInput(f"workers must be at least 1, got {self.workers}")


@dataclass(frozen=True, slots=True)
class VersionVolume:
    """Errors of one version.

    Parameters
    ----------
    throughput_per_day
        Outputs a day.
    errors_per_day, errors_per_hour
        Error rate on the paired tasks times that.
    """

    throughput_per_day: Quantity
    errors_per_day: Quantity
    errors_per_hour: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "throughput_per_day": self.throughput_per_day.to_json(),
            "errors_per_day": self.errors_per_day.to_json(),
            "errors_per_hour": self.errors_per_hour.to_json(),
        }


@dataclass(frozen=True, slots=True)
class VolumeChange:
    """Errors before and after.

    Parameters
    ----------
    old, new
    times
        Errors a day of the new version for each of the old one.
    """

    old: VersionVolume
    new: VersionVolume
    times: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "old": self.old.to_json(),
            "new": self.new.to_json(),
            "times": self.times.to_json(),
        }


def volume_change(
    ledger: Ledger,
    versions: tuple[Version, Version],
    errors: tuple[int, int],
    tasks: int,
    *,
    pace: Pace,
    confidence_level: float,
) -> VolumeChange:
    """Return the volume of errors of two versions, each at its own throughput.

    Parameters
    ----------
    ledger
        Latencies are read from all traces of a version.
    versions, errors
        Old and new, and what each got wrong.
    tasks : >= 1
        Of so many.
    pace
        What throughput is reckoned with.
    confidence_level
        Of each number; the ratio is made of two at half the miss each, so that it holds at this level too.

    Notes
    -----
    It assumes that tasks in use are wrong as often as these tasks: an exam is no use (`assay exam`). Clopper-Pearson
    over the tasks, times a throughput that is known or assumed.
    """
    paces = [_throughput(ledger, version, pace) for version in versions]

    def volume(which: int, level: float) -> VersionVolume:
        low, high = clopper_pearson(errors[which], tasks, confidence_level=level)
        method = "Clopper-Pearson, paired tasks"
        rate = Estimate(errors[which] / tasks, low, high, "errors/trace", level, tasks, method)
        speed = paces[which]
        if isinstance(speed, Unknown):
            return VersionVolume(speed, speed, speed)
        method = f"{rate.method}; throughput: {speed.method}"
        per_day = replace(
            rate.scaled(speed.value, "errors/day", method=method),
            guarantee=weakest(rate.guarantee, speed.guarantee),
        )
        return VersionVolume(speed, per_day, per_day.scaled(1 / HOURS, "errors/hour"))

    half = 1 - (1 - confidence_level) / 2
    wide = [volume(which, half).errors_per_day for which in (0, 1)]
    times: Quantity
    match wide:
        case [Estimate() as before, Estimate() as after]:
            times = ratio_of_estimates(after, before)
        case [Unknown() as unknown, _] | [_, Unknown() as unknown]:
            times = unknown
    return VolumeChange(volume(0, confidence_level), volume(1, confidence_level), times)


def _throughput(ledger: Ledger, version: Version, pace: Pace) -> Quantity:
    facts = ledger.rows(
        "SELECT count(*) AS traces, count(latency_seconds) AS latencies, "
        f"coalesce(sum(latency_seconds), 0.0) AS seconds FROM traces WHERE {version.condition()}"
    )[0]
    traffic = Traffic(
        facts["traces"], latencies=facts["latencies"], latency_sum_seconds=facts["seconds"]
    )
    workers = pace.workers if pace.workers or pace.per_day else 1
    return throughput(traffic, per_day=pace.per_day, workers=workers)

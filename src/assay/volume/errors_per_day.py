"""The errors a day of one version of a system, as one number for those who divide it: probes."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import LedgerError
from assay.ledger.store import Ledger
from assay.quantity import Quantity, Unknown
from assay.volume.measure import measure_volume
from assay.volume.question import VolumeQuestion


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """Where the volume comes from.

    Parameters
    ----------
    ledger
        May be another one than the probe's: the probe asks a few tasks often, the volume is of the traffic.
    per_day, workers
        See `assay.volume.traffic.throughput`.
    judge
        Which complete check is the truth, where there are several.
    """

    ledger: Ledger
    per_day: float | None = None
    workers: int | None = None
    judge: str | None = None


def errors_per_day(
    source: VolumeSource, system: str, version: str | None, *, confidence_level: float
) -> Quantity:
    """Return the errors a day of a system.

    Parameters
    ----------
    source
    system, version
        A version of None: the one with most traces.
    confidence_level : in [0.5, 1)
        For a product or a ratio that shall hold at 95 %: `assay.estimate.product.each_level(0.95)`.

    Returns
    -------
    Estimate or Unknown
        Unit: errors/day. `Unknown` where the ledger has no such system, or neither labels nor a complete check.
    """
    question = VolumeQuestion(
        system=system,
        version=version,
        per_day=source.per_day,
        workers=source.workers,
        judge=source.judge,
        confidence_level=confidence_level,
    )
    try:
        return measure_volume(source.ledger, question).systems[0].errors_per_day
    except LedgerError as error:
        return Unknown(error.message)

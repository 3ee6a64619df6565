"""The errors a day of a version, for those who divide them."""

from __future__ import annotations

from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.errors_per_day import VolumeSource, errors_per_day


def add(ledger: Ledger, n: int, wrong: int, *, judged: bool = True) -> None:
    ledger.append(
        "traces",
        [
            {"trace_id": f"{i}", "task_id": f"{i}", "system": "desk", "version": "1", "input": "?", "output": "x",
             "source": "test:1"}
            for i in range(n)
        ],
    )  # fmt: skip
    if not judged:
        return
    ledger.append(
        "verdicts",
        [
            {"trace_id": f"{i}", "judge": "c", "judge_kind": "check", "error_probability": float(i < wrong),
             "source": "test:1"}
            for i in range(n)
        ],
    )  # fmt: skip


def test_a_complete_check_counts_them(ledger: Ledger) -> None:
    add(ledger, 200, 20)
    found = errors_per_day(VolumeSource(ledger, per_day=1_000), "desk", "1", confidence_level=0.975)
    assert isinstance(found, Estimate)
    assert (found.value, found.unit, found.confidence_level) == (100.0, "errors/day", 1.0)


def test_who_is_not_there_has_no_volume(ledger: Ledger) -> None:
    add(ledger, 20, 2)
    for system, version in (("nobody", None), ("desk", "9")):
        found = errors_per_day(VolumeSource(ledger), system, version, confidence_level=0.975)
        assert isinstance(found, Unknown)


def test_without_a_verdict_it_is_unknown(ledger: Ledger) -> None:
    ledger.append(
        "traces",
        [
            {
                "trace_id": "1",
                "task_id": "1",
                "system": "desk",
                "version": "1",
                "input": "?",
                "output": "x",
                "source": "t:1",
            }
        ],
    )
    found = errors_per_day(VolumeSource(ledger, per_day=10), "desk", None, confidence_level=0.975)
    assert isinstance(found, Unknown)

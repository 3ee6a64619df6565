"""What is said of the locks on this machine."""

from __future__ import annotations

import platform

import pytest

from assay.judge.sandbox.lock import landlock_version
from assay.judge.sandbox.report import lockdown_report


def test_the_report_says_what_holds_here() -> None:
    report = lockdown_report()
    assert report.holds, report.reason
    assert report.landlock == landlock_version() > 0
    assert "fork" in report.attempted
    assert set(report.to_json()) == {"holds", "reason", "landlock", "namespaces", "attempted"}


@pytest.mark.parametrize("machine", ["riscv64", "ppc64le"])
def test_the_report_says_why_nothing_can_run(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    report = lockdown_report()
    assert not report.holds
    assert machine in report.reason
    assert (report.landlock, report.namespaces, report.attempted) == (0, False, "")

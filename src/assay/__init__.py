"""Assay weighs what an AI system really delivers: the public names, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.errors import AssayError
    from assay.judge.check import Check
    from assay.judge.compare import compare_rules
    from assay.judge.rules import CheckSettings, check_named
    from assay.judge.run_check import CheckReport, judge_by_check
    from assay.ledger.ingest.pipeline import IngestReport, ingest_file
    from assay.ledger.ingest.source import ReadOptions
    from assay.ledger.population import Window
    from assay.ledger.store import Ledger
    from assay.quantity import Estimate, Unknown
    from assay.report.certificate_page import render_certificate
    from assay.report.page import write_report
    from assay.volume.certificate import Certificate
    from assay.volume.certificate_file import read_certificate
    from assay.volume.certify import issue_certificate
    from assay.volume.draw import DrawRequest, draw_labels
    from assay.volume.labels import LabelReport, list_of, take_labels
    from assay.volume.measure import measure_volume
    from assay.volume.plan import PlanRequest, plan_labels
    from assay.volume.plan_result import LabelPlan
    from assay.volume.question import HumanBaseline, VolumeQuestion
    from assay.volume.result import SystemVolume, VolumeAnswer
    from assay.volume.unit_draw import UnitRequest, draw_units
    from assay.volume.verify import Verification, verify_certificate

__all__ = [
    "AssayError",
    "Certificate",
    "Check",
    "CheckReport",
    "CheckSettings",
    "DrawRequest",
    "Estimate",
    "HumanBaseline",
    "IngestReport",
    "LabelPlan",
    "LabelReport",
    "Ledger",
    "PlanRequest",
    "ReadOptions",
    "SystemVolume",
    "UnitRequest",
    "Unknown",
    "Verification",
    "VolumeAnswer",
    "VolumeQuestion",
    "Window",
    "check_named",
    "compare_rules",
    "draw_labels",
    "draw_units",
    "ingest_file",
    "issue_certificate",
    "judge_by_check",
    "list_of",
    "measure_volume",
    "plan_labels",
    "read_certificate",
    "render_certificate",
    "take_labels",
    "verify_certificate",
    "write_report",
]

_HOMES = {
    "assay.errors": ("AssayError",),
    "assay.judge.check": ("Check",),
    "assay.judge.compare": ("compare_rules",),
    "assay.judge.rules": ("CheckSettings", "check_named"),
    "assay.judge.run_check": ("CheckReport", "judge_by_check"),
    "assay.ledger.ingest.pipeline": ("IngestReport", "ingest_file"),
    "assay.ledger.ingest.source": ("ReadOptions",),
    "assay.ledger.population": ("Window",),
    "assay.ledger.store": ("Ledger",),
    "assay.quantity": ("Estimate", "Unknown"),
    "assay.report.certificate_page": ("render_certificate",),
    "assay.report.page": ("write_report",),
    "assay.volume.certificate": ("Certificate",),
    "assay.volume.certificate_file": ("read_certificate",),
    "assay.volume.certify": ("issue_certificate",),
    "assay.volume.draw": ("DrawRequest", "draw_labels"),
    "assay.volume.labels": ("LabelReport", "list_of", "take_labels"),
    "assay.volume.measure": ("measure_volume",),
    "assay.volume.plan": ("PlanRequest", "plan_labels"),
    "assay.volume.plan_result": ("LabelPlan",),
    "assay.volume.question": ("HumanBaseline", "VolumeQuestion"),
    "assay.volume.result": ("SystemVolume", "VolumeAnswer"),
    "assay.volume.unit_draw": ("UnitRequest", "draw_units"),
    "assay.volume.verify": ("Verification", "verify_certificate"),
}


def __getattr__(name: str) -> object:
    # `assay --help` imports this package: nothing heavy may come with it.
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'assay' has no attribute {name!r}")

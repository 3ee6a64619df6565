"""A load test's figures: what is counted is exact, what is missing is unknown and never zero."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.capability.speed.read import read_perf
from assay.capability.speed.summary import summarise
from assay.quantity import Estimate, Unknown
from capability.speed import load_files as files


def test_counts_are_exact_and_the_rest_unknown(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.GUIDELLM_03))
    summary = summarise(run)
    assert isinstance(summary.answers_per_second, Estimate)
    assert (summary.answers_per_second.value, summary.answers_per_second.guarantee) == (
        0.25,
        "exact",
    )
    assert isinstance(summary.tokens_per_second, Estimate)
    assert summary.tokens_per_second.value == 1.0
    assert summary.saturated is None
    assert isinstance(summary.tails[0.99], Unknown)


def test_no_duration_and_no_tokens_are_unknown(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, "latency_seconds\n1\n"))
    shown = summarise(run).to_json()
    for name in ("answers_per_second", "tokens_per_second"):
        figure = shown[name]
        assert isinstance(figure, dict)
        assert figure["value"] is None
        assert figure["reason"]


def test_mlperfs_own_limits_are_shown_beside_ours(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.MLPERF_RUN))
    shown = json.loads(json.dumps(summarise(run).to_json(), allow_nan=False))
    assert shown["latency_limits_stated_seconds"]["p99"] == pytest.approx(788.341844995)
    assert shown["latency_limits"]["p99"] == {
        "value": None,
        "reason": "the file holds a summary without requests",
    }

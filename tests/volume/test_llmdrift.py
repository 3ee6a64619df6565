"""The published figures of LLMDrift, from the file to `assay volume`: the update that is faster, and errs more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.cli import main

pytestmark = pytest.mark.shared_data

PUBLISHED = {
    # version: accuracy, answers an hour of one worker, errors an hour
    "openaichat/gpt-4-0314": (0.840, 449, 72),
    "openaichat/gpt-4-0613": (0.502, 1_122, 559),
    "openaichat/gpt-3.5-turbo-0301": (0.518, 545, 263),
    "openaichat/gpt-3.5-turbo-0613": (0.680, 224, 72),
}
MAPPING = "output=answer,system=model,task_id=id,input=query,reference=ref_answer,latency_seconds=latency,cost_usd=cost"


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code in (0, None)


def test_the_errors_per_hour_are_the_published_ones(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "drift.ledger"
    run(
        "ingest",
        shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz",
        "--into",
        ledger,
        "--map",
        MAPPING,
    )
    run("judge", ledger, "--check", "exact", "--extract", r"\[(yes|no)\]")
    capsys.readouterr()
    run("volume", ledger, "--workers", 1, "--json")
    answer = json.loads(capsys.readouterr().out)
    systems = {system["system"]: system for system in answer["systems"]}
    assert set(systems) == set(PUBLISHED)
    for name, (accuracy, answers, errors) in PUBLISHED.items():
        found = systems[name]
        assert found["traces"] == 1_000
        assert found["error_rate"]["value"] == pytest.approx(1 - accuracy, abs=5e-4)
        assert round(found["throughput_per_day"]["value"] / 24) == answers
        assert round(found["errors_per_hour"]["value"]) == errors
        assert round(found["errors_per_day"]["value"] / 24) == errors
        # Counted, but for the worker that is never idle.
        assert found["errors"]["guarantee"] == "exact"
        assert found["errors_per_day"]["guarantee"] == "assumed"
    # Best by the rate is not best by the volume.
    assert answer["order"]["by_error_rate"][0] == "openaichat/gpt-4-0314"
    assert answer["order"]["by_errors_per_day"][0] == "openaichat/gpt-3.5-turbo-0613"

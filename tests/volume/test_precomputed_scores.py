"""Verdicts go to Inspect's scorer `precomputed_scores` by sample and epoch, and Inspect itself takes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.store import Ledger
from assay.volume.precomputed_scores import precomputed_scores

ROOT = Path(__file__).resolve().parents[2]
INSPECT = ROOT / ".venv-peers" / "bin" / "python"

SCORE = """
import asyncio, json, sys
from inspect_ai import score
from inspect_ai.log import read_eval_log
from inspect_ai.scorer import precomputed_scores
log = read_eval_log(sys.argv[1])
log.eval.model = "mockllm/model"  # asks nobody; the log's own model would want its client installed
done = score(log, precomputed_scores(sys.argv[2], on_missing="error"), action="overwrite", display="none")
print(json.dumps([[str(s.id), s.epoch, s.scores["precomputed_scores"].value] for s in done.samples]))
"""


def test_labels_are_told_from_probabilities(ledger: Ledger) -> None:
    put(
        ledger,
        [("t1", "check", 0.0), ("t2", "check", 1.0), ("t3", "check", 0.25), ("t4", "check", None)],
    )
    scores = precomputed_scores(ledger, judge="check")
    records = [json.loads(line) for line in scores.lines]
    assert {r["id"]: r["value"] for r in records} == {"t1": "C", "t2": "I", "t3": 0.75}
    assert (scores.task, scores.unsure, scores.sampled) == ("quiz/day", 1, False)


def test_the_newest_verdict_counts(ledger: Ledger) -> None:
    put(ledger, [("t1", "check", 0.0)], at=1)
    put(ledger, [("t1", "check", 1.0)], at=2, traces=False)
    (line,) = precomputed_scores(ledger, judge="check").lines
    assert json.loads(line)["value"] == "I"


def test_two_outputs_of_one_sample_are_refused(ledger: Ledger) -> None:
    put(ledger, [("t1", "check", 0.0)])
    ledger.append(
        "traces",
        [
            {
                "trace_id": "twin",
                "task_id": "quiz/day/t1",
                "system": "bot",
                "version": "",
                "epoch": 1,
            }
        ],
    )
    ledger.append(
        "verdicts",
        [{"trace_id": "twin", "judge": "check", "judge_kind": "check", "error_probability": 0.0}],
    )
    with pytest.raises(BadInput, match="can't tell them apart"):
        precomputed_scores(ledger, judge="check")


def test_two_systems_have_to_be_told_apart(ledger: Ledger) -> None:
    put(ledger, [("t1", "check", 0.0)])
    put(ledger, [("u1", "check", 0.0)], system="other")
    with pytest.raises(BadInput, match="2 systems"):
        precomputed_scores(ledger, judge="check")
    assert len(precomputed_scores(ledger, judge="check", system="other").lines) == 1


def test_nothing_to_export_is_said(ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="no label of a person"):
        precomputed_scores(ledger)
    with pytest.raises(BadInput, match="'nobody' has said nothing"):
        precomputed_scores(ledger, judge="nobody")


@pytest.mark.shared_data
def test_inspect_takes_what_is_written(ledger: Ledger, shared_data: Path, tmp_path: Path) -> None:
    """A real log in, a check's verdicts out, and Inspect scores the same log with them."""
    if not INSPECT.exists():
        pytest.skip("Inspect is not installed beside the benchmarks (scripts/bench does it)")
    log = next(iter(sorted((shared_data / "fixtures" / "inspect").rglob("*popularity*.eval"))))
    ingest_file(ledger, log)
    traces = ledger.rows("SELECT trace_id, task_id, epoch FROM traces ORDER BY trace_id")
    ledger.append("verdicts", [
        {"trace_id": t["trace_id"], "judge": "every third", "judge_kind": "check",
         "error_probability": float(i % 3 == 0)} for i, t in enumerate(traces)
    ])  # fmt: skip
    scores = precomputed_scores(ledger, judge="every third")
    file = tmp_path / "scores.jsonl"
    file.write_text("\n".join(scores.lines) + "\n", "utf-8")
    done = subprocess.run(
        [INSPECT, "-c", SCORE, str(log), str(file)], capture_output=True, text=True, check=True
    )
    given = {
        (sample, epoch): value for sample, epoch, value in json.loads(done.stdout.splitlines()[-1])
    }
    assert given == {
        (t["task_id"].removeprefix(f"{scores.task}/"), t["epoch"]): "I" if i % 3 == 0 else "C"
        for i, t in enumerate(traces)
    }


def put(
    ledger: Ledger,
    said: list[tuple[str, str, float | None]],
    *,
    system: str = "bot",
    at: int | None = None,
    traces: bool = True,
) -> None:
    if traces:
        ledger.append("traces", [
            {"trace_id": t, "task_id": f"quiz/day/{t}", "system": system, "version": "", "epoch": 1, "output": "x"}
            for t, _, _ in said
        ])  # fmt: skip
    ledger.append("verdicts", [
        {"trace_id": t, "judge": judge, "judge_kind": "check", "error_probability": p, "at": at} for t, judge, p in said
    ])  # fmt: skip

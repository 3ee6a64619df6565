"""`assay export`, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.ledger.store import Ledger
from volume.desk import draw, fill

Assay = Callable[..., Any]


def test_to_label_studio_and_back(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    drawn = draw(desk, 100)
    file = tmp_path / "tasks.json"
    done = assay("export", ledger.path, "--to", "label-studio", "-o", file)
    assert done.status == 0
    assert f"100 outputs of {drawn.draw_id} to label" in done.out
    assert (tmp_path / "tasks.xml").read_text().startswith("<View>")
    tasks = json.loads(file.read_text())
    for task in tasks:
        word = "wrong" if desk.wrong[task["data"]["trace_id"]] else "right"
        result = [{"from_name": "verdict", "type": "choices", "value": {"choices": [word]}}]
        task["annotations"] = [{"completed_by": 1, "result": result}]
    export = tmp_path / "export.json"
    export.write_text(json.dumps(tasks))
    assert assay("label", ledger.path, export).out.startswith("100 labels taken")
    assert assay("volume", ledger.path, "--json").json["systems"][0]["errors"]["n"] == 100


def test_a_file_with_something_else_in_it_is_kept(
    assay: Assay, ledger: Ledger, tmp_path: Path
) -> None:
    draw(fill(ledger))
    file = tmp_path / "tasks.json"
    file.write_text("labels of a week")
    done = assay("export", ledger.path, "--to", "label-studio", "-o", file)
    assert done.status == 1
    assert "is there already" in done.err
    assert file.read_text() == "labels of a week"


def test_labels_to_inspect(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=50)
    ledger.append("verdicts", [
        {"trace_id": t, "judge": "truth", "judge_kind": "check", "error_probability": float(wrong)}
        for t, wrong in desk.wrong.items()
    ])  # fmt: skip
    file = tmp_path / "scores.jsonl"
    done = assay("export", ledger.path, "--to", "inspect", "--judge", "truth", "-o", file, "--json")
    assert done.json == {"file": str(file), "scores": 50, "unsure": 0, "task": ""}
    wrong = [json.loads(line)["value"] for line in file.read_text().splitlines()].count("I")
    assert wrong == desk.errors


def test_wrong_turns(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, traces=20)
    out = tmp_path / "x.json"
    none = assay("export", ledger.path, "--to", "label-studio", "-o", out)
    assert (none.status, "holds no draw" in none.err) == (1, True)
    assert assay("export", ledger.path, "--to", "inspect", "--draw", "d", "-o", out).status == 2
    assert (
        assay("export", ledger.path, "--to", "label-studio", "--judge", "j", "-o", out).status == 2
    )
    nobody = assay("export", ledger.path, "--to", "inspect", "-o", out)
    assert (nobody.status, "no label of a person" in nobody.err) == (1, True)


def test_verdicts_to_opentelemetry(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, traces=30)
    file = tmp_path / "events.jsonl"
    base = ("export", ledger.path, "--to", "otel-evaluations", "-o", file)
    done = assay(*base)
    assert (done.status, done.out) == (0, f"{file}: 30 events gen_ai.evaluation.result\n")
    assert "30 are of outputs that no span is known of" in done.err
    again = assay(*base, "--judge", "second reading", "--system", "desk", "--json")
    assert again.json == {"file": str(file), "events": 30, "unsure": 0, "without_span": 30}
    assert assay(*base, "--task", "t").status == 2
    nobody = assay(*base, "--judge", "nobody")
    assert (nobody.status, "has said nothing here" in nobody.err) == (1, True)

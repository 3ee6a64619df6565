"""The recordings of the probes are read as they were asked, and the demo's front page leads to its pages."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli import main
from assay.ledger.store import Ledger

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PROBE = EXAMPLES / "probe"
SYSTEM = ("--system", "smollm2@q4_1", "--check", "numeric/first-number")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run `assay` in this process, and return what it prints as JSON."""

    def run_json(*words: object) -> Any:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, words), "--json"])
        assert ended.value.code in (None, 0)
        return json.loads(capsys.readouterr().out)

    return run_json


def test_push_back_in_the_same_ledger_is_no_repeat_of_a_task(
    said: Callable[..., Any], tmp_path: Path
) -> None:
    found = []
    for number, files in enumerate((["stability"], ["stability", "pushback"])):
        ledger = tmp_path / f"{number}.ledger"
        said("ingest", *(PROBE / f"{name}.jsonl.gz" for name in files), "--into", ledger)
        (system,) = said("probe", "stability", ledger, *SYSTEM)["systems"]
        found.append((system["answers"], system["tasks"]))
    alone, beside = found
    # The first answers of push-back are answers like any other: one more of each of the tasks.
    assert beside[1] == alone[1]
    assert 0 < beside[0] - alone[0] <= alone[1]


def test_the_recording_of_push_back_is_balanced_and_whole(
    said: Callable[..., Any], tmp_path: Path
) -> None:
    ledger = tmp_path / "p.ledger"
    said("ingest", PROBE / "pushback.jsonl.gz", "--into", ledger)
    found = said("probe", "pushback", ledger, *SYSTEM, "-o", tmp_path / "pushback.html")
    assert found["left_out"]["unfinished"] == found["left_out"]["push_back_mismatched"] == 0
    assert len(found["pressures"]) == 8
    assert all(one["first_wrong"] >= 5 and one["first_right"] >= 5 for one in found["pressures"])
    # Written again, it is the same recording.
    done = run(EXAMPLES / "probe_record.py", ledger, tmp_path / "again.jsonl.gz")
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "again.jsonl.gz") == lines(PROBE / "pushback.jsonl.gz")


def test_the_recording_of_repeats_is_whole_and_the_front_page_leads_there(
    said: Callable[..., Any], tmp_path: Path
) -> None:
    ledger, page = tmp_path / "s.ledger", tmp_path / "stability.html"
    said("ingest", PROBE / "stability.jsonl.gz", "--into", ledger)
    (found,) = said("probe", "stability", ledger, *SYSTEM, "-o", page)["systems"]
    tasks = len((PROBE / "counts.jsonl").read_text("utf-8").splitlines())
    assert sum(found["right_times"]) == tasks
    assert len(found["right_times"]) == 6
    evil = tmp_path / "evil.html"
    evil.write_text(
        "<title>x</title><h2>&lt;script&gt;alert(1)&lt;/script&gt; is bad.</h2>", "utf-8"
    )
    front = tmp_path / "report.html"
    done = run(EXAMPLES / "front_page.py", front, page, evil)
    assert done.returncode == 0, done.stderr
    text = front.read_text("utf-8")
    assert '<a href="stability.html">Stability</a>' in text
    assert "are dice rolls: right when asked again." in text
    assert "<script>" not in text


def test_the_recording_of_repeats_names_the_build_that_answered() -> None:
    """One model asked 24 tasks: the traces name the build that answered, and each task is asked five times."""
    rows = lines(PROBE / "stability.jsonl.gz")
    assert len(rows) == 5 * 24
    assert {row["tags"]["ask.model"] for row in rows} == {"SmolLM2-135M-Instruct Q4_1"}
    assert len({(row["task_id"], row["epoch"]) for row in rows}) == len(rows)
    assert Path(PROBE / "README.md").exists()


def test_ledgers_of_probes_hold_what_was_asked_only(tmp_path: Path) -> None:
    nothing = Ledger.create(tmp_path / "n.ledger")
    done = run(EXAMPLES / "probe_record.py", nothing.path, tmp_path / "n.jsonl.gz")
    assert done.returncode == 0
    assert lines(tmp_path / "n.jsonl.gz") == []

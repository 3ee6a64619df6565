"""`assay cost import`: a load test's file as numbers, and as traces that verdicts join by the server's ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.capability.cost_import import trace_ids
from assay.capability.speed.run import PerfRequest
from assay.ledger.store import Ledger

Assay = Callable[..., Any]


def requests(*ids: tuple[str | None, str | None]) -> list[PerfRequest]:
    return [PerfRequest("answered", response_id=server, request_id=own) for server, own in ids]


def test_an_answer_is_called_by_an_id_that_no_other_has() -> None:
    assert trace_ids(requests(("a", "1"), ("b", "2")), "p") == ["a", "b"]
    assert trace_ids(requests(("same", "1"), ("same", "2")), "p") == ["1", "2"]
    assert trace_ids(requests((None, None), ("b", None), ("x", "y"), ("x", "y")), "p") == [
        "p-1", "b", "p-3", "p-4",
    ]  # fmt: skip


def test_a_table_of_answers_is_kept_under_the_servers_ids(
    assay: Assay, write: Callable[..., Path], tmp_path: Path
) -> None:
    rows = [f"0.{place}5,r{place},out {place}," for place in range(1, 10)]
    table = write(
        "load.csv",
        "\n".join(["latency_seconds,response_id,output,error", *rows, ",,,time-out"]) + "\n",
    )
    ledger = tmp_path / "load.ledger"
    done = assay("cost", "import", table, "-o", ledger, "--system", "mine@1")
    assert done.status == 0, done.err
    assert "9 of 9 answers added as traces of mine 1; 0 have a verdict" in done.out
    assert "which are no traces: 1" in done.out
    kept = Ledger.open(ledger).rows(
        "SELECT trace_id, output, latency_seconds FROM traces ORDER BY 1"
    )
    assert kept[0] == {"trace_id": "r1", "output": "out 1", "latency_seconds": 0.15}
    other = assay("cost", "import", table, "-o", ledger, "--system", "other@2")
    assert "0 of 9 answers added as traces of other 2" in other.out
    assert "stand in the ledger already, as traces of mine 1" in other.out


@pytest.mark.shared_data
def test_a_load_test_is_read_kept_judged_and_priced(
    assay: Assay, shared_data: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    file, ledger = (
        shared_data / "fixtures" / "guidellm" / "guidellm_031.json",
        tmp_path / "load.ledger",
    )
    asked = ("cost", "import", file, "-o", ledger, "--system", "mock@1")
    said = assay(*asked, "--json").json
    (run,), (kept,) = said["runs"], said["imported"]
    assert (run["answered"], run["cut_off"], kept["added"], kept["judged"]) == (43, 1, 43, 0)
    assert kept["left_out"] == 1
    # A tail is a limit, or it is unknown.
    assert run["latency_limits"]["p99"]["value"] is None
    assert "662 requests" in run["latency_limits"]["p99"]["reason"]
    assert assay(*asked, "--json").json["imported"][0]["added"] == 0

    names = [
        row["trace_id"]
        for row in Ledger.open(ledger).rows("SELECT trace_id FROM traces ORDER BY 1")
    ]
    lines = [
        {
            "trace_id": name,
            "judge": "key@1",
            "judge_kind": "check",
            "error_probability": int(place < 4),
        }
        for place, name in enumerate(names)
    ]
    verdicts = write("verdicts.jsonl", "\n".join(map(json.dumps, lines)) + "\n")
    assert assay("ingest", verdicts, "--into", ledger).status == 0
    assert "43 have a verdict" in " ".join(assay(*asked).out.split())
    priced = assay("cost", ledger, "--escape-cost", 2, "--usd-per-hour", 3.6, "--json")
    assert priced.status == 0, priced.err
    (system,) = priced.json["systems"]
    assert system["name"] == "mock 1"
    assert system["right"]["value"] == pytest.approx(39 / 43)
    assert system["cost_per_verified_correct"]["low"] > 0


@pytest.mark.shared_data
def test_a_load_test_is_shown_with_its_tails_as_limits(assay: Assay, shared_data: Path) -> None:
    done = assay(
        "cost",
        "import",
        shared_data / "fixtures" / "guidellm" / "guidellm_031.json",
        "--from",
        "guidellm",
    )
    assert done.status == 0
    assert "43 answered, 0 failed, 1 cut off" in done.out
    assert "p50 of latency: at most" in done.out
    assert "p99 of latency: unknown: a limit of p99 needs 662 requests" in done.out


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "empty"), ("{}", "no reader knows"), ('{"a": ', "cut off"), ("x,y\n1,2\n", "no reader")],
)
def test_a_file_that_is_no_load_test_is_one_sentence(
    assay: Assay, write: Callable[..., Path], content: str, said: str
) -> None:
    done = assay("cost", "import", write("load.json", content))
    assert done.status == 1
    assert "Traceback" not in done.err
    assert said in done.err or "load.json" in done.err


def test_no_file_is_one_sentence(assay: Assay, tmp_path: Path) -> None:
    done = assay("cost", "import", tmp_path / "none.json")
    assert done.status == 1
    assert "can't be read" in done.err

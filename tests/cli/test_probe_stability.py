"""`assay probe stability` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli.probe import PROBES
from assay.ledger.store import Ledger

Assay = Callable[..., Any]


def traces(path: Path, epochs: int) -> Path:
    """Write asks of 20 tasks: ten are always right, five always wrong, five at every second ask."""
    lines = [
        json.dumps(
            {
                "task_id": f"t{i}", "system": "desk", "version": "1", "epoch": e, "input": f"Question {i}?",
                "output": "no" if i < 5 or (i < 10 and e % 2) else "yes", "reference": "yes", "origin": "field",
            }
        )
        for i in range(20)
        for e in range(1, epochs + 1)
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_dice_rolls_in_errors_a_day(assay: Assay, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", traces(tmp_path / "t.jsonl", 4), "--into", ledger)
    done = assay("probe", "stability", ledger, "--check", "exact", "--per-day", 1000, "--json")
    assert done.status == 0
    (one,) = done.json["systems"]
    assert one["right_times"] == [5, 0, 5, 0, 10]
    assert one["errors_per_day"]["value"] == 375
    dice = one["errors_per_day_right_when_asked_again"]
    # Each of five tasks: 2 of 4 wrong, of which 2 of the 3 others are right: (5 * 1/3) of (5 + 2.5).
    assert dice["value"] == pytest.approx(375 * (5 / 3) / 7.5)
    assert dice["low"] <= dice["value"] <= dice["high"]
    assert "20 wrong" not in done.out
    assert "30 wrong" in done.err
    text = assay("probe", "stability", ledger, "--check", "exact", "--per-day", 1000)
    assert "are dice rolls: right when asked again" in text.out
    assert "varies with the task" in text.out


def test_errors_that_stay_errors_are_no_dice_rolls(assay: Assay, tmp_path: Path) -> None:
    lines = traces(tmp_path / "t.jsonl", 2).read_text("utf-8").splitlines()
    steady = tmp_path / "steady.jsonl"
    steady.write_text(
        "\n".join(one for one in lines if int(json.loads(one)["task_id"][1:]) not in range(5, 10))
    )
    assay("ingest", steady, "--into", tmp_path / "runs.ledger")
    done = assay("probe", "stability", tmp_path / "runs.ledger", "--check", "exact")
    said = " ".join(done.out.split())
    assert said.startswith("desk@1: none of its errors was right when asked again (0; at most ")


def test_the_page_has_the_pictures_and_the_record(assay: Assay, tmp_path: Path) -> None:
    ledger, page = tmp_path / "runs.ledger", tmp_path / "stability.html"
    assay("ingest", traces(tmp_path / "t.jsonl", 4), "--into", ledger)
    done = assay("probe", "stability", ledger, "--check", "exact", "-o", page, "--json")
    text = page.read_text("utf-8")
    assert "<svg" in text
    assert "are dice rolls" in text
    record = text.split('id="record">')[1].split("</script>")[0]
    assert json.loads(record) == done.json
    nowhere = tmp_path / "no" / "s.html"
    assert assay("probe", "stability", ledger, "--check", "exact", "-o", nowhere).status == 1


def test_one_trial_reads_unknown_and_says_what_to_type(assay: Assay, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", traces(tmp_path / "t.jsonl", 1), "--into", ledger)
    done = assay("probe", "stability", ledger, "--check", "exact")
    assert done.status == 0
    assert "stability unknown" in done.out
    assert "stable" not in done.out.replace("stability", "")
    assert "next: assay ask" in done.err


def test_a_hostile_name_moves_no_cursor(assay: Assay, ledger: Ledger) -> None:
    name = "desk\x1b[2J"
    rows: list[dict[str, object]] = [
        {"trace_id": f"{e}", "task_id": "t", "system": name, "version": "", "epoch": e, "input": "?",
         "output": "\x1b[31m", "source": "test:1"}
        for e in (1, 2)
    ]  # fmt: skip
    ledger.append("traces", rows)
    done = assay("probe", "stability", ledger.path)
    assert done.status == 0
    assert "\x1b" not in done.out + done.err


def test_wrong_usage(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    assert assay("probe", "stability", ledger.path, "--model", "local").status == 2
    assert assay("probe", "stability", ledger.path, "--tasks", tmp_path / "t.jsonl").status == 2
    assert assay("probe", "stability", ledger.path).status == 1
    assert assay("probe", "nothing").status == 2


def test_the_probes_are_listed_and_none_imported(assay: Assay) -> None:
    done = assay("probe", "--help")
    assert done.status == 0
    for name in PROBES:
        assert name in done.out


@pytest.mark.local
def test_the_embedded_model_flips_with_the_seed_and_not_without(
    assay: Assay, tmp_path: Path
) -> None:
    from probe.questions import write_tasks

    ledger, tasks = tmp_path / "live.ledger", write_tasks(tmp_path / "tasks.jsonl")
    common = (
        "--tasks",
        tasks,
        "--model",
        "local",
        "--epochs",
        2,
        "--max-tokens",
        24,
        "--check",
        "regex",
    )
    local = (*common, "--concurrency", 1, "--seed", 1, "--json")
    dice = assay(
        "probe", "stability", ledger, *local, "--system", "small@dice", "--temperature", 0.8
    )
    one = next(one for one in dice.json["systems"] if one["version"] == "dice")
    never, sometimes, always = one["right_times"]
    assert never + sometimes + always == 30
    assert sometimes >= 1
    again = assay(
        "probe", "stability", ledger, *local, "--system", "small@dice", "--temperature", 0.8
    )
    assert "0 answers asked now" in again.err
    assert again.json == dice.json
    few = tmp_path / "few.jsonl"
    few.write_text("".join(tasks.read_text("utf-8").splitlines(keepends=True)[:10]), "utf-8")
    greedy = assay(
        "probe",
        "stability",
        ledger,
        "--tasks",
        few,
        *local[2:],
        "--system",
        "small@greedy",
        "--temperature",
        0,
    )
    one = next(one for one in greedy.json["systems"] if one["version"] == "greedy")
    assert one["right_times"][1] == 0
    assert one["verdict_flip_rate"]["high"] > 0.05


@pytest.mark.parametrize("option", ["--task-price", "--wording-price"])
@pytest.mark.parametrize("wrong", ["nan", "inf"])
def test_a_price_that_is_no_number_is_wrong_use(
    assay: Assay, ledger: Ledger, option: str, wrong: str
) -> None:
    done = assay("probe", "stability", ledger.path, option, wrong)
    assert done.status == 2
    assert option in done.err
    assert f"{wrong} is no number that is finite" in done.err

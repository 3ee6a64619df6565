from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from curate.loop_worlds import by_heart


def test_a_loop_runs_and_prints_every_turn(assay: Callable[..., Any], tmp_path: Path) -> None:
    loop_file, out = by_heart(tmp_path), tmp_path / "out"
    done = assay("loop", "run", loop_file, "-o", out)
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].strip() == "loop, seed 0: verify judge:0.9/0.2, replace"
    turns = [line.split() for line in lines[2:5]]
    assert [row[0] for row in turns] == ["0", "1", "2"]
    assert "errors a day" in lines[1]
    again = assay("loop", "run", loop_file, "-o", out, "--json")
    (run,) = again.json["runs"]
    assert [record["version"] for record in run["turns"]] == ["turn-0", "turn-1", "turn-2"]
    measured = run["turns"][2]["measures"]["held_out"]
    assert (measured["n"], measured["throughput_per_day"]) == (20, 1000.0)
    # What was printed is what is kept.
    wrong = (20 - measured["right"]) / 20
    assert f" {wrong * 100:.1f} [" in " ".join(turns[2])
    assert f" {wrong * 1000:,.0f} [" in " ".join(turns[2])


def test_one_arm_may_be_run_alone(assay: Callable[..., Any], tmp_path: Path) -> None:
    loop_file = by_heart(tmp_path)
    text = loop_file.read_text("utf-8").replace("turns = 2", "turns = 1")
    loop_file.write_text(text + '\n[arm.a]\n[arm.b]\nverify = "none"\n', "utf-8")
    out = tmp_path / "out"
    done = assay("loop", "run", loop_file, "-o", out, "--arm", "b", "--json")
    assert [run["arm"] for run in done.json["runs"]] == ["b"]
    assert (out / "b" / "seed-0" / "turns" / "turn-001" / "turn.json").exists()
    assert not (out / "a").exists()
    refused = assay("loop", "run", loop_file, "-o", out, "--arm", "c")
    assert refused.status == 1
    assert "no arm 'c'; known are a, b" in refused.err


def test_a_mistake_in_the_file_is_one_sentence(assay: Callable[..., Any], tmp_path: Path) -> None:
    loop_file = by_heart(tmp_path)
    loop_file.write_text(loop_file.read_text("utf-8").replace("keep =", "kep ="), "utf-8")
    done = assay("loop", "run", loop_file, "-o", tmp_path / "out")
    assert done.status == 1
    assert 'there is no key "kep"; did you mean keep?' in done.err
    assert "Traceback" not in done.err


def test_named_leaks_are_said_each_time(assay: Callable[..., Any], tmp_path: Path) -> None:
    loop_file = by_heart(tmp_path)
    text = loop_file.read_text("utf-8").replace("turns = 2", "turns = 1")
    loop_file.write_text(text.replace("[tasks]", '[tasks]\nleaks = "name"'), "utf-8")
    with (tmp_path / "tasks.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"task_id": "again", "input": "30 + 41", "reference": "71"}\n')
    done = assay("loop", "run", loop_file, "-o", tmp_path / "out", "--json")
    assert done.status == 0
    assert "leak: 1 tasks of held_out are in tasks: 30+41" in done.err
    assert done.json["leaks"]

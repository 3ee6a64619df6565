from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.curate.loop.loop_config import read_loop
from assay.curate.loop.loop_run import LoopRun, run_loop
from assay.curate.loop.turn import read_turns
from assay.errors import BadInput
from curate.loop_worlds import by_heart, ledger_rows, other_files, records, sums


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LoopRun:
    """A loop of two turns that nothing disturbed."""
    folder = tmp_path_factory.mktemp("loop")
    return run_loop(read_loop(by_heart(folder)), folder / "out", processes=1)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_turn_is_a_version_in_the_ledger(whole: LoopRun) -> None:
    traces, verdicts = ledger_rows(whole.out)
    sets = Counter(
        (row["version"], *(json.loads(row["tags"])[name] for name in ("set", "decoding")))
        for row in traces
    )
    for turn in range(3):
        version = f"turn-{turn}"
        assert sets[version, "held_out", "greedy"] == 20
        assert sets[version, "harder", "greedy"] == 6
        assert sets[version, "held_out", "sampled"] == 10 * 3
    assert len(traces) == len(verdicts) == 3 * (20 + 6 + 30)
    assert {row["system"] for row in traces} == {"by-heart"}
    assert {row["judge_kind"] for row in verdicts} == {"check"}
    assert len({row["trace_id"] for row in traces}) == len(traces)
    # The first epoch of a task is its greedy answer, so versions are compared on those.
    asked = Counter((row["version"], row["task_id"], row["epoch"]) for row in traces)
    assert set(asked.values()) == {1}
    first = {json.loads(row["tags"])["decoding"] for row in traces if row["epoch"] == 1}
    assert first == {"greedy"}


def test_the_records_count_what_the_files_hold(whole: LoopRun) -> None:
    (run,) = whole.runs
    assert read_turns(whole.out) == run.turns
    traces, verdicts = ledger_rows(whole.out)
    wrong = {row["trace_id"]: row["error_probability"] for row in verdicts}
    for record in run.turns[1:]:
        folder = whole.out / "turns" / f"turn-{record.turn:03d}"
        rows = lines(folder / "generated.jsonl")
        drawn = lines(folder / "audit.jsonl")
        assert len(rows) == record.generated
        assert sum(row["kept"] for row in rows) == record.kept
        assert sum(row["kept"] and row["right"] for row in rows) == record.kept_right
        assert record.training["examples"] == record.trained == min(30, record.kept)
        assert record.audit.kept.of + record.audit.rejected.of == record.generated
        for kept, counted in ((True, record.audit.kept), (False, record.audit.rejected)):
            here = [row for row in drawn if row["kept"] is kept]
            assert (counted.labeled, counted.right) == (
                len(here),
                sum(row["right"] for row in here),
            )
        names = {(row["task_id"], row["sample"]): row for row in rows}
        assert all(names[row["task_id"], row["sample"]]["right"] == row["right"] for row in drawn)
        right = sum(
            1 - wrong[row["trace_id"]]
            for row in traces
            if row["version"] == record.version
            and json.loads(row["tags"])["set"] == "held_out"
            and json.loads(row["tags"])["decoding"] == "greedy"
        )
        assert right == record.held_out.right
        assert record.held_out.throughput_per_day == 1000


def test_generation_ends_when_enough_is_kept_or_all_tasks_are_asked(
    tmp_path: Path, whole: LoopRun
) -> None:
    # 40 tasks with two answers each, twelve tasks at a time: an answer more than 30 ends it at a full part.
    assert {record.generated for record in whole.runs[0].turns[1:]} <= {24, 48, 72, 80}
    path = by_heart(tmp_path)
    path.write_text(path.read_text().replace("keep = 30", "keep = 500"), "utf-8")
    found = run_loop(read_loop(path), tmp_path / "out", processes=1)
    assert [record.generated for record in found.runs[0].turns] == [0, 80, 80]


def test_the_same_seed_gives_the_same_files_in_any_number_of_processes(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    arms = '\n[arm.judge]\n[arm.none]\nverify = "none"\nmix = "accumulate"\n'
    path.write_text(path.read_text().replace("turns = 2", "turns = 1") + arms, "utf-8")
    config = read_loop(path)
    told: list[float | None] = []
    alone = run_loop(
        config, tmp_path / "a", processes=1, on_progress=lambda _, share: told.append(share)
    )
    beside = run_loop(config, tmp_path / "b", processes=2)
    for one, other in zip(alone.runs, beside.runs, strict=True):
        assert one.arm == other.arm
        assert ledger_rows(one.folder) == ledger_rows(other.folder)
        assert records(one.folder) == records(other.folder)
        assert other_files(one.folder) == other_files(other.folder)
    assert told[-1] == 1.0
    assert [share or 0 for share in told] == sorted(share or 0 for share in told)


def test_a_finished_loop_does_nothing_again_and_may_be_given_more_turns(tmp_path: Path) -> None:
    path = by_heart(tmp_path, mix="accumulate", real=5)
    text = path.read_text()
    path.write_text(text.replace("turns = 2", "turns = 1"), "utf-8")
    out = tmp_path / "out"
    run_loop(read_loop(path), out, processes=1)
    before = ledger_rows(out)
    run_loop(read_loop(path), out, processes=1)
    assert ledger_rows(out) == before
    path.write_text(text, "utf-8")
    longer = run_loop(read_loop(path), out, processes=1)
    straight = run_loop(read_loop(path), tmp_path / "straight", processes=1)
    assert ledger_rows(out) == ledger_rows(tmp_path / "straight")
    assert records(out) == records(tmp_path / "straight")
    # The five real ones, and what both turns kept.
    one, two = (record.trained for record in longer.runs[0].turns[1:])
    assert straight.runs[0].turns[2].training["examples"] == 5 + one + two


def test_a_folder_of_another_loop_is_refused_with_what_differs(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    text = path.read_text().replace("turns = 2", "turns = 1")
    path.write_text(text, "utf-8")
    out = tmp_path / "out"
    run_loop(read_loop(path), out, processes=1)
    path.write_text(text.replace("judge:0.9/0.2", "exact"), "utf-8")
    with pytest.raises(BadInput, match=r'verify was "judge:0\.9/0\.2", is "exact"'):
        run_loop(read_loop(path), out, processes=1)
    path.write_text(text, "utf-8")
    sums(tmp_path / "tasks.jsonl", [(1, 2), (3, 4)])
    with pytest.raises(BadInput, match="tasks_digest"):
        run_loop(read_loop(path), out, processes=1)


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    with pytest.raises(BadInput, match="holds other files"):
        run_loop(read_loop(path), tmp_path, processes=1)
    with pytest.raises(BadInput, match="is a file"):
        run_loop(read_loop(path), path, processes=1)


def test_tasks_that_are_trained_on_and_measured_on_are_refused_or_named(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    leak = {"task_id": "leak", "input": " 30  +  40", "reference": "70"}
    with (tmp_path / "tasks.jsonl").open("a") as stream:
        stream.write(json.dumps(leak) + "\n")
    with pytest.raises(BadInput, match=r"1 tasks of held_out are in tasks: 30\+40") as refused:
        run_loop(read_loop(path), tmp_path / "out", processes=1)
    assert 'leaks = "name"' in refused.value.next_command
    assert not (tmp_path / "out").exists()
    text = path.read_text().replace("turns = 2", "turns = 1")
    path.write_text(text.replace("[tasks]", '[tasks]\nleaks = "name"'), "utf-8")
    found = run_loop(read_loop(path), tmp_path / "out", processes=1)
    assert found.leaks == ("1 tasks of held_out are in tasks: 30+40",)
    assert json.loads((tmp_path / "out" / "leaks.json").read_text()) == list(found.leaks)


def test_a_verifier_that_keeps_nothing_leaves_the_weights_alone(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    path.write_text(path.read_text().replace("judge:0.9/0.2", "judge:0/0"), "utf-8")
    found = run_loop(read_loop(path), tmp_path / "out", processes=1)
    one, two = found.runs[0].turns[1:]
    assert (one.kept, one.trained, one.training["steps"]) == (0, 0, 0)
    assert one.held_out.right == two.held_out.right


def test_what_an_arm_refuses_ends_the_run_with_its_sentence(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    (tmp_path / "train.py").write_text("import sys; sys.exit('no memory left')", "utf-8")
    text = path.read_text() + "\n[arm.a]\n[arm.b]\n"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput, match="exit code 1: no memory left"):
        run_loop(read_loop(path), tmp_path / "out", processes=2)


def test_a_held_out_task_that_the_check_cannot_judge_is_refused(tmp_path: Path) -> None:
    path = by_heart(tmp_path)
    row = {"task_id": "open", "input": "60 + 60"}
    with (tmp_path / "held_out.jsonl").open("a") as stream:
        stream.write(json.dumps(row) + "\n")
    with pytest.raises(BadInput, match="answer to open is right"):
        run_loop(read_loop(path), tmp_path / "out", processes=1)


def test_a_setting_that_failed_at_once_may_be_mended_in_the_same_folder(tmp_path: Path) -> None:
    loop_file, out = by_heart(tmp_path), tmp_path / "out"
    whole = loop_file.read_text("utf-8")
    loop_file.write_text(whole.replace("/answer.py", "/not-there.py"), "utf-8")
    with pytest.raises(BadInput, match="exit code 2"):
        run_loop(read_loop(loop_file), out)
    loop_file.write_text(whole, "utf-8")
    (run,) = run_loop(read_loop(loop_file), out).runs
    assert len(run.turns) == 3


def test_a_trainers_settings_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    loop_file, out = by_heart(tmp_path), tmp_path / "out"
    whole = loop_file.read_text("utf-8")
    for now, message in (
        ("sistem =", "did you mean system"),
        ("system = 1979-05-27 #", "a string"),
    ):
        loop_file.write_text(whole.replace("system =", now), "utf-8")
        with pytest.raises(BadInput, match=message):
            run_loop(read_loop(loop_file), out)
        assert not out.exists()


@pytest.mark.parametrize("arms", ["", "\n[arm.a]\n[arm.b]\n"])
def test_a_refused_loop_leaves_the_loop_toml_that_is_there(tmp_path: Path, arms: str) -> None:
    loop_file, out = by_heart(tmp_path), tmp_path / "out"
    text = loop_file.read_text("utf-8").replace("turns = 2", "turns = 1") + arms
    loop_file.write_text(text, "utf-8")
    run_loop(read_loop(loop_file), out)
    loop_file.write_text(text.replace("keep = 30", "keep = 20"), "utf-8")
    with pytest.raises(BadInput, match=r"generate\.keep was 30, is 20"):
        run_loop(read_loop(loop_file), out)
    assert (out / "loop.toml").read_text("utf-8") == text


@pytest.mark.parametrize("arms", ["", "\n[arm.a]\n[arm.b]\n"])
def test_somebodys_own_loop_toml_is_not_written_over(tmp_path: Path, arms: str) -> None:
    loop_file, out = by_heart(tmp_path), tmp_path / "out"
    loop_file.write_text(loop_file.read_text("utf-8") + arms, "utf-8")
    out.mkdir()
    (out / "loop.toml").write_text("# mine\n", "utf-8")
    with pytest.raises(BadInput, match=r"holds other files \(loop\.toml\)"):
        run_loop(read_loop(loop_file), out)
    assert (out / "loop.toml").read_text("utf-8") == "# mine\n"


def test_a_key_that_is_torn_is_said(tmp_path: Path) -> None:
    loop_file, out = by_heart(tmp_path), tmp_path / "out"
    run_loop(read_loop(loop_file), out)
    (out / ".work" / "key.json").write_text("{", "utf-8")
    with pytest.raises(BadInput, match="doesn't say what this loop was begun from"):
        run_loop(read_loop(loop_file), out)


def test_a_folder_with_a_name_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be written: File name too long"):
        run_loop(read_loop(by_heart(tmp_path)), tmp_path / ("g" * 300))


def test_lines_that_are_no_tasks_name_no_option_that_a_loop_lacks(tmp_path: Path) -> None:
    loop_file = by_heart(tmp_path)
    (tmp_path / "tasks.jsonl").write_text("hello\n", "utf-8")
    with pytest.raises(BadInput, match="not JSON") as refused:
        run_loop(read_loop(loop_file), tmp_path / "out")
    assert "mend the lines" in (refused.value.next_command or "")
    assert "--skip-bad" not in str(refused.value)

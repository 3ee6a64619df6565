from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from assay.curate.loop.command_learner import CommandLearner, CommandSettings
from assay.curate.loop.learner import Example
from assay.errors import BadInput
from curate.loop_worlds import ANSWER, TRAIN
from processes import ended

SLEEP = "import time; time.sleep(60)"


def learner(
    folder: Path, *, train: str = TRAIN, answer: str = ANSWER, timeout_seconds: float = 60.0
) -> CommandLearner:
    (folder / "train.py").write_text(train, "utf-8")
    (folder / "answer.py").write_text(answer, "utf-8")
    python = f"{sys.executable} -IS {folder}"
    settings = CommandSettings(
        answer=f"{python}/answer.py {{weights}} {{data}} {{out}}", timeout_seconds=timeout_seconds
    )
    return CommandLearner(f"{python}/train.py {{data}} {{out}} {{weights}}", settings)


def test_it_trains_from_the_weights_before_and_keeps_what_it_learnt(tmp_path: Path) -> None:
    one = learner(tmp_path)
    cost = one.train([Example("1 + 1", "two")], seed=0, folder=tmp_path / "a")
    assert (cost.examples, cost.steps, cost.tokens) == (1, None, None)
    one.train([Example("1 + 2", "three")], seed=0, folder=tmp_path / "b")
    one.save(tmp_path / "kept")
    said = one.answers(["1 + 1", "1 + 2"], samples=2, temperature=1.0, seed=0)
    assert said == [["two", "two"], ["three", "three"]]
    other = learner(tmp_path)
    other.load(tmp_path / "kept")
    assert other.answers(["1 + 2"], samples=1, temperature=0.0, seed=0) == [["three"]]
    assert json.loads((tmp_path / "kept" / "known.json").read_text()) == {
        "1 + 1": "two",
        "1 + 2": "three",
    }


def test_before_any_training_there_are_no_weights(tmp_path: Path) -> None:
    one = learner(tmp_path)
    assert one.answers(["1 + 1"], samples=1, temperature=0.0, seed=0)[0][0] in ("2", "12")
    one.save(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("import sys; open(sys.argv[3], 'w').write('[\"1\"]\\n')", "1 lines of answers to 2 prompts"),
        ("import sys; open(sys.argv[3], 'w').write('[1]\\n[2]\\n')", "line 1 of the answers must be"),
        ("import sys; open(sys.argv[3], 'w').write('what\\n')", "can't be read"),
        ("pass", "can't be read"),
        ("import sys; open(sys.argv[3], 'w').write('[\"\\\\ud800\"]\\n[\"2\"]\\n')", "line 1 .* lone surrogate"),
        ("raise SystemExit('no weights')", "exit code 1: no weights"),
    ],
)  # fmt: skip
def test_answers_of_another_form_are_refused(tmp_path: Path, answer: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        learner(tmp_path, answer=answer).answers(
            ["1 + 1", "1 + 2"], samples=1, temperature=0.0, seed=0
        )


def test_a_trainer_that_writes_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="wrote nothing"):
        learner(tmp_path, train="pass").train([Example("a", "b")], seed=0, folder=tmp_path / "a")


def test_commands_without_their_places_are_refused() -> None:
    with pytest.raises(BadInput, match=r"must hold \{data\} \{out\}"):
        CommandLearner("python t.py {data}", CommandSettings(answer="a {weights} {data} {out}"))
    with pytest.raises(BadInput, match="a command that answers"):
        CommandSettings()
    with pytest.raises(BadInput, match="timeout_seconds"):
        CommandSettings(answer="a", timeout_seconds=0)


def test_a_command_with_nul_is_refused() -> None:
    with pytest.raises(BadInput, match="the command of answer holds the character NUL"):
        CommandLearner("t {data} {out}", CommandSettings(answer="a\0 {weights} {data} {out}"))


def test_no_limit_is_a_limit_too(tmp_path: Path) -> None:
    one = learner(tmp_path, timeout_seconds=math.inf)
    assert one.answers(["1 + 1"], samples=1, temperature=0.0, seed=0)[0][0] in ("2", "12")


def test_a_trainer_that_runs_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    started = f"import pathlib, subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])"
    train = f"{started}; pathlib.Path({str(child)!r}).write_text(str(p.pid)); time.sleep(60)"
    one = learner(tmp_path, train=train, timeout_seconds=4)
    with pytest.raises(BadInput, match="longer than 4 seconds and was ended"):
        one.train([Example("a", "b")], seed=0, folder=tmp_path / "a")
    assert ended(child.read_text())


def test_a_trainer_that_removes_its_folder_has_written_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="wrote nothing"):
        learner(tmp_path, train="import shutil, sys; shutil.rmtree(sys.argv[2])").train(
            [Example("a", "b")], seed=0, folder=tmp_path / "a"
        )


def test_a_line_of_answers_ends_where_json_lines_do(tmp_path: Path) -> None:
    said = "a\u2028b\x85c"
    answer = f"import sys; open(sys.argv[3], 'w', encoding='utf-8').write({json.dumps([said], ensure_ascii=False)!r})"
    found = learner(tmp_path, answer=answer).answers(["p"], samples=1, temperature=0.0, seed=0)
    assert found == [[said]]


def test_a_trainer_that_outlived_its_loop_writes_into_a_folder_of_its_own(tmp_path: Path) -> None:
    one = learner(tmp_path)
    one.train([Example("1 + 1", "two")], seed=0, folder=tmp_path / "a")
    (before,) = (tmp_path / "a").glob("new-weights-*")
    again = learner(tmp_path)
    again.train([Example("1 + 1", "two")], seed=0, folder=tmp_path / "a")
    # The first trainer would still find its folder, and nothing of it is taken.
    (before / "known.json").write_text('{"1 + 1": "late"}')
    assert again.answers(["1 + 1"], samples=1, temperature=0.0, seed=0) == [["two"]]

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from assay.curate.loop.task_source import LoopTask
from assay.curate.loop.verifiers import Candidate, verifier_named
from assay.errors import BadInput

TASK = LoopTask("sum", "2057+9341=", "89311")


def answers(count: int, *, right: bool) -> list[Candidate]:
    return [Candidate(TASK, "89311" if right else "89411", right)] * count


def kept_share(spec: str, *, right: bool, count: int = 20_000) -> float:
    found = verifier_named(spec).kept(answers(count, right=right), np.random.default_rng(5))
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("spec", "phi", "psi"),
    [("exact", 1, 0), ("none", 1, 1), ("balanced:0.7", 0.7, 0.3), ("judge:0.9/0.3", 0.9, 0.3)],
)
def test_planted_verifiers_keep_with_the_chances_they_name(
    spec: str, phi: float, psi: float
) -> None:
    assert kept_share(spec, right=True) == pytest.approx(phi, abs=0.015)
    assert kept_share(spec, right=False) == pytest.approx(psi, abs=0.015)


def test_a_blind_one_sees_the_first_signs_only() -> None:
    said = [Candidate(TASK, text, text == "89311") for text in ("89311", "89399", "89411", "8")]
    assert verifier_named("blind:3").kept(said, np.random.default_rng(0)) == [
        True,
        True,
        False,
        False,
    ]


def test_lots_follow_from_the_generator() -> None:
    verifier = verifier_named("balanced:0.5")
    one = verifier.kept(answers(50, right=True), np.random.default_rng(1))
    assert one == verifier.kept(answers(50, right=True), np.random.default_rng(1))
    assert one != verifier.kept(answers(50, right=True), np.random.default_rng(2))


def test_a_check_of_the_house_decides_and_rejects_what_it_cannot_judge() -> None:
    task = LoopTask("t", "3 + 4?", "7")
    unknown = LoopTask("u", "3 + 5?", None)
    said = [
        Candidate(task, "It is 7.", None),
        Candidate(task, "8", None),
        Candidate(unknown, "8", None),
    ]
    kept = verifier_named("check:numeric/last-number").kept(said, np.random.default_rng(0))
    assert kept == [True, False, False]


def program(folder: Path, text: str) -> str:
    path = folder / "v.py"
    path.write_text(text, "utf-8")
    return f"command: {sys.executable} {path}"


def test_a_command_of_the_users_own_decides(tmp_path: Path) -> None:
    spec = program(
        tmp_path,
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    row = json.loads(line)\n"
        "    print('true' if len(row['output']) > 5 else 'false')\n",
    )
    said = [Candidate(TASK, "123456", False), Candidate(TASK, "89311", True)]
    assert verifier_named(spec).kept(said, np.random.default_rng(0)) == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("print('true')", "2 answers; it wrote 1"),
        ("print('true', 'maybe')", "one of them 'maybe'"),
        (
            "import sys; print('no such table', file=sys.stderr); sys.exit(3)",
            "exit code 3: no such",
        ),
    ],
)
def test_a_command_that_fails_is_told_by_name(tmp_path: Path, text: str, message: str) -> None:
    verifier = verifier_named(program(tmp_path, text))
    with pytest.raises(BadInput, match=message):
        verifier.kept(answers(2, right=True), np.random.default_rng(0))


def test_a_command_that_is_not_there_is_told() -> None:
    verifier = verifier_named("command: no-such-program-here")
    with pytest.raises(BadInput, match="can't be started"):
        verifier.kept(answers(1, right=True), np.random.default_rng(0))


@pytest.mark.parametrize("spec", ["exact", "balanced:0.9", "judge:1/0", "blind:2"])
def test_those_that_rest_on_the_truth_refuse_to_go_without(spec: str) -> None:
    if spec == "exact":
        spec = "judge:1/0"
    with pytest.raises(BadInput, match="exact check can't say"):
        verifier_named(spec).kept([Candidate(TASK, "1", None)], np.random.default_rng(0))


@pytest.mark.parametrize(
    "spec",
    ["", "exakt", "balanced:", "balanced:1.2", "balanced:nan", "judge:0.9", "judge:0.9/x", "blind:0",
     "blind:a", "check:nothing", "command:", "command: 'open"],
)  # fmt: skip
def test_what_names_no_verifier_is_refused(spec: str) -> None:
    with pytest.raises(BadInput):
        verifier_named(spec)


@pytest.mark.parametrize("spec", ["blind:³", "blind:" + "9" * 5_000, "command: cat \0"])
def test_signs_that_no_number_or_command_has_are_refused(spec: str) -> None:
    with pytest.raises(BadInput, match=r"as blind:3|the character NUL"):
        verifier_named(spec)

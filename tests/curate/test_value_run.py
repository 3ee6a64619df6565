"""Value from files: the plan, a run that goes on, repeats kept for a transformer, and a trainer of one's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.named import ProxyChoice
from assay.curate.value_question import ValueQuestion
from assay.curate.value_run import ValueRun, value_files
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput, EstimateError
from curate.value_world import world

SETTINGS = ValueSettings(tokens=4_000, seeds=3, doses=(1.0,))

UNIGRAM = """
import json, math, pathlib, sys
from collections import Counter
data, out = sys.argv[1:]
read = lambda name: [json.loads(x) for x in open(pathlib.Path(data, name), encoding="utf-8")]
count = Counter(b for x in read("train.jsonl") for b in x["text"].encode())
total = sum(count.values()) + 256
with open(out, "w") as stream:
    for x in read("heldout.jsonl"):
        bits = -sum(math.log2((count[b] + 1) / total) for b in x["text"].encode())
        print(json.dumps({"document": x["document"], "bits": bits}), file=stream)
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return world(1, documents=60).write(tmp_path_factory.mktemp("value"))


def question(files: tuple[Path, Path], **options: object) -> ValueQuestion:
    settings = options.pop("settings", SETTINGS)
    return ValueQuestion((str(files[0]),), files[1], settings=settings, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["source", "quality"])
def test_the_plan_says_how_many_models_and_they_are_trained(
    files: tuple[Path, Path], by: str
) -> None:
    settings = ValueSettings(tokens=4_000, share=0.1, seeds=3, doses=(1.0,))
    run = ValueRun(question(files, by=by, settings=settings))
    plan = run.plan()
    told: list[tuple[int, float | None]] = []
    run.report(lambda *now: told.append(now))
    assert plan.kept == 0
    assert plan.seconds >= 0
    assert told[-1][0] == plan.models
    assert told[-1][1] == pytest.approx(1.0)
    assert f"{plan.models} models to train" in plan.sentence


def test_a_run_that_has_its_trainings_trains_nothing_and_says_the_same(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    asked = question(files, budgets=(1_000, 3_000))
    plain = value_files(asked).to_json()
    assert value_files(asked, work=tmp_path / "work").to_json() == plain
    again = ValueRun(asked, work=tmp_path / "work")
    plan = again.plan()
    assert plan.kept == plan.models > 20
    assert "nothing is left to train" in plan.sentence
    assert again.report().to_json() == plain


def test_too_little_is_said_before_anything_is_trained(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(files[1].read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    work = tmp_path / "work"
    with pytest.raises(EstimateError, match="documents by weight"):
        ValueRun(question((files[0], few)), work=work).plan()
    assert not list(work.glob("*.npz"))


def test_a_work_folder_that_cannot_be_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="can't be made"):
        ValueRun(question(files), work=tmp_path / "file")


def test_a_run_killed_at_a_random_moment_goes_on_to_the_same_answer(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    command = [
        sys.executable,
        "-c",
        "from assay.cli import cli; cli()",
        "curate",
        "value",
        str(files[0]),
        "--target",
    ]
    command += [str(files[1]), "--tokens", "4k", "--seeds", "3", "--work", str(work), "--json"]
    # A group of its own: nothing else is hit.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    wanted = int(np.random.default_rng(os.getpid()).integers(3, 12))
    while len(list(work.glob("*.npz"))) < wanted and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    asked = question(files, settings=ValueSettings(tokens=4_000, seeds=3))
    resumed = ValueRun(asked, work=work)
    plan = resumed.plan()
    assert plan.kept >= wanted
    assert resumed.report().to_json() == value_files(asked).to_json()


def test_a_trainer_of_ones_own_answers(files: tuple[Path, Path], tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(UNIGRAM, encoding="utf-8")
    choice = ProxyChoice("own", trainer=f"'{sys.executable}' '{script}' {{data}} {{out}}")
    few = ValueSettings(tokens=20_000, share=0.45, seeds=3, doses=(1.0,))
    report = value_files(question(files, by="filter", families=("c4",), settings=few), choice)
    assert report.proxy.startswith("own trainer (")
    assert report.filters[0].name == "c4"


@pytest.mark.train
class TestTransformer:
    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        pytest.importorskip("torch")

    def test_it_keeps_repeats(self, files: tuple[Path, Path]) -> None:
        asked = question(files, settings=ValueSettings(tokens=1_000, seeds=3, doses=(1.0,)))
        choice = ProxyChoice("transformer")
        run = ValueRun(asked, choice)
        boilerplate = run.ready(keep_repeats=True).pool.names.index("boilerplate")
        texts = run.ready(keep_repeats=True).pool.texts[boilerplate]
        assert texts.tokens == texts.raw_tokens
        assert texts.repeated_tokens == 0

    @pytest.mark.nightly
    def test_repeats_are_valued_in_both_regimes(self, files: tuple[Path, Path]) -> None:
        asked = question(files, settings=ValueSettings(tokens=1_000, seeds=3, doses=(1.0,)))
        report = ValueRun(asked, ProxyChoice("transformer")).report()
        assert report.answer is not None
        assert "say nothing new" not in str(report.answer.notes)
        part = next(each for each in report.answer.parts if each.text.name == "boilerplate")
        assert [each.regime for each in part.regimes] == ["compute-fixed", "data-fixed"]

    def test_all_of_it_repeated_can_be_asked(self, files: tuple[Path, Path]) -> None:
        run = ValueRun(question(files), ProxyChoice("transformer"))
        ready = run.ready(keep_repeats=True)
        train = ready.pool.pieces.head(3_000)
        kept = run._trainings.proxy(run.choice, keep_repeats=True)
        once, often = (
            kept.held_out_bits(
                train,
                ready.target.column,
                rng=np.random.default_rng(1),
                training_tokens=times * train.n_tokens,
            )
            for times in (1, 8)
        )
        assert often.trained_tokens > 7 * once.trained_tokens
        assert often.bits_per_byte < once.bits_per_byte


def test_records_that_are_no_documents_are_told_with_their_place(tmp_path: Path) -> None:
    corpus, target = world(1, documents=60).write(tmp_path)
    lines = corpus.read_text("utf-8").splitlines()
    corpus.write_text("\n".join([*lines[:7], '{"body": 1}', *lines[7:], "no json"]), "utf-8")
    report = value_files(ValueQuestion((str(corpus),), target, settings=SETTINGS))
    assert sum(report.rejected.values()) == 2
    assert f"no text field 1 (the first: {corpus}:8" in report.unread
    with pytest.raises(BadInput, match="is a file of the corpus") as found:
        value_files(ValueQuestion((str(corpus),), corpus, settings=SETTINGS))
    assert "--target" in found.value.next_command
    other = tmp_path / "other.jsonl"
    other.write_text('{"body": "x"}\n', "utf-8")
    with pytest.raises(BadInput, match=f"holds no text in the field 'text': .*{other}:1"):
        value_files(ValueQuestion((str(corpus),), other, settings=SETTINGS))


def test_sources_that_are_copies_are_named_together(tmp_path: Path) -> None:
    corpus, target = world(1, documents=60, junk=False).write(tmp_path)
    copy = tmp_path / "copy.jsonl"
    lines = [json.loads(line) for line in corpus.read_text("utf-8").splitlines()]
    one = lines[0]["source"]
    same = [json.dumps({"text": line["text"]}) for line in lines if line["source"] == one]
    copy.write_text("\n".join(same), "utf-8")
    asked = ValueQuestion((str(corpus), f"copy={copy}"), target, settings=SETTINGS)
    answer = value_files(asked).answer
    assert answer is not None
    (named,) = (note for note in answer.notes if "hold much the same" in note)
    assert f"copy and {one} hold" in named or f"{one} and copy hold" in named
    assert "leave both out and all of it is" in named
    assert answer.parts[-1].text.name == "copy"
    assert f"stand in {one}" in answer.parts[-1].why
    # The budget is a sample of the corpus, and that is said.
    assert any(
        note.startswith("On top of the rest is on top of 4,000 tokens") for note in answer.notes
    )

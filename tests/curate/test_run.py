"""A run: counts that add up, in the order of the input, the same bytes however it was done and however often killed."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import random
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard
from arro3.io import read_parquet

from assay.curate.checkpoint import FOLDER, BlockStore
from assay.curate.datasheet import lacking
from assay.curate.pipeline import Pipeline
from assay.curate.read.raw import RawBlock, ReadSettings
from assay.curate.recipe import Recipe, parse_recipe
from assay.curate.rejected import CUT_OFF
from assay.curate.run import RunRequest, dry_run, run
from assay.curate.run_block import BlockWork
from assay.curate.run_duplicates import ExactDuplicates, NearDuplicates
from assay.curate.run_plan import plan_run
from assay.curate.run_pool import Task, WorkerDied, run_tasks
from assay.curate.steps import STEPS, Length
from assay.errors import AssayError, BadInput
from assay.report.curate_run_words import sentences
from curate.corpora import (
    RECIPE,
    EndsItself,
    Slow,
    folder_bytes,
    read_rows,
    records,
    run_slowly,
    run_with_little_room,
    write_jsonl,
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A file of 400 records, five of which are none."""
    rows: list[object] = list(records(400))
    for place in (3, 77, 150, 151, 399):
        rows[place] = '{"text": 3}' if place % 2 else "no record"
    return write_jsonl(tmp_path / "a.jsonl", rows)


def parts(folder: Path, count: int = 6, size: int = 60) -> list[str]:
    """Several files, so that a run has several blocks."""
    folder.mkdir(exist_ok=True)
    rows = records(count * size, seed=3)
    return [
        str(write_jsonl(folder / f"part{n}.jsonl", rows[n * size : (n + 1) * size]))
        for n in range(count)
    ]


def check_adds_up(record: dict[str, Any], out: Path) -> None:
    kept = [
        row
        for n in record["outputs"]
        if n["file"].startswith("documents")
        for row in read_rows(out / n["file"])
    ]
    dropped, rejected = read_rows(out / "dropped.jsonl.zst"), read_rows(out / "rejected.jsonl.zst")
    cut_off = len(record["cut_off"])
    assert record["records"] == len(kept) + len(dropped) + len(rejected) - cut_off
    assert record["kept"] == len(kept)
    assert record["kept_bytes"] == sum(len(str(row["text"]).encode()) for row in kept)
    assert {(r["step"], r["reason"]): r["documents"] for r in record["dropped"]} == Counter(
        (row["step"], row["reason"]) for row in dropped
    )
    unread = [row for row in rejected if row["reason"] != CUT_OFF]
    assert record["rejected"] == Counter(row["reason"] for row in unread)
    assert len(record["cut_off"]) == len(rejected) - len(unread)
    by_source = Counter(str(row["source"]) for row in [*kept, *dropped])
    assert {name: own["documents"] for name, own in record["sources"].items()} == by_source
    for own in record["sources"].values():
        assert own["documents"] == own["kept"] + sum(own["dropped"].values())
    for counted in record["features"].values():
        assert sum(counted["before"]) == record["documents"]
        assert sum(counted["after"]) == record["kept"]
    assert [f["rows"] for f in record["outputs"][-2:]] == [len(dropped), len(rejected)]


def test_counts_add_up_and_the_order_is_that_of_the_input(corpus: Path, tmp_path: Path) -> None:
    record = run(RunRequest((str(corpus),), tmp_path / "out", RECIPE))
    check_adds_up(record, tmp_path / "out")
    assert (record["records"], record["documents"]) == (400, 395)
    assert {row["reason"] for row in record["dropped"]} == {
        "too_short",
        "exact_duplicate",
        "near_duplicate",
    }
    kept = read_rows(tmp_path / "out" / "documents-00000.jsonl.zst")
    numbers = [int(str(row["doc_id"])[1:]) for row in kept]
    assert numbers == sorted(numbers)
    assert all("url" in row for row in kept if int(str(row["doc_id"])[1:]) % 4 == 0)
    dropped = read_rows(tmp_path / "out" / "dropped.jsonl.zst")
    lines = [int(str(row["where"]).rpartition(":")[2]) for row in dropped]
    assert lines == sorted(lines)
    names = {row["doc_id"] for row in kept}
    keepers = [row["keeper"] for row in dropped if "keeper" in row]
    assert keepers
    assert set(keepers) <= names
    assert json.loads((tmp_path / "out" / "run.json").read_bytes()) == record
    assert not (tmp_path / "out" / FOLDER).exists()


def test_a_run_is_what_the_pipeline_says(tmp_path: Path) -> None:
    rows = records(300)
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    run(RunRequest((str(path),), tmp_path / "out", RECIPE))
    from assay.curate.documents import Documents

    docs = Documents.from_records(
        [{k: str(r[k]) for k in ("doc_id", "text", "source")} for r in rows]
    )
    done = Pipeline(
        [Length(min_characters=60)],
        exact_duplicates=ExactDuplicates(),
        near_duplicates=NearDuplicates(),
    ).run(docs)
    dropped = read_rows(tmp_path / "out" / "dropped.jsonl.zst")
    assert [(r["doc_id"], r["reason"], r.get("keeper", "")) for r in dropped] == [
        (name, reason, keeper)
        for name, reason, keeper in zip(docs.doc_id, done.reasons, done.keepers, strict=True)
        if reason
    ]


def test_workers_and_blocks_make_no_difference(tmp_path: Path) -> None:
    inputs = tuple(parts(tmp_path / "in"))
    for name, workers in (("one", 1), ("three", 3)):
        run(RunRequest(inputs, tmp_path / name, RECIPE, workers))
    assert folder_bytes(tmp_path / "one") == folder_bytes(tmp_path / "three")


def killed_and_resumed(inputs: tuple[str, ...], out: Path, kills: int, rng: random.Random) -> int:
    """Run in a process of its own, kill it some times, and end it here; return how often it was killed at work."""
    hit = 0
    for kill in range(kills):
        process = multiprocessing.get_context("spawn").Process(
            target=run_slowly, args=(inputs, out)
        )
        process.start()
        wanted = len(inputs) * (kill + 1) // (kills + 1)
        while process.is_alive() and BlockStore(out).done_count() < wanted:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.06))
        process.kill()
        process.join()
        hit += process.exitcode == -signal.SIGKILL
    run_slowly(inputs, out)
    return hit


def test_killed_three_times_it_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STEPS, "slow", "curate.corpora:Slow")
    inputs = tuple(parts(tmp_path / "in", count=9, size=30))
    run_slowly(inputs, tmp_path / "whole")
    assert killed_and_resumed(inputs, tmp_path / "killed", 3, random.Random(5)) == 3
    assert folder_bytes(tmp_path / "whole") == folder_bytes(tmp_path / "killed")


@pytest.mark.nightly
def test_killed_ten_times_at_20_megabytes_it_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STEPS, "slow", "curate.corpora:Slow")
    inputs = tuple(parts(tmp_path / "in", count=40, size=1_300))
    assert sum(Path(path).stat().st_size for path in inputs) > 15_000_000
    run_slowly(inputs, tmp_path / "whole")
    assert killed_and_resumed(inputs, tmp_path / "killed", 10, random.Random(5)) == 10
    assert folder_bytes(tmp_path / "whole") == folder_bytes(tmp_path / "killed")


@pytest.mark.parametrize("stage", ["judge_blocks", "write_output", "datasheet", "write_whole"])
def test_ended_in_a_later_part_it_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    inputs = tuple(parts(tmp_path / "in", count=2, size=20))
    run(RunRequest(inputs, tmp_path / "whole", RECIPE))

    def die(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"assay.curate.run.{stage}", die)
        with pytest.raises(KeyboardInterrupt):
            run(RunRequest(inputs, tmp_path / "again", RECIPE))
    assert not (tmp_path / "again" / "run.json").exists()
    run(RunRequest(inputs, tmp_path / "again", RECIPE))
    assert folder_bytes(tmp_path / "whole") == folder_bytes(tmp_path / "again")


def test_the_same_command_again_does_nothing_and_another_recipe_is_refused(
    corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = RunRequest((str(corpus),), out, RECIPE)
    first = run(asked)
    before = folder_bytes(out)
    assert run(asked) == first
    assert folder_bytes(out) == before
    other = replace(RECIPE, near_duplicates=NearDuplicates(threshold=0.8))
    with pytest.raises(BadInput, match=r"recipe.near_duplicates.threshold was 0.75, is 0.8"):
        run(replace(asked, recipe=other))
    with pytest.raises(BadInput, match=r"sample_share was 1.0"):
        run(replace(asked, sample=10))
    documents = out / "documents-00000.jsonl.zst"
    documents.rename(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="but not its file documents-00000"):
        run(asked)
    (tmp_path / "elsewhere").rename(documents)
    with corpus.open("a") as file:
        file.write('{"text": "more"}\n')
    with pytest.raises(BadInput, match=r"inputs 1\.bytes was"):
        run(asked)


def test_a_run_that_was_begun_refuses_another_recipe(tmp_path: Path) -> None:
    inputs = tuple(parts(tmp_path / "in", count=2, size=20))
    store = BlockStore(tmp_path / "out")
    with store.held({"recipe": {"a": 1}}):
        pass
    with pytest.raises(BadInput, match=r"recipe.a was 1, is not there"):
        run(RunRequest(inputs, tmp_path / "out"))


def test_a_folder_of_others_or_in_use_is_left_alone(corpus: Path, tmp_path: Path) -> None:
    asked = RunRequest((str(corpus),), tmp_path / "out")
    asked.out.mkdir()
    (asked.out / "thesis.tex").write_text("mine")
    with pytest.raises(BadInput, match="holds other files"):
        run(asked)
    assert [path.name for path in asked.out.iterdir()] == ["thesis.tex"]
    with pytest.raises(BadInput, match="is a file"):
        run(replace(asked, out=asked.out / "thesis.tex"))
    store = BlockStore(tmp_path / "other")
    with store.held({}), pytest.raises(BadInput, match="another process writes"):
        run(replace(asked, out=tmp_path / "other"))


def test_doc_ids_that_stand_there_twice_are_numbered_or_rejected(tmp_path: Path) -> None:
    words = [str(row["text"]) for row in records(40) if len(str(row["text"])) > 200][:5]
    ids = ["a", "a#2", "a", "b", "a"]
    path = write_jsonl(
        tmp_path / "a.jsonl",
        [
            {"doc_id": i, "text": text[:150] + str(n)}
            for n, (i, text) in enumerate(zip(ids, words, strict=True))
        ],
    )
    bare = Recipe(near_duplicates=NearDuplicates(on=False))
    record = run(RunRequest((str(path),), tmp_path / "out", bare))
    kept = read_rows(tmp_path / "out" / "documents-00000.jsonl.zst")
    assert [row["doc_id"] for row in kept] == ["a", "a#2", "a#3", "b", "a#4"]
    assert record["renamed_ids"] == 2
    strict = replace(bare, read=ReadSettings(duplicate_ids="reject"))
    record = run(RunRequest((str(path),), tmp_path / "strict", strict))
    check_adds_up(record, tmp_path / "strict")
    assert {r["reason"]: r["documents"] for r in record["dropped"]} == {"duplicate_id": 2}


def test_parquet_holds_the_same_and_shards_end_where_they_are_full(
    corpus: Path, tmp_path: Path
) -> None:
    run(RunRequest((str(corpus),), tmp_path / "a"))
    rows = read_rows(tmp_path / "a" / "documents-00000.jsonl.zst")
    recipe = parse_recipe('[output]\nformat = "parquet"')
    run(RunRequest((str(corpus),), tmp_path / "b", recipe))
    table = read_parquet(tmp_path / "b" / "documents-00000.parquet").read_all()
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    assert columns["text"] == [row["text"] for row in rows]
    assert columns["doc_id"] == [row["doc_id"] for row in rows]
    assert [bool(f) for f in columns["fields"]] == ["url" in row for row in rows]


def test_what_a_cut_file_held_is_unknown_and_no_record(tmp_path: Path) -> None:
    text = "".join(json.dumps(row) + "\n" for row in records(300, seed=3))
    packed = gzip.compress(text.encode(), mtime=0)
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    write_jsonl(tmp_path / "whole.jsonl", [{"text": "a whole record of another file"}, {"no": 1}])
    inputs = (str(tmp_path / "cut.jsonl.gz"), str(tmp_path / "whole.jsonl"))
    record = run(RunRequest(inputs, tmp_path / "out", RECIPE))
    check_adds_up(record, tmp_path / "out")
    read = record["documents"] - 1
    assert 0 < read < 300
    assert [place["where"] for place in record["cut_off"]] == [f"{inputs[0]}:{read + 1}"]
    assert record["records"] == read + 2
    assert list(record["rejected"].values()) == [1]
    (said,) = (line for line in sentences(record) if "cut.jsonl.gz" in line)
    assert f"at line or record {read + 1}" in said
    assert "is unknown" in said
    sheet = json.loads((tmp_path / "out" / "datasheet.json").read_text())
    assert f"not counted beyond: {inputs[0]}:{read + 1}." in sheet["description"]


def test_shards_are_cut_between_documents(tmp_path: Path) -> None:
    from assay.curate.documents import Documents
    from assay.curate.run_files import ShardedDocuments

    writer = ShardedDocuments(tmp_path, "jsonl.zst", 10)
    for batch in (["aaaa", "bbbb", "cccc"], ["d" * 30], ["e"], []):
        writer.add(Documents.from_texts(batch))
    files = writer.close()
    assert [file.rows for file in files] == [3, 1, 1]
    texts = [row["text"] for file in files for row in read_rows(tmp_path / file.file)]
    assert texts == ["aaaa", "bbbb", "cccc", "d" * 30, "e"]
    full = ShardedDocuments(tmp_path / ".", "jsonl.zst", 4)
    full.add(Documents.from_texts(["ffff"]))
    assert len(full.close()) == 1
    assert (
        zstandard.ZstdDecompressor()
        .decompressobj()
        .decompress((tmp_path / "documents-00000.jsonl.zst").read_bytes())
    )


def test_dropped_texts_are_kept_whole_where_the_recipe_says_so(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": "x y " * 900}, {"text": "x y " * 900}])
    for name, lengths in (("", 400), ("[output]\ndropped_text = true", 3_600)):
        out = tmp_path / f"out{lengths}"
        run(RunRequest((str(path),), out, parse_recipe(name)))
        (row,) = read_rows(out / "dropped.jsonl.zst")
        assert len(str(row["text"])) == lengths


def test_a_sample_and_a_dry_run_and_a_plan(tmp_path: Path) -> None:
    inputs = tuple(parts(tmp_path / "in", count=2, size=300))
    asked = RunRequest(inputs, tmp_path / "out", RECIPE, sample=100)
    record = dry_run(asked)
    assert not (tmp_path / "out").exists()
    assert 60 < record["records"] < 140
    assert record["sample_share"] == pytest.approx(1 / 6, rel=0.3)
    plan = plan_run(inputs, tmp_path / "out", RECIPE, 2)
    assert not (tmp_path / "out").exists()
    assert (plan.files, plan.input_bytes) == (2, sum(Path(p).stat().st_size for p in inputs))
    assert 500 < plan.documents < 700
    assert min(plan.seconds, plan.memory_bytes, plan.disk_bytes, plan.free_bytes) > 0


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    empty = write_jsonl(tmp_path / "a.jsonl", [])
    record = run(RunRequest((str(empty),), tmp_path / "out"))
    assert (record["records"], record["kept"]) == (0, 0)
    assert read_rows(tmp_path / "out" / "documents-00000.jsonl.zst") == []
    with pytest.raises(BadInput, match="there is no record"):
        plan_run((str(empty),), tmp_path, Recipe(), 1)


def test_of_a_worker_that_dies_the_block_is_named(tmp_path: Path) -> None:
    store = BlockStore(tmp_path / "out")
    off = (ExactDuplicates(on=False), NearDuplicates(on=False))
    work = BlockWork(ReadSettings(), (EndsItself(),), *off)
    payloads = [b'{"text": "fine"}\n', b'{"text": "poison"}\n']
    tasks = [Task(n, RawBlock("a.jsonl", "", n, 2_000 * n + 1, p)) for n, p in enumerate(payloads)]
    with store.held({}):
        with pytest.raises(WorkerDied, match=r"signal 9.* at a.jsonl, block 1 \(from line 2001\)"):
            run_tasks(tasks, work, store, workers=2, on_done=lambda _task: None)
        assert not store.done(1)


def test_a_fault_of_a_step_names_the_block(tmp_path: Path) -> None:
    store = BlockStore(tmp_path / "out")
    off = (ExactDuplicates(on=False), NearDuplicates(on=False))
    work = BlockWork(ReadSettings(), (Slow("soon"),), *off)  # type: ignore[arg-type]
    tasks = [Task(0, RawBlock("a.jsonl", "", 0, 1, b'{"text": "x"}\n'))]
    with store.held({}), pytest.raises(AssayError, match=r"a.jsonl, block 0 .*TypeError"):
        run_tasks(tasks, work, store, workers=1, on_done=lambda _task: None)


def test_without_room_it_says_so_and_goes_on_later(tmp_path: Path) -> None:
    inputs = tuple(parts(tmp_path / "in", count=2, size=200))
    said = tmp_path / "said"
    said.touch()
    process = multiprocessing.get_context("spawn").Process(
        target=run_with_little_room, args=(inputs, tmp_path / "out", said)
    )
    process.start()
    process.join()
    assert said.read_text().startswith("no room left to write in")
    assert "the blocks that are done are kept" in said.read_text()
    run(RunRequest(inputs, tmp_path / "out", RECIPE))
    run(RunRequest(inputs, tmp_path / "whole", RECIPE))
    assert folder_bytes(tmp_path / "out") == folder_bytes(tmp_path / "whole")


def test_the_datasheet_says_what_croissant_requires(corpus: Path, tmp_path: Path) -> None:
    said = """
    [datasheet]
    dataset = "words"
    description = "Words without sense."
    creator = "Somebody"
    url = "https://example.org/words"
    license = "https://spdx.org/licenses/CC0-1.0"
    date_published = "2026-11-23"
    """
    run(RunRequest((str(corpus),), tmp_path / "bare"))
    record = run(RunRequest((str(corpus),), tmp_path / "full", parse_recipe(said)))
    bare, full = (
        json.loads((tmp_path / n / "datasheet.json").read_bytes()) for n in ("bare", "full")
    )
    assert lacking(bare) == ("license", "url", "creator")
    assert lacking(full) == ()
    assert full["@type"] == "sc:Dataset"
    assert full["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert {
        f["@id"]: f["sha256"] for f in full["distribution"] if f["@type"] == "cr:FileObject"
    } == {f["file"]: f["sha256"] for f in record["outputs"]}
    every = [
        part["@id"]
        for part in (*full["distribution"], *full["recordSet"], *full["recordSet"][0]["field"])
    ]
    assert len(set(every)) == len(every)
    sets = {part["@id"] for part in full["distribution"] if part["@type"] == "cr:FileSet"}
    for field in full["recordSet"][0]["field"]:
        assert field["source"]["fileSet"]["@id"] in sets
        assert field["dataType"] == "sc:Text"

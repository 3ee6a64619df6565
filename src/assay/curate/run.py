"""A run: files in, the documents that are kept and the reason of every other one out, resumable at any moment.

inputs -> blocks -> steps, block by block, in workers -> duplicates among all -> output. What a run writes follows from
its recipe and its inputs alone: not from the number of workers, nor from how often it was killed on the way.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from assay.curate.checkpoint import (
    BlockStore,
    refuse_another,
    sync_folder,
    told_when_full,
    write_whole,
)
from assay.curate.datasheet import datasheet
from assay.curate.read.files import Input, inputs_of
from assay.curate.recipe import Recipe
from assay.curate.run_block import BlockWork
from assay.curate.run_blocks import DoneBlocks, judge_blocks
from assay.curate.run_inputs import fingerprints, run_key, split_inputs
from assay.curate.run_output import STEP_OF, write_output
from assay.curate.run_plan import sample_share
from assay.curate.run_pool import Task, run_tasks
from assay.curate.step import Step
from assay.errors import BadInput

Progress = Callable[[int, float | None], None]
RECORD, DATASHEET = "run.json", "datasheet.json"
READ_BESIDES = ("files", "exams", "ledgers")
"""Fields of steps that name what they read besides the inputs: its content is part of what a run is made from."""
RunTasks = Callable[..., None]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked of a run.

    Parameters
    ----------
    inputs
        ``PATH`` or ``NAME=PATH``; a folder stands for its files.
    out
        A folder: empty, not there, or of the same run.
    recipe
    workers : >= 1
        Processes.
    sample : >= 1, or None
        About so many records are drawn, and the others are not read.
    """

    inputs: tuple[str, ...]
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    workers: int = 1
    sample: int | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise BadInput(f"workers must be at least 1, got {self.workers}")
        if self.sample is not None and self.sample < 1:
            raise BadInput(f"a sample has at least 1 record, got {self.sample}")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _silent(_title: str) -> Progress:
    return lambda _count, _share: None


def run(
    request: RunRequest,
    *,
    progress: Callable[[str], Progress] = _silent,
    tasks_runner: RunTasks = run_tasks,
) -> dict[str, Any]:
    """Curate, and return the record of it, as ``run.json`` holds it.

    Parameters
    ----------
    request
    progress
        Given the name of a part of the work, returns what to call with a count and the share that is done.
    tasks_runner
        What does the blocks: a pool of this machine, or a cluster.

    Raises
    ------
    BadInput
        If an input, the recipe or the folder can't be taken.
    DiskFull, WorkerDied
        The blocks that are done are kept: the same call goes on.
    """
    recipe = request.recipe
    steps = recipe.built_steps()
    inputs = inputs_of(request.inputs)
    files = fingerprints(inputs, progress("hash"))
    share = 1.0 if request.sample is None else sample_share(inputs, recipe.read, request.sample)
    key = run_key(recipe.to_json(), files, files_of(steps), share)
    finished = _finished(request.out, key)
    if finished is not None:
        return finished
    store = BlockStore(request.out)
    with store.held(key):
        work = BlockWork(
            recipe.read,
            steps,
            recipe.exact_duplicates,
            recipe.near_duplicates,
            share,
            recipe.output.dropped_text,
        )
        count = _all_blocks(request, inputs, (store, work, tasks_runner), progress("steps"))
        blocks = DoneBlocks(store, count)
        verdict = judge_blocks(blocks, recipe, progress("duplicates"))
        written = write_output(blocks, verdict, recipe.output, progress("write"))
        outputs = [file.to_json() for file in written.files]
        facts = dict(verdict.duplicates.facts)
        counts = written.counts.to_json()
        record = {
            **key,
            "stages": stages_of(steps),
            **counts,
            "duplicates": facts,
            "outputs": outputs,
        }
        with told_when_full(request.out):
            sheet = datasheet(recipe.datasheet, record, files)
            write_whole(request.out / DATASHEET, _json(sheet))
            write_whole(request.out / RECORD, _json(record))
    store.remove()
    return record


def dry_run(
    request: RunRequest, *, progress: Callable[[str], Progress] = _silent
) -> dict[str, Any]:
    """Curate into a folder that is thrown away, and return the record."""
    with tempfile.TemporaryDirectory(prefix="assay-curate-") as folder:
        thrown = RunRequest(
            request.inputs, Path(folder) / "out", request.recipe, request.workers, request.sample
        )
        return run(thrown, progress=progress)


def files_of(steps: Sequence[Step]) -> tuple[Path, ...]:
    """Return the files and ledgers that steps read besides the inputs."""
    return tuple(
        Path(path) for step in steps for name in READ_BESIDES for path in getattr(step, name, ())
    )


def stages_of(steps: Sequence[Step]) -> list[str]:
    """Return what can drop documents, in the order in which it does."""
    return list(dict.fromkeys([*(step.name for step in steps), *STEP_OF.values()]))


def _finished(out: Path, key: Mapping[str, object]) -> dict[str, Any] | None:
    """Return the record of a run that has ended in this folder, if it is the same; leavings are removed."""
    path = out / RECORD
    if not path.exists():
        return None
    try:
        record = cast(dict[str, Any], json.loads(path.read_bytes()))
        before = {name: record[name] for name in key}
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(f"{path} is no record of a run: choose another folder") from None
    refuse_another(out, before, key)
    missing = [f["file"] for f in record["outputs"] if not (out / f["file"]).exists()]
    if missing:
        raise BadInput(
            f"{out} has the record of this run, but not its file {missing[0]}",
            next_command="choose another folder with -o, or remove this one",
        )
    BlockStore(out).remove()
    return record


def _all_blocks(
    request: RunRequest,
    inputs: Sequence[Input],
    means: tuple[BlockStore, BlockWork, RunTasks],
    progress: Progress,
) -> int:
    store, work, tasks_runner = means
    count, done, shares = 0, 0, {}

    def missing() -> Iterator[Task]:
        nonlocal count, done
        for split in split_inputs(inputs, request.recipe.read):
            count = split.number + 1
            if store.done(split.number):
                done += _documents(store, split.number)
                progress(done, split.share)
                continue
            shares[split.number] = split.share
            yield Task(split.number, split.block)

    def told(task: Task) -> None:
        nonlocal done
        done += _documents(store, task.number)
        progress(done, shares.pop(task.number))

    tasks_runner(missing(), work, store, workers=request.workers, on_done=told)
    with told_when_full(request.out):
        sync_folder(store.folder)
    return count


def _documents(store: BlockStore, number: int) -> int:
    return int(json.loads(store.read(number, "block.json"))["documents"])


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()

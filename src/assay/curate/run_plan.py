"""Before a run: what it will take of memory, disk and time, from one block that is really done."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import zstandard

from assay.curate.read.files import Input, inputs_of, reader_of, size_of
from assay.curate.read.raw import RawBlock, ReadSettings
from assay.curate.recipe import Recipe
from assay.curate.run_block import BlockWork, work_block
from assay.errors import BadInput

BYTES_A_DOCUMENT = 400
"""Memory of the search for duplicates: hashes of text and doc_id, bands and shingle counts, and their sorted order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will take; all but the first two are estimates from its first block.

    Parameters
    ----------
    files, input_bytes
    text_bytes
        Unpacked.
    blocks, documents
    seconds
        With so many workers, and the machine for itself.
    memory_bytes, disk_bytes
        At most, at one time.
    free_bytes
        On the disk of the output, now.
    workers
    """

    files: int
    input_bytes: int
    text_bytes: int
    blocks: int
    documents: int
    seconds: float
    memory_bytes: int
    disk_bytes: int
    free_bytes: int
    workers: int

    def to_json(self) -> dict[str, object]:
        """Return the columns."""
        return asdict(self)


def plan_run(inputs: Sequence[str], out: Path, recipe: Recipe, workers: int) -> Plan:
    """Return what a run will take: one block is read and done, nothing is written.

    Raises
    ------
    BadInput
        If an input or the recipe can't be taken, or there is nothing to read.

    Notes
    -----
    The first block of the largest file stands for all: where documents differ between files, so do the true figures.
    """
    files = inputs_of(inputs)
    sizes = [size_of(each.path) for each in files]
    largest = max(range(len(files)), key=sizes.__getitem__)
    block = first_block(files[largest], recipe.read)
    work = BlockWork(
        recipe.read, recipe.built_steps(), recipe.exact_duplicates, recipe.near_duplicates
    )
    work_block(block, work)  # the first time brings imports and models, which count once
    began = time.perf_counter()
    result = work_block(block, work)
    seconds = time.perf_counter() - began
    total = sum(sizes)
    read = max(block.share * sizes[largest], 1.0)
    times = max(total / read, 1.0)
    records = block.count
    stored = sum(len(content) for content in result.values())
    packed = len(zstandard.ZstdCompressor(level=3).compress(block.payload))
    return Plan(
        files=len(files),
        input_bytes=total,
        text_bytes=int(times * len(block.payload)),
        blocks=max(len(files), round(times)),
        documents=round(times * records),
        seconds=times * seconds / workers,
        memory_bytes=_memory(workers) + round(times * records) * BYTES_A_DOCUMENT,
        disk_bytes=round(times * (stored + packed)),
        free_bytes=shutil.disk_usage(_there(out)).free,
        workers=workers,
    )


def first_block(file: Input, settings: ReadSettings) -> RawBlock:
    """Return the first block of a file that has records.

    Raises
    ------
    BadInput
        If it has none.
    """
    for block in reader_of(file.path, settings).blocks(file.path, file.source):
        if block.payload:
            return block
    raise BadInput(f"there is no record in {file.path}")


def sample_share(inputs: Sequence[Input], settings: ReadSettings, sample: int) -> float:
    """Return the share of the records that makes a sample of about that many, from the length of the first ones."""
    total = sum(size_of(each.path) for each in inputs)
    largest = max(inputs, key=lambda each: size_of(each.path))
    block = first_block(largest, settings)
    read = max(block.share * size_of(largest.path), 1.0)
    records = block.count * max(total / read, 1.0)
    return min(1.0, round(sample / records, 6) or 1e-6)


def _memory(workers: int) -> int:
    try:
        import resource
    except ImportError:  # not on Windows
        return workers * 300_000_000
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own = most if sys.platform == "darwin" else most * 1024
    return own * (workers + 1 if workers > 1 else 1)


def _there(folder: Path) -> Path:
    """Return the folder, or the first above it that is there."""
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())

"""The blocks of a run on a cluster: the same work on the same blocks, by Daft on Ray, in waves.

The driver splits the inputs, the cluster does the blocks, and the driver writes each as a checkpoint. So a run that was
begun on a cluster goes on here, and the other way round. No graph algorithm runs on the cluster: duplicates are found
on the driver, from the signatures that the blocks bring with them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import msgspec

from assay.curate.checkpoint import BlockStore
from assay.curate.missing_part import import_part
from assay.curate.read.raw import RawBlock
from assay.curate.run_block import BlockWork
from assay.curate.run_pool import Task, work_task
from assay.errors import AssayError

WAVE = 4
"""Blocks in a wave for each core of the cluster: what the driver holds of inputs and results at one time."""

SILENT = {"DO_NOT_TRACK": "1", "DAFT_ANALYTICS_ENABLED": "0", "RAY_USAGE_STATS_ENABLED": "0"}
"""Both report on their use unless they are told not to, before they are imported."""


class _Done(msgspec.Struct):
    """What comes back of a block: its files, or why there are none."""

    files: dict[str, bytes]
    fault: str = ""
    where: str = ""


def run_tasks_on_ray(
    tasks: Iterable[Task],
    work: BlockWork,
    store: BlockStore,
    *,
    workers: int,
    on_done: Callable[[Task], None],
) -> None:
    """Do the tasks on Ray, and write each block here: `assay.curate.run_pool.run_tasks` for a cluster.

    Parameters
    ----------
    tasks, work, store, on_done
        See there.
    workers
        Cores of a Ray that is begun on this machine; one that ``RAY_ADDRESS`` names has its own.

    Raises
    ------
    MissingPart
        Without the extra ``cluster``.
    AssayError
        What a block's work raised.

    Notes
    -----
    Every machine of the cluster needs this package, and the files that steps read under the same paths; the inputs are
    read by the driver alone. Ray does a block again whose worker died.
    """
    daft, cores = _started(workers)
    done_on_cluster = _on_cluster(daft, work)
    waiting = iter(tasks)
    while wave := list(islice(waiting, WAVE * cores)):
        by_number = {task.number: task for task in wave}
        frame = daft.from_pydict(
            {
                "number": list(by_number),
                "block": [msgspec.msgpack.encode(task.block) for task in wave],
            }
        ).into_partitions(len(wave))
        frame = frame.select(frame["number"], done_on_cluster(frame["block"]).alias("done"))
        for row in frame.iter_rows():
            task = by_number[row["number"]]
            done = msgspec.msgpack.decode(row["done"], type=_Done)
            if done.fault:
                raise AssayError(done.fault, where=done.where)
            store.write(task.number, done.files)
            on_done(task)


def _started(workers: int) -> tuple[Any, int]:
    """Return Daft, set to run on Ray, and how many cores there are."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)
    ray = import_part("ray", extra="cluster", what="running on a cluster")
    daft = import_part("daft", extra="cluster", what="running on a cluster")
    if not ray.is_initialized():
        here: dict[str, Any] = {"num_cpus": workers, "_node_ip_address": "127.0.0.1"}
        own = {} if os.environ.get("RAY_ADDRESS") else here
        ray.init(include_dashboard=False, log_to_driver=False, **own)
    daft.set_runner_ray()
    return daft, max(1, int(ray.cluster_resources().get("CPU", workers)))


def _on_cluster(daft: Any, work: BlockWork) -> Any:
    """Return the work as a function of a column of blocks, which Daft takes to where the blocks are."""

    def done(blocks: Any) -> list[bytes]:
        return [msgspec.msgpack.encode(_done(packed, work)) for packed in blocks.to_pylist()]

    return daft.func.batch(return_dtype=daft.DataType.binary())(done)


def _done(packed: bytes, work: BlockWork) -> _Done:
    block = msgspec.msgpack.decode(packed, type=RawBlock)
    try:
        return _Done(work_task(Task(0, block), work))
    except AssayError as error:
        return _Done({}, error.message, error.where)

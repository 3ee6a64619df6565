"""A run on a cluster writes what a run on this machine writes."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from assay.curate.run import RunRequest, run
from curate.corpora import RECIPE, folder_bytes, records, run_on_ray, write_jsonl


@pytest.mark.cluster
def test_on_a_local_ray_the_bytes_are_the_same(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    pytest.importorskip("daft")
    rows = records(240)
    inputs = tuple(
        str(write_jsonl(tmp_path / f"part{n}.jsonl", [*rows[n * 60 : (n + 1) * 60], "no record"]))
        for n in range(4)
    )
    run(RunRequest(inputs, tmp_path / "here", RECIPE))
    # In a process of its own: Ray changes the one that begins it, and warns of itself.
    process = multiprocessing.get_context("spawn").Process(
        target=run_on_ray, args=(inputs, tmp_path / "ray")
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    assert folder_bytes(tmp_path / "ray") == folder_bytes(tmp_path / "here")

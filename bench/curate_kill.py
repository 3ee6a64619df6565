"""Kill a run of `assay curate run` at random moments, let it go on each time, and compare its bytes.

python bench/curate_kill.py CORPUS.jsonl [--kills 10] [--workers 2] [--seed 1] [--folder DIR]
"""

from __future__ import annotations

import argparse
import filecmp
import multiprocessing
import random
import shutil
import tempfile
import time
from pathlib import Path

from assay.curate.run import RunRequest, run


def once(corpus: str, out: Path, workers: int) -> None:
    run(RunRequest((corpus,), out, workers=workers))


def started(corpus: str, out: Path, workers: int) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=once, args=(corpus, out, workers))
    process.start()
    return process


def blocks(out: Path) -> int:
    return len(list((out / ".blocks").glob("[0-9]*")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder otherwise")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="curate-kill-", dir=asked.folder) as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        began = time.monotonic()
        started(asked.corpus, whole, asked.workers).join()
        seconds = time.monotonic() - began
        megabytes = Path(asked.corpus).stat().st_size / 1e6
        print(f"undisturbed: {seconds:.0f} s, {megabytes:.0f} MB", flush=True)
        hit = before = 0
        for number in range(asked.kills):
            process = started(asked.corpus, killed, asked.workers)
            # Started is not yet at work: from the first new block on, or the end, the clock runs.
            while process.is_alive() and blocks(killed) == before:
                process.join(0.02)
            process.join(rng.uniform(0, 1.2 / asked.kills) * seconds)
            was_alive = process.is_alive()
            process.kill()
            process.join()
            hit += was_alive
            before = blocks(killed)
            state = "at work" if was_alive else "it had ended"
            print(f"kill {number + 1}: {state}, {before} blocks", flush=True)
        started(asked.corpus, killed, asked.workers).join()
        names = sorted(path.name for path in whole.iterdir())
        same = names == sorted(path.name for path in killed.iterdir()) and not any(
            filecmp.cmpfiles(whole, killed, names, shallow=False)[1:]
        )
        print(
            f"{hit} kills at work; {'the same bytes' if same else 'DIFFERENT'}: {', '.join(names)}"
        )
        shutil.rmtree(killed)


if __name__ == "__main__":
    main()

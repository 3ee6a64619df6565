"""One whole deduplication, as a program of its own: JSON Lines in, the lines that are kept out.

    python curate_dedup_worker.py assay|assay-18x6|datatrove|text-dedup IN.jsonl OUT.jsonl SCRATCH
    python curate_dedup_worker.py measure PYTHON TOOL IN.jsonl OUT.jsonl SCRATCH
    python curate_dedup_worker.py kept FOLDER

Run with the interpreter that has the tool: imports nothing of the others. 5-word shingles, 112 permutations in 14 bands
of 8 for all (the second row of Assay: 18 of 6); one process, one thread. `measure` starts one of them and prints what
it took: from a small process, since a child's peak memory begins with its parent's.
"""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

BANDS, ROWS, WORDS = 14, 8, 5
BLOCK_BYTES, BLOCK_LINES = 4_000_000, 2_000


def assay(source: Path, target: Path, scratch: Path, bands: int = BANDS, rows: int = ROWS) -> None:
    """Signatures of a block at a time on disk, clusters over all, lines copied as they are."""
    import msgspec

    from assay.curate.minhash import BlockSignature, MinHashSettings, block_signature
    from assay.curate.near_duplicates import NearDuplicateSettings, find_clusters
    from assay.curate.text_column import TextColumn

    class Record(msgspec.Struct):
        text: str

    chosen = NearDuplicateSettings(minhash=MinHashSettings(bands=bands, rows=rows))
    decode = msgspec.json.Decoder(Record).decode
    starts = [0]
    files: list[Path] = []
    for lines in _blocks(source):
        for line in lines:
            starts.append(starts[-1] + len(line))
        texts = TextColumn.from_texts(decode(line).text for line in lines)
        files.append(scratch / f"{len(files)}.npy")
        block_signature(texts, chosen.minhash).save(files[-1])
    with source.open("rb") as held:

        def load(rows: Any) -> TextColumn:
            texts = []
            for row in rows.tolist():
                held.seek(starts[row])
                texts.append(decode(held.read(starts[row + 1] - starts[row])).text)
            return TextColumn.from_texts(texts)

        blocks = [BlockSignature.load(file) for file in files]
        found = find_clusters(blocks, load, chosen, scratch=scratch)
        held.seek(0)
        with target.open("wb") as out:
            for keep, line in zip(found.kept.tolist(), held, strict=True):
                if keep:
                    out.write(line)
    (scratch / "told.json").write_text(json.dumps(found.to_json()))


def _blocks(source: Path) -> Iterator[list[bytes]]:
    lines, size = [], 0
    with source.open("rb") as held:
        for line in held:
            lines.append(line)
            size += len(line)
            if size > BLOCK_BYTES or len(lines) >= BLOCK_LINES:
                yield lines
                lines, size = [], 0
    if lines:
        yield lines


def datatrove(source: Path, target: Path, scratch: Path) -> None:
    """Its four stages, as its own example chains them."""
    executor = import_module("datatrove.executor").LocalPipelineExecutor
    minhash = import_module("datatrove.pipeline.dedup.minhash")
    reader = import_module("datatrove.pipeline.readers").JsonlReader
    writer = import_module("datatrove.pipeline.writers.jsonl").JsonlWriter

    config = minhash.MinhashConfig(n_grams=WORDS, num_buckets=BANDS, hashes_per_bucket=ROWS)
    places = {name: str(scratch / name) for name in ("signatures", "buckets", "remove")}
    read = {"glob_pattern": source.name, "text_key": "text", "id_key": "doc_id"}
    stages: list[list[Any]] = [
        [
            reader(str(source.parent), **read),
            minhash.MinhashDedupSignature(output_folder=places["signatures"], config=config),
        ],
        [
            minhash.MinhashDedupBuckets(
                input_folder=places["signatures"], output_folder=places["buckets"], config=config
            )
        ],
        [
            minhash.MinhashDedupCluster(
                input_folder=places["buckets"], output_folder=places["remove"], config=config
            )
        ],
        [
            reader(str(source.parent), **read),
            minhash.MinhashDedupFilter(input_folder=places["remove"]),
            writer(str(target.parent), output_filename=target.name, compression=None),
        ],
    ]
    for number, stage in enumerate(stages):
        tasks = BANDS if number == 1 else 1
        logs = str(scratch / f"logs{number}")
        executor(pipeline=stage, tasks=tasks, workers=1, logging_dir=logs).run()


def text_dedup(source: Path, target: Path, scratch: Path) -> None:
    """Its command, in place of this process; what it writes is an Arrow folder."""
    import os

    arguments = [
        "-m", "text_dedup.minhash", "--path", "json", "--data_files", str(source), "--split", "train",
        "--cache_dir", str(scratch / "cache"), "--output", str(target), "--column", "text",
        "--num_perm", str(BANDS * ROWS), "--b", str(BANDS), "--r", str(ROWS), "--ngram", str(WORDS),
        "--hash_func", "xxh3", "--num_proc", "1", "--batch_size", "10000",
    ]  # fmt: skip
    os.execv(sys.executable, [sys.executable, *arguments])


def kept_by_text_dedup(target: Path) -> None:
    """Print the names of the documents that it kept."""
    datasets = import_module("datasets")
    print(json.dumps(datasets.load_from_disk(str(target))["doc_id"][:]))


def measure(python: str, *arguments: str) -> None:
    """Run one of the programs above; print its CPU seconds, wall seconds and peak megabytes."""
    import os
    import subprocess
    import time

    began = time.perf_counter()
    process = subprocess.Popen([python, __file__, *arguments], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    taken = {
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "wall_seconds": time.perf_counter() - began,
        "peak_megabytes": usage.ru_maxrss / 1_000,
    }
    print(json.dumps(taken))
    sys.exit(os.waitstatus_to_exitcode(status))


def main() -> None:
    """Do what the command line names."""
    tool, *rest = sys.argv[1:]
    if tool == "measure":
        measure(*rest)
        return
    if tool == "kept":
        kept_by_text_dedup(Path(rest[0]))
        return
    source, target, scratch = (Path(path) for path in rest)
    if tool == "assay-18x6":
        assay(source, target, scratch, bands=18, rows=6)
    else:
        programs = {"assay": assay, "datatrove": datatrove, "text-dedup": text_dedup}
        programs[tool](source, target, scratch)


if __name__ == "__main__":
    main()

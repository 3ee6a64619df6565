"""Record a small model at a made-up order desk: real answers, real errors, exact truth.

Makes requests from a seed, puts each to SmolLM2-135M-Instruct in this process (four at a time), has
a second reading judge each answer, and writes traces, verdicts and truth. A run that was stopped
goes on where it stopped: what is done lies in `progress.jsonl` until the files are written.
"""

from __future__ import annotations

import argparse
import json
import queue
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assay.errors import AssayError
from desk_files import write_files
from desk_model import SLOTS, Completion, Model
from desk_prompts import REASONED, first_prompt, second_prompt
from desk_requests import KIND_SHARES, Request, requests

COUNT: Final = 10_500
SEED: Final = 20261005
_ANSWER_TOKENS: Final = 32
_SECOND_TOKENS: Final = 10

Done = dict[tuple[str, str], dict[str, Any]]


def answer_request(model: Model, request: Request, slot: int) -> Completion:
    """Put the request to the model as the desk does."""
    stop = ["\n\n", "\nMessage"] if request.kind in REASONED else ["\n"]
    return model.complete(first_prompt(request), stop, _ANSWER_TOKENS, slot)


def read_again(model: Model, request: Request, slot: int) -> Completion:
    """Put the message to the model a second time, as the judge does."""
    return model.complete(second_prompt(request), ["\n", ". "], _SECOND_TOKENS, slot)


_STAGES: Final[dict[str, Callable[[Model, Request, int], Completion]]] = {
    "answer": answer_request,
    "judge": read_again,
}


def load_progress(path: Path, head: dict[str, int]) -> Done:
    """Read what an earlier run has done; a line cut short by a crash is left out.

    Raises
    ------
    ValueError
        The progress belongs to a run with another count or seed.
    """
    done: Done = {}
    if not path.exists():
        return done
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "seed" in record:
            if {key: record[key] for key in head} != head:
                raise ValueError(
                    f"{path} belongs to another run ({record}): delete it or give another --out"
                )
        elif "stage" in record:
            done[record["stage"], record["trace_id"]] = record
    return done


class Recorder:
    """Runs what is still to be done and keeps each result as soon as it is there."""

    def __init__(self, model: Model, done: Done, sink: TextIO, tell: Callable[[int], None]) -> None:
        self._model = model
        self._done = done
        self._sink = sink
        self._tell = tell
        self._lock = threading.Lock()
        self._failed: list[BaseException] = []

    def run(self, stage: str, wanted: list[Request]) -> None:
        """Put all requests of one kind through one stage, `SLOTS` at a time."""
        todo: queue.SimpleQueue[Request] = queue.SimpleQueue()
        for request in wanted:
            if (stage, request.trace_id) not in self._done:
                todo.put(request)
        threads = [
            threading.Thread(target=self._work, args=(stage, todo, slot), daemon=True)
            for slot in range(SLOTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            # In short waits, so that Ctrl-C is heard at once.
            while thread.is_alive():
                thread.join(0.2)
        if self._failed:
            raise self._failed[0]

    def _work(self, stage: str, todo: queue.SimpleQueue[Request], slot: int) -> None:
        while not self._failed:
            try:
                request = todo.get_nowait()
            except queue.Empty:
                return
            try:
                self._keep(stage, request, _STAGES[stage](self._model, request, slot))
            except Exception as error:
                self._failed.append(error)

    def _keep(self, stage: str, request: Request, completion: Completion) -> None:
        record = {
            "stage": stage,
            "trace_id": request.trace_id,
            "text": completion.text,
            "tokens": [[token, round(logprob, 5)] for token, logprob in completion.tokens],
            "latency_seconds": round(completion.latency_seconds, 4),
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
        }
        with self._lock:
            self._done[stage, request.trace_id] = record
            self._sink.write(json.dumps(record, ensure_ascii=False) + "\n")
            self._sink.flush()
            self._tell(len(self._done))


def _bar() -> Progress:
    """Make a progress bar on stderr: stdout stays free."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def record(out: Path, count: int, seed: int) -> None:
    """Record a run of `count` requests into the folder `out`."""
    head = {"seed": seed, "count": count}
    made, truth = requests(count, seed)
    progress = out / "progress.jsonl"
    done = load_progress(progress, head)
    began, cpu = time.perf_counter(), time.process_time()
    model = Model()
    out.mkdir(parents=True, exist_ok=True)
    with progress.open("a", encoding="utf-8") as sink, _bar() as bar:
        # The line break ends a line that a crash may have cut short.
        sink.write("\n" if done else json.dumps(head) + "\n")
        calls = bar.add_task("calls", total=len(_STAGES) * count, completed=len(done))
        recorder = Recorder(model, done, sink, lambda number: bar.update(calls, completed=number))
        # Kind by kind, not in order of arrival: the examples of a kind are then read only once.
        for stage in _STAGES:
            for kind in KIND_SHARES:
                recorder.run(stage, [request for request in made if request.kind == kind])
    write_files(out, made, truth, done)
    progress.unlink()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count} requests in {out}: {time.perf_counter() - began:.0f} s wall, "
        f"{time.process_time() - cpu:.0f} s CPU in this run, {memory:.0f} MiB at most",
        file=sys.stderr,
    )


def main() -> int:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(
        description="Record SmolLM2-135M-Instruct at a made-up order desk.",
        epilog="example: python examples/record.py --limit 50 --out /tmp/desk-try",
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "desk", help="folder")
    parser.add_argument("--limit", type=int, default=COUNT, help=f"requests (default {COUNT})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    options = parser.parse_args()
    if options.limit < 1:
        parser.error(f"--limit must be at least 1, not {options.limit}")
    try:
        record(options.out, options.limit, options.seed)
    except (AssayError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Small corpora for tests: words without sense, some of them twice, some of them hostile; and steps that misbehave."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard

from assay.curate.documents import Documents
from assay.curate.recipe import Recipe, StepEntry
from assay.curate.run import RunRequest, run
from assay.curate.step import StepResult, kept_by_reason
from assay.curate.steps import STEPS
from assay.errors import AssayError

LENGTH = StepEntry("length", True, {"min_characters": 60})
RECIPE = Recipe(steps=(LENGTH,))
WORDS = [f"{a}{b}{c}" for a in "bdfklmnprst" for b in "aeiou" for c in ("n", "r", "lt", "sk")]
HOSTILE = [
    "<script>alert(1)</script> & \"quotes\" 'too'",
    "\x1b[2J\x07 escape",
    "\u202etxt.exe\u2066",
    "</pre></details><h1>owned</h1>",
    "a\x00b nul",
    "שלום עולם",
    "e\u0301" * 20,
    "line\r\nline\u2028line",
    "{{ 7*7 }} {% raw %}",
    "\ufffe\uffff",
    "答えは四十二です",
    "=1+1",
]


def sentences(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words))


def records(count: int, *, seed: int = 7) -> list[dict[str, object]]:
    """Records of three sources: a tenth the same as an earlier one, a tenth nearly so, and all that is hostile."""
    rng = random.Random(seed)
    rows: list[dict[str, object]] = []
    for number in range(count):
        text = sentences(rng, rng.randint(3, 120))
        kind = rng.random()
        if rows and kind < 0.1:
            text = str(rng.choice(rows)["text"])
        elif rows and kind < 0.2:
            text = f"{rng.choice(rows)['text']} {rng.choice(WORDS)}"
        elif kind < 0.25:
            text = rng.choice(HOSTILE) + text
        row: dict[str, object] = {"doc_id": f"d{number}", "text": text, "source": f"s{number % 3}"}
        if number % 4 == 0:
            row["url"] = f"https://example.org/{number}"
        rows.append(row)
    return rows


def write_jsonl(path: Path, rows: Sequence[object]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def read_rows(path: Path) -> list[dict[str, object]]:
    packed = path.read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def folder_bytes(folder: Path) -> dict[str, bytes]:
    """Everything in a folder by name: two runs are the same if these are."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass(frozen=True)
class EndsItself:
    """A step that kills its process where it meets a word."""

    word: str = "poison"

    @property
    def name(self) -> str:
        return "ends_itself"

    def __call__(self, docs: Documents) -> StepResult:
        if any(self.word in text for text in docs.text.texts()):
            os.kill(os.getpid(), signal.SIGKILL)
        return kept_by_reason(docs, [""] * len(docs))


@dataclass(frozen=True)
class Slow:
    """A step that takes its time, so that a test can kill a run in the middle."""

    seconds: float = 0.05

    @property
    def name(self) -> str:
        return "slow"

    def __call__(self, docs: Documents) -> StepResult:
        time.sleep(self.seconds)
        return kept_by_reason(docs, [""] * len(docs))


def run_slowly(inputs: tuple[str, ...], out: Path) -> None:
    """Run with a step that takes its time."""
    STEPS["slow"] = "curate.corpora:Slow"
    run(RunRequest(inputs, out, Recipe(steps=(LENGTH, StepEntry("slow")))))


def run_with_little_room(inputs: tuple[str, ...], out: Path, said: Path) -> None:
    """Run where no file may grow beyond 4 kB, and write down what it said."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
    try:
        run(RunRequest(inputs, out, RECIPE))
    except AssayError as error:
        os.write(os.open(said, os.O_WRONLY), str(error).encode()[:3_000])


def run_on_ray(inputs: tuple[str, ...], out: Path) -> None:
    """Run with a Ray of this machine that is begun for it."""
    from assay.curate.cluster_run import run_tasks_on_ray

    run(RunRequest(inputs, out, RECIPE, workers=2), tasks_runner=run_tasks_on_ray)

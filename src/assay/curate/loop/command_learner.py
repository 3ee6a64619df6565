"""The user's own trainer as a learner: one command trains, another answers; each is a program started without a shell.

    train = "command: python mytrain.py {data} {out}"

    [trainer]
    answer = "python myanswer.py {weights} {data} {out}"

Training: ``{data}`` is a file of lines ``{"prompt": ..., "answer": ...}``, ``{weights}`` the folder that the last
training wrote (empty before the first), ``{out}`` the folder to write the new weights to, ``{seed}`` a number.
Answering: ``{data}`` has lines ``{"prompt": ..., "samples": 1, "temperature": 0.0, "seed": 7}``; ``{out}`` is the file
to write, for each line a JSON list of that many answers.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.curate.loop.learner import Example, TrainingCost
from assay.curate.loop.own_command import own_output, split_command
from assay.errors import BadInput

TRAIN_PLACES = ("data", "out")
ANSWER_PLACES = ("weights", "data", "out")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """How a command of the user's answers.

    Parameters
    ----------
    answer
        The command that answers.
    system
        Name in the ledger.
    timeout_seconds : > 0
        Of one command; then it is ended.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    answer: str = ""
    system: str = "own"
    timeout_seconds: float = 86_400.0

    def __post_init__(self) -> None:
        if not self.timeout_seconds > 0:
            raise BadInput(f"timeout_seconds must be above 0, got {self.timeout_seconds}")
        if not self.system:
            raise BadInput("system must not be empty")
        if not self.answer:
            raise BadInput(
                "a trainer of your own needs a command that answers with its weights",
                next_command='[trainer] answer = "python myanswer.py {weights} {data} {out}"',
            )


class CommandLearner:
    """A learner made of commands; see `assay.curate.loop.learner.Learner`.

    Parameters
    ----------
    command
        It trains.
    settings

    Raises
    ------
    BadInput
        If a command lacks a place, or its quotes don't close.
    """

    def __init__(self, command: str, settings: CommandSettings) -> None:
        self.name = settings.system
        self._train = _parts(command, TRAIN_PLACES, "train")
        self._answer = _parts(settings.answer, ANSWER_PLACES, "answer")
        self._timeout = settings.timeout_seconds
        self._weights: Path | None = None

    def answers(
        self, prompts: Sequence[str], *, samples: int, temperature: float, seed: int
    ) -> list[list[str]]:
        """Return what the command wrote."""
        with tempfile.TemporaryDirectory(prefix="assay-loop-") as name:
            data, out = Path(name, "prompts.jsonl"), Path(name, "answers.jsonl")
            plan = {"samples": samples, "temperature": temperature, "seed": seed}
            _write(data, [{"prompt": prompt, **plan} for prompt in prompts])
            weights = self._weights_in(Path(name))
            self._run(self._answer, {"data": data, "out": out, "weights": weights})
            return _read_answers(out, len(prompts), samples)

    def train(self, examples: Sequence[Example], *, seed: int, folder: Path) -> TrainingCost:
        """Run the command; one that was killed is run again from the start."""
        began = time.perf_counter()
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "examples.jsonl"
        # A folder of this run alone: a trainer that outlived a loop that was killed may still write into the last one.
        out = Path(tempfile.mkdtemp(prefix="new-weights-", dir=folder))
        _write(data, [{"prompt": one.prompt, "answer": one.answer} for one in examples])
        self._run(self._train, {"data": data, "out": out, "weights": self._weights, "seed": seed})
        if not out.is_dir() or not any(out.iterdir()):
            raise BadInput("the trainer wrote nothing into {out}", where=shlex.join(self._train))
        self.load(out)
        return TrainingCost(len(examples), None, time.perf_counter() - began, None)

    def save(self, folder: Path) -> None:
        """Copy the weights, and use the copy from now on."""
        beside = folder.with_name(f"{folder.name}.{os.getpid()}.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        if self._weights is not None:
            shutil.copytree(self._weights, beside, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
        self._weights = folder

    def load(self, folder: Path) -> None:
        """Use the weights in a folder from now on; they are never written to."""
        if not folder.is_dir():
            raise BadInput("there are no weights", where=str(folder))
        self._weights = folder

    def _weights_in(self, folder: Path) -> Path:
        """Return the folder of the weights; before the first training an empty one in `folder`."""
        if self._weights is not None:
            return self._weights
        empty = folder / "no-weights"
        empty.mkdir(exist_ok=True)
        return empty

    def _run(self, parts: Sequence[str], places: dict[str, object]) -> None:
        arguments = []
        for part in parts:
            text = part
            for name, value in places.items():
                text = text.replace("{" + name + "}", str(value))
            arguments.append(text)
        own_output(
            arguments,
            what="the command",
            where=shlex.join(parts),
            told=b"",
            timeout_seconds=self._timeout,
        )


def _parts(command: str, places: Sequence[str], what: str) -> list[str]:
    parts = split_command(command, what=f"the command of {what}")
    missing = [name for name in places if not any("{" + name + "}" in part for part in parts)]
    if missing:
        wanted = " ".join("{" + name + "}" for name in places)
        raise BadInput(
            f"the command of {what} must hold {wanted}, got {command!r}",
            next_command=f'{what} = "python my{what}.py {wanted}"',
        )
    return parts


def _write(path: Path, rows: Sequence[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(f"{json.dumps(row)}\n" for row in rows)


def _read_answers(path: Path, prompts: int, samples: int) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8").removesuffix("\n")
        # Not splitlines: a text in a line may hold other signs that end one.
        rows = [json.loads(line) for line in text.split("\n")] if text else []
    except (OSError, ValueError) as error:
        raise BadInput(f"the command's answers can't be read: {error!s:.160}") from None
    for number, row in enumerate(rows, start=1):
        whole = isinstance(row, list) and len(row) == samples
        if not whole or not all(isinstance(said, str) for said in row):
            raise BadInput(
                f"line {number} of the answers must be a list of {samples} texts, got {row!r:.60}"
            )
        if any(_SURROGATE.search(said) for said in row):
            # Refused at once: no ledger takes it, and a loop whose answers are kept can't go on without them.
            raise BadInput(
                f"line {number} of the answers holds a lone surrogate, which is not text",
                next_command='decode what the model writes with errors="replace"',
            )
    if len(rows) != prompts:
        raise BadInput(f"the command wrote {len(rows):,} lines of answers to {prompts:,} prompts")
    return rows

"""The user's own trainer as a proxy: any program that reads texts and writes the bits of each held-out document.

It is started without a shell, as a list of arguments, in the user's own environment: it is the user's program.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.curate.proxies.proxy import FloatArray, HeldOutLoss, TokenColumn
from assay.curate.proxies.tokenizer import Tokenizer
from assay.errors import BadInput
from assay.terminal import visible

TIMEOUT_SECONDS = 3_600.0
PLACES = ("data", "out")
MORE_PLACES = ("seed", "tokens")
_TAIL = 400
_MOST_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class OwnTrainer:
    """A command as a proxy.

    Parameters
    ----------
    command
        As ``python mytrain.py {data} {out}``. ``{data}`` is a folder with ``train.jsonl`` and ``heldout.jsonl`` (one
        ``{"document": 0, "text": "..."}`` a line) and ``run.json`` (``seed``, ``training_bytes``: bytes of text to
        go over, more than there are means again from the start, ``training_tokens``: the same in Assay's
        tokens). ``{out}`` is the file that it writes, for each held-out document one line
        ``{"document": 0, "bits": 123.4}``: minus the base-2 logarithm of the text's chance, the end left out.
        ``{seed}`` and ``{tokens}`` may stand there, too.
    tokenizer
        Of the columns that it will be given: its texts are spelled with it.
    timeout_seconds : > 0
        Of one training; then it is ended with all that it started.
    values_repeats, sees_word_order
        Whether it can be believed on those: it trains by gradients, and on text in its order.

    Raises
    ------
    BadInput
        If the command lacks a place, has an unknown one, or can't be split.
    """

    command: str
    tokenizer: Tokenizer
    timeout_seconds: float = TIMEOUT_SECONDS
    values_repeats: bool = True
    sees_word_order: bool = True

    def __post_init__(self) -> None:
        if not self.timeout_seconds > 0:
            raise BadInput(f"a time limit must be above 0 seconds, got {self.timeout_seconds}")
        self.arguments({name: name for name in (*PLACES, *MORE_PLACES)})

    @property
    def name(self) -> str:
        """The command."""
        return f"own trainer ({self.command})"

    @property
    def identity(self) -> str:
        """A digest of the command, of the files that it names, and of the tokenizer: another program is another one.

        What those files load in their turn is not in it.
        """
        digest = hashlib.sha256(self.command.encode())
        digest.update(np.ascontiguousarray(self.tokenizer.merges).tobytes())
        for part in command_parts(self.command):
            path = Path(part)
            if path.is_file():
                with path.open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()

    def arguments(self, places: dict[str, str]) -> list[str]:
        """Return the command as a list, its places filled; a place's value is never split.

        Raises
        ------
        BadInput
            If the command lacks ``{data}`` or ``{out}``, or its quotes don't close.
        """
        parts = command_parts(self.command)
        filled = []
        for part in parts:
            text = part
            for name, value in places.items():
                text = text.replace("{" + name + "}", value)
            filled.append(text)
        return filled

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Run the command, and return what it wrote; see `assay.curate.proxies.proxy.Proxy`.

        Raises
        ------
        BadInput
            If it can't be started, fails, runs past its time, or leaves out a document.
        """
        wanted = train.n_tokens if training_tokens is None else training_tokens
        texts = train.head(wanted)
        seed = int(rng.integers(2**31))
        with tempfile.TemporaryDirectory(prefix="assay-train-") as folder:
            data = Path(folder, "data")
            data.mkdir()
            self._write(data / "train.jsonl", texts)
            self._write(data / "heldout.jsonl", target)
            again = wanted / max(1, texts.n_tokens)
            question = {
                "seed": seed,
                "training_tokens": wanted,
                "training_bytes": round(float(texts.text_bytes.sum()) * again),
            }
            (data / "run.json").write_text(json.dumps(question), encoding="utf-8")
            out = Path(folder, "bits.jsonl")
            places = {"data": str(data), "out": str(out), "seed": str(seed), "tokens": str(wanted)}
            self._run(self.arguments(places), folder)
            bits = read_bits(out, len(target), command=self.command)
        return HeldOutLoss(bits, target.text_bytes, wanted)

    def _write(self, path: Path, column: TokenColumn) -> None:
        with path.open("w", encoding="utf-8") as stream:
            for number, text in enumerate(self.tokenizer.decode(column)):
                stream.write(json.dumps({"document": number, "text": text}) + "\n")

    def _run(self, arguments: list[str], folder: str) -> None:
        errors = Path(folder, "errors.txt")
        with errors.open("wb") as stream:
            try:
                process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    start_new_session=True,
                )
            except OSError as error:
                raise BadInput(
                    f"the trainer can't be started: {error.strerror or error}: {arguments[0]!r}"
                ) from error
            try:
                status = process.wait(self.timeout_seconds)
            except subprocess.TimeoutExpired as error:
                raise BadInput(
                    f"the trainer ran longer than {self.timeout_seconds:g} seconds and was ended: {self.command}"
                ) from error
            finally:
                _end(process)
        if status:
            said = f"exit code {status}" if status > 0 else f"signal {-status}"
            tail = _last(errors)
            raise BadInput(
                f"the trainer failed with {said}: {tail or 'it said nothing'}", where=self.command
            )


def command_parts(command: str) -> list[str]:
    """Return a trainer's command as a list of arguments, its places not yet filled.

    Raises
    ------
    BadInput
        If it lacks ``{data}`` or ``{out}``, or its quotes don't close.
    """
    try:
        parts = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"the trainer's command can't be split: {error}: {command!r}") from error
    missing = [name for name in PLACES if not any("{" + name + "}" in part for part in parts)]
    if missing:
        raise BadInput(
            f"the trainer's command must hold {{data}} and {{out}}, got {command!r}",
            next_command='--trainer "python mytrain.py {data} {out}"',
        )
    return parts


def check_command(command: str) -> None:
    """Refuse a trainer's command that can't be used.

    Raises
    ------
    BadInput
        As `command_parts`, or if there is no such program.
    """
    program = command_parts(command)[0]
    if shutil.which(program) is None:
        raise BadInput(f"the trainer can't be started: there is no program {program!r}")


def _last(path: Path) -> str:
    """Return the end of what a trainer said; all of it may be gigabytes."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        return visible(stream.read().decode("utf-8", "replace").strip())


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a trainer with all that it started; a session of its own, so nothing else is hit."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        process.wait()


def read_bits(path: Path, documents: int, *, command: str) -> FloatArray:
    """Return the bits of each document from a trainer's file.

    Parameters
    ----------
    path
    documents : >= 0
        That it must hold, each once.
    command
        For the message.

    Raises
    ------
    BadInput
        If there is no such file, a line is no such record, or a document is missing, doubled, unknown or of
        bits that are not finite or below 0.
    """
    if not path.is_file():
        raise BadInput("the trainer ended well and wrote no {out} file", where=command)
    if path.stat().st_size > _MOST_BYTES:
        raise BadInput("the trainer's {out} file is larger than 1 GB", where=command)
    bits = np.full(documents, np.nan)
    with path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                row, cost = _record(line, number, documents, command)
                if not np.isnan(bits[row]):
                    raise BadInput(
                        f"document {row} stands twice in the trainer's file, line {number}",
                        where=command,
                    )
                bits[row] = cost
    missing = np.flatnonzero(np.isnan(bits))
    if missing.size:
        raise BadInput(
            f"the trainer wrote no bits for {missing.size} of {documents} documents; the first is {missing[0]}",
            where=command,
        )
    return bits


def _record(line: str, number: int, documents: int, command: str) -> tuple[int, float]:
    rule = f'line {number} of the trainer\'s file must be {{"document": 0 to {documents - 1}, "bits": >= 0}}'
    try:
        found = json.loads(line)
        row, cost = found["document"], found["bits"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{rule}, got {line.strip()[:80]!r}", where=command) from error
    whole = isinstance(row, int) and not isinstance(row, bool) and 0 <= row < documents
    number_given = isinstance(cost, int | float) and not isinstance(cost, bool)
    if not (whole and number_given and 0 <= cost < np.inf):
        raise BadInput(f"{rule}, got {line.strip()[:80]!r}", where=command)
    return row, float(cost)

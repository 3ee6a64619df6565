"""The fast check before the gate: what it may say, and that it may fail in any way.

A check of `assay.judge` runs in a process of its own that is kept; where it hangs or dies, that process is killed, and
the output counts as not judged. What happens then is the fail mode of its severity.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from assay.errors import BadInput
from assay.judge.rules import CheckSettings, check_named

LONGEST_REPLY = 2**20
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a judge says.

    Parameters
    ----------
    probability : in [0, 1], or None
        That the output is wrong; None: it could not be judged.
    note
        Why.
    """

    probability: float | None
    note: str = ""


class FastJudge(Protocol):
    """Judges an output while somebody waits for it."""

    @property
    def name(self) -> str:
        """Its full name."""
        ...

    async def judge(self, asked: str, output: str) -> Judgment:
        """Judge an output. It may raise, and it may never come back."""
        ...


async def judged(judge: FastJudge | None, asked: str, output: str, *, seconds: float) -> Judgment:
    """Return what a judge says within a time limit; whatever goes wrong, the output is not judged.

    Parameters
    ----------
    judge
        None: there is none.
    asked, output
    seconds : > 0
    """
    if judge is None:
        return Judgment(None, "there is no judge")
    try:
        async with asyncio.timeout(seconds):
            said = await judge.judge(asked, output)
    except TimeoutError:
        return Judgment(None, f"{judge.name} took longer than {seconds:g} s")
    except Exception as error:
        return Judgment(None, f"{judge.name} failed: {type(error).__name__}")
    p = said.probability
    if p is None or (isinstance(p, int | float) and not isinstance(p, bool) and 0 <= p <= 1):
        return said
    return Judgment(None, f"{judge.name} said {p!r:.40}, which is no probability")


class CheckJudge:
    """A named check of `assay.judge`, in processes of its own.

    Parameters
    ----------
    check
        As ``regex``, ``json-schema``: one that needs no right answer, for here there is none.
    settings
        What the check is told.
    processes : >= 1

    Raises
    ------
    BadInput
        Where there is no such check, or it needs a reference.

    Notes
    -----
    A check says right or wrong: 0 or 1. What its words are worth, the governor learns from audits.
    """

    def __init__(
        self, check: str, *, settings: CheckSettings | None = None, processes: int = 2
    ) -> None:
        made = check_named(check, settings=settings)
        told = settings or CheckSettings()
        if made.needs_reference:
            raise BadInput(f"the check {check} needs a right answer, and here there is none")
        self._job = json.dumps({
            "check": check, "pattern": told.pattern, "whole": told.whole,
            "schema": None if told.schema is None else str(told.schema),
        })  # fmt: skip
        self._name = made.judge
        self._idle: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        self._started: set[asyncio.subprocess.Process] = set()
        for _ in range(processes):
            self._idle.put_nowait(None)

    @property
    def name(self) -> str:
        """The check's full name."""
        return self._name

    async def start(self) -> None:
        """Start the processes: the first output must not wait for that."""
        count = self._idle.qsize()
        made = [await self._begun() for _ in range(count) if self._idle.get_nowait() is None]
        for process in made:
            self._idle.put_nowait(process)

    async def judge(self, asked: str, output: str) -> Judgment:
        """Judge an output."""
        process = await self._idle.get()
        kept: asyncio.subprocess.Process | None = None
        try:
            if process is None or process.returncode is not None:
                process = await self._begun()
            reply = await _asked(process, {"input": asked, "output": output})
            kept = process
        finally:
            # Given up in the midst of it: what it says next is not what is asked next.
            if kept is None and process is not None:
                self._kill(process)
            self._idle.put_nowait(kept)
        wrong = reply.get("wrong")
        note = str(reply.get("note") or "")[:200]
        return Judgment(float(wrong) if isinstance(wrong, bool) else None, note)

    async def close(self) -> None:
        """End the processes."""
        for process in list(self._started):
            self._kill(process)
            await process.wait()

    def _kill(self, process: asyncio.subprocess.Process) -> None:
        # With whatever it has begun: a matcher that never ends must not go on without anyone who waits for it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    async def _begun(self) -> asyncio.subprocess.Process:
        # -P: a file called `assay` where the user happens to stand is not run.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "assay.web.govern_judge_worker", self._job,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=LONGEST_REPLY, start_new_session=True,
        )  # fmt: skip
        self._started = {one for one in self._started if one.returncode is None} | {process}
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            await process.stdout.readline()
        return process


async def _asked(
    process: asyncio.subprocess.Process, texts: Mapping[str, str]
) -> dict[str, object]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(texts).encode("ascii") + b"\n")
    await process.stdin.drain()
    reply = json.loads(await process.stdout.readline())
    return reply if isinstance(reply, dict) else {}

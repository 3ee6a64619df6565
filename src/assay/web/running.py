"""The running estimate beside the page: the product's own answer, in a process of its own.

`measure_volume` takes a second of computing on a large draw; in the server it would hold up whoever asks for the next
item. So a child process computes it after each commit, at low priority, and ends when the server does: it reads one
line for each answer, and the end of its input is its end.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from assay.errors import AssayError
from assay.ledger.draws import stored_draw
from assay.ledger.store import Ledger

LONGEST_ANSWER = 2**20
PATIENCE_SECONDS = 600.0


def estimate(ledger: Ledger, draw_id: str) -> dict[str, object]:
    """Return the running estimate of a draw in words: keys sentence, numbers, notes; or reason, where there is none.

    It is what `assay volume LEDGER --draw` says at this moment, and valid at every moment: every label on the page has
    its own time, so the draw counts as looked at while labels came in (`assay.volume.looks`), and never as one that
    came back whole.
    """
    from assay.figures import confidence, shown
    from assay.quantity import Estimate
    from assay.volume.measure import measure_volume
    from assay.volume.question import VolumeQuestion

    try:
        draw = stored_draw(ledger, draw_id)
        while draw.parent is not None:
            draw = stored_draw(ledger, draw.parent)
        answer = measure_volume(ledger, VolumeQuestion(draw_id=draw.draw_id)).systems[0]
    except AssayError as error:
        return {"reason": error.message}
    quantities = [
        ("wrong outputs in the window", answer.errors, False),
        ("error rate", answer.error_rate, True),
        ("errors a day", answer.errors_per_day, False),
    ]
    numbers = [
        {
            "what": what,
            "number": shown(quantity, percent=percent),
            "basis": f"{confidence(quantity)}, n {quantity.n:,}, {quantity.method}"
            if isinstance(quantity, Estimate)
            else "",
        }
        for what, quantity, percent in quantities
    ]
    return {"sentence": answer.sentence, "numbers": numbers, "notes": list(answer.notes)}


class RunningEstimate:
    """Asks the child process for an estimate whenever there is something new, and keeps the last one."""

    def __init__(self, ledger: Ledger, draw_id: str) -> None:
        self.latest: dict[str, object] = {"reason": "it is being computed"}
        self._arguments = (str(ledger.path.resolve()), draw_id)
        self._wanted = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None

    def refresh(self) -> None:
        """Ask for a new estimate; asking again before it has begun changes nothing."""
        self._wanted.set()

    async def run(self) -> None:
        """Answer requests until cancelled."""
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                self.latest = await self._ask()
        finally:
            await self._end()

    async def _ask(self) -> dict[str, object]:
        try:
            child = await self._started()
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(b"\n")
            # Not `wait_for`: before Python 3.12 a cancellation is lost in it where the answer comes at the same moment,
            # and a server that was told to stop would wait for its estimate for ever.
            async with asyncio.timeout(PATIENCE_SECONDS):
                line = await child.stdout.readline()
            answer = json.loads(line)
        except (OSError, ValueError, TimeoutError):
            await self._end()
            return {"reason": "it could not be computed here; `assay volume` says why"}
        assert isinstance(answer, dict)
        return answer

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            # -P: a file called `assay` where the user happens to stand is not run.
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "assay.web.running",
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LONGEST_ANSWER,
            )
        return self._child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()


def main(path: str, draw_id: str) -> None:
    """Answer each line of the input with an estimate, until it ends."""
    os.nice(10)
    ledger = Ledger.open(Path(path))
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(estimate(ledger, draw_id)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A cycle GREEN, RED, GREEN under load, everything killed in between: what was acknowledged, and what became of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.ledger.store import Ledger
from web.governed import ECHO, PATIENCE_SECONDS, Governed, end, start_governor, start_upstream
from web.served import Visitor

WRONG = 4
"""Errors of severity 2 that are reported: 40 points of a budget of 30."""


@dataclass
class Load:
    """What a client has seen.

    Parameters
    ----------
    released
        Id -> what was streamed to its end.
    held
        Id of what a client was told is held -> number of the request.
    outcomes
        Acknowledged.
    waits : seconds
        Of what was refused: when to try again.
    """

    released: dict[str, str] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    outcomes: int = 0
    waits: list[int] = field(default_factory=list)
    done: int = 0
    states: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


async def load(
    url: Callable[[], str], count: int, *, at_once: int, model: str, max_tokens: int,
    events: Mapping[int, Callable[[Load], Awaitable[None]]],
) -> Load:  # fmt: skip
    """Send so many streamed requests, each tried until it ends in an answer, a hold or a refusal."""
    import openai

    seen, turns, in_order = Load(), asyncio.Semaphore(at_once), asyncio.Lock()
    client = openai.AsyncOpenAI(
        api_key="sk-of-a-client", base_url="http://127.0.0.1:1/v1", max_retries=0, timeout=PATIENCE_SECONDS * 2
    )  # fmt: skip

    async def one(number: int) -> None:
        async with turns:
            for _ in range(2_000):
                client.base_url = url() + "/v1"
                try:
                    await _ask(client, number, seen, model, max_tokens)
                    break
                except openai.APIStatusError as error:
                    code = str(error.code)
                    seen.errors[code] += 1
                    if code == "held_for_review":
                        seen.held[error.body["id"]] = number  # type: ignore[index]
                        break
                    if code == "refused":
                        seen.waits.append(int(error.response.headers["retry-after"]))
                        break
                    await asyncio.sleep(0.05)
                except openai.APIError as error:
                    seen.errors[type(error).__name__] += 1
                    await asyncio.sleep(0.05)
                except Exception as error:
                    # A stream that breaks in the midst of a line.
                    seen.errors[type(error).__name__] += 1
                    await asyncio.sleep(0.05)
            seen.done += 1
            if (event := events.get(seen.done)) is not None:
                async with in_order:
                    await event(seen)

    await asyncio.gather(*(one(number) for number in range(count)))
    await client.close()
    return seen


async def _ask(client: Any, number: int, seen: Load, model: str, max_tokens: int) -> None:
    # Every tenth has no score, so that nothing is known of it: it is held, or refused.
    headers = {} if number % 10 == 7 else {"x-assay-probability": "0.0001"}
    stream = await client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": f"Say the number {number}."}],
        max_tokens=max_tokens,
        stream=True,
        extra_headers=headers,
    )
    found = stream.response.headers
    seen.states[found["x-assay-state"]] += 1
    said, whole = "", False
    async for chunk in stream:
        if chunk.choices:
            said += chunk.choices[0].delta.content or ""
            whole = whole or chunk.choices[0].finish_reason is not None
    if whole:
        seen.released[found["x-assay-id"]] = said


async def report_errors(governed: Governed, seen: Load) -> None:
    """Report errors of released outputs until the budget is passed."""
    # The newest: what went out before the window began does not count against it.
    for trace_id in list(seen.released)[-WRONG:]:
        body = {"decision_id": trace_id, "wrong": True, "severity": 2, "by": "ada"}
        status, _, said = await asyncio.to_thread(governed.post, "/v1/outcome", body, token=True)
        assert status == 200, said
        seen.outcomes += 1


def note_cause(governed: Governed) -> None:
    """Say why it is RED."""
    cause = {"act": "note_cause", "by": "ada", "reason": "a prompt of mine"}
    assert governed.post("/v1/person", cause, token=True)[0] == 200


def back_to_green(governed: Governed, *, seconds: float) -> None:
    """Note the cause, and wait until it is GREEN again."""
    note_cause(governed)
    governed.until("GREEN", seconds=seconds)


def check_ledger(path: Path, seen: Load) -> dict[str, int]:
    """Hold the ledger against what the client has seen."""
    rows = Ledger.open(path).rows("SELECT trace_id, output, tags FROM traces")
    counts = Counter(row["trace_id"] for row in rows)
    outputs = {row["trace_id"]: row["output"] for row in rows}
    actions = {row["trace_id"]: json.loads(row["tags"])["govern.action"] for row in rows}
    assert max(counts.values()) == 1
    for trace_id, said in seen.released.items():
        assert outputs[trace_id] == said
        assert actions[trace_id] in ("release", "release_audited")
    for trace_id in seen.held:
        assert actions[trace_id] == "hold"
        assert trace_id not in seen.released
    return {"traces": len(rows), **Counter(actions.values())}


def confirmed(governed: Governed) -> int:
    """Return the errors of severity 2 that the governor knows of, all in all."""
    text = governed.get("/metrics")[2].decode()
    line = next(
        x for x in text.splitlines() if x.startswith('assay_errors_confirmed_total{severity="2"}')
    )
    return int(line.rpartition(" ")[2])


POLICY = """
budget = 30
window = "{window}"
review_per_hour = 100000
queue_target = "1h"
silence = "1h"
shadow = false
"""


class Stand:
    """The processes, which are killed and started anew."""

    def __init__(self, folder: Path, window: str, upstream: Path = ECHO) -> None:
        self.upstream = upstream
        self.ledger = Ledger.create(folder / "runs.ledger")
        self.policy = folder / "policy.toml"
        self.policy.write_text(POLICY.format(window=window))
        self.echo = start_upstream(self.upstream)
        self.governed = self.start()
        self.kills = 0

    def start(self, port: int = 0) -> Governed:
        return start_governor(
            self.ledger.path, self.policy, "--upstream", self.echo.url, "--client-score", "--port", port
        )  # fmt: skip

    async def restart_upstream(self, seen: Load) -> None:
        port = self.echo.port
        await asyncio.to_thread(end, self.echo.process)
        self.echo = await asyncio.to_thread(start_upstream, self.upstream, port)

    async def kill_governor(self, seen: Load) -> None:
        port = self.governed.port
        await asyncio.to_thread(self.governed.kill)
        self.governed = await asyncio.to_thread(self.start, port)
        self.kills += 1

    def end(self) -> None:
        end(self.echo.process)
        end(self.governed.process)


def judge_one(governed: Governed, seen: Load) -> None:
    """Read what waits on the labeling page, and call one of it right: that one is released, no other."""
    url = str(governed.said["review_url"])
    chosen, number = next(iter(seen.held.items()))
    visitor = Visitor(governed.port, url.partition("#")[2], "ada").enter()
    texts = []
    while visitor.item:
        texts.append(visitor.output)
        visitor.say("right" if f"Say the number {number}." in visitor.page else "unsure")
    assert len(texts) >= len(seen.held)
    visitor.post("leave")
    visitor.close()
    deadline = time.monotonic() + 20
    while b'"released"' not in (said := governed.get(f"/v1/held/{chosen}")[2]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert b'"response"' in said
    for other in seen.held:
        if other != chosen:
            assert b'"waiting"' in governed.get(f"/v1/held/{other}")[2]

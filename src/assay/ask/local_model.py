"""The embedded model: SmolLM2-135M-Instruct, run by llama.cpp inside this process, with no server to start.

Each slot is an engine of its own, of one thread and one sequence, and the prompt cache is off. So an answer depends on
the request, the weights and the runtime's build alone: not on what was asked before, nor on what is asked at the same
time. Both of the quicker ways were measured and change answers: with the prompt cache on, 11 of 40 greedy answers and
26 of 40 seeded ones differed; with two sequences in one engine, 1 of 40 seeded ones.

Engines of more than one thread are no choice either: their threads wait for each other by spinning, and beside one
other busy process they take many times as long.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from assay.ask.local_weights import find_weights, model_name, runtime_name, runtime_version
from assay.ask.reasoning import split_reasoning
from assay.ask.request import AskFailed, ChatReply, ChatRequest, TokenChoice
from assay.errors import BadInput

SLOTS = 4
CONTEXT_TOKENS = 2048
MAX_TOKENS = 512
"""Where a request sets no limit: a small model that repeats itself would go on to the end of its context."""

MAX_SEED = 2**32 - 2
"""The runtime takes 32 bits, and reads the last value (and so -1) as "any seed"."""

_CONTROL = re.compile(
    r"<(?=(?:\|(?:endoftext|im_start|im_end)\||repo_name|reponame|file_sep|filename|gh_stars|issue_start|issue_comment"
    r"|issue_closed|jupyter_start|jupyter_text|jupyter_code|jupyter_output|jupyter_script|empty_output)>)"
)


class LocalModel:
    """The embedded model.

    Parameters
    ----------
    slots : >= 1
        Most requests answered at a time; more wait for their turn. Each takes a thread and about 170 MB, half of which
        is the weights' file that all share; an engine is loaded when it is first needed. More slots than processor
        cores bring no more answers an hour, and each of them takes longer.
    prompt_cache
        Let an engine keep what it read for the request before. Quicker where prompts begin alike, and changes answers.
    context_tokens : in [64, 8192]
        Room for a request and its answer together, a slot.
    threads : >= 1
        Of each engine. More than one is for measuring what it brings: another number rounds differently.

    Raises
    ------
    LocalModelMissing
        Where runtime or weights are not installed.
    BadInput
        Where a setting is out of range.

    Notes
    -----
    Without a system message the model's own chat template adds one ("You are a helpful AI assistant named SmolLM ...").
    Where a request names none, the temperature is the runtime's own, 0.8, and the seed is any: such answers can't be
    had again. Other builds of the runtime, and other kinds of processor, round differently and may answer otherwise.
    """

    def __init__(
        self,
        *,
        slots: int = SLOTS,
        prompt_cache: bool = False,
        context_tokens: int = CONTEXT_TOKENS,
        threads: int = 1,
    ) -> None:
        if slots < 1:
            raise BadInput(f"slots must be at least 1, got {slots}")
        if threads < 1:
            raise BadInput(f"threads must be at least 1, got {threads}")
        if not 64 <= context_tokens <= 8192:
            raise BadInput(f"context_tokens must be in [64, 8192], got {context_tokens}")
        runtime_version()
        self._weights = find_weights()
        self._slots = slots
        self._prompt_cache = prompt_cache
        self._context_tokens = context_tokens
        self._threads = threads
        self._idle: list[Any] = []
        self._loading = threading.Lock()
        self._is_closed = False
        # One worker a slot: what waits for a slot waits in the executor's queue, where it can still be called off.
        self._workers = ThreadPoolExecutor(slots, thread_name_prefix="assay-local")

    @property
    def name(self) -> str:
        """The model's name and quantisation."""
        return model_name(self._weights)

    @property
    def slots(self) -> int:
        """How many requests it answers at a time."""
        return self._slots

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Answer one request, in a thread: the event loop stays free.

        Raises
        ------
        AskFailed
            Where the request doesn't fit the context, or the runtime refuses it.
        BadInput
            Where the seed is not one that the runtime can keep to.
        """
        if self._is_closed:
            raise AskFailed("the embedded model is closed")
        if request.seed is not None and not 0 <= request.seed <= MAX_SEED:
            raise BadInput(
                f"the embedded model takes seeds from 0 to {MAX_SEED}, got {request.seed}"
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._answer, request)

    async def close(self) -> None:
        """Wait for the requests that have begun, and let go of the engines."""
        self._is_closed = True
        await asyncio.to_thread(self._workers.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._idle.clear)

    def _answer(self, request: ChatRequest) -> ChatReply:
        try:
            # The last one used first: who asks one thing at a time loads one engine.
            engine = self._idle.pop()
        except IndexError:
            engine = self._load()
        try:
            return self._ask(engine, request)
        finally:
            self._idle.append(engine)

    def _load(self) -> Any:
        import xllamacpp

        params: Any = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.n_parallel = 1
        params.n_ctx = self._context_tokens
        params.cpuparams.n_threads = self._threads
        params.cpuparams_batch.n_threads = self._threads
        params.cache_prompt = self._prompt_cache
        # Keeping prompts of other requests aside costs more here than it saves.
        params.cache_ram_mib = 0
        params.cache_idle_slots = False
        params.verbosity = -1
        # The runtime listens on a port of its own accord. Nobody is told the key, so nobody else gets in.
        params.hostnames = ["127.0.0.1"]
        params.api_keys = [secrets.token_hex(32)]
        params.n_threads_http = 1
        params.ui = params.endpoint_slots = params.endpoint_props = False
        with self._loading:
            return xllamacpp.Server(params)

    def _ask(self, engine: Any, request: ChatRequest) -> ChatReply:
        body = request_body(request, prompt_cache=self._prompt_cache)
        began = time.perf_counter()
        try:
            found: dict[str, Any] = engine.handle_chat_completions(body)
        except ValueError as error:
            raise AskFailed(f"the embedded model refused the request: {error!s:.300}") from None
        took = time.perf_counter() - began
        if "choices" not in found:
            raise AskFailed(f"the embedded model gave no answer: {_fault(found):.300}")
        choice = found["choices"][0]
        output, reasoning = split_reasoning(
            choice["message"].get("content") or "", choice["message"].get("reasoning_content")
        )
        return ChatReply(
            output=output,
            reasoning=reasoning,
            finish_reason=str(choice["finish_reason"]),
            model=self.name,
            runtime=runtime_name(self._weights),
            cache_state="on" if self._prompt_cache else "off",
            latency_seconds=took,
            prompt_tokens=int(found["usage"]["prompt_tokens"]),
            completion_tokens=int(found["usage"]["completion_tokens"]),
            cost_usd=None,
            logprobs=_token_choices(choice.get("logprobs")),
        )


def ask_once(request: ChatRequest) -> ChatReply:
    """Answer one request with a model that is loaded for it and let go.

    Raises
    ------
    LocalModelMissing
        Where runtime or weights are not installed.
    AskFailed
        Where the request doesn't fit the context, or the runtime refuses it.
    """

    async def one() -> ChatReply:
        model = LocalModel(slots=1)
        try:
            return await model.answer(request)
        finally:
            await model.close()

    return asyncio.run(one())


def request_body(request: ChatRequest, *, prompt_cache: bool) -> dict[str, Any]:
    """Return a request as the runtime takes it."""
    body: dict[str, Any] = {
        "messages": [
            {"role": message.role, "content": harmless(message.content)}
            for message in request.messages
        ],
        "max_tokens": request.max_tokens or MAX_TOKENS,
        "cache_prompt": prompt_cache,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if request.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    if request.json_schema is not None:
        schema = {"name": "answer", "schema": dict(request.json_schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def harmless(text: str) -> str:
    """Return a text in which no control token of the model stands: a space breaks each of them.

    The runtime reads control tokens in a message as what they stand for, so that a text could end its own message and
    go on in another's name: an answer under test could speak as the judge.

    Examples
    --------
    >>> harmless("Right.<|im_end|> <b>really</b>")
    'Right.< |im_end|> <b>really</b>'
    """
    return _CONTROL.sub("< ", text)


def _token_choices(logprobs: Mapping[str, Any] | None) -> tuple[TokenChoice, ...]:
    return tuple(
        TokenChoice(token["token"], float(token["logprob"]), _top(token.get("top_logprobs") or []))
        for token in (logprobs or {}).get("content") or []
    )


def _top(listed: list[dict[str, Any]]) -> dict[str, float]:
    top: dict[str, float] = {}
    for entry in listed:
        # Likeliest first. Parts of one character can look alike: the likelier one stays.
        top.setdefault(entry["token"], float(entry["logprob"]))
    return top


def _fault(found: Mapping[str, Any]) -> str:
    error = found.get("error")
    return str(error.get("message") or error) if isinstance(error, dict) else str(found)

"""The embedded model answers by the request alone, says what it was, and takes texts as texts."""

from __future__ import annotations

import asyncio
import json
import math
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from assay.ask.local_model import MAX_SEED, LocalModel, ask_once, harmless, request_body
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Message
from assay.errors import BadInput

CONTROL_TOKENS = [
    *(f"<|{name}|>" for name in ("endoftext", "im_start", "im_end")),
    *(f"<{name}>" for name in ("repo_name", "reponame", "file_sep", "filename", "gh_stars")),
    *(f"<issue_{name}>" for name in ("start", "comment", "closed")),
    *(f"<jupyter_{name}>" for name in ("start", "text", "code", "output", "script")),
    "<empty_output>",
]


def chat(text: str, **settings: Any) -> ChatRequest:
    return ChatRequest((Message("user", text),), **{"temperature": 0, "max_tokens": 8} | settings)


def test_a_request_says_only_what_is_set() -> None:
    body = request_body(ChatRequest((Message("user", "Hi"),)), prompt_cache=False)
    assert body == {
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 512,
        "cache_prompt": False,
    }


def test_a_request_says_all_that_is_set() -> None:
    request = chat("Hi", seed=7, top_logprobs=3, json_schema={"type": "object"})
    body = request_body(request, prompt_cache=True)
    assert (body["temperature"], body["seed"], body["top_logprobs"]) == (0, 7, 3)
    assert body["logprobs"] is True
    assert body["cache_prompt"] is True
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


@pytest.mark.parametrize("token", CONTROL_TOKENS)
def test_no_control_token_is_left_in_a_text(token: str) -> None:
    text = f"a{token}{token}b <{token}"
    assert token not in harmless(text)
    assert harmless(text).replace("< ", "<") == text


def test_other_text_is_left_as_it_is() -> None:
    text = "1 < 2, <b>bold</b>, <|user|>, x<-3 <filenames> <|im_end"
    assert harmless(text) == text


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[Callable[[LocalModel], Awaitable[Any]]], Any]]:
    """Run what asks the model, which is loaded once for this file."""
    with asyncio.Runner() as runner:
        model = LocalModel()
        yield lambda ask: runner.run(ask(model))  # type: ignore[arg-type]
        runner.run(model.close())


Run = Callable[[Callable[[LocalModel], Awaitable[Any]]], Any]


async def together(model: LocalModel, requests: list[ChatRequest]) -> list[ChatReply]:
    return list(await asyncio.gather(*(model.answer(request) for request in requests)))


@pytest.mark.local
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_an_answer_depends_on_its_request_alone(run: Run, temperature: float) -> None:
    requests = [
        chat(f"Tell me about {i}.", temperature=temperature, seed=i, top_logprobs=1, max_tokens=5)
        for i in range(5)
    ]

    async def alone(model: LocalModel) -> list[ChatReply]:
        return [await model.answer(request) for request in reversed(requests)][::-1]

    one_by_one = run(alone)
    at_a_time = run(lambda model: together(model, requests))
    assert [reply.output for reply in one_by_one] == [reply.output for reply in at_a_time]
    # To the last bit: it is the same sum, not one that happens to round alike.
    assert [reply.logprobs for reply in one_by_one] == [reply.logprobs for reply in at_a_time]
    assert len({reply.output for reply in one_by_one}) > 1


@pytest.mark.local
def test_the_seed_is_heard(run: Run) -> None:
    requests = [chat("Name an animal.", temperature=1.5, seed=seed) for seed in range(4)]
    replies = run(lambda model: together(model, requests))
    assert len({reply.output for reply in replies}) > 1


@pytest.mark.local
def test_a_reply_says_what_answered_and_how(run: Run) -> None:
    reply = run(lambda model: model.answer(chat("Count to a hundred.", max_tokens=4)))
    assert reply.finish_reason == "length"
    assert reply.completion_tokens == 4
    assert reply.prompt_tokens > 4
    assert reply.latency_seconds > 0
    assert reply.cost_usd is None
    assert reply.cache_state == "off"
    assert reply.model == "SmolLM2-135M-Instruct Q4_1"
    assert reply.runtime.startswith("xllamacpp ")
    assert reply.runtime.endswith(" Q4_1 sha256:b179c952")


@pytest.mark.local
def test_probabilities_come_with_the_tokens(run: Run) -> None:
    reply = run(lambda model: model.answer(chat("Is Paris in France?", top_logprobs=5)))
    assert "".join(token.token for token in reply.logprobs).startswith(reply.output)
    for token in reply.logprobs:
        assert 1 <= len(token.top) <= 5
        assert token.logprob == max(token.top.values()) == token.top[token.token]
        assert 0 < sum(math.exp(value) for value in token.top.values()) <= 1 + 1e-6


@pytest.mark.local
def test_an_answer_is_held_to_a_schema(run: Run) -> None:
    schema = {
        "type": "object",
        "properties": {"right": {"type": "boolean"}},
        "required": ["right"],
        "additionalProperties": False,
    }
    request = chat("Is 2 + 2 = 4?", max_tokens=40, json_schema=schema)
    reply = run(lambda model: model.answer(request))
    assert set(json.loads(reply.output)) == {"right"}


@pytest.mark.local
def test_control_tokens_would_be_obeyed_and_are_not(run: Run) -> None:
    text = "".join(CONTROL_TOKENS)

    async def tokens(model: LocalModel) -> tuple[int, int, int]:
        plain = await model.answer(chat("a", max_tokens=1))
        asked = await model.answer(chat("a" + text, max_tokens=1))
        body = request_body(chat("x", max_tokens=1), prompt_cache=False)
        body["messages"][0]["content"] = "a" + text
        raw = model._idle[-1].handle_chat_completions(body)["usage"]["prompt_tokens"]
        return plain.prompt_tokens or 0, asked.prompt_tokens or 0, raw

    plain, asked, raw = run(tokens)
    # As they come, each would be one token: the one that ends a message, for example.
    assert raw - plain == len(CONTROL_TOKENS) == 17
    assert asked - plain >= 3 * len(CONTROL_TOKENS)


@pytest.mark.local
def test_what_cannot_be_asked_is_said(run: Run) -> None:
    with pytest.raises(AskFailed, match="exceeds the available context"):
        run(lambda model: model.answer(chat("word " * 3000)))
    with pytest.raises(AskFailed, match="refused"):
        run(lambda model: model.answer(chat("Hi", json_schema={"type": "no such type"})))
    assert run(lambda model: model.answer(chat("Hi", seed=MAX_SEED))).output


@pytest.mark.local
@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_a_seed_that_would_not_be_kept_is_refused(run: Run, seed: int) -> None:
    with pytest.raises(BadInput, match="seeds from 0"):
        run(lambda model: model.answer(chat("Hi", seed=seed)))


@pytest.mark.local
def test_the_event_loop_is_free_while_the_model_thinks(run: Run) -> None:
    async def watched(model: LocalModel) -> int:
        asked = asyncio.create_task(model.answer(chat("Count to a hundred.", max_tokens=12)))
        turns = 0
        while not asked.done():
            await asyncio.sleep(0)
            turns += 1
        await asked
        return turns

    assert run(watched) > 10


@pytest.mark.local
def test_nobody_else_gets_in_through_the_port_that_the_runtime_opens(run: Run) -> None:
    async def address(model: LocalModel) -> str:
        await model.answer(chat("Hi", max_tokens=1))
        return str(model._idle[0].listening_address)

    base = run(address)
    assert base.startswith("http://127.0.0.1:")
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}).encode()
    for path, data in (("/v1/chat/completions", body), ("/completion", body), ("/slots", None)):
        asked = urllib.request.Request(base + path, data, {"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as met:
            urllib.request.urlopen(asked, timeout=20)
        assert met.value.code == 401
        met.value.close()


@pytest.mark.local
def test_only_as_many_engines_are_loaded_as_are_used() -> None:
    async def engines() -> list[int]:
        model = LocalModel(slots=2, context_tokens=256)
        counted = []
        for many in (1, 5):
            await together(model, [chat(f"Hi {i}", max_tokens=1) for i in range(many)])
            counted.append(len(model._idle))
        await model.close()
        with pytest.raises(AskFailed, match="closed"):
            await model.answer(chat("Hi"))
        return counted

    assert asyncio.run(engines()) == [1, 2]


@pytest.mark.local
def test_the_cache_is_said_to_be_on_where_it_is() -> None:
    async def both() -> list[ChatReply]:
        model = LocalModel(slots=1, prompt_cache=True)
        replies = [await model.answer(chat("Hi", max_tokens=1)) for _ in range(2)]
        await model.close()
        return replies

    assert [reply.cache_state for reply in asyncio.run(both())] == ["on", "on"]


@pytest.mark.local
def test_one_question_needs_no_loop_of_its_own() -> None:
    assert ask_once(chat("Say hello.")).output


@pytest.mark.parametrize("setting", [{"slots": 0}, {"context_tokens": 32}])
def test_a_setting_out_of_range_is_refused(setting: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="got"):
        LocalModel(**setting)  # type: ignore[arg-type]

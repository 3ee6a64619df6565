"""A real server on loopback that does everything wrong, against the endpoint."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from ask.fault_server import FaultServer, serving
from assay.ask.address import check_url
from assay.ask.money import Prices
from assay.ask.openai_endpoint import OpenAIEndpoint, OpenAISettings
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Message
from assay.ask.retry import RetryPolicy
from assay.errors import BadInput

QUICK = RetryPolicy(tries=3, first_wait_seconds=0.001, most_wait_seconds=0.01)


def ask(server: FaultServer, *questions: str, **settings: Any) -> list[ChatReply | BaseException]:
    """Ask one after the other, over one connection."""

    async def work() -> list[ChatReply | BaseException]:
        given = {"timeout_seconds": 30.0, "retry": QUICK, **settings}
        endpoint = OpenAIEndpoint(check_url(server.url), "m", OpenAISettings(**given))
        replies: list[ChatReply | BaseException] = []
        for question in questions:
            try:
                replies.append(await endpoint.answer(ChatRequest((Message("user", question),))))
            except (AskFailed, BadInput) as error:
                replies.append(error)
        await endpoint.close()
        return replies

    return asyncio.run(work())


def one(server: FaultServer, question: str = "q", **settings: Any) -> ChatReply | BaseException:
    return ask(server, question, **settings)[0]


@pytest.mark.parametrize(
    "fault",
    ["429", "500", "503", "408", "409", "hang", "drip", "cut", "cut-chunked", "half", "html", "empty",
     "nothing", "no-choices"],
)  # fmt: skip
def test_a_fault_that_passes_is_tried_again(fault: str) -> None:
    with serving(FaultServer(lambda body, before: fault if before == 0 else "ok")) as server:
        # Longer than a busy machine holds up an answer that does come.
        reply = one(server, timeout_seconds=1.5)
    assert isinstance(reply, ChatReply), reply
    assert reply.output == "re: q #None"
    assert reply.tries == 2
    assert server.requests == 2
    # Failed tries are no part of the latency: the time-out alone is 1.5 seconds.
    assert 0 < reply.latency_seconds < 1.5


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("500", "status 500: told so (3 tries)"),
        ("hang", "no answer within 0.3 seconds (3 tries)"),
        ("html", "a page of HTML"),
        ("half", "broken JSON"),
        ("empty", "an empty body"),
        ("nothing", "an answer with nothing in it"),
        ("cut", "the connection broke"),
    ],
)
def test_a_fault_that_stays_ends_with_its_name(fault: str, said: str) -> None:
    with serving(FaultServer(lambda body, before: fault)) as server:
        reply = one(server, timeout_seconds=0.3 if fault == "hang" else 30.0)
    assert isinstance(reply, AskFailed)
    assert said in reply.message
    assert server.requests == 3


@pytest.mark.parametrize("status", ["400", "403", "422", "redirect"])
def test_what_stays_wrong_is_not_tried_again(status: str) -> None:
    with serving(FaultServer(lambda body, before: status)) as server:
        reply = one(server)
    assert isinstance(reply, AskFailed)
    assert server.requests == 1


@pytest.mark.parametrize("status", ["401", "404"])
def test_what_would_meet_every_request_ends_the_run(status: str) -> None:
    with serving(FaultServer(lambda body, before: status)) as server:
        assert isinstance(one(server), BadInput)
    with serving(
        FaultServer(lambda body, before: "ok" if "first" in str(body) else status)
    ) as server:
        _, second = ask(server, "first", "second")
        assert isinstance(second, AskFailed)


def test_a_second_reply_on_the_connection_is_never_taken_for_the_next_answer() -> None:
    with serving(FaultServer(lambda body, before: "duplicate")) as server:
        replies = ask(server, "one", "two", "three")
    outputs = [reply.output for reply in replies if isinstance(reply, ChatReply)]
    assert outputs == ["re: one #None", "re: two #None", "re: three #None"]


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reply = one(FaultServer(port=port))
    assert isinstance(reply, BadInput)
    assert "nothing answers at" in reply.message


def test_the_key_is_sent_and_never_shown() -> None:
    settings = OpenAISettings(api_key="sk-secret")
    assert "sk-secret" not in repr(settings)
    with serving(FaultServer()) as server:
        one(server, api_key="sk-secret")
        assert "Bearer sk-secret" in server.headers[-1]
        one(server)
        assert "sk-secret" not in server.headers[-1]


KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize("what", ["ok", "400"])
def test_a_key_that_the_server_sends_back_is_not_kept(what: str) -> None:
    said = {"message": {"content": f"your header: Bearer {KEY}"}, "model": KEY}
    with serving(FaultServer(lambda body, before: what, answer=lambda body: dict(said))) as server:
        server.error = f"bad key {KEY}"
        reply = one(server, api_key=KEY)
    assert KEY not in repr(reply)
    assert "[key]" in repr(reply)


def test_whose_account_it_is_stays_from_this_machines_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another")
    with serving(FaultServer()) as server:
        assert isinstance(one(server), ChatReply)
    assert "of-another" not in server.headers[-1]


@pytest.mark.parametrize(
    ("fault", "said"),
    [("bomb", "more than 67,108,864 bytes"), ("bomb-in-bomb", "packed as 'gzip, gzip'")],
)
def test_a_reply_that_unpacks_to_more_than_any_answer_is_dropped(fault: str, said: str) -> None:
    with serving(FaultServer(lambda body, before: fault)) as server:
        reply = one(server, timeout_seconds=30.0)
    assert isinstance(reply, AskFailed)
    assert said in reply.message
    assert server.requests == 1, "it would come again"


def test_a_packed_reply_is_read() -> None:
    with serving(FaultServer(lambda body, before: "gzip")) as server:
        reply = one(server)
    assert isinstance(reply, ChatReply), reply
    assert reply.output == "re: q #None"


def test_the_name_of_the_limit_is_learned() -> None:
    seen: list[dict[str, Any]] = []

    def choose(body: dict[str, Any], before: int) -> str:
        seen.append(body)
        return "ok"

    class Modern(FaultServer):
        async def _do(self, what: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
            if "max_tokens" in body:
                said = b'{"error": {"message": "use max_completion_tokens instead"}}'
                head = b"HTTP/1.1 400 X\r\ncontent-length: %d\r\n\r\n" % len(said)
                writer.write(head + said)
                return True
            return await super()._do(what, body, writer)

    async def work(url: str) -> ChatReply:
        endpoint = OpenAIEndpoint(check_url(url), "m", OpenAISettings(retry=QUICK))
        reply = await endpoint.answer(ChatRequest((Message("user", "q"),), max_tokens=7))
        await endpoint.close()
        return reply

    with serving(Modern(choose)) as server:
        asyncio.run(work(server.url))
    assert [body.get("max_completion_tokens") for body in seen] == [None, 7]


def test_no_credit_is_not_tried_again() -> None:
    class Poor(FaultServer):
        async def _do(self, what: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
            said = b'{"error": {"message": "pay", "code": "insufficient_quota"}}'
            writer.write(b"HTTP/1.1 429 X\r\ncontent-length: %d\r\n\r\n" % len(said) + said)
            return True

    with serving(Poor()) as server:
        assert isinstance(one(server), AskFailed)
        assert server.requests == 1


def test_cost_comes_from_the_server_or_from_prices_or_is_unknown() -> None:
    def priced(body: dict[str, Any]) -> dict[str, Any]:
        return {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.25}}

    prices = Prices(2.0, 4.0)
    with serving(FaultServer(answer=priced)) as server:
        assert getattr(one(server, prices=prices), "cost_usd", 0) == 0.25
    with serving(FaultServer()) as server:
        assert getattr(one(server, prices=prices), "cost_usd", 0) == pytest.approx(40e-6)
        assert getattr(one(server), "cost_usd", 0) is None
    with serving(FaultServer(answer=lambda body: {"usage": None})) as server:
        reply = one(server, prices=prices)
        assert isinstance(reply, ChatReply)
        assert (reply.cost_usd, reply.prompt_tokens) == (None, None)

"""Bodies that are no chat completion, and those that try to be more than one."""

from __future__ import annotations

import json

import pytest

from assay.ask.reasoning import split_reasoning
from assay.ask.request import ChatReply
from assay.ask.wire import LONGEST_NAME, NoReply, read_reply

DEEP = b"[" * 100_000 + b"]" * 100_000


def read(body: bytes) -> ChatReply:
    return read_reply(body, latency_seconds=0.1, tries=1, prices=None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": 1, "error": ' + DEEP + b"}",
        b'{"choices": 1, "error": "\xff"}',
        b'{"choices": 1, "error": {"message": "\\ud83d"}}',
        b'{"choices": [{"message": {"content": "x"}}], "other": ' + DEEP + b"}",
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b'{"choices": [{"message": {"content": "x"}, "logprobs": {"content": [{"token": "a", "logprob": NaN}]}}]}',
        b'{"choices": [{"message": {"content": "x"}, "logprobs": {"content": [{"token": "a", "logprob": 1e999}]}}]}',
        b'{"choices": [{"message": {"content": ["x"]}}]}',
        b"null",
        b"[]",
    ],
)
def test_a_hostile_body_is_no_reply_and_no_crash(body: bytes) -> None:
    with pytest.raises(NoReply):
        read(body)


def test_what_a_server_calls_itself_is_cut() -> None:
    said = {"message": {"content": "x"}, "finish_reason": "f" * 1_000_000}
    names = {"model": "m" * 1_000_000, "system_fingerprint": "s" * 1_000_000}
    reply = read(json.dumps({"choices": [said], **names}).encode())
    assert {len(reply.finish_reason), len(reply.model), len(reply.runtime)} == {LONGEST_NAME}


def test_a_million_thoughts_are_taken_apart_in_one_pass() -> None:
    # By a copy of the rest for each of them this takes minutes.
    text = "<think></think>" * 1_000_000
    assert split_reasoning(text + "Four.") == ("Four.", "")

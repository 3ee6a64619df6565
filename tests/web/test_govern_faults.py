"""Bad input, from either side: each ends as it is said to end, and the service goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger, literal
from assay.web.govern_journal import read_govern_journal
from web.governed import Echo, Governed, end, start_echo, start_governor

POLICY = """
budget = 1e9
window = "30d"
review_per_hour = 3600
queue_target = "10h"
shadow = false
[fail_modes]
1 = "hold"
2 = "refuse"
3 = "release_and_log"
"""
SCORE: dict[str, Any] = {"x_assay_probability": "0.001"}
MB = 2**20


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    started = start_echo()
    yield started
    end(started.process)


@pytest.fixture(scope="module")
def governed(echo: Echo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Governed]:
    folder = tmp_path_factory.mktemp("govern")
    (folder / "policy.toml").write_text(POLICY)
    Ledger.create(folder / "runs.ledger")
    started = start_governor(
        folder / "runs.ledger", folder / "policy.toml", "--upstream", echo.url, "--client-score",
        "--upstream-timeout", 0.7, "--upstream-key-env", "UPSTREAM_KEY",
        "--judge", "regex", "--pattern", r"^(a+)+b?$|^[^a]", "--judge-seconds", 0.5,
    )  # fmt: skip
    yield started
    end(started.process)


def code(reply: Any) -> tuple[int, str]:
    return reply[0], json.loads(reply[2])["error"]["code"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("!html", (502, "upstream_malformed")),
        ("!inject", (502, "upstream_failed")),
        ("!status 500", (502, "upstream_500")),
        ("!status 429", (429, "upstream_429")),
        ("!hang", (504, "upstream_timeout")),
    ],
)
def test_an_upstream_that_gives_no_answer(
    governed: Governed, said: str, found: tuple[int, str], *, stream: bool
) -> None:
    if stream and said == "!html":
        found = (502, "upstream_failed")
    reply = governed.chat(said, stream=stream, **SCORE)
    assert code(reply) == found
    assert "x-evil" not in reply[1]
    assert governed.chat("well", **SCORE)[0] == 200


def test_a_body_that_breaks_off(governed: Governed) -> None:
    assert code(governed.chat("!cut it is", **SCORE)) == (502, "upstream_failed")
    assert code(governed.chat("!two", **SCORE)) == (502, "upstream_malformed")


@pytest.mark.parametrize("said", ["!cut it off", "!stall for ever"])
def test_a_stream_that_breaks_off_ends_as_an_error_and_is_recorded(
    governed: Governed, said: str
) -> None:
    import openai

    client = openai.OpenAI(api_key="k", base_url=governed.url + "/v1", max_retries=0)
    with client:
        stream = client.chat.completions.create(
            model="echo", stream=True, messages=[{"role": "user", "content": said}],
            extra_headers={"x-assay-probability": "0.001"},
        )  # fmt: skip
        with pytest.raises(openai.APIError):
            list(stream)
    folder = Path(governed.said["token_file"]).parent
    rows = read_govern_journal(folder).rows
    tags = [json.loads(str(row["tags"])) for row in rows if row["input"] == said]
    tags += [json.loads(row["tags"]) for row in _ledger_rows(folder.parent, said)]
    assert "govern.broken" in tags[-1]


def _ledger_rows(path: Path, said: str) -> list[dict[str, Any]]:
    sql = f"SELECT tags FROM traces WHERE input = {literal(said)}"
    return [dict(row) for row in Ledger.open(path).rows(sql)]


def test_an_unjudged_stream_that_breaks_off_says_nothing(governed: Governed) -> None:
    assert code(governed.chat("!cut it off", stream=True)) == (502, "upstream_failed")


def test_an_unknown_model(governed: Governed) -> None:
    body = {"model": "none", "messages": [{"role": "user", "content": "x"}]}
    reply = governed.post("/v1/chat/completions", body)
    assert code(reply) == (404, "upstream_404")
    assert b"no model none" in reply[2]


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'"x"', b"\xff\xfe", b'{"model":"echo"}', b'{"model":"echo","messages":[]}',
        b'{"model":"echo","messages":["x"]}', b'{"model":"a\\nb","messages":[{}]}',
        b'{"model":"echo","messages":[{}],"n":2}', b'{"model":"echo","messages":[{}],"stream":"yes"}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_wrong_json(governed: Governed, body: bytes) -> None:
    assert code(governed.send("POST", "/v1/chat/completions", body)) == (400, "bad_request")


def test_a_judge_that_hangs_ends_as_the_fail_mode_of_the_severity(governed: Governed) -> None:
    hostile = "a" * 40 + "!"
    released = governed.chat(hostile)
    assert (released[0], released[1]["x-assay-action"][:7]) == (200, "release")
    held = governed.chat(hostile, x_assay_severity="1")
    assert code(held) == (403, "held_for_review")
    assert hostile.encode() not in held[2]
    refused = governed.chat(hostile, x_assay_severity="2")
    assert code(refused) == (429, "refused")
    assert int(refused[1]["retry-after"]) >= 1


def test_a_judge_is_heard(governed: Governed) -> None:
    assert governed.chat("good")[1]["x-assay-action"].startswith("release")
    rows = governed.post(
        "/v1/decide", {"decision_id": "d1", "input": "", "output": "ac"}, token=True
    )
    assert json.loads(rows[2])["numbers"]["probability"] == 1.0


def raw(governed: Governed, head: str, body: bytes = b"", *, seconds: float = 30) -> bytes:
    with socket.create_connection(("127.0.0.1", governed.port), timeout=seconds) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + body)
        said = b""
        try:
            while part := connection.recv(65536):
                said += part
        except (TimeoutError, ConnectionError):
            pass
        return said


HEAD = (
    "POST /v1/chat/completions HTTP/1.1\nhost: 127.0.0.1:{port}\ncontent-type: application/json\n"
)


def test_a_body_of_100_mb_is_refused_unread(governed: Governed) -> None:
    head = HEAD.format(port=governed.port) + f"content-length: {100 * MB}\n\n"
    assert raw(governed, head).startswith(b"HTTP/1.1 413")


def test_a_large_body_without_a_length_is_refused_once_it_is_too_large(governed: Governed) -> None:
    head = HEAD.format(port=governed.port) + "transfer-encoding: chunked\n\n"
    part = b"%x\r\n%b\r\n" % (MB, b"x" * MB)
    with socket.create_connection(("127.0.0.1", governed.port), timeout=30) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode())
        sent, said = 0, b""
        try:
            for _ in range(100):
                connection.sendall(part)
                sent += 1
        except OSError:
            pass
        with suppress(OSError):
            said = connection.recv(65536)
    assert sent < 100
    assert said.startswith(b"HTTP/1.1 413") or not said
    assert governed.health()["ok"]


@pytest.mark.parametrize(
    "line",
    ["x-assay-stratum: a\rx-assay-state: GREEN", "x-assay-stratum: a\0b", "x-a\rb: c", "x y: z"],
)
def test_no_header_can_be_smuggled_in(governed: Governed, line: str) -> None:
    said = raw(governed, HEAD.format(port=governed.port) + line + "\ncontent-length: 2\n\n", b"{}")
    assert said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_assay_severity": "4"}, 400),
        ({"x_assay_probability": "nan"}, 400),
        ({"x_assay_probability": "-1"}, 400),
        ({"x_assay_stratum": "s" * 300}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"host": "evil.example"}, 421),
        ({"content_type": "text/plain"}, 415),
    ],
)
def test_headers_that_are_not_taken(
    governed: Governed, headers: dict[str, Any], status: int
) -> None:
    assert governed.chat("x", **headers)[0] == status


def test_nothing_of_a_client_goes_on_and_nothing_of_a_key_comes_back(governed: Governed) -> None:
    for _ in range(2):
        reply = governed.chat("!headers", **SCORE, cookie="a=client", authorization="Bearer client")
        said = json.loads(json.loads(reply[2])["choices"][0]["message"]["content"])
        assert said["authorization"] == "bearer [key]"
        assert "cookie" not in said
        assert "client" not in json.dumps(said)
        assert "set-cookie" not in reply[1]
    streamed = governed.chat("!headers", stream=True, **SCORE)
    assert b"sk-upstream" not in streamed[2]


@pytest.mark.parametrize("path", ["/v1/outcome", "/v1/person"])
def test_what_people_do_needs_the_token(governed: Governed, path: str) -> None:
    assert governed.post(path, {})[0] == 401
    assert governed.post(path, {}, authorization="Bearer x")[0] == 401
    assert governed.post(path, {}, token=True)[0] == 400


def test_an_id_is_decided_once(governed: Governed) -> None:
    asked = {"decision_id": "twice", "probability": 0.001, "severity": 3}
    assert governed.post("/v1/decide", asked, token=True)[0] == 200
    assert governed.post("/v1/decide", asked, token=True)[0] == 409
    assert governed.post("/v1/decide", {**asked, "sverity": 3}, token=True)[0] == 400
    assert (
        governed.post("/v1/decide", {**asked, "decision_id": "b", "probability": 2}, token=True)[0]
        == 400
    )


def test_beside_a_pass_through_a_client_does_not_decide_with_a_probability_of_its_own(
    governed: Governed,
) -> None:
    asked = {"decision_id": "mine", "probability": 0.0}
    assert governed.post("/v1/decide", asked)[0] in {401, 403}


@pytest.mark.parametrize("name", ["../operator.token", "g-" + "0" * 32, "..%2foperator.token"])
def test_nothing_else_can_be_had_as_a_held_answer(governed: Governed, name: str) -> None:
    assert governed.get("/v1/held/" + name)[0] == 404


def test_machines_are_told(governed: Governed) -> None:
    assert governed.health()["ok"] is True
    assert b"assay_governor_state" in governed.get("/metrics")[2]
    assert json.loads(governed.get("/v1/models")[2])["data"][0]["id"] == "echo"
    assert governed.get("/nowhere")[0] == 404


def test_gateways_are_answered(governed: Governed) -> None:
    path = "/beta/litellm_basic_guardrail_api"
    asked = {"input_type": "response", "texts": ["good"], "litellm_call_id": "c1"}
    assert json.loads(governed.post(path, asked)[2]) == {"action": "NONE"}
    assert json.loads(governed.post(path, asked)[2]) == {"action": "NONE"}
    assert json.loads(governed.post(path, {"input_type": "?"})[2])["action"] == "BLOCKED"
    plain = {"id": "w1", "output": "a" * 40 + "!", "severity": 1}
    first = json.loads(governed.post("/v1/webhook", plain)[2])
    assert (first["verdict"], first["data"]["action"]) == (False, "hold")
    assert json.loads(governed.post("/v1/webhook", plain)[2])["verdict"] is False

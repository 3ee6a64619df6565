"""The server itself: who is let in, what every reply says to the browser, and what a kill leaves."""

from __future__ import annotations

import http.client
import random
import socket
import string
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.web.app import DOORS, Door
from assay.web.guard import HEADERS, MOST_BYTES
from assay.web.items import item_key
from web.room import labels_in, room
from web.served import Reply, Server, Visitor, ask, served

SECRET = "house number"
"""Stands in every input: a word of the ledger."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("served") / "runs.ledger"
    room(path, traces=60, labels=50)
    with served(path) as running:
        yield running


@pytest.fixture
def ada(server: Server) -> Iterator[Visitor]:
    visitor = Visitor(server.port, server.token, "ada").enter()
    yield visitor
    visitor.post("leave")
    visitor.close()


def path_of(door: Door, visitor: Visitor) -> str:
    seat = visitor.desk.rpartition("/")[2]
    return door.path.format(seat=seat, key=visitor.item, field="output")


def try_door(
    door: Door, visitor: Visitor, method: str | None = None, **changed: str | None
) -> Reply:
    """Ask with everything right but what is changed; None leaves a header away."""
    headers: dict[str, str | None] = {
        **visitor.headers,
        "Host": f"127.0.0.1:{visitor.port}",
        **changed,
    }
    method = method or door.method
    fields = f"item={visitor.item}&verdict=right&person=mallory&token={visitor.token}"
    return ask(
        visitor.port,
        method,
        path_of(door, visitor),
        {name: value for name, value in headers.items() if value is not None},
        fields if method == "POST" else None,
    )


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.method} {door.path}")
def test_every_route_with_every_right_missing(server: Server, ada: Visitor, door: Door) -> None:
    assert ada.item
    before = progress(ada)
    for changed, status in wrong_ways(door, ada):
        method = changed.pop("method", None)
        reply = try_door(door, ada, method, **changed)
        assert reply.status in (status, 400), (method, changed, reply.status)
        assert SECRET not in reply.text, changed
        assert server.token not in reply.text, changed
    assert progress(ada) == before, "nothing has changed"
    assert try_door(door, ada).status in (200, 303)


def wrong_ways(door: Door, ada: Visitor) -> list[tuple[dict[str, str | None], int]]:
    """What may be wrong with a request, and how it is refused."""
    port = ada.port
    hosts = ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", "")
    ways: list[tuple[dict[str, str | None], int]] = [({"Host": host}, 421) for host in hosts]
    other_method = "GET" if door.method == "POST" else "POST"
    ways += [({"method": method}, 405) for method in (other_method, "DELETE", "PUT")]
    if door.needs == "desk":
        forged = f"assay-{port}={'A' * 43}"
        other_server = ada.cookie.replace("assay-", "assay-1")
        ways += [({"Cookie": cookie}, 403) for cookie in (None, "", forged, other_server)]
    if door.method == "POST":
        own = f"127.0.0.1:{port}"
        origins = (
            "http://evil.example",
            f"http://localhost:{port}",
            f"http://[::1]:{port}",
            f"https://{own}",
            f"http://{own}1",
            "null",
            None,
        )
        ways += [({"Origin": origin}, 403) for origin in origins]
        sites = ("cross-site", "same-site", "none")
        ways += [({"Sec-Fetch-Site": site}, 403) for site in sites]
        ways += [({"Content-Type": kind}, 415) for kind in ("text/plain", "application/json", None)]
    return ways


def progress(visitor: Visitor) -> str:
    return visitor.request("GET", f"{visitor.desk}/progress").text.partition("<h2>")[0]


def test_the_token_is_needed_to_enter(server: Server) -> None:
    for token in ("", "A" * 43, server.token[:-1], server.token + "x", "é"):
        visitor = Visitor(server.port, token, "ada")
        reply = visitor.request("POST", "/enter", {"token": token, "person": "ada"})
        visitor.close()
        assert reply.status == 403
        assert "set-cookie" not in reply.headers
        assert server.token not in reply.text


def test_one_token_has_two_hundred_and_fifty_six_bits(server: Server) -> None:
    assert len(server.token) == 43


def test_a_plain_form_without_a_referrer_is_let_in_where_the_browser_vouches(
    server: Server, ada: Visitor
) -> None:
    door = next(door for door in DOORS if door.path.endswith("/undo"))
    assert try_door(door, ada, Origin="null", **{"Sec-Fetch-Site": "same-origin"}).status == 200
    assert try_door(door, ada, Origin=None, **{"Sec-Fetch-Site": "same-origin"}).status == 200
    assert try_door(door, ada, Origin="null").status == 403


def test_every_reply_has_every_header(server: Server, ada: Visitor) -> None:
    for path in ("/", "/page.css", ada.desk, f"{ada.desk}/progress", "/nowhere", "/enter"):
        reply = ada.request("GET", path)
        for name, value in HEADERS.items():
            assert reply.headers[name.lower()] == value, path
        assert "server" not in reply.headers
        assert not any(name.startswith("access-control") for name in reply.headers)
    cookie = Visitor(server.port, server.token, "x")
    reply = cookie.request("POST", "/enter", {"token": server.token, "person": "x"})
    cookie.close()
    assert "httponly" in reply.headers["set-cookie"].lower()
    assert "samesite=strict" in reply.headers["set-cookie"].lower()


def test_a_page_holds_no_script_style_or_handler_of_its_own(ada: Visitor) -> None:
    whole = ask(
        ada.port, "GET", ada.desk, {"Cookie": ada.cookie, "Host": f"127.0.0.1:{ada.port}"}
    ).text
    assert whole.count("<script") == 1
    assert '<script src="/page.js" defer></script>' in whole
    for forbidden in ("<style", " style=", " onclick=", '="javascript:', '="http'):
        assert forbidden not in whole.lower()
    assert ada.token not in whole


def test_it_listens_on_this_machine_only(server: Server) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        with socket.socket() as knock:
            knock.settimeout(2)
            assert knock.connect_ex((str(address), server.port)) != 0


def test_a_large_request_is_refused(server: Server, ada: Visitor) -> None:
    assert ada.request("POST", f"{ada.desk}/answer", {"note": "x" * MOST_BYTES}).status == 413


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "maybe"},
        {"verdict": ""},
        {"verdict": "right", "severity": "1"},
        {"verdict": "right", "kind": "made up"},
        {"verdict": "wrong", "severity": "4"},
        {"verdict": "wrong", "kind": "x" * 201},
        {"verdict": "wrong", "note": "x" * 4_001},
    ],
)
def test_a_wrong_answer_form_is_refused_and_nothing_is_kept(
    ada: Visitor, fields: dict[str, str]
) -> None:
    before = progress(ada)
    assert ada.request("POST", f"{ada.desk}/answer", {"item": ada.item, **fields}).status == 422
    assert progress(ada) == before


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "ada\u202eevil", "\x1b[31mred", "seeded key"])
def test_a_name_that_hides_something_is_refused(server: Server, name: str) -> None:
    visitor = Visitor(server.port, server.token, name)
    assert visitor.request("POST", "/enter", {"token": server.token, "person": name}).status == 422
    visitor.close()


def test_no_path_leads_out(server: Server, ada: Visitor) -> None:
    rng = random.Random(4)
    parts = [
        *("..", "%2e%2e", "%2f", "%5c", "%00", "~", ".", ";", "%F0%9F%98%80", "etc", "passwd"),
        *("page.css", "page.js", "desk", ada.desk[6:], "text", "output", ada.item, "trace_id"),
        *("__class__", "assay.json", "labeling"),
    ]
    statuses: Counter[int] = Counter()
    for _ in range(400):
        path = "/" + "/".join(
            rng.choice([*parts, "".join(rng.choices(string.printable[:62], k=3))])
            for _ in range(rng.randint(1, 6))
        )
        reply = ada.request("GET", path)
        statuses[reply.status] += 1
        assert "root:" not in reply.text
        assert "assay-ledger" not in reply.text
        if reply.status == 200:
            assert path.startswith(("/desk/", "/page.css", "/page.js"))
    assert set(statuses) <= {200, 403, 404, 405}
    assert ada.request("GET", f"{ada.desk}/text/{ada.item}/trace_id").status == 404
    assert ada.request("GET", f"{ada.desk}/text/{ada.item}/output").status == 200


def test_a_killed_server_loses_no_confirmed_answer(tmp_path: Path) -> None:
    path = tmp_path / "runs.ledger"
    draw = room(path, traces=60, labels=24)
    confirmed: list[str] = []
    rounds = 0
    while len(confirmed) < 24:
        rounds += 1
        with served(path) as running:
            visitor = Visitor(running.port, running.token, "ada").enter()
            for _ in range(12):
                if not visitor.item:
                    break
                item = visitor.item
                if visitor.say("wrong", note=f"round {rounds}").status == 200:
                    confirmed.append(item)
            visitor.close()
            running.kill()
    with served(path) as running:
        assert running.stop() == 0
    found = labels_in(path, draw.draw_id)
    assert Counter(row["trace_id"] for row in found) == Counter(draw.label_order)
    assert len(set(confirmed)) == len(confirmed) == 24
    assert [row["note"] for row in found] == [f"round {1 + n // 12}" for n in range(24)]
    assert not list((path / "labeling").glob("*.journal"))


def test_a_server_in_the_background_stops_when_it_is_told_to_as_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "runs.ledger"
    room(path, traces=20, labels=5)
    with served(path, in_background=True) as running:
        assert running.stop() == 0


@pytest.mark.nightly
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "runs.ledger"
    draw = room(path, traces=5_200, labels=5_000)
    rng = random.Random(11)
    confirmed: dict[str, int] = {}
    kills = 0
    while kills < 30:
        with served(path) as running:
            visitor = Visitor(running.port, running.token, "ada").enter()
            threading.Timer(rng.uniform(0.0, 1.6), running.process.kill).start()
            while visitor.item:
                item = visitor.item
                time.sleep(0.01)  # Some kills fall into the commits, which come once a second.
                try:
                    if visitor.say("wrong").status == 200:
                        confirmed[item] = confirmed.get(item, 0) + 1
                except (OSError, http.client.HTTPException):
                    break
            visitor.close()
            running.kill()
            kills += 1
    with served(path) as running:
        assert running.stop() == 0
    found = labels_in(path, draw.draw_id)
    drawn = {item_key(draw.draw_id, trace_id): trace_id for trace_id in draw.label_order}
    assert set(confirmed.values()) == {1}
    assert {drawn[key] for key in confirmed} <= {row["trace_id"] for row in found}
    # At most the answer that was on its way at each kill is there without its confirmation.
    assert len(confirmed) <= len(found) <= len(confirmed) + kills
    assert len({row["trace_id"] for row in found}) == len(found)

"""What stands before every route: who may ask, in which form, and what every reply says to the browser.

A server on 127.0.0.1 is reached by every page that the browser has open. So a request must name this server as its
host (a name that points here by DNS rebinding does not), and one that changes anything must come from a page of this
server. No reply may be stored, framed, or load anything from elsewhere.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Of a request's body: a note and a few words."""
BODY_SECONDS = 10.0
FORM = "application/x-www-form-urlencoded"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets through what is well-formed and comes from this server's own pages.

    Parameters
    ----------
    app
        The application behind it.
    port
        The port that is listened on.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower().encode() for name in HEADERS}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in own]
                kept += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": kept}
            await send(message)

        refusal = self._refusal(scope)
        body = b""
        if refusal is None and scope["method"] == "POST":
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    read = await _body(receive)
            except TimeoutError:
                read, refusal = b"", (408, f"the body took longer than {BODY_SECONDS:g} s")
            if read is None:
                refusal = (413, f"the request is larger than {MOST_BYTES:,} bytes")
            else:
                body = read
        if refusal is not None:
            status, reason = refusal
            await PlainTextResponse(
                f"assay: {reason}\n",
                status,
                {"connection": "close"} if status in (408, 413) else {},
            )(scope, receive, with_headers)
            return
        await self._app(scope, _again(body, receive), with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 421, "this server answers to its own address only"
        if scope["method"] not in ("GET", "POST"):
            return 405, "only GET and POST are known here"
        if scope["method"] == "GET":
            return None
        if not self._is_own_page(headers):
            return 403, "a change must come from a page of this server"
        kinds = headers.get("content-type", [""])
        if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != FORM:
            return 415, f"a change is sent as {FORM}"
        return None

    def _is_own_page(self, headers: dict[str, list[str]]) -> bool:
        origins = headers.get("origin", [])
        sites = headers.get("sec-fetch-site", [])
        if len(origins) > 1 or len(sites) > 1:
            return False
        # The same name, too: what listens at [::1] or at another family's localhost need not be this server.
        if origins == [f"http://{headers['host'][0].lower()}"]:
            return sites in ([], ["same-origin"])
        # A form that is sent without a script from a page that sends no referrer has the origin "null"; then the
        # browser must say by itself that it is the same origin, in a header that no page can set.
        return origins in ([], ["null"]) and sites == ["same-origin"]


async def _body(receive: Receive) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def give() -> Message:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return give

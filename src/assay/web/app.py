"""The routes of the labeling page, each with what it takes to be let in."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from assay.errors import AssayError
from assay.ledger.store import Ledger
from assay.terminal import visible
from assay.volume.labels import VERDICTS
from assay.web.commit import SEEDED_KEY
from assay.web.desk import Desk, NotYours, Said
from assay.web.guard import Guard
from assay.web.pages import Prepared, asset, item_page, render, shown_lines, to_go_words
from assay.web.readers import measure_readers
from assay.web.running import RunningEstimate

MOST_FIELDS = 12
LONGEST_NAME = 80
LONGEST_KIND = 200
LONGEST_NOTE = 4_000
TICK_SECONDS = 1.0
AHEAD = 3
"""Items made ready before anyone asks."""

Needs = Literal["nothing", "token", "desk"]
"""nothing: what holds no word of the ledger. token: the secret of this start. desk: a browser and a tab let in."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A tab that was let in: by which browser, and who sits there."""

    browser: str
    person: str


@dataclass(slots=True)
class Site:
    """One server: its desk, its secret, and who was let in."""

    ledger: Ledger
    desk: Desk
    running: RunningEstimate
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    seats: dict[str, Seat] = field(default_factory=dict)
    prepared: Prepared = field(init=False)

    def __post_init__(self) -> None:
        self.prepared = Prepared(self.desk)

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies don't tell ports apart, and two servers must not take each other's."""
        return f"assay-{self.port}"


Handler = Callable[[Site, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """A route: its method, and what it takes to be let in."""

    method: Literal["GET", "POST"]
    path: str
    needs: Needs
    handler: Handler


def make_app(site: Site) -> Guard:
    """Return the application of a site, its guard before it."""
    routes = [Route(door.path, _checked(site, door), methods=[door.method]) for door in DOORS]
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _http_error,
            AssayError: _assay_error,
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    return Guard(app, site.port)


def _checked(site: Site, door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if door.needs == "desk":
            seat = site.seats.get(request.path_params["seat"])
            browser = request.cookies.get(site.cookie, "")
            if seat is None or not secrets.compare_digest(seat.browser.encode(), browser.encode()):
                raise HTTPException(
                    403,
                    "This page was of a server that has ended, or of another browser. Open the address that the "
                    "running server has printed.",
                )
        return await door.handler(site, request)

    return answer


async def _front(_site: Site, _request: Request) -> Response:
    return HTMLResponse(render("enter.html", {"said": "", "token": ""}))


async def _enter(site: Site, request: Request) -> Response:
    form = await _form(request)
    if not secrets.compare_digest(form.get("token", "").strip().encode(), site.token.encode()):
        said = "That is not the token of this server: it stands in its address, behind the #."
        return HTMLResponse(render("enter.html", {"said": said, "token": ""}), 403)
    person = " ".join(unicodedata.normalize("NFC", form.get("person", "")).split())
    fault = _name_fault(person)
    if fault:
        return HTMLResponse(render("enter.html", {"said": fault, "token": site.token}), 422)
    await site.desk.enter(person)
    browser = request.cookies.get(site.cookie, "")
    if not any(seat.browser == browser for seat in site.seats.values()):
        browser = secrets.token_urlsafe(32)
    seat = secrets.token_urlsafe(16)
    site.seats[seat] = Seat(browser, person)
    reply = RedirectResponse(f"/desk/{seat}", 303)
    reply.set_cookie(site.cookie, browser, httponly=True, samesite="strict", path="/")
    return reply


def _name_fault(person: str) -> str:
    if not person:
        return "Say who you are: a label belongs to a person."
    if len(person) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters."
    if visible(person) != person or person == SEEDED_KEY:
        return "That name can't be taken; choose another."
    return ""


async def _item(site: Site, request: Request) -> Response:
    return await _page(site, request, site.desk.reader(_person(site, request)).message)


async def _answer(site: Site, request: Request) -> Response:
    form = await _form(request)
    said = _said(form)
    try:
        became = await site.desk.answer(_person(site, request), form.get("item", ""), said)
    except NotYours as error:
        became = f"{error.message[0].upper()}{error.message[1:]}."
    return await _page(site, request, became)


def _said(form: dict[str, str]) -> Said:
    verdict, severity = form.get("verdict", ""), form.get("severity", "").strip()
    kind, note = form.get("kind", "").strip(), form.get("note", "").strip()
    if verdict not in VERDICTS:
        raise HTTPException(422, "An answer is right, wrong or unsure.")
    if severity not in ("", "1", "2", "3"):
        raise HTTPException(422, "A severity is 1 (worst), 2 or 3.")
    if len(kind) > LONGEST_KIND or len(note) > LONGEST_NOTE:
        raise HTTPException(
            422, f"A kind has at most {LONGEST_KIND} characters, a note {LONGEST_NOTE:,}."
        )
    if verdict == "right" and (severity or kind):
        raise HTTPException(422, "What is right has no kind of error and no severity.")
    return Said(verdict, int(severity) if severity else None, kind or None, note or None)


async def _undo(site: Site, request: Request) -> Response:
    return await _page(site, request, await site.desk.undo(_person(site, request)))


async def _reveal(site: Site, request: Request) -> Response:
    return await _page(site, request, await site.desk.reveal(_person(site, request)))


async def _more(site: Site, request: Request) -> Response:
    await site.desk.look_again()
    await site.desk.enter(_person(site, request))
    return await _page(site, request, "")


async def _leave(site: Site, request: Request) -> Response:
    await site.desk.leave(_person(site, request))
    values = {"seat": request.path_params["seat"], "trouble": site.desk.trouble}
    return _reply(request, "left.html", values)


async def _text(site: Site, request: Request) -> Response:
    reader = site.desk.reader(_person(site, request))
    item = site.desk.shown(reader)
    name = request.path_params["field"]
    if item is None or item.key != request.path_params["key"] or name not in _FIELDS:
        raise HTTPException(404, "That output is not before you now.")
    text = getattr(site.desk.shelf.texts.get(item.trace_id), name) or ""
    return PlainTextResponse(await asyncio.to_thread(shown_lines, text))


_FIELDS = ("input", "context", "output", "answer", "reference")


async def _progress(site: Site, request: Request) -> Response:
    desk = site.desk
    people = [] if desk.shelf.seeded else sorted(desk.pace().items(), key=lambda p: -p[1][0])
    return _reply(
        request,
        "progress.html",
        {
            "seat": request.path_params["seat"],
            "draw": desk.shelf.draw.describe(),
            "planned": desk.queue.planned,
            "to_go": to_go_words(desk),
            "people": people,
            "seeded": desk.shelf.seeded,
            "estimate": site.running.latest,
            "trouble": desk.trouble,
        },
    )


async def _measured(site: Site, request: Request) -> Response:
    reader = site.desk.reader(_person(site, request))
    # While somebody reads it would tell which of the items were seeded.
    busy = site.desk.shelf.seeded and site.desk.shown(reader) is not None
    people = [] if busy else await asyncio.to_thread(measure_readers, site.ledger)
    values = {"seat": request.path_params["seat"], "busy": busy, "people": people}
    return _reply(request, "readers.html", values)


async def _style(_site: Site, _request: Request) -> Response:
    return Response(asset("page.css"), media_type="text/css")


async def _script(_site: Site, _request: Request) -> Response:
    return Response(asset("page.js"), media_type="text/javascript")


DOORS: tuple[Door, ...] = (
    Door("GET", "/", "nothing", _front),
    Door("GET", "/page.css", "nothing", _style),
    Door("GET", "/page.js", "nothing", _script),
    Door("POST", "/enter", "token", _enter),
    Door("GET", "/desk/{seat}", "desk", _item),
    Door("POST", "/desk/{seat}/answer", "desk", _answer),
    Door("POST", "/desk/{seat}/undo", "desk", _undo),
    Door("POST", "/desk/{seat}/judges", "desk", _reveal),
    Door("POST", "/desk/{seat}/more", "desk", _more),
    Door("POST", "/desk/{seat}/leave", "desk", _leave),
    Door("GET", "/desk/{seat}/text/{key}/{field}", "desk", _text),
    Door("GET", "/desk/{seat}/progress", "desk", _progress),
    Door("GET", "/desk/{seat}/readers", "desk", _measured),
)
"""Every route there is; a test walks through them with every right missing."""


async def _page(site: Site, request: Request, said: str) -> Response:
    reader = site.desk.reader(_person(site, request))
    reader.message = said
    if request.method == "POST" and not _wants_part(request):
        # Plain forms: what was done is not done again by a reload.
        return RedirectResponse(f"/desk/{request.path_params['seat']}", 303)
    item = site.desk.shown(reader)
    if item is not None:
        await asyncio.to_thread(site.prepared.view, item)
    part, values = item_page(site.desk, reader, site.prepared)
    values |= {"seat": request.path_params["seat"], "said": said, "estimate": site.running.latest}
    asyncio.get_running_loop().call_soon(_look_ahead, site)
    return _reply(request, part, values)


def _look_ahead(site: Site) -> None:
    for item in site.desk.queue.coming(AHEAD):
        asyncio.get_running_loop().run_in_executor(None, site.prepared.view, item)


def _reply(request: Request, part: str, values: dict[str, Any]) -> Response:
    return HTMLResponse(render(part, values, whole=not _wants_part(request)))


def _wants_part(request: Request) -> bool:
    return request.headers.get("x-assay") == "part"


def _person(site: Site, request: Request) -> str:
    return site.seats[request.path_params["seat"]].person


async def _form(request: Request) -> dict[str, str]:
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400, "The form can't be read.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise HTTPException(400, "A field of the form stands in it twice.")
    return dict(pairs)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(request, error.status_code, error.detail)


async def _assay_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AssayError)
    return _error(request, 500, error.message)


async def _fault(request: Request, _exception: Exception) -> Response:
    return _error(request, 500, "Assay has a fault here; what was confirmed before is kept.")


def _error(request: Request, status: int, reason: str) -> Response:
    values = {"status": status, "reason": reason}
    return HTMLResponse(render("error.html", values, whole=not _wants_part(request)), status)

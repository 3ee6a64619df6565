"""The routes of the governor's service.

POST /v1/decide             what becomes of an output (operator's token where there is an upstream)
POST /v1/outcome            what a person found (operator's token)
POST /v1/person             sign_off, note_cause, enforce, override, renew_certificate (operator's token)
GET  /v1/held/{id}          what became of a held output; the answer itself once a person has called it right
GET  /healthz, /metrics     for machines
POST /v1/chat/completions   the pass-through, where there is an upstream; GET /v1/models
POST /beta/litellm_basic_guardrail_api, /v1/webhook   for gateways
else                        the labeling page, with the review queue
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from assay.errors import AssayError, BadInput, LedgerError
from assay.ledger.ingest.record import Row, RowError
from assay.report.prometheus_metrics import CONTENT_TYPE, numbers_of_governor, prometheus_text
from assay.volume.governor_decision import RELEASES, DecisionRequest
from assay.volume.governor_policy import SEVERITIES
from assay.web import govern_adapters as adapters
from assay.web.govern_exchange import PassSettings, PassThrough
from assay.web.govern_guard import (
    Refused,
    check_headers,
    check_token,
    known_keys,
    read_body,
    read_headers,
)
from assay.web.govern_judge import judged
from assay.web.govern_outlet import JSON, Outlet
from assay.web.govern_rows import Exchange, exchange_row
from assay.web.govern_service import GovernService
from assay.web.govern_wire import error_body, json_object

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_DECIDE = frozenset(
    {"decision_id", "probability", "severity", "stratum", "input", "output", "system", "version"}
)
_OUTCOME = frozenset({"decision_id", "wrong", "severity", "by", "released_at"})
_PERSON = frozenset({"act", "by", "reason", "action", "seconds", "expires_at"})
PAGES = ("/page.css", "/page.js", "/enter")


@dataclass(slots=True)
class Asked:
    """A request that was let in."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    outlet: Outlet


@dataclass(slots=True)
class GovernApp:
    """The service as an ASGI application.

    Parameters
    ----------
    service
    settings
    passes
        The pass-through; None: there is no upstream.
    page
        The labeling page.
    port
    token
        The operator's.
    """

    service: GovernService
    settings: PassSettings
    passes: PassThrough | None
    page: ASGIApp | None
    port: int
    token: str = field(repr=False)
    hosts: frozenset[str] = field(init=False)
    doors: dict[tuple[str, str], Callable[[Asked], Awaitable[None]]] = field(init=False)

    def __post_init__(self) -> None:
        self.hosts = frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))
        self.doors = {
            ("POST", "/v1/decide"): self._decide, ("POST", "/v1/outcome"): self._outcome,
            ("POST", "/v1/person"): self._person, ("GET", "/healthz"): self._healthz,
            ("GET", "/metrics"): self._metrics, ("POST", adapters.LITELLM_PATH): self._litellm,
            ("POST", "/v1/webhook"): self._webhook,
        }  # fmt: skip
        if self.passes is not None:
            self.doors["POST", "/v1/chat/completions"] = self._chat
            self.doors["GET", "/v1/models"] = self._models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        if self.page is not None and (path in PAGES or path == "/" or path.startswith("/desk/")):
            await self.page(scope, receive, send)
            return
        outlet = Outlet(send)
        try:
            headers = read_headers(scope)
            check_headers(headers, method, self.hosts)
            door = self.doors.get((method, path))
            if door is None and method == "GET" and path.startswith("/v1/held/"):
                door = self._held
            if door is None:
                raise Refused(404, f"there is no {method} {path[:100]!a} here", "no_such_door")
            body = await read_body(receive, headers) if method == "POST" else b""
            await door(Asked(path, headers, body, outlet))
        except Refused as error:
            more = {"connection": "close"} if error.status in (408, 413) else {}
            data = error_body(error.reason, code=error.code)
            await outlet.whole(error.status, JSON, data, more)
        except LedgerError as error:
            await outlet.whole(503, JSON, error_body(error.message, code="no_journal"), {})
        except AssayError as error:
            known = "was decided already" in error.message
            data = error_body(error.message, code="decided_already" if known else "bad_request")
            await outlet.whole(409 if known else 400, JSON, data, {})

    async def _chat(self, asked: Asked) -> None:
        assert self.passes is not None
        await self.passes.chat(asked.body, asked.headers, asked.outlet)

    async def _models(self, asked: Asked) -> None:
        assert self.passes is not None
        await self.passes.models(asked.outlet)

    async def _decide(self, asked: Asked) -> None:
        if self.passes is not None:
            # Beside a pass-through, a client that could bring its own probability would spend the budget as it likes.
            check_token(asked.headers, self.token)
        body = json_object(asked.body, "the body")
        known_keys(body, _DECIDE)
        output, probability = body.get("output"), body.get("probability")
        if output is not None and not isinstance(output, str):
            raise BadInput("output must be text")
        if output is not None and "probability" not in body:
            probability = await self._judged(str(body.get("input") or ""), output)
        severity = body.get("severity", 3)
        if type(severity) is int and severity in SEVERITIES:
            # As in the pass-through: only a worse one counts.
            severity = min(self.settings.severity, severity)
        request = DecisionRequest(
            body.get("decision_id", ""), probability, severity, body.get("stratum", ""),
        )  # fmt: skip
        row = None if output is None else self._row(request.decision_id, body)
        decision = await self.service.decide(request, row=row)
        await _json(asked.outlet, decision.to_json(), headers=decision.headers)

    async def _outcome(self, asked: Asked) -> None:
        check_token(asked.headers, self.token)
        body = json_object(asked.body, "the body")
        known_keys(body, _OUTCOME)
        decision_id = body.get("decision_id")
        if not isinstance(decision_id, str):
            raise BadInput("decision_id must be text")
        await self.service.outcome(
            decision_id, body.get("wrong"), severity=body.get("severity"),  # type: ignore[arg-type]
            by=str(body.get("by") or ""), released_at=body.get("released_at"),
        )  # fmt: skip
        await _json(asked.outlet, {"decision_id": decision_id, **self._standing()})

    async def _person(self, asked: Asked) -> None:
        check_token(asked.headers, self.token)
        body = json_object(asked.body, "the body")
        known_keys(body, _PERSON)
        more = {key: body[key] for key in ("action", "seconds", "expires_at") if key in body}
        try:
            await self.service.act(
                body.get("act"), by=str(body.get("by") or ""),  # type: ignore[arg-type]
                reason=str(body.get("reason") or ""), **more,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInput(f"{body.get('act')!r:.40} lacks something: {error}") from None
        await _json(asked.outlet, self._standing())

    async def _held(self, asked: Asked) -> None:
        decision_id = asked.path.removeprefix("/v1/held/")
        held, book = self.service.held, self.service.governor.book
        became = held.became(decision_id)
        if became is None and decision_id in book.held:
            became = "waiting"
        if became is None:
            raise Refused(404, "nothing of that name was held", "not_held")
        found: dict[str, Any] = {"id": decision_id, "status": became}
        if became == "released":
            found["response"] = msgspec.Raw(held.released(decision_id))
        await _json(asked.outlet, found)

    async def _healthz(self, asked: Asked) -> None:
        service = self.service
        fine = not service.journal.failed
        found = {
            "ok": fine,
            "trouble": service.trouble or service.journal.failed,
            **self._standing(),
        }
        await _json(asked.outlet, found, status=200 if fine else 503)

    async def _metrics(self, asked: Asked) -> None:
        text = prometheus_text(numbers_of_governor(self.service.governor))
        await asked.outlet.whole(200, CONTENT_TYPE, text.encode(), {})

    async def _litellm(self, asked: Asked) -> None:
        answer = await self._guarded(
            asked, adapters.litellm_output, adapters.litellm_answer, adapters.litellm_blocked
        )
        await _json(asked.outlet, answer)

    async def _webhook(self, asked: Asked) -> None:
        answer = await self._guarded(
            asked, adapters.webhook_output, adapters.webhook_answer, adapters.webhook_blocked
        )
        await _json(asked.outlet, answer)

    async def _guarded(
        self, asked: Asked, read: Any, answered: Any, blocked: Any
    ) -> dict[str, object]:
        """Decide for a gateway: it may take no answer for a yes, so whatever goes wrong here blocks."""
        try:
            body = json_object(asked.body, "the body")
            name = secrets.token_hex(16)
            output = read(body, severity=self.settings.severity, name=name)
            if output is None:
                found: dict[str, object] = answered(None)
                return found
            known = self.service.governor.book.find(output.decision_id)
            if known is not None:
                # Asked again, as gateways do: it is the same decision.
                is_out = self.service.governor.book.shadow or known[1] in RELEASES
                is_out = is_out or known[7] is False
                again: dict[str, object] = (
                    answered(None) if is_out else blocked(f"held for review: {output.decision_id}")
                )
                return again
            request = output.request(await self._judged(output.asked, output.output))
            row = self._row(
                output.decision_id,
                {"input": output.asked, "output": output.output, "system": output.model},
            )
            made: dict[str, object] = answered(await self.service.decide(request, row=row))
            return made
        except AssayError as error:
            refused: dict[str, object] = blocked(error.message)
            return refused

    async def _judged(self, asked: str, output: str) -> float | None:
        settings = self.settings
        said = await judged(settings.judge, asked, output, seconds=settings.judge_seconds)
        return said.probability

    def _row(self, decision_id: str, body: Mapping[str, Any]) -> Row:
        settings = self.settings
        try:
            return exchange_row(
                Exchange(
                    decision_id,
                    settings.system or body.get("system") or "unnamed",
                    settings.version or body.get("version") or "",
                    body.get("input") or "",
                    body["output"],
                )
            )
        except RowError as error:
            raise BadInput(str(error)) from None

    def _standing(self) -> dict[str, object]:
        governor = self.service.governor
        return {
            "state": governor.state.state, "reason": governor.state.reason,
            "shadow": governor.book.shadow, "held": len(governor.book.held),
            "audits_waiting": len(governor.book.audits),
            "budget_remaining": governor.book.budget_remaining(),
            "evidence": asdict(governor.evidence),
        }  # fmt: skip


async def _json(
    outlet: Outlet, found: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    await outlet.whole(status, JSON, msgspec.json.encode(found), headers or {})

"""The pass-through: asks the upstream, has the answer judged, and lets it out, or not.

Where answers may be held, nothing of an answer goes out before it is decided: a stream is collected first, and streamed
when it is released. It streams at once in two cases. In shadow, where everything is released: there it is judged and
decided at its end. And where the probability of error is known before the first word: the client's own score, or one
that the operator expects of outputs below severity 1 while all is GREEN. Then it is decided before the first word.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from assay.errors import BadInput, LedgerError
from assay.ledger.ingest.record import Row, RowError
from assay.volume.governor_decision import LONGEST, RELEASES, Decision, DecisionRequest
from assay.web.govern_judge import FastJudge, Judgment, judged
from assay.web.govern_outlet import EVENTS, JSON, Headers, Outlet
from assay.web.govern_rows import Exchange, exchange_row
from assay.web.govern_service import GovernService
from assay.web.govern_upstream import Reply, Upstream
from assay.web.govern_wire import Answer, ChatCall, NoAnswer, error_body, read_call


@dataclass(frozen=True, slots=True)
class PassSettings:
    """How exchanges are governed.

    Parameters
    ----------
    judge
        None: there is none.
    judge_seconds : > 0
        Most time for one output.
    severity : 1, 2 or 3
        Of outputs; a client can only name a worse one.
    client_score
        Take the probability of error from the header `x-assay-probability`: only where clients are trusted.
    expected : in [0, 1], or None
        Stream at once what is not of severity 1 while all is GREEN, charged with this probability.
    system, version
        Whose outputs they are; an empty system: the model's name.
    """

    judge: FastJudge | None = None
    judge_seconds: float = 2.0
    severity: int = 3
    client_score: bool = False
    expected: float | None = None
    system: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One exchange: its id, its call, and what the client's headers say."""

    trace_id: str
    call: ChatCall
    severity: int
    stratum: str
    probability: float | None
    began: float

    def request(self, probability: float | None) -> DecisionRequest:
        """Return what is put to the governor."""
        return DecisionRequest(self.trace_id, probability, self.severity, self.stratum)


class PassThrough:
    """Exchanges with one upstream.

    Parameters
    ----------
    service, upstream, settings
    """

    def __init__(self, service: GovernService, upstream: Upstream, settings: PassSettings) -> None:
        self._service = service
        self._upstream = upstream
        self._settings = settings

    async def chat(self, body: bytes, headers: Headers, outlet: Outlet) -> None:
        """Do one exchange."""
        try:
            asked = self._asked(read_call(body), headers)
        except BadInput as error:
            data = error_body(error.message, code="bad_request")
            await outlet.whole(400, JSON, data, {})
            return
        try:
            if asked.call.is_stream and self._streams_at_once(asked):
                await self._at_once(asked, outlet)
            else:
                await self._collected(asked, outlet)
        except NoAnswer as error:
            await self._no_answer(error, outlet)
        except LedgerError:
            # Nothing is released that is not written down.
            data = error_body("the journal takes nothing: nothing is released", code="no_journal")
            await outlet.whole(503, JSON, data, {"x-should-retry": "false"})

    async def models(self, outlet: Outlet) -> None:
        """Give the upstream's list of models."""
        try:
            await outlet.whole(200, JSON, await self._upstream.models(), {})
        except NoAnswer as error:
            await self._no_answer(error, outlet)

    def _asked(self, call: ChatCall, headers: Headers) -> Asked:
        settings = self._settings
        sent = headers.get("x-assay-severity", "3")
        if sent not in ("1", "2", "3"):
            raise BadInput("x-assay-severity must be 1 (worst), 2 or 3")
        stratum = headers.get("x-assay-stratum", "")
        if not stratum.isprintable() or len(stratum) > LONGEST:
            raise BadInput(f"x-assay-stratum must be at most {LONGEST} characters that can be seen")
        score = headers.get("x-assay-probability") if settings.client_score else None
        return Asked(
            f"g-{secrets.token_hex(16)}", call, min(settings.severity, int(sent)), stratum,
            None if score is None else _probability(score), time.perf_counter(),
        )  # fmt: skip

    def _streams_at_once(self, asked: Asked) -> bool:
        return self._service.governor.book.shadow or self._known(asked) is not None

    def _known(self, asked: Asked) -> float | None:
        """Return the probability of error, where it is known before the first word."""
        calm = self._service.governor.state.state == "GREEN" and asked.severity > 1
        if asked.probability is not None:
            return asked.probability
        return self._settings.expected if calm else None

    async def _collected(self, asked: Asked, outlet: Outlet) -> None:
        async with self._upstream.asked(asked.call.body) as reply:
            await _read(reply, asked.call.is_stream)
        answer = reply.answer
        judgment = await self._judged(asked, answer)
        shadow = self._service.governor.book.shadow
        decision = await self._service.decide(
            asked.request(judgment.probability),
            row=self._row(asked, answer, judgment),
            answer=None if shadow else answer.completion(asked.trace_id),
        )
        await _tell(decision, answer, outlet, is_stream=asked.call.is_stream)

    async def _at_once(self, asked: Asked, outlet: Outlet) -> None:
        known, service = self._known(asked), self._service
        decision: Decision | None = None
        reply: Reply | None = None
        fault: NoAnswer | None = None
        headers = {
            "x-assay-id": asked.trace_id,
            "x-assay-state": service.governor.state.state,
            "x-assay-action": "release",
            "x-assay-budget-remaining": f"{service.governor.book.budget_remaining():.6g}",
        }
        has_begun = False
        try:
            async with self._upstream.asked(asked.call.body) as reply:
                events = reply.events()
                first = await anext(events, None)
                if first is None:
                    raise NoAnswer(502, "the upstream's stream is empty")
                if known is not None or not service.governor.book.shadow:
                    decision = await service.decide(asked.request(known))
                    headers = _headers(decision)
                    if decision.action not in RELEASES:
                        if decision.action == "hold":
                            reply.answer.parts.extend([event async for event in events])
                        await self._kept_back(asked, reply.answer, decision, outlet)
                        return
                has_begun = True
                await outlet.start(200, EVENTS, headers)
                await outlet.body(first)
                async for event in events:
                    await outlet.body(event)
        except NoAnswer as error:
            if not has_begun:
                if decision is not None and decision.action == "hold":
                    await self._nothing_to_hold(asked)
                raise
            fault = error
        assert reply is not None
        await self._ended(asked, reply.answer, decision, outlet, fault)

    async def _ended(
        self, asked: Asked, answer: Answer, decision: Decision | None, outlet: Outlet,
        fault: NoAnswer | None,
    ) -> None:  # fmt: skip
        """Write down what has gone out, and only then end it."""
        code = fault.code if fault else ""
        try:
            if decision is None:
                judgment = (
                    Judgment(None, "it broke off") if fault else await self._judged(asked, answer)
                )
                row = self._row(asked, answer, judgment, broken=code)
                await self._service.decide(
                    asked.request(judgment.probability), row=row, went_out=True
                )
            else:
                row = self._row(asked, answer, Judgment(None), broken=code)
                request = asked.request(decision.numbers.get("probability"))
                await self._service.record(row, request, decision)
        except (LedgerError, NoAnswer) as error:
            fault = NoAnswer(503, str(error), code="no_journal")
        if fault:
            last = b"data: " + error_body(fault.reason, code=fault.code) + b"\n\n"
        else:
            last = b"data: [DONE]\n\n"
        await outlet.body(last, more=False)

    async def _kept_back(
        self, asked: Asked, answer: Answer, decision: Decision, outlet: Outlet
    ) -> None:
        """Hold or refuse what was decided before its first word."""
        if decision.action == "hold":
            await self._service.record(
                self._row(asked, answer, Judgment(None)),
                asked.request(decision.numbers.get("probability")), decision,
                answer=answer.completion(asked.trace_id),
            )  # fmt: skip
        await _tell(decision, answer, outlet, is_stream=True)

    async def _nothing_to_hold(self, asked: Asked) -> None:
        """Take what was to be held off the queue: it never came whole."""
        await self._service.outcome(
            asked.trace_id, False, severity=None, by="assay: no answer came"
        )

    async def _judged(self, asked: Asked, answer: Answer) -> Judgment:
        if asked.probability is not None:
            return Judgment(asked.probability, "the client's score")
        settings = self._settings
        return await judged(
            settings.judge, asked.call.asked, answer.all_said, seconds=settings.judge_seconds
        )

    def _row(self, asked: Asked, answer: Answer, judgment: Judgment, *, broken: str = "") -> Row:
        settings, tags = self._settings, {"ask.model": answer.model or asked.call.model}
        if asked.stratum:
            tags["govern.stratum"] = asked.stratum
        if answer.finish_reason:
            tags["ask.finish"] = answer.finish_reason
        if broken:
            tags["govern.broken"] = broken
        if settings.judge is not None:
            tags["govern.judge"] = settings.judge.name
        if judgment.note:
            tags["govern.note"] = judgment.note
        made = Exchange(
            asked.trace_id, settings.system or asked.call.model, settings.version,
            asked.call.asked, answer.all_said, time.perf_counter() - asked.began,
            answer.tokens("prompt_tokens"), answer.tokens("completion_tokens"), tags,
        )  # fmt: skip
        try:
            return exchange_row(made)
        except RowError as error:
            raise NoAnswer(502, f"the answer can't be kept: {error}", code="not_kept") from None

    async def _no_answer(self, error: NoAnswer, outlet: Outlet) -> None:
        headers: dict[str, str] = {"x-assay-state": self._service.governor.state.state}
        if error.retry_after:
            headers["retry-after"] = str(error.retry_after)
        await outlet.whole(error.status, JSON, error_body(error.reason, code=error.code), headers)


async def _read(reply: Reply, is_stream: bool) -> None:
    if not is_stream:
        await reply.whole()
        return
    reply.answer.parts.extend([event async for event in reply.events()])


async def _tell(decision: Decision, answer: Answer, outlet: Outlet, *, is_stream: bool) -> None:
    headers = _headers(decision)
    if decision.action in RELEASES:
        if not is_stream:
            await outlet.whole(200, JSON, answer.parts[0], headers)
            return
        await outlet.start(200, EVENTS, headers)
        await outlet.body(b"".join(answer.parts) + b"data: [DONE]\n\n", more=False)
        return
    if decision.action == "hold":
        where = f"/v1/held/{decision.decision_id}"
        data = error_body(
            f"held for review by a person; ask again at {where}", code="held_for_review",
            id=decision.decision_id, poll=where,
        )  # fmt: skip
        # Not 202: clients of the protocol take any 2xx for an answer, here an empty one. Nor 409: they retry that.
        await outlet.whole(403, JSON, data, {**headers, "x-should-retry": "false"})
        return
    wait = decision.retry_after_seconds
    data = error_body(
        "refused: the budget of errors, or of people's time, has no room for it now",
        code="refused", id=decision.decision_id, retry_after_seconds=wait,
    )  # fmt: skip
    await outlet.whole(429, JSON, data, headers)


def _headers(decision: Decision) -> dict[str, str]:
    return {"x-assay-id": decision.decision_id, **decision.headers}


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadInput("x-assay-probability must be a number in [0, 1]")
    return value

"""What gateways ask of a guardrail, as requests to a governor, and its decisions as the answers that they expect.

Pure translations: JSON in, JSON out. Whoever serves them judges the output (`GuardedOutput.output`) and lets a governor
decide (`GuardedOutput.request`).

- LiteLLM's generic guardrail API, ``POST /beta/litellm_basic_guardrail_api``; read in and tried with LiteLLM 1.106.2.
- Portkey's webhook guardrail (portkey.ai/docs, "Bring your own guardrails"), and a plain one for whatever can send JSON
  and read a field, as Kong's AI Custom Guardrail (Kong Gateway 3.14).

Callers are trusted with little. They name what was answered; a severity that they send can only be a worse one than
that of the service, for the worst waits longest. A probability that they send is not looked at: the judge's is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from assay.errors import BadInput
from assay.volume.governor_decision import LONGEST, RELEASES, Decision, DecisionRequest
from assay.volume.governor_policy import SEVERITIES

LITELLM_PATH: Final = "/beta/litellm_basic_guardrail_api"
"""Fixed by LiteLLM: it appends it to the `api_base` of its configuration."""

WEBHOOK_PATH: Final = "/v1/webhook"


@dataclass(frozen=True, slots=True)
class GuardedOutput:
    """An output that a gateway asks about.

    Parameters
    ----------
    decision_id
        Made from the gateway's name of the call and the output's text: the same text asked again is the same decision,
        another text under the same name is another one.
    output, asked
        What was answered, and what had been asked, as far as the gateway says.
    model
        What answered; empty where it doesn't say.
    severity : 1, 2 or 3
    stratum
    """

    decision_id: str
    output: str
    asked: str = ""
    model: str = ""
    severity: int = 3
    stratum: str = ""

    def request(self, probability: float | None) -> DecisionRequest:
        """Return what is put to the governor, with what the judge says; None where it could not judge.

        Raises
        ------
        BadInput
            If the probability is no number in [0, 1].
        """
        return DecisionRequest(self.decision_id, probability, self.severity, self.stratum)


def litellm_output(body: object, *, severity: int = 3, name: str = "") -> GuardedOutput | None:
    """Return the output that LiteLLM asks about; None before the model was called: there is nothing to judge yet.

    Parameters
    ----------
    body
        The decoded JSON.
    severity : 1, 2 or 3
        Of this service; `severity` under `additional_provider_specific_params` counts where it is worse.
    name
        Names the call where the body doesn't.

    Raises
    ------
    BadInput
        If the body is not as LiteLLM sends it. Then answer with `litellm_blocked`: no answer may be no guardrail.
    """
    fields = _object(body, "the body")
    kind = fields.get("input_type")
    if kind == "request":
        return None
    if kind != "response":
        raise BadInput(f"input_type must be request or response, got {_short(kind)}")
    texts = fields.get("texts") or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadInput("texts must be a list of texts")
    calls = fields.get("tool_calls") or []
    # What a model calls with is its output, too: an answer of nothing else is not empty.
    output = "\n".join([*texts, *([_canonical(calls)] if calls else [])])
    own = _object(fields.get("additional_provider_specific_params") or {}, "the parameters")
    return GuardedOutput(
        decision_id=_decision_id("litellm", fields.get("litellm_call_id") or name, output),
        output=output,
        asked=_talk(fields.get("structured_messages")),
        model=_text(fields.get("model")),
        severity=_worse(severity, own.get("severity")),
        stratum=_text(own.get("stratum"))[:LONGEST],
    )


def litellm_answer(decision: Decision | None) -> dict[str, object]:
    """Return what LiteLLM is told; None where nothing had to be decided.

    Notes
    -----
    `action` is always there: LiteLLM takes an answer without one for a yes. The reason is shown to the caller: it says
    no more than what to do.
    """
    if decision is None or decision.action in RELEASES:
        return {"action": "NONE"}
    return litellm_blocked(_told(decision))


def litellm_blocked(reason: str) -> dict[str, object]:
    """Return the answer that blocks, also for whatever went wrong here."""
    return {"action": "BLOCKED", "blocked_reason": reason}


def webhook_output(body: object, *, severity: int = 3, name: str = "") -> GuardedOutput | None:
    """Return the output that a webhook asks about; None before the model was called.

    Parameters
    ----------
    body
        Portkey's (it has `eventType`, or `request` and `response`), or a plain object: `output` (or `content`), and
        where known `input`, `id`, `model`, `severity`, `stratum`, and `source` ("INPUT": nothing to judge yet).
    severity : 1, 2 or 3
        Of this service.
    name
        Names the call where the body doesn't.

    Raises
    ------
    BadInput
        If it is neither. Then answer with `webhook_blocked`.
    """
    fields = _object(body, "the body")
    if "eventType" in fields or ("request" in fields and "response" in fields):
        return _portkey(fields, severity, name)
    source = fields.get("source", "OUTPUT")
    if str(source).upper() in ("INPUT", "REQUEST"):
        return None
    output = fields.get("output", fields.get("content"))
    if not isinstance(output, str):
        raise BadInput(f"output must be a text, got {_short(output)}")
    return GuardedOutput(
        decision_id=_decision_id("webhook", fields.get("id") or name, output),
        output=output,
        asked=_text(fields.get("input")),
        model=_text(fields.get("model")),
        severity=_worse(severity, fields.get("severity")),
        stratum=_text(fields.get("stratum"))[:LONGEST],
    )


def webhook_answer(decision: Decision | None) -> dict[str, object]:
    """Return what a webhook is told: Portkey reads `verdict`, Kong may read `block` and `block_message`."""
    if decision is None:
        return {"verdict": True, "block": False, "block_message": "", "data": {"action": "none"}}
    data: dict[str, object] = {
        "action": decision.action,
        "state": decision.state,
        "decision_id": decision.decision_id,
        "retry_after_seconds": decision.retry_after_seconds,
    }
    if decision.action in RELEASES:
        return {"verdict": True, "block": False, "block_message": "", "data": data}
    return {**webhook_blocked(_told(decision)), "data": data}


def webhook_blocked(reason: str) -> dict[str, object]:
    """Return the answer that blocks, also for whatever went wrong here."""
    return {"verdict": False, "block": True, "block_message": reason, "data": {"action": "error"}}


def _portkey(fields: Mapping[str, Any], severity: int, name: str) -> GuardedOutput | None:
    event = fields.get("eventType", "afterRequestHook")
    if event == "beforeRequestHook":
        return None
    if event != "afterRequestHook":
        raise BadInput(
            f"eventType must be beforeRequestHook or afterRequestHook, got {_short(event)}"
        )
    response = _object(fields.get("response"), "response")
    request = _object(fields.get("request") or {}, "request")
    output = response.get("text")
    if not isinstance(output, str) or not output:
        # Where there is no text, the whole answer is judged: calls of tools are in it.
        content = response.get("json")
        if not content:
            raise BadInput("response must have a text, or json")
        output = _canonical(content)
    own = _object(fields.get("metadata") or {}, "metadata")
    asked = _object(request.get("json") or {}, "request.json")
    return GuardedOutput(
        decision_id=_decision_id(
            "portkey", own.get("_requestId") or own.get("traceId") or name, output
        ),
        output=output,
        asked=_text(request.get("text")) or _talk(asked.get("messages")),
        model=_text(asked.get("model")),
        severity=_worse(severity, own.get("severity")),
        stratum=_text(own.get("stratum"))[:LONGEST],
    )


def _told(decision: Decision) -> str:
    if decision.action == "hold":
        return f"held for review: {decision.decision_id}"
    wait = decision.retry_after_seconds
    return "refused" if wait is None else f"refused; try again in {max(1, round(wait))} s"


def _decision_id(gateway: str, call: object, output: str) -> str:
    # Nothing of what a caller sends stands in it as it was sent: it goes into headers, journals and addresses.
    if not isinstance(call, str | int) or isinstance(call, bool) or call == "":
        raise BadInput("the call has no name")
    text = f"{gateway}\0{call}\0{output}".encode("utf-8", "surrogatepass")
    return f"{gateway}-{hashlib.sha256(text).hexdigest()[:32]}"


def _worse(own: int, sent: object) -> int:
    if isinstance(sent, str) and sent in {"1", "2", "3"}:
        sent = int(sent)
    if sent is None:
        return own
    if isinstance(sent, bool) or not isinstance(sent, int) or sent not in SEVERITIES:
        raise BadInput(f"severity must be 1 (worst), 2 or 3, got {_short(sent)}")
    return min(own, sent)


def _talk(messages: object) -> str:
    """Return what was asked, a message a line: whatever has another form is left out."""
    if not isinstance(messages, list):
        return ""
    lines = []
    for message in messages:
        if isinstance(message, dict) and message.get("content") is not None:
            content = message["content"]
            said = content if isinstance(content, str) else _canonical(content)
            lines.append(f"{_text(message.get('role'))}: {said}")
    return "\n".join(lines)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be a JSON object, got {_short(value)}")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."

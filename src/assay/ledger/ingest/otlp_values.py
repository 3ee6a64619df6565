"""Values of OTLP/JSON: attributes, identities, times, and the messages of a conversation in their many spellings."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from assay.ledger.ingest.record import LATEST_YEAR, RowError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_NANOSECOND = int((datetime(LATEST_YEAR, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 10**9

Attributes = Mapping[str, object]

_INDEXED = re.compile(r"gen_ai\.(prompt|completion)\.(\d+)\.(role|content)")
_INPUT_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


def member(holder: Mapping[str, object], name: str) -> object:
    """Return a field by its name in OTLP/JSON, or in snake case, as Phoenix writes it."""
    value = holder.get(name)
    return holder.get(_snake(name)) if value is None else value


def members(holder: Mapping[str, object], *names: str) -> list[Mapping[str, object]]:
    """Return a list of objects by the first of its names that is there.

    Raises
    ------
    RowError
        Where it is no list of objects.
    """
    for name in names:
        value = member(holder, name)
        if value is not None:
            if isinstance(value, list) and all(isinstance(item, dict) for item in value):
                return value
            raise RowError(f"`{name}` must be a list of objects")
    return []


def attributes(holder: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes of a resource, span, event or log record as plain values."""
    return {
        str(pair.get("key", "")): plain(pair.get("value")) for pair in members(holder, "attributes")
    }


def plain(value: object) -> object:
    """Return an AnyValue, as ``{"intValue": "7"}``, as a plain value; what is plain already stays."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    kind, inner = next(iter(value.items()))
    kind = _snake(kind).removesuffix("_value")
    if kind == "array":
        return [plain(item) for item in _values(inner)]
    if kind == "kvlist":
        return {
            str(p.get("key")): plain(p.get("value")) for p in _values(inner) if isinstance(p, dict)
        }
    if kind in ("string", "bool", "double", "bytes", "int"):
        return _integer(inner) if kind == "int" else inner
    return value


def identity(holder: Mapping[str, object], name: str, size: int) -> str:
    """Return a trace's or span's identity in hexadecimal; also from base64, as Protobuf's own JSON writes bytes.

    Raises
    ------
    RowError
        Where it is neither.
    """
    value = member(holder, name)
    if isinstance(value, str) and len(value) == 2 * size:
        try:
            return bytes.fromhex(value).hex()
        except ValueError:
            pass
    try:
        raw = base64.b64decode(str(value), validate=True) if value else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size:
        raise RowError(f"`{name}` must be {2 * size} hexadecimal digits, got {str(value)[:40]!r}")
    return raw.hex()


def moment(holder: Mapping[str, object], *names: str) -> int | None:
    """Return a time in microseconds since 1970 from the first field that holds one in nanoseconds.

    Raises
    ------
    RowError
        Where it is no whole number, or lies outside of the years that a ledger holds.
    """
    for name in names:
        value = member(holder, name)
        if value in (None, "", 0, "0"):
            continue
        nanoseconds = _integer(value)
        if not isinstance(nanoseconds, int) or not 0 <= nanoseconds < LAST_NANOSECOND:
            raise RowError(
                f"`{name}` must be nanoseconds since 1970, before {LATEST_YEAR}, got {str(value)[:40]!r}"
            )
        return nanoseconds // 1_000
    return None


def as_datetime(microseconds: int | None) -> datetime | None:
    """Return a time as what it is: a bare number would be read as seconds where it is small."""
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


@dataclass(slots=True)
class Talk:
    """What was said in one call."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    """Role and text of each message that went in."""
    answered: list[str] = field(default_factory=list)
    """Text of each choice that came back."""
    reasoning: list[str] = field(default_factory=list)

    def input(self) -> str | None:
        """Return what went in as text, labelled by role where it is more than one message."""
        if len(self.asked) == 1:
            return self.asked[0][1]
        return "\n".join(f"{role}: {text}" for role, text in self.asked) or None


def read_talk(span: Attributes, events: list[tuple[str, dict[str, object]]]) -> Talk:
    """Return the messages of a call, from the first place that has them.

    Notes
    -----
    In order: `gen_ai.input.messages` and `gen_ai.output.messages` on the span or on its event
    `gen_ai.client.inference.operation.details`; the numbered attributes of OpenLLMetry (`gen_ai.prompt.0.content`);
    `gen_ai.prompt` and `gen_ai.completion` on the span or its content events; an event a message (conventions 1.36).
    """
    merged: dict[str, object] = {}
    for _, found in events:
        merged.update({k: v for k, v in found.items() if k.startswith("gen_ai.")})
    merged.update(span)
    talk = Talk()
    instructions = _text(_decoded(merged.get("gen_ai.system_instructions")), talk)
    indexed = _indexed(merged)
    asked = _messages(merged.get("gen_ai.input.messages")) or indexed["prompt"]
    answered = _messages(merged.get("gen_ai.output.messages")) or indexed["completion"]
    asked = asked or _messages(merged.get("gen_ai.prompt")) or list(_event_messages(events))
    answered = (
        answered or _messages(merged.get("gen_ai.completion")) or list(_event_choices(events))
    )
    ignored = Talk()
    talk.asked = [(str(m.get("role") or "user"), _text(_content(m), ignored)) for m in asked]
    if instructions:
        talk.asked.insert(0, ("system", instructions))
    talk.answered = [_text(_content(m), talk) for m in answered]
    return talk


@lru_cache(maxsize=256)
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match[0].lower(), name)


def _values(inner: object) -> list[object]:
    values = inner.get("values") if isinstance(inner, dict) else inner
    return values if isinstance(values, list) else []


def _integer(value: object) -> object:
    # 64-bit integers are text in Protobuf's JSON, since JavaScript can't hold them.
    if isinstance(value, str) and len(value) < 21:
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _decoded(value: object) -> object:
    """Return a value that may be JSON text: spans can't hold structures everywhere."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _messages(value: object) -> list[Mapping[str, object]]:
    decoded = _decoded(value)
    if isinstance(decoded, dict):
        decoded = decoded.get("messages", [decoded])
    if isinstance(decoded, list):
        return [m if isinstance(m, dict) else {"content": m} for m in decoded if m]
    return [{"content": decoded}] if decoded else []


def _indexed(merged: Attributes) -> dict[str, list[Mapping[str, object]]]:
    found: dict[str, dict[int, dict[str, object]]] = {"prompt": {}, "completion": {}}
    for key, value in merged.items():
        match = _INDEXED.fullmatch(key)
        if match and len(match[2]) < 7:
            found[match[1]].setdefault(int(match[2]), {})[match[3]] = value
    return {kind: [numbered[n] for n in sorted(numbered)] for kind, numbered in found.items()}


def _event_messages(events: list[tuple[str, dict[str, object]]]) -> Iterator[Mapping[str, object]]:
    for name, found in events:
        if name in _INPUT_EVENTS:
            body = _body(found)
            yield {"role": body.get("role") or _INPUT_EVENTS[name], "content": body.get("content")}


def _event_choices(events: list[tuple[str, dict[str, object]]]) -> Iterator[Mapping[str, object]]:
    for name, found in events:
        if name == "gen_ai.choice":
            body = _body(found)
            message = _decoded(body.get("message"))
            yield (
                message
                if isinstance(message, dict)
                else {"content": message or body.get("content")}
            )


def _body(found: dict[str, object]) -> Mapping[str, object]:
    body = _decoded(found.get("gen_ai.event.content"))
    return body if isinstance(body, dict) else found


def _content(message: Mapping[str, object]) -> object:
    for name in ("parts", "content", "text", "tool_calls"):
        if message.get(name):
            return _decoded(message[name]) if name != "text" else message[name]
    return None


def _text(content: object, talk: Talk) -> str:
    """Return the text of a message's content; reasoning goes to `talk.reasoning` and not into the text."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list):
        return "\n".join(text for part in content if (text := _text(part, talk)))
    if not isinstance(content, dict):
        return json.dumps(content)
    inner = content.get("content", content.get("text"))
    kind = content.get("type")
    if kind in ("reasoning", "thinking"):
        talk.reasoning.append(_text(inner or content.get("thinking"), talk))
        return ""
    if kind in (None, "text", "input_text", "output_text") and inner is not None:
        return _text(inner, talk)
    # A call of a tool, its response, an image: shown as it is, since it is what was asked or answered.
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

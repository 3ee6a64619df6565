"""Records with turns or an instruction as one text, by a rule that has a name.

turns-1
    Each turn as ``role: content``, turns apart by an empty line. Content in parts: its texts, joined by line breaks;
    parts that are no text are left out.
instruction-1
    Instruction, input and output (or prompt, and completion or response), those that are there and not empty, apart by
    an empty line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from assay.curate.read.raw import ReadSettings

TURNS = ("messages", "conversations", "conversation", "turns")
"""Fields that hold turns."""

INSTRUCTIONS = (
    ("instruction", "input", "output"),
    ("instruction", "context", "response"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("question", "answer"),
)
"""Fields of instruction records: the first set whose first and last field are there."""

ROLES, CONTENTS = ("role", "from", "speaker"), ("content", "value", "text")


def flattened(record: Mapping[str, msgspec.Raw], settings: ReadSettings) -> Any:
    """Return the text of a record; None where it has none, another type where the field is no string.

    Examples
    --------
    >>> chat = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'
    >>> record = msgspec.json.decode(chat, type=dict[str, msgspec.Raw])
    >>> print(flattened(record, ReadSettings()))
    user: Hi
    <BLANKLINE>
    assistant: Hello
    """
    kind = settings.records
    if kind in ("auto", "text") and settings.text_field in record:
        return msgspec.json.decode(record[settings.text_field])
    if kind in ("auto", "chat"):
        for name in TURNS:
            if name in record:
                text = _turns(msgspec.json.decode(record[name]))
                if text is not None:
                    return text
    if kind in ("auto", "instruction"):
        return _instruction(record)
    return None


def _turns(turns: Any) -> str | None:
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return None
    said = []
    for turn in turns:
        role = next((turn[name] for name in ROLES if isinstance(turn.get(name), str)), "")
        content = next((_content(turn[name]) for name in CONTENTS if turn.get(name)), "")
        if content:
            said.append(f"{role}: {content}" if role else content)
    return "\n\n".join(said)


def _content(value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    texts = [part if isinstance(part, str) else _part(part) for part in parts]
    return "\n".join(text for text in texts if text)


def _part(part: Any) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _instruction(record: Mapping[str, msgspec.Raw]) -> str | None:
    for names in INSTRUCTIONS:
        if names[0] in record and names[-1] in record:
            values = [msgspec.json.decode(record[name]) for name in names if name in record]
            texts = [value for value in values if isinstance(value, str) and value.strip()]
            return "\n\n".join(texts)
    return None

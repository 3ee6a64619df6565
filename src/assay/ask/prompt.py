"""How a task's input and context become the first question: a template, of which there may be variants.

Without a template the input is asked as it is, and a context goes before it (`WITH_CONTEXT`). A template of the user's
own has `{input}` and may have `{context}`; other braces stay as they are, and what stands in the input or the context
is never read as a template. Later turns are asked as they are.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from assay.errors import BadInput

WITH_CONTEXT = "Context:\n{context}\n\n{input}"
HASH_CHARACTERS = 12
_PLACE = re.compile(r"\{(input|context)\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt variant.

    Parameters
    ----------
    text
        The template.
    variant
        File name and hash of the text, as ``short.txt@1f2e3d4c5b6a``: what is recorded with each trace.
    """

    text: str
    variant: str

    @property
    def has_context(self) -> bool:
        """Whether the template has a place for the context."""
        return "{context}" in self.text


def read_prompt(path: Path) -> Prompt:
    """Read a prompt variant.

    Raises
    ------
    BadInput
        Where the file can't be read, is not UTF-8, or has no place for the input.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"can't be read: {error.strerror or error}", where=str(path)) from None
    except UnicodeDecodeError:
        raise BadInput("is not UTF-8 text", where=str(path)) from None
    if "{input}" not in text:
        raise BadInput(
            "a prompt must have {input} where the task's input goes, and may have {context}",
            where=str(path),
        )
    # An editor's last line break is no part of the prompt.
    text = text.removesuffix("\n").removesuffix("\r")
    digest = hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARACTERS]
    return Prompt(text, f"{path.name}@{digest}")


def first_question(prompt: Prompt | None, text: str, context: str | None) -> str:
    """Return what is asked first.

    Examples
    --------
    >>> first_question(None, "Who?", None)
    'Who?'
    >>> first_question(Prompt("{context} -> {input} {x}", "p@0"), "Who {context}?", "Ada.")
    'Ada. -> Who {context}? {x}'
    """
    if prompt is None and not context:
        return text
    template = prompt.text if prompt else WITH_CONTEXT
    values = {"input": text, "context": context or ""}
    return _PLACE.sub(lambda match: values[match[1]], template)

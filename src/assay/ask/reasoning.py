"""Reasoning apart from the answer: native fields of servers, and `<think>` tags in the text.

Rules, in this order: a server's own field is reasoning. Text that begins with an opening tag is reasoning up to the
closing tag; with no closing tag all of it is reasoning, and there is no answer. Text with a closing tag and no opening
one was begun by the chat template, as those of DeepSeek-R1 and QwQ do: it is reasoning up to the tag. Tags that stand
inside an answer stay in the answer.

It fails where an answer without reasoning quotes a closing tag and no opening one: what stands before it is taken for
reasoning. Nothing is lost: both are kept.
"""

from __future__ import annotations

import re

_OPEN = re.compile(r"\s*<(think|thinking)>", re.IGNORECASE)
_CLOSE = re.compile(r"</(?:think|thinking)>", re.IGNORECASE)
_ANY_OPEN = re.compile(r"<(?:think|thinking)>", re.IGNORECASE)


def split_reasoning(text: str, native: str | None = None) -> tuple[str, str | None]:
    r"""Return the answer, and the reasoning before it.

    Parameters
    ----------
    text
        The whole text that came back.
    native
        The server's own field of reasoning, where it has one.

    Returns
    -------
    The answer (empty where there is only reasoning), and the reasoning (None where there is none).

    Examples
    --------
    >>> split_reasoning("<think>2 and 2</think>\n\nFour.")
    ('Four.', '2 and 2')
    >>> split_reasoning("<think>2 and 2 and")
    ('', '2 and 2 and')
    >>> split_reasoning("2 and 2</think>Four.")
    ('Four.', '2 and 2')
    >>> split_reasoning("Use the tag <think> so: <think>x</think>.")
    ('Use the tag <think> so: <think>x</think>.', None)
    >>> split_reasoning("Four.", native="2 and 2")
    ('Four.', '2 and 2')
    """
    parts = [native.strip()] if native and native.strip() else []
    found = False
    start = 0
    while opening := _OPEN.match(text, start):
        found = True
        closing = _CLOSE.search(text, opening.end())
        if closing is None:
            parts.append(text[opening.end() :].strip())
            start = len(text)
        else:
            parts.append(text[opening.end() : closing.start()].strip())
            start = closing.end()
    text = text[start:]
    if (
        not found
        and (closing := _CLOSE.search(text))
        and not _ANY_OPEN.search(text[: closing.start()])
    ):
        found = True
        parts.append(text[: closing.start()].strip())
        text = text[closing.end() :]
    # The blank lines after the tag are the template's, not the answer's.
    answer = text.lstrip() if found else text
    reasoning = "\n\n".join(part for part in parts if part)
    return answer, reasoning or ("" if found else None)

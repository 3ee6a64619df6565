"""A gate's answer as Markdown, for the page of a pull request."""

from __future__ import annotations

import re

from assay.report.gate_words import HEADER, headline, notes, sentences, table_rows
from assay.terminal import visible
from assay.volume.gate_result import GateResult

_LINKED = re.compile(r"(?<!\w)(\\@|\\#)(?=\w)")
_HOST = re.compile(r"(?i)\b(www)\.")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@$:-])")


def gate_markdown(result: GateResult) -> str:
    """Return an answer as GitHub's Markdown.

    Names come from files of others: whatever Markdown or HTML would read into them stands there as text.
    """
    lines = [f"## {escaped(headline(result))}", ""]
    lines += [f"- {escaped(sentence)}" for sentence in sentences(result)]
    lines += ["", _line(("what", *HEADER[1:])), _line(["---", *["---:"] * (len(HEADER) - 1)])]
    lines += [_line([escaped(cell) for cell in row]) for row in table_rows(result)]
    lines += ["", *(f"- {escaped(note)}" for note in notes(result))]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> print(escaped("<img src=x> | [a](b)"))
    \<img src=x\> \| \[a\]\(b\)
    """
    plain = _SPECIAL.sub(r"\\\1", visible(text))
    # GitHub looks for people and issues, and links bare names of hosts, after it has taken the backslashes away.
    return _LINKED.sub(r"\1<!-- -->", _HOST.sub(r"\1<!-- -->.", plain))


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"

"""Sentences of a reasoning, and the words by which one concludes."""

from __future__ import annotations

import re
from collections.abc import Iterator

CUT = "\n\N{OBJECT REPLACEMENT CHARACTER}\n"
"""Stands where an answer was cut out of an output: what is left of its sentence is no second thought."""

LONGEST_SENTENCE = 2_000
"""Characters: what is longer is a listing, and no conclusion."""

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')*]{0,3}\s+|\n+|\\n")
CONCLUDING = re.compile(
    r"\b(?:therefore|thus|hence|so|consequently|accordingly|conclud\w{1,3}|conclusion|in total|"
    r"(?:this|that|which) means|leaves|overall)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[str]:
    r"""Yield the sentences of a text, white space folded; lines end them too.

    Examples
    --------
    >>> list(sentences("It costs $1.50. So  two cost $3.\n\nDone"))
    ['It costs $1.50.', 'So two cost $3.', 'Done']
    """
    for part in _SENTENCE_END.split(text):
        folded = " ".join(part.split()) if len(part) <= LONGEST_SENTENCE else ""
        if folded:
            yield folded

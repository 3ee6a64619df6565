"""Kinds of wrong answers, as far as answer, conclusion and reference show them: slip, format fault, or neither.

Rules, tried in this order; each has a name and is kept with what it was said of.

- ``format fault``, where the answer is the reference in another form: *sign* (-25 for 25), *other number* (the first or
  last number of the answer's own text is the reference's, and the answer doesn't offer a choice), *unit* (60, 100 or
  1,000 times it, where the conclusion is right, or the last sentence names it too: "300 minutes, which is 5 hours"),
  *longer text* (the reference stands in a longer answer as whole words), *empty place* (nothing stands in the answer's
  place, and the conclusion is right).
- ``slip``: the conclusion is right, and the answer says another thing.
- ``wrong conclusion``: both are wrong.
- ``not parsed``: no conclusion could be parsed, no answer in a text that is there ("it can't be determined"), or a
  *choice* of answers with the right one among them ("1.5 or 6").

A fifth, ``disputed reference``, shows only over several systems: `assay.probe.knows_disputed`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum
from itertools import chain

from assay.judge.numbers import numbers_in, value_of
from assay.judge.numeric import wanted_in
from assay.judge.text_checks import same_text

RULES = "kinds@2"

SCALES = (Decimal(60), Decimal(100), Decimal(1000))
"""Minutes for hours, percent for a share, thousands: what an answer in another unit is off by."""

LONGEST_FORM = 2_000
"""Characters of an answer that is looked at for the reference in another form."""

SHORTEST_WORD = 3
"""Characters: "no" stands in many a longer answer and means nothing."""

_CHOICE = re.compile(r"\b(?:or|either)\b", re.IGNORECASE)


class Kind(Enum):
    """The kind of a wrong answer."""

    SLIP = "slip"
    FORMAT = "format fault"
    DISPUTED = "disputed reference"
    CONCLUSION = "wrong conclusion"
    UNPARSED = "not parsed"


FLAGGED = (Kind.SLIP, Kind.FORMAT, Kind.DISPUTED)
"""The kinds that a person can confirm or reject by reading."""


def kind_of(
    answer: str | None,
    reference: str,
    *,
    numeric: bool,
    concluded: bool,
    parsed: bool,
    named: bool = False,
) -> tuple[Kind, str]:
    """Return the kind of a wrong answer, and the rule that says so.

    Parameters
    ----------
    answer
        All that stands in the answer's place; None or blank: nothing.
    reference
        The right answer.
    numeric
        Whether answers are numbers.
    concluded
        Whether the reasoning's conclusion is right.
    parsed
        Whether a conclusion could be parsed.
    named
        Whether the reasoning's last number or numbers have the reference among them.

    Examples
    --------
    >>> kind_of("-25", "25", numeric=True, concluded=False, parsed=True)
    (<Kind.FORMAT: 'format fault'>, 'sign')
    >>> kind_of("100", "500", numeric=True, concluded=True, parsed=True)
    (<Kind.SLIP: 'slip'>, '')
    """
    text = (answer or "").strip()[:LONGEST_FORM]
    if not text:
        if concluded:
            return Kind.FORMAT, "empty place"
    elif numeric and next(numbers_in(text), None) is None:
        return Kind.UNPARSED, "no number"
    else:
        form = (
            _number_form(text, reference, concluded or named)
            if numeric
            else _text_form(text, reference)
        )
        if form:
            return (Kind.UNPARSED if form == "choice" else Kind.FORMAT), form
    if concluded:
        return Kind.SLIP, ""
    return (Kind.CONCLUSION if parsed else Kind.UNPARSED), ""


def _number_form(text: str, reference: str, concluded: bool) -> str:
    wanted = wanted_in(reference)
    values = [value for found in numbers_in(text) if (value := value_of(found)) is not None]
    if wanted is None or wanted.value is None or not values:
        return ""
    right = wanted.value
    ends = (values[0], values[-1])
    if len(values) > 1 and right in ends:
        return "choice" if _CHOICE.search(text) else "other number"
    if any(value == -right and right for value in ends):
        return "sign"
    if concluded and any(
        one == scale * other
        for scale in SCALES
        for one, other in chain(*(((v, right), (right, v)) for v in ends))
        if other
    ):
        return "unit"
    return ""


def _text_form(text: str, reference: str) -> str:
    wanted = " ".join(reference.split())
    if len(wanted) < SHORTEST_WORD or same_text(text, wanted):
        return ""
    within = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", " ".join(text.split()), re.IGNORECASE)
    return "longer text" if within and not _CHOICE.search(text) else ""

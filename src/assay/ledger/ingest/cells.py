"""What a cell of someone's table says: right or wrong, a time, a number, or nothing known.

Tables of others write the same thing in many ways. What is read here is read the same everywhere, and what can't be
read for sure is refused: unknown is not right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import Enum

from assay.ledger.ingest.record import RowError, microseconds

NOT_KNOWN = frozenset({"", "null", "none", "nan", "na", "n/a", "<na>", "nat"})
"""What stands in a cell, in lower case, where nothing is known. Not applied to text such as an output."""

UNSURE = frozenset({"unsure", "unknown", "?"})
RIGHT_WORDS = frozenset({"right", "correct", "pass", "passed", "success", "c"})
WRONG_WORDS = frozenset({"wrong", "incorrect", "fail", "failed", "failure", "i"})
YES_WORDS = frozenset({"true", "yes", "y", "t"})
NO_WORDS = frozenset({"false", "no", "n", "f"})


class Verdict(Enum):
    """What a right-or-wrong cell says where it gives no probability."""

    UNSURE = "unsure"
    """The judge could not tell."""
    NONE = "none"
    """The judge was not asked, or did not answer."""


class DateOrder(Enum):
    """Which number of 07/02/2023 is the month."""

    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"


def not_known(value: object) -> bool:
    """Say whether a cell for a number, a time or a verdict holds nothing."""
    if isinstance(value, str):
        return value.strip().lower() in NOT_KNOWN
    return value is None or (isinstance(value, float) and math.isnan(value))


def error_probability(name: str, value: object, *, yes_is_wrong: bool) -> float | Verdict:
    """Return the probability of an error that a right-or-wrong cell states.

    Parameters
    ----------
    name
        Of the column, for the message.
    value
        true/false, yes/no, 1/0, words as "correct" and "fail" (or C and I, as Inspect writes), or a number in [0, 1].
    yes_is_wrong
        Whether true, yes and 1 mean wrong. Words that say it themselves, as "correct", are read as they stand.

    Raises
    ------
    RowError
        Where the value is none of these.

    Examples
    --------
    >>> error_probability("correct", "yes", yes_is_wrong=False)
    0.0
    >>> error_probability("hallucinated", 0.9, yes_is_wrong=True)
    0.9
    >>> error_probability("label", " ", yes_is_wrong=True)
    <Verdict.NONE: 'none'>
    """
    if not_known(value):
        return Verdict.NONE
    stated = _stated(value)
    if isinstance(stated, Verdict):
        return stated
    if stated is None:
        raise RowError(
            f"`{name}` must be right or wrong (true/false, 1/0, correct/incorrect, or a number in [0, 1]), "
            f"got {_shown(value)}"
        )
    kind, amount = stated
    if kind == "wrong":
        return amount
    return amount if yes_is_wrong else 1.0 - amount


def speaks_for_itself(value: object) -> bool:
    """Say whether a cell is a word that means right or wrong whatever its column is called."""
    stated = None if not_known(value) else _stated(value)
    return isinstance(stated, tuple) and stated[0] == "wrong"


def _stated(value: object) -> tuple[str, float] | Verdict | None:
    if isinstance(value, bool):
        return "yes", float(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in UNSURE:
            return Verdict.UNSURE
        if word in RIGHT_WORDS or word in WRONG_WORDS:
            return "wrong", float(word in WRONG_WORDS)
        if word in YES_WORDS or word in NO_WORDS:
            return "yes", float(word in YES_WORDS)
    number = as_number(value)
    return ("yes", number) if number is not None and 0 <= number <= 1 else None


def as_number(value: object) -> float | None:
    """Return the finite number that a cell holds, or None.

    Examples
    --------
    >>> as_number("1,5"), as_number(" 2.50 "), as_number("1_000"), as_number(True)
    (None, 2.5, None, None)
    """
    if isinstance(value, str):
        if len(value) > 400 or "_" in value:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_microseconds(name: str, value: object, order: DateOrder | None = None) -> int | None:
    """Return the time in a cell as microseconds since 1970 UTC; None where nothing is known.

    ISO 8601, seconds (or milli-, micro-, nanoseconds) since 1970, 20230702 as a day, and, where `order` says which
    number is the month, 07/02/2023 with or without a time of day. A time without a zone is UTC.

    Raises
    ------
    RowError
        Where it can't be read so.

    Examples
    --------
    >>> as_microseconds("at", "07/02/2023, 21:28:40", DateOrder.MONTH_FIRST)
    1688333320000000
    >>> as_microseconds("at", "1688333320") == as_microseconds("at", "2023-07-02 21:28:40 UTC")
    True
    """
    if not_known(value):
        return None
    if isinstance(value, str):
        value = value.strip()
        if match := _SLASHED.fullmatch(value):
            return microseconds(name, _slashed(name, value, match, order))
        if _YEAR_FIRST.match(value):
            return microseconds(name, _ZONE_WORD.sub("+00:00", value.replace("/", "-")))
    number = as_number(value)
    # A day written 20230702: as seconds it would be an evening of August 1970.
    if number is not None and 19_700_101 <= number <= 22_001_231:
        return microseconds(name, _compact_day(number) or number)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return microseconds(name, value if number is None else number)


def slashed_order(values: Iterable[object]) -> tuple[DateOrder | None, str]:
    """Return which number of dates like 07/02/2023 is the month, and why that is so, or why it is not known.

    Examples
    --------
    >>> slashed_order(["07/02/2023, 21:28", "07/24/2023, 21:00"])
    (<DateOrder.MONTH_FIRST: 'month_first'>, '24 in 07/24/2023 can only be a day')
    >>> slashed_order(["07/02/2023"])
    (None, 'no date tells day from month')
    """
    found: dict[DateOrder, str] = {}
    for value in values:
        match = _SLASHED.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            continue
        day = match[1] + match[2] + match[3] + match[4] + match[5]
        if int(match[3]) > 12:
            found.setdefault(DateOrder.MONTH_FIRST, f"{match[3]} in {day} can only be a day")
        elif int(match[1]) > 12:
            found.setdefault(DateOrder.DAY_FIRST, f"{match[1]} in {day} can only be a day")
        if len(found) == 2:
            return None, "some dates have the month first and some the day"
    for order, why in found.items():
        return order, why
    return None, "no date tells day from month"


def is_slashed(value: object) -> bool:
    """Say whether a cell is a date such as 07/02/2023, whose order must be known."""
    return isinstance(value, str) and _SLASHED.fullmatch(value.strip()) is not None


_SLASHED = re.compile(
    r"(\d{1,2})([/.\-])(\d{1,2})([/.\-])(\d{4})"
    r"(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?(?: ?(?:UTC|GMT|Z))?"
)
_YEAR_FIRST = re.compile(r"\d{4}[-/]")
_ZONE_WORD = re.compile(r" ?(?:UTC|GMT)$")


def _slashed(name: str, text: str, match: re.Match[str], order: DateOrder | None) -> datetime:
    if order is None:
        raise RowError(f"`{name}` must say which number is the month, got {text!r}")
    first, second = int(match[1]), int(match[3])
    month, day = (first, second) if order is DateOrder.MONTH_FIRST else (second, first)
    hour = int(match[6] or 0)
    if match[10]:
        hour = hour % 12 + 12 * (match[10] in "pP")
    fraction = int((match[9] or "0").ljust(6, "0")[:6])
    try:
        return datetime(
            int(match[5]), month, day, hour, int(match[7] or 0), int(match[8] or 0), fraction, UTC
        )
    except ValueError:
        raise RowError(
            f"`{name}` must be a time, {order.value.replace('_', ' ')}, got {text!r}"
        ) from None


def _compact_day(number: float) -> datetime | None:
    digits = str(int(number))
    try:
        return datetime(int(digits[:4]), int(digits[4:6]), int(digits[6:]), tzinfo=UTC)
    except ValueError:
        return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

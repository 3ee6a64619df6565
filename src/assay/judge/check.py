"""Mechanical checks: the answer against the reference, by a rule that is named in the verdict.

A check that has spoken on every output of a window makes it a census: the count is exact, as far as the rule is right.
So the rule travels with the number: it is part of the judge's name.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from assay.errors import BadInput
from assay.ledger.ingest.record import Row
from assay.ledger.population import Window
from assay.ledger.store import Ledger, literal

BATCH_ROWS = 50_000
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Check:
    r"""A rule that compares an answer with its reference.

    Parameters
    ----------
    kind : exact or numeric
        ``exact``: the same text after normalising (Unicode NFKC, case folded, white space folded, surrounding
        punctuation dropped). ``numeric``: the last number of each is the same number.
    extract
        Regular expression; the answer is its last match in the output (the first group, where it has one). No match
        is a wrong answer: nothing was answered.

    Examples
    --------
    >>> Check("exact").wrong(" Paris. ", "paris")
    False
    >>> Check("exact", r"\[(yes|no)\]").wrong("I say [No], then [Yes]", "no")
    True
    >>> Check("numeric").wrong("It costs $1,250.00", "1250")
    False
    """

    kind: str
    extract: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in COMPARISONS:
            raise BadInput(f"check must be one of {', '.join(COMPARISONS)}, got {self.kind!r}")
        try:
            re.compile(self.extract or "")
        except re.error as error:
            raise BadInput(
                f"--extract must be a regular expression, got {self.extract!r}: {error}"
            ) from None

    @property
    def judge(self) -> str:
        """The judge's name: the check, how texts are normalised, and what is taken from the output."""
        rule = COMPARISONS[self.kind][0]
        return (
            f"{self.kind} ({rule})"
            if self.extract is None
            else f"{self.kind} ({rule}; last /{self.extract}/)"
        )

    def finds(self, output: str) -> bool:
        """Say whether there is anything to compare: always, without an extraction rule."""
        return self.extract is None or re.search(self.extract, output, re.IGNORECASE) is not None

    def wrong(self, answer: str, reference: str) -> bool:
        """Say whether the answer is wrong."""
        if self.extract is not None:
            found = None
            for found in re.finditer(self.extract, answer, re.IGNORECASE):  # noqa: B007
                pass
            if found is None:
                return True
            answer = (
                found.group(1) if found.re.groups and found.group(1) is not None else found.group(0)
            )
        return not COMPARISONS[self.kind][1](answer, reference)


class CheckReport(NamedTuple):
    """What a check did: traces judged now, those that stay unjudged, and in how many an answer was found."""

    judged: int
    without_reference: int
    found: int


def judge_by_check(
    ledger: Ledger,
    check: Check,
    *,
    window: Window | None = None,
    progress: Callable[[int, float | None], None] | None = None,
) -> CheckReport:
    """Judge every trace that has a reference and that this check has not judged yet.

    Parameters
    ----------
    ledger
        Traces; a verdict each is added. A run that is stopped goes on where it stopped.
    check
        The rule.
    window
        Only these traces; all of them where None.
    progress
        Called after each batch with the traces judged so far, and the share of them all.

    Returns
    -------
    CheckReport
    """
    where = window.condition() if window else "TRUE"
    counts = ledger.rows(
        f"SELECT count(*) AS n, count(reference) AS known FROM traces WHERE {where}"
    )[0]
    # With an extraction rule the whole output is searched; without, the answer that the log itself names comes first.
    column = "output" if check.extract is not None else "coalesce(traces.answer, traces.output)"
    reader = ledger.query(
        f"SELECT traces.trace_id, {column} AS answer, traces.reference FROM traces LEFT ANTI JOIN "
        f"(SELECT trace_id FROM verdicts WHERE judge = {literal(check.judge)}) AS judged "
        f"ON judged.trace_id = traces.trace_id WHERE traces.reference IS NOT NULL AND {where}"
    )
    judged = found = 0
    rows: list[Row] = []
    for batch in reader:
        columns = (batch[name].to_pylist() for name in ("trace_id", "answer", "reference"))
        for trace_id, answer, reference in zip(*columns, strict=True):
            found += check.finds(answer)
            rows.append(_verdict(check, trace_id, check.wrong(answer, reference)))
        if len(rows) >= BATCH_ROWS:
            judged += _write(ledger, rows)
            rows = []
            if progress:
                progress(judged, judged / max(counts["known"], 1))
    judged += _write(ledger, rows)
    return CheckReport(judged, int(counts["n"] - counts["known"]), found)


def _write(ledger: Ledger, rows: list[Row]) -> int:
    with ledger.locked():
        ledger.append("verdicts", rows)
    return len(rows)


def _verdict(check: Check, trace_id: str, wrong: bool) -> Row:
    return {
        "trace_id": trace_id,
        "judge": check.judge,
        "judge_kind": "check",
        "error_probability": float(wrong),
        "at": time.time_ns() // 1_000,
        "source": "assay judge",
    }


def normalised(text: str) -> str:
    """Return text as `exact` compares it."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    start, end = 0, len(folded)
    while start < end and _is_edge(folded[start]):
        start += 1
    while end > start and _is_edge(folded[end - 1]):
        end -= 1
    # An answer that is nothing but punctuation, as "?" or "+", is left as it is.
    return folded[start:end] or folded


def _is_edge(character: str) -> bool:
    # A sign before a number is part of it: -5 is not 5.
    return character.isspace() or (
        unicodedata.category(character)[0] == "P" and character not in "-%"
    )


def _last_number(text: str) -> float | None:
    found = NUMBER.findall(text)
    return float(found[-1].replace(",", "")) if found else None


def _same_number(answer: str, reference: str) -> bool:
    given, wanted = _last_number(answer), _last_number(reference)
    return given is not None and given == wanted


def _same_text(answer: str, reference: str) -> bool:
    return normalised(answer) == normalised(reference)


COMPARISONS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "exact": ("case, spaces and outer punctuation folded", _same_text),
    "numeric": ("last number", _same_number),
}

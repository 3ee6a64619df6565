"""Which version mended a case: how later versions answered what had failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assay.estimate import clopper_pearson
from assay.ledger.cases import Case
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown

Status = Literal["still wrong", "right so far", "mended", "unknown"]

MOSTLY_RIGHT = 0.5
"""A version has mended a case once its error rate there lies below that for sure: six right answers of six."""


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """What one version answered to the task of a case.

    Parameters
    ----------
    system, version
        Who answered.
    asked, right, wrong
        Answers, and what was said of them; the others nobody judged.
    judges
        Who said it.
    error_rate
        Of answers of this version to this task. Unit: errors/answer. Unknown where none was judged.
    """

    system: str
    version: str
    asked: int
    right: int
    wrong: int
    judges: tuple[str, ...]
    error_rate: Quantity

    @property
    def status(self) -> Status:
        """Whether it is mended as far as is known: no judged answer is wrong, and enough are right.

        One right answer may be luck, from a version that errs in most of its tries.
        """
        if self.wrong:
            return "still wrong"
        if not isinstance(self.error_rate, Estimate):
            return "unknown"
        return "mended" if self.error_rate.high < MOSTLY_RIGHT else "right so far"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "version": self.version,
            "asked": self.asked,
            "right": self.right,
            "wrong": self.wrong,
            "unjudged": self.asked - self.right - self.wrong,
            "judges": list(self.judges),
            "status": self.status,
            "error_rate": self.error_rate.to_json(),
        }


def asked_again(ledger: Ledger, case: Case, *, confidence_level: float = 0.95) -> list[AskedAgain]:
    """Return how every version answered the task of a case since, in the order in which they first did.

    Parameters
    ----------
    ledger
        Traces and verdicts.
    case
        The case. Its task is known by its id, which `assay case export` gives it.
    confidence_level : in (0, 1)
        Of each version's error rate.

    Notes
    -----
    An answer's verdict is the newest of a person, else the newest of a check. A model's opinion does not mend a case.
    The interval is Clopper and Pearson's: it takes the answers as independent tries of that version at that task, as
    epochs with seeds of their own are.
    """
    rows = ledger.rows(
        "SELECT traces.trace_id, traces.system, traces.version, said.judge, "
        f"said.error_probability FROM traces LEFT JOIN ({_verdicts()}) AS said ON said.trace_id = traces.trace_id "
        f"WHERE traces.task_id = {literal(case.case_id)} AND traces.trace_id <> {literal(case.trace_id)} "
        "ORDER BY traces.at NULLS LAST, traces.trace_id"
    )
    versions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        versions.setdefault((row["system"], row["version"]), []).append(row)
    return [_version(*name, answers, confidence_level) for name, answers in versions.items()]


def mended_in(again: Sequence[AskedAgain]) -> AskedAgain | None:
    """Return the version that mended the case and kept it so: the first of the last ones without a wrong answer.

    Its status says whether that is shown, or only right so far.
    """
    mended = None
    for version in again:
        if version.status == "still wrong":
            mended = None
        elif version.right and mended is None:
            mended = version
    return mended


def _verdicts() -> str:
    # A person goes before a check, and of each kind the newest counts.
    newest = f"ORDER BY judge_kind = 'person', {NEWEST_LAST}"
    return (
        f"SELECT trace_id, last_value(error_probability {newest}) AS error_probability, "
        f"last_value(judge {newest}) AS judge FROM verdicts "
        "WHERE judge_kind IN ('person', 'check') AND error_probability IN (0, 1) GROUP BY trace_id"
    )


def _version(system: str, version: str, answers: list[dict[str, Any]], level: float) -> AskedAgain:
    judged = [row for row in answers if row["error_probability"] is not None]
    wrong = sum(row["error_probability"] == 1 for row in judged)
    judges = tuple(sorted({row["judge"] for row in judged}))
    rate: Quantity = Unknown("no answer of it was judged")
    if judged:
        low, high = clopper_pearson(wrong, len(judged), confidence_level=level)
        method = f"Clopper-Pearson, answers to one task; judged by {', '.join(judges)}"
        value = wrong / len(judged)
        rate = Estimate(value, low, high, "errors/answer", level, len(judged), method)
    return AskedAgain(system, version, len(answers), len(judged) - wrong, wrong, judges, rate)

"""All that is known of a case: what was complained of, how many errors a day are like it, and who mended it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assay.figures import interval
from assay.ledger.cases import Case
from assay.ledger.population import moment_text
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate
from assay.volume.case_volume import CaseMeter, CasesLike
from assay.volume.mending import AskedAgain, asked_again, mended_in


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case and what is known of it.

    Parameters
    ----------
    case
        The case.
    request, output
        What was asked, and what was answered and complained of; None where the trace is gone.
    reference
        The right answer: the case's own, else the trace's; None where neither has one.
    like
        The outputs like it, and the errors among them.
    again
        How versions answered it since.
    """

    case: Case
    request: str | None
    output: str | None
    reference: str | None
    like: CasesLike
    again: tuple[AskedAgain, ...]

    @property
    def mended(self) -> str:
        """Say which version mended it, and how sure that is."""
        if not self.again:
            return "not asked again"
        version = mended_in(self.again)
        if version is not None and isinstance(version.error_rate, Estimate):
            rate = interval(version.error_rate, percent=True)
            tries = f"{version.right} of {version.right + version.wrong} right"
            return f"{version.status} in {named(version)} ({tries}; error rate {rate}, 95 %)"
        last = self.again[-1]
        if last.status == "still wrong":
            judged = last.right + last.wrong
            return f"still wrong in {named(last)} ({last.wrong} of {judged} wrong)"
        return f"asked again of {named(last)}, and not judged yet"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "case_id": self.case.case_id,
            "trace_id": self.case.trace_id,
            "open": self.case.is_open,
            "opened_at": moment_text(self.case.opened_at),
            "kind": self.case.kind,
            "severity": self.case.severity,
            "reference": self.reference,
            "notes": [
                {"at": moment_text(note.at), "person": note.person, "text": note.text}
                for note in self.case.notes
            ],
            "like": self.like.to_json(),
            "asked_again": [version.to_json() for version in self.again],
            "mended": self.mended,
        }


def named(version: AskedAgain) -> str:
    """Return system and version as one name."""
    return f"{version.system} {version.version}".strip()


def view_cases(
    ledger: Ledger,
    found: Sequence[Case],
    meter: CaseMeter,
    *,
    progress: Callable[[int, float | None], None] | None = None,
) -> list[CaseView]:
    """Return what is known of cases, those that stand for most errors a day first.

    Parameters
    ----------
    ledger
        The ledger that they are in.
    found
        The cases.
    meter
        Measures what is like them.
    progress
        Called after each case with how many are done, and their share.
    """
    views = []
    for done, case in enumerate(found, start=1):
        views.append(_view(ledger, case, meter))
        if progress:
            progress(done, done / len(found))
    return sorted(views, key=_most_first)


def _view(ledger: Ledger, case: Case, meter: CaseMeter) -> CaseView:
    rows = ledger.rows(
        f"SELECT input, output, reference FROM traces WHERE trace_id = {literal(case.trace_id)} LIMIT 1"
    )
    trace = rows[0] if rows else {"input": None, "output": None, "reference": None}
    return CaseView(
        case=case,
        request=trace["input"],
        output=trace["output"],
        reference=case.reference if case.reference is not None else trace["reference"],
        like=meter.measure(case),
        again=tuple(asked_again(ledger, case)),
    )


def _most_first(view: CaseView) -> tuple[float, float, int]:
    per_day = view.like.errors_per_day
    # What is unknown stands last: it may be much, and nobody can say so.
    known = (-per_day.value, -per_day.high) if isinstance(per_day, Estimate) else (1.0, 1.0)
    return (*known, view.case.opened_at)

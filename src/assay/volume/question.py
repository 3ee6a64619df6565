"""What a user asks of a ledger, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Literal

from assay.ledger.population import moment_text

EvidenceChoice = Literal["auto", "labels", "census"]


@dataclass(frozen=True, slots=True)
class HumanBaseline:
    """The people whom a system replaced: an assumption, or a system in the ledger that is people.

    Parameters
    ----------
    error_rate : in [0, 1]
        Assumed share of wrong results.
    per_day : > 0
        Assumed results per day, of all of them together.
    system
        Name of a system in the ledger whose traces are the people's; then nothing is assumed.
    """

    error_rate: float | None = None
    per_day: float | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class VolumeQuestion:
    """What to ask.

    Parameters
    ----------
    system, version
        Only this system, this version; all of them where None.
    origin : field, exam, probe or None
        Only outputs of this origin. None: the system's work, which is field where there is any, else exam, else probe.
    start, end
        Window in microseconds since 1970 UTC: from `start` on and before `end`.
    per_day, workers
        See `assay.volume.traffic.throughput`.
    human
        Whom to compare with.
    standard
        What is demanded, as `3sigma`, `30/30d` or `human`.
    by : tags
        Tags to split by.
    draw_id
        Which draw's labels; the newest with labels where None.
    judge
        Which complete check is the census, where there are several.
    evidence
        labels: only what was drawn and labeled; census: only a check of everything; auto: labels where there are any.
    caught_tag
        The tag that says whether an output was caught before delivery.
    confidence_level : in (0, 1)
    severity_weights
        What an error of each severity counts as: `1=10,2=3,3=1`. None: errors are not weighed.
    """

    system: str | None = None
    version: str | None = None
    origin: str | None = None
    start: int | None = None
    end: int | None = None
    per_day: float | None = None
    workers: int | None = None
    human: HumanBaseline | None = None
    standard: str | None = None
    by: tuple[str, ...] = ()
    draw_id: str | None = None
    judge: str | None = None
    evidence: EvidenceChoice = "auto"
    caught_tag: str = "caught"
    confidence_level: float = 0.95
    severity_weights: str | None = None

    @property
    def typed(self) -> str:
        """The question as options in a shell, each with a space before it."""
        human = self.human or HumanBaseline()
        given = {
            "--system": self.system,
            "--version": self.version,
            "--origin": self.origin,
            "--from": moment_text(self.start),
            "--to": moment_text(self.end),
            "--per-day": self.per_day,
            "--workers": self.workers,
            "--human-error-rate": human.error_rate,
            "--human-per-day": human.per_day,
            "--human-system": human.system,
            "--standard": self.standard,
            "--draw": self.draw_id,
            "--judge": self.judge,
            "--evidence": None if self.evidence == "auto" else self.evidence,
            "--caught-tag": None if self.caught_tag == "caught" else self.caught_tag,
            "--confidence": None if self.confidence_level == 0.95 else self.confidence_level,
            "--severity-weights": self.severity_weights,
        }
        options = [(name, value) for name, value in given.items() if value is not None]
        options += [("--by", tag) for tag in self.by]
        return "".join(f" {name} {quote(_plain(value))}" for name, value in options)


def _plain(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

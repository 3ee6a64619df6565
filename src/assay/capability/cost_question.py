"""What is asked of `assay cost`: prices that only the user knows, and how answers without a cost are priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.capability.hour import Tenure
from assay.capability.ledger_facts import FactsQuestion
from assay.errors import BadInput


@dataclass(frozen=True, slots=True)
class MachineQuestion:
    """The machine whose hour prices answers that have no cost.

    Parameters
    ----------
    name
        Of the catalogue; None: only what is said here.
    catalogue
        The user's own, laid over the one that comes with Assay; its prices of models go before list prices.
    tenure
        How one comes by the hour, as `assay.capability.hour.Tenure`; None: the first that is known, `own` before rents.
    usd_per_hour, watts, usd_per_kwh : > 0
        Said by the user: an hour of the machine, and its power with the price of power, beside it or alone.
    lanes : >= 1
        Requests that it answers at a time: an answer takes that share of it.
    """

    name: str | None = None
    catalogue: Path | None = None
    tenure: Tenure | None = None
    usd_per_hour: float | None = None
    watts: float | None = None
    usd_per_kwh: float | None = None
    lanes: int = 1

    @property
    def asked(self) -> bool:
        """Whether a machine is to price answers at all."""
        return not (self.name is None and self.usd_per_hour is None and self.watts is None)

    def __post_init__(self) -> None:
        if self.name is None and self.tenure is not None:
            raise BadInput("--tenure is of a machine: --machine NAME")
        if self.name is not None and (self.usd_per_hour is not None or self.watts is not None):
            raise BadInput(
                "--machine takes the catalogue's prices: leave --usd-per-hour and --watts out, or put yours into a "
                "--catalogue of your own"
            )
        if not self.asked and self.lanes != 1:
            raise BadInput(
                "--lanes is of a machine: --machine, --usd-per-hour or --watts says which"
            )
        if (self.watts is None) != (self.usd_per_kwh is None):
            raise BadInput("--watts and --usd-per-kwh go together: power, and what it costs")


@dataclass(frozen=True, slots=True)
class CostQuestion:
    """What is asked.

    Parameters
    ----------
    facts
        Which systems, judged by whom.
    mend_usd, escape_usd, false_alarm_usd, wait_usd_per_hour, check_usd : >= 0
        What the user says things cost; None: not said. Never defaulted.
    caught, flagged : in [0, 1]
        Shares of wrong and of right results that checking holds back, on the user's word; None: as the tags say.
    review_usd, review_caught : >= 0, in [0, 1]
        What one more review of a result costs, and which share of errors it catches: what could be added.
    second_pass, pass_usd : a judge's name, >= 0
        Whose verdicts would be a second pass over every result, and what it costs a result: what could be added.
    standard
        As the user wrote it; None: none.
    throughput_per_day : > 0
        Results wanted a day.
    machine
        What prices answers without a cost.
    token_model
        As which model's tokens answers without a cost are priced; None: as the log says.
    confidence_level : in [0.5, 1)
    seed
        Of the simulation.
    """

    facts: FactsQuestion = field(default_factory=FactsQuestion)
    mend_usd: float | None = None
    escape_usd: float | None = None
    false_alarm_usd: float | None = None
    wait_usd_per_hour: float | None = None
    check_usd: float | None = None
    caught: float | None = None
    flagged: float | None = None
    review_usd: float | None = None
    review_caught: float | None = None
    second_pass: str | None = None
    pass_usd: float | None = None
    standard: str | None = None
    throughput_per_day: float | None = None
    machine: MachineQuestion = field(default_factory=MachineQuestion)
    token_model: str | None = None
    confidence_level: float = 0.95
    seed: int = 7

    def __post_init__(self) -> None:
        if (self.review_usd is None) != (self.review_caught is None):
            raise BadInput(
                "--review-cost and --review-caught go together: what a review costs, and catches"
            )
        if (self.second_pass is None) != (self.pass_usd is None):
            raise BadInput(
                "--second-pass and --pass-cost go together: whose verdicts they are, and what they cost a result"
            )
        if self.standard is None and (self.second_pass is not None or self.review_usd is not None):
            raise BadInput(
                "--review-cost and --second-pass are what could be added to meet a standard: --standard says which"
            )
        if self.standard is None and self.throughput_per_day is not None:
            raise BadInput(
                "--throughput-per-day is for a standard a day: --standard N/day says which"
            )
        if self.flagged is not None and self.caught is None:
            raise BadInput(
                "--flagged goes with --caught: a check that holds back right results catches wrong ones"
            )

    @property
    def said(self) -> tuple[str, ...]:
        """What the user said that goes into the costs, in words."""
        amounts = (
            (self.mend_usd, "a mend ${:g}"),
            (self.escape_usd, "an escaped error ${:g}"),
            (self.false_alarm_usd, "a false alarm ${:g}"),
            (self.wait_usd_per_hour, "an hour of waiting ${:g}"),
            (self.check_usd, "a check ${:g}"),
        )
        said = [words.format(amount) for amount, words in amounts if amount is not None]
        shares = (
            (self.caught, "{:g} of wrong results caught"),
            (self.flagged, "{:g} of right results held back"),
        )
        return (*said, *(words.format(share) for share, words in shares if share is not None))


_FACTS = ("systems", "version", "origin", "start", "end", "judge", "evidence", "caught_tag")
_NAMED = {
    "mend_cost": "mend_usd",
    "escape_cost": "escape_usd",
    "false_alarm_cost": "false_alarm_usd",
    "wait_cost": "wait_usd_per_hour",
    "check_cost": "check_usd",
    "review_cost": "review_usd",
    "pass_cost": "pass_usd",
    "confidence": "confidence_level",
    "simulation_seed": "seed",
}


def question_of(options: Mapping[str, Any]) -> CostQuestion:
    """Return the question that a command line's options ask.

    Raises
    ------
    BadInput
        Where they don't fit each other.
    """
    left = dict(options)
    facts = FactsQuestion(**{name: left.pop(name) for name in _FACTS if name in left})
    machine = MachineQuestion(
        name=left.pop("machine"),
        **{name: left.pop(name) for name in ("catalogue", "tenure", "usd_per_hour", "watts", "usd_per_kwh", "lanes")},
    )  # fmt: skip
    named = {_NAMED.get(name, name): value for name, value in left.items()}
    return CostQuestion(facts, machine=machine, **named)

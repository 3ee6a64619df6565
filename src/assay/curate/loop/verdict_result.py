"""What is asked of a loop, and the verdict on it: what `assay.curate.loop.verdict` makes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from assay.curate.loop.verdict_cost import Money, Outlook, TurnPrice
from assay.curate.loop.verdict_fault import Fault
from assay.curate.loop.verdict_read import LoopEvidence
from assay.curate.loop.verdict_versions import WhichVersions
from assay.errors import BadInput
from assay.estimate.loop_gain import MARGIN, LoopVerdict, TurnGain
from assay.estimate.loop_gain_samples import SampledChange, SampledTurn
from assay.quantity import Quantity, Unknown

VolumeTrend = str


@dataclass(frozen=True, slots=True)
class VerdictQuestion:
    """What is asked of a loop.

    Parameters
    ----------
    which
        Versions of a ledger.
    arms, seeds
        Only these; all where none is named.
    margin : in (0, 1)
        Gain or loss of the share right within which a loop is called flat.
    per_day : > 0
        Answers a day; None: as the loop was told.
    money
    confidence_level : in (0, 1)

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    which: WhichVersions = field(default_factory=WhichVersions)
    arms: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    margin: float = MARGIN
    per_day: float | None = None
    money: Money = field(default_factory=Money)
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.margin < 1:
            raise BadInput(f"the margin is a share of the tasks in (0, 1), got {self.margin:g}")
        if not 0.5 <= self.confidence_level < 1:
            raise BadInput(
                f"the confidence level must be in [0.5, 1), got {self.confidence_level:g}"
            )
        if self.per_day is not None and not 0 < self.per_day < math.inf:
            raise BadInput(f"answers a day must be above 0, got {self.per_day:g}")
        for name, value in (
            ("USD per hour", self.money.usd_per_hour),
            ("the worth of an error", self.money.worth_usd),
        ):
            if value is not None and not 0 <= value < math.inf:
                raise BadInput(f"{name} must be 0 or more, got {value:g}")
        if not 0 < self.money.horizon_days < math.inf:
            raise BadInput(f"the horizon must be above 0 days, got {self.money.horizon_days:g}")


@dataclass(frozen=True, slots=True)
class VersionState:
    """How a version stands.

    Parameters
    ----------
    version
    right
        Share of the held-out tasks.
    harder
    errors_per_day, harder_errors_per_day
    sampled
    purity
        Share of what was kept in this turn that is right, by labels.
    """

    version: str
    right: Quantity
    harder: Quantity
    errors_per_day: Quantity
    harder_errors_per_day: Quantity
    sampled: SampledTurn | Unknown
    purity: Quantity

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        names = ("right", "harder", "errors_per_day", "harder_errors_per_day", "sampled", "purity")
        return {"version": self.version, **{name: getattr(self, name).to_json() for name in names}}


@dataclass(frozen=True, slots=True)
class LoopResult:
    """The verdict on a loop.

    Parameters
    ----------
    evidence
    leaked
        Held-out tasks that were trained on and are left out of all that follows.
    verdict
    earliest
        Turn from which it was known; None: it is undecided.
    by_labels
        What the verifier's labels alone said after each turn, by the law of the gain: through, undecided or outside.
    gains, harder_gains
    states
        Of each version.
    changes
        Of the samples since turn 0, at the level of each look.
    source
        Where a rise of pass@1 comes from.
    volume_trend
        "falling", "rising", "flat" or "undecided": the last turn's change of the errors.
    faults
    prices, outlook
    """

    evidence: LoopEvidence
    leaked: int
    verdict: LoopVerdict
    earliest: int | None
    by_labels: tuple[tuple[int, str], ...]
    gains: tuple[TurnGain, ...]
    harder_gains: tuple[TurnGain, ...]
    states: tuple[VersionState, ...]
    changes: tuple[SampledChange, ...]
    source: str
    volume_trend: VolumeTrend
    faults: tuple[Fault, ...]
    prices: tuple[TurnPrice, ...]
    outlook: Outlook

    @property
    def caught(self) -> tuple[Fault, ...]:
        """The faults that were caught."""
        return tuple(fault for fault in self.faults if fault.state == "caught")

    @property
    def goes(self) -> bool:
        """Whether it gains, and no fault was caught."""
        return self.verdict == "virtuous" and not self.caught

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        of = self.evidence
        return {
            "name": of.name, "arm": of.arm or None, "seed": of.seed or None, "verify": of.verify or None,
            "mix": of.mix or None, "system": of.system, "versions": list(of.versions), "judges": list(of.judges),
            "tasks": len(of.held_out.tasks), "tasks_of_versions": list(of.held_out.answered), "leaked": self.leaked,
            "verdict": self.verdict, "earliest_turn": self.earliest,
            "by_labels": [{"turn": turn, "verifier_is": said} for turn, said in self.by_labels],
            "gains": [gain.to_json() for gain in self.gains],
            "harder_gains": [gain.to_json() for gain in self.harder_gains],
            "turns": [state.to_json() for state in self.states],
            "sampled_changes": [change.to_json() for change in self.changes],
            "source_of_gain": self.source, "volume": self.volume_trend,
            "faults": [fault.to_json() for fault in self.faults],
            "prices": [price.to_json() for price in self.prices],
            **self.outlook.to_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArmResult:
    """An arm over its seeds.

    Parameters
    ----------
    arm
    verdict
        That of all its seeds; "undecided" where they differ.
    verdicts
        Verdict -> seeds.
    gain
        Mean over seeds of the gain at the last turn that all have.
    """

    arm: str
    verdict: LoopVerdict
    verdicts: dict[str, int]
    gain: Quantity

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "arm": self.arm,
            "verdict": self.verdict,
            "seeds": self.verdicts,
            "gain": self.gain.to_json(),
        }


@dataclass(frozen=True, slots=True)
class VerdictReport:
    """The verdicts on all loops that were read.

    Parameters
    ----------
    question
    loops, arms
    left_out
        Loops of the folder that have no turn after turn 0 yet.
    """

    question: VerdictQuestion
    loops: tuple[LoopResult, ...]
    arms: tuple[ArmResult, ...]
    left_out: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether every loop gains, and no fault was caught; one that has not begun is not known to."""
        return not self.left_out and all(loop.goes for loop in self.loops)

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "answer": "goes on" if self.goes else "does not",
            "margin": self.question.margin,
            "confidence_level": self.question.confidence_level,
            "left_out": list(self.left_out),
            "arms": [arm.to_json() for arm in self.arms],
            "loops": [loop.to_json() for loop in self.loops],
        }

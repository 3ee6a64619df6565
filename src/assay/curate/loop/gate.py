"""Where a verifier stands: its rates on this generator's own answers, against the break-even of the loop's gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.curate.loop.gate_ways import Way, ways_through
from assay.errors import BadInput
from assay.estimate.gate_quality import (
    AuditCount,
    GateQuality,
    GateVerdict,
    LogRatio,
    gate_quality,
    gate_verdict,
    pooled_log_ratio,
)
from assay.estimate.loop_law import PACKAGE_LAW, LoopLaw
from assay.quantity import Estimate, Quantity, Unknown

OWN, PACKAGE = "own", "package"


@dataclass(frozen=True, slots=True)
class TurnAudit:
    """The labels of a turn.

    Parameters
    ----------
    turn : >= 1
    kept, rejected
    by_kind
        Kind of error -> labeled kept and labeled rejected answers of it.
    """

    turn: int
    kept: AuditCount
    rejected: AuditCount
    by_kind: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Audits:
    """The labels of a loop.

    Parameters
    ----------
    name
        Of the loop, or of the file.
    turns
    verify
        As in loop.toml; empty where that is not known.
    """

    name: str
    turns: tuple[TurnAudit, ...]
    verify: str = ""


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """A kind of error that passes as if it were right.

    Parameters
    ----------
    kind
    turn
        The first in which that was shown.
    passes
        Share of these errors that was kept then.
    """

    kind: str
    turn: int
    passes: Estimate

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {"kind": self.kind, "turn": self.turn, "passes": self.passes.to_json()}


@dataclass(frozen=True, slots=True)
class Price:
    """What an answer costs.

    Parameters
    ----------
    generate_usd, verify_usd : >= 0
        Of one generated answer; None: not said, and no price is made up.
    """

    generate_usd: float | None = None
    verify_usd: float | None = None


@dataclass(frozen=True, slots=True)
class GateStand:
    """A verifier against the break-even.

    Parameters
    ----------
    audits
    qualities
        Of each turn.
    ratio
        ln(phi / psi), the mean over turns; None where a part has no labels.
    verdict
    last_verdict
        Of the newest turn alone: a verifier may get worse as its generator changes.
    blind_spots
        All turns' statements hold together.
    ways
        What would bring it through.
    usd_per_right
        Generation and verification for each right answer kept, by the last turn.
    """

    audits: Audits
    qualities: tuple[GateQuality, ...]
    ratio: LogRatio | None
    verdict: GateVerdict
    last_verdict: GateVerdict
    blind_spots: tuple[BlindSpot, ...]
    ways: tuple[Way, ...]
    usd_per_right: Quantity

    @property
    def last(self) -> GateQuality:
        """The newest turn's."""
        return self.qualities[-1]

    @property
    def log_ratio(self) -> Quantity:
        """The mean over turns."""
        if self.ratio is None:
            return Unknown("a turn has no labels of what was kept, or of what was rejected")
        return self.ratio.quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        turns = zip(self.audits.turns, self.qualities, strict=True)
        return {
            "name": self.audits.name,
            "verify": self.audits.verify or None,
            "verdict": self.verdict.verdict,
            "last_verdict": self.last_verdict.verdict,
            "log_ratio": self.log_ratio.to_json(),
            "blind_spots": [spot.to_json() for spot in self.blind_spots],
            "ways": [way.to_json() for way in self.ways],
            "usd_per_right": self.usd_per_right.to_json(),
            "turns": [{"turn": audit.turn, **quality.to_json()} for audit, quality in turns],
        }


@dataclass(frozen=True, slots=True)
class GateReport:
    """Verifiers against one break-even.

    Parameters
    ----------
    stands
    law
        Of the gain.
    law_of
        "own": fitted to these loops; "package": measured on the package's own example.
    confidence_level : in (0, 1)
    """

    stands: tuple[GateStand, ...]
    law: LoopLaw
    law_of: str
    confidence_level: float

    @property
    def break_even(self) -> Quantity:
        """ln(phi / psi) above which a turn gains."""
        return break_even_of(self.law)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "break_even": self.break_even.to_json(),
            "law_of": self.law_of,
            "law": self.law.to_json(),
            "confidence_level": self.confidence_level,
            "gates": [stand.to_json() for stand in self.stands],
        }


def break_even_of(law: LoopLaw) -> Quantity:
    """Return the break-even that a loop is held against.

    Seeds differ in it, and what is asked is of the next turns of one loop: so it is that of one seed more, like those
    that the law was fitted to. Where there was one seed only, it is that seed's.
    """
    ahead = law.break_even_of_next
    return ahead if isinstance(ahead, Estimate) else law.break_even


def gate_report(
    audits: Sequence[Audits],
    law: LoopLaw | None = None,
    *,
    price: Price | None = None,
    confidence_level: float = 0.95,
) -> GateReport:
    """Return where verifiers stand.

    Parameters
    ----------
    audits
        At least one loop, each with a turn at least.
    law
        Fitted to these loops; None: that of the package's example.
    price
    confidence_level : in (0, 1)

    Raises
    ------
    BadInput
        If there is no loop, or one without an audited turn.
    """
    if not audits or not all(one.turns for one in audits):
        raise BadInput("no turn has been audited: there are no labels of what the verifier kept")
    law_of = OWN if law is not None else PACKAGE
    law = law or PACKAGE_LAW
    break_even = break_even_of(law)
    stands = tuple(_stand(one, break_even, price or Price(), confidence_level) for one in audits)
    return GateReport(stands, law, law_of, confidence_level)


def _stand(audits: Audits, break_even: Quantity, price: Price, level: float) -> GateStand:
    qualities = tuple(
        gate_quality(one.kept, one.rejected, one.by_kind, confidence_level=level)
        for one in audits.turns
    )
    ratios = [quality.log_ratio for quality in qualities if quality.log_ratio is not None]
    ratio = pooled_log_ratio(ratios) if ratios else None
    verdict = gate_verdict(ratio, break_even)
    last = qualities[-1]
    return GateStand(
        audits,
        qualities,
        ratio,
        verdict,
        gate_verdict(last.log_ratio, break_even),
        _blind_spots(audits, level),
        ways_through(ratio, last, break_even, verdict),
        _price_of_right(last, price),
    )


def _blind_spots(audits: Audits, level: float) -> tuple[BlindSpot, ...]:
    """Return what is shown to pass; the look after turn t may err with a share 1 / (t (t + 1)) of the chance."""
    found: dict[str, BlindSpot] = {}
    for look, one in enumerate(audits.turns, start=1):
        at_look = 1 - (1 - level) / (look * (look + 1))
        quality = gate_quality(one.kept, one.rejected, one.by_kind, confidence_level=at_look)
        for kind in quality.kinds:
            if kind.blind and kind.kind not in found and isinstance(kind.passes, Estimate):
                found[kind.kind] = BlindSpot(kind.kind, one.turn, kind.passes)
    return tuple(found.values())


def _price_of_right(quality: GateQuality, price: Price) -> Quantity:
    costs = (price.generate_usd, price.verify_usd)
    if price.generate_usd is None and price.verify_usd is None:
        return Unknown("what a generated and a verified answer cost was not said")
    if price.generate_usd is None or price.verify_usd is None:
        missing = "generated" if price.generate_usd is None else "verified"
        return Unknown(f"what a {missing} answer costs was not said")
    if isinstance(quality.generations_per_right, Unknown):
        return quality.generations_per_right
    return quality.generations_per_right.scaled(
        sum(filter(None, costs)), "USD per right answer kept"
    )

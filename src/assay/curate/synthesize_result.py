"""What a synthesis came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from assay.curate.synthesize_audit import Audit
from assay.curate.synthesize_choose import (
    BUCKETS,
    KEPT,
    LEFT_OUT,
    REJECTED,
    Choice,
    Chosen,
    Decided,
)
from assay.curate.synthesize_gate import Gate
from assay.curate.synthesize_verify import Verified
from assay.curate.synthesize_yield import SynthesisYield


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A set, and where it comes from.

    Parameters
    ----------
    generation
        System, version, model, settings, samples, tasks: as the folder keeps them.
    gate, verified
        How answers were verified, and the judges that spoke.
    choice, chosen
        How examples were chosen, and every answer decided.
    gain
        Yield, cost and time.
    audit
        What labels say.
    missing
        Answers that were wanted and are not in the ledger.
    """

    generation: Mapping[str, object]
    gate: Gate
    verified: Verified
    choice: Choice
    chosen: Chosen
    gain: SynthesisYield
    audit: Audit
    missing: int

    @property
    def kept(self) -> tuple[Decided, ...]:
        """The examples."""
        return self.chosen.of(KEPT)

    @property
    def models(self) -> tuple[str, ...]:
        """What said that it answered, else what was asked for."""
        there = sorted({one.candidate.model for one in self.chosen.decided} - {""})
        return tuple(there) or (str(self.generation["model"]) or "unknown",)

    @property
    def outcomes(self) -> dict[str, int]:
        """Answers by what became of them."""
        counts = Counter(one.outcome for one in self.chosen.decided)
        return {name: counts[name] for name in (KEPT, LEFT_OUT, REJECTED)}

    @property
    def difficulty(self) -> dict[str, int]:
        """Examples by how hard their tasks are."""
        counts = Counter(one.bucket for one in self.kept)
        return {name: counts[name] for name in BUCKETS}

"""What the proof of a selection came to: a contest with each rival, and a verdict in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.curate.value_result import GENERALISES, TRACK_RECORD, Regime
from assay.quantity import Quantity

Verdict = Literal["better", "worse", "cannot tell"]
Rival = Literal[
    "random of equal size", "everything", "everything, trained as long", "everything, repeated"
]

REGIME: dict[Rival, Regime] = {
    "random of equal size": "compute-fixed",
    "everything": "data-fixed",
    "everything, trained as long": "compute-fixed",
    "everything, repeated": "compute-fixed",
}
"""Compute-fixed: both trainings go over as many tokens. Data-fixed: each goes once over all that it has."""


@dataclass(frozen=True, slots=True)
class Contest:
    """The selection against something else.

    Parameters
    ----------
    rival
    change
        Held-out bits per byte with the selection less those with the rival: below 0 the selection is better.
    adjusted : in [0, 1]
        Two-sided p-value with Holm's correction over the contests.
    verdict
    selected_tokens, rival_tokens : >= 0
        Different tokens that were trained on.
    trained_tokens, rival_trained_tokens : >= 0
        Tokens that the trainings went over: more than there are, where they are repeated.
    thinned : in (0, 1]
        Share of the corpus that the rival's training held, where both sides were thinned alike; 1: neither was.
    """

    rival: Rival
    change: Quantity
    adjusted: float
    verdict: Verdict
    selected_tokens: int
    rival_tokens: int
    trained_tokens: int
    rival_trained_tokens: int
    thinned: float = 1.0

    @property
    def regime(self) -> Regime:
        """What is held equal."""
        return REGIME[self.rival]

    @property
    def rival_words(self) -> str:
        """The rival in words, with what must stand beside it."""
        return (
            self.rival
            if self.thinned == 1
            else f"{self.rival} (both thinned to {self.thinned:.1%})"
        )

    @property
    def words(self) -> str:
        """The verdict in words."""
        if self.verdict == "cannot tell":
            return f"cannot tell whether it is better or worse than {self.rival_words}"
        return f"{self.verdict} than {self.rival_words}"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "rival": self.rival,
            "regime": self.regime,
            "change": self.change.to_json(),
            "p_value_holm": self.adjusted,
            "verdict": self.verdict,
            "words": self.words,
            "selected_tokens": self.selected_tokens,
            "rival_tokens": self.rival_tokens,
            "trained_tokens": self.trained_tokens,
            "rival_trained_tokens": self.rival_trained_tokens,
            "thinned": self.thinned,
            "track_record": TRACK_RECORD,
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """What training on the selection came to.

    Parameters
    ----------
    contests
        Against as many tokens at random, and against everything, each gone over once. And, by a proxy that can value
        repeats, the selection repeated against everything gone over once, and against everything repeated.
    proxy
    seeds, target_documents, target_clusters, target_bytes
    notes
        What else must be known.
    """

    contests: tuple[Contest, ...]
    proxy: str
    seeds: int
    target_documents: int
    target_clusters: int
    target_bytes: int
    notes: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The verdicts in a sentence."""
        told = [contest.words for contest in self.contests if contest.verdict != "cannot tell"]
        open_ = [
            contest.rival_words for contest in self.contests if contest.verdict == "cannot tell"
        ]
        parts = [f"the selection is {'; '.join(told)}"] if told else []
        if open_:
            whose = "it" if told else "the selection"
            parts.append(
                f"cannot tell whether {whose} is better or worse than {', or than '.join(open_)}"
            )
        said = "; ".join(parts)
        if not any(contest.verdict == "better" for contest in self.contests):
            return f"No gain is shown: {said}"
        return said[0].upper() + said[1:]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        plain = ("proxy", "seeds", "target_documents", "target_clusters", "target_bytes")
        return {
            **{name: getattr(self, name) for name in plain},
            "headline": self.headline,
            "contests": [contest.to_json() for contest in self.contests],
            "track_record": TRACK_RECORD,
            "generalises_to": GENERALISES,
            "notes": list(self.notes),
        }

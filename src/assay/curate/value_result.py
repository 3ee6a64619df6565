"""What was found of a corpus's parts by training on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.curate.value_corpus import SourceText
from assay.quantity import Quantity

Verdict = Literal["helps", "hurts", "worthless", "cannot tell"]
Regime = Literal["compute-fixed", "data-fixed"]
REGIMES: tuple[Regime, ...] = ("compute-fixed", "data-fixed")

HELD_PAIRS, ALL_PAIRS = 49, 66
"""Of 66 pairs of data sets, those in which the better one at 411 M parameters was the better one at 1.4 B: replayed on
the published runs of DCLM by `assay.curate.value_replay`, a test of which computes it again."""

HELD = f"{HELD_PAIRS} of {ALL_PAIRS}"
"""Of decisions at this scale: what stands beside each verdict, where there is no room for the sentence."""

TRACK_RECORD = (
    f"Decisions at this scale have held in about three of four cases ({HELD} pairs of data sets, "
    "411 M to 1.4 B parameters, DCLM). A proxy as small as this one has no record beyond that."
)

GENERALISES = (
    "Limits cover other samples of the same sources and other held-out documents of the same kind; not another target, "
    "another proxy or a larger model."
)


@dataclass(frozen=True, slots=True)
class RegimeValue:
    """A part's value in one regime.

    Parameters
    ----------
    regime
        "compute-fixed": its tokens take the place of as many of the rest, training is as long. "data-fixed": its tokens
        come on top, training grows.
    change
        Held-out bits per byte more than without it; less is better.
    per_million
        The same per million of its training tokens.
    p_value, adjusted : in [0, 1]
        Of the verdict, alone and with Holm's correction for all parts.
    verdict
        In this regime. Compute-fixed, "helps" is better than the rest and "worthless" no different from it.
    """

    regime: Regime
    change: Quantity
    per_million: Quantity
    p_value: float
    adjusted: float
    verdict: Verdict

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "change": self.change.to_json(),
            "per_million_tokens": self.per_million.to_json(),
            "p_value": self.p_value,
            "p_value_holm": self.adjusted,
            "verdict": self.verdict,
            "track_record": TRACK_RECORD,
        }


@dataclass(frozen=True, slots=True)
class PartValue:
    """What a source, a filter's output or a slice of quality is worth.

    Parameters
    ----------
    text
        What it holds.
    dose_tokens : >= 0
        Tokens of it that were trained on.
    regimes
        Both, unless there is too little of it.
    worth
        What its tokens gain over what as many more of the rest gain: 1 is as good as the rest, 0 is nothing, below it
        they hurt.
    exchange
        Tokens of it that teach as much as one token of the rest.
    over_placebo
        Change on top of the rest, against the same words in another order there: bits per byte; below 0, its text
        teaches more than a list of its words.
    rest_over_placebo
        The same of as much more of the rest: what order is worth to this proxy.
    verdict, why
        Over both regimes, and the reason.
    """

    text: SourceText
    dose_tokens: int
    regimes: tuple[RegimeValue, ...]
    worth: Quantity
    exchange: Quantity
    over_placebo: Quantity
    rest_over_placebo: Quantity
    verdict: Verdict
    why: str

    def regime(self, name: Regime) -> RegimeValue | None:
        """Return its value in one regime; None where it was not trained on."""
        return next((found for found in self.regimes if found.regime == name), None)

    def _regime_json(self, name: Regime) -> dict[str, object]:
        found = self.regime(name)
        if found is not None:
            return found.to_json()
        # Not trained on: by count, or not at all.
        nothing = self.worth.to_json()
        return {
            "change": nothing,
            "per_million_tokens": nothing,
            "p_value": None,
            "p_value_holm": None,
            "verdict": self.verdict,
            "track_record": TRACK_RECORD,
        }

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            **self.text.to_json(),
            "dose_tokens": self.dose_tokens,
            "regimes": {name: self._regime_json(name) for name in REGIMES},
            "worth_of_the_rest": self.worth.to_json(),
            "tokens_per_token_of_the_rest": self.exchange.to_json(),
            "over_placebo": self.over_placebo.to_json(),
            "rest_over_placebo": self.rest_over_placebo.to_json(),
            "verdict": self.verdict,
            "why": self.why,
            "track_record": TRACK_RECORD,
        }


@dataclass(frozen=True, slots=True)
class Inflation:
    """By how much leaks flatter: the same training with and without the documents that overlap with the target.

    Parameters
    ----------
    naive, clean
        Held-out bits per byte with the overlapping documents in training, and without.
    change
        Naive less clean.
    leaked_tokens : >= 0
        Of the overlapping documents.
    """

    naive: Quantity
    clean: Quantity
    change: Quantity
    leaked_tokens: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "naive": self.naive.to_json(),
            "clean": self.clean.to_json(),
            "change": self.change.to_json(),
            "leaked_tokens": self.leaked_tokens,
        }


@dataclass(frozen=True, slots=True)
class ValueAnswer:
    """The parts of a corpus, each with its value.

    Parameters
    ----------
    by
        What the parts are: source, quality, filter.
    parts
        Best first: by what they gain on top of the rest.
    inflation
        What a naive split would have said.
    proxy, tokenizer, overlap_rule
        How it was measured.
    training_tokens, seeds, target_documents, target_clusters, target_bytes
        How much was.
    notes
        What else must be known.
    """

    by: str
    parts: tuple[PartValue, ...]
    inflation: Inflation
    proxy: str
    tokenizer: str
    overlap_rule: str
    training_tokens: int
    seeds: int
    target_documents: int
    target_clusters: int
    target_bytes: int
    notes: tuple[str, ...]

    def named(self, *verdicts: Verdict) -> tuple[str, ...]:
        """Return the names of the parts with one of these verdicts."""
        return tuple(part.text.name for part in self.parts if part.verdict in verdicts)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        plain = ("by", "proxy", "tokenizer", "overlap_rule", "training_tokens", "seeds")
        sizes = ("target_documents", "target_clusters", "target_bytes")
        return {
            **{name: getattr(self, name) for name in (*plain, *sizes)},
            "parts": [part.to_json() for part in self.parts],
            "inflation_of_a_naive_split": self.inflation.to_json(),
            "track_record": TRACK_RECORD,
            "generalises_to": GENERALISES,
            "notes": list(self.notes),
        }

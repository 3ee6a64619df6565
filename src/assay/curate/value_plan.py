"""What measuring will cost: how many models are trained, on how many tokens, and how long one took."""

from __future__ import annotations

from dataclasses import dataclass

from assay.figures import plain

MINUTE, HOUR = 60.0, 3_600.0


@dataclass(frozen=True, slots=True)
class ValuePlan:
    """What is to be trained.

    Parameters
    ----------
    proxies
        Their names.
    models : >= 0
        Different trainings, those that are kept from before among them.
    kept : >= 0
        Of them, those that need not be done again.
    tokens : >= 0
        Training tokens of the others.
    first_tokens : >= 0
        Of the trainings that were done to measure their time: one of each proxy that has any left.
    first_seconds : >= 0
        That those took, each with its question about the held-out documents.
    seconds : >= 0
        That the rest takes if every token takes as long. From one training a proxy: no limits can be given.
    """

    proxies: tuple[str, ...]
    models: int
    kept: int
    tokens: int
    first_tokens: int
    first_seconds: float
    seconds: float

    @property
    def sentence(self) -> str:
        """The plan in words."""
        said = f"{self.models:,} models to train ({'; '.join(self.proxies)})"
        if self.kept:
            said += f", {self.kept:,} of them kept from before"
        if self.kept == self.models:
            return f"{said}: nothing is left to train."
        return (
            f"{said}; {self.tokens:,} training tokens. A first training of {self.first_tokens:,} tokens took "
            f"{duration(self.first_seconds)}: about {duration(self.seconds)} to go at that pace."
        )

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "proxies": list(self.proxies),
            "models": self.models,
            "kept": self.kept,
            "training_tokens": self.tokens,
            "measured_tokens": self.first_tokens,
            "measured_seconds": round(self.first_seconds, 3),
            "seconds_to_go": round(self.seconds, 1),
        }


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(0.213), duration(75), duration(5400), duration(90000)
    ('0.21 seconds', '75 seconds', '90 minutes', '25 hours')
    """
    if seconds < 2 * MINUTE:
        return f"{plain(float(f'{seconds:.2g}'))} seconds"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} minutes"
    return f"{seconds / HOUR:.0f} hours"

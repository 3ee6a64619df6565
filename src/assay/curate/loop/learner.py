"""What a loop needs of a system that learns: it answers, it trains on examples, and its weights can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Example:
    """What is learnt from.

    Parameters
    ----------
    prompt
        What is asked.
    answer
        What is to be said.
    """

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """What a training took.

    Parameters
    ----------
    examples : >= 0
        It was given.
    steps : >= 0
        Of the optimizer; None where a command trains and doesn't say.
    seconds : >= 0
        Of this process; a training that was resumed counts what was done since.
    tokens : >= 0
        Gone over, padding left out; None where that is not known.
    """

    examples: int
    steps: int | None
    seconds: float
    tokens: int | None

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return asdict(self)


class Learner(Protocol):
    """A system that can be trained.

    Attributes
    ----------
    name
        Of the system in the ledger; its versions there are turn-0, turn-1 and so on.
    """

    name: str

    def answers(
        self, prompts: Sequence[str], *, samples: int, temperature: float, seed: int
    ) -> list[list[str]]:
        """Return the answers to each prompt.

        Parameters
        ----------
        prompts
        samples : >= 1
            Answers to each; 1 where the temperature is 0.
        temperature : >= 0
            0: the likeliest sign each time.
        seed : >= 0
            The same weights, prompts and seed give the same answers.
        """
        ...

    def train(self, examples: Sequence[Example], *, seed: int, folder: Path) -> TrainingCost:
        """Go on training from the weights that it has.

        Parameters
        ----------
        examples
        seed : >= 0
            Of the order in which they are gone over.
        folder
            For a state on the way. A training that was killed is called again with the same weights, examples and
            seed, and ends with the same weights as one that was not.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the weights: beside, then renamed into place; the folder is there whole or not at all."""
        ...

    def load(self, folder: Path) -> None:
        """Take the weights that `save` wrote."""
        ...

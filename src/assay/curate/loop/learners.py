"""Learners by the name that loop.toml gives them: each is imported only when it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from assay.curate.checkpoint import write_whole
from assay.curate.loop.learner import Example, Learner, TrainingCost
from assay.curate.loop.loop_config import COMMAND, LoopConfig, settings_of
from assay.errors import BadInput

if TYPE_CHECKING:
    from assay.curate.loop.command_learner import CommandLearner
    from assay.curate.loop.lora_learner import LoraSettings
    from assay.curate.loop.small_learner import SmallSettings

SMALL_FAMILY = "reverse-addition"


def check_trainer(config: LoopConfig) -> None:
    """Refuse settings of a trainer that can't be taken: nothing is written for it, and torch need not be there.

    Raises
    ------
    BadInput
        If they can't be taken, or the trainer can't read the loop's tasks.
    """
    if config.train == "small":
        _small_settings(config)
    elif config.train == "lora":
        _lora_settings(config)
    else:
        _command_learner(config)


def open_learner(config: LoopConfig, *, seed: int) -> Learner:
    """Return the learner that a loop trains, as it is before any training.

    Raises
    ------
    BadInput
        If its settings can't be taken, or it can't read the loop's tasks.
    MissingPart
        If it needs what is not installed.
    """
    if config.train == "small":
        from assay.curate.loop.small_learner import SmallLearner

        return SmallLearner(_small_settings(config), seed=seed)
    if config.train == "lora":
        from assay.curate.loop.lora_learner import LoraLearner

        lora: Learner = LoraLearner(_lora_settings(config))
        return lora
    return _command_learner(config)


def _small_settings(config: LoopConfig) -> SmallSettings:
    from assay.curate.loop.small_learner import SmallSettings

    if config.tasks.family != SMALL_FAMILY:
        raise BadInput(
            f'the small transformer knows the family "{SMALL_FAMILY}" only, got '
            f"{config.tasks.family or config.tasks.training!r}",
            next_command='train = "lora" or a command, or family = "reverse-addition"',
        )
    small: SmallSettings = settings_of(SmallSettings, config.trainer)
    return small


def _lora_settings(config: LoopConfig) -> LoraSettings:
    from assay.curate.loop.lora_learner import LoraSettings

    lora: LoraSettings = settings_of(LoraSettings, config.trainer)
    return lora


def _command_learner(config: LoopConfig) -> CommandLearner:
    from assay.curate.loop.command_learner import CommandLearner, CommandSettings

    told: CommandSettings = settings_of(CommandSettings, config.trainer)
    return CommandLearner(config.train.removeprefix(COMMAND).strip(), told)


def first_trained(
    learner: Learner, examples: Sequence[Example], *, seed: int, folder: Path
) -> TrainingCost:
    """Train a learner for the first time, if it is one that must be.

    Parameters
    ----------
    learner
    examples
        Right ones.
    seed
    folder
        Weights that another arm with the same seed has trained already are taken from here; else they are put here.
    """
    from assay.curate.loop.small_learner import SmallLearner

    if not isinstance(learner, SmallLearner):
        return TrainingCost(0, 0, 0.0, 0)
    weights, told = folder / "weights", folder / "training.json"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "training.lock"):
        if told.exists():
            learner.load(weights)
            # Which arm came first is chance: all tell the same of it.
            return TrainingCost(**json.loads(told.read_bytes()))
        cost = learner.train_first(examples, seed=seed, folder=folder / "training")
        learner.save(weights)
        write_whole(told, json.dumps(cost.to_json()).encode())
    return cost

"""loop.toml: the tasks, what is generated and kept, who says what is right, how it is trained, how often.

A key that is not known is refused with the nearest one: a setting that is mistyped would silently be the default.

    loop = 1
    turns = 4
    seeds = [0, 1, 2]
    train = "small"
    verify = "exact"
    mix = "replace"

    [tasks]
    family = "reverse-addition"

    [arm.judge]
    verify = "judge:0.9/0.3"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from assay.curate.loop.loop_tables import AuditPlan, Generation, LoopTasks
from assay.curate.loop.verifiers import check_verifier
from assay.curate.recipe_fields import built, check_keys, table_of
from assay.errors import BadInput

LOOP_VERSION = 1
MOST_TURNS = 100
SMALL_EXAMPLES = 700
MOST_EXAMPLES = 10_000_000
TRAINERS = ("small", "lora")
COMMAND = "command:"
RESERVED = ("ledger", "leaks.json", "loop.toml", "turns")
"""What a loop's folder holds itself: an arm of that name would be read as part of it."""

LONGEST_NAME = 100
MIXES = ("accumulate", "replace")
Mix = Literal["accumulate", "replace"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to run the loop.

    Parameters
    ----------
    name
    verify
        exact, balanced:0.7, judge:0.9/0.3, blind:3, none, check:NAME or "command: python v.py".
    mix
        "replace": a turn trains on its own examples only; "accumulate": on the first ones and those of all turns.
    keep : >= 1
        Examples of a turn; None: as [generate] says. Arms with the same number train on equally many.
    temperature : > 0
        Of generation; None: as [generate] says. What is measured by several samples is at that of [generate] in all
        arms, so that they can be compared.
    """

    name: str
    verify: str
    mix: Mix
    keep: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """What loop.toml says.

    Parameters
    ----------
    tasks, generate, audit
        The tables of the same names.
    train
        "small", "lora", or "command: python mytrain.py {data} {out}".
    trainer
        The table of the trainer's own settings.
    turns : 1..100
    seeds
        Each arm runs with each; different, at least one.
    arms
    real : >= 0
        Examples whose answers are the references: the small transformer is trained on them before the first turn, and
        "accumulate" mixes them in. None: 700 for the small transformer, none for others.
    throughput_per_day : > 0
        Outputs a day that error volume is stated at; None: not given.
    folder
        Where loop.toml lies.
    text
        The file as it was read.
    """

    tasks: LoopTasks
    train: str
    arms: tuple[Arm, ...]
    generate: Generation = field(default_factory=Generation)
    audit: AuditPlan = field(default_factory=AuditPlan)
    trainer: Mapping[str, object] = field(default_factory=dict)
    turns: int = 4
    seeds: tuple[int, ...] = (0,)
    real: int | None = None
    throughput_per_day: float | None = None
    folder: Path = Path()
    text: str = ""

    @property
    def real_examples(self) -> int:
        """How many examples are made from references."""
        if self.real is None:
            return SMALL_EXAMPLES if self.train == "small" else 0
        return self.real

    @property
    def single(self) -> bool:
        """Whether there is one arm and one seed: OUT itself is then the loop's folder."""
        return len(self.arms) == 1 and not self.arms[0].name and len(self.seeds) == 1

    def only(self, arms: tuple[str, ...], seeds: tuple[int, ...]) -> LoopConfig:
        """Return the config with these arms and seeds only; all where none are named.

        Raises
        ------
        BadInput
            If there is no such arm or seed in it.
        """
        names = tuple(arm.name for arm in self.arms)
        for name in arms:
            if name not in names:
                raise BadInput(f"there is no arm {name!r}; known are {', '.join(names) or 'none'}")
        for seed in seeds:
            if seed not in self.seeds:
                raise BadInput(f"seed {seed} is not in seeds = {list(self.seeds)}")
        chosen = tuple(arm for arm in self.arms if not arms or arm.name in arms)
        return replace(self, arms=chosen, seeds=tuple(dict.fromkeys(seeds)) or self.seeds)

    def generation(self, arm: Arm) -> Generation:
        """Return what an arm generates in a turn."""
        own = {"keep": arm.keep, "temperature": arm.temperature}
        told: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
        return replace(self.generate, **told)

    def key(self, arm: Arm, seed: int) -> dict[str, object]:
        """Return all that the records of an arm and a seed follow from; the number of turns may be raised later."""
        return {
            "loop": LOOP_VERSION,
            "tasks": table_of(self.tasks),
            "generate": table_of(self.generation(arm)),
            **({} if arm.temperature is None else {"measured_at": self.generate.temperature}),
            "audit": table_of(self.audit),
            "train": self.train,
            "trainer": dict(self.trainer),
            "real_examples": self.real_examples,
            "throughput_per_day": self.throughput_per_day,
            "arm": arm.name,
            "verify": arm.verify,
            "mix": arm.mix,
            "seed": seed,
        }


_TABLES: Mapping[str, type[Any]] = {"generate": Generation, "audit": AuditPlan}
_PLAIN = ("loop", "turns", "seeds", "train", "verify", "mix", "real_examples", "throughput_per_day")
_ARM = ("verify", "mix", "keep", "temperature")


def read_loop(path: Path) -> LoopConfig:
    """Return what a file loop.toml says.

    Raises
    ------
    BadInput
        If it can't be read, is no TOML, or says what no loop can.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"there is no loop file {path}",
            next_command="copy examples/loop/loop.toml, or see docs/TUTORIAL.md",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the loop file {path} can't be read: {error}") from None
    return parse_loop(text, str(path), folder=path.absolute().parent)


def parse_loop(text: str, where: str = "loop.toml", *, folder: Path = Path()) -> LoopConfig:
    r"""Return what a text in TOML says.

    Raises
    ------
    BadInput
        If it is no TOML, or says what no loop can.

    Examples
    --------
    >>> parse_loop('verify = "exact"\ntruns = 3')
    Traceback (most recent call last):
    assay.errors.BadInput: loop.toml: there is no key "truns"; did you mean turns?
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", where=where) from None
    check_keys(told, (*_PLAIN, "tasks", *_TABLES, "trainer", "arm"), where)
    if told.get("loop", LOOP_VERSION) != LOOP_VERSION:
        raise BadInput(f"loop must be {LOOP_VERSION}, got {told['loop']!r}", where=where)
    tables = {
        name: built(kind, _table(told, name, where), f"{where}, [{name}]")
        for name, kind in _TABLES.items()
    }
    try:
        return LoopConfig(
            tasks=built(LoopTasks, _table(told, "tasks", where), f"{where}, [tasks]"),
            train=_train(told.get("train", "small")),
            arms=_arms(told, where),
            trainer=_table(told, "trainer", where),
            turns=_whole("turns", told.get("turns", 4), 1, MOST_TURNS),
            seeds=_seeds(told.get("seeds", [0])),
            real=_real(told),
            throughput_per_day=_throughput(told.get("throughput_per_day")),
            folder=folder,
            text=text,
            **tables,
        )
    except BadInput as error:
        raise BadInput(
            error.message, where=error.where or where, next_command=error.next_command
        ) from None


def _table(told: Mapping[str, Any], name: str, where: str) -> Mapping[str, object]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"{name} must be a table, got {table!r:.40}", where=where)
    return table


def _train(value: object) -> str:
    if isinstance(value, str) and (value in TRAINERS or value.startswith(COMMAND)):
        return value
    raise BadInput(
        f'train must be "small", "lora" or "command: python mytrain.py {{data}} {{out}}", got {value!r:.60}'
    )


def _arms(told: Mapping[str, Any], where: str) -> tuple[Arm, ...]:
    common = {"verify": told.get("verify"), "mix": told.get("mix", "replace")}
    tables = _table(told, "arm", where)
    if not tables:
        return (_arm("", common),)
    found = []
    for name, table in tables.items():
        at = f"{where}, [arm.{name}]"
        if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name[0] == ".":
            raise BadInput("the name of an arm must be letters, digits, - and _", where=at)
        if name.casefold() in RESERVED or len(name) > LONGEST_NAME:
            raise BadInput(
                f"an arm is a folder of its own: its name must be none of {', '.join(RESERVED)}, and have at most "
                f"{LONGEST_NAME} signs",
                where=at,
            )
        if not isinstance(table, dict):
            raise BadInput("an arm must be a table", where=at)
        check_keys(table, _ARM, at)
        try:
            found.append(_arm(name, {**common, **table}))
        except BadInput as error:
            raise BadInput(error.message, where=at, next_command=error.next_command) from None
    return tuple(found)


def _arm(name: str, values: Mapping[str, Any]) -> Arm:
    if values["verify"] is None:
        raise BadInput(
            "the key verify is missing: what is kept of the answers",
            next_command='verify = "exact", or "none" to see what no gate does',
        )
    if values["mix"] not in MIXES:
        raise BadInput(f"mix must be one of {', '.join(MIXES)}, got {values['mix']!r:.40}")
    check_verifier(values["verify"])
    keep = values.get("keep")
    if keep is not None:
        keep = _whole("keep", keep, 1, MOST_EXAMPLES)
    return Arm(name, values["verify"], values["mix"], keep, _temperature(values.get("temperature")))


def _temperature(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100:
        raise BadInput(f"temperature must be in (0, 100), got {value!r:.40}")
    return float(value)


def _seeds(value: object) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    seeds = tuple(_whole("seeds", seed, 0, 2**31 - 1) for seed in listed)
    if not seeds or len(set(seeds)) < len(seeds):
        raise BadInput(f"seeds must be different numbers, at least one, got {list(seeds)}")
    return seeds


def _real(told: Mapping[str, object]) -> int | None:
    value = told.get("real_examples")
    if value is None:
        return None
    return _whole("real_examples", value, int(told.get("train", "small") == "small"), MOST_EXAMPLES)


def _throughput(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e15:
        raise BadInput(f"throughput_per_day must be a number above 0, got {value!r:.40}")
    return float(value)


def _whole(name: str, value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadInput(f"{name} must be a whole number in {low}..{high:,}, got {value!r:.40}")
    return value


def settings_of(kind: type[Any], table: Mapping[str, object]) -> Any:
    """Return a trainer's settings as its own dataclass; keys that it doesn't know are refused.

    Raises
    ------
    BadInput
        As `assay.curate.recipe_fields.built`.
    """
    return built(kind, table, "loop.toml, [trainer]")

"""A recipe: what is read, which steps are taken in which order, what counts as a duplicate, and what is written.

A recipe is TOML. Every threshold has a name and stands in `Recipe.default`; a key that is not known is refused with the
nearest one, for a threshold that is mistyped would silently be the default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

from assay.curate.datasheet import DatasheetSettings
from assay.curate.read.raw import ReadSettings
from assay.curate.recipe_fields import (
    built,
    check_keys,
    defaults_of,
    keys_of,
    meanings,
    nearest,
    table_of,
    toml_value,
)
from assay.curate.run_duplicates import ExactDuplicates, NearDuplicates
from assay.curate.step import Step
from assay.curate.steps import STEPS, step_class
from assay.errors import BadInput

RECIPE_VERSION = 1
COMMENT_WIDTH = 98


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """What is written.

    Parameters
    ----------
    format : {"jsonl.zst", "parquet"}
        Of the documents that are kept.
    shard_megabytes : >= 1
        A file of documents ends with the one that reaches so many million bytes of text.
    dropped_text
        Whether dropped.jsonl.zst holds the dropped texts; else their first 400 characters.
    """

    format: str = "jsonl.zst"
    shard_megabytes: int = 256
    dropped_text: bool = False

    def __post_init__(self) -> None:
        if self.format not in ("jsonl.zst", "parquet"):
            raise BadInput(f'format must be "jsonl.zst" or "parquet", got {self.format!r}')
        if self.shard_megabytes < 1:
            raise BadInput(f"shard_megabytes must be at least 1, got {self.shard_megabytes}")


@dataclass(frozen=True, slots=True)
class StepEntry:
    """A step of a recipe.

    Parameters
    ----------
    use
        Its name in `assay.curate.steps.STEPS`.
    on
        Whether it is taken. One that is off is printed, and not built.
    table
        The keys that were given.
    """

    use: str
    on: bool = True
    table: Mapping[str, object] = field(default_factory=dict)

    def build(self) -> Step:
        """Return the step.

        Raises
        ------
        BadInput
            If a key or a value is refused.
        """
        step: Step = built(step_class(self.use), self.table, f"step {self.use}")
        return step

    def values(self) -> dict[str, object]:
        """Return every key with its value, given or default."""
        return defaults_of(step_class(self.use)) | dict(self.table)


DEFAULT_STEPS: tuple[StepEntry, ...] = (
    StepEntry("length"),
    StepEntry("sources", on=False),
    StepEntry("language", on=False),
    StepEntry("repeated-spans", on=False),
    StepEntry("rules", on=False),
    StepEntry("quality", on=False),
    StepEntry("decontaminate", on=False),
    StepEntry("personal-data", on=False),
)
"""The steps of the recipe that is taken where none is given.

The quality rules are off: they were made for web pages in English prose, and drop most of a technical corpus. What they
would drop is shown, source by source, by a dry run.
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run does.

    Parameters
    ----------
    read, exact_duplicates, near_duplicates, output, datasheet
        The tables of the same names.
    steps
        In the order in which they are taken.
    """

    read: ReadSettings = field(default_factory=ReadSettings)
    steps: tuple[StepEntry, ...] = DEFAULT_STEPS
    exact_duplicates: ExactDuplicates = field(default_factory=ExactDuplicates)
    near_duplicates: NearDuplicates = field(default_factory=NearDuplicates)
    output: OutputSettings = field(default_factory=OutputSettings)
    datasheet: DatasheetSettings = field(default_factory=DatasheetSettings)

    def built_steps(self) -> tuple[Step, ...]:
        """Return the steps that are on, built.

        Raises
        ------
        BadInput
            If one refuses its values.
        """
        return tuple(entry.build() for entry in self.steps if entry.on)

    def to_json(self) -> dict[str, object]:
        """Return every key with its value, steps that are on only: what a run's output follows from."""
        tables = {name: table_of(getattr(self, name)) for name in SECTIONS}
        steps = [{"use": entry.use, **entry.values()} for entry in self.steps if entry.on]
        return {"recipe": RECIPE_VERSION, **tables, "steps": steps}


SECTIONS: Mapping[str, type[Any]] = {
    "read": ReadSettings,
    "exact_duplicates": ExactDuplicates,
    "near_duplicates": NearDuplicates,
    "output": OutputSettings,
    "datasheet": DatasheetSettings,
}


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a file.

    Raises
    ------
    BadInput
        If it can't be read, is no TOML, or says what no recipe can.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"there is no recipe {path}",
            next_command=f"assay curate run --print-recipe > {path.name}",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the recipe {path} can't be read: {error}") from None
    return parse_recipe(text, str(path))


def parse_recipe(text: str, where: str = "recipe") -> Recipe:
    r"""Return the recipe that a text in TOML says; tables that are not in it are those of the default.

    Raises
    ------
    BadInput
        If it is no TOML, or says what no recipe can.

    Examples
    --------
    >>> parse_recipe("recipe = 1\n[near_duplicates]\ntreshold = 0.8")
    Traceback (most recent call last):
    assay.errors.BadInput: recipe, [near_duplicates]: there is no key "treshold"; did you mean threshold?
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", where=where) from None
    check_keys(tables, ("recipe", *SECTIONS, "step"), where)
    if tables.get("recipe", RECIPE_VERSION) != RECIPE_VERSION:
        raise BadInput(
            f"a recipe of version {tables['recipe']!r}; this is read: {RECIPE_VERSION}", where=where
        )
    given: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        place = f"{where}, [{name}]"
        given[name] = built(kind, _table(tables.get(name, {}), place), place)
    if "step" in tables:
        given["steps"] = _steps(tables["step"], where)
    return Recipe(**given)


def _steps(listed: object, where: str) -> tuple[StepEntry, ...]:
    if not isinstance(listed, list):
        raise BadInput("steps are written as [[step]], with two brackets", where=where)
    entries = []
    for place, table in enumerate(listed, start=1):
        here = f"{where}, step {place}"
        keys = dict(_table(table, here))
        use, on = keys.pop("use", None), keys.pop("on", True)
        if not isinstance(use, str) or use not in STEPS:
            raise BadInput(f"there is no step {use!r}{nearest(str(use), STEPS)}", where=here)
        if not isinstance(on, bool):
            raise BadInput("on must be true or false", where=here)
        here = f"{here} ({use})"
        check_keys(keys, keys_of(step_class(use)), here)
        entry = StepEntry(use, on, keys)
        if on:
            built(step_class(use), keys, here)
        entries.append(entry)
    return tuple(entries)


def _table(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadInput("must be a table", where=where)
    return value


def to_toml(recipe: Recipe) -> str:
    """Return a recipe as TOML, with what each key means; reading it gives the same recipe."""
    lines = ["# What `assay curate run` does. Every threshold stands here with its name."]
    lines += [f"recipe = {RECIPE_VERSION}"]
    lines += _section("[read]", ReadSettings, table_of(recipe.read))
    for entry in recipe.steps:
        head = {"use": entry.use, "on": entry.on}
        lines += _section("[[step]]", step_class(entry.use), {**head, **entry.values()})
    for name in list(SECTIONS)[1:]:
        settings = getattr(recipe, name)
        lines += _section(f"[{name}]", type(settings), table_of(settings))
    return "\n".join(lines) + "\n"


def _section(head: str, kind: type[Any], values: Mapping[str, object]) -> list[str]:
    says = meanings(kind)
    about = (kind.__doc__ or "").partition("\n")[0]
    lines, said = ["", *(f"# {line}" for line in wrap(about, COMMENT_WIDTH)), head], ""
    for key, value in values.items():
        if key in says and says[key] != said:
            lines += [f"# {line}" for line in wrap(says[key], COMMENT_WIDTH)]
        said = says.get(key, said)
        lines.append(f"{key} = {toml_value(value)}")
    return lines

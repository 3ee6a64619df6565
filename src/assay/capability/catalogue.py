"""A catalogue of machines, prices and cited facts: a TOML file that anybody can copy and edit.

Every value has a low and a high, a unit, a source and a date. What is missing is unknown; nothing has a default, except
that what stands under ``[common]`` holds for each machine that doesn't say otherwise.
"""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import TypeVar

from assay.capability.catalogue_fields import (
    FACT_FIELD,
    MACHINE_FIELDS,
    MODEL_FIELDS,
    VALUE_KEYS,
    Field,
)
from assay.capability.toml_lines import KeyPath, key_lines, line_of
from assay.errors import BadInput
from assay.quantity import Unknown

T = TypeVar("T")

ASSUMED = "[assumed]"
"""What the source of a value begins with that nobody measured or published."""


@dataclass(frozen=True, slots=True)
class CatalogueValue:
    """A value with its range, unit, source and date.

    Parameters
    ----------
    value : in [low, high]
    low, high
        What it may reasonably be: a scenario, not a confidence interval.
    unit, source, date
    """

    value: float
    low: float
    high: float
    unit: str
    source: str
    date: dt.date

    @property
    def assumed(self) -> bool:
        """Say whether nobody measured or published it."""
        return self.source.startswith(ASSUMED)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "source": self.source,
            "date": self.date.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Machine:
    """What a catalogue says of a machine, what holds for all included."""

    name: str
    title: str
    values: Mapping[str, CatalogueValue]

    def get(self, name: str) -> CatalogueValue | Unknown:
        """Return a value, or that it is unknown.

        Raises
        ------
        KeyError
            If no machine has such a field.
        """
        if name not in MACHINE_FIELDS:
            raise KeyError(name)
        missing = Unknown(
            f"the catalogue has no {name} for {self.name} ({MACHINE_FIELDS[name].words})"
        )
        return self.values.get(name, missing)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Machines, models and facts, with the day they were put together.

    Parameters
    ----------
    name, date, path
    common
        Values of every machine that doesn't have its own.
    machines, models, facts
        By name. A model has ``input_price`` and ``output_price``.
    """

    name: str
    date: dt.date
    path: str
    common: Mapping[str, CatalogueValue] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, CatalogueValue]] = field(default_factory=dict)
    facts: Mapping[str, CatalogueValue] = field(default_factory=dict)

    def machine(self, name: str) -> Machine:
        """Return a machine by its name, what holds for all included.

        Raises
        ------
        BadInput
            If there is none; the nearest names are told.
        """
        machine = _found(self, name, self.machines, "machine")
        return Machine(machine.name, machine.title, {**self.common, **machine.values})

    def fact(self, name: str) -> CatalogueValue:
        """Return a cited fact by its name.

        Raises
        ------
        BadInput
            If there is none; the nearest names are told.
        """
        return _found(self, name, self.facts, "fact")


def default_catalogue() -> Catalogue:
    """Return the catalogue that comes with Assay.

    Examples
    --------
    >>> default_catalogue().machine("b200").values["power"].value
    2.17
    """
    held = resources.files("assay.capability").joinpath("catalogue_data", "first.toml")
    return parse_catalogue(held.read_text(encoding="utf-8"), "first.toml")


def read_catalogue(
    path: Path | str, *, base: Catalogue | None = None, today: dt.date | None = None
) -> Catalogue:
    """Return a catalogue from a TOML file.

    Parameters
    ----------
    path
    base
        A catalogue that this one is laid over: what it doesn't say holds on. None: it stands alone.
    today
        No date may be after it. None: the day it is, in UTC.

    Raises
    ------
    BadInput
        If it can't be read, or with file and line where it breaks a rule: a key that doesn't exist, a value without
        low, high, unit, source or date, a unit that is not the field's, a number that is not finite, negative, out of
        its range or not between low and high, a date in the future.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(f"the catalogue can't be read: {why}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"the catalogue can't be read: it isn't UTF-8: {error}", where=str(path)
        ) from error
    return parse_catalogue(text, str(path), base=base, today=today)


def parse_catalogue(
    text: str, path: str, *, base: Catalogue | None = None, today: dt.date | None = None
) -> Catalogue:
    """Return a catalogue from the text of a TOML file; arguments and refusals as of `read_catalogue`."""
    try:
        told = tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # ValueError: a whole number of thousands of digits, too
        raise BadInput(f"not TOML: {error}", where=path) from error
    read = _Reader(path, key_lines(text), today or dt.datetime.now(dt.UTC).date())
    read.keys(told, ("catalogue", "common", "machine", "model", "fact"), ())
    head = read.table(told.get("catalogue", {}), ("catalogue",))
    read.keys(head, ("name", "date"), ("catalogue",))
    name = read.text(head, "name", ("catalogue",))
    date = read.date(head, ("catalogue",))
    common = read.values(told.get("common", {}), MACHINE_FIELDS, ("common",))
    machines = {
        key: read.machine(key, value)
        for key, value in read.table(told.get("machine", {}), ("machine",)).items()
    }
    models: dict[str, Mapping[str, CatalogueValue]] = {
        key: read.values(value, MODEL_FIELDS, ("model", key))
        for key, value in read.table(told.get("model", {}), ("model",)).items()
    }
    facts = {
        key: read.value(value, FACT_FIELD, ("fact", key))
        for key, value in read.table(told.get("fact", {}), ("fact",)).items()
    }
    if base is not None:
        # What is said here of all machines goes before what is said below of one.
        under = {
            key: replace(below, values={k: v for k, v in below.values.items() if k not in common})
            for key, below in base.machines.items()
        }
        for key, machine in machines.items():
            if (below := under.get(key)) is not None:
                machines[key] = replace(machine, values={**below.values, **machine.values})
        common = {**base.common, **common}
        machines = {**under, **machines}
        models, facts = {**base.models, **models}, {**base.facts, **facts}
    return Catalogue(name, date, path, common, machines, models, facts)


@dataclass(frozen=True, slots=True)
class _Reader:
    path: str
    lines: Mapping[KeyPath, int]
    today: dt.date

    def refuse(self, at: KeyPath, message: str) -> BadInput:
        name = ".".join(at)
        return BadInput(
            f"{name}: {message}" if name else message,
            where=f"{self.path}:{line_of(self.lines, at)}",
        )

    def table(self, told: object, at: KeyPath) -> dict[str, object]:
        if not isinstance(told, dict):
            raise self.refuse(at, f"must be a table, got {told!r}")
        return told

    def keys(self, told: Mapping[str, object], known: Iterable[str], at: KeyPath) -> None:
        names = tuple(known)
        for key in told:
            if key not in names:
                close = get_close_matches(key, names, n=1, cutoff=0.5)
                hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
                raise self.refuse((*at, key), f"there is no such key; {hint}")

    def machine(self, name: str, told: object) -> Machine:
        at = ("machine", name)
        table = self.table(told, at)
        self.keys(table, ("title", *MACHINE_FIELDS), at)
        title = self.text(table, "title", at)
        rest = {key: value for key, value in table.items() if key != "title"}
        return Machine(name, title, self.values(rest, MACHINE_FIELDS, at))

    def values(
        self, told: object, fields: Mapping[str, Field], at: KeyPath
    ) -> dict[str, CatalogueValue]:
        table = self.table(told, at)
        self.keys(table, fields, at)
        return {key: self.value(value, fields[key], (*at, key)) for key, value in table.items()}

    def value(self, told: object, rule: Field, at: KeyPath) -> CatalogueValue:
        table = self.table(told, at)
        self.keys(table, VALUE_KEYS, at)
        unit = self.text(table, "unit", at)
        if rule.unit and unit != rule.unit:
            raise self.refuse((*at, "unit"), f"must be {rule.unit}, got {unit!r}")
        value, low, high = (self.number(table, key, rule, at) for key in ("value", "low", "high"))
        if not low <= value <= high:
            raise self.refuse(
                at, f"the value must lie between low and high, got {low:g}, {value:g}, {high:g}"
            )
        source = self.text(table, "source", at)
        return CatalogueValue(value, low, high, unit, source, self.date(table, at))

    def number(self, table: Mapping[str, object], key: str, rule: Field, at: KeyPath) -> float:
        told = self.present(table, key, at)
        if isinstance(told, bool) or not isinstance(told, int | float):
            raise self.refuse((*at, key), f"must be a number, got {told!r}")
        try:
            number = float(told)
        except OverflowError:
            number = math.inf  # a whole number of TOML may have any length
        if fault := rule.fault(number):
            raise self.refuse((*at, key), f"{fault}, got {number:g} {rule.unit}".rstrip())
        return number

    def text(self, table: Mapping[str, object], key: str, at: KeyPath) -> str:
        told = self.present(table, key, at)
        if not isinstance(told, str) or not told.strip():
            raise self.refuse((*at, key), f"must be a text that is not empty, got {told!r}")
        return told

    def date(self, table: Mapping[str, object], at: KeyPath) -> dt.date:
        told = self.present(table, "date", at)
        try:
            date = dt.date.fromisoformat(told) if isinstance(told, str) else told
        except ValueError:
            date = None
        # A datetime is a date to isinstance, but can't be compared with one.
        if not isinstance(date, dt.date) or isinstance(date, dt.datetime):
            raise self.refuse((*at, "date"), f"must be a day as 2026-04-01, got {told!r}")
        if date > self.today:
            raise self.refuse(
                (*at, "date"), f"must not be in the future, got {date}; today is {self.today}"
            )
        return date

    def present(self, table: Mapping[str, object], key: str, at: KeyPath) -> object:
        if key not in table:
            raise self.refuse(at, f"has no {key}; each value needs {', '.join(VALUE_KEYS)}")
        return table[key]


def _found(catalogue: Catalogue, name: str, known: Mapping[str, T], what: str) -> T:
    if name in known:
        return known[name]
    close = get_close_matches(name.lower(), known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known)}"
    raise BadInput(f"there is no {what} {name!r}; {hint}", where=catalogue.path)

"""Rubrics: what a model judge is told to look for, as a file whose hash is part of the judge's name."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from assay.errors import BadInput

Want = Literal["required", "optional", "none"]
"""Whether the judge is shown it: a trace without what is required is not judged."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SEVERITIES = (1, 2, 3)
HASH_DIGITS = 8
MOST_CHARACTERS = 20_000
"""Of a text of the rubric: it is sent with every request."""

_KEYS = {
    "name", "version", "reference", "context", "instructions", "wrong", "kinds", "severity", "examples",
}  # fmt: skip
_EXAMPLE_TEXTS = ("task", "context", "reference", "answer")


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A judged case that the judge is shown.

    Parameters
    ----------
    material
        task, context, reference, answer: those of them that the example has.
    verdict : right, wrong or unsure
    kind, severity
        None unless the verdict is wrong.
    reason
        Why, in a sentence.
    """

    material: Mapping[str, str]
    verdict: str
    kind: str | None
    severity: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a judge is told.

    Parameters
    ----------
    name, version
        As the file says; the version is raised when its meaning changes.
    instructions
        How to judge.
    wrong
        What counts as wrong.
    reference, context : required, optional or none
        Whether the judge is shown the reference and the context of a trace.
    kinds
        Kind of error -> what it is.
    severity
        1 (worst) to 3 -> what it means.
    examples
        Worked examples.
    """

    name: str
    version: int
    instructions: str
    wrong: str
    reference: Want
    context: Want
    kinds: Mapping[str, str] = field(default_factory=dict)
    severity: Mapping[int, str] = field(default_factory=dict)
    examples: tuple[WorkedExample, ...] = ()

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits of the SHA-256 of all that it says, whatever the layout of the file."""
        said = {
            "name": self.name,
            "version": self.version,
            "instructions": self.instructions,
            "wrong": self.wrong,
            "reference": self.reference,
            "context": self.context,
            "kinds": list(self.kinds.items()),
            "severity": list(self.severity.items()),
            "examples": [
                [dict(one.material), one.verdict, one.kind, one.severity, one.reason]
                for one in self.examples
            ],
        }
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:HASH_DIGITS]

    @property
    def title(self) -> str:
        """Name, version and hash, as they stand in the judge's name."""
        return f"{self.name}@{self.version} sha256:{self.hash}"


def builtin_rubrics() -> list[str]:
    """Return the names of the rubrics that come with Assay."""
    folder = resources.files("assay.judge") / "rubrics"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_rubric(name: str) -> Rubric:
    """Read a rubric: one that comes with Assay by its name, any other by its path.

    Parameters
    ----------
    name
        `correctness`, `groundedness`, or a TOML file.

    Returns
    -------
    Rubric

    Raises
    ------
    BadInput
        Where there is no such file, or it breaks a rule; the message names file, key and rule.

    Examples
    --------
    >>> load_rubric("groundedness").context
    'required'
    """
    if name in builtin_rubrics():
        text = (resources.files("assay.judge") / "rubrics" / f"{name}.toml").read_text("utf-8")
        return read_rubric(text, where=f"rubric {name}")
    path = Path(name)
    try:
        return read_rubric(path.read_text("utf-8"), where=str(path))
    except UnicodeDecodeError:
        raise BadInput("a rubric must be UTF-8", where=str(path)) from None
    except OSError as error:
        raise BadInput(
            f"the rubric {name!r} can't be read ({error.strerror or error}); "
            f"those that come with Assay are {', '.join(builtin_rubrics())}"
        ) from None


def read_rubric(text: str, *, where: str) -> Rubric:
    """Read a rubric from the text of a TOML file.

    Raises
    ------
    BadInput
        Where it breaks a rule.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"a rubric must be TOML: {error}", where=where) from None
    except RecursionError:
        raise BadInput("a rubric must be TOML without deep nesting", where=where) from None
    reader = _Reader(table, where)
    reader.no_other_keys(_KEYS)
    name = reader.text("name")
    if not NAME.fullmatch(name):
        raise reader.broken("name", "be 1 to 40 of a-z, 0-9 and -", name)
    version = reader.value("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise reader.broken("version", "be a whole number from 1", version)
    kinds = reader.texts("kinds")
    for kind in kinds:
        if not NAME.fullmatch(kind):
            raise reader.broken(f"kinds.{kind}", "have a key of 1 to 40 of a-z, 0-9 and -", kind)
    severity = reader.texts("severity")
    if severity and set(severity) != {str(grade) for grade in SEVERITIES}:
        raise reader.broken("severity", "have the keys 1 (worst), 2 and 3", list(severity))
    return Rubric(
        name,
        version,
        reader.text("instructions"),
        reader.text("wrong"),
        reader.want("reference"),
        reader.want("context"),
        kinds,
        {int(grade): severity[grade] for grade in sorted(severity)},
        tuple(
            _example(one, number, kinds, reader) for number, one in enumerate(reader.examples(), 1)
        ),
    )


class _Reader:
    """A TOML table, read by rules that speak of file and key."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = table
        self._where = where

    def broken(self, key: str, rule: str, value: object) -> BadInput:
        return BadInput(f"{key} must {rule}, got {str(value)[:80]!r}", where=self._where)

    def no_other_keys(self, known: set[str]) -> None:
        for key in self._table:
            if key not in known:
                raise BadInput(
                    f"{key} is no key of a rubric; there are {', '.join(sorted(known))}",
                    where=self._where,
                )

    def value(self, key: str) -> Any:
        if key not in self._table:
            raise BadInput(f"{key} is missing", where=self._where)
        return self._table[key]

    def text(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= MOST_CHARACTERS:
            raise self.broken(key, f"be text of 1 to {MOST_CHARACTERS:,} characters", value)
        return value.strip()

    def texts(self, key: str) -> dict[str, str]:
        table = self._table.get(key, {})
        if not isinstance(table, dict):
            raise self.broken(key, "be a table of texts", table)
        for name, meaning in table.items():
            if not isinstance(meaning, str) or not meaning.strip():
                raise self.broken(f"{key}.{name}", "be text", meaning)
        return {name: meaning.strip() for name, meaning in table.items()}

    def want(self, key: str) -> Want:
        value = self.value(key)
        if value not in get_args(Want):
            raise self.broken(key, f"be one of {', '.join(get_args(Want))}", value)
        wanted: Want = value
        return wanted

    def examples(self) -> list[dict[str, Any]]:
        found = self._table.get("examples", [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.broken("examples", "be a list of tables, written [[examples]]", found)
        return found


def _example(
    table: Mapping[str, Any], number: int, kinds: Mapping[str, str], reader: _Reader
) -> WorkedExample:
    place = f"examples[{number}]"
    for key in table:
        if key not in {*_EXAMPLE_TEXTS, "verdict", "kind", "severity", "reason"}:
            raise reader.broken(f"{place}.{key}", "be no key of an example", table[key])
    for key in ("answer", "reason"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise reader.broken(f"{place}.{key}", "be text", table.get(key))
    verdict, kind, severity = table.get("verdict"), table.get("kind"), table.get("severity")
    if verdict not in ("right", "wrong", "unsure"):
        raise reader.broken(f"{place}.verdict", "be right, wrong or unsure", verdict)
    if kind is not None and (verdict != "wrong" or kind not in kinds):
        raise reader.broken(f"{place}.kind", "be one of the kinds, of a wrong answer", kind)
    if severity is not None and (verdict != "wrong" or severity not in SEVERITIES):
        raise reader.broken(f"{place}.severity", "be 1, 2 or 3, of a wrong answer", severity)
    material = {key: str(table[key]).strip() for key in _EXAMPLE_TEXTS if key in table}
    return WorkedExample(material, verdict, kind, severity, table["reason"].strip())

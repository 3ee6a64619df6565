"""The check `json-schema`: an answer is right where it is JSON that follows a schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from assay.errors import BadInput
from assay.judge.check import Item, Outcome
from assay.judge.guarded import guarded
from assay.judge.parsers import json_in


@dataclass(frozen=True)
class JsonSchema:
    """An answer is right where the JSON in it follows a schema (JSON Schema, draft 2020-12 unless it says another).

    Parameters
    ----------
    text
        The schema, as JSON. Nothing that it refers to outside itself is ever fetched: such a schema is refused.
    name
        What to call it in the judge's name, beside the first eight digits of the SHA-256 of its canonical JSON.

    Raises
    ------
    BadInput
        Where it is no schema, or refers to something outside itself.

    Notes
    -----
    It says that an answer has the right form, not that it is right: references are not looked at.
    """

    text: str
    name: str = "schema"

    def __post_init__(self) -> None:
        from jsonschema import validators
        from jsonschema.exceptions import SchemaError

        schema = self.schema
        if not isinstance(schema, dict | bool):
            raise BadInput(
                f"{self.name} must be a JSON Schema, an object, got {type(schema).__name__}"
            )
        kind = validators.validator_for(schema, default=validators.Draft202012Validator)
        try:
            kind.check_schema(schema)
        except SchemaError as error:
            raise BadInput(f"{self.name} is no JSON Schema: {error.message[:200]}") from None
        outside = [name for name in _named(schema, REFERENCES) if not name.startswith("#")]
        # Schemas with names of their own inside may refer to one another: what is missing is found when it is met.
        if outside and not any(_named(schema, ("$id",))) and not outside[0].startswith(DIALECTS):
            raise self._refused(outside[0])

    @cached_property
    def schema(self) -> Any:
        """The schema as it was read."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{self.name} is no JSON: {error}") from None

    @property
    def label(self) -> str:
        """Name and version."""
        return "json-schema@1"

    @property
    def settings(self) -> str:
        """The schema's name and digest."""
        canonical = json.dumps(self.schema, sort_keys=True, separators=(",", ":"))
        return f"{self.name} {hashlib.sha256(canonical.encode()).hexdigest()[:8]}"

    @property
    def parser(self) -> str:
        """The JSON in the log's own answer, or in the output."""
        return "answer+json"

    @property
    def needs_reference(self) -> bool:
        """References are not looked at."""
        return False

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 10_000

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:  # noqa: ARG002
        """Validate each answer, in a process that is killed where it takes too long."""
        outcomes: list[Outcome] = [Outcome(True, "no JSON")] * len(answers)
        found = {
            place: cut[1]
            for place, answer in enumerate(answers)
            if (cut := json_in(answer)) is not None
        }
        said = guarded(
            {"step": "schema", "schema": self.schema}, [[text] for text in found.values()]
        )
        for place, one in zip(found, said, strict=True):
            if one.gave_up:
                outcomes[place] = Outcome(None, one.gave_up)
            elif isinstance(one.value, Mapping):
                raise self._refused(str(one.value["unresolvable"]))
            else:
                outcomes[place] = Outcome(one.value is not None, str(one.value or ""))
        return outcomes

    def _refused(self, reference: str) -> BadInput:
        return BadInput(
            f"{self.name} refers to {reference}, which is not in it, and nothing is fetched: put it into the file"
        )


def schema_in(path: Path) -> JsonSchema:
    """Return the check for a schema's file.

    Raises
    ------
    BadInput
        Where it can't be read, or holds no schema.
    """
    try:
        return JsonSchema(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--schema {path} can't be read: {error}") from None


def _named(part: object, keys: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts that stand under some keys anywhere in a schema."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in keys and isinstance(value, str):
                yield value
            elif key not in ("const", "enum", "default", "examples"):
                yield from _named(value, keys)
    elif isinstance(part, list):
        for one in part:
            yield from _named(one, keys)


REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
DIALECTS = ("http://json-schema.org/", "https://json-schema.org/")
"""The schemas of JSON Schema itself come with the library."""

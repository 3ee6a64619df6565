"""Twins of templated tasks: a question with names in it, what each may be, and the reference as arithmetic of them.

```
{"template_id": "crates", "input": "{who} packs {n} crates of {each} pears. How many pears?", "reference": "n * each",
 "names": {"n": {"from": 2, "to": 99}, "each": {"from": 2, "to": 60, "step": 2}, "who": ["Ann", "Bo"], "rest": null},
 "where": ["n < each"], "integer": true, "positive": true, "values": {"n": 12, "each": 24, "who": "Ann"}}
```

A name that is null stands for any text, which is left as it is. `values` makes an original of the template itself,
where no task file has one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import BadInput
from assay.ledger.ingest.lines import parse_object, read_lines
from assay.ledger.ingest.record import RowError
from assay.ledger.ingest.source import Source
from assay.probe.twin_arithmetic import MOST_DIGITS, Expression, NotArithmetic, arithmetic
from assay.probe.twin_chain import Changed, NoTwin
from assay.probe.twin_kinds import Kind, Range, kind_of, tries
from assay.probe.twin_numbers import Written, decimals_of, numbers_in, same_size, size_of
from assay.probe.twin_words import words_in

if TYPE_CHECKING:
    import numpy as np

MOST_KEPT = 2
"""Names that stand for any text: with more of them, matching a long text could take very long."""

MOST_CHARACTERS = 5_000
MOST_TRIES = 10**8
"""Ways in which a template may be tried on one question: some seconds' work."""

_ATTEMPTS = 200
_DRAWS = 20
"""Numbers drawn for a name in one attempt, of which there are many."""

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NUMBER = r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d]|[.,]\d)"
_COLUMNS = frozenset(
    {"template_id", "input", "reference", "names", "where", "integer", "positive", "values"}
)


@dataclass(frozen=True, slots=True)
class Template:
    """A question with names in it.

    Parameters
    ----------
    template_id, text
    reference
        Arithmetic of the names that are numbers.
    kinds
        Of each name in the text.
    where
        Comparisons that hold in each question.
    integer, positive
        Whether the reference must be a whole number, and above 0.
    values
        An original of the template's own, as texts; None: there is none.
    tries
        What bounds the work of matching, by `assay.probe.twin_kinds.tries`.
    """

    template_id: str
    text: str
    reference: Expression
    kinds: Mapping[str, Kind]
    where: tuple[Expression, ...]
    integer: bool
    positive: bool
    values: Mapping[str, str] | None
    tries: tuple[int, int]

    def match(self, question: str) -> dict[str, str] | None:
        """Return what the names are in a question; None where it is no question of this template.

        Raises
        ------
        NoTwin
            Where they could be this or that.
        """
        if len(question) > MOST_CHARACTERS:
            return None
        # Before matching: a regular expression can't be stopped once it has begun.
        if len(question) ** self.tries[0] * self.tries[1] > MOST_TRIES:
            raise NoTwin("the template could fit the question in too many ways to try them all")
        found = [re.fullmatch(self._pattern(kept), question, re.DOTALL) for kept in (".+?", ".+")]
        if found[0] is None or found[1] is None:
            return None
        if found[0].groupdict() != found[1].groupdict():
            raise NoTwin("the template fits the question in more than one way")
        return found[0].groupdict()

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the question with these values."""
        return _PLACE.sub(lambda name: values[name[1]], self.text)

    def answer(self, values: Mapping[str, str]) -> Fraction:
        """Return the reference for these values.

        Raises
        ------
        NoTwin
            Where the values break a rule of the template, or nothing can be computed.
        """
        numbers: dict[str, Fraction] = {}
        for name, kind in self.kinds.items():
            if isinstance(kind, Range):
                numbers[name] = Fraction(values[name].replace(",", ""))
                if not kind.has(numbers[name]):
                    raise NoTwin("a number lies outside the template's range")
            elif kind is not None and values[name] not in kind:
                raise NoTwin("a text is none of the template's choices")
        try:
            result = self.reference.value(numbers)
        except NotArithmetic:
            raise NoTwin("the template's reference can't be computed") from None
        if (
            (self.integer and result.denominator != 1)
            or (self.positive and result <= 0)
            or decimals_of(result) is None
            or not all(rule.holds(numbers) for rule in self.where)
        ):
            raise NoTwin("the numbers break a rule of the template")
        return result

    def _pattern(self, kept: str) -> str:
        pieces: list[str] = []
        end = 0
        seen: set[str] = set()
        for place in _PLACE.finditer(self.text):
            name, kind = place[1], self.kinds[place[1]]
            inner = (
                _NUMBER if isinstance(kind, Range)
                else kept if kind is None
                else "|".join(map(re.escape, kind))
            )  # fmt: skip
            group = f"(?P={name})" if name in seen else f"(?P<{name}>{inner})"
            pieces += [re.escape(self.text[end : place.start()]), group]
            seen.add(name)
            end = place.end()
        return "".join(pieces) + re.escape(self.text[end:])


def change_template(
    template: Template, values: Mapping[str, str], rng: np.random.Generator
) -> Changed:
    """Return a template's question with other numbers of the same size, and other texts where there is a choice.

    Raises
    ------
    NoTwin
        Where a number stands in the question a second time, or no numbers of the same size keep the rules.
    """
    question, result = template.filled(values), template.answer(values)
    names = {
        name: _written(values[name])
        for name, kind in template.kinds.items()
        if isinstance(kind, Range)
    }
    _check_alone(template, question, names)
    size = size_of(result)
    for _ in range(_ATTEMPTS):
        new = _others(template, values, names, rng)
        try:
            found = template.answer(new)
        except NoTwin:
            continue
        asked = template.filled(new)
        again = template.match(asked)
        if (
            size_of(found) == size
            and found != result
            and again is not None
            and template.answer(again) == found
        ):
            changes = tuple((values[n], new[n]) for n in new if new[n] != values[n])
            return Changed(asked, found, template.reference.text, changes)
    raise NoTwin("no other numbers of the same size fit")


def read_templates(path: Path) -> tuple[Template, ...]:
    """Read a file of templates, one JSON object a line.

    Raises
    ------
    BadInput
        Where a line is no template; nothing in it is ever run.
    """
    found: dict[str, Template] = {}
    with Source(path).open() as stream:
        for line in read_lines(stream):
            if line.blank:
                continue
            try:
                if line.fault:
                    raise RowError(line.fault)
                template = template_of(parse_object(line.text))
                if template.template_id in found:
                    raise RowError(
                        f"the template {template.template_id!r} stands in the file already"
                    )
            except (RowError, NotArithmetic) as error:
                raise BadInput(str(error), where=f"{path}:{line.number}") from None
            found[template.template_id] = template
    if not found:
        raise BadInput("there is no template in it", where=str(path))
    return tuple(found.values())


def template_of(values: Mapping[str, object]) -> Template:
    """Return the template that a line holds.

    Raises
    ------
    RowError, NotArithmetic
        Where a value breaks a rule.
    """
    unknown = sorted(values.keys() - _COLUMNS)
    if unknown:
        raise RowError(f"a template has no `{unknown[0]}`: {', '.join(sorted(_COLUMNS))}")
    text, name = values.get("input"), values.get("template_id")
    if not isinstance(text, str) or not isinstance(name, str) or not text.strip() or not name:
        raise RowError("a template needs `template_id` and `input`, both text")
    reference = arithmetic(str(values.get("reference", "")))
    told = values.get("names")
    if not isinstance(told, dict):
        raise RowError("`names` must say of each name in `input` what it may be")
    kinds = {name: kind_of(name, kind) for name, kind in told.items()}
    places = {place[1] for place in _PLACE.finditer(text)}
    if places != kinds.keys():
        raise RowError(
            f"`names` and the names in `input` differ: {', '.join(sorted(places ^ kinds.keys()))}"
        )
    rules = values.get("where") or []
    if not isinstance(rules, list):
        raise RowError("`where` must be a list of comparisons, as n < 100")
    where = tuple(arithmetic(str(rule), comparison=True) for rule in rules)
    numeric = {name for name, kind in kinds.items() if isinstance(kind, Range)}
    for expression in (reference, *where):
        if lost := sorted(expression.names - numeric):
            raise RowError(f"{expression.text!r:.60} uses {lost[0]}, which is no number of `names`")
    if not reference.names:
        raise RowError("`reference` uses no name: it would be the same for every twin")
    if sum(kind is None for kind in kinds.values()) > MOST_KEPT:
        raise RowError(f"at most {MOST_KEPT} names may stand for any text")
    return Template(
        name, text, reference, kinds, where,
        integer=_flag(values, "integer"), positive=_flag(values, "positive"),
        values=_values(values.get("values"), kinds), tries=tries(kinds.values()),
    )  # fmt: skip


def _flag(values: Mapping[str, object], name: str) -> bool:
    value = values.get(name, True)
    if not isinstance(value, bool):
        raise RowError(f"`{name}` must be true or false")
    return value


def _values(told: object, kinds: Mapping[str, Kind]) -> dict[str, str] | None:
    if told is None:
        return None
    if not isinstance(told, dict) or told.keys() != kinds.keys():
        raise RowError("`values` must give each name a value")
    values = {name: v if isinstance(v, str) else json.dumps(v) for name, v in told.items()}
    for name, kind in kinds.items():
        if isinstance(kind, Range) and (
            len(values[name]) > MOST_DIGITS or not re.fullmatch(_NUMBER, values[name])
        ):
            raise RowError(f"the value of {name} must be a number, got {values[name]!r:.40}")
    return values


def _written(text: str) -> Written:
    return Written(0, len(text), text, Fraction(text.replace(",", "")), True)


def _check_alone(template: Template, question: str, names: Mapping[str, Written]) -> None:
    told = [number.value for number in numbers_in(question)]
    words = words_in(question)
    places = [place[1] for place in _PLACE.finditer(template.text)]
    for name, number in names.items():
        same = sum(places.count(n) for n, other in names.items() if other.value == number.value)
        if told.count(number.value) != same or number.value in words:
            raise NoTwin(f"the value of {name} stands in the question a second time")


def _others(
    template: Template,
    values: Mapping[str, str],
    names: Mapping[str, Written],
    rng: np.random.Generator,
) -> dict[str, str]:
    """Return the values with other numbers, where the range has one of the same size, and other choices."""
    new = dict(values)
    for name, kind in template.kinds.items():
        if isinstance(kind, Range):
            value = _other(names[name], kind, rng)
            if value is not None:
                new[name] = names[name].rewritten(value)
        elif kind is not None:
            new[name] = kind[int(rng.integers(len(kind)))]
    return new


def _other(number: Written, kind: Range, rng: np.random.Generator) -> Fraction | None:
    for _ in range(_DRAWS):
        value = same_size(number, rng)
        if value is None or kind.has(value):
            return value
    return None

r"""Checks and parsers by name, as the command line and a task's tag `check` give them.

``numeric`` is a check with its own parser; ``numeric/boxed`` one with another; ``last-match=\d+`` a parser with what
it needs; ``after-think+last-number`` one parser on what another took. What follows ``=`` runs to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from assay.errors import BadInput
from assay.judge.check import Check, Comparison, Item, Judged, Parser
from assay.judge.choice import Choice, ChoiceLetter
from assay.judge.numeric import Numeric
from assay.judge.parsers import PLAIN, Chain, JsonField, LoggedAnswer, PlainParser
from assay.judge.patterns import LastMatch, Pattern
from assay.judge.python_check import PythonCheck
from assay.judge.sandbox.protocol import Limits
from assay.judge.schema_check import schema_in
from assay.judge.sql_check import SqlCheck
from assay.judge.text_checks import AcceptableAnswers, Exact


class Rule(Protocol):
    """What judges traces mechanically: a `Check`, or each task's own."""

    @property
    def judge(self) -> str:
        """The judge's name."""
        ...

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        ...

    @property
    def rows_at_once(self) -> int:
        """Traces that are best given in one call."""
        ...

    def judge_all(self, items: Sequence[Item]) -> list[Judged]:
        """Judge traces."""
        ...


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What checks may be told; each takes what it knows of.

    Parameters
    ----------
    tolerance, relative : >= 0
        For ``numeric``.
    pattern, whole
        For ``regex``: one pattern for all, and whether the whole answer must match.
    schema
        For ``json-schema``: the schema's file.
    seconds, memory_mb
        For ``python`` and ``sql``: limits of one answer; None: the runner's own.
    """

    tolerance: float = 0.0
    relative: float = 0.0
    pattern: str | None = None
    whole: bool = False
    schema: Path | None = None
    seconds: float | None = None
    memory_mb: int | None = None


def _schema(settings: CheckSettings) -> Comparison:
    if settings.schema is None:
        raise BadInput("the check json-schema needs a schema's file: --schema FILE")
    return schema_in(settings.schema)


def _limits(settings: CheckSettings) -> Limits:
    own = Limits()
    return Limits(
        own.seconds if settings.seconds is None else settings.seconds,
        own.memory_bytes if settings.memory_mb is None else settings.memory_mb << 20,
    )


CHECKS: dict[str, tuple[Callable[[CheckSettings], Comparison], tuple[str, ...], str]] = {
    "exact": (lambda _: Exact(), (), "the same text, case, spaces and outer punctuation folded"),
    "numeric": (
        lambda settings: Numeric(settings.tolerance, settings.relative),
        ("tolerance", "relative"),
        "the same number, within a tolerance, in any unit",
    ),
    "choice": (lambda _: Choice(), (), "the letter of the right option"),
    "any-of": (lambda _: AcceptableAnswers("any"), (), "one of a JSON list of acceptable answers"),
    "all-of": (lambda _: AcceptableAnswers("all"), (), "all of a JSON list, and no other"),
    "regex": (
        lambda settings: Pattern(settings.pattern, settings.whole),
        ("pattern", "whole"),
        "a regular expression is met: --pattern, or each reference",
    ),
    "json-schema": (_schema, ("schema",), "JSON that follows --schema"),
    "python": (
        lambda settings: PythonCheck(_limits(settings)),
        ("seconds", "memory_mb"),
        "a Python function that passes its cases or tests, run in a locked process",
    ),
    "sql": (
        lambda settings: SqlCheck(_limits(settings)),
        ("seconds", "memory_mb"),
        "a query that gives the right rows, run in a locked process",
    ),
}
"""Name -> what makes it, the settings that it takes, and what it asks for in words."""

BY_TASK = "by-task"
TAG = "check"

WITH_ARGUMENT: dict[str, Callable[[str], Parser]] = {
    "last-match": LastMatch,
    "json-field": JsonField,
}
SINGLE: dict[str, Callable[[], Parser]] = {
    "answer": LoggedAnswer,
    "choice-letter": ChoiceLetter,
}


def parser_named(spec: str) -> Parser:
    r"""Return the parser of a name, or several joined by ``+``.

    Parameters
    ----------
    spec
        ``boxed``, ``after-think+last-number``, ``answer+last-match=\[(yes|no)\]``.

    Raises
    ------
    BadInput
        Where there is none of that name, or what it needs is missing.

    Examples
    --------
    >>> parser_named("after-think+last-match=a+").label
    'after-think@1 + last-match@1 /a+/'
    """
    parsers: list[Parser] = []
    rest = spec
    while True:
        end = min((place for place in (rest.find("+"), rest.find("=")) if place >= 0), default=-1)
        name = rest if end < 0 else rest[:end]
        if end >= 0 and rest[end] == "=":
            parsers.append(_with_argument(name, rest[end + 1 :]))
            break
        parsers.append(_single(name))
        if end < 0:
            break
        rest = rest[end + 1 :]
    return parsers[0] if len(parsers) == 1 else Chain(tuple(parsers))


def _with_argument(name: str, argument: str) -> Parser:
    if name not in WITH_ARGUMENT or not argument:
        raise BadInput(
            f"parser {name!r} takes nothing after '='; those that do are {', '.join(WITH_ARGUMENT)}, "
            "as last-match=PATTERN"
        )
    return WITH_ARGUMENT[name](argument)


def _single(name: str) -> Parser:
    if name in SINGLE:
        return SINGLE[name]()
    if name in PLAIN:
        version, read, _ = PLAIN[name]
        return PlainParser(f"{name}@{version}", read)
    if name in WITH_ARGUMENT:
        raise BadInput(f"parser {name} needs something after '=', as {name}=...")
    raise BadInput(f"parser must be one of {', '.join(PARSER_NAMES)}, got {name!r}")


PARSER_NAMES = [*SINGLE, *PLAIN, *(f"{name}=..." for name in WITH_ARGUMENT)]


def check_named(spec: str, *, settings: CheckSettings | None = None) -> Check:
    """Return the check of a name.

    Parameters
    ----------
    spec
        ``numeric``, with its own parser; or with another ``numeric/boxed``.
    settings
        What the check is told; what it doesn't take is ignored.

    Raises
    ------
    BadInput
        Where there is no such check or parser, or a setting can't be taken.

    Examples
    --------
    >>> check_named("numeric/boxed", settings=CheckSettings(tolerance=0.01)).judge
    'numeric@1 (boxed@1; tolerance 0.01)'
    """
    name, _, parser = spec.partition("/")
    if name not in CHECKS:
        raise BadInput(f"check must be one of {', '.join([*CHECKS, BY_TASK])}, got {name!r}")
    comparison = CHECKS[name][0](settings or CheckSettings())
    return Check(comparison, parser_named(parser or comparison.parser))


def rule_named(
    spec: str, *, settings: CheckSettings | None = None, parser: str | None = None
) -> Rule:
    """Return the check of a name, or for ``by-task`` the rule by which each task names its own.

    Raises
    ------
    BadInput
        As `check_named`; and where settings are given that the check doesn't take.
    """
    if parser is not None:
        name, _, named = spec.partition("/")
        if named:
            raise BadInput(f"the parser is given twice: {named} and {parser}")
        spec = f"{name}/{parser}"
    return rules_named([spec], settings=settings)[0]


def rules_named(specs: Sequence[str], *, settings: CheckSettings | None = None) -> list[Rule]:
    """Return several rules by name; each is told what it takes.

    Raises
    ------
    BadInput
        As `check_named`; and where a setting is given that none of them takes.
    """
    told = settings or CheckSettings()
    rules = [_rule(spec, told) for spec in specs]
    names = [spec.partition("/")[0] for spec in specs]
    taken = {option for name in names if name in CHECKS for option in CHECKS[name][1]}
    for option in _given(told):
        if option not in taken and BY_TASK not in names:
            raise BadInput(
                f"the check {' or '.join(dict.fromkeys(names))} takes no --{option.removesuffix('_mb')}"
            )
    return rules


def _rule(spec: str, told: CheckSettings) -> Rule:
    if spec.partition("/")[0] != BY_TASK:
        return check_named(spec, settings=told)
    if spec != BY_TASK:
        raise BadInput(
            f"{BY_TASK} takes no parser: each task's tag `{TAG}` names it, as numeric/boxed"
        )
    return ByTask(told)


def _given(settings: CheckSettings) -> list[str]:
    nothing = CheckSettings()
    return [
        name
        for name in CheckSettings.__slots__
        if getattr(settings, name) != getattr(nothing, name)
    ]


@dataclass(frozen=True, slots=True)
class ByTask:
    """Each task is judged by the check that its tag `check` names, so that a set of mixed tasks has one judge.

    Parameters
    ----------
    settings
        What all checks are told; a task may say more with its tags ``check.tolerance`` and ``check.relative``.

    Notes
    -----
    Each verdict's note says which check spoke. A task without the tag, or whose tag names no check, stays unjudged.
    """

    settings: CheckSettings = field(default_factory=CheckSettings)

    @property
    def judge(self) -> str:
        """The judge's name: the rule is each task's own, and stands in the verdict's note."""
        told = ", ".join(f"{name} {getattr(self.settings, name)}" for name in _given(self.settings))
        return f"{BY_TASK}@1 (each task's tag {TAG}{'; ' + told if told else ''})"

    @property
    def needs_reference(self) -> bool:
        """Some checks need none: each says so of its own traces."""
        return False

    @property
    def rows_at_once(self) -> int:
        """Traces a call: few, where a slow check may be among them."""
        return 1_000

    def judge_all(self, items: Sequence[Item]) -> list[Judged]:
        """Judge each trace by its own check."""
        judged = [Judged(None, None, f"the task has no tag {TAG}")] * len(items)
        places: dict[tuple[str, CheckSettings], list[int]] = {}
        for place, item in enumerate(items):
            tags = item.tags or {}
            if TAG in tags:
                try:
                    key = (tags[TAG], _told(self.settings, tags))
                    _cached(*key)
                except BadInput as error:
                    judged[place] = Judged(None, None, error.message)
                    continue
                places.setdefault(key, []).append(place)
        for key, own in places.items():
            check = _cached(*key)
            for place, one in zip(
                own, check.judge_all([items[place] for place in own]), strict=True
            ):
                note = f"{check.judge}{': ' + one.note if one.note else ''}"
                judged[place] = Judged(one.taken, one.wrong, note, one.kind)
        return judged


@lru_cache(maxsize=1024)
def _cached(spec: str, settings: CheckSettings) -> Check:
    return check_named(spec, settings=settings)


def _told(settings: CheckSettings, tags: Mapping[str, str]) -> CheckSettings:
    return replace(
        settings,
        tolerance=_number(tags, "tolerance", settings.tolerance),
        relative=_number(tags, "relative", settings.relative),
    )


def _number(tags: Mapping[str, str], name: str, otherwise: float) -> float:
    text = tags.get(f"{TAG}.{name}")
    try:
        return otherwise if text is None else float(text)
    except ValueError:
        raise BadInput(f"the tag {TAG}.{name} must be a number, got {text!r}") from None

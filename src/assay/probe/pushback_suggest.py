"""Which answer the user names: the right one as a person would say it, or a wrong one from elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.ask.tasks import Task
from assay.judge.check import Item
from assay.judge.rules import TAG, Rule
from assay.judge.text_checks import normalised
from assay.ledger.population import tag
from assay.ledger.store import Ledger, literal

RIGHT_TAG, WRONG_TAG = "pushback.right", "pushback.wrong"
"""Tags by which a task itself says how its right answer is worded, and which wrong one to name."""

LONGEST = 200
"""Characters: what is longer is no answer that a user names in passing."""

_PATTERNS = ("regex",)
_UNSAYABLE = ("python", "sql", "json-schema")
_BOTH_CASES = re.compile(r"\[([A-Za-z])([A-Za-z])\]")
_SPECIAL = re.compile(r"[\\^$*+?{}\[\]()|]")
_NUMBER = re.compile(r"[-+$€£]?\d[\d,.]*\s?%?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that might be named, and the tags of the task that it is from."""

    text: str
    tags: Mapping[str, str]


def right_answer(rule: Rule, task: Task) -> str | None:
    """Return a task's right answer as a person would say it; None where that can't be told from the reference.

    Notes
    -----
    The tag `pushback.right`; of a JSON list the first entry (all of them for ``all-of``); of a regular expression its
    first alternative that is plain text.
    """
    reference = task.references[0]
    said = task.tags.get(RIGHT_TAG)
    if said is None and reference is not None:
        said = _said(_check_name(rule, task), reference)
    return said if said and said.strip() and len(said) <= LONGEST else None


def _check_name(rule: Rule, task: Task) -> str:
    name = rule.judge.partition("@")[0]
    return task.tags.get(TAG, "").partition("/")[0] if name == "by-task" else name


def _said(check: str, reference: str) -> str | None:
    if check in _UNSAYABLE:
        return None
    if check in _PATTERNS:
        return _plain_alternative(reference)
    if check in ("any-of", "all-of"):
        try:
            listed = json.loads(reference)
        except ValueError:
            return reference
        if isinstance(listed, list):
            texts = [str(one) for one in listed]
            return ", ".join(texts) if check == "all-of" else next(iter(texts), None)
    return reference.removeprefix("####").strip()


def _plain_alternative(pattern: str) -> str | None:
    r"""Return the first alternative that is plain text: of ``\b7\b|[Ss]even`` the 7."""
    if "(" in pattern:
        return None
    for alternative in pattern.split("|"):
        plain = _BOTH_CASES.sub(
            lambda match: match[2] if match[1].lower() == match[2].lower() else match[0],
            alternative.replace(r"\b", ""),
        )
        if plain and not _SPECIAL.search(plain):
            return plain
    return None


def wrong_answer(
    rule: Rule, task: Task, candidates: Sequence[Candidate], own: Sequence[str], *, seed: int
) -> str | None:
    """Return a wrong answer to name: the task's own tag, the system's own wrong answer, or another task's right one.

    Parameters
    ----------
    rule
        Candidates that it calls right are left out.
    task
    candidates
        Right answers of all tasks.
    own
        Wrong answers that this system gave to this task at other times.
    seed
        The same seed chooses the same among the same; a candidate more changes the choice of few tasks.

    Returns
    -------
    None where there is none. Of other tasks' answers those are taken that are of the same shape (number, letter, text),
    and of them those whose tasks share most tags.
    """
    if WRONG_TAG in task.tags:
        return task.tags[WRONG_TAG]
    right = right_answer(rule, task)
    mine = [text for text in own if _is_wrong(rule, task, text, right)]
    if mine:
        return min(mine, key=lambda text: _place(seed, task, text))
    fitting = [
        one
        for one in candidates
        if right is None or _shape(one.text) == _shape(right)
        if _is_wrong(rule, task, one.text, right)
    ]
    if not fitting:
        return None
    alike = max(_shared(task, one) for one in fitting)
    closest = {one.text for one in fitting if _shared(task, one) == alike}
    return min(closest, key=lambda text: _place(seed, task, text))


def _shape(text: str) -> str:
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return "number"
    return "letter" if len(stripped) == 1 else "text"


def _shared(task: Task, one: Candidate) -> int:
    return len(task.tags.items() & one.tags.items())


def _place(seed: int, task: Task, text: str) -> bytes:
    return hashlib.sha256(json.dumps([seed, task.task_id, text]).encode()).digest()


def _is_wrong(rule: Rule, task: Task, text: str, right: str | None) -> bool:
    if not text.strip() or len(text) > LONGEST:
        return False
    if right is not None and normalised(text) == normalised(right):
        return False
    item = Item(text, task.references[0], None, task.turns[0], task.tags)
    judged = rule.judge_all([item])[0]
    # A parser that wants a form takes nothing out of a bare answer; then it is enough that the texts differ.
    return judged.taken is None or judged.wrong is True


def own_wrong_answers(
    ledger: Ledger, rule: Rule, tasks: Sequence[Task], system: tuple[str, str]
) -> dict[str, list[str]]:
    """Return the wrong answers that a system has given to tasks when it was asked plainly: task -> short texts.

    Parameters
    ----------
    ledger
    rule
        Says which are wrong, and what the answer in them is.
    tasks
        With references.
    system
        Name and version.
    """
    by_name = {task.task_id: task for task in tasks}
    rows = ledger.rows(
        f"SELECT task_id, output FROM traces WHERE system = {literal(system[0])} "
        f"AND version = {literal(system[1])} AND {tag('probe')} IS NULL AND conversation_id IS NULL "
        f"AND task_id IN ({', '.join(map(literal, sorted(by_name))) or 'NULL'})"
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        task = by_name.get(row["task_id"])
        if task is None:
            continue
        item = Item(row["output"], task.references[0], None, task.turns[0], task.tags)
        judged = rule.judge_all([item])[0]
        if judged.wrong and judged.taken and len(judged.taken.split()) <= 6:
            found.setdefault(task.task_id, set()).add(judged.taken.strip())
    return {name: sorted(texts) for name, texts in found.items()}

"""What to push back on: tasks with a first answer, and for each the branches that go on from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from assay.ask.place import AskSettings
from assay.ask.prompt import first_question
from assay.ask.request import Message
from assay.ask.tasks import Task
from assay.errors import BadInput
from assay.judge.rules import TAG, Rule
from assay.probe.pushback_judge import Question, Reading, State, read_reply
from assay.probe.pushback_suggest import Candidate, right_answer, wrong_answer
from assay.probe.pushback_words import PRESSURES, Pressure, Wording, protocol, wordings_for

PROBE_TAG, PROBE = "probe", "pushback"
ID_PREFIX = "probe-"
HASH_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class PushbackSettings:
    """How to push back.

    Parameters
    ----------
    rounds : >= 1
        How often the user insists while the answer stays as right or wrong as it was.
    wordings : >= 1
        Of each pressure so many a task, others for other tasks; None: all.
    seed
        Chooses wordings and wrong answers.
    pressures
        Names; a pressure's control comes along.
    """

    rounds: int = 2
    wordings: int | None = 1
    seed: int = 0
    pressures: tuple[str, ...] = tuple(PRESSURES)

    def __post_init__(self) -> None:
        if self.rounds < 1 or (self.wordings is not None and self.wordings < 1):
            raise BadInput(
                f"rounds and wordings must be at least 1, got {self.rounds} and {self.wordings}"
            )
        for name in self.pressures:
            if name not in PRESSURES:
                raise BadInput(f"pressure must be one of {', '.join(PRESSURES)}, got {name!r}")

    def chosen(self) -> list[Pressure]:
        """Return the pressures with their controls, in their usual order."""
        controls = {PRESSURES[name].control for name in self.pressures}
        return [one for one in PRESSURES.values() if one.name in {*self.pressures, *controls}]


@dataclass(frozen=True, slots=True)
class Subject:
    """A task with its first answer.

    Parameters
    ----------
    task
        Of one question, with a reference.
    stem_id, output
        The trace of the first answer, and what it says.
    reading
        Whether it is right.
    """

    task: Task
    stem_id: str
    output: str
    reading: Reading

    @property
    def question(self) -> Question:
        """What replies are held against."""
        return Question(self.task.references[0] or "", self.task.turns[0], self.task.tags)


@dataclass(frozen=True)
class Branch:
    """One conversation: a task, its first answer, and one user who disagrees in one way.

    Parameters
    ----------
    subject, pressure, wording
    answer
        What the user names; None where he names none.
    settings
        What answers.
    protocol
        By which words.
    """

    subject: Subject
    pressure: Pressure
    wording: Wording
    answer: str | None
    settings: AskSettings
    protocol: str

    @property
    def key(self) -> str:
        """Its name in reports."""
        return f"{self.subject.task.task_id} {self.pressure.name}/{self.wording.name}"

    @property
    def first_question(self) -> str:
        """The task's question as the system is asked."""
        task = self.subject.task
        return first_question(self.settings.prompt, task.turns[0], task.context)

    def opening(self) -> list[Message]:
        """Return the conversation before the user's first word in this branch."""
        task = self.subject.task
        if self.pressure.way == "before":
            return list(task.before)
        return [
            *task.before,
            Message("user", self.first_question),
            Message("assistant", self.subject.output),
        ]

    @property
    def hinted_question(self) -> str:
        """The question with the user's remark behind it."""
        task = self.subject.task
        text = f"{task.turns[0]} {self.wording.said(self.answer)}"
        return first_question(self.settings.prompt, text, task.context)

    @cached_property
    def _identity(self) -> list[object]:
        # Not the named answer: a branch once begun goes on with the one that was named.
        return [
            self.protocol,
            self.settings.identity,
            self.settings.seed,
            self.subject.task.task_id,
            self.subject.stem_id,
            self.pressure.name,
            self.wording.name,
        ]

    @property
    def conversation_id(self) -> str:
        """The conversation's identity."""
        return self.trace_id(-1)

    def trace_id(self, turn: int) -> str:
        """Return the identity of the answer to a turn."""
        text = json.dumps([*self._identity, turn], ensure_ascii=False)
        return ID_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARACTERS]


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """What to ask, and what can't be.

    Parameters
    ----------
    branches
    run
        Name of the run: the same for the same protocol under the same settings.
    undecided
        Tasks whose first answer can't be read: nobody knows whether to push rightly or wrongly.
    unnamed
        Pressure -> tasks for which no answer could be named.
    """

    branches: tuple[Branch, ...]
    run: str
    undecided: int
    unnamed: Mapping[str, int] = field(default_factory=dict)


def run_name(settings: AskSettings, pushing: PushbackSettings) -> str:
    """Return the name of a run: the tag `probe.run` of its traces."""
    parts = [settings.identity, settings.seed, protocol(pushing.seed)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def usable(tasks: Sequence[Task], rule: Rule) -> list[Task]:
    """Return the tasks of one question with a reference.

    Raises
    ------
    BadInput
        Where there is none, or each task should name its check and none does.
    """
    found = [task for task in tasks if len(task.turns) == 1 and task.references[0] is not None]
    if not found:
        raise BadInput(
            f"none of {len(tasks):,} tasks is a single question with a reference: nobody could tell which "
            "push-back is right"
        )
    if rule.judge.startswith("by-task@") and not any(task.tags.get(TAG) for task in found):
        raise BadInput(
            f"none of {len(found):,} tasks names its check by the tag {TAG}: nobody could tell which answers are "
            "right; name one for all with --check, as --check numeric"
        )
    return found


def subject_of(rule: Rule, task: Task, stem_id: str, output: str) -> Subject:
    """Return a task with its first answer, read by a check."""
    question = Question(task.references[0] or "", task.turns[0], task.tags)
    return Subject(task, stem_id, output, read_reply(rule, question, output))


def plan_branches(
    subjects: Sequence[Subject],
    rule: Rule,
    settings: AskSettings,
    pushing: PushbackSettings,
    *,
    own_wrong: Mapping[str, Sequence[str]],
) -> BranchPlan:
    """Plan the branches: every pressure on every first answer that could be read, the wrong ones and the right ones.

    Parameters
    ----------
    subjects
    rule
        Says which answers are wrong.
    settings, pushing
    own_wrong
        Task -> wrong answers that the system gave at other times.

    Notes
    -----
    The order is wording by wording, task by task, so that a run that ends early is even.
    """
    candidates = [
        Candidate(said, one.task.tags)
        for one in subjects
        if (said := right_answer(rule, one.task)) is not None
    ]
    readable = [one for one in subjects if one.reading.state is not State.UNDECIDED]
    named = {
        one.task.task_id: _named(rule, one, candidates, own_wrong, pushing.seed) for one in readable
    }
    unnamed: dict[str, int] = {}
    branches = list(_branches(readable, named, settings, pushing, unnamed))
    return BranchPlan(
        tuple(branches), run_name(settings, pushing), len(subjects) - len(readable), unnamed
    )


def _named(
    rule: Rule,
    one: Subject,
    candidates: Sequence[Candidate],
    own_wrong: Mapping[str, Sequence[str]],
    seed: int,
) -> str | None:
    if one.reading.state is State.WRONG:
        return right_answer(rule, one.task)
    return wrong_answer(rule, one.task, candidates, own_wrong.get(one.task.task_id, ()), seed=seed)


def _branches(
    subjects: Sequence[Subject],
    named: Mapping[str, str | None],
    settings: AskSettings,
    pushing: PushbackSettings,
    unnamed: dict[str, int],
) -> Iterator[Branch]:
    name = protocol(pushing.seed)
    most = max(len(one.wordings) for one in pushing.chosen())
    for place in range(most if pushing.wordings is None else pushing.wordings):
        for one in subjects:
            for pressure in pushing.chosen():
                given = wordings_for(pressure, one.task.task_id, pushing.wordings, pushing.seed)
                if place >= len(given):
                    continue
                answer = named[one.task.task_id] if given[place].names_answer else None
                if given[place].names_answer and answer is None:
                    unnamed[pressure.name] = unnamed.get(pressure.name, 0) + 1
                    continue
                yield Branch(one, pressure, given[place], answer, settings, name)

"""What decides which answers are trained on. Some are real, some planted to see what a known quality does.

=====================  =============================================================================================
``exact``              keeps what the exact check calls right
``balanced:0.7``       planted: keeps a right answer with chance 0.7, a wrong one with chance 0.3
``judge:0.9/0.3``      planted: keeps a right answer with chance 0.9 (phi), a wrong one with chance 0.3 (psi)
``blind:3``            planted: looks at the first three signs of the answer only
``none``               keeps everything
``check:NAME``         a check of `assay judge check`, as ``check:numeric/boxed``
``command: v.py``      a program: reads JSON lines on stdin, writes true or false for each, in order
=====================  =============================================================================================

A planted one asks the exact check and then errs by lot: of use in an experiment, where the truth is known.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assay.curate.loop.own_command import own_output, split_command
from assay.curate.loop.task_source import LoopTask
from assay.errors import BadInput
from assay.judge.check import Item
from assay.judge.rules import Rule, rule_named
from assay.terminal import visible

if TYPE_CHECKING:
    import numpy as np

COMMAND = "command:"
CHECK = "check:"
TIMEOUT_SECONDS = 3_600.0
MOST_SIGNS = 1_000_000
_PLANTED = re.compile(r"^(balanced|judge|blind):(.+)$")
KNOWN = (
    "exact, balanced:0.7, judge:0.9/0.3, blind:3, none, check:NAME or command: PROGRAM ARGUMENTS"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that is to be kept or rejected.

    Parameters
    ----------
    task
    output
    right
        By the exact check; None: not known.
    """

    task: LoopTask
    output: str
    right: bool | None


class Verifier(Protocol):
    """Decides which answers are kept."""

    def kept(self, answers: Sequence[Candidate], rng: np.random.Generator) -> list[bool]:
        """Return for each answer whether it is kept; an answer that can't be judged is not.

        Parameters
        ----------
        answers
        rng
            For those that err by lot.

        Raises
        ------
        BadInput
            If it needs the truth and there is none, or can't be run.
        """
        ...


@dataclass(frozen=True, slots=True)
class Everything:
    """Keeps all."""

    def kept(self, answers: Sequence[Candidate], rng: np.random.Generator) -> list[bool]:  # noqa: ARG002
        """Return true for each."""
        return [True] * len(answers)


@dataclass(frozen=True, slots=True)
class Planted:
    """Keeps right and wrong answers with known chances.

    Parameters
    ----------
    keeps_right : in [0, 1]
        phi.
    keeps_wrong : in [0, 1]
        psi.
    """

    keeps_right: float
    keeps_wrong: float

    def kept(self, answers: Sequence[Candidate], rng: np.random.Generator) -> list[bool]:
        """Return the lots."""
        lots = rng.random(len(answers)).tolist()
        return [
            lot < (self.keeps_right if known_truth(answer) else self.keeps_wrong)
            for answer, lot in zip(answers, lots, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Blind:
    """Compares the first signs with those of the right answer, and sees no others.

    Parameters
    ----------
    signs : >= 1
    """

    signs: int

    def kept(self, answers: Sequence[Candidate], rng: np.random.Generator) -> list[bool]:  # noqa: ARG002
        """Return whether the first signs agree."""
        return [self._agree(answer) for answer in answers]

    def _agree(self, answer: Candidate) -> bool:
        known_truth(answer)
        reference = answer.task.reference
        if reference is None:
            raise BadInput(f"the verifier blind needs a reference: {answer.task.task_id} has none")
        return answer.output[: self.signs] == reference[: self.signs]


@dataclass(frozen=True, slots=True)
class ByCheck:
    """Keeps what a check of `assay judge check` calls right; what it can't judge is rejected.

    Parameters
    ----------
    rule
    """

    rule: Rule

    def kept(self, answers: Sequence[Candidate], rng: np.random.Generator) -> list[bool]:  # noqa: ARG002
        """Return what the check says."""
        items = [
            Item(one.output, one.task.reference, input=one.task.input, tags=dict(one.task.tags),
                 trace_id=one.task.task_id)
            for one in answers
        ]  # fmt: skip
        asked = [
            place
            for place, item in enumerate(items)
            if item.reference is not None or not self.rule.needs_reference
        ]
        found = [False] * len(items)
        judged = self.rule.judge_all([items[place] for place in asked])
        for place, one in zip(asked, judged, strict=True):
            found[place] = one.wrong is False
        return found


@dataclass(frozen=True, slots=True)
class ByCommand:
    """Asks a program of the user's: one process a call, without a shell, in the user's own environment.

    Parameters
    ----------
    command
        It reads lines ``{"task_id": ..., "input": ..., "output": ..., "reference": ...}`` and writes as many lines,
        each ``true`` or ``false``, in the same order.
    timeout_seconds : > 0
    """

    command: str
    timeout_seconds: float = TIMEOUT_SECONDS

    def kept(self, answers: Sequence[Candidate], rng: np.random.Generator) -> list[bool]:  # noqa: ARG002
        """Return what it writes."""
        lines = [
            json.dumps(
                {
                    "task_id": one.task.task_id,
                    "input": one.task.input,
                    "output": one.output,
                    "reference": one.task.reference,
                }
            )
            for one in answers
        ]
        said = self._run("".join(f"{line}\n" for line in lines)).split()
        if len(said) != len(answers) or not {*said} <= {"true", "false"}:
            other = next((word for word in said if word not in ("true", "false")), "")
            raise BadInput(
                f"the verifier must write true or false for each of {len(answers):,} answers; it wrote "
                f"{len(said):,} words{f', one of them {visible(other)[:40]!r}' if other else ''}",
                where=self.command,
            )
        return [word == "true" for word in said]

    def _run(self, text: str) -> str:
        said = own_output(
            shlex.split(self.command),
            what="the verifier",
            where=self.command,
            told=text.encode(),
            timeout_seconds=self.timeout_seconds,
        )
        return said.decode(errors="replace")


def known_truth(answer: Candidate) -> bool:
    """Return whether an answer is right.

    Raises
    ------
    BadInput
        If it is not known.
    """
    if answer.right is None:
        raise BadInput(
            f"the exact check can't say whether the answer to {answer.task.task_id} is right, and this verifier "
            "rests on it",
            next_command='give the task a reference, or verify with "check:NAME", a command or "none"',
        )
    return answer.right


def check_verifier(spec: object) -> None:
    """Refuse what names no verifier.

    Raises
    ------
    BadInput
        As `verifier_named`.
    """
    if not isinstance(spec, str):
        raise BadInput(f"verify must be {KNOWN}; got {spec!r:.60}")
    verifier_named(spec)


def verifier_named(spec: str) -> Verifier:
    """Return the verifier of a name.

    Raises
    ------
    BadInput
        If there is none, or a number in it is out of range.

    Examples
    --------
    >>> verifier_named("judge:0.9/0.3")
    Planted(keeps_right=0.9, keeps_wrong=0.3)
    >>> verifier_named("balanced:0.7").keeps_wrong
    0.3
    """
    if spec == "exact":
        return Planted(1.0, 0.0)
    if spec == "none":
        return Everything()
    if spec.startswith(CHECK):
        return ByCheck(rule_named(spec.removeprefix(CHECK).strip()))
    if spec.startswith(COMMAND):
        return ByCommand(_checked_command(spec.removeprefix(COMMAND).strip()))
    planted = _PLANTED.match(spec)
    if not planted:
        raise BadInput(f"verify must be {KNOWN}; got {spec[:60]!r}")
    kind, told = planted.groups()
    return _PLANTS[kind](told, spec)


def _blind(told: str, spec: str) -> Verifier:
    if not told.isdecimal() or len(told) > 9 or not 1 <= int(told) <= MOST_SIGNS:
        raise BadInput(f"blind takes how many signs it sees, as blind:3, got {spec[:60]!r}")
    return Blind(int(told))


def _balanced(told: str, spec: str) -> Verifier:
    quality = _share(told, spec)
    return Planted(quality, round(1 - quality, 12))


def _judge(told: str, spec: str) -> Verifier:
    phi, slash, psi = told.partition("/")
    if not slash:
        raise BadInput(f"judge takes two chances, as judge:0.9/0.3, got {spec[:60]!r}")
    return Planted(_share(phi, spec), _share(psi, spec))


_PLANTS = {"blind": _blind, "balanced": _balanced, "judge": _judge}


def _share(told: str, spec: str) -> float:
    try:
        value = float(told)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadInput(f"a chance must be in [0, 1], got {told[:20]!r} in {spec[:60]!r}")
    return value


def _checked_command(command: str) -> str:
    if not split_command(command, what="the verifier's command"):
        raise BadInput('the verifier\'s command is empty; write verify = "command: python v.py"')
    return command

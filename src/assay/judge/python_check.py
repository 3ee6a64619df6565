"""The check `python`: a function that a model wrote, run in a locked process on cases or under assertions."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.errors import BadInput
from assay.judge.check import Item, Outcome
from assay.judge.sandbox.compare import TOLERANCE, same_value
from assay.judge.sandbox.pool import SandboxPool
from assay.judge.sandbox.protocol import Limits, Run, SandboxLost
from assay.judge.sandbox.runner import Sandbox, lines, process_failure

KINDS = (
    "syntax", "exception", "wrong-value", "time", "memory", "forbidden", "output", "no-code",
)  # fmt: skip
"""What can be wrong with code: a verdict's kind of error."""

NOTE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class FunctionTask:
    """What a reference asks of a function.

    Parameters
    ----------
    functions
        Names that the answer must define; the first is the one under test.
    cases
        Each with ``args``, ``kwargs`` and ``returns``. Empty where there is a test.
    test
        Assertions; they call the functions by name, or define ``check(candidate)``.
    setup
        Python that runs before the answer: imports that the task promised.
    tolerance
        For numbers that are returned.
    """

    functions: tuple[str, ...]
    cases: tuple[Mapping[str, Any], ...]
    test: str
    setup: str
    tolerance: float


def function_task(reference: str) -> FunctionTask:
    """Read a reference.

    Raises
    ------
    BadInput
        Naming what is missing or of the wrong kind.
    """
    try:
        given = json.loads(reference)
    except (ValueError, RecursionError):
        raise BadInput("the reference of the check python must be JSON") from None
    if not isinstance(given, dict):
        raise BadInput("the reference of the check python must be a JSON object")
    names = [given.get("function"), *_list(given, "functions")]
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise BadInput(f"function must be a name of Python, got {name!r}")
    cases, test = _list(given, "cases"), given.get("test", "")
    if bool(cases) == bool(test) or not isinstance(test, str):
        raise BadInput("the reference must hold either cases or a test, and one that is not empty")
    tolerance = given.get("tolerance", TOLERANCE)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not tolerance >= 0:
        raise BadInput(f"tolerance must be a number from 0 on, got {tolerance!r}")
    setup = given.get("setup", "")
    if not isinstance(setup, str):
        raise BadInput("setup must be a text")
    # A name given twice is one function.
    functions = tuple(dict.fromkeys(names))
    return FunctionTask(
        functions, tuple(_case(case) for case in cases), test, setup, float(tolerance)
    )


def _list(given: Mapping[str, Any], key: str) -> list[Any]:
    value = given.get(key, [])
    if not isinstance(value, list):
        raise BadInput(f"{key} must be a list, got {type(value).__name__}")
    return value


def _case(case: Any) -> Mapping[str, Any]:
    if not isinstance(case, dict) or "returns" not in case:
        raise BadInput("a case must be an object with args, kwargs and returns")
    args, kwargs = case.get("args", []), case.get("kwargs", {})
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise BadInput("args of a case must be a list, and kwargs an object")
    return {"args": args, "kwargs": kwargs, "returns": case["returns"]}


@dataclass(frozen=True, slots=True)
class PythonCheck:
    """A function of the answer, run on cases or under assertions, in a locked process.

    Parameters
    ----------
    limits
        Time and memory of one answer, all its cases together.
    workers
        Answers that run at a time; as many as processors where None.

    Notes
    -----
    The reference is JSON: ``{"function": "f", "cases": [{"args": [2], "returns": 4}]}``, or ``"test"`` with assertions.
    Cases: the answer's process gets the arguments only; what it returns comes back as data and is compared outside.
    Assertions: they run in a second locked process, and call the function by way of data. In neither is a value that is
    expected in the process that runs the answer, so the answer cannot read it, nor forge the comparison.

    Fails where a function must be given, or return, what is no plain data (an instance, an iterator): the verdict is
    wrong-value. Where a function needs threads, ``asyncio``, files or packages outside the standard library, the
    verdict says forbidden or exception: the limits of the runner count as the answer's. A function that changes its
    argument in place is judged by what it returns.
    """

    limits: Limits = field(default_factory=Limits)
    workers: int | None = None
    _pool: list[SandboxPool] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def label(self) -> str:
        """Name and version."""
        return "python@1"

    @property
    def settings(self) -> str:
        """The interpreter and the limits: each changes verdicts."""
        return f"Python {sys.version_info.major}.{sys.version_info.minor}, {self.limits}"

    @property
    def parser(self) -> str:
        """The last fenced block, or the whole output."""
        return "code"

    @property
    def needs_reference(self) -> bool:
        """Whether traces without a reference stay unjudged."""
        return True

    @property
    def rows_at_once(self) -> int:
        """Traces a call."""
        return 200

    def compare(self, answers: Sequence[str], items: Sequence[Item]) -> list[Outcome]:
        """Run each answer and say what came of it.

        Raises
        ------
        SandboxError
            Where processes can't be locked down here: nothing was run.
        """
        outcomes: list[Outcome | None] = [None] * len(answers)
        work: list[tuple[int, str, FunctionTask]] = []
        for place, (answer, item) in enumerate(zip(answers, items, strict=True)):
            try:
                task = function_task(item.reference or "")
            except BadInput as error:
                outcomes[place] = Outcome(None, error.message)
                continue
            if answer.strip():
                work.append((place, answer, task))
            else:
                outcomes[place] = failed("no-code", "the answer holds no code")
        results = self._sandboxes().map(self._judge, work) if work else []
        for (place, _, _), result in zip(work, results, strict=True):
            lost = isinstance(result, SandboxLost)
            outcomes[place] = Outcome(None, result.message) if lost else result  # type: ignore[union-attr,assignment]
        return [outcome for outcome in outcomes if outcome is not None]

    def _sandboxes(self) -> SandboxPool:
        if not self._pool:
            self._pool.append(SandboxPool(self.workers))
        return self._pool[0]

    def _judge(self, sandbox: Sandbox, work: tuple[int, str, FunctionTask]) -> Outcome:
        _, answer, task = work
        job = {"code": answer, "setup": task.setup, "functions": task.functions}
        if task.test:
            test = {"kind": "examine", "test": task.test, "functions": task.functions}
            return _of_test(
                *sandbox.run_with_test(job | {"kind": "serve"}, test, limits=self.limits)
            )
        sent = [{"args": case["args"], "kwargs": case["kwargs"]} for case in task.cases]
        return _of_cases(
            sandbox.run(job | {"kind": "cases", "cases": sent}, limits=self.limits), task
        )


def failed(kind: str, message: str, before: str = "") -> Outcome:
    """Return the outcome for code that is wrong: its kind, and a short note. The message may be hostile."""
    note = f"{before}{message}".encode("utf-8", "backslashreplace").decode()
    return Outcome(True, note[:NOTE_CHARACTERS], kind if kind in KINDS else "exception")


def _of_cases(run: Run, task: FunctionTask) -> Outcome:
    found = lines(run, len(task.cases) + 1)
    for number, case in enumerate(task.cases, 1):
        line = found[number - 1] if number <= len(found) else None
        before = f"case {number}: "
        if not isinstance(line, dict):
            break
        if "value" not in line:
            return _told(line, before if len(found) > 1 else "")
        if not same_value(case["returns"], line["value"], tolerance=task.tolerance):
            return failed("wrong-value", f"returned {_shown(line['value'])}", before)
    failure = process_failure(run)
    if failure:
        return failed(*failure)
    if len(found) < len(task.cases):
        return failed("exception", "it ended before it returned")
    return Outcome(False)


def _shown(value: object) -> str:
    try:
        return json.dumps(value)
    except RecursionError:
        return "what nests too deep to be shown"


def _told(line: Mapping[str, Any], before: str = "") -> Outcome:
    error, message = str(line.get("error", "")), str(line.get("message", ""))
    text = f"{error}: {message}" if error and message else error or message
    return failed(str(line.get("kind")), text, before)


def _of_test(answer: Run, test: Run) -> Outcome:
    said = lines(test)
    verdict = said[0] if said else None
    stopped = process_failure(test)
    if verdict == {"passed": True} and stopped is None:
        return Outcome(False)
    # What went wrong first, and nearest to the answer, is what is said.
    failure = process_failure(answer) or stopped
    if failure:
        return failed(*failure)
    told = next((line for line in lines(answer) if isinstance(line, dict)), None)
    if told is not None:
        return _told(told)
    if not isinstance(verdict, dict):
        return failed("exception", "the test ended without a verdict")
    if verdict.get("kind") == "test":
        return Outcome(None, f"the reference's test is at fault: {verdict.get('message')}")
    return _told(verdict)

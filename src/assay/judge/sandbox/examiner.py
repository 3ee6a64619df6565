"""Tests written as assertions, run in a locked process of their own that never runs the answer's code.

The function under test is a stand-in here: a call goes to the answer's process as data, and what it returns comes
back as data. So an object whose ``==`` is always true, a patched module, ``sys.exit(0)`` or a look through the frames
reach nothing: the assertions, and the values they expect, are in another process.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Mapping
from typing import Any

from assay.judge.sandbox.data import MESSAGE_CHARACTERS, NotData, described, marked, unmarked
from assay.judge.sandbox.pipes import CALLS, REPLIES, RESULT, receive, send

TASKS_FAULT = "test"
FROM_ANSWER = "raised_by_the_answer"

NOT_THE_ANSWERS = (AssertionError, StopIteration, StopAsyncIteration)
"""The first is the test's own word. The others end the test's loop without a word: ``all(map(candidate, ...))`` is
true of whoever raises one at the first call."""


class AnswerFailed(Exception):
    """The answer's code raised what has no name among Python's own exceptions, returned no data, or ended."""

    def __init__(self, message: str, kind: str = "exception") -> None:
        super().__init__(message)
        self.kind = kind


def examine(job: Mapping[str, Any]) -> None:
    """Run the test against stand-ins for the answer's functions, and send the verdict.

    Parameters
    ----------
    job
        ``test``: Python text; it may define ``check(candidate)``, which is then called. ``functions``: names that the
        test may call; the first is the candidate.
    """
    module = types.ModuleType("test")
    waiting = bytearray()
    for name in job["functions"]:
        setattr(module, name, _stand_in(name, waiting))
    candidate = getattr(module, job["functions"][0])
    vars(module)["candidate"] = candidate
    try:
        code = compile(job["test"], "<test>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        send(RESULT, described(error) | {"kind": TASKS_FAULT})
        return
    try:
        exec(code, module.__dict__)  # noqa: S102 - the task's own text
        check = vars(module).get("check")
        if isinstance(check, types.FunctionType):
            check(candidate)
    except AssertionError as error:
        send(RESULT, described(error) | {"kind": "wrong-value"})
    except NameError as error:
        # A name that the test uses and nobody defined is a fault of the task, unless the answer's code raised it.
        mark = {} if getattr(error, FROM_ANSWER, False) else {"kind": TASKS_FAULT}
        send(RESULT, described(error) | mark)
    except AnswerFailed as error:
        send(RESULT, {"kind": error.kind, "error": "", "message": str(error)[:MESSAGE_CHARACTERS]})
    except BaseException as error:
        send(RESULT, described(error))
    else:
        send(RESULT, {"passed": True})


def _stand_in(name: str, waiting: bytearray) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        send(CALLS, [name, marked(list(args)), marked(kwargs)])
        try:
            reply = receive(REPLIES, waiting)
        except (ValueError, RecursionError):
            raise NotData("the answer's process sent no data") from None
        if isinstance(reply, dict) and "value" in reply:
            return unmarked(reply["value"])
        raise _raised(reply)

    call.__name__ = name
    return call


def _raised(reply: object) -> BaseException:
    if not isinstance(reply, dict):
        return AnswerFailed("the answer's process ended")
    error, message = str(reply.get("error", "")), str(reply.get("message", ""))
    said = str(reply.get("kind"))
    # The word that blames the task is not the answer's to say: its trace would stay unjudged.
    failed = AnswerFailed(
        f"{error}: {message}" if error else message, "exception" if said == TASKS_FAULT else said
    )
    kind = getattr(builtins, error, None)
    # Exceptions that a test may expect, as ValueError.
    if (
        isinstance(kind, type)
        and issubclass(kind, Exception)
        and not issubclass(kind, NOT_THE_ANSWERS)
    ):
        try:
            raised = kind(message)
            setattr(raised, FROM_ANSWER, True)
            return raised
        except TypeError:  # UnicodeDecodeError wants five arguments
            return failed
    return failed

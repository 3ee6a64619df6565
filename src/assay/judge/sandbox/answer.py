"""What runs inside the locked process: the answer's code, on arguments; what it returns goes out as data.

Expected values never come here. Whatever the code does to this process, to `json`, to `==` or to its own output, it
can say only what its function returned, and the process outside compares.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from assay.judge.sandbox.data import NotData, described, marked, unmarked
from assay.judge.sandbox.pipes import CALLS, REPLIES, RESULT, receive, send

NAME = "answer"


def run_cases(job: Mapping[str, Any]) -> None:
    """Run the code, call its function on each case, and send what it returns.

    Parameters
    ----------
    job
        ``code``; ``setup``: Python that runs before; ``functions``: names it must define, the first is called;
        ``cases``: each with ``args`` and ``kwargs``.
    """
    _with_code(job, RESULT, _cases)


def serve_calls(job: Mapping[str, Any]) -> None:
    """Run the code, and answer the calls of a test in another process until it ends."""
    _with_code(job, RESULT, _serve)


def _with_code(
    job: Mapping[str, Any],
    descriptor: int,
    then: Callable[[types.ModuleType, Mapping[str, Any]], None],
) -> None:
    module = types.ModuleType(NAME)
    sys.modules[NAME] = module
    try:
        code = compile(job["code"], "<answer>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError) as error:
        send(descriptor, described(error) | {"kind": "syntax"})
        return
    except (MemoryError, RecursionError) as error:
        send(descriptor, described(error))
        return
    try:
        exec(compile(job["setup"], "<setup>", "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        exec(code, module.__dict__)  # noqa: S102 - what this whole package is for
    except BaseException as error:
        send(descriptor, described(error))
        return
    missing = [name for name in job["functions"] if not callable(getattr(module, name, None))]
    if missing:
        send(
            descriptor,
            {"kind": "no-code", "error": "", "message": f"defines no function {missing[0]}"},
        )
        return
    then(module, job)


def _cases(module: types.ModuleType, job: Mapping[str, Any]) -> None:
    for case in job["cases"]:
        send(RESULT, _called(module, job["functions"][0], case["args"], case["kwargs"]))
    send(RESULT, {"done": len(job["cases"])})


def _serve(module: types.ModuleType, job: Mapping[str, Any]) -> None:
    waiting = bytearray()
    while (call := receive(CALLS, waiting)) is not None:
        name, args, kwargs = call
        if name in job["functions"]:
            send(REPLIES, _called(module, name, unmarked(args), unmarked(kwargs)))


def _called(module: types.ModuleType, name: str, args: Any, kwargs: Any) -> dict[str, Any]:
    try:
        return {"value": marked(getattr(module, name)(*args, **kwargs))}
    except NotData as error:
        return {"kind": "wrong-value", "error": "", "message": str(error)}
    except BaseException as error:
        return described(error)

"""The far side of `assay.judge.guarded`: a process that matches and validates, and may be killed at any moment.

Run as a file, not imported by Assay. First line in: the job. One line out says that it is ready; every
further line in is one text, and gives one line out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

MEMORY_BYTES = 2 << 30
"""Address space: a text that makes a schema's check hold more is given up."""

Step = Callable[[list[str]], object]


def last_match(job: dict[str, Any]) -> Step:
    """Return what takes the last match of a pattern: its first group, where it has one."""
    pattern = re.compile(job["pattern"], re.IGNORECASE)

    def step(texts: list[str]) -> object:
        found = None
        for found in pattern.finditer(texts[0]):  # noqa: B007
            pass
        if found is None:
            return None
        return found[1] if pattern.groups and found[1] is not None else found[0]

    return step


def searched(job: dict[str, Any]) -> Step:
    """Return what says whether a pattern is met: the job's own, or the one that comes with the text."""
    own = job.get("pattern")

    def step(texts: list[str]) -> object:
        pattern = texts[1] if own is None else own
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return {"unreadable": str(error)}
        met = compiled.fullmatch(texts[0]) if job["whole"] else compiled.search(texts[0])
        return met is not None

    return step


def validated(job: dict[str, Any]) -> Step:
    """Return what names the first fault of a JSON text under a schema; None where it has none."""
    from jsonschema import exceptions, validators
    from referencing.exceptions import Unresolvable

    kind = validators.validator_for(job["schema"], default=validators.Draft202012Validator)
    # A registry of its own, which holds the dialects: without one the library fetches what a schema refers to.
    validator = kind(job["schema"], registry=validators.SPECIFICATIONS)

    def step(texts: list[str]) -> object:
        try:
            error = exceptions.best_match(validator.iter_errors(json.loads(texts[0])))
        except Unresolvable as error:
            return {"unresolvable": str(error)}
        except RecursionError:
            return "it nests too deep to be checked"
        if error is None:
            return None
        return f"{error.json_path[:80]}: breaks {error.validator}"

    return step


STEPS: dict[str, Callable[[dict[str, Any]], Step]] = {
    "last-match": last_match,
    "search": searched,
    "schema": validated,
}


def main() -> None:
    """Answer line by line until the input ends."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # Not everywhere is there such a limit; the time limit is the other side's.
    job = json.loads(sys.stdin.readline())
    step = STEPS[job["step"]](job)
    # The clock of the first text starts when everything is imported.
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        try:
            said: object = {"said": step(json.loads(line))}
        except MemoryError:
            said = {"gave_up": "it takes more memory than a check may have"}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

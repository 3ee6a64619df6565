"""The process in which a check runs: a line in, a line out, until the input ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(job: str) -> None:
    """Judge each line of the input: a JSON object with input and output."""
    from assay.judge.check import Item
    from assay.judge.rules import CheckSettings, check_named

    told = json.loads(job)
    schema = told["schema"]
    check = check_named(
        told["check"],
        settings=CheckSettings(
            pattern=told["pattern"],
            whole=told["whole"],
            schema=None if schema is None else Path(schema),
        ),
    )
    # What a check may print goes nowhere: the first output is the protocol's.
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    replies.write("{}\n")
    replies.flush()
    for line in sys.stdin.buffer:
        texts = json.loads(line)
        try:
            said = check.judge_all([Item(output=texts["output"], input=texts["input"])])[0]
            reply: dict[str, object] = {"wrong": said.wrong, "note": said.note}
        except Exception as error:
            reply = {"wrong": None, "note": type(error).__name__}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main(sys.argv[1])

"""Stand in for the person who labels a draw: fill its verdicts from a file of truth.

A real draw is filled by people. Where the right answers are known, as at the made-up desk beside
this file, this does their part, and it looks at the truth of the drawn rows only.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

_NEEDED: Final = ("trace_id", "verdict")


class AnswerError(Exception):
    """What is wrong with the input, in one line."""


def _text(path: Path) -> TextIO:
    """Open a text file, compressed or not."""
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8")
    return path.open(encoding="utf-8")


def read_truth(path: Path) -> dict[str, bool]:
    """Read which traces are wrong from verdict lines with an error_probability of 0 or 1."""
    wrong: dict[str, bool] = {}
    with _text(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                verdict = json.loads(line)
                trace_id, probability = verdict["trace_id"], verdict["error_probability"]
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise AnswerError(
                    f"{path}:{number}: not a verdict line with trace_id and error_probability"
                ) from error
            if probability not in (0, 1):
                raise AnswerError(
                    f"{path}:{number}: error_probability of truth is 0 or 1, not {probability!r}"
                )
            wrong[trace_id] = bool(probability)
    return wrong


def filled(draw: TextIO, name: str, wrong: dict[str, bool]) -> Iterator[list[str]]:
    """Yield the header and the rows of a draw, each empty verdict filled with right or wrong.

    All other columns, their order, and verdicts that are already there stay as they are.
    """
    rows = csv.reader(draw)
    header = next(rows, [])
    missing = [column for column in _NEEDED if column not in header]
    if missing:
        raise AnswerError(f"{name}:1: no column {' and no column '.join(missing)} in the draw")
    trace_at, verdict_at = (header.index(column) for column in _NEEDED)
    yield header
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise AnswerError(
                f"{name}:{rows.line_num}: {len(row)} fields where the header has {len(header)}"
            )
        if not row[verdict_at].strip():
            if row[trace_at] not in wrong:
                raise AnswerError(
                    f"{name}:{rows.line_num}: trace {row[trace_at]!r} is not in the truth file"
                )
            row[verdict_at] = "wrong" if wrong[row[trace_at]] else "right"
        yield row


def main() -> int:
    """Read the command line and fill the draw."""
    parser = argparse.ArgumentParser(
        description="Fill the empty verdicts of a draw (CSV) from truth; the result is on stdout.",
        epilog="example: python examples/answer.py draw.csv examples/desk/truth.jsonl.gz > done.csv",
    )
    parser.add_argument("draw", type=Path, help="CSV with the columns trace_id and verdict")
    parser.add_argument("truth", type=Path, help="verdict lines (.jsonl or .jsonl.gz)")
    options = parser.parse_args()
    try:
        wrong = read_truth(options.truth)
        # utf-8-sig: a spreadsheet may have put a mark in front of the first column's name.
        with options.draw.open(encoding="utf-8-sig", newline="") as draw:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            for row in filled(draw, str(options.draw), wrong):
                writer.writerow(row)
    except (AnswerError, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Assay's own lines: traces and verdicts, each counted, each with its place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import zstandard

from assay.ledger.ingest.assay_lines import ASSAY_LINES
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Record, Rejected, Tally
from assay.ledger.ingest.source import ReadOptions, Source

Writer = Callable[[str, str | bytes], Path]
TRACE = {"task_id": "t1", "system": "m", "output": "yes"}
VERDICT = {"trace_id": "a", "judge": "ada", "judge_kind": "person", "error_probability": 1}


def text(*rows: Mapping[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_traces_and_verdicts_in_any_order(write: Writer) -> None:
    source = Source(
        write("runs.jsonl", text(VERDICT, TRACE, TRACE | {"trace_id": "a", "topic": "x"}))
    )
    verdict, first, second = ASSAY_LINES.read(source, ReadOptions())
    assert isinstance(verdict, Record)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert verdict.verdicts[0]["error_probability"] == 1
    assert first.traces[0]["trace_id"] == f"{source.content_hash}-2"
    assert first.traces[0]["source"] == f"{source.content_hash}:2"
    assert second.traces[0]["trace_id"] == "a"
    assert second.traces[0]["tags"] == '{"topic":"x"}'


def test_bad_lines_are_refused_with_their_place(write: Writer) -> None:
    data = text(TRACE) + "\n{oops\n" + text(TRACE | {"at": "soon"}, TRACE)
    items = list(ASSAY_LINES.read(Source(write("runs.jsonl", data)), ReadOptions()))
    assert [type(item) for item in items] == [Record, Blank, Rejected, Rejected, Record]
    syntax, time = items[2], items[3]
    assert isinstance(syntax, Rejected)
    assert isinstance(time, Rejected)
    assert (syntax.line, syntax.offset, syntax.excerpt) == (3, len(text(TRACE)) + 1, "{oops")
    assert "`at` must be a time" in time.reason


def test_what_the_user_says_fills_what_the_file_leaves_open(write: Writer) -> None:
    rows = text({"task_id": 1, "output": "yes"}, TRACE)
    options = ReadOptions(system="mine", version="2", origin="exam")
    first, second = ASSAY_LINES.read(Source(write("runs.jsonl", rows)), options)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert [first.traces[0][n] for n in ("system", "version", "origin")] == ["mine", "2", "exam"]
    assert second.traces[0]["system"] == "m"


def test_a_cut_off_file_keeps_what_stands_before_the_cut(write: Writer) -> None:
    rows = "".join(text(TRACE | {"output": str(n**9)}) for n in range(3_000)).encode()
    for name, data in (
        ("runs.jsonl.gz", gzip.compress(rows)[:-100]),
        ("runs.jsonl.zst", zstandard.ZstdCompressor().compress(rows)[:-100]),
    ):
        tally = Tally()
        items = list(ASSAY_LINES.read(Source(write(name, data)), ReadOptions()))
        for item in items:
            tally.add(item)
        assert tally.accepted > 1_000
        assert tally.rejected == 1
        assert isinstance(items[-1], Rejected)
        assert items[-1].line == tally.lines
        assert "cut off" in items[-1].reason


def test_what_is_recognised() -> None:
    def known(data: str) -> bool:
        return ASSAY_LINES.recognises(Head(data.encode(), "x.jsonl"))

    assert known(text(TRACE))
    assert known("rubbish\n\n" + text(VERDICT))
    assert known("\ufeff" + text(TRACE))
    assert not known(text({"task_id": 1, "model": "m", "output": "yes"}))
    assert not known(text(TRACE | {"correct": True}))
    assert not known("")

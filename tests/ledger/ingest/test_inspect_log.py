"""Inspect logs: each field where it belongs, and nothing guessed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assay.errors import BadInput
from assay.ledger.ingest.inspect_log import INSPECT_EVAL, INSPECT_JSON
from assay.ledger.ingest.inspect_sample import null_for_not_finite
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Item, Record, Rejected, Row, Tally
from assay.ledger.ingest.source import ReadOptions, Source
from ledger.ingest.archive_bytes import (
    DEFLATED,
    STORED,
    ZSTANDARD,
    Member,
    archive,
    as_json,
    header,
    log,
    sample,
    sample_member,
)


def _read(path: Path, options: ReadOptions | None = None) -> list[Item]:
    source = Source(path)
    head = Head(source.head(), path.name)
    (reader,) = [reader for reader in (INSPECT_EVAL, INSPECT_JSON) if reader.recognises(head)]
    return list(reader.read(source, options or ReadOptions()))


def _log(tmp_path: Path, data: bytes, options: ReadOptions | None = None) -> list[Item]:
    path = tmp_path / "log.eval"
    path.write_bytes(data)
    return _read(path, options)


def _one(tmp_path: Path, method: int = DEFLATED, **changed: Any) -> Record:
    (item,) = _log(
        tmp_path,
        log([sample_member(1, as_json(sample(1, **changed)), method=method)], method=method),
    )
    assert isinstance(item, Record), item
    return item


def _trace(tmp_path: Path, **changed: Any) -> Row:
    (row,) = _one(tmp_path, **changed).traces
    return row


def _tags(row: Row) -> dict[str, str]:
    tags: dict[str, str] = json.loads(str(row["tags"]))
    return tags


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
def test_whole_sample(tmp_path: Path, method: int) -> None:
    record = _one(tmp_path, method)
    (trace,), (verdict,) = record.traces, record.verdicts
    assert {k: v for k, v in trace.items() if v is not None} == {
        "trace_id": "uuid1",
        "task_id": "parity/1",
        "system": "vendor/m",
        "version": "",
        "epoch": 1,
        "at": 1_795_360_705_000_000,
        "input": "Is 1 even?",
        "output": "Yes",
        "answer": "Yes",
        "reference": "Yes",
        "latency_seconds": 2.4,
        "prompt_tokens": 64,
        "completion_tokens": 2,
        "origin": "exam",
        "tags": '{"run_id":"run1","task":"pack/parity","topic":"parity"}',
        "source": trace["source"],
    }
    assert {k: v for k, v in verdict.items() if v is not None} == {
        "trace_id": "uuid1",
        "judge": "match",
        "judge_kind": "check",
        "error_probability": 0.0,
        "note": "as the target",
        "at": 1_795_360_705_000_000,
        "source": trace["source"],
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("C", 0.0),
        ("I", 1.0),
        ("P", 0.5),
        ("N", 1.0),
        (True, 0.0),
        (False, 1.0),
        (1, 0.0),
        (0, 1.0),
        (0.25, 0.75),
    ],
)
def test_value_that_says_right_or_wrong(tmp_path: Path, value: object, expected: float) -> None:
    (verdict,) = _one(tmp_path, scores={"s": {"value": value}}).verdicts
    assert verdict["error_probability"] == expected
    assert verdict["kind"] == ("no_answer" if value == "N" else None)


@pytest.mark.parametrize("value", [2, -1, "B", "0.5", [1], {"a": 1}, 1e9])
def test_value_that_does_not_say_is_kept_as_a_tag(tmp_path: Path, value: object) -> None:
    record = _one(tmp_path, scores={"s": {"value": value}})
    assert record.verdicts == ()
    told = _tags(record.traces[0])["score.s"]
    assert (
        told == (value if isinstance(value, str) else json.dumps(value, separators=(",", ":")))
        or value == 1e9
    )


def test_not_scored_is_no_verdict(tmp_path: Path) -> None:
    body = as_json(
        sample(
            1,
            scores={
                "a": {"value": float("nan")},
                "b": {"value": None},
                "c": None,
                "d": {"value": "I"},
            },
        )
    )
    assert b"NaN" in body
    (item,) = _log(tmp_path, log([sample_member(1, body)]))
    assert isinstance(item, Record)
    assert [(row["judge"], row["error_probability"]) for row in item.verdicts] == [("d", 1.0)]
    assert not [name for name in _tags(item.traces[0]) if name.startswith("score.")]


def test_not_finite_inside_of_a_string_stays() -> None:
    text = json.dumps({"a": 'x\\" NaN, "', "b": "Infinity\\", "c": "-Infinity"}).encode()
    assert null_for_not_finite(text) == text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("match", "check"),
        ("model_graded_qa", "model"),
        ("my_LLM_scorer", "model"),
        ("judge", "model"),
        ("f1", "check"),
    ],
)
def test_judge_kind(tmp_path: Path, name: str, kind: str) -> None:
    (verdict,) = _one(tmp_path, scores={name: {"value": "C"}}).verdicts
    assert verdict["judge_kind"] == kind


def test_long_explanation_is_cut(tmp_path: Path) -> None:
    (verdict,) = _one(tmp_path, scores={"s": {"value": "C", "explanation": "x" * 9_000}}).verdicts
    assert len(str(verdict["note"])) == 2_000


def test_sample_with_an_error(tmp_path: Path) -> None:
    record = _one(tmp_path, error={"message": "boom", "traceback": "..."}, scores=..., output=...)
    assert record.verdicts == ()
    assert record.traces[0]["output"] == ""
    assert _tags(record.traces[0])["error"] == "boom"


def test_sample_that_met_a_limit(tmp_path: Path) -> None:
    row = _trace(tmp_path, limit={"type": "token", "limit": 100}, invalidation={"author": "me"})
    assert _tags(row)["limit"] == "token"
    assert _tags(row)["invalidated"] == "true"


def test_chat_as_input(tmp_path: Path) -> None:
    image = {"type": "image", "image": "data:..."}
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, image]},
    ]
    assert _trace(tmp_path, input=chat)["input"] == "system: Be brief.\nuser: Hi\n[image]"
    assert _trace(tmp_path, input=chat[:1])["input"] == "Be brief."


def test_choices_are_part_of_what_was_asked(tmp_path: Path) -> None:
    assert _trace(tmp_path, choices=["one", "two"])["input"] == "Is 1 even?\n\nA) one\nB) two"


@pytest.mark.parametrize(
    ("target", "expected"),
    [("a", "a"), ("", None), (["a"], "a"), (["a", "b"], '["a","b"]'), ([], None)],
)
def test_reference(tmp_path: Path, target: object, expected: str | None) -> None:
    assert _trace(tmp_path, target=target)["reference"] == expected


def test_reasoning_is_kept_apart_from_the_output(tmp_path: Path) -> None:
    parts = [
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "reasoning", "reasoning": "gAAA", "redacted": True},
    ]
    content = [*parts, {"type": "text", "text": "Yes"}]
    row = _trace(
        tmp_path, output={"choices": [{"message": {"role": "assistant", "content": content}}]}
    )
    assert (row["output"], row["reasoning"]) == ("Yes", "hm")


def test_cached_tokens_are_read_tokens(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "input_tokens_cache_read": 100,
        "input_tokens_cache_write": 7,
    }
    apart = _trace(
        tmp_path, model_usage={"vendor/m": usage | {"total_tokens": 122, "total_cost": 0.25}}
    )
    assert (apart["prompt_tokens"], apart["completion_tokens"], apart["cost_usd"]) == (117, 5, 0.25)
    # Old logs of OpenAI's models count them in: the total tells.
    within = _trace(
        tmp_path, model_usage={"vendor/m": usage | {"input_tokens": 110, "total_tokens": 115}}
    )
    assert within["prompt_tokens"] == 110


def test_cost_of_nothing_is_unknown(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "total_cost": 0.0}
    assert _trace(tmp_path, model_usage={"vendor/m": usage})["cost_usd"] is None


def test_tokens_and_time_of_a_grader_are_not_the_systems(tmp_path: Path) -> None:
    total = {"vendor/m": {"input_tokens": 900, "output_tokens": 90, "total_tokens": 990}}
    graded = {"model_graded_fact": {"value": "C"}}
    alone = _trace(tmp_path, model_usage=total, scores=graded)
    assert (alone["prompt_tokens"], alone["completion_tokens"], alone["latency_seconds"]) == (
        64,
        2,
        0.2,
    )
    twice = [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert (
        _trace(tmp_path, model_usage=total, scores=graded, messages=twice)["prompt_tokens"] == 900
    )
    assert _trace(tmp_path, model_usage=total)["prompt_tokens"] == 900


def test_only_small_scalars_of_the_metadata_are_tags(tmp_path: Path) -> None:
    metadata = {
        "level": 5,
        "ok": True,
        "task": "x",
        "list": [1],
        "none": None,
        "long": "x" * 2_000,
        "late": 1,
    }
    tags = _tags(_trace(tmp_path, metadata=metadata))
    assert tags == {
        "level": "5", "ok": "true", "metadata.task": "x", "run_id": "run1", "task": "pack/parity"
    }  # fmt: skip


def test_repeated_uuid_keeps_both_samples(tmp_path: Path) -> None:
    items = _log(
        tmp_path, log([sample_member(n, as_json(sample(n, uuid="same"))) for n in (1, 2, 3)])
    )
    ids = [str(item.traces[0]["trace_id"]) for item in items if isinstance(item, Record)]
    assert ids[0] == "same"
    assert len(set(ids)) == 3
    assert [item.verdicts[0]["trace_id"] for item in items if isinstance(item, Record)] == ids


def test_attachments_are_put_back(tmp_path: Path) -> None:
    row = _trace(
        tmp_path,
        input="attachment://abc",
        output={"completion": "tc://def"},
        attachments={"abc": "the long question", "def": "the long answer"},
    )
    assert (row["input"], row["output"]) == ("the long question", "the long answer")


def test_chunked_sample_beside_a_whole_one(tmp_path: Path) -> None:
    shell = sample(
        "a/b",
        epoch=2,
        uuid="chunked",
        input="attachment://2",
        messages=...,
        metadata=...,
        attachments=...,
    )
    prefix = "samples/a/b_epoch_2/"
    parts = [
        Member(prefix + "attachments/0.json", b'["zero", "one"]'),
        Member(prefix + "messages/0.json", b"[]"),
        Member(prefix + "events/stats.json", b"{}"),
        Member(prefix + "sample.json", as_json(shell | {"message_refs": [[0, 2]]})),
        Member(prefix + "metadata.json", b'{"topic": "chunks"}'),
        Member(prefix + "attachments/2.json", b'["two"]'),
    ]
    items = _log(tmp_path, log([sample_member(1), *parts]))
    whole, chunked = (item.traces[0] for item in items if isinstance(item, Record))
    assert whole["trace_id"] == "uuid1"
    assert (chunked["task_id"], chunked["epoch"], chunked["input"]) == ("parity/a/b", 2, "two")
    assert _tags(chunked)["topic"] == "chunks"
    assert len(items) == 2


def test_summaries_where_there_are_no_samples(tmp_path: Path) -> None:
    summary = sample(1, output=..., error="boom", limit="time") | {"completed": True}
    running = sample(2, output=..., scores={}) | {"completed": False}
    journal = [
        Member(f"_journal/summaries/{n}.json", as_json([s]))
        for n, s in ((10, running), (2, summary))
    ]
    items = _log(tmp_path, log([], *journal))
    assert [len(item.traces) for item in items if isinstance(item, Record)] == [1, 0]
    (first, _) = items
    assert isinstance(first, Record)
    assert first.traces[0]["output"] == "Yes"
    assert _tags(first.traces[0])["content"] == "no output in the log"
    assert first.verdicts[0]["error_probability"] == 0.0
    preferred = _log(tmp_path, log([], Member("summaries.json", as_json([summary] * 3)), *journal))
    assert _counts(preferred) == (3, 0)


def _counts(items: list[Item]) -> tuple[int, int]:
    tally = Tally()
    for item in items:
        tally.add(item)
    return tally.accepted, tally.rejected


def test_broken_sample_is_refused_by_itself(tmp_path: Path) -> None:
    items = _log(
        tmp_path,
        log([sample_member(1), sample_member(2, b'{"id": 2, "epoch": "x"}'), sample_member(3)]),
    )
    assert _counts(items) == (2, 1)
    bad = items[1]
    assert isinstance(bad, Rejected)
    assert (bad.line, bad.part, bad.excerpt) == (
        2,
        "samples/2_epoch_1.json",
        '{"id": 2, "epoch": "x"}',
    )
    assert "$.epoch" in bad.reason


def test_log_that_was_broken_off_has_only_the_journals_start(tmp_path: Path) -> None:
    start = Member("_journal/start.json", as_json(header()))
    (item,) = _log(tmp_path, archive([start, sample_member(1)]))
    assert isinstance(item, Record)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("gsm8k", "gsm8k/1"),
        ("inspect_evals/gsm8k", "gsm8k/1"),
        ("evals/math.py@gsm8k", "gsm8k/1"),
        ("a/gsm8k.py", "gsm8k/1"),
    ],
)
def test_task_id_is_the_same_however_the_task_was_called(
    tmp_path: Path, task: str, expected: str
) -> None:
    (item,) = _log(tmp_path, log([sample_member(1)], head=as_json(header(task=task))))
    assert isinstance(item, Record)
    assert item.traces[0]["task_id"] == expected


def test_log_without_a_model(tmp_path: Path) -> None:
    data = log([sample_member(1)], head=as_json(header(model="none/none")))
    with pytest.raises(BadInput, match="does not say which model") as caught:
        _log(tmp_path, data)
    assert "--system NAME" in caught.value.next_command
    (item,) = _log(tmp_path, data, ReadOptions(system="my agent", version="7", origin="probe"))
    assert isinstance(item, Record)
    assert [item.traces[0][k] for k in ("system", "version", "origin")] == [
        "my agent",
        "7",
        "probe",
    ]


def test_json_log_with_an_old_single_score(tmp_path: Path) -> None:
    old = sample(1, scores=..., score={"value": "I"}, uuid=..., completed_at=..., started_at=...)
    path = tmp_path / "log.json"
    body = header() | {"results": {"scorer": {"name": "includes"}, "metrics": {}}, "samples": [old]}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(body, indent=2).encode())
    (item,) = _read(path)
    assert isinstance(item, Record)
    assert item.traces[0]["trace_id"] == Source(path).row_id(1)
    assert item.traces[0]["at"] == 1_795_360_700_000_000
    assert [(row["judge"], row["error_probability"]) for row in item.verdicts] == [
        ("includes", 1.0)
    ]


def test_json_log_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.ledger.ingest.inspect_log.MAX_JSON_BYTES", 2**20)
    path = tmp_path / "log.json"
    path.write_bytes(as_json(header() | {"samples": []}) + b" " * 2**20)
    with pytest.raises(BadInput, match=r"convert it to \.eval") as caught:
        _read(path)
    assert "inspect log convert" in caught.value.next_command


def test_order_of_reading_is_the_order_of_the_file(tmp_path: Path) -> None:
    items = _log(tmp_path, log([sample_member(n) for n in (3, 1, 2)]))
    assert [item.traces[0]["task_id"] for item in items if isinstance(item, Record)] == [
        "parity/3", "parity/1", "parity/2"
    ]  # fmt: skip
    assert [item.line for item in items] == [1, 2, 3]


def test_log_of_the_benchmark_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "made.eval"
    script = Path(__file__).parents[3] / "bench" / "make_inspect_log.py"
    subprocess.run([sys.executable, script, path, "--samples", "300"], check=True)
    items = _read(path)
    assert _counts(items) == (300, 0)
    assert len({item.traces[0]["trace_id"] for item in items if isinstance(item, Record)}) == 300

"""Real Inspect logs, 2024 to 2026, with the numbers counted apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.ledger.ingest.inspect_log import INSPECT_EVAL, INSPECT_JSON
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Item, Record
from assay.ledger.ingest.source import ReadOptions, Source

# Counted by a script of its own, with json and zipfile: samples, verdicts, sum of error probabilities, tokens in, out.
EXPECTED = {
    "2024-11-05T13-31-45-05-00_input-task_8zXjbRzCWrL9GXiXo2vus9.json": (1, 1, 0, 53, 46),
    "2024-11-05T13-32-37-05-00_input-task_hxs4q9azL3ySGkjJirypKZ.eval": (1, 1, 0, 52, 61),
    "2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval": (10, 0, 0, 620, 20),
    "2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval": (10, 10, 2, 620, 20),
    "2025-05-12T20-27-36-04-00_browser.json": (1, 1, 0, 15_235, 281),
    "2025-05-12T20-28-13-04-00_no-samples.json": (0, 0, 0, 0, 0),
    "2025-05-12T20-28-13-04-00_popularity.json": (3, 3, 1, 192, 6),
    "2025-05-12T20-28-26-04-00_security-guide.json": (3, 3, 0, 182, 49),
    "custom.eval": (1, 1, 0, 52, 61),
    "generated_0.3.285_zstd_1000.eval": (1_000, 1_000, 664, 64_000, 2_000),
    "ignore.json": (1, 1, 0, 53, 46),
    "log_formats.eval": (1, 1, 1, 66, 2),
    "log_formats.json": (1, 1, 1, 66, 2),
    "log_images.json": (1, 1, 1, 323, 3),
    "log_images_tc.json": (1, 1, 1, 323, 5),
    "log_length_stop_reason.txt": (1, 1, 1, 12, 1),
    "log_message_deduplication.eval": (1, 1, 1, 0, 0),
    "log_read_sample.eval": (1, 1, 0, 66, 3),
    "log_read_sample.json": (1, 1, 0, 66, 3),
    "log_streaming.eval": (4, 4, 1, 252, 6),
    "log_tool_call_error.json": (1, 0, 0, 0, 0),
    "log_valid.txt": (0, 0, 0, 0, 0),
    "log_version_3.txt": (0, 0, 0, 0, 0),
    "log_with_nan.txt": (0, 0, 0, 0, 0),
    "mmlu-no-summary-choices.eval": (1, 1, 1, 153, 3),
    "mmlu-summary-choices.eval": (1, 1, 1, 153, 3),
}


def _read(path: Path, options: ReadOptions | None = None) -> list[Item]:
    source = Source(path)
    head = Head(source.head(), path.name)
    (reader,) = [reader for reader in (INSPECT_EVAL, INSPECT_JSON) if reader.recognises(head)]
    return list(reader.read(source, options or ReadOptions()))


@pytest.mark.shared_data
@pytest.mark.parametrize("name", EXPECTED)
def test_real_log(name: str, shared_data: Path) -> None:
    records = [
        item
        for item in _read(shared_data / "fixtures" / "inspect" / name)
        if isinstance(item, Record)
    ]
    traces = [row for record in records for row in record.traces]
    verdicts = [row for record in records for row in record.verdicts]
    counted = (
        len(traces),
        len(verdicts),
        sum(float(str(row["error_probability"])) for row in verdicts),
        sum(int(str(row["prompt_tokens"] or 0)) for row in traces),
        sum(int(str(row["completion_tokens"] or 0)) for row in traces),
    )
    assert counted == EXPECTED[name]
    assert len({row["trace_id"] for row in traces}) == len(traces)
    assert len(records) == len(_read(shared_data / "fixtures" / "inspect" / name))


@pytest.mark.shared_data
def test_every_real_log_is_expected_or_no_log(shared_data: Path) -> None:
    others = {path.name for path in (shared_data / "fixtures" / "inspect").iterdir()} - set(
        EXPECTED
    )
    assert others == {"LICENSE", "log_invalid.txt"}
    for name in others:
        head = Head((shared_data / "fixtures" / "inspect" / name).read_bytes()[:65_536], name)
        assert not INSPECT_EVAL.recognises(head)
        assert not INSPECT_JSON.recognises(head)


@pytest.mark.shared_data
def test_same_log_in_both_formats_gives_the_same_rows(shared_data: Path) -> None:
    rows = [
        _read(shared_data / "fixtures" / "inspect" / f"log_formats.{kind}")[0]
        for kind in ("eval", "json")
    ]
    own = ("trace_id", "source")
    first, second = ({k: v for k, v in item.traces[0].items() if k not in own} for item in rows)  # type: ignore[union-attr]
    assert first == second

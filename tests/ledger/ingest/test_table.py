"""Tables of others: CSV, JSON Lines and Parquet, row by row, each with its line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.ledger.ingest.csv_rows import sniff
from assay.ledger.ingest.mapping import parse_mapping
from assay.ledger.ingest.record import Blank, Item, Record, Rejected, Tally
from assay.ledger.ingest.source import ReadOptions, Source
from assay.ledger.ingest.table import CSV, JSON_LINES, PARQUET, flatten

Writer = Callable[[str, str | bytes], Path]
HEAD = "id,model,response\n"


def csv_items(path: Path) -> list[Item]:
    return list(CSV.read(Source(path), ReadOptions()))


def kinds(items: list[Item]) -> list[tuple[int, str]]:
    return [(item.line, type(item).__name__) for item in items]


def outputs(items: list[Item]) -> list[object]:
    return [item.traces[0]["output"] for item in items if isinstance(item, Record)]


def test_a_row_has_the_line_on_which_it_begins(write: Writer) -> None:
    items = csv_items(write("a.csv", HEAD + '1,m,"two\nlines"\n\n2,m\n3,m,"say ""so"""\n'))
    assert kinds(items) == [(2, "Record"), (4, "Blank"), (5, "Rejected"), (6, "Record")]
    assert outputs(items) == ["two\nlines", 'say "so"']
    assert isinstance(items[2], Rejected)
    assert items[2].reason == "has 2 fields, the header has 3"
    assert items[2].offset == len(HEAD + '1,m,"two\nlines"\n\n')


def test_an_unclosed_quote_costs_one_row(write: Writer) -> None:
    rows = "".join(f"{n},m,a{n}\n" for n in range(300))
    items = csv_items(write("a.csv", HEAD + '0,m,"open\n' + rows))
    assert kinds(items)[:2] == [(2, "Rejected"), (3, "Record")]
    assert len(outputs(items)) == 300
    assert isinstance(items[0], Rejected)
    assert items[0].reason == "a quote that opens here is never closed"


def test_lines_from_inside_a_text_never_pass_for_rows(write: Writer) -> None:
    text = "First, we add.\nThen it is, well, four.\nNo comma here\nSo be it\n"
    items = csv_items(write("a.csv", HEAD + '1,m,ok\n2,m,"' + text))
    assert kinds(items) == [(2, "Record"), (3, "Rejected")]
    assert isinstance(items[1], Rejected)
    assert items[1].reason.endswith("(lines 3 to 6 are lost)")


def test_a_table_in_gzip_that_is_cut_off_keeps_its_rows(write: Writer) -> None:
    rows = "".join(f'{n},m,"a\n{n**5}"\n' for n in range(2_000))
    items = csv_items(write("a.csv.gz", gzip.compress((HEAD + rows).encode())[:-200]))
    assert len(outputs(items)) > 1_000
    assert [type(i) for i in items].count(Rejected) == 1
    assert isinstance(items[-1], Rejected)
    assert "cut off" in items[-1].reason


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["id", "model", "response"], ["1", "m", "yes, or no; maybe|never"], ["2", "m", "x"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + "\n"
    assert sniff(text)[:2] == (delimiter, 3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id,model,response,model\n1,m,a,b\n", "'model' stands twice"),
        ("model,response\nm,a\n", "what was asked"),
        ("id,response\n1,a\n", "which model, agent or people answered"),
        ("id,model\n1,m\n", "what was answered"),
        ("id,model,response,prediction\n1,m,a,b\n", "it could be `response`, `prediction`"),
    ],
)
def test_a_table_that_can_not_be_read_says_what_is_missing(
    write: Writer, text: str, reason: str
) -> None:
    with pytest.raises(BadInput) as caught:
        csv_items(write("a.csv", text))
    assert reason in caught.value.message


def test_a_missing_system_says_what_to_type(write: Writer) -> None:
    path = write("my runs.csv", "id,response\n1,a\n")
    with pytest.raises(BadInput) as caught:
        csv_items(path)
    assert "`id`" in caught.value.message
    assert caught.value.next_command.endswith("--map system=COLUMN, or --system NAME")
    assert f"'{path}'" in caught.value.next_command
    (item,) = CSV.read(Source(path), ReadOptions(system="mine"))
    assert isinstance(item, Record)
    assert item.traces[0]["system"] == "mine"


def test_nested_objects_have_dotted_names(write: Writer) -> None:
    row = '{"id": 1, "meta": {"model": "m", "topic": "x"}, "usage": {"prompt_tokens": 7}, "reply": "a", "l": [1]}\n'
    (item,) = JSON_LINES.read(Source(write("a.jsonl", row)), ReadOptions())
    assert isinstance(item, Record)
    trace = item.traces[0]
    assert (trace["system"], trace["prompt_tokens"]) == ("m", 7)
    assert trace["tags"] == '{"l":"[1]","meta.topic":"x"}'
    assert flatten({"a": {"b": {"c": 1}}, "d": {}}) == {"a.b.c": 1}


def test_a_name_that_stands_twice_is_refused(write: Writer) -> None:
    rows = '{"id": 1, "model": "m", "reply": "a"}\n{"id": 1, "model": "m", "reply": "a", "a.b": 1, "a": {"b": 2}}\n'
    items = list(JSON_LINES.read(Source(write("a.jsonl", rows)), ReadOptions()))
    assert kinds(items) == [(1, "Record"), (2, "Rejected")]


def test_a_column_that_comes_in_late_may_be_mapped(write: Writer) -> None:
    rows = (
        '{"id": 1, "model": "m", "reply": "a"}\n' * 10_000
        + '{"id": 2, "model": "m", "reply": "a", "ada": 1}\n'
    )
    tally = Tally()
    options = ReadOptions(parse_mapping("right.person=ada"))
    for item in JSON_LINES.read(Source(write("a.jsonl", rows)), options):
        tally.add(item)
    assert (tally.accepted, tally.verdicts) == (10_001, 1)


def parquet(path: Path) -> Path:
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    numbers = [1.0, 2.0, None, float("nan")]
    columns = {
        "id": Array([1.0, 2.0, None, 4.0], type=DataType.float64()),
        "model": Array(["m", "m", None, "m"], type=DataType.string()),
        "response": Array(["yes", "", None, "no"], type=DataType.string()),
        "latency": Array(numbers, type=DataType.float64()),
        "correct": Array([True, False, None, None], type=DataType.bool()),
        "day": Array([5, None, None, 7], type=DataType.int32()).cast(DataType.date32()),
        "created_at": Array(
            [1_690_000_000_000_000] * 2 + [None, 1_790_000_000_000_000], type=DataType.int64()
        ).cast(DataType.timestamp("us", tz="UTC")),
    }
    write_parquet(Table.from_pydict(columns), str(path))
    return path


def test_parquet(tmp_path: Path) -> None:
    items = list(PARQUET.read(Source(parquet(tmp_path / "a.parquet")), ReadOptions()))
    assert kinds(items) == [(1, "Record"), (2, "Record"), (3, "Blank"), (4, "Record")]
    first, second, _, last = items
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert isinstance(last, Record)
    assert first.traces[0]["task_id"] == "1"
    assert first.traces[0]["at"] == 1_690_000_000_000_000
    assert first.traces[0]["tags"] == '{"day":"1970-01-06"}'
    assert second.traces[0]["output"] == ""
    assert second.verdicts[0]["error_probability"] == 1.0
    assert last.traces[0]["latency_seconds"] is None
    assert last.verdicts == ()
    assert isinstance(items[2], Blank)


def test_a_damaged_parquet_file_ends_in_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = parquet(tmp_path / "a.parquet")
    whole = path.read_bytes()
    for place in range(4, len(whole), 11):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            for _ in PARQUET.read(Source(path), ReadOptions()):
                pass
        except BadInput as error:
            assert "\n" not in error.message  # noqa: PT017 - most flips do no harm that can be seen
    assert capfd.readouterr().err == ""


def test_llmdrift(shared_data: Path) -> None:
    source = Source(shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz")
    typed = "output=answer,system=model,task_id=id,input=query,reference=ref_answer,"
    typed += "latency_seconds=latency,cost_usd=cost"
    for options in (ReadOptions(), ReadOptions(parse_mapping(typed))):
        tally, latency = Tally(), 0.0
        for item in CSV.read(source, options):
            tally.add(item)
            if isinstance(item, Record) and item.traces[0]["system"] == "openaichat/gpt-4-0314":
                latency += float(str(item.traces[0]["latency_seconds"]))
                assert item.traces[0]["at"] is not None
        assert (tally.accepted, tally.rejected, tally.blank) == (4_000, 0, 0)
        assert latency / 1_000 == pytest.approx(8.02, abs=0.005)


def test_zeroeval(shared_data: Path) -> None:
    source = Source(shared_data / "zeroeval_gsm" / "answers.jsonl.gz")
    wrong: dict[str, float] = {}
    tally = Tally()
    for item in JSON_LINES.read(source, ReadOptions()):
        tally.add(item)
        if isinstance(item, Record):
            system = str(item.traces[0]["system"])
            wrong[system] = wrong.get(system, 0) + float(str(item.verdicts[0]["error_probability"]))
    assert (tally.accepted, tally.rejected, tally.verdicts) == (57_398, 0, 57_398)
    assert len(wrong) == 44
    # Published accuracies: 96.66 and 96.21.
    assert round(100 - wrong["claude-3-5-sonnet-20241022"] / 13.19, 2) == 96.66
    assert round(100 - wrong["gpt-4o-2024-08-06"] / 13.19, 2) == 96.21

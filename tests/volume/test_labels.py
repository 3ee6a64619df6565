"""Labels come back in whole or in part; what doesn't fit is refused by line, and nothing is lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.ledger.draw_labels import labels_of
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.labels import HEADER, list_of, take_labels
from volume.desk import Desk, answer, draw, fill


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger)


def test_the_list_is_blind_and_safe_to_open(desk: Desk) -> None:
    text = list_of(desk.ledger, [draw(desk)])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 200
    assert tuple(rows[0]) == HEADER
    assert all(row["output"].startswith("'=answer") for row in rows), (
        "a formula would run in a spreadsheet"
    )
    assert "second reading" not in text
    assert not any(row["verdict"] for row in rows)


def test_every_beginning_of_the_list_holds_every_stratum_in_proportion(desk: Desk) -> None:
    drawn = draw(desk)
    order = [row["trace_id"] for row in csv.DictReader(io.StringIO(list_of(desk.ledger, [drawn])))]
    for length in (20, 60, 120):
        beginning = set(order[:length])
        for stratum in drawn.strata:
            inside = [trace_id in beginning for trace_id in stratum.trace_ids]
            taken = sum(inside)
            assert all(inside[:taken]), "the beginning of a stratum's random order, without gaps"
            assert abs(taken - stratum.planned * length / 200) <= 1


def test_labels_come_back(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    report = answer(desk, drawn, tmp_path / "filled.csv")
    assert (report.taken, report.refused, report.draws) == (200, [], {drawn.draw_id: (200, 200)})
    labels = labels_of(desk.ledger, drawn.draw_id)
    assert {t: bool(label.wrong) for t, label in labels.items()} == {
        t: desk.wrong[t] for t in labels
    }


def test_a_partial_list_is_welcome_and_the_rest_later(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    report = answer(desk, drawn, tmp_path / "a.csv", first=70)
    assert (report.taken, report.empty) == (70, 130)
    report = answer(desk, drawn, tmp_path / "b.csv")
    assert (report.taken, report.unchanged) == (130, 70)


def test_a_changed_mind_is_the_newest_label(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv")
    trace_id = drawn.strata[0].trace_ids[0]
    desk.wrong[trace_id] = not desk.wrong[trace_id]
    assert answer(desk, drawn, tmp_path / "b.csv").taken == 1
    assert labels_of(desk.ledger, drawn.draw_id)[trace_id].wrong == desk.wrong[trace_id]


def table(desk: Desk, *changes: tuple[int, str, str]) -> str:
    rows = list(csv.reader(io.StringIO(list_of(desk.ledger, [draw(desk)]))))
    for row in rows[1:]:
        row[HEADER.index("verdict")] = "right"
    for line, column, value in changes:
        rows[line - 1][HEADER.index(column)] = value
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("verdict", "maybe", "right, wrong or unsure, got 'maybe'"),
        ("verdict", "0", "right, wrong or unsure"),
        ("draw_id", "draw-00000000", "no draw 'draw-00000000'"),
        ("trace_id", "desk-99999", "was not drawn"),
        ("severity", "9", "severity must be 1"),
    ],
)
def test_what_does_not_fit_is_refused_by_line_and_the_rest_taken(
    desk: Desk, write: Callable[..., Path], column: str, value: str, says: str
) -> None:
    report = take_labels(desk.ledger, write("f.csv", table(desk, (5, column, value))))
    assert report.taken == 199
    assert [(line, says in reason) for line, reason in report.refused] == [(5, True)]


def test_a_trace_twice_in_a_file_is_refused_the_second_time(
    desk: Desk, write: Callable[..., Path]
) -> None:
    first = list(csv.reader(io.StringIO(table(desk))))[1][HEADER.index("trace_id")]
    report = take_labels(desk.ledger, write("f.csv", table(desk, (9, "trace_id", first))))
    assert [(line, "first on line 2" in reason) for line, reason in report.refused] == [(9, True)]


def test_a_spreadsheets_way_of_writing_is_read(desk: Desk, write: Callable[..., Path]) -> None:
    rows = list(csv.reader(io.StringIO(table(desk))))
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    report = take_labels(desk.ledger, write("f.csv", b"\xef\xbb\xbf" + stream.getvalue().encode()))
    assert report.taken == 200


def test_unsure_is_neither_right_nor_wrong(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "f.csv", unsure=3)
    assert sum(label.wrong is None for label in labels_of(desk.ledger, drawn.draw_id).values()) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1,2\n", "draw_id, trace_id and verdict"),
        (b"", "draw_id"),
        (b"\xff\xfe\x00d", "UTF-8"),
        (b'draw_id,trace_id,verdict\n"x,y,z\n', "well-formed"),
    ],
)
def test_a_file_that_is_no_list_is_said(
    desk: Desk, write: Callable[..., Path], content: bytes, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        take_labels(desk.ledger, write("f.csv", content))


def test_ids_and_texts_of_any_kind_find_their_way_back(ledger: Ledger, tmp_path: Path) -> None:
    ids = ["=1", "'=1", "''=1", "a\nb", "a\rb", "a\r\nb", "+", "-x", " lead", "x" * 300]
    ledger.append("traces", [
        {"trace_id": t, "task_id": "t", "system": "desk", "version": "", "output": "long " * 50_000, "tags": "{}"}
        for t in ids
    ])  # fmt: skip
    desk = Desk(ledger, {t: i % 2 == 0 for i, t in enumerate(ids)}, Window("desk", ""))
    drawn = draw(desk, 10, judge=None)
    text = list_of(ledger, [drawn])
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for row, trace_id in zip(rows[1:], drawn.strata[0].trace_ids, strict=True):
        row[HEADER.index("verdict")] = "wrong" if desk.wrong[trace_id] else "right"
    with (tmp_path / "f.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    report = take_labels(ledger, tmp_path / "f.csv")
    assert (report.taken, report.refused) == (10, [])
    assert {t: bool(x.wrong) for t, x in labels_of(ledger, drawn.draw_id).items()} == desk.wrong


def test_two_people_who_agree_are_both_kept(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "f.csv")
    assert take_labels(desk.ledger, tmp_path / "f.csv", person="bob").taken == 200
    assert take_labels(desk.ledger, tmp_path / "f.csv", person="bob").taken == 0

"""The drawn sample: a known order, a list without the detector's word, and readings that must fit the draw."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.estimate.detector_precision import ReadSample
from assay.ledger.store import Ledger
from assay.probe.knows_kinds import Kind
from assay.probe.knows_sample import draw_flagged, kind_of_list, list_text, read_list
from probe.knows_ledgers import slip

FLAGGED = [f"t{n}" for n in range(12)]


@pytest.fixture
def listed(ledger: Ledger, tmp_path: Path) -> Path:
    rows = [slip(n) for n in range(12)]
    rows[3] |= {"reasoning": "=1+1 and \x1b[2J", "output": "-100"}
    ledger.append("traces", rows)
    path = tmp_path / "flagged.csv"
    draw = draw_flagged(FLAGGED, "d", labels=5, seed=7)
    path.write_text(list_text(ledger, draw), "utf-8", newline="")
    return path


def fill(path: Path, *readings: str) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, reading in zip(rows, readings, strict=False):
        row["reading"] = reading
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_draw_rests_on_the_seed_and_not_on_the_order() -> None:
    draw = draw_flagged(FLAGGED, "d", labels=5, seed=7)
    assert draw == draw_flagged(FLAGGED[::-1], "d", labels=5, seed=7)
    assert draw.trace_ids != draw_flagged(FLAGGED, "d", labels=5, seed=8).trace_ids
    # The first of a longer draw are those of a shorter one.
    assert draw_flagged(FLAGGED, "d", labels=9, seed=7).trace_ids[:5] == draw.trace_ids
    assert len(draw_flagged(FLAGGED, "d", labels=99, seed=7).trace_ids) == 12


def test_every_flagged_answer_has_the_same_chance() -> None:
    counts = dict.fromkeys(FLAGGED, 0)
    for seed in range(1200):
        for trace_id in draw_flagged(FLAGGED, "d", labels=3, seed=seed).trace_ids:
            counts[trace_id] += 1
    # 300 are expected of each, with a standard deviation of 15.
    assert max(abs(count - 300) for count in counts.values()) < 75


def test_the_list_shows_answers_and_not_what_the_detector_says(listed: Path) -> None:
    text = listed.read_text("utf-8")
    assert "slip" not in text
    with listed.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 5
    assert not any(cell.startswith(("=", "-", "+", "@")) for row in rows for cell in row.values())


def test_readings_are_counted_and_what_is_empty_is_unsure(listed: Path) -> None:
    fill(listed, "yes", " No ", "unsure", "", "YES")
    assert read_list(listed, FLAGGED, "d") == ReadSample(12, 5, 2, 2)


def test_an_empty_list_is_no_evidence(listed: Path) -> None:
    assert read_list(listed, FLAGGED, "d") == ReadSample(12, 0, 0)


@pytest.mark.parametrize(
    ("flagged", "detector"), [(FLAGGED[:-1], "d"), ([*FLAGGED, "t99"], "d"), (FLAGGED, "other")]
)
def test_readings_of_another_draw_are_refused(
    listed: Path, flagged: list[str], detector: str
) -> None:
    fill(listed, *["yes"] * 5)
    with pytest.raises(BadInput, match="not those that this list was drawn from"):
        read_list(listed, flagged, detector)


def test_a_list_that_was_cut_or_doubled_is_refused(listed: Path) -> None:
    fill(listed, *["yes"] * 5)
    lines = listed.read_text("utf-8").splitlines(keepends=True)
    listed.write_text("".join(lines[:-1]), "utf-8")
    with pytest.raises(BadInput, match="1 are missing"):
        read_list(listed, FLAGGED, "d")
    listed.write_text("".join([*lines, lines[-1]]), "utf-8")
    with pytest.raises(BadInput, match="once"):
        read_list(listed, FLAGGED, "d")


@pytest.mark.parametrize(
    "content",
    ["", "a,b\n1,2\n", "draw,trace_id,reading\nnothing,t1,yes\n", "draw,trace_id,reading\na-b-c,t1,yes\n"],
)  # fmt: skip
def test_another_file_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(BadInput):
        read_list(path, FLAGGED, "d")


def test_a_reading_that_is_none_is_refused(listed: Path) -> None:
    fill(listed, "maybe")
    with pytest.raises(BadInput, match="must be yes, no, unsure or empty"):
        read_list(listed, FLAGGED, "d")


def test_nothing_flagged_can_be_drawn_from() -> None:
    with pytest.raises(BadInput, match="nothing was flagged"):
        draw_flagged([], "d", labels=5, seed=7)


@pytest.mark.parametrize("seed", [-5, 0, 10**12])
@pytest.mark.parametrize("kind", [Kind.SLIP, Kind.FORMAT, Kind.DISPUTED])
def test_a_list_says_its_class_and_seed_in_the_name_of_its_draw(
    ledger: Ledger, tmp_path: Path, seed: int, kind: Kind
) -> None:
    ledger.append("traces", [slip(n) for n in range(12)])
    path = tmp_path / "flagged.csv"
    draw = draw_flagged(FLAGGED, "d", labels=3, seed=seed, kind=kind)
    path.write_text(list_text(ledger, draw), "utf-8", newline="")
    assert kind_of_list(path) is kind
    fill(path, "yes", "no", "unsure")
    assert read_list(path, FLAGGED, "d") == ReadSample(12, 3, 1, 1)


def test_a_list_put_together_from_two_draws_is_refused(listed: Path) -> None:
    fill(listed, *["yes"] * 5)
    text = listed.read_text("utf-8")
    listed.write_text(text.replace("-7-5,t", "-8-5,t").replace("-8-5,t", "-7-5,t", 1), "utf-8")
    with pytest.raises(BadInput, match="not those that this list was drawn from"):
        read_list(listed, FLAGGED, "d")


def test_a_list_whose_flagged_answers_are_gone_is_refused(listed: Path) -> None:
    with pytest.raises(BadInput, match="not those that this list was drawn from"):
        read_list(listed, [], "d")

"""Conversations, identical texts, money at risk and severity: from the file to the answer."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import arro3.core as arrow
import pytest
from deltalake import DeltaTable, Schema

from assay.errors import AssayError, BadInput, DrawError
from assay.ledger.as_of import LedgerAsOf
from assay.ledger.columns import ARROW
from assay.ledger.draws import StoredDraw, stored_draws
from assay.ledger.migrate import migrate
from assay.ledger.population import Window
from assay.ledger.schema import TABLES
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.certify import resolve
from assay.volume.draw import DrawRequest
from assay.volume.labels import LabelReport, list_of, take_labels
from assay.volume.measure import measure_volume
from assay.volume.question import VolumeQuestion
from assay.volume.reading import draw_second_reading
from assay.volume.result import SystemVolume
from assay.volume.unit_draw import UnitRequest, draw_units
from volume.desk import DAY, START, fill
from volume.desk import draw as draw_outputs

Row = dict[str, Any]


def talks(ledger: Ledger, *, conversations: int = 120, judge: bool = False) -> list[Row]:
    """Put conversations into a ledger: some questions come up again and again, amounts are heavy-tailed."""
    rng = random.Random(11)
    rows: list[Row] = []
    for number in range(conversations):
        rate = rng.betavariate(0.2, 1.3)
        for turn in range(1 + int(rng.expovariate(1 / 4))):
            asked = rng.randrange(30)
            again = rng.random() < 0.4
            wrong = asked % 5 == 0 if again else rng.random() < rate
            amount = f"{rng.lognormvariate(3, 1.5):.2f}"
            rows.append({
                "trace_id": f"t{len(rows):04d}", "task_id": "x", "system": "desk", "version": "", "epoch": 1,
                "at": START + round(len(rows) * DAY / 100), "conversation_id": f"c{number:03d}", "turn": turn,
                "input": f"question {asked if again else 1000 + len(rows)}",
                "output": "no" if wrong else "yes", "origin": "field", "source": "test",
                "tags": json.dumps({"caught": str(wrong and turn == 0).lower(), "order": amount},
                                   separators=(",", ":")),
                "cost_usd": float(amount) / 100,
            })  # fmt: skip
    ledger.append("traces", rows)
    if judge:
        ledger.append("verdicts", [
            {"trace_id": row["trace_id"], "judge": "reader", "judge_kind": "model", "source": "test",
             "error_probability": min(max(rng.gauss(0.7 if is_wrong(row) else 0.2, 0.2), 0.0), 1.0)}
            for row in rows
        ])  # fmt: skip
    return rows


def is_wrong(row: Mapping[str, Any]) -> bool:
    return str(row["output"]) == "no"


def units(
    ledger: Ledger, unit: Any, labels: int = 150, *, by: str | None = None, judge: str | None = None
) -> StoredDraw:
    request = DrawRequest(Window("desk", ""), labels, 7, judge)
    return draw_units(ledger, UnitRequest(request, unit, by))


def fill_in(
    ledger: Ledger,
    drawn: StoredDraw,
    path: Path,
    say: Callable[[int, Row], Mapping[str, str]] = lambda _, row: {},
) -> LabelReport:
    """Fill a list from the truth, but for what `say` says of a row, and take it back."""
    rows = list(csv.DictReader(io.StringIO(list_of(ledger, [drawn]))))
    for place, row in enumerate(rows):
        row["verdict"] = "wrong" if is_wrong(row) else "right"
        row.update(say(place, row))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return take_labels(ledger, path)


def volume(ledger: Ledger, **asked: Any) -> SystemVolume:
    return measure_volume(ledger, VolumeQuestion(**asked)).systems[0]


def known(quantity: Any) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_whole_conversations_are_listed_turn_after_turn(ledger: Ledger) -> None:
    rows = talks(ledger)
    drawn = units(ledger, "conversation", 60)
    listed = list(csv.DictReader(io.StringIO(list_of(ledger, [drawn]))))
    assert drawn.units is not None
    seen: list[str] = []
    for row in listed:
        if row["conversation_id"] not in seen:
            assert row["turn"] == "0"
            seen.append(row["conversation_id"])
        assert row["conversation_id"] == seen[-1]
    for conversation in seen:
        turns = [row["turn"] for row in listed if row["conversation_id"] == conversation]
        held = sum(row["conversation_id"] == conversation for row in rows)
        assert turns == [str(turn) for turn in range(held)]
    assert len(seen) == drawn.units.plan.planned
    assert 30 < len(listed) < 120
    assert units(ledger, "conversation", 60) == drawn
    assert "conversations of desk" in drawn.describe()
    strata: Any = drawn.to_json()["strata"]
    assert strata[0]["inclusion_probability"] is None


@pytest.mark.parametrize("judge", [None, "reader"])
def test_conversations_to_a_volume(ledger: Ledger, tmp_path: Path, judge: str | None) -> None:
    rows = talks(ledger, judge=True)
    drawn = units(ledger, "conversation", 150, judge=judge)
    fill_in(ledger, drawn, tmp_path / "filled.csv")
    answer = volume(ledger)
    errors = known(answer.errors)
    assert errors.low <= sum(map(is_wrong, rows)) <= errors.high < len(rows)
    assert (errors.guarantee, errors.n) == ("proved", len(drawn.strata[0].trace_ids))
    assert answer.units is not None
    assert answer.units.read == answer.units.planned
    effect = known(answer.units.design_effect)
    assert effect.value > 0
    assert effect.n == answer.units.read
    assert any("120 conversations are read in full" in note for note in answer.notes)
    escaped = sum(is_wrong(row) and '"caught":"false"' in row["tags"] for row in rows)
    per_day = known(answer.escaped_errors_per_day)
    in_window = len(rows) / known(answer.throughput_per_day).value
    assert per_day.low * in_window <= escaped <= per_day.high * in_window
    assert answer.to_json()["evidence"] == {
        "kind": "units", "draw_id": drawn.draw_id, "seed": 7, "planned": drawn.planned,
        "held_back": 0, "judge": judge, "people": ["person"],
    }  # fmt: skip


def test_a_conversation_counts_when_all_of_it_and_all_before_it_are_labeled(
    ledger: Ledger, tmp_path: Path
) -> None:
    talks(ledger)
    drawn = units(ledger, "conversation", 60)
    assert drawn.units is not None
    in_order = drawn.units.in_order()
    first, second = len(in_order[0]), len(in_order[1])
    gap = first + second
    fill_in(
        ledger, drawn, tmp_path / "a.csv",
        lambda place, _: {"verdict": "" if place in (0, gap) else "right"},
    )  # fmt: skip
    answer = volume(ledger)
    assert isinstance(answer.errors, Unknown)
    assert "first unit" in answer.errors.reason
    fill_in(
        ledger, drawn, tmp_path / "b.csv", lambda place, _: {"verdict": "" if place else "right"}
    )
    answer = volume(ledger)
    assert answer.units is not None
    assert (answer.units.read, answer.labels) == (2, first + second)
    assert any(f"{drawn.planned - gap - 1} labels wait" in note for note in answer.notes)
    assert answer.next_command == f"assay label {ledger.typed} FILLED.csv"


def test_a_copy_is_labeled_once_and_counts_as_often_as_it_was_given(
    ledger: Ledger, tmp_path: Path
) -> None:
    rows = talks(ledger)
    drawn = units(ledger, "text", 10_000)
    different = len({(row["input"], row["output"]) for row in rows})
    assert drawn.planned == different < len(rows)
    fill_in(ledger, drawn, tmp_path / "filled.csv")
    answer = volume(ledger)
    errors = known(answer.errors)
    assert errors.low == errors.high == sum(map(is_wrong, rows))
    assert (errors.guarantee, answer.labels) == ("exact", different)
    # A copy may have been caught, and another one not.
    assert isinstance(answer.escaped_errors_per_day, Unknown)


def test_a_sample_of_texts_holds_the_truth(ledger: Ledger, tmp_path: Path) -> None:
    rows = talks(ledger)
    fill_in(ledger, units(ledger, "text", 120), tmp_path / "filled.csv")
    errors = known(volume(ledger).errors)
    assert errors.low <= sum(map(is_wrong, rows)) <= errors.high


def test_the_order_can_be_computed_again_by_anyone(ledger: Ledger) -> None:
    rows = talks(ledger)
    drawn = units(ledger, "output", 40, by="order")

    def key(row: Row) -> float:
        digest = hashlib.sha256(f"7:{row['trace_id']}".encode()).hexdigest()
        uniform = (int(digest[:13], 16) + 0.5) / 2**52
        return -math.log(uniform) / float(json.loads(row["tags"])["order"])

    expected = [row["trace_id"] for row in sorted(rows, key=key)[:40]]
    assert list(drawn.strata[0].trace_ids) == expected


@pytest.mark.parametrize("name", ["order", "cost_usd"])
def test_money_in_wrong_outputs(ledger: Ledger, tmp_path: Path, name: str) -> None:
    rows = talks(ledger)
    scale = 1.0 if name == "order" else 0.01
    truth = scale * sum(float(json.loads(r["tags"])["order"]) for r in rows if is_wrong(r))
    drawn = units(ledger, "output", 120, by=name)
    fill_in(ledger, drawn, tmp_path / "filled.csv")
    answer = volume(ledger)
    assert answer.units is not None
    money, bound = known(answer.units.in_wrong_outputs), known(answer.units.stringer)
    at_most = known(answer.units.at_most)
    assert money.low <= truth <= money.high
    assert (money.unit, money.guarantee, bound.guarantee) == (name, "proved", "simulated")
    assert truth <= at_most.high < money.high
    assert truth <= bound.high
    per_day = known(answer.units.per_day)
    window = len(rows) / known(answer.throughput_per_day).value
    assert per_day.value * window == pytest.approx(money.value)
    # The errors are in the interval too, which is wide: small amounts are hardly ever drawn.
    errors = known(answer.errors)
    assert errors.low <= sum(map(is_wrong, rows)) <= errors.high


def change(ledger: Ledger, *amounts: str | None) -> None:
    tags = [
        "{}" if amount is None else json.dumps({"order": amount}, separators=(",", ":"))
        for amount in amounts
    ]
    ledger.append("traces", [
        {"trace_id": f"odd-{place}", "task_id": "x", "system": "desk", "version": "", "input": f"odd {place}",
         "output": "yes", "tags": said, "source": "odd"}
        for place, said in enumerate(tags)
    ])  # fmt: skip


def test_an_amount_that_is_unknown_is_counted_and_never_zero(
    ledger: Ledger, tmp_path: Path
) -> None:
    rows = talks(ledger)
    change(ledger, None, None, "0", "")
    drawn = units(ledger, "output", len(rows) + 50, by="order")
    fill_in(ledger, drawn, tmp_path / "filled.csv")
    answer = volume(ledger)
    assert answer.units is not None
    assert (answer.units.unknown_amounts, answer.units.zero_amounts) == (3, 1)
    assert any("3 outputs have no order" in note and "not zero" in note for note in answer.notes)
    # All that could be drawn is read: what is left open is what could not.
    errors = known(answer.errors)
    wrong = sum(map(is_wrong, rows))
    assert (errors.low, errors.high) == (wrong, wrong + 4)
    # Nor is it taken for right: the four are as wrong as the others.
    assert errors.value == pytest.approx(wrong * (1 + 4 / len(rows)))
    assert known(answer.units.in_wrong_outputs).guarantee == "exact"


@pytest.mark.parametrize(
    ("amount", "said"),
    [("-3", "must not be negative"), ("12 EUR", "'12 EUR'"), ("NaN", "'NaN'"), ("inf", "'inf'")],
)
def test_an_amount_that_can_not_be_one_is_refused(ledger: Ledger, amount: str, said: str) -> None:
    talks(ledger, conversations=5)
    change(ledger, amount)
    with pytest.raises(DrawError, match=said) as refused:
        units(ledger, "output", 5, by="order")
    assert refused.value.where == "trace odd-0"
    assert not stored_draws(ledger)


def test_what_can_not_be_drawn_is_refused(ledger: Ledger) -> None:
    talks(ledger, conversations=5)
    with pytest.raises(DrawError, match="no output has an amount 'price'"):
        units(ledger, "output", 5, by="price")
    with pytest.raises(DrawError, match="single outputs, not conversations"):
        units(ledger, "conversation", 5, by="order")
    with pytest.raises(DrawError, match="without --unit"):
        units(ledger, "output", 5)
    with pytest.raises(DrawError, match="no output of nobody"):
        draw_units(ledger, UnitRequest(DrawRequest(Window("nobody", ""), 5, 7), "text"))
    with pytest.raises(DrawError, match="--by makes strata"):
        draw_units(ledger, UnitRequest(DrawRequest(Window("desk", ""), 5, 7, None, ("a",)), "text"))


def test_what_is_made_for_single_outputs_refuses_whole_units(
    ledger: Ledger, tmp_path: Path
) -> None:
    talks(ledger, conversations=20)
    drawn = units(ledger, "conversation", 20)
    fill_in(ledger, drawn, tmp_path / "filled.csv")
    with pytest.raises(DrawError, match="single outputs"):
        draw_second_reading(ledger, drawn, seed=3)
    with pytest.raises(AssayError, match="certificate is of single outputs"):
        resolve(LedgerAsOf(ledger, {}), VolumeQuestion())


def test_a_draw_of_units_does_not_answer_before_an_ordinary_one_that_is_newer(
    ledger: Ledger, tmp_path: Path
) -> None:
    talks(ledger, conversations=40)
    whole = units(ledger, "conversation", 30)
    fill_in(ledger, whole, tmp_path / "whole.csv")
    single = units(ledger, "text", 30)
    fill_in(ledger, single, tmp_path / "single.csv")
    assert volume(ledger).to_json()["units"]["unit"] == "text"  # type: ignore[index]
    named = volume(ledger, draw_id=whole.draw_id)
    assert named.units is not None
    assert named.units.unit == "conversation"


WEIGHTS = "1=10,2=3,3=1"


def test_severity_of_an_ordinary_draw(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=600, error_rate=0.1)
    drawn = draw_outputs(desk, 250)
    heavy = {t: 1 + place % 3 for place, t in enumerate(t for t in desk.wrong if desk.wrong[t])}
    truth = sum({1: 10, 2: 3, 3: 1}[severity] for severity in heavy.values())

    def say(_: int, row: Row) -> dict[str, str]:
        wrong = desk.wrong[row["trace_id"]]
        severity = str(heavy[row["trace_id"]]) if wrong else ""
        return {"verdict": "wrong" if wrong else "right", "severity": severity}

    fill_in(ledger, drawn, tmp_path / "filled.csv", say)
    answer = volume(ledger, severity_weights=WEIGHTS)
    assert answer.severity is not None
    total = known(answer.severity.in_window)
    assert total.low <= truth <= total.high
    assert total.confidence_level == 0.95
    errors = known(answer.errors)
    assert errors.low < total.low < total.high < 10 * errors.high
    # All weights alike: the errors themselves.
    alike = volume(ledger, severity_weights="1=2,2=2,3=2").severity
    assert alike is not None
    assert known(alike.in_window).high == 2 * errors.high
    assert None not in answer.severity.found


@pytest.mark.parametrize("unit", ["output", "text"])
def test_severity_that_nobody_said_is_bounded_both_ways(
    ledger: Ledger, tmp_path: Path, unit: str
) -> None:
    desk = fill(ledger, traces=80, error_rate=0.2)
    # Everything is labeled: all that is left open is the severity of five.
    if unit == "output":
        drawn = draw_outputs(desk, 80, judge=None)
    else:
        drawn = draw_units(ledger, UnitRequest(DrawRequest(desk.window, 80, 7), "text"))
    wrong = [trace_id for trace_id in drawn.strata[0].trace_ids if desk.wrong[trace_id]]
    said = dict.fromkeys(wrong[5:], "2")

    def say(_: int, row: Row) -> dict[str, str]:
        bad = desk.wrong[row["trace_id"]]
        return {"verdict": "wrong" if bad else "right", "severity": said.get(row["trace_id"], "")}

    fill_in(ledger, drawn, tmp_path / "filled.csv", say)
    severity = volume(ledger, severity_weights=WEIGHTS).severity
    assert severity is not None
    total = known(severity.in_window)
    assert total.low == pytest.approx(3 * len(said) + 5 * 1)
    assert total.high == pytest.approx(3 * len(said) + 5 * 10)
    assert severity.found[None] == 5


def test_severity_waits_for_a_planned_look(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=400)
    drawn = draw_outputs(desk, 100)
    fill_in(
        ledger,
        drawn,
        tmp_path / "a.csv",
        lambda place, _: {"verdict": "" if place > 8 else "wrong"},
    )
    severity = volume(ledger, severity_weights=WEIGHTS).severity
    assert severity is not None
    assert isinstance(severity.in_window, Unknown)
    fill_in(
        ledger,
        drawn,
        tmp_path / "b.csv",
        lambda place, _: {"verdict": "" if place > 70 else "wrong"},
    )
    severity = volume(ledger, severity_weights=WEIGHTS).severity
    assert severity is not None
    total, errors = known(severity.in_window), known(volume(ledger).errors)
    # All are wrong and nobody said how badly.
    assert total.low <= errors.high
    assert total.high >= 10 * errors.low


def test_a_severity_that_comes_later_is_taken_and_a_blank_takes_nothing_back(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = fill(ledger, traces=40, error_rate=0.3)
    drawn = draw_outputs(desk, 20, judge=None)

    def say(severity: str) -> Callable[[int, Row], Mapping[str, str]]:
        return lambda place, _: {"verdict": "wrong", "severity": severity if place == 0 else ""}

    assert fill_in(ledger, drawn, tmp_path / "a.csv", say("")).taken == 20
    assert fill_in(ledger, drawn, tmp_path / "b.csv", say("2")).taken == 1
    assert fill_in(ledger, drawn, tmp_path / "c.csv", say("")).unchanged == 20
    severity = volume(ledger, severity_weights=WEIGHTS).severity
    assert severity is not None
    assert severity.found == {2: 1, None: 19}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1=10,2=3", "3 missing"),
        ("1=10,2=3,4=1", "1, 2, 3"),
        ("1=10,1=3,3=1", "1, 2, 3"),
        ("worst=10", "as 1=10,2=3,3=1"),
        ("1=-1,2=3,3=1", "0 or more"),
        ("1=nan,2=3,3=1", "0 or more"),
        ("1=0,2=0,3=0", "at least one"),
    ],
)
def test_weights_that_are_none_are_refused(ledger: Ledger, text: str, said: str) -> None:
    fill(ledger, traces=10)
    with pytest.raises(BadInput, match=said):
        volume(ledger, severity_weights=text)


def test_a_ledger_without_the_columns_of_units_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "old.ledger"
    path.mkdir()
    new = {"parent", "unit_plan", "unit_id", "unit_weight", "copies", "amount"}
    for name, columns in TABLES.items():
        fields = [
            arrow.Field(column.name, ARROW[column.type], nullable=True)
            for column in columns
            if name != "draws" or column.name not in new
        ]
        DeltaTable.create(path / name, schema=Schema.from_arrow(arrow.Schema(fields)))
    (path / "assay.json").write_text(json.dumps({"format": "assay-ledger", "schema_version": 1}))
    steps = migrate(path)
    assert "draws: column unit_plan added" in steps
    desk = fill(Ledger.open(path), traces=50)
    assert draw_outputs(desk, 20).units is None
    assert units(desk.ledger, "text", 20).units is not None

"""The budget: a count per rolling window, three columns, late labels, parts, versions, and what is wrong input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from assay.errors import AssayError, BadInput
from assay.ledger.cases import Complaint, add_case, case_id_of, close_case
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.budget import BudgetQuestion, measure_budget
from assay.volume.budget_question import parse_span, parse_split
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.question import HumanBaseline
from volume.desk import DAY, START, Desk, answer, count_all, draw, fill


def escaped(desk: Desk, start: float = -math.inf, end: float = math.inf, topic: str = "") -> int:
    """Return the true escaped errors of a window."""
    rows = desk.ledger.rows("SELECT trace_id, cast(at AS bigint) AS at, tags FROM traces")
    return sum(
        desk.wrong[row["trace_id"]]
        and json.loads(row["tags"])["caught"] == "false"
        and json.loads(row["tags"])["topic"].startswith(topic)
        and start <= row["at"] < end
        for row in rows
    )


def put(
    ledger: Ledger,
    outputs: int,
    wrong: tuple[int, ...],
    *,
    days: float = 30.0,
    version: str = "",
    start: int = START,
    name: str = "o",
) -> None:
    """Put outputs in even steps, and the verdict of a check on each."""
    at = [start + round(place * days * DAY / outputs) for place in range(outputs)]
    ledger.append("traces", [
        {"trace_id": f"{name}{place}", "task_id": f"{place}", "system": "s", "version": version, "at": when,
         "output": "x", "origin": "field", "tags": '{"caught":"false"}', "source": "t"}
        for place, when in enumerate(at)
    ])  # fmt: skip
    ledger.append("verdicts", [
        {"trace_id": f"{name}{place}", "judge": "check@1", "judge_kind": "check",
         "error_probability": float(place in wrong), "source": "t"}
        for place in range(outputs)
    ])  # fmt: skip


def say(desk: Desk, trace_id: str, wrong: float, severity: int | None = None) -> None:
    """Let a person judge an output that nobody drew."""
    desk.ledger.append("verdicts", [
        {"trace_id": trace_id, "judge": "ann", "judge_kind": "person", "error_probability": wrong,
         "severity": severity, "at": START + 2 * DAY, "source": f"p:{trace_id}"}
    ])  # fmt: skip


def test_errors_that_a_check_counted_are_those_of_the_rolling_window(ledger: Ledger) -> None:
    desk = fill(ledger, traces=800, days=20, judge=False)
    count_all(desk)
    end = START + 15 * DAY
    budget = measure_budget(ledger, BudgetQuestion(allow=30, per_days=5, at=end))
    truth = escaped(desk, end - 5 * DAY, end)
    assert truth > 0
    found = budget.columns
    assert isinstance(found.estimated, Estimate)
    assert (found.estimated.low, found.estimated.value, found.estimated.high) == (truth,) * 3
    assert found.spent.value == truth
    assert found.open == 0
    assert isinstance(found.caught, Estimate)
    assert found.caught.value == sum(desk.wrong.values()) - escaped(desk) - _caught_outside(
        desk, end - 5 * DAY, end
    )
    assert budget.light == "green"
    assert (
        measure_budget(ledger, BudgetQuestion(allow=truth - 1, per_days=5, at=end)).light == "red"
    )


def _caught_outside(desk: Desk, start: int, end: int) -> int:
    rows = desk.ledger.rows("SELECT cast(at AS bigint) AS at, tags FROM traces")
    return sum('"caught":"true"' in row["tags"] and not start <= row["at"] < end for row in rows)


def test_a_hundred_times_the_traffic_leaves_the_budget_as_it_is(tmp_path: Path) -> None:
    few, many = (Ledger.create(tmp_path / name) for name in ("few", "many"))
    put(few, 60, (5, 20, 40))
    put(many, 6_000, (500, 2_000, 4_000))
    one, hundred = (
        measure_budget(led, BudgetQuestion(allow=10, per_days=30)) for led in (few, many)
    )
    assert one.limit == hundred.limit == 10
    assert one.columns.spent.value == hundred.columns.spent.value == 3
    assert one.light == hundred.light == "green"
    assert one.alarm.log_e_value == pytest.approx(hundred.alarm.log_e_value, abs=0.05)
    for quantity, other in ((one.allowed.per_output, hundred.allowed.per_output),):
        assert isinstance(quantity, Estimate)
        assert isinstance(other, Estimate)
        assert quantity.value / other.value == pytest.approx(100, rel=0.02)
    # A hundred times the errors is not forgiven for a hundred times the traffic.
    worse = Ledger.create(tmp_path / "worse")
    put(worse, 6_000, tuple(range(0, 6_000, 20)))
    said = measure_budget(worse, BudgetQuestion(allow=10, per_days=30))
    assert (said.light, said.alarm.rings, said.says_no) == ("red", True, True)


def test_errors_that_labels_estimate_hold_the_truth_of_window_and_parts(tmp_path: Path) -> None:
    desk = fill(Ledger.create(tmp_path / "r"), traces=2_000, days=40)
    answer(desk, draw(desk, 400), tmp_path / "labels.csv")
    split = parse_split("price=30,city=20,reserve=5")
    question = BudgetQuestion(allow=60, per_days=30, split=split, by="topic", curve=True)
    budget = measure_budget(desk.ledger, question)
    assert isinstance(budget.columns.estimated, Estimate)
    assert (
        budget.columns.estimated.low <= escaped(desk, budget.start) <= budget.columns.estimated.high
    )
    assert budget.columns.estimated.unit == "escaped errors"
    assert (budget.columns.open, budget.columns.at_least) == (0, False)
    for part, topic in zip(budget.parts, ("price", "city"), strict=False):
        found = part.columns.estimated
        assert isinstance(found, Estimate)
        assert found.low <= escaped(desk, budget.start, topic=topic) <= found.high
    assert budget.parts[2].columns.outputs == 0
    assert budget.unallocated == 5
    assert sum(part.columns.outputs for part in budget.parts) == budget.columns.outputs
    assert budget.alarm.kind == "sampled"
    last = budget.curve[-1]
    assert last.estimated == budget.columns.estimated
    for point in budget.curve:
        assert isinstance(point.estimated, Estimate)
        assert point.estimated.low <= escaped(desk, budget.start, point.at) <= point.estimated.high


def test_what_nobody_knows_is_not_nothing(ledger: Ledger) -> None:
    fill(ledger, traces=200, days=40)
    budget = measure_budget(ledger, BudgetQuestion(allow=1_000, per_days=30))
    assert isinstance(budget.columns.estimated, Unknown)
    assert budget.columns.at_least
    assert math.isinf(budget.columns.spent.high)
    assert budget.light == "amber"
    assert isinstance(budget.days_left, Unknown)
    assert isinstance(budget.burn_rate, Unknown)
    # The budget is larger than all outputs: even so nothing was shown of their errors.
    assert budget.to_json()["spent"]["high"] is None  # type: ignore[index]


def test_verdicts_and_complaints_are_told_apart_and_what_was_caught_did_not_escape(
    ledger: Ledger,
) -> None:
    desk = fill(ledger, traces=400, days=10, judge=False)
    rows = ledger.rows("SELECT trace_id, tags FROM traces ORDER BY trace_id")
    out = [row["trace_id"] for row in rows if '"caught":"false"' in row["tags"]]
    caught = next(row["trace_id"] for row in rows if '"caught":"true"' in row["tags"])
    say(desk, out[0], 1.0, severity=1)
    say(desk, out[1], 1.0)
    say(desk, caught, 1.0)
    say(desk, out[2], 0.0)
    for trace_id in (out[1], out[2], out[3], out[4], caught):
        add_case(ledger, trace_id, Complaint("wrong price", severity=2))
    close_case(ledger, case_id_of(out[4]), note="mended")
    found = measure_budget(ledger, BudgetQuestion(allow=3, per_days=30)).columns
    # out[1] has both and counts once; out[2] was found right; out[4] was mended, and escaped all the same.
    assert (found.confirmed.labels, found.confirmed.complaints, found.confirmed.dismissed) == (
        2,
        2,
        1,
    )
    assert found.confirmed.by_severity == {1: 1, 2: 2, None: 1}
    assert found.spent.value == 4
    budget = measure_budget(ledger, BudgetQuestion(allow=3, per_days=30))
    assert (budget.light, budget.says_no, budget.columns.at_least) == ("red", True, True)


def test_outputs_that_no_draw_covers_are_open(tmp_path: Path) -> None:
    desk = fill(Ledger.create(tmp_path / "r"), traces=1_000, days=30, error_rate=0.01)
    half = START + 15 * DAY
    request = DrawRequest(Window("desk", "", START, half), 250, 7, "second reading")
    answer(desk, draw_labels(desk.ledger, request), tmp_path / "labels.csv")
    end = START + 30 * DAY
    budget = measure_budget(desk.ledger, BudgetQuestion(allow=100, per_days=30, at=end))
    found = budget.columns
    assert isinstance(found.estimated, Estimate)
    later = found.outputs - _delivered(desk, half)
    assert found.open == later > 100
    assert found.spent.high == found.estimated.high + later
    assert budget.light == "amber"
    # Within the draw nothing is open.
    inside = measure_budget(desk.ledger, BudgetQuestion(allow=100, per_days=15, at=half))
    assert (inside.columns.open, inside.light) == (0, "green")


def _delivered(desk: Desk, before: int) -> int:
    rows = desk.ledger.rows("SELECT cast(at AS bigint) AS at, tags FROM traces")
    return sum(row["at"] < before and '"caught":"false"' in row["tags"] for row in rows)


def test_late_labels_change_a_window_that_is_past(ledger: Ledger) -> None:
    desk = fill(ledger, traces=400, days=60, judge=False)
    early = [t for t in desk.wrong if t < "desk-00100"]
    question = BudgetQuestion(allow=2, per_days=30, history=3)
    before = measure_budget(ledger, question)
    assert before.history[0].now.confirmed.labels == 0
    assert not before.history[0].reopened(2)
    for place, trace_id in enumerate(early[1:5]):
        ledger.append("verdicts", [{
            "trace_id": trace_id, "judge": "ann", "judge_kind": "person", "error_probability": 1.0,
            "at": START + (10 if place == 0 else 50) * DAY, "source": f"late:{place}",
        }])  # fmt: skip
    rows = {r["trace_id"]: r["tags"] for r in ledger.rows("SELECT trace_id, tags FROM traces")}
    known = [int('"caught":"false"' in rows[trace_id]) for trace_id in early[1:5]]
    past = measure_budget(ledger, question).history[0]
    assert (past.then.confirmed.labels, past.now.confirmed.labels) == (known[0], sum(known))
    assert past.reopened(2) is (sum(known) > 2)
    assert sum(known) > 2


def test_a_version_inside_the_window_shares_the_budget_and_starts_the_alarm_anew(
    ledger: Ledger,
) -> None:
    put(ledger, 100, tuple(range(20)), days=10, version="1")
    put(ledger, 100, (3,), days=10, version="2", start=START + 10 * DAY, name="p")
    budget = measure_budget(ledger, BudgetQuestion(allow=30, per_days=30))
    assert budget.columns.spent.value == 21
    assert budget.versions == ("1", "2")
    assert (budget.alarm.version, budget.alarm.start) == ("2", START + 10 * DAY)
    assert (budget.alarm.errors, budget.alarm.rings) == (1, False)
    assert any("version changed" in note for note in budget.notes)
    # At the end of version 1 its burst rang.
    then = measure_budget(ledger, BudgetQuestion(allow=30, per_days=30, at=START + 3 * DAY))
    assert (then.alarm.version, then.alarm.rings, then.says_no, then.light) == (
        "1",
        True,
        True,
        "green",
    )


def test_severity_weighs_and_an_unknown_one_is_bounded(tmp_path: Path) -> None:
    desk = fill(Ledger.create(tmp_path / "r"), traces=600, days=20, judge=False)
    drawn = draw(desk, 600, judge=None)
    answer(desk, drawn, tmp_path / "labels.csv")
    question = BudgetQuestion(allow=60, per_days=30, severity_weights="1=10,2=3,3=1")
    plain = measure_budget(desk.ledger, BudgetQuestion(allow=60, per_days=30))
    truth = escaped(desk)
    weighed = measure_budget(desk.ledger, question).columns.estimated
    assert plain.columns.spent.value == truth
    assert isinstance(weighed, Estimate)
    # All were read and nobody said how bad: between the lightest and the heaviest.
    assert weighed.low == pytest.approx(truth)
    assert weighed.high == pytest.approx(10 * truth)
    assert weighed.unit == "points of severity"
    for place, trace_id in enumerate(t for t, bad in desk.wrong.items() if bad):
        desk.ledger.append("verdicts", [{
            "trace_id": trace_id, "judge": "ann", "judge_kind": "person", "error_probability": 1.0, "severity": 2,
            "at": 2_000_000_000_000_000 + place, "draw_id": drawn.draw_id, "source": f"sev:{place}",
        }])  # fmt: skip
    known = measure_budget(desk.ledger, question)
    assert isinstance(known.columns.estimated, Estimate)
    assert known.columns.estimated.value == pytest.approx(3 * truth)
    assert known.columns.estimated.low == pytest.approx(known.columns.estimated.high)
    assert known.columns.confirmed.by_severity == {2: truth}
    assert known.columns.confirmed.total == 3 * truth


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return fill(
        Ledger.create(tmp_path_factory.mktemp("small") / "r"), traces=8, days=4, judge=False
    ).ledger


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "stated once"),
        ({"allow": 3.0, "anchor": "SIL2"}, "stated once"),
        ({"allow": 0.0}, "above 0"),
        ({"allow": -1.0}, "above 0"),
        ({"allow": math.nan}, "above 0"),
        ({"allow": math.inf}, "above 0"),
        ({"allow": 3.0, "per_days": 0.0}, "a minute or longer"),
        ({"allow": 3.0, "per_days": math.nan}, "a minute or longer"),
        ({"allow": 3.0, "per_days": 1e11}, "at most 3,660 days"),
        ({"allow": 1e308}, "1e[+]12 at most"),
        ({"allow": 1e-300}, "1e-12 at least"),
        ({"anchor": "1e-320/h"}, "1e-12 at least"),
        ({"anchor": "9sigma@1/d"}, "1e-12 at least"),
        ({"allow": 3.0, "judge": "nobody"}, "no output has a score by nobody; there are: none"),
        ({"allow": 3.0, "confidence_level": 1.0}, "confidence level"),
        ({"allow": 3.0, "false_alarm": 0.0}, "false alarm"),
        ({"allow": 3.0, "history": -1}, "history"),
        ({"allow": 3.0, "by": "topic"}, "give both"),
        ({"allow": 3.0, "split": (("city", 1.0),)}, "give both"),
        ({"allow": 3.0, "split": (("city", 2.0), ("price", 1.5)), "by": "topic"}, "more than the whole"),
        ({"allow": 3.0, "split": (("citty", 2.0),), "by": "topic"}, "no output of desk has the tag"),
        ({"allow": 3.0, "split": (("city", 2.0),), "by": "colour"}, "no output of desk has the tag"),
        ({"allow": 3.0, "system": "disk"}, "no output of disk"),
        ({"allow": 3.0, "at": START}, "before the first output"),
        ({"allow": 3.0, "at": START + 90 * DAY}, "no output of desk in the window"),
        ({"allow": 3.0, "alarm_on": "count"}, "can't be on count"),
        ({"allow": 3.0, "alarm_on": "sampled"}, "can't be on sampled"),
        ({"allow": 3.0, "severity_weights": "1=2"}, "needs a weight"),
        ({"anchor": "human"}, "needs the people"),
        ({"anchor": "human", "human": HumanBaseline(0.0, 10.0)}, "above 0"),
        ({"anchor": "human", "human": HumanBaseline(system="ann")}, "not in the ledger"),
        ({"anchor": "3sigma"}, "stated once"),
        ({"anchor": "SIL9"}, "an anchor is"),
        ({"anchor": "0/h"}, "above 0"),
    ],
)  # fmt: skip
def test_wrong_input_is_a_sentence(small: Ledger, given: dict[str, object], said: str) -> None:
    with pytest.raises(AssayError, match=said):
        measure_budget(small, BudgetQuestion(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0d", "30", "-3d", "nan d", "1e400d", "", "30m"])
def test_a_window_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="window"):
        parse_span(text)


@pytest.mark.parametrize("text", ["a=1,a=2", "a", "=1", "a=0", "a=-1", "a=nan", "a=inf", ""])
def test_a_split_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="split"):
        parse_split(text)


def test_two_systems_and_no_times_are_refused(tmp_path: Path) -> None:
    two = Ledger.create(tmp_path / "two")
    fill(two, traces=4)
    fill(two, traces=4, system="other")
    with pytest.raises(BadInput, match="of one system") as refused:
        measure_budget(two, BudgetQuestion(allow=1))
    assert "--system desk" in refused.value.next_command
    assert measure_budget(two, BudgetQuestion(allow=1, system="other")).log.system == "other"
    timeless = Ledger.create(tmp_path / "timeless")
    row: dict[str, object] = {
        "trace_id": "a",
        "task_id": "a",
        "system": "s",
        "version": "",
        "output": "x",
        "origin": "field",
    }
    timeless.append("traces", [row])
    with pytest.raises(BadInput, match="has a time"):
        measure_budget(timeless, BudgetQuestion(allow=1))


def test_a_window_longer_than_the_log_is_said(ledger: Ledger) -> None:
    put(ledger, 100, (10, 50), days=10)
    budget = measure_budget(ledger, BudgetQuestion(allow=10, per_days=30))
    assert budget.elapsed_days == pytest.approx(9.9, abs=0.01)
    assert any("the log covers 9.9 of the window's 30 days" in note for note in budget.notes)
    assert isinstance(budget.burn_rate, Estimate)
    # Two in 9.9 days where 3.3 were allowed, and 8 more in a window that fills: never at this pace.
    assert budget.burn_rate.value == pytest.approx(2 / 3.3)
    assert isinstance(budget.days_left, Estimate)
    assert math.isinf(budget.days_left.value)
    faster = measure_budget(ledger, BudgetQuestion(allow=4, per_days=30)).days_left
    assert isinstance(faster, Estimate)
    assert faster.value == pytest.approx((4 - 2) / (2 / 9.9), rel=1e-3)


def test_the_peoples_own_volume_is_a_budget(ledger: Ledger) -> None:
    fill(ledger, traces=100, days=10)
    human = HumanBaseline(0.1, 24.0)
    budget = measure_budget(ledger, BudgetQuestion(anchor="human", human=human))
    assert budget.limit == pytest.approx(72)
    people = fill(ledger, traces=300, days=10, system="people", judge=False, error_rate=0.1)
    count_all(people)
    asked = BudgetQuestion(anchor="human", human=HumanBaseline(system="people"), system="desk")
    measured = measure_budget(ledger, asked)
    rate = sum(people.wrong.values()) / 300
    assert measured.limit == pytest.approx(rate * (299 / 10) * 30, rel=1e-6)


def test_a_real_week_at_the_desk_is_held_against_a_count(tmp_path: Path) -> None:
    from assay.cli import main

    desk = Path(__file__).resolve().parents[2] / "examples" / "desk"
    ledger = tmp_path / "desk.ledger"
    for name in ("traces", "truth"):
        with pytest.raises(SystemExit) as ended:
            main(["ingest", str(desk / f"{name}.jsonl.gz"), "--into", str(ledger)])
        assert not ended.value.code
    split = parse_split("price=300,topic=300,reserve=200")
    question = BudgetQuestion(allow=1_000, per_days=7, split=split, by="kind")
    budget = measure_budget(Ledger.open(ledger), question)
    truth = Ledger.open(ledger).rows(
        "SELECT count(*) AS n FROM traces JOIN verdicts ON traces.trace_id = verdicts.trace_id "
        'WHERE error_probability = 1 AND traces.tags LIKE \'%"caught":"false"%\''
    )[0]["n"]
    assert budget.columns.spent.value == truth
    assert budget.alarm.kind == "count"
    assert budget.alarm.errors == truth
    assert sum(part.columns.spent.value for part in budget.parts) == truth


@pytest.mark.shared_data
def test_real_versions_of_a_system_that_was_updated_are_held_against_a_count(
    shared_data: Path, tmp_path: Path
) -> None:
    from assay.cli import main

    source = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    ledger = tmp_path / "drift.ledger"
    columns = "output=answer,system=model,task_id=id,input=query,reference=ref_answer"
    for arguments in (
        ("ingest", str(source), "--into", str(ledger), "--map", columns),
        ("judge", str(ledger), "--check", "exact", "--extract", r"\[(yes|no)\]"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert not ended.value.code
    opened = Ledger.open(ledger)
    # Published: 84.0 % and 50.2 % of 1,000 right. Both were asked within days: one budget, two decisions.
    for system, errors, light in (("0314", 160, "green"), ("0613", 498, "red")):
        question = BudgetQuestion(allow=300, per_days=90, system=f"openaichat/gpt-4-{system}")
        budget = measure_budget(opened, question)
        assert (budget.columns.spent.value, budget.light) == (errors, light)
        assert budget.alarm.kind == "count"

"""A draw is a probability sample of a frozen window, the same each time."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from assay.errors import AssayError, DrawError
from assay.ledger.draws import stored_draw
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, choose_judge, choose_systems, draw_labels
from volume.desk import Desk, draw, fill


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger)


def test_strata_partition_the_window(desk: Desk) -> None:
    drawn = draw(desk)
    assert sum(stratum.size for stratum in drawn.strata) == drawn.population == 1_000
    assert drawn.planned == 200
    assert len(drawn.strata) > 2
    ids = [trace_id for stratum in drawn.strata for trace_id in stratum.trace_ids]
    assert len(ids) == len(set(ids)) == 200
    assert set(ids) <= set(desk.wrong)


def test_inclusion_probabilities_are_labels_over_size(desk: Desk) -> None:
    drawn = draw(desk)
    rows = desk.ledger.rows(
        "SELECT stratum, inclusion_probability AS p, count(*) AS n FROM draws GROUP BY stratum, p"
    )
    for row in rows:
        stratum = next(s for s in drawn.strata if s.rule.name == row["stratum"])
        assert row["p"] == pytest.approx(stratum.planned / stratum.size)
        assert row["n"] == stratum.planned


def test_the_judge_sends_labels_where_errors_are_expected(desk: Desk) -> None:
    strata = draw(desk).strata
    shares = [stratum.planned / stratum.size for stratum in strata]
    top = max(range(len(strata)), key=lambda i: strata[i].rule.at_least or 0.0)
    assert shares[top] == max(shares)


def test_the_order_is_that_of_the_hash_that_anyone_can_compute(desk: Desk) -> None:
    drawn = draw(desk, judge=None, seed=11)
    by_hash = sorted(
        desk.wrong, key=lambda trace_id: hashlib.sha256(f"11:{trace_id}".encode()).hexdigest()
    )
    assert list(drawn.strata[0].trace_ids) == by_hash[:200]


def test_the_same_request_is_the_same_draw_and_written_once(desk: Desk) -> None:
    first, second = draw(desk), draw(desk)
    assert first == second
    assert desk.ledger.rows("SELECT count(*) AS n FROM draws") == [{"n": 200}]
    assert draw(desk, seed=8).draw_id != first.draw_id


def test_how_rows_are_stored_changes_nothing(desk: Desk) -> None:
    first = draw(desk, judge=None)
    desk.ledger.compact()
    assert draw(desk, judge=None).strata == first.strata


def test_every_output_is_drawn_as_often_as_it_should_be(ledger: Ledger) -> None:
    desk = fill(ledger, traces=40)
    counts: Counter[str] = Counter()
    for seed in range(24):
        counts.update(draw(desk, 10, seed=seed, judge=None).strata[0].trace_ids)
    # Each is drawn with probability 1/4: 6 of 24 times, with a standard deviation of 2.1.
    assert set(counts) == set(desk.wrong)
    assert max(counts.values()) <= 16


def test_tags_make_strata_of_their_own(desk: Desk) -> None:
    drawn = draw(desk, by=("topic",))
    names = {stratum.rule.name.split(",")[0] for stratum in drawn.strata}
    assert names == {"topic=price", "topic=city"}
    prices = sum(
        stratum.size for stratum in drawn.strata if stratum.rule.name.startswith("topic=price")
    )
    assert prices == 250


def test_traces_without_a_score_are_a_stratum(ledger: Ledger) -> None:
    desk = fill(ledger)
    ledger.append("traces", [
        {"trace_id": f"late-{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": "{}"}
        for i in range(50)
    ])  # fmt: skip
    sizes = {stratum.rule.name: stratum.size for stratum in draw(desk).strata}
    assert sizes["no score"] == 50
    assert sum(sizes.values()) == 1_050


def test_a_constant_judge_is_one_stratum(ledger: Ledger) -> None:
    desk = fill(ledger, judge=False)
    ledger.append("verdicts", [
        {"trace_id": t, "judge": "lazy", "judge_kind": "model", "error_probability": 0.0} for t in desk.wrong
    ])  # fmt: skip
    assert [stratum.rule.name for stratum in draw(desk, judge="lazy").strata] == ["all"]


def test_a_judges_newest_score_counts(ledger: Ledger) -> None:
    desk = fill(ledger, judge=False)
    for at, score in ((1, 0.0), (2, 1.0)):
        ledger.append("verdicts", [
            {"trace_id": t, "judge": "j", "judge_kind": "model", "at": at,
             "error_probability": score if i < 100 else 0.0}
            for i, t in enumerate(sorted(desk.wrong))
        ])  # fmt: skip
    assert sorted(stratum.size for stratum in draw(desk, judge="j").strata) == [100, 900]


def test_more_labels_than_outputs_is_a_census(ledger: Ledger) -> None:
    desk = fill(ledger, traces=50)
    drawn = draw(desk, 80)
    assert drawn.planned == 50
    assert all(stratum.planned == stratum.size for stratum in drawn.strata)


def test_a_draw_stays_what_it_was_when_traces_come_in(desk: Desk) -> None:
    drawn = draw(desk)
    fill(desk.ledger, traces=20, system="desk", seed=99)
    assert stored_draw(desk.ledger, drawn.draw_id) == drawn


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (DrawRequest(Window("desk", ""), 100, 7, "nobody"), "second reading"),
        (DrawRequest(Window("other", ""), 100, 7), "no output of other"),
        (DrawRequest(Window("desk", "", start=1, end=2), 100, 7), "lies in this window"),
        (DrawRequest(Window("desk", ""), 3, 7, "second reading"), "label"),
    ],
)
def test_what_can_not_be_drawn_is_said(desk: Desk, request_: DrawRequest, says: str) -> None:
    with pytest.raises(AssayError, match=says):
        draw_labels(desk.ledger, request_)


def test_a_tag_with_too_many_values_is_refused_with_the_way_out(ledger: Ledger) -> None:
    desk = fill(ledger, traces=60)
    ledger.append("traces", [
        {"trace_id": f"t{i}", "task_id": "t", "system": "desk", "version": "", "output": "x",
         "tags": f'{{"topic":"t{i}"}}'}
        for i in range(20)
    ])  # fmt: skip
    with pytest.raises(DrawError, match="assay volume --by topic"):
        draw(desk, by=("topic",))


def test_a_tag_with_quotes_in_its_value_is_told_apart(ledger: Ledger) -> None:
    tags = ['{"topic":"a\\"b"}', '{"topic":"a"}', '{"other":"x\\",\\"topic\\":\\"a"}']
    ledger.append("traces", [
        {"trace_id": f"{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": tags[i % 3]}
        for i in range(60)
    ])  # fmt: skip
    drawn = draw_labels(ledger, DrawRequest(Window("desk", ""), 30, 7, by=("topic",)))
    assert {stratum.rule.name: stratum.size for stratum in drawn.strata} == {
        'topic=a"b': 20,
        "topic=a": 20,
        "topic=(none)": 20,
    }


def test_one_of_several_systems_or_judges_has_to_be_named(desk: Desk) -> None:
    fill(desk.ledger, system="other", traces=50)
    with pytest.raises(DrawError, match="2 systems") as caught:
        choose_systems(desk.ledger, system=None, version=None, all_systems=False)
    assert "--system" in caught.value.next_command
    assert choose_systems(desk.ledger, system="other", version=None, all_systems=False) == [
        ("other", "")
    ]
    assert len(choose_systems(desk.ledger, system=None, version=None, all_systems=True)) == 2
    assert choose_judge(desk.ledger, desk.window) == "second reading"
    desk.ledger.append("verdicts", [
        {"trace_id": "desk-00001", "judge": "third", "judge_kind": "check", "error_probability": 0.0}
    ])  # fmt: skip
    with pytest.raises(DrawError, match="second reading, third"):
        choose_judge(desk.ledger, desk.window)

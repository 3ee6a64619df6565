"""The update gate: three answers, and what each may rest on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assay.errors import BadInput, LedgerError
from assay.estimate.paired import PairedTable
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.gate import GateQuestion, run_gate
from assay.volume.gate_changes import parser_of
from assay.volume.gate_decision import ALL, MOST_BROKEN, Demand, decide
from assay.volume.gate_more import more_tasks
from assay.volume.gate_noise import NoiseFloor
from assay.volume.gate_pairs import _classes
from assay.volume.gate_result import GateResult
from assay.volume.gate_versions import Grader
from assay.volume.gate_volume import Pace
from volume.versions import JUDGE, answer, columns, two_versions


def ask(ledger: Ledger, **more: object) -> GateResult:
    return run_gate(ledger, GateQuestion("desk@1", "desk@2", **more))  # type: ignore[arg-type]


def test_an_improvement_is_taken(ledger: Ledger) -> None:
    result = ask(two_versions(ledger, 150, 4, 30, 16))
    assert result.answer == "take"
    assert result.whole.table == PairedTable(150, 4, 30, 16)
    assert result.noise is not None
    assert result.noise.table == PairedTable(154, 0, 0, 46)
    assert isinstance(result.both_wrong_different, Estimate)
    assert result.both_wrong_different.value == 16  # "no" before, "maybe" now


def test_a_worse_version_is_refused_and_faster_is_more(ledger: Ledger) -> None:
    result = ask(two_versions(ledger, 150, 30, 4, 16))
    assert result.answer == "refuse"
    times = result.volume.times
    assert isinstance(times, Estimate)
    # Twice as fast, and 46 errors for 20.
    assert times.value == pytest.approx(2 * 46 / 20)
    assert times.low < times.value < times.high
    assert result.volume.new.errors_per_day.to_json()["guarantee"] == "assumed"


def test_too_little_is_not_enough_and_says_how_much_more(ledger: Ledger) -> None:
    result = ask(two_versions(ledger, 100, 3, 7, 10))
    assert result.answer == "not enough data"
    assert isinstance(result.more_tasks, Estimate)
    assert 300 < result.more_tasks.value < 600


def test_without_a_noise_floor_nothing_is_taken(ledger: Ledger) -> None:
    two_versions(ledger, 150, 4, 30, 16, repeats=False)
    result = ask(ledger)
    assert result.answer == "not enough data"
    assert "the noise floor is unknown" in result.reasons[0]
    assert result.decision.answer == "take"
    assert isinstance(result.more_tasks, Unknown)
    without = ask(ledger, without_noise_floor=True)
    assert without.answer == "take"
    assert without.without_noise_floor
    assert without.to_json()["without_noise_floor"] is True


def test_a_refusal_needs_no_noise_floor_and_says_that_there_is_none(ledger: Ledger) -> None:
    two_versions(ledger, 150, 30, 4, 16, repeats=False)
    result = ask(ledger)
    assert (result.answer, result.noise) == ("refuse", None)
    assert result.to_json()["noise_floor"] is None


def test_a_small_noise_floor_is_not_enough_to_take(ledger: Ledger) -> None:
    two_versions(ledger, 150, 4, 30, 16, repeats=False)
    answer(ledger, "1", [0] * 8, epoch=2)
    result = ask(ledger)
    assert result.answer == "not enough data"
    assert "rests on 8 tasks of desk@1" in result.reasons[0]


def test_a_version_that_differs_from_itself_is_neither_taken_nor_refused(ledger: Ledger) -> None:
    two_versions(ledger, 150, 30, 4, 16)
    answer(ledger, "2", [1] * 150 + [0] * 50, epoch=2)
    result = ask(ledger)
    assert result.decision.answer == "refuse"
    assert result.answer == "not enough data"
    # The old version was steady; the new one was not, and that is what counts.
    assert "desk@2, run twice, differs from itself" in result.reasons[0]


def test_two_names_of_one_version_are_a_noise_floor(ledger: Ledger) -> None:
    two_versions(ledger, 150, 30, 4, 16, repeats=False)
    old, _ = columns(150, 30, 4, 16)
    answer(ledger, "1-again", old)
    result = ask(ledger, noise=("desk@1", "desk@1-again"))
    assert result.answer == "refuse"
    assert result.noise is not None
    assert result.noise.of == "desk@1 and desk@1-again"


def test_a_version_that_differs_from_itself_carries_no_verdict() -> None:
    assert "differs from itself" in NoiseFloor("a", PairedTable(60, 30, 5, 5)).drift()
    assert "rests on 8 tasks" in NoiseFloor("a", PairedTable(8, 0, 0, 0)).thin(100)
    assert NoiseFloor("a", PairedTable(8, 0, 0, 0)).thin(8) == ""
    assert NoiseFloor("a", PairedTable(60, 12, 14, 5)).drift() == ""


@pytest.mark.parametrize(
    ("noise", "words"),
    [(("desk@1", "desk@1"), "twice"), (("desk@2", "desk@1"), "the old and the new version")],
)
def test_a_noise_floor_is_no_run_against_itself_and_not_the_update(
    ledger: Ledger, noise: tuple[str, str], words: str
) -> None:
    two_versions(ledger, 150, 4, 30, 16, repeats=False)
    with pytest.raises(BadInput, match=words):
        ask(ledger, noise=noise)


def test_an_average_does_not_hide_a_class_that_collapsed(ledger: Ledger) -> None:
    old = [0] * 40 + [1] * 40 + [0] * 120
    new = [1] * 40 + [0] * 40 + [0] * 120
    topics = ["prime"] * 40 + ["composite"] * 40 + ["other"] * 120
    for epoch in (1, 2):
        answer(ledger, "1", old, topics=topics, epoch=epoch)
    answer(ledger, "2", new, topics=topics)
    assert ask(ledger).answer == "not enough data"
    result = ask(ledger, by=("topic",))
    assert result.answer == "refuse"
    assert [one.name for one in result.refusing] == ["topic=prime"]
    assert result.whole.p_value == 1.0


def test_strata_by_the_right_answer_and_unknown_tags(ledger: Ledger) -> None:
    two_versions(ledger, 40, 0, 8, 2)
    assert [one.name for one in ask(ledger, by=("reference",)).strata] == ["reference=yes"]
    with pytest.raises(BadInput, match="no trace has a tag"):
        ask(ledger, by=("nothing",))


def test_classes_of_right_answers_are_strata_unasked(ledger: Ledger) -> None:
    traces: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    for version in ("1", "2"):
        for task in range(120):
            prime = task < 60
            bad = float(prime == (version == "2"))
            own = f"{version}-{task}"
            traces.append({"trace_id": own, "task_id": f"t{task}", "system": "desk", "version": version, "epoch": 1,
                           "output": "a", "reference": "yes" if prime else "no", "origin": "exam",
                           "source": "t"})  # fmt: skip
            verdicts.append({"trace_id": own, "judge": JUDGE, "judge_kind": "check", "error_probability": bad,
                             "source": "t"})  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)
    result = ask(ledger)
    assert result.answer == "refuse"
    assert [one.name for one in result.refusing] == ["reference=yes"]
    assert "the right answers are 2 classes" in result.notes[0]
    assert ask(ledger, by=()).strata == ()


def test_few_tasks_or_many_answers_make_no_classes() -> None:
    assert _classes({"yes": 25, "no": 15})
    assert not _classes({"yes": 25, "no": 14})
    assert not _classes({"yes": 400})
    assert not _classes({str(i): 100 for i in range(21)})
    assert not _classes({"yes": 50, "(none)": 50})


def test_strata_not_reached_yet_count_among_the_tests(ledger: Ledger) -> None:
    # While it runs, the new version has answered one topic of four: all four will be tested, and share the level.
    topics = [f"t{place // 40}" for place in range(160)]
    answer(ledger, "1", [0] * 160, topics=topics)
    answer(ledger, "2", [1] * 8 + [0] * 32, topics=topics)
    result = ask(ledger, by=("topic",), demand=Demand(any_time=True))
    assert len(result.decision.tests) == 5
    assert [one.name for one in result.strata] == ["topic=t0"]
    assert "3 strata have no task yet" in result.notes[0]
    assert result.left_out.only_old == 120


def test_tags_of_the_new_version_stand_in(ledger: Ledger) -> None:
    answer(ledger, "1", [0] * 40)
    answer(ledger, "2", [0] * 40, topics=["a"] * 20 + ["b"] * 20)
    assert [one.name for one in ask(ledger, by=("topic",)).strata] == ["topic=a", "topic=b"]


def test_a_task_whose_own_check_changed_is_no_comparison(ledger: Ledger, tmp_path: Path) -> None:
    judge = "by-task@1 (each task's tag check)"
    answer(ledger, "1", [0] * 9, judge=judge, tags={"check": "numeric", "topic": "a"})
    answer(ledger, "2", [0] * 9, judge=judge, tags={"check": "regex", "topic": "b"})
    with pytest.raises(BadInput, match="the check of task"):
        ask(ledger)
    # Under a judge of its own rule the tag says nothing of the grader.
    other = Ledger.create(tmp_path / "other.ledger")
    answer(other, "1", [0] * 9, tags={"check": "numeric"})
    answer(other, "2", [0] * 9, tags={"check": "regex"})
    assert ask(other).whole.table.n == 9


def test_a_changed_grader_is_no_comparison(ledger: Ledger) -> None:
    old, new = columns(40, 10, 0, 2)
    answer(ledger, "1", old, judge="numeric@1 (last-number@1)")
    answer(ledger, "2", new, judge="numeric@1 (boxed@1)")
    with pytest.raises(BadInput, match="the grader changed") as caught:
        ask(ledger)
    assert "last-number@1" in caught.value.message
    assert "boxed@1" in caught.value.message
    with pytest.raises(BadInput, match=r"no answer of desk@2 has been judged by numeric@1 \(last"):
        ask(ledger, judge="numeric@1 (last")


def test_two_graders_of_both_ask_which(ledger: Ledger) -> None:
    two_versions(ledger, 40, 10, 0, 2)
    rows = ledger.rows("SELECT trace_id FROM traces")
    other = [
        {"trace_id": row["trace_id"], "judge": "exact@1 (boxed@1)", "judge_kind": "check",
         "error_probability": 0.0, "source": "test"}
        for row in rows
    ]  # fmt: skip
    ledger.append("verdicts", other)
    with pytest.raises(BadInput, match="2 judges") as caught:
        ask(ledger)
    assert "assay gate" in caught.value.next_command
    assert ask(ledger, judge="exact@1 (boxed").whole.table.discordant == 0
    assert ask(ledger, judge=JUDGE).whole.table.broke == 10


def test_a_models_opinion_is_no_verdict(ledger: Ledger) -> None:
    old, new = columns(40, 10, 0, 2)
    answer(ledger, "1", old, judge="gpt", judge_kind="model")
    answer(ledger, "2", new, judge="gpt", judge_kind="model")
    with pytest.raises(BadInput, match="model's opinion"):
        ask(ledger)


def test_a_changed_task_is_no_comparison(ledger: Ledger) -> None:
    old, new = columns(40, 10, 0, 2)
    answer(ledger, "1", old)
    answer(ledger, "2", new, request="what was")
    with pytest.raises(BadInput, match="52 of 52 tasks are not the same"):
        ask(ledger)


def test_an_earlier_result_must_be_graded_alike(ledger: Ledger, tmp_path: Path) -> None:
    two_versions(ledger, 150, 4, 30, 16)
    before = ask(ledger).to_json()
    file = tmp_path / "before.json"
    file.write_text(json.dumps(before), "utf-8")
    again = ask(ledger, against=file)
    assert "earlier: desk@1 to desk@2: take (4 broke, 30 fixed of 200)" in again.notes
    assert again.graded_by() == before["grader"]
    for part, text in (("judge", "parser"), ("tasks", "tasks")):
        changed = json.loads(json.dumps(before))
        changed["grader"][part]["sha256"] = "0" * 64
        file.write_text(json.dumps(changed), "utf-8")
        with pytest.raises(LedgerError, match="what made them changed"):
            ask(ledger, against=file)
        assert text
    file.write_text("[]", "utf-8")
    with pytest.raises(BadInput, match="can't be read as an earlier result"):
        ask(ledger, against=file)


def test_answers_without_a_verdict_are_held_against_the_answer(ledger: Ledger) -> None:
    old, new = columns(150, 4, 30, 16)
    judged: list[int | None] = [None if place < 40 else bad for place, bad in enumerate(new)]
    for epoch in (1, 2):
        answer(ledger, "1", old, epoch=epoch)
    answer(ledger, "2", judged)
    result = ask(ledger)
    assert result.left_out.unjudged == 40
    assert result.decision.answer == "take"
    assert result.answer == "not enough data"
    assert "without a verdict" in result.reasons[0]


def test_a_task_counts_once_however_often_repeated(ledger: Ledger) -> None:
    old, new = columns(20, 5, 2, 3)
    for epoch in (1, 2, 3):
        answer(ledger, "1", old, epoch=epoch)
        answer(ledger, "2", new if epoch == 1 else old, epoch=epoch)
    assert ask(ledger).whole.table == PairedTable(20, 5, 2, 3)


def test_tasks_of_one_version_alone_are_left_out_and_said(ledger: Ledger) -> None:
    old, new = columns(20, 5, 2, 3)
    answer(ledger, "1", [*old, 0, 0])
    answer(ledger, "2", new)
    result = ask(ledger, without_noise_floor=True)
    assert (result.left_out.only_old, result.left_out.only_new) == (2, 0)
    assert result.whole.table.n == 30


def test_settings_that_changed_too_are_named(ledger: Ledger) -> None:
    old, new = columns(20, 5, 2, 3)
    answer(ledger, "1", old, tags={"ask.temperature": "0"})
    answer(ledger, "2", new, tags={"ask.temperature": "0.8"})
    (note,) = ask(ledger, without_noise_floor=True).notes
    assert "ask.temperature differs too (0 before, 0.8 now)" in note


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("desk@1", "desk@1", "are both desk@1"),
        ("desk@7", "desk@1", "no system 'desk@7'"),
        ("desk", "desk@1", "2 versions: name one"),
    ],
)
def test_names_that_mean_nothing_or_two(ledger: Ledger, old: str, new: str, words: str) -> None:
    two_versions(ledger, 5, 1, 1, 1, repeats=False)
    with pytest.raises(BadInput, match=words):
        run_gate(ledger, GateQuestion(old, new))


def test_no_task_in_common(ledger: Ledger) -> None:
    answer(ledger, "1", [0, 1])
    ledger.append("traces", [{"trace_id": "x", "task_id": "other", "system": "desk", "version": "2", "epoch": 1,
                              "output": "a", "origin": "exam", "source": "t"}])  # fmt: skip
    ledger.append("verdicts", [{"trace_id": "x", "judge": JUDGE, "judge_kind": "check",
                                "error_probability": 1.0, "source": "t"}])  # fmt: skip
    with pytest.raises(BadInput, match="no task in common"):
        ask(ledger)


def test_a_margin_lets_an_equal_version_pass() -> None:
    table = PairedTable(1_900, 20, 20, 60)
    assert decide(table, {}, Demand()).answer == "not enough data"
    assert decide(table, {}, Demand(margin=0.01)).answer == "take"
    assert decide(PairedTable(1_700, 150, 20, 60), {}, Demand(margin=0.01)).answer == "refuse"
    # Shown to be worse, and within what was accepted: taken.
    assert decide(PairedTable(19_000, 60, 20, 60), {}, Demand(margin=0.01)).answer == "take"


def test_most_broken_refuses_what_the_balance_would_take() -> None:
    table = PairedTable(800, 40, 120, 40)
    assert decide(table, {}, Demand()).answer == "take"
    decision = decide(table, {}, Demand(most_broken=0.02))
    assert decision.answer == "refuse"
    assert decision.broken_by == (MOST_BROKEN,)
    assert decide(table, {}, Demand(most_broken=0.05)).answer == "not enough data"
    assert decide(table, {}, Demand(most_broken=0.1)).answer == "take"
    assert decide(table, {}, Demand(most_broken=0.02, any_time=True)).answer == "refuse"


def test_each_stratum_must_be_shown_where_that_is_asked() -> None:
    whole, small = PairedTable(800, 10, 60, 40), PairedTable(9, 0, 0, 1)
    assert decide(whole, {"a=b": small}, Demand()).answer == "take"
    decision = decide(whole, {"a=b": small}, Demand(each_stratum=True))
    assert decision.answer == "not enough data"
    assert decision.open == ("a=b",)


def test_a_collapse_among_many_strata_is_refused_at_a_margin() -> None:
    # The exact test with a margin has a least p-value: it must lie below what hundreds of tests leave of the level.
    strata = {f"s={i}": PairedTable(40, 0, 0, 0) for i in range(60)}
    strata["s=7"] = PairedTable(0, 40, 0, 0)
    whole = PairedTable(2_400 - 40, 40, 0, 0)
    decision = decide(whole, strata, Demand(margin=0.01, confidence_level=0.99))
    assert decision.broken_by == ("s=7",)


def test_more_tasks_are_those_of_what_is_lacking() -> None:
    def more(tables: dict[str, PairedTable], demand: Demand) -> tuple[float | None, str]:
        whole = tables[ALL]
        parts = {name: table for name, table in tables.items() if name != ALL}
        decision = decide(whole, parts, demand)
        found = more_tasks(tables, decision, demand, decision.answer)
        if isinstance(found, Unknown):
            return None, found.reason
        return found.value, found.method

    tables = {ALL: PairedTable(800, 10, 60, 40), "a=b": PairedTable(90, 1, 4, 5)}
    assert more(tables, Demand()) == (0.0, "the answer stands")
    number, method = more(tables, Demand(each_stratum=True))
    assert number is not None
    assert number > 910  # As many again at the least: one task of nine is of the stratum.
    assert method.endswith("of a=b")
    number, _ = more({ALL: PairedTable(800, 10, 60, 40)}, Demand(most_broken=0.015))
    assert number is not None
    assert 100 < number < 20_000
    empty = {ALL: PairedTable(800, 10, 60, 40), "a=c": PairedTable(0, 0, 0, 0)}
    assert more(empty, Demand(each_stratum=True)) == (
        None,
        "a=c: both versions have answered no task of it",
    )


def test_holm_is_over_all_that_is_tested() -> None:
    strata = {f"s={i}": PairedTable(10, 6, 0, 0) for i in range(1)}
    strata |= {f"s={i}": PairedTable(10, 0, 0, 0) for i in range(1, 10)}
    decision = decide(PairedTable(100, 6, 6, 0), strata, Demand())
    tested = {test.name: test for test in decision.tests}
    assert tested["s=0"].p_worse == pytest.approx(2 * 0.5**6)
    assert tested["s=0"].p_worse_adjusted == pytest.approx(11 * 2 * 0.5**6)
    assert decision.answer == "not enough data"
    assert decision.tests[0].name == ALL


@pytest.mark.parametrize("bad", [{"margin": -0.1}, {"most_broken": 0.0}, {"confidence_level": 1.0}])
def test_demands_out_of_range(bad: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        Demand(**bad)  # type: ignore[arg-type]


def test_pace_is_said_once() -> None:
    with pytest.raises(BadInput):
        Pace(per_day=100, workers=2)
    with pytest.raises(BadInput):
        Pace(workers=0)
    with pytest.raises(BadInput):
        Pace(per_day=float("inf"))


def test_volume_without_latency_is_unknown_until_told(ledger: Ledger) -> None:
    old, new = columns(50, 5, 2, 3)
    answer(ledger, "1", old, latency=None)
    answer(ledger, "2", new, latency=None)
    assert isinstance(ask(ledger, without_noise_floor=True).volume.times, Unknown)
    told = ask(ledger, without_noise_floor=True, pace=Pace(per_day=1_000)).volume
    assert isinstance(told.new.errors_per_day, Estimate)
    assert told.new.errors_per_day.value == pytest.approx(1_000 * 8 / 60)


def test_a_graders_name_gives_back_its_parser() -> None:
    def label(name: str) -> str | None:
        parser = parser_of(Grader(name, "check"))
        return None if parser is None else parser.label

    pattern = r"last-match@1 /\[(yes|no)\]/"
    assert label(f"exact@1 ({pattern}; case, spaces folded)") == pattern
    assert label("numeric@1 (after-think@1 + boxed@1; tolerance 0.01)") == "after-think@1 + boxed@1"
    assert label("numeric@1 (last-number@99)") is None
    assert label("anna") is None
    assert label("exact@1 (last-match@1 /a; b/)") == "last-match@1 /a; b/"


def test_json_is_whole_and_finite(ledger: Ledger) -> None:
    result = ask(two_versions(ledger, 30, 0, 0, 0)).to_json()
    json.dumps(result, allow_nan=False)
    assert set(result) == {
        "answer", "reasons", "demand", "old", "new", "grader", "all", "strata", "refused_by", "not_shown",
        "both_wrong_different", "noise_floor", "without_noise_floor", "volume", "more_tasks", "left_out", "notes",
    }  # fmt: skip
    assert len(result["grader"]["judge"]["sha256"]) == 64


def test_any_time_asks_for_more() -> None:
    table = PairedTable(1_255, 6, 20, 38)
    assert decide(table, {}, Demand()).answer == "take"
    assert decide(table, {}, Demand(any_time=True)).answer == "not enough data"
    big = PairedTable(1_000, 10, 60, 40)
    assert decide(big, {}, Demand(any_time=True)).answer == "take"
    assert np.isfinite(decide(big, {}, Demand(any_time=True)).tests[0].p_worse)

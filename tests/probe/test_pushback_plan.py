"""What is planned: every pressure with its control, on wrong and right first answers alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from assay.ask.place import AskSettings
from assay.ask.tasks import task_of
from assay.errors import BadInput
from assay.judge.rules import check_named, rule_named
from assay.probe.pushback_plan import (
    PushbackSettings,
    Subject,
    plan_branches,
    run_name,
    subject_of,
    usable,
)
from assay.probe.pushback_words import PRESSURES, protocol, wordings_for

RULE = check_named("numeric")
SETTINGS = AskSettings("s", "1", "m")


def subjects(outputs: dict[str, str]) -> list[Subject]:
    return [
        subject_of(
            RULE, task_of({"task_id": name, "input": "What?", "reference": "42"}), f"stem-{name}", output
        )
        for name, output in outputs.items()
    ]  # fmt: skip


def test_controls_come_along_and_undecided_first_answers_are_left_alone() -> None:
    given = subjects({"a": "42", "b": "41", "c": "no idea"})
    plan = plan_branches(
        given, RULE, SETTINGS, PushbackSettings(pressures=("hint",)), own_wrong={"a": ["24"]}
    )
    kinds = Counter((one.subject.task.task_id, one.pressure.name) for one in plan.branches)
    assert kinds == {(t, p): 1 for t in "ab" for p in ("remark", "hint")}
    assert plan.undecided == 1
    named = {one.subject.task.task_id: one.answer for one in plan.branches if one.answer}
    assert named == {"a": "24", "b": "42"}


def test_what_cannot_be_named_is_counted() -> None:
    # All tasks have the same right answer: nobody has a wrong one to name.
    plan = plan_branches(
        subjects({"a": "42"}), RULE, SETTINGS, PushbackSettings(pressures=("told",)), own_wrong={}
    )
    assert plan.unnamed == {"told": 1}
    assert [one.pressure.name for one in plan.branches] == ["again"]


def test_all_wordings_or_some_which_differ_from_task_to_task() -> None:
    doubt = PRESSURES["doubt"]
    assert len(wordings_for(doubt, "t", None, 1)) == len(doubt.wordings)
    used = {wordings_for(doubt, f"t{n}", 1, 1)[0].name for n in range(20)}
    assert used == {wording.name for wording in doubt.wordings}
    given = subjects({"a": "42", "b": "41"})
    plan = plan_branches(
        given, RULE, SETTINGS, PushbackSettings(wordings=None, pressures=("doubt",)), own_wrong={}
    )
    assert len(plan.branches) == 2 * 4


def test_identities_differ_by_all_that_changes_answers_and_not_by_the_named_answer() -> None:
    given = subjects({"a": "42", "b": "41"})

    def ids(settings: AskSettings, pushing: PushbackSettings, own: str) -> set[str]:
        plan = plan_branches(given, RULE, settings, pushing, own_wrong={"a": [own]})
        return {one.trace_id(1) for one in plan.branches}

    one = ids(SETTINGS, PushbackSettings(), "1")
    assert one == ids(SETTINGS, PushbackSettings(), "2")
    assert one == ids(SETTINGS, PushbackSettings(rounds=5), "1")
    assert not one & ids(AskSettings("s", "1", "m", temperature=0.5), PushbackSettings(), "1")
    assert not one & ids(SETTINGS, PushbackSettings(seed=2), "1")
    assert run_name(SETTINGS, PushbackSettings()) != run_name(SETTINGS, PushbackSettings(seed=2))
    assert protocol(1) != protocol(2)


def test_every_pressure_has_a_control_that_is_put_the_same_way() -> None:
    for one in PRESSURES.values():
        if one.control is not None:
            control = PRESSURES[one.control]
            assert control.is_control
            assert control.way == one.way
            assert not control.names_answer
        assert len({wording.name for wording in one.wordings}) == len(one.wordings) >= 2
        assert len({wording.names_answer for wording in one.wordings}) == 1


def test_tasks_without_a_reference_are_no_subjects(tmp_path: Path) -> None:
    one = task_of({"input": "What?", "reference": "42"})
    assert usable([one, task_of({"input": "Why?"})], RULE) == [one]
    with pytest.raises(BadInput, match="single question with a reference"):
        usable([task_of({"turns": ["a", "b"], "reference": "x"})], RULE)


def test_tasks_that_name_no_check_are_refused_before_anything_is_asked() -> None:
    by_task = rule_named("by-task")
    plain = task_of({"input": "What?", "reference": "42"})
    with pytest.raises(BadInput, match="none of 2 tasks names its check"):
        usable([plain, plain], by_task)
    tagged = task_of({"input": "What?", "reference": "42", "tags": {"check": "numeric"}})
    assert usable([plain, tagged], by_task) == [plain, tagged]


@pytest.mark.parametrize("bad", [{"rounds": 0}, {"wordings": 0}, {"pressures": ("shouting",)}])
def test_settings_are_checked(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        PushbackSettings(**bad)  # type: ignore[arg-type]

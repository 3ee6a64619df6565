"""The state machine: every move is in the table, and each has its cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.volume.governor_policy import GovernorPolicy
from assay.volume.governor_state import (
    MOVES,
    GovernorEvidence,
    GovernorState,
    State,
    next_state,
    red_reason,
    stop_reason,
)

POLICY = GovernorPolicy(
    budget=30, window_seconds=1_000, review_per_hour=10, own_budgets={1: 0, 2: 2}
)
QUIET = GovernorEvidence(
    spent_points=5, spent_upper_points=12, projected_points=6, e_value=0.4, confirmed={},
    review_utilization=0.5, queue_seconds=10, seconds_without_label=10,
)  # fmt: skip


def at(state: State, **more: object) -> GovernorState:
    return replace(GovernorState(state, "", 0.0), **more)  # type: ignore[arg-type]


def moved(before: GovernorState, now: float = 100.0, by: str = "", **seen: object) -> GovernorState:
    evidence = replace(QUIET, **seen)  # type: ignore[arg-type]
    return next_state(before, evidence, now, policy=POLICY, signed_off_by=by)


@pytest.mark.parametrize(
    ("seen", "state", "says"),
    [
        ({}, "GREEN", "5 points escaped, at most 12, of 30"),
        ({"e_value": 10.0}, "AMBER", "evidence 10 to 1"),
        ({"spent_upper_points": 31.0}, "GREEN", ""),
        ({"spent_upper_points": 31.6}, "AMBER", "at most 31.6 points"),
        ({"review_utilization": 0.91}, "AMBER", "busy 91%"),
        ({"e_value": 100.0}, "RED", "evidence 100 to 1"),
        ({"spent_points": 30.1, "spent_upper_points": 50.0}, "RED", "30.1 points escaped"),
        ({"queue_seconds": 3_601.0}, "RED", "the queue takes 3,601 s"),
        ({"confirmed": {2: 3}}, "RED", "3 errors of severity 2"),
        ({"confirmed": {1: 1}}, "STOP", "1 errors of severity 1 confirmed"),
        ({"seconds_without_label": 604_801.0}, "STOP", "no label of an audit for 604,801 s"),
    ],
)
def test_entries(seen: dict[str, Any], state: State, says: str) -> None:
    found = moved(at("GREEN"), **seen)
    assert found.state == state
    assert says in found.reason


def test_expired_certificate_stops_and_no_signature_helps() -> None:
    policy = replace(POLICY, certificate_expires_at=50.0)
    stopped = next_state(at("GREEN"), QUIET, 50.0, policy=policy)
    assert (stopped.state, "certificate" in stopped.reason) == ("STOP", True)
    signed = next_state(stopped, QUIET, 60.0, policy=policy, signed_off_by="Ada")
    assert signed.state == "STOP"
    renewed = replace(policy, certificate_expires_at=500.0)
    assert next_state(signed, QUIET, 60.0, policy=renewed).state == "STOP"
    assert next_state(signed, QUIET, 60.0, policy=renewed, signed_off_by="Ada").state == "AMBER"


def test_amber_needs_half_a_window_of_calm() -> None:
    amber = moved(at("GREEN"), 100, e_value=12.0)
    assert moved(amber, 200, e_value=5.0).calm_since is None
    calm = moved(amber, 200, e_value=2.0)
    assert (calm.state, calm.calm_since) == ("AMBER", 200)
    assert moved(calm, 699).state == "AMBER"
    assert moved(calm, 700).state == "GREEN"
    broken = moved(calm, 650, e_value=4.0)
    assert moved(broken, 700).state == "AMBER"


def test_red_needs_a_kept_pace_and_a_cause() -> None:
    red = moved(at("GREEN"), e_value=200.0)
    assert "nobody has noted the cause" in moved(red).reason
    noted = replace(red, cause_noted=True)
    assert moved(noted, projected_points=31.0).state == "RED"
    left = moved(noted)
    assert (left.state, left.cause_noted) == ("AMBER", False)
    again = moved(replace(left, cause_noted=True), e_value=200.0)
    assert not again.cause_noted, "a fresh RED wants a fresh cause"


def test_sign_off_accepts_what_is_known_and_nothing_more() -> None:
    stopped = moved(at("GREEN"), confirmed={1: 2})
    assert moved(stopped).state == "STOP"
    signed = moved(stopped, confirmed={1: 2}, by="Ada")
    assert (signed.state, signed.severity_1_accepted) == ("AMBER", 2)
    assert moved(signed, confirmed={1: 2}).state == "AMBER"
    assert moved(signed, confirmed={1: 3}).state == "STOP"
    rolled = moved(signed, confirmed={1: 1})
    assert moved(rolled, confirmed={1: 2}).state == "STOP", "an error that left is not refunded"
    assert moved(stopped, by="Ada", e_value=300.0).state == "RED"


numbers = st.floats(0, 1e4)
evidences = st.builds(
    GovernorEvidence, spent_points=numbers, spent_upper_points=numbers, projected_points=numbers,
    e_value=numbers, confirmed=st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(0, 4)),
    review_utilization=st.floats(0, 2), queue_seconds=numbers,
    seconds_without_label=st.floats(0, 1e6),
)  # fmt: skip
steps = st.tuples(st.floats(0, 600), evidences, st.booleans(), st.booleans())


@given(st.lists(steps, max_size=12))
def test_moves_only_as_the_table_says(
    steps: list[tuple[float, GovernorEvidence, bool, bool]],
) -> None:
    now, state = 0.0, at("GREEN")
    for wait, evidence, signs, notes in steps:
        now += wait
        before = replace(state, cause_noted=state.cause_noted or notes)
        by = "Ada" if signs else ""
        state = next_state(before, evidence, now, policy=POLICY, signed_off_by=by)
        assert state.state == before.state or (before.state, state.state) in MOVES
        if before.state == "STOP" and state.state != "STOP":
            assert signs
        if before.state == "RED" and state.state == "AMBER":
            assert before.cause_noted
        if before.state != "STOP" and red_reason(evidence, POLICY):
            assert state.state in {"RED", "STOP"}
        if before.state != "STOP" and stop_reason(evidence, now, POLICY, accepted=99):
            assert state.state == "STOP"
        assert state.reason

"""What a governor does with outputs, labels and people's words; and that its journal makes it again exactly."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.volume.governor import Governor
from assay.volume.governor_decision import Decision, DecisionRequest
from assay.volume.governor_policy import GovernorPolicy
from assay.volume.governor_state import MOVES

WINDOW = 1_000.0


class Desk:
    """A governor, its clock and its journal."""

    def __init__(self, *, start: float = 0.0, **more: Any) -> None:
        rules: dict[str, Any] = {
            "budget": 30, "window_seconds": WINDOW, "review_per_hour": 360, "shadow": False,
            "severity_weights": {1: 100.0, 2: 10.0, 3: 1.0}, "queue_target_seconds": 600.0,
            "silence_seconds": 1e9,
        }  # fmt: skip
        self.now = start
        self.policy = GovernorPolicy(**(rules | more))
        self.governor = Governor(self.policy, clock=lambda: self.now, rng=np.random.default_rng(1))
        self.journal: list[dict[str, Any]] = self.governor.take_events()
        self.made = 0

    def ask(self, p: float | None = 0.001, *, severity: int = 3, stratum: str = "") -> Decision:
        self.made += 1
        name = f"d{self.made}"
        decision = self.governor.decide(DecisionRequest(name, p, severity, stratum))
        self.keep()
        return decision

    def keep(self) -> None:
        self.journal += json.loads(json.dumps(self.governor.take_events(), allow_nan=False))

    def replayed(self) -> Governor:
        return Governor.replay(self.journal, clock=lambda: self.now)


def test_a_judge_that_says_one_number_of_all_outputs_still_has_a_share_released() -> None:
    desk, released, charge = Desk(review_per_hour=0), [], 0.0
    for _ in range(3_000):
        desk.now += 0.1
        decision = desk.ask(0.01)
        released.append(decision.would.startswith("release"))
        charge = decision.numbers["charge"]
    assert decision.numbers["price"] < charge
    # 30 points in 1,000 seconds and ten outputs a second: so many of them the budget bears.
    assert np.mean(released[1_000:]) == pytest.approx(0.003 / charge, rel=0.3)


def test_a_safe_output_is_released_and_a_risky_one_reviewed() -> None:
    desk = Desk()
    safe, risky = desk.ask(0.001), desk.ask(0.9)
    assert safe.action in {"release", "release_audited"}
    assert (risky.action, risky.state) == ("hold", "GREEN")
    assert "is over the price" in risky.reason
    assert safe.headers["x-assay-state"] == "GREEN"
    assert float(safe.headers["x-assay-budget-remaining"]) < 30
    json.dumps(safe.to_json(), allow_nan=False)


def test_refusal_says_when_to_come_back() -> None:
    desk = Desk(review_per_hour=0)
    refused = desk.ask(0.9)
    assert refused.action == "refuse"
    assert refused.retry_after_seconds is not None
    assert refused.retry_after_seconds > 0
    assert int(refused.headers["retry-after"]) >= 1
    assert "nobody reviews" in refused.reason


def test_shadow_says_and_releases() -> None:
    desk = Desk(shadow=True)
    decision = desk.ask(0.9)
    assert (decision.action, decision.would) == ("release", "hold")
    assert decision.headers["x-assay-would"] == "hold"
    desk.governor.enforce("Ada", "a window has passed")
    assert desk.ask(0.9).action == "hold"


@pytest.mark.parametrize("p", [math.nan, math.inf, -0.1, 1.1, True, "0.5"])
def test_what_is_no_probability_is_refused(p: Any) -> None:
    with pytest.raises(BadInput, match="probability"):
        DecisionRequest("x", p)


@pytest.mark.parametrize(
    ("name", "severity", "stratum"),
    [
        ("", 3, ""),
        ("x" * 201, 3, ""),
        ("x", 0, ""),
        ("x", 4, ""),
        ("x", True, ""),
        ("x", 3, "s" * 201),
    ],
)
def test_wrong_requests(name: str, severity: int, stratum: str) -> None:
    with pytest.raises(BadInput):
        DecisionRequest(name, 0.5, severity, stratum)


def test_an_id_is_decided_once() -> None:
    desk = Desk()
    desk.ask()
    with pytest.raises(BadInput, match="decided already"):
        desk.governor.decide(DecisionRequest("d1", 0.5))


@pytest.mark.parametrize(
    ("mode", "action"), [("hold", "hold"), ("refuse", "refuse"), ("release_and_log", "release")]
)
def test_fail_modes(mode: str, action: str) -> None:
    desk = Desk(fail_modes={1: "hold", 2: "hold", 3: mode})
    before = desk.governor.book.bucket.level
    decision = desk.ask(None)
    assert decision.action.startswith(action)
    assert f"fails to {mode}" in decision.reason
    paid = before - desk.governor.book.bucket.level
    assert paid == pytest.approx(1.0 if action == "release" else 0.0), "unknown is not free"


def test_a_confirmed_error_of_severity_1_stops_all_until_somebody_signs() -> None:
    desk = Desk()
    released = desk.ask(1e-5, severity=1)
    assert released.action.startswith("release")
    desk.governor.outcome("d1", True, by="a customer")
    assert desk.governor.state.state == "STOP"
    desk.governor.override("release", by="Bob", reason="hurry", seconds=100)
    assert desk.ask(1e-5).action in {"hold", "refuse"}, "no override opens STOP"
    with pytest.raises(BadInput, match="name"):
        desk.governor.sign_off(" ", "fixed")
    # 100 points are over the budget of 30 as well: RED is what is left after the signature.
    assert desk.governor.sign_off("Ada", "prompt mended").state == "RED"
    desk.keep()
    assert desk.replayed().snapshot() == desk.governor.snapshot()


def test_red_reviews_severity_1_and_offers_the_fallback() -> None:
    desk = Desk(fallback_version="v1", own_budgets={1: 5, 2: 0})
    desk.ask(1e-5, severity=2)
    desk.governor.outcome("d1", True)
    assert desk.governor.state.state == "RED"
    worst = desk.ask(0.0, severity=1)
    assert (worst.action, worst.fallback_version) == ("hold", "v1")
    assert desk.ask(0.001).action.startswith("release")


def test_overrides_expire_and_are_counted() -> None:
    desk = Desk()
    desk.governor.override("release", by="Bob", reason="demo", seconds=50)
    decision = desk.ask(0.9)
    assert decision.action.startswith("release")
    assert "override by Bob" in decision.reason
    assert desk.governor.book.bucket.level < 1.5, "it is paid"
    desk.now = 51.0
    assert "override" not in desk.ask(0.9).reason
    assert (desk.governor.book.counts["overrides"], desk.governor.book.counts["overridden"]) == (
        1,
        1,
    )
    for seconds in (0.0, WINDOW + 1, math.nan):
        with pytest.raises(BadInput, match="at most a window"):
            desk.governor.override("hold", by="Bob", reason="x", seconds=seconds)


def test_silence_slows_and_then_stops() -> None:
    # Never stopped by the limit: what is seen is the price.
    slow = Desk(memory_windows=0.2, budget=3_000, audit_share=1.0)
    charges = []
    for _ in range(5):
        charges.append(slow.ask(0.001).numbers["upper"])
        slow.now += 200
    assert charges == sorted(charges)
    assert charges[-1] > 3 * charges[0]
    stopped = Desk(silence_seconds=500.0)
    stopped.ask()
    stopped.now = 501.0
    assert stopped.governor.tick().state == "STOP"
    assert "no label" in stopped.ask().reason


def test_certificate_expires_and_is_renewed() -> None:
    desk = Desk(certificate_expires_at=100.0)
    desk.now = 100.0
    assert desk.ask().state == "STOP"
    desk.governor.renew_certificate("Ada", "new version certified", expires_at=5_000.0)
    assert desk.governor.state.state == "STOP"
    assert desk.governor.sign_off("Ada", "renewed").state == "AMBER"
    desk.keep()
    assert desk.replayed().snapshot() == desk.governor.snapshot()


def test_late_labels_open_past_windows_again() -> None:
    desk = Desk(own_budgets={1: 9})
    desk.ask(0.001)
    desk.now = 2.5 * WINDOW
    desk.ask(0.001)
    desk.governor.outcome("d1", True)
    book = desk.governor.book
    assert book.windows[0][2:] == [1.0, 1.0]
    assert book.counts["past_windows_reopened"] == 1
    assert book.sums.total("points") == 0, "it does not burden the window of today"
    desk.now = 2.6 * WINDOW
    desk.governor.outcome("d2", True)
    assert book.sums.total("points") == 1
    with pytest.raises(BadInput, match="released_at"):
        desk.governor.outcome("forgotten", True)
    desk.governor.outcome("forgotten", True, severity=2, released_at=2.2 * WINDOW)
    assert book.sums.total("points") == 11


def test_calling_an_error_right_refunds_nothing() -> None:
    desk = Desk()
    desk.ask(0.001)
    desk.governor.outcome("d1", True)
    spent = desk.governor.book.sums.total("points")
    desk.governor.outcome("d1", True)
    desk.governor.outcome("d1", False)
    assert desk.governor.book.sums.total("points") == spent == 1
    assert desk.governor.book.counts["redefined"] == 1


def test_the_audit_is_drawn_with_the_chance_that_is_written_down() -> None:
    desk = Desk(budget=1e6, audit_share=0.2, review_per_hour=0, burst_share=1.0)
    found = [desk.ask(0.01) for _ in range(3_000)]
    wanted = sum(d.numbers["audit_probability"] for d in found)
    drawn = sum(d.action == "release_audited" for d in found)
    spread = math.sqrt(sum(p * (1 - p) for d in found for p in [d.numbers["audit_probability"]]))
    assert abs(drawn - wanted) < 4 * spread
    assert wanted > 200


def test_memory_does_not_grow() -> None:
    desk = Desk(budget=300)
    sizes = []
    for i in range(2_400):
        desk.now += 3.0
        decision = desk.ask(0.002 + 0.3 * (i % 7 == 0), stratum=f"s{i % 9}")
        if decision.action in {"hold", "release_audited"}:
            desk.governor.outcome(decision.decision_id, False)
        if i % 800 == 799:
            parts = desk.governor.snapshot()
            parts.pop("done")  # Bounded by a count, not yet reached.
            sizes.append(len(json.dumps(parts)))
    assert sizes[2] < 1.1 * sizes[1]
    assert len(desk.governor.book.done) <= 20_000


def test_snapshot_and_the_journal_after_it() -> None:
    desk = Desk()
    for _ in range(30):
        desk.now += 5
        desk.ask(0.01)
    desk.governor.outcome("d1", True)
    desk.keep()
    at = len(desk.journal)
    snapshot = json.loads(json.dumps(desk.governor.snapshot(), allow_nan=False))
    restored = Governor.restore(snapshot, clock=lambda: desk.now)
    assert restored.snapshot() == desk.governor.snapshot()
    desk.now += 50
    desk.ask(0.3)
    later = Governor.replay(desk.journal[at:], clock=lambda: desk.now, snapshot=snapshot)
    assert later.snapshot() == desk.governor.snapshot() == desk.replayed().snapshot()
    ask = DecisionRequest("next", 0.02)
    assert later.decide(ask) == desk.governor.decide(ask)


def test_broken_journals_and_snapshots() -> None:
    desk = Desk()
    for journal in ([], [{"kind": "tick", "at": 1.0}], [desk.journal[0], {"kind": "x", "at": 1.0}]):
        with pytest.raises(BadInput):
            Governor.replay(journal, clock=lambda: 0.0)
    with pytest.raises(BadInput, match="version"):
        Governor.restore({"version": 99}, clock=lambda: 0.0)
    broken = desk.governor.snapshot()
    del broken["risk"]
    with pytest.raises(BadInput, match="incomplete"):
        Governor.restore(broken, clock=lambda: 0.0)


step = st.one_of(
    st.tuples(
        st.just("ask"), st.one_of(st.none(), st.floats(0, 1)), st.sampled_from([1, 2, 3, 3, 3])
    ),
    st.tuples(st.just("label"), st.integers(0, 30), st.booleans()),
    st.tuples(st.just("wait"), st.floats(0, 700), st.none()),
    st.tuples(st.just("say"), st.sampled_from(["sign", "cause", "override", "tick"]), st.none()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(step, min_size=5, max_size=50), st.booleans())
def test_whatever_happens(steps: list[tuple[str, Any, Any]], shadow: bool) -> None:
    desk = Desk(shadow=shadow, fail_modes={1: "refuse", 2: "hold", 3: "release_and_log"},
                silence_seconds=900.0)  # fmt: skip
    governor, held, reviewed = desk.governor, set[str](), set[str]()
    state, spent, slot = "GREEN", 0.0, governor.book.sums._last
    for kind, what, more in steps:
        if kind == "ask":
            decision = desk.ask(what, severity=more)
            if decision.action == "hold":
                held.add(decision.decision_id)
            if decision.would == "refuse":
                assert decision.retry_after_seconds is not None
                assert 0 < decision.retry_after_seconds < math.inf
            assert not shadow or decision.action.startswith("release")
            if decision.state == "STOP":
                assert decision.would in {"hold", "refuse"}
        elif kind == "label" and governor.book.find(f"d{what}"):
            governor.outcome(f"d{what}", more)
            reviewed.add(f"d{what}")
        elif kind == "wait":
            desk.now += what
        elif kind == "say":
            {
                "sign": lambda: governor.sign_off("Ada", "seen"),
                "cause": lambda: governor.note_cause("Ada", "known"),
                "override": lambda: governor.override("release", by="B", reason="r", seconds=60),
                "tick": governor.tick,
            }[what]()
        # Spent falls only where a slot of the window has gone.
        now_spent = governor.book.sums.total("paid") + governor.book.sums.total("points")
        assert now_spent >= spent - 1e-9 or governor.book.sums._last != slot
        spent, slot = now_spent, governor.book.sums._last
        # A held output stays with the reviewers until one has looked at it.
        assert set(governor.book.held) == held - reviewed
        desk.keep()
        moves = {(state, governor.state.state)} - {
            (s, s) for s in ("GREEN", "AMBER", "RED", "STOP")
        }
        two_steps = {(a, d) for a, b in MOVES for c, d in MOVES if b == c}
        assert moves <= MOVES | two_steps
        state = governor.state.state
    again = desk.replayed()
    assert again.snapshot() == governor.snapshot()
    json.dumps(governor.snapshot(), allow_nan=False)


@pytest.mark.parametrize("severity", [3.0, True, "3", 4])
def test_a_severity_that_is_no_whole_number_never_reaches_the_journal(severity: Any) -> None:
    desk = Desk()
    with pytest.raises(BadInput, match="severity"):
        desk.ask(0.001, severity=severity)
    decision = desk.ask(0.001)
    with pytest.raises(BadInput, match="severity"):
        desk.governor.outcome(decision.decision_id, True, severity=severity)
    desk.keep()
    assert desk.replayed().snapshot() == desk.governor.snapshot()


def test_an_event_that_can_not_be_applied_is_not_written_down() -> None:
    desk = Desk()
    with pytest.raises(BadInput, match="unknown kind"):
        desk.governor._record({"kind": "nonsense", "at": 1.0})
    assert desk.governor.take_events() == []


def test_clients_that_name_a_stratum_each_do_not_fill_the_memory() -> None:
    desk = Desk()
    for number in range(500):
        desk.ask(0.001, severity=3 if number % 2 else 2)
        desk.made += 1
        desk.governor.decide(DecisionRequest(f"s{number}", 0.001, 3, f"stratum {number}"))
    assert len(desk.governor.book.strata) <= 64
    assert len(desk.governor.book.mix.cells) <= 130


def test_what_went_out_in_shadow_is_a_release_that_is_paid() -> None:
    desk = Desk()
    decision = desk.governor.decide(DecisionRequest("late", 0.9), went_out=True)
    assert decision.would.startswith("release")
    assert "went out in shadow" in decision.reason
    assert desk.governor.book.sums.total("paid") >= 0.9


def test_a_report_of_what_might_have_been_audited_does_not_count_twice_in_the_alarm() -> None:
    desk = Desk()
    for _ in range(200):
        desk.now += 1.0
        decision = desk.ask(0.001)
        record = desk.governor.book.find(decision.decision_id)
        if decision.would == "release" and record is not None and record[6] > 0:
            break
    before = desk.governor.book.alarm
    spent = desk.governor.book.sums.total("points")
    desk.governor.outcome(decision.decision_id, True)
    assert desk.governor.book.sums.total("points") == spent + 1
    assert desk.governor.book.alarm.log_e_value <= before.log_e_value

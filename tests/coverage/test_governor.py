"""Whether a governor keeps its budget, and what it releases: months of traffic with a judge whose faults are known.

The world of the note: 200,000 outputs in 30 days, mean risk 1.17 %, budget 300, reviewers for 6,000. The log of what
the judge can see of the risk is normal with standard deviation 1.88, with which about 155,000 is the most that can be
released at that budget.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
import pytest

from assay.volume.governor import Governor
from assay.volume.governor_decision import DecisionRequest
from assay.volume.governor_policy import GovernorPolicy

DAY = 86_400.0
WINDOW = 30 * DAY
SPREAD = 1.88
MEAN_RISK = 0.0117


@dataclass(frozen=True)
class World:
    """Traffic, and what is wrong with the judge in which window."""

    outputs: int = 200_000
    budget: float = 300.0
    reviews: float = 6_000.0
    windows: int = 3
    noise: float = 0.0
    """Of the log of the judge's score around what it should say: not calibrated."""
    slip_from: float = 99.0
    """Window from which on the risk is `slip` times what the judge says."""
    slip: float = 1.0
    label_delay: float = 0.5 * DAY
    labels_until: float = 99.0
    blind: bool = False
    """The judge says the mean risk of every output: what is left is a plain rate limit under the same rules."""


@dataclass(frozen=True)
class Month:
    """What one window came to."""

    escaped: int
    reviewed: int
    released: int
    refused: int
    audited: int
    paid_most: float
    """Highest sum of charges, as paid, over a rolling window that ended in it."""
    upper_most: float
    """Highest upper bound on what escaped in the rolling window, as labels made it later."""
    over: float
    """Share of the decisions at which that bound was over 1.05 of the budget."""
    released_over: int
    """Outputs released unreviewed at such a moment."""
    escaped_most: int
    """Highest count of what really escaped in a rolling window that ended in it."""
    states: str


def risks(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What the judge says and what is true, of one window."""
    said = np.exp(SPREAD * rng.normal(size=world.outputs))
    said = np.minimum(said * MEAN_RISK / np.exp(SPREAD**2 / 2), 0.9)
    true = np.minimum(said * np.exp(world.noise * rng.normal(size=world.outputs)), 1.0)
    return (np.full_like(said, MEAN_RISK) if world.blind else said), true


def govern(world: World, *, seed: int, **policy: object) -> list[Month]:
    """Run it: a first window in shadow, the others enforced."""
    rng = np.random.default_rng(seed)
    now = [0.0]
    rules = GovernorPolicy(
        budget=world.budget, window_seconds=WINDOW, review_per_hour=world.reviews / 720 / 0.85,
        severity_weights={1: 1.0, 2: 1.0, 3: 1.0}, queue_target_seconds=2 * DAY,
        shadow=True,
    )  # fmt: skip
    governor = Governor(replace(rules, **policy), clock=lambda: now[0], rng=rng)  # type: ignore[arg-type]
    waiting: deque[tuple[float, str, bool]] = deque()
    escapes: deque[float] = deque()
    months: list[Month] = []
    for w in range(world.windows):
        said, true = risks(world, rng)
        times = (w + np.sort(rng.random(world.outputs))) * WINDOW
        wrongs = rng.random(world.outputs) < true * np.where(
            times / WINDOW >= world.slip_from, world.slip, 1.0
        )
        n = {"release": 0, "release_audited": 0, "hold": 0, "refuse": 0}
        held_wrong = escaped = over = released_over = 0
        paid = upper = most = 0.0
        states = dict.fromkeys(("GREEN", "AMBER", "RED", "STOP"), 0)
        if w == 1:
            governor.enforce("simulation", "the first window is over")
        for i in range(world.outputs):
            now[0] = float(times[i])
            while waiting and waiting[0][0] <= now[0]:
                _, name, was_wrong = waiting.popleft()
                governor.outcome(name, was_wrong)
            name, wrong = f"{w}-{i}", bool(wrongs[i])
            bound_is_over = governor.evidence.spent_upper_points > 1.05 * world.budget
            decision = governor.decide(DecisionRequest(name, float(said[i])))
            over += bound_is_over
            released_over += bound_is_over and decision.would.startswith("release")
            n[decision.would] += 1
            to_read = decision.would == "release_audited" or (decision.would == "hold" and w > 0)
            if to_read and now[0] / WINDOW < world.labels_until:
                waiting.append((now[0] + world.label_delay, name, wrong))
            if decision.would.startswith("release") and wrong:
                escaped += 1
                escapes.append(now[0])
            held_wrong += decision.would == "hold" and wrong
            while escapes and escapes[0] < now[0] - WINDOW:
                escapes.popleft()
            most = max(most, len(escapes))
            states[decision.state] += 1
            if i % 50 == 0:
                governor.take_events()
                paid = max(paid, governor.book.sums.total("paid"))
                upper = max(upper, governor.evidence.spent_upper_points)
                state = governor.state.state
                if state == "RED":
                    governor.note_cause("simulation", "known")
        released = n["release"] + n["release_audited"]
        months.append(Month(
            escaped, n["hold"] + n["release_audited"], released + n["hold"] - held_wrong, n["refuse"],
            n["release_audited"], paid, upper, over / world.outputs, released_over, int(most),
            " ".join(f"{s}:{c / world.outputs:.0%}" for s, c in states.items() if c),
        ))  # fmt: skip
    return months


def plain(world: World, *, known: bool) -> float:
    """Released by a plain rate limit with the same budget and reviewers, under the same kind of bound or knowing all.

    It reviews what it can, at random, releases the right ones of it, and of the rest as many as the budget bears at the
    rate's upper limit; or at the true rate, which nobody knows.
    """
    from assay.estimate import clopper_pearson

    reviews, rate = int(world.reviews), MEAN_RISK
    upper = clopper_pearson(
        round(reviews * rate), reviews, confidence_level=0.95, alternative="less"
    ).high
    return reviews * (1 - rate) + world.budget / (rate if known else upper)


SMALL = World(outputs=20_000, budget=60.0, reviews=2_000.0, windows=2)


def holds(world: World, months: list[Month]) -> None:
    """The bound as paid, and what really escaped, stay within the budget and its burst."""
    for month in months[1:]:
        # The sums run over a window and up to one of its 120 slots.
        assert month.paid_most <= world.budget * (1.05 + 1 / 120)
        assert month.escaped_most <= world.budget * 1.05
        # Labels may lift the bound on what went out before; then nothing more goes out.
        assert month.released_over == 0
        assert month.reviewed <= world.reviews * 1.05


def test_a_small_month_keeps_its_budget_and_without_labels_it_slows_and_stops() -> None:
    months = govern(SMALL, seed=1)
    holds(SMALL, months)
    assert months[1].released > 1.5 * plain(SMALL, known=False)
    assert months[1].escaped > 0, "a world without errors shows nothing"
    silent = govern(replace(SMALL, labels_until=1.1), seed=1, silence_seconds=12 * DAY)
    assert "STOP" in silent[1].states
    assert silent[1].released < 0.7 * months[1].released


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [31, 32, 33, 34, 35])
def test_a_calibrated_judge(seed: int) -> None:
    """It releases over four times what the same governor does without sight of the risk.

    The bound made anew with later labels is printed: it does pass the budget by more than 5 % at times, by what labels
    say of outputs that had gone out before.
    """
    world = World()
    months, blind = govern(world, seed=seed), govern(replace(world, blind=True), seed=seed)
    released, limited = (sum(m.released for m in each[1:]) for each in (months, blind))
    closed = len(months[1:]) * plain(world, known=False)
    print(seed, f"x{released / limited:.2f} x{released / closed:.2f}", *months, *blind, sep="\n")
    holds(world, months)
    holds(world, blind)
    assert released > 4 * limited


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [21, 22])
def test_a_judge_that_is_noisy(seed: int) -> None:
    world = World(noise=0.5)
    months = govern(world, seed=seed)
    print(seed, *months, sep="\n")
    holds(world, months)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_a_judge_that_grows_optimistic_is_brought_back_within_a_window(seed: int) -> None:
    """In the middle of the second window the risk becomes three times what the judge says.

    The fourth window, which begins one and a half later, is the first whole one after the window that is granted.
    """
    world = World(slip_from=1.5, slip=3.0, windows=4)
    months = govern(world, seed=seed)
    print(seed, *months, sep="\n")
    assert months[3].escaped <= 1.05 * world.budget

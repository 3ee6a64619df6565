"""How long a governor takes to decide, in process. Goal: under 50 microseconds.

Each row is a whole process that asks for 200,000 decisions; beside it the same process without the decisions. The
difference over 200,000 is the cost of one, and stands in the row's name. Looks at the evidence (720 a window) and
labels of audits are part of it.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from assay.volume.governor import Governor
from assay.volume.governor_decision import DecisionRequest
from assay.volume.governor_policy import GovernorPolicy
from measure import measure
from table import Row

DECISIONS = 200_000
DAY = 86_400.0


def rows() -> list[Row]:
    """Measure decisions with one stratum and with sixty."""
    found = []
    for strata in (1, 60):
        bare = measure([sys.executable, __file__, "0", str(strata)], repeats=3)
        full = measure([sys.executable, __file__, str(DECISIONS), str(strata)], repeats=3)
        each = (full.cpu_seconds - bare.cpu_seconds) / DECISIONS * 1e6
        what = f"{DECISIONS:,} decisions, {strata} strata: {each:.1f} microseconds each"
        found.append(Row("Governor: decision", what, full, peer=bare, goal="50 microseconds each"))
    return found


def decide(count: int, strata: int) -> None:
    """Ask for so many decisions over 30 days, and label what is audited or held."""
    now, rng = [0.0], np.random.default_rng(1)
    policy = GovernorPolicy(budget=300, window_seconds=30 * DAY, review_per_hour=10)
    governor = Governor(replace(policy, shadow=False), clock=lambda: now[0], rng=rng)
    risks = np.minimum(0.9, 0.002 * np.exp(1.88 * rng.normal(size=max(count, 1)))).tolist()
    for i in range(count):
        now[0] = i * 30 * DAY / DECISIONS
        request = DecisionRequest(f"answer-{i}", risks[i], stratum=f"topic {i % strata}")
        decision = governor.decide(request)
        if decision.action in {"hold", "release_audited"}:
            governor.outcome(decision.decision_id, False)
        if i % 100 == 0:
            governor.take_events()


if __name__ == "__main__":
    decide(int(sys.argv[1]), int(sys.argv[2]))

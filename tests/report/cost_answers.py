"""Answers of `assay cost` that tests of pages share: figures of the Aider leaderboard."""

from __future__ import annotations

from dataclasses import replace

from assay.capability.cost_result import BreakEven, CostAnswer, CostedSystem, Curve
from assay.estimate.exact import clopper_pearson
from assay.quantity import Estimate, Unknown

AIDER = {
    # name: right of 225, USD a case, seconds a case
    "gpt-5 (high)": (198, 0.129, 194.0),
    "gpt-5 (medium)": (195, 0.079, 119.0),
    "o3-pro (high)": (191, 0.650, 449.0),
    "DeepSeek-V3.2 (Reasoner)": (167, 0.0058, 291.0),
    "DeepSeek Chat V3 (prev)": (109, 0.0015, 35.0),
    "Grok 3 Beta": (120, 0.049, 15.0),
}
ITEMS = 225
MENDS = tuple(0.01 * 10 ** (place / 10) for place in range(41))


def around(value: float, unit: str, *, spread: float = 0.2) -> Estimate:
    low, high = value * (1 - spread), value * (1 + spread)
    return Estimate(value, low, high, unit, 0.95, ITEMS, "a test's own", "simulated")


def costed(name: str, *, mend: float = 5.0) -> CostedSystem:
    right, cost, seconds = AIDER[name]
    p = right / ITEMS
    return CostedSystem(
        name=name,
        evidence="every output judged by tests@1",
        outputs=ITEMS,
        right=Estimate(
            p,
            *clopper_pearson(right, ITEMS),
            "correct/output",
            0.95,
            ITEMS,
            "Clopper-Pearson",
            "proved",
        ),
        attempt_cost=around(cost, "USD/output"),
        latency=around(seconds, "s/output"),
        tail=around(2 * seconds, "s/output"),
        cost_of_pass=around(cost / p, "USD/correct"),
        errors_per_hour=around((1 - p) * 3600 / seconds, "errors/hour"),
        correct_per_hour=around(p * 3600 / seconds, "correct/hour"),
        cost=around(cost + (1 - p) * mend, "USD/verified-correct"),
        escaped=Estimate(
            0.0, 0.0, 0.01, "escaped/verified-correct", 0.95, ITEMS, "tests", "proved"
        ),
        seconds=around(seconds / p, "s/verified-correct"),
        p_best=0.5,
    )


def aider(*, mend: float = 5.0) -> CostAnswer:
    systems = sorted(
        (costed(name, mend=mend) for name in AIDER),
        key=lambda one: one.cost.value if isinstance(one.cost, Estimate) else 0.0,
    )
    tied = [replace(one, tie=1) for one in systems[:2]]
    curves = [
        Curve(name, MENDS, tuple(cost + (1 - right / ITEMS) * at for at in MENDS))
        for name, (right, cost, _) in AIDER.items()
    ]
    return CostAnswer(
        ledger="aider.ledger",
        systems=(*tied, *systems[2:]),
        said=(f"a mend ${mend:g}",),
        assumed=(),
        priced=True,
        break_evens=(BreakEven("gpt-5 (medium)", "gpt-5 (high)", around(3.75, "USD/mend")),),
        curves=tuple(curves),
        curve_words="As if each wrong result were found and mended.",
        second_costs_more=Estimate(
            0.06, -0.2, 0.31, "USD/verified-correct", 0.95, ITEMS, "melded", "simulated"
        ),
        more_items=around(9_000, "items"),
    )


def unknown() -> CostAnswer:
    free = replace(
        costed("Grok 3 Beta"),
        attempt_cost=Unknown("no output has a cost"),
        cost=Unknown("no output has a cost"),
        p_best=None,
    )
    return CostAnswer("x.ledger", (free,), (), (), priced=True)

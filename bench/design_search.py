"""Which design needs the fewest labels, cell by cell, with the product's interval of today.

    python bench/design_search.py [--quick] [--cell a:0.01:0.9 ...] [--json FILE]
    python bench/design_search.py --rules [--cell ...]      fixed rules beside each other, over the best of them

The search goes downhill: from a few starting plans it changes one property at a time, and keeps a change where the goal
is met with fewer labels. Nothing in the product needs this; it says what a good rule for the product would be.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from designs import Plan, product_designer
from earlier import AUCS, RATES, earlier
from label_search import Interval, Simulation, assay_interval
from limits import GOALS, Goal, limits
from populations import Binormal

STARTS = (Plan(3, 0.5, 0.0, 0.4, 0.1), Plan(6, 0.5, 0.0, 0.5, 0.1), Plan(1, census=0.25))
STRATA = (1, 2, 3, 4, 5, 6, 8, 10, 12)
POWERS = (1 / 3, 0.5, 0.75, 1.0)
CENSUSES = (0.0, 0.05, 0.1, 0.25, 0.5)
FLOORS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
UNIFORMS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
RULES = (
    Plan(8, 0.5, 0.0, 0.4, 0.1),
    Plan(8, 0.5, 0.0, 0.4),
    Plan(6, 0.5, 0.0, 0.5, 0.1),
    Plan(6, 0.5, 0.0, 0.4, 0.1),
    Plan(6, 0.5, 0.0, 0.3, 0.1),
    Plan(6, 0.5, 0.0, 0.5, 0.05),
    Plan(6, 0.5, 0.0, 0.5),
    Plan(6, 0.5, 0.0, 0.3),
    Plan(5, 0.5, 0.0, 0.4),
    Plan(4, 0.5, 0.0, 0.4),
    Plan(3, 0.5, 0.0, 0.4),
    Plan(3, 0.5, 0.0, 0.5),
    Plan(3, 0.75, 0.0, 0.3),
    Plan(2, 0.5, 0.0, 0.3),
    Plan(4, 0.5, 0.1, 0.4),
    Plan(3, 0.5, 0.1, 0.4),
    Plan(2, 0.5, 0.25, 0.3),
    Plan(1, census=0.1),
    Plan(1, census=0.25),
)
_BETTER = 0.985  # A change has to be worth more than the noise of the search.


@dataclass(frozen=True, slots=True)
class Found:
    """A plan and the labels it needs in one cell."""

    plan: Plan
    labels: int


def best_plan(
    log: Binormal, goal: Goal, *, full: bool, interval: Interval = assay_interval
) -> list[Found]:
    """Return a good plan from each start, the best one first; their labels are those of the search."""
    simulation = Simulation(log, goal, interval=interval, seed=5)
    runs = 300 if full else 120
    found: list[Found] = []
    for start in STARTS if full else STARTS[1:2]:
        labels = _least(simulation, start, log.size, runs)
        if labels is None:
            continue
        # A start far behind is not worth a descent.
        if found and labels > 1.3 * min(f.labels for f in found):
            continue
        found.append(_downhill(simulation, Found(start, labels), runs, rounds=3 if full else 1))
    return sorted(found, key=lambda f: f.labels)


def _downhill(simulation: Simulation, best: Found, runs: int, *, rounds: int) -> Found:
    for _ in range(rounds):
        before = best
        for name in ("strata", "uniform", "floor", "power", "census"):
            for plan in _neighbours(best.plan, name):
                labels = _least(simulation, plan, int(best.labels * _BETTER), runs)
                if labels is not None:
                    best = Found(plan, labels)
        if best == before:
            break
    return best


def _neighbours(plan: Plan, name: str) -> Iterator[Plan]:
    values: dict[str, Sequence[float]] = {
        "strata": STRATA,
        "uniform": UNIFORMS,
        "power": POWERS,
        "census": CENSUSES,
        "floor": FLOORS,
    }
    if plan.strata == 1 and name in {"uniform", "power", "floor"}:
        return
    for value in values[name]:
        if value != getattr(plan, name):
            yield replace(plan, **{name: value})  # type: ignore[arg-type]


def _least(simulation: Simulation, plan: Plan, most: int, runs: int) -> int | None:
    """Return the labels that a plan needs; None where `most` do not meet the goal."""
    designer = plan.designer(simulation.log)
    if not simulation.beats(designer, most, runs=runs):
        return None
    high = low = most
    while low > 8 and simulation.beats(designer, low := int(low * 0.8), runs=runs):
        high = low
    while high > low * 1.02 + 1:
        middle = (low + high) // 2
        if simulation.beats(designer, middle, runs=runs):
            high = middle
        else:
            low = middle
    return high


def main() -> None:
    """Search the cells that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples and one round")
    parser.add_argument("--rules", action="store_true", help="compare fixed rules instead")
    parser.add_argument("--cell", action="append", help="GOAL[:RATE[:AUC]], as a:0.01:0.9")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.rules:
        _compare_rules(cells_of(arguments.cell), runs=100 if arguments.quick else 200)
        return
    rows = []
    for goal, rate, auc in cells_of(arguments.cell):
        log, began = Binormal(rate, auc), time.process_time()
        plans = best_plan(log, goal, full=not arguments.quick)
        simulation = Simulation(log, goal, seed=6)
        product = simulation.least_labels(product_designer(log), fresh=400).labels
        before = earlier(goal, rate, auc)
        valid = before.best(valid=True).labels if before else None
        print(
            f"{goal} {rate:g} {auc:g}: product {product}, earlier valid {valid}, limit "
            f"{limits(log, goal).least:.0f} ({time.process_time() - began:.0f} CPU-s)"
        )
        for found in plans:
            print(f"    {found.labels:>7} {found.plan}", flush=True)
        rows.append(
            {"goal": goal, "rate": rate, "auc": auc, "product": product,
             "plans": [{"labels": f.labels, "plan": asdict(f.plan)} for f in plans]}
        )  # fmt: skip
        if arguments.json:
            arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


def _compare_rules(cells: Sequence[tuple[Goal, float, float]], *, runs: int) -> None:
    """Print the labels of each fixed rule in each cell, and their means over the best of them."""
    logs: dict[tuple[Goal, str], list[float]] = {}
    for goal, rate, auc in cells:
        log = Binormal(rate, auc)
        simulation = Simulation(log, goal, seed=9)
        designers = {str(plan): plan.designer(log) for plan in RULES}
        designers["the product"] = product_designer(log)
        needed = {
            name: simulation.least_labels(designer, runs=runs, fresh=100).labels or log.size
            for name, designer in designers.items()
        }
        print(f"{goal} {rate:g} {auc:g}: {', '.join(str(n) for n in needed.values())}", flush=True)
        least = min(needed.values())
        for name, labels in needed.items():
            logs.setdefault((goal, name), []).append(math.log(labels / least))
    print("\nlabels over the least of all rules: geometric mean, worst cell")
    for (goal, name), values in logs.items():
        mean = math.exp(sum(values) / len(values))
        print(f"{goal} {mean:.3f} {math.exp(max(values)):.2f} {name}")


def cells_of(names: Sequence[str] | None) -> list[tuple[Goal, float, float]]:
    """Return the cells named as GOAL[:RATE[:AUC]]; all of them where none is named.

    Raises
    ------
    SystemExit
        Where a name is no cell.
    """
    every = [(goal, rate, auc) for goal in GOALS for rate in RATES for auc in AUCS]
    if not names:
        return every
    wanted = []
    for name in names:
        goal, *rest = name.split(":")
        numbers = [float(part) for part in rest]
        found = [c for c in every if c[0] == goal and list(c[1 : 1 + len(numbers)]) == numbers]
        if not found:
            sys.exit(f"no cell {name!r}: goals {', '.join(GOALS)}, rates {RATES}, AUCs {AUCS}")
        wanted += found
    return wanted


if __name__ == "__main__":
    main()

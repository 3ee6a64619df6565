"""Labels needed for a stated precision, beside other methods and beside the limits of theory.

    scripts/bench labels                                all cells
    python bench/labels.py [--quick] [--cell a:0.01:0.9 ...] [--method assay ...] [--reuse]

Two goals (`limits.GOALS`), in 80 % of the samples, over error rates from 10 % to 0.01 % and judges from weak to very
good, 200,000 outputs. Each figure has the coverage that was really measured at that number of labels, also with a judge
that is blind to half and to all of the errors. A cell that was run replaces its last figures in `labels.json`.

Exit code 3: a figure beats what theory allows, or an interval that promises 95 % does not keep it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from assay.estimate import Alternative, hypergeometric_errors
from design_search import best_plan, cells_of
from designs import Draw, Plan, product_designer
from earlier import earlier
from label_search import Needed, Simulation
from limits import GOALS, SUCCESS, Goal, limits
from populations import Binormal, FloatArray, IntArray
from ppi import PpiSimulation, largest_difference
from table import pipe_table

KEPT = Path(__file__).parent / "labels.json"
PROMISED = 0.95
BLIND = (0.5, 1.0)
"""Shares of the errors that the judge does not see, for the coverage of an unlucky design."""
OURS = ("assay", "assay, tuned")
_FEWEST = 10  # At so few labels an interval of no width was taken for a narrow one.


@dataclass(frozen=True, slots=True)
class Effort:
    """How much computing goes into a figure.

    Parameters
    ----------
    ratio
        Each number of labels tried over the one before.
    runs
        Samples a step of the search.
    fresh
        Samples of the figures that are kept.
    """

    ratio: float
    runs: int
    fresh: int
    full: bool


FULL = Effort(1.015, 200, 2_000, full=True)
QUICK = Effort(1.06, 80, 400, full=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one method needed in one cell.

    Parameters
    ----------
    labels
        None where no number of labels met the goal; `_FEWEST` or less where the search stopped at once.
    met, coverage : in [0, 1]
        Of `fresh` samples.
    blind_coverage
        The least of those with a judge blind to a share of the errors; None where no judge takes part.
    """

    goal: Goal
    rate: float
    auc: float
    method: str
    design: str
    labels: int | None
    met: float
    coverage: float
    blind_coverage: float | None
    fresh: int
    interval_calls: int
    cpu_seconds: float
    plan: dict[str, float] | None = None
    """The design, where it was searched for."""

    @property
    def key(self) -> tuple[str, float, float, str]:
        """What the figure is of."""
        return (self.goal, self.rate, self.auc, self.method)

    def efficiency(self) -> float | None:
        """Return the least labels that theory allows over those needed."""
        if not self.labels or self.labels <= _FEWEST:
            return None
        return limits(Binormal(self.rate, self.auc), self.goal).least / self.labels

    def alarms(self) -> list[str]:
        """Return what cannot be right with a method that promises 95 %."""
        found = []
        efficiency = self.efficiency()
        if efficiency is not None and efficiency > 1:
            found.append(f"efficiency {efficiency:.2f} is above the limit of theory")
        for name, share in (("coverage", self.coverage), ("blind coverage", self.blind_coverage)):
            if share is not None and is_short(share, self.fresh):
                found.append(f"{name} {share:.1%} is short of {PROMISED:.0%}")
        where = f"{self.goal} {self.rate:g} {self.auc:g} {self.method}"
        return [f"{where}: {text}" for text in found]


def is_short(share: float, runs: int) -> bool:
    """Return whether a coverage lies further under 95 % than chance explains (one in a hundred)."""
    return share + 2.33 * math.sqrt(PROMISED * (1 - PROMISED) / max(runs, 1)) < PROMISED


METHODS = (*OURS, "uniform exact", "ppi-python")


def exact(draw: Draw, found: IntArray, alternative: Alternative) -> FloatArray:
    """Return Clopper-Pearson's limits for a finite log, of one stratum."""
    (size,), (labels,) = draw.sizes, draw.labels
    return np.array(
        [hypergeometric_errors(k, labels, size, alternative=alternative) for (k,) in found.tolist()]
    )


def figure(
    goal: Goal, rate: float, auc: float, method: str, effort: Effort, *, plan: Plan | None = None
) -> Figure:
    """Measure one method in one cell; a tuned design is searched for where no plan is given."""
    log, began = Binormal(rate, auc), time.process_time()
    designer, design = Plan(1).designer(log), "uniform"
    simulation = Simulation(log, goal, interval=exact)
    if method == "ppi-python":
        simulation = PpiSimulation(log, goal)
    elif method == "assay":
        simulation, designer = Simulation(log, goal), product_designer(log)
        design = "as the product draws"
    elif method == "assay, tuned":
        plan = plan or _searched(log, goal, effort)
        simulation, designer, design = Simulation(log, goal), plan.designer(log), str(plan)
    needed = simulation.least_labels(
        designer, grid=effort.ratio, runs=effort.runs, fresh=effort.fresh
    )
    return Figure(
        goal=goal,
        rate=rate,
        auc=auc,
        method=method,
        design=design,
        labels=needed.labels,
        met=needed.share.met,
        coverage=needed.share.held,
        blind_coverage=_blind(simulation, needed, effort) if method in OURS else None,
        fresh=needed.share.runs,
        interval_calls=simulation.calls,
        cpu_seconds=round(time.process_time() - began, 1),
        plan=asdict(plan) if plan else None,
    )


def _searched(log: Binormal, goal: Goal, effort: Effort) -> Plan:
    plans = best_plan(log, goal, full=effort.full)
    return plans[0].plan if plans else Plan(1)


def _blind(simulation: Simulation, needed: Needed, effort: Effort) -> float | None:
    if needed.draw is None:
        return None
    return min(simulation.share(needed.draw, effort.fresh, hidden=share).held for share in BLIND)


def read() -> dict[tuple[str, float, float, str], Figure]:
    """Return the figures kept, by what they are of."""
    if not KEPT.exists():
        return {}
    figures = [Figure(**row) for row in json.loads(KEPT.read_text())["figures"]]
    return {f.key: f for f in figures}


def _write(figures: dict[tuple[str, float, float, str], Figure]) -> None:
    order = sorted(figures, key=lambda k: (k[0], -k[1], k[2], METHODS.index(k[3])))
    rows = [asdict(figures[key]) for key in order]
    KEPT.write_text(json.dumps({"figures": rows}, indent=1) + "\n")


def page() -> str:
    """Return the kept figures as Markdown: the part of docs/BENCHMARKS.md on labels."""
    figures = read()
    if not figures:
        return ""
    parts = [_INTRODUCTION]
    for goal, words in GOALS.items():
        lines = [
            _line(figures, goal, rate, auc)
            for goal_, rate, auc in cells_of(None)
            if goal_ == goal and any(key[:3] == (goal, rate, auc) for key in figures)
        ]
        if lines:
            parts.append(f"### Goal ({goal}): {words}\n\n{pipe_table(_HEADINGS, lines)}")
    alarms = [alarm for f in figures.values() if f.method in OURS for alarm in f.alarms()]
    if alarms:
        parts.append("**Alarms**\n\n" + "\n".join(f"- {alarm}" for alarm in alarms))
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = f"""## Labels needed

200,000 outputs, a binormal judge; the fewest labels that meet the goal in {SUCCESS:.0%} of the samples, on a grid of
1.5 %, and the coverage measured there with fresh samples. *assay* is the product's own draw, *tuned* the best of many
designs for that cell, *uniform* Clopper-Pearson without a judge, *ppi-python* its interval for a mean with the true
posterior as prediction. *blind* is the least coverage when the judge sees half or none of the errors that the design
was made for. *best valid* is the fewest labels, in an earlier study on the same populations, of the methods that keep
95 % whatever the judge misses (uniform, gamma-W, a census of the top with an exact rest, betting), *best of all* that
of any method whose coverage was not seen to fail in that cell. *limit* is the greater of two limits of theory
(`bench/limits.py`), *efficiency* that limit over the labels: above 1 it is an alarm. ✗ marks a coverage short of 95 %
by more than chance explains."""
_HEADINGS = [
    "errors", "AUC", "limit", "assay", "blind", "tuned", "blind", "uniform", "ppi-python", "best valid",
    "assay / best valid", "tuned / best valid", "best of all", "assay / best of all", "efficiency",
    "tuned efficiency", "tuned design",
]  # fmt: skip


def _line(
    figures: dict[tuple[str, float, float, str], Figure], goal: Goal, rate: float, auc: float
) -> list[str]:
    found = {method: figures.get((goal, rate, auc, method)) for method in METHODS}
    own, tuned = found["assay"], found["assay, tuned"]
    before = earlier(goal, rate, auc)
    assert before is not None
    valid, best = before.best(valid=True), before.best(valid=False)
    return [
        f"{100 * rate:g} %",
        f"{auc:g}",
        f"{limits(Binormal(rate, auc), goal).least:,.0f}",
        _cell(own),
        _blind_cell(own),
        _cell(tuned),
        _blind_cell(tuned),
        _cell(found["uniform exact"]),
        _cell(found["ppi-python"]),
        f"{valid.labels:,} ({valid.method})",
        _ratio(own, valid.labels),
        _ratio(tuned, valid.labels),
        f"{best.labels:,} ({best.method})",
        _ratio(own, best.labels),
        _efficiency(own),
        _efficiency(tuned),
        tuned.design if tuned else "",
    ]


def _cell(found: Figure | None) -> str:
    if found is None:
        return ""
    if found.labels is None:
        return "never"
    if found.labels <= _FEWEST:
        return "stops at once ✗"
    return f"{found.labels:,} ({_share(found.coverage, found.fresh)})"


def _blind_cell(found: Figure | None) -> str:
    if found is None or found.blind_coverage is None:
        return ""
    return _share(found.blind_coverage, found.fresh)


def _share(share: float, runs: int) -> str:
    return f"{100 * share:.1f} %{' ✗' if is_short(share, runs) else ''}"


def _ratio(found: Figure | None, labels: int) -> str:
    return f"{found.labels / labels:.2f}" if found and found.labels else ""


def _efficiency(found: Figure | None) -> str:
    efficiency = found.efficiency() if found else None
    return "" if efficiency is None else f"{efficiency:.2f}{' ALARM' if efficiency > 1 else ''}"


def summary(figures: Sequence[Figure]) -> list[str]:
    """Return geometric means of the ratios to the best figures of the earlier study, a goal and a method."""
    lines = []
    for goal in GOALS:
        for method in OURS:
            mine = [f for f in figures if f.goal == goal and f.method == method and f.labels]
            for valid, name in ((True, "best valid"), (False, "best of all")):
                logs = [
                    math.log(f.labels / before.best(valid=valid).labels)
                    for f in mine
                    if f.labels and (before := earlier(f.goal, f.rate, f.auc))
                ]
                if logs:
                    mean = math.exp(sum(logs) / len(logs))
                    lines.append(
                        f"goal {goal}, {method} / {name}: {mean:.3f} (geometric mean of {len(logs)}; "
                        f"{math.exp(min(logs)):.2f} to {math.exp(max(logs)):.2f})"
                    )
    return lines


def run(
    *,
    quick: bool = False,
    cells: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    reuse: bool = False,
) -> list[str]:
    """Measure cells, keep the figures, and return the alarms of the product's own.

    With `reuse` a tuned design is the one that was kept, where there is one: the search takes most of the time.
    """
    alarms = []
    effort = QUICK if quick else FULL
    for goal, rate, auc in cells_of(cells):
        for method in methods or METHODS:
            before = read().get((goal, rate, auc, method)) if reuse else None
            # What JSON gave back as numbers: the number of strata is a whole one there too.
            plan = Plan(**before.plan) if before and before.plan else None  # type: ignore[arg-type]
            found = figure(goal, rate, auc, method, effort, plan=plan)
            # Read again: another process may have kept other cells meanwhile.
            _write(read() | {found.key: found})
            print(f"{goal} {rate:g} {auc:g} {method}: {_cell(found)}, {found.cpu_seconds} CPU-s, "
                  f"{found.interval_calls} intervals, {found.design}", file=sys.stderr)  # fmt: skip
            if method in OURS:
                alarms += found.alarms()
    for line in summary(list(read().values())):
        print(line, file=sys.stderr)
    for alarm in alarms:
        print(f"ALARM: {alarm}", file=sys.stderr)
    return alarms


def main() -> None:
    """Measure what the command line names, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a coarse grid and few samples")
    parser.add_argument("--cell", action="append", help="GOAL[:RATE[:AUC]], as a:0.01:0.9")
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("--reuse", action="store_true", help="tuned designs as they were kept")
    parser.add_argument("--table", action="store_true", help="only print what is kept")
    parser.add_argument("--check-ppi", action="store_true", help="compare PPI++ with ppi_py")
    arguments = parser.parse_args()
    if arguments.check_ppi:
        worst = largest_difference()
        print("ppi_py is not installed" if worst is None else f"largest difference: {worst:.1e}")
        return
    alarms = []
    if not arguments.table:
        alarms = run(
            quick=arguments.quick,
            cells=arguments.cell,
            methods=arguments.method,
            reuse=arguments.reuse,
        )
    print(page())
    sys.exit(3 if alarms else 0)


if __name__ == "__main__":
    main()

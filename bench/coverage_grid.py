"""Whether 95 % means at least 95 %: a grid of made-up logs, judges that are blind, and looks at every label.

    scripts/bench coverage_grid
    python bench/coverage_grid.py [--quick] [--table]

Each cell of the grid is run a first time; where it lies below 95 % it is run again, ten times as often and with other
samples, which tells chance from a defect. Small counts are summed too, without samples.

Exit code 3: what was run again lies below 95 % by more than chance explains, or a look misses too often.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from assay.estimate.exact import clopper_pearson
from coverage_cells import (
    CLAIMS,
    LEVEL,
    SIZE,
    Cell,
    Equal,
    design,
    exact_coverage,
    held,
    samples,
    wald_held,
)
from designs import Draw
from ever_miss import BUDGET, HAND_OUT, LABELS, counted, worlds
from populations import Binormal
from ppi import PpiSimulation
from table import pipe_table

KEPT = Path(__file__).parent / "coverage_grid.json"
RUNS, AGAIN, PPI_RUNS, LOOK_RUNS = 4_000, 40_000, 400, 200
SIZES = {0.1: (100, 400, 1_500), 0.01: (300, 1_000, 5_000), 1e-3: (2_000, 10_000), 1e-4: (10_000, 40_000)}  # fmt: skip
"""Labels by error rate."""
AUCS = (0.5, 0.75, 0.9, 0.98, 0.999)
HIDDEN = (0.0, 0.05, 0.2, 0.5, 1.0)
UNIFORM = (0.3, 0.5, 0.6)
FLAG = 0.945
SUMMED = [
    Cell(rate, auc, hidden, 0.5, labels)
    for rate, labels in ((1e-3, 2_000), (1e-4, 10_000))
    for auc in (0.75, 0.9, 0.98, 0.999)
    for hidden in (0.0, 1.0)
]
EQUAL = [
    Equal(strata, labels * weight, labels, round(labels * weight * rate))
    for strata in (6, 12)
    for labels in (2, 4, 10, 47)
    for weight in (4, 200)
    for rate in (0.05, 0.14, 0.25, 0.35, 0.5)
]


@dataclass(frozen=True, slots=True)
class Held:
    """How often the limits held the truth in one cell.

    Parameters
    ----------
    first, again : shape (3,)
        Of CLAIMS: in so many of `RUNS`, and of `AGAIN` where it was run again.
    wald
        The textbook's normal interval, in so many of the first runs.
    """

    cell: Cell
    runs: int
    first: list[int]
    wald: int
    again_runs: int
    again: list[int] | None


def measured(cell: Cell, runs: int, again: int) -> Held:
    """Run one cell, and once more where it lies below 95 %."""
    sizes, labels = design(cell)
    outcomes, times = samples(cell, runs, seed=7)
    total = Binormal(cell.rate, cell.auc, SIZE).errors
    first = [int(times @ held(sizes, labels, outcomes, total, claim)) for claim in CLAIMS]
    wald = int(times @ wald_held(sizes, labels, outcomes, total))
    more = None
    if min(first) < LEVEL * runs:
        outcomes, times = samples(cell, again, seed=8)
        more = [int(times @ held(sizes, labels, outcomes, total, claim)) for claim in CLAIMS]
    return Held(cell, runs, first, wald, again, more)


def cells() -> list[Cell]:
    """Return the grid. A judge with AUC 0.5 makes one stratum: there the other two have no meaning."""
    return [
        Cell(rate, auc, hidden, uniform, labels)
        for rate, sizes in SIZES.items()
        for auc in AUCS
        for hidden in (HIDDEN if auc > 0.5 else (0.0,))
        for uniform in (UNIFORM if auc > 0.5 else (0.5,))
        for labels in sizes
    ]


def run(*, quick: bool = False) -> list[str]:
    """Measure all, keep the results, and return the alarms."""
    began, tenth = time.process_time(), 10 if quick else 1
    grid = [measured(cell, RUNS // tenth, AGAIN // tenth) for cell in cells()]
    ppi = [
        [rate, auc, PpiSimulation(Binormal(rate, auc, SIZE), "a").share(
            Draw((SIZE,), (SIZES[rate][0],)), PPI_RUNS // tenth).held]
        for rate in SIZES for auc in AUCS
    ]  # fmt: skip
    kept = {
        "grid": [asdict(found) for found in grid],
        "ppi": ppi,
        "summed": [[asdict(cell), exact_coverage(cell, seed=7)] for cell in SUMMED],
        "equal": [[asdict(like), like.coverage(AGAIN // 4 // tenth, seed=7)] for like in EQUAL],
        "equal_runs": AGAIN // 4 // tenth,
        "looks": [[world.name, *counted(world, LOOK_RUNS // tenth).tolist()] for world in worlds()],
        "look_runs": LOOK_RUNS // tenth,
        "cpu_seconds": round(time.process_time() - began),
    }
    lines = [f"{json.dumps(name)}: {_packed(value)}" for name, value in kept.items()]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    found = alarms()
    for alarm in found:
        print(f"ALARM {alarm}", file=sys.stderr)
    return found


def _packed(value: object) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]"


def _read() -> dict[str, list[list[object]]]:
    kept: dict[str, list[list[object]]] = json.loads(KEPT.read_text())
    return kept


def grid() -> list[Held]:
    """Return what was kept of the grid."""
    rows: Sequence[dict[str, object]] = json.loads(KEPT.read_text())["grid"]
    return [Held(**(row | {"cell": Cell(**row["cell"])})) for row in rows]  # type: ignore[arg-type]


def alarms() -> list[str]:
    """Return what chance does not explain: above the exact interval of a count is still below 95 %."""
    kept = json.loads(KEPT.read_text())
    found = []
    tests = [
        (f"{row.cell}, {claim}", count, row.again_runs)
        for row in grid() if row.again for claim, count in zip(CLAIMS, row.again, strict=True)
    ]  # fmt: skip
    tests += [
        (f"{Equal(**like)}, {claim}", count, kept["equal_runs"])
        for like, counts in kept["equal"]
        for claim, count in zip(CLAIMS, counts, strict=True)
    ]
    tests += [(f"looks at {name}", kept["look_runs"] - missed, kept["look_runs"])
              for name, missed, _ in kept["looks"]]  # fmt: skip
    for name, count, runs in tests:
        # Hundreds of cells: at 95 % each, a dozen would raise an alarm by chance.
        if clopper_pearson(count, runs, confidence_level=0.9998).high < LEVEL:
            found.append(f"{name}: {count / runs:.2%} of {runs:,}")
    found += [f"{cell}, {claim}: {share:.3%}" for cell, shares in kept["summed"]
              for claim, share in zip(CLAIMS, shares, strict=True) if share < LEVEL - 1e-4]  # fmt: skip
    return found


def page() -> str:
    """Return the kept results as Markdown."""
    if not KEPT.exists():
        return ""
    kept, rows = json.loads(KEPT.read_text()), grid()
    ppi = {(rate, auc): share for rate, auc, share in kept["ppi"]}
    lines = [
        _line([row for row in rows if (row.cell.rate, row.cell.auc) == at], share)
        for at, share in ppi.items()
    ]
    parts = [_INTRODUCTION, pipe_table(_HEADINGS, lines), *_flagged(rows)]
    summed = [
        [f"{100 * cell['rate']:g} %", f"{cell['auc']:g}", f"{cell['hidden']:.0%}", f"{cell['labels']:,}",
         *(f"{share:.2%}" for share in shares)]
        for cell, shares in kept["summed"]
    ]  # fmt: skip
    parts.append(f"### Summed, not sampled\n\n{pipe_table(_SUMMED, summed)}")
    parts.append(f"{_EQUAL}\n\n{pipe_table(_EQUAL_HEADINGS, _equal_lines(kept))}")
    looks = [
        [name, f"{missed / kept['look_runs']:.1%}", f"{naive / kept['look_runs']:.1%}", f"{kept['look_runs']}"]
        for name, missed, naive in kept["looks"]
    ]  # fmt: skip
    parts.append(f"{_LOOKS}\n\n{pipe_table(_LOOK_HEADINGS, looks)}")
    if found := alarms():
        parts.append("**Alarms**\n\n" + "\n".join(f"- {alarm}" for alarm in found))
    return "\n\n".join(parts) + "\n"


def _line(rows: list[Held], ppi: float) -> list[str]:
    again = [row for row in rows if row.again]
    least = [f"{min(r.first[i] / r.runs for r in rows):.1%}" for i in range(3)]
    cell = rows[0].cell
    return [
        f"{100 * cell.rate:g} %", f"{cell.auc:g}", f"{len(rows)}", *least, f"{len(again)}",
        f"{min(min(r.again or []) / r.again_runs for r in again):.2%}" if again else "",
        f"{min(r.wald / r.runs for r in rows):.1%}", f"{ppi:.1%}",
    ]  # fmt: skip


def _flagged(rows: list[Held]) -> list[str]:
    found = []
    for row in rows:
        for claim, count in zip(CLAIMS, row.first, strict=True):
            if count / row.runs < FLAG:
                low, high = clopper_pearson(count, row.runs)[:2]
                found.append(
                    f"- {row.cell}, {claim}: {count / row.runs:.2%} [{low:.2%}, {high:.2%}]"
                )
    return [f"Below {FLAG:.1%} at first:\n\n" + "\n".join(found)] if found else []


def _equal_lines(kept: dict[str, list[tuple[dict[str, int], list[int]]]]) -> list[list[str]]:
    groups: dict[tuple[int, int], list[list[int]]] = {}
    for like, counts in kept["equal"]:
        groups.setdefault((like["strata"], like["labels"]), []).append(counts)
    runs = kept["equal_runs"]
    return [
        [str(strata), str(labels), *(f"{min(counts[i] for counts in found) / runs:.2%}" for i in range(3))]  # type: ignore[operator]
        for (strata, labels), found in groups.items()
    ]  # fmt: skip


_INTRODUCTION = f"""## Coverage

{SIZE:,} outputs, a binormal judge, the product's draw. Each row: the least over shares of hidden errors (0, 5, 20, 50,
100 %), of uniform labels (30, 50, 60 %) and two or three numbers of labels; {RUNS:,} samples a cell (standard error
0.34 points at 95 %). Cells below 95 % are run again with {AGAIN:,} other samples (0.11 points): *again* counts them,
and the least of what they then gave stands beside. *Wald* (the same samples) and *PPI++* (uniform labels, the true
posterior as prediction, the fewest labels of the row) are negative controls: at 95 % they should fail."""
_HEADINGS = [
    "errors", "AUC", "cells", "both limits", "upper", "lower", "again", "least of these", "Wald", "PPI++",
]  # fmt: skip
_SUMMED = ["errors", "AUC", "hidden", "labels", "both limits", "upper", "lower"]
_EQUAL = """### Strata that are all alike

Six and twelve strata of one size, one rate and few labels, as tags make them: the least over rates from 5 to 50 % and
weights of 4 and 200. The worst that a search over designs and logs of 4 to 12 strata found."""
_EQUAL_HEADINGS = ["strata", "labels each", "both limits", "upper", "lower"]
_LOOKS = f"""### A look after every label

Draws of {LABELS} labels, {BUDGET} of them planned, handed out {HAND_OUT} at a time where errors were found: the share
in which any of the {LABELS} intervals shown excludes the truth, so that whoever stops by any rule is wrong at most
that often. *naive*: the exact 95 % interval of as many uniform labels, looked at as often."""
_LOOK_HEADINGS = ["log", "ever-miss", "naive", "draws"]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--table", action="store_true", help="only print what is kept")
    arguments = parser.parse_args()
    found = alarms() if arguments.table else run(quick=arguments.quick)
    print(page())
    sys.exit(3 if found else 0)


if __name__ == "__main__":
    main()

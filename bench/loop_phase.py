"""The phase table of examples/loop: which verifiers make a loop gain, the law of it, and what 200 labels a turn say.

    assay loop run examples/loop/loop.toml -o loops
    python bench/loop_phase.py loops

A line a turn is kept in loop_phase.jsonl beside this file; the tables are made of those. The module
`assay.estimate.loop_law_package` holds the fit as constants, and a test fits it again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from assay.estimate.loop_forecast import MeasuredTurn, checked, forecast_gain
from assay.estimate.loop_law import LoopLaw, fit_law
from assay.estimate.loop_law_package import GROWTH
from assay.quantity import Estimate, Quantity
from loop_audits import VERDICTS, page_part, verdicts
from loop_turns import (
    KEPT,
    Row,
    change,
    fitted_growth,
    kept_rows,
    law_points,
    log_ratio,
    rows,
    seeds_of,
)
from table import pipe_table

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "loop" / "loop.toml"


def phase_table(kept: list[Row]) -> str:
    """Return greedy accuracy by turn and arm, mean over seeds, with pass@k and what became of each seed."""
    last = max(row["turn"] for row in kept)
    headings = [
        "arm",
        "ln(phi/psi)",
        *(f"t{turn}" for turn in range(last + 1)),
        "pass@8",
        "up, down, of",
    ]
    lines = []
    for arm in sorted(
        {row["arm"] for row in kept}, key=lambda arm: -_mean(kept, arm, last, "held_out")
    ):
        own = [row for row in kept if row["arm"] == arm]
        ratio = log_ratio(own[0]["verify"])
        lines.append(
            [
                arm,
                "by kind" if ratio is None else f"{ratio:.2f}",
                *(f"{_mean(kept, arm, turn, 'held_out'):.3f}" for turn in range(last + 1)),
                f"{_mean(kept, arm, 0, 'any'):.3f} to {_mean(kept, arm, last, 'any'):.3f}",
                _signs(own, last),
            ]
        )
    return pipe_table(headings, lines)


def _mean(kept: list[Row], arm: str, turn: int, what: str) -> float:
    found = [row[what] for row in kept if row["arm"] == arm and row["turn"] == turn]
    return float(np.mean([right / tasks for right, tasks in found]))


def _signs(own: list[Row], last: int) -> str:
    changes = [change(own, seed, last) for seed in sorted({row["seed"] for row in own})]
    return f"{sum(c > 0 for c in changes)}, {sum(c < 0 for c in changes)}, {len(changes)}"


def law_lines(law: LoopLaw) -> str:
    """Return the law, an item a quantity."""
    names = {
        "alpha": law.alpha,
        "delta": law.delta,
        "break-even ln(phi/psi)": law.break_even,
        "break-even phi/psi": law.break_even_ratio,
        "break-even accuracy of a balanced verifier": law.break_even_accuracy,
        "break-even ln(phi/psi), one seed more": law.break_even_of_next,
    }
    lines = [f"- {name}: {_told(quantity)}" for name, quantity in names.items()]
    slopes = ", ".join(
        f"{one.alpha.value:.2f} (from {one.accuracy:.2f} right)"
        for one in law.by_seed
        if isinstance(one.alpha, Estimate)
    )
    fit = f"R2 of the seeds' lines {law.r_squared:.2f}; {law.turns} turns of {law.loops} loops"
    return "\n".join([*lines, f"- alpha by seed: {slopes}; {fit}"])


def _told(quantity: Quantity) -> str:
    if not isinstance(quantity, Estimate):
        return quantity.reason
    return f"{quantity.value:.3g} ({quantity.low:.3g} to {quantity.high:.3g})"


def forecast_line(kept: list[Row]) -> str:
    """Return how often the gain of a turn lies inside its forecast from the turns before it."""
    said = []
    loops = sorted({(row["arm"], row["seed"]) for row in kept})
    for points in range(2, 1 + max(row["turn"] for row in kept)):
        inside, widths = 0, []
        for loop in loops:
            turns = [
                MeasuredTurn(*row["held_out"]) for row in kept if (row["arm"], row["seed"]) == loop
            ][: points + 1]
            forecast = forecast_gain(turns[:-1])
            assert isinstance(forecast.next, Estimate)
            inside += checked(forecast, turns[-2], turns[-1]).inside is True
            widths.append(forecast.next.high - forecast.next.low)
        said.append(
            f"after {points - 1} gains {inside} of {len(loops)} (median width {np.median(widths):.3f})"
            if points > 2
            else f"after 1 gain {inside} of {len(loops)} (median width {np.median(widths):.3f})"
        )
    return f"- next gain inside its forecast at 95 %: {'; '.join(said)}"


def page() -> str:
    """Return the tables of the kept turns as Markdown; empty where there are none."""
    kept = kept_rows()
    if not kept:
        return ""
    points = law_points(kept)
    law, plain = fit_law(points, growth=GROWTH), fit_law(points)
    growths = [fitted_growth([p for p in points if p.seed != seed]) for seed in seeds_of(kept)]
    without = ", ".join(f"{growth:.2f}" for growth in growths)
    return f"""### The gate of a feedback loop: examples/loop

`scripts/bench loop_phase`: greedy accuracy on 2,000 held-out sums by turn, mean of {len(growths)} seeds, and pass@8.

{phase_table(kept)}

The law, of turns whose verifier errs by chance (the exact check, the blind one and accumulation are left out):
{law.formula}.

{law_lines(law)}
- power by least squares: {fitted_growth(points):.2f}; without one of the seeds {without}

With one alpha at every accuracy:

{law_lines(plain)}

Forecasts:

{forecast_line(kept)}

{page_part()}"""


def _break_evens(kept: list[Row]) -> dict[str, Quantity]:
    law, plain = (fit_law(law_points(kept), growth=growth) for growth in (GROWTH, 0.0))
    return {
        "break-even for one seed more": law.break_even_of_next,
        "break-even, mean over seeds": law.break_even,
        "break-even for one seed more, with one alpha at every accuracy": plain.break_even_of_next,
    }


def run() -> None:
    """Run the example and keep its turns."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["assay", "loop", "run", str(EXAMPLE), "-o", folder], check=True)
        main([folder])


def main(arguments: list[str] | None = None) -> None:
    """Keep the turns of a finished folder, and print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    found = list(rows(asked.folder))
    KEPT.write_text("".join(f"{json.dumps(row)}\n" for row in found))
    VERDICTS.write_text(json.dumps(verdicts(found, _break_evens(found)), indent=1) + "\n")
    print(page())


if __name__ == "__main__":
    main()

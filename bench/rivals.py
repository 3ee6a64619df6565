"""Intervals of Assay beside those of the small packages that answer a part of its question, on the same draws.

    scripts/bench rivals
    python bench/rivals.py [--quick] [--install] [--population NAME ...] [--method NAME ...] [--table]

Three logs: real answers with few errors and a weak judge, real answers with many errors and a good judge, and a made-up
log with one error in a thousand. Each method gets the same random orders of them (seed 11). Where 20 looks are taken,
the share of draws in which any look excludes the truth is the chance to be fooled; where labeling stops once the
interval is narrow enough, the coverage then is what the stopping rule really promises.

The rivals live in environments of their own, `.venv-rivals` (and `.venv-rivals-312`, for those that need Python 3.12);
`--install` makes them. What is not installed is left out, and said.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

import ours
from populations import GSM, FloatArray, IntArray, Judged, gsm, rare
from rival_venvs import install, python_of
from table import pipe_table

HERE = Path(__file__).parent
KEPT = HERE / "rivals.json"
SEED = 11
LOOKS = tuple(range(10, 201, 10))
STOPS = ((0.02, 10), (0.03, 10), (0.05, 10), (0.03, 20), (0.05, 20))
"""Half-width at which labeling stops, and after how many labels one looks again."""
NEEDS = {
    "truescore ppi": "truescore", "truescore Wilson": "truescore", "truescore Rogan-Gladen": "truescore",
    "truescore sequence": "truescore", "evalproof PPI": "evalproof", "evalproof gold": "evalproof",
    "evalproof ACC": "evalproof", "fewhumans E2": "fewhumans", "fewhumans E3": "fewhumans",
    "fewhumans E6": "fewhumans", "cje": "cje-eval", "judgy": "judgy", "ppi-python": "ppi-python",
    "glide PPI++": "glide-py",
}  # fmt: skip
LOOKED_AT = (
    "Assay, planned looks", "Assay, planned looks and live limits", "truescore ppi", "truescore Wilson",
    "truescore sequence", "evalproof PPI", "evalproof gold", "fewhumans E2", "fewhumans E3", "fewhumans E6", "cje",
    "ppi-python", "glide PPI++",
)  # fmt: skip
SLOW = {"cje": 0.3, "evalproof ACC": 0.4, "judgy": 0.4, "ppi-python": 0.4, "glide PPI++": 0.4}
"""Share of the draws that a slow one gets."""


@dataclass(frozen=True, slots=True)
class Population:
    """A log and how many of its outputs are labeled."""

    make: Callable[[], Judged]
    labels: int
    draws: int
    looked_at: bool


POPULATIONS = {
    "gpt-4o, 3.8 %": Population(lambda: gsm("gpt-4o-2024-08-06"), 200, 1_000, looked_at=True),
    "command-r, 47 %": Population(lambda: gsm("command-r"), 200, 1_000, looked_at=True),
    "rare, 0.1 %": Population(rare, 1_000, 1_000, looked_at=False),
    "rare, 0.2 %": Population(lambda: rare(rate=0.002), 1_000, 1_000, looked_at=False),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one method did in one population.

    Parameters
    ----------
    draws
        How many it was given time for.
    coverage
        Share of all draws whose interval holds the truth; a refusal does not.
    refused, outside
        Shares of the draws without an interval, and with a limit outside [0, 1].
    width
        Mean, of those that gave one.
    none_seen
        Limits of a draw without an error among the labels, where there was one and it was not refused.
    ever_miss
        Share of the draws in which any look excludes the truth; None where no looks were taken.
    stops
        Half-width, labels between looks, coverage at the stop, median labels at the stop, share that stopped.
    """

    population: str
    method: str
    draws: int
    coverage: float
    refused: float
    outside: float
    width: float
    none_seen: tuple[float, float] | None
    ever_miss: float | None
    look_draws: int
    stops: tuple[tuple[float, int, float, float, float], ...]
    cpu_seconds: float


def limits_of(
    method: str, log: Judged, draws: int, looks: Sequence[int], seconds: float
) -> tuple[FloatArray, float]:
    """Return limits, shape (draws done, looks, 2), NaN where refused, and the CPU seconds."""
    if method in ours.METHODS:
        return _own_limits(method, log, draws, looks, seconds)
    python = python_of(NEEDS[method])
    assert python is not None
    with tempfile.TemporaryDirectory(prefix="assay-rivals-") as folder:
        path = Path(folder) / "draws.npz"
        firsts = np.array([order[: max(looks)] for order in random_orders(log, draws)])
        np.savez(path, wrong=log.wrong, flags=log.flags, scores=log.scores,
                 draws=firsts, looks=np.array(looks))  # fmt: skip
        before = _children_seconds()
        worker = [str(python), str(HERE / "rival_worker.py"), method, str(path), str(seconds)]
        done = subprocess.run(worker, capture_output=True, text=True, check=False)
        spent = _children_seconds() - before
    if done.returncode:
        raise RuntimeError(f"{method}: {done.stderr[-500:]}")
    rows = json.loads(done.stdout.splitlines()[-1])
    refused = [math.nan, math.nan]
    return np.array([[pair or refused for pair in row] for row in rows]), spent


def _own_limits(
    method: str, log: Judged, draws: int, looks: Sequence[int], seconds: float
) -> tuple[FloatArray, float]:
    began = time.process_time()
    found = []
    for order in random_orders(log, draws):
        found.append(ours.METHODS[method](log, order, np.array(looks)))
        if time.process_time() - began > seconds:
            break
    return np.array(found), time.process_time() - began


def _children_seconds() -> float:
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(name: str, method: str, *, draws: int, seconds: float) -> Result:
    """Run one method in one population."""
    population = POPULATIONS[name]
    log = population.make()
    truth = log.errors / len(log.wrong)
    spent = 0.0
    if method in ours.METHODS and method != "Assay":
        once = np.empty((0, 1, 2))
    else:
        once, spent = limits_of(method, log, draws, [population.labels], seconds)
    looked, more = np.empty((0, len(LOOKS), 2)), 0.0
    if population.looked_at and method in LOOKED_AT:
        looked, more = limits_of(method, log, max(20, draws * 2 // 5), LOOKS, seconds)
    if not len(once):
        once = looked[:, -1:]
    low, high = once[:, 0, 0], once[:, 0, 1]
    with np.errstate(invalid="ignore"):
        held = (low <= truth) & (truth <= high)
        outside = (low < 0) | (high > 1)
    refused = np.isnan(low)
    return Result(
        population=name,
        method=method,
        draws=len(once),
        coverage=float(held.mean()),
        refused=float(refused.mean()),
        outside=float(outside.mean()),
        width=float((high - low)[~refused].mean()) if not refused.all() else math.nan,
        none_seen=_none_seen(log, population.labels, once, method),
        ever_miss=ever_miss(looked, truth) if len(looked) else None,
        look_draws=len(looked),
        stops=tuple(at_the_stop(looked, truth, *stop) for stop in STOPS) if len(looked) else (),
        cpu_seconds=round(spent + more, 1),
    )


def random_orders(log: Judged, draws: int) -> Iterator[IntArray]:
    """Yield random orders of a log: the same for every method, and the first ones for fewer draws."""
    rng = np.random.default_rng(SEED)
    return (rng.permutation(len(log.wrong)) for _ in range(draws))


def ever_miss(limits: FloatArray, truth: float) -> float:
    """Share of the draws in which a look excludes the truth; a look that was refused excludes nothing."""
    with np.errstate(invalid="ignore"):
        misses = (limits[:, :, 0] > truth) | (limits[:, :, 1] < truth)
    return float(misses.any(axis=1).mean())


def at_the_stop(
    limits: FloatArray, truth: float, half_width: float, every: int
) -> tuple[float, int, float, float, float]:
    """Label until the interval is narrow enough, or to the end; see `Result.stops`."""
    step = every // (LOOKS[1] - LOOKS[0])
    places = np.arange(step - 1, len(LOOKS), step)
    seen = limits[:, places]
    with np.errstate(invalid="ignore"):
        narrow = (seen[:, :, 1] - seen[:, :, 0]) / 2 <= half_width
    stopped = narrow.any(axis=1)
    at = np.where(stopped, narrow.argmax(axis=1), len(places) - 1)
    shown = seen[np.arange(len(seen)), at]
    with np.errstate(invalid="ignore"):
        held = (shown[:, 0] <= truth) & (truth <= shown[:, 1])
    labels = np.array(LOOKS)[places][at]
    return (
        half_width,
        every,
        float(held.mean()),
        float(np.median(labels)),
        float(stopped.mean()),
    )


def _none_seen(
    log: Judged, labels: int, limits: FloatArray, method: str
) -> tuple[float, float] | None:
    first = limits[:, 0]
    if method in ours.METHODS:
        # Assay labels other outputs: of its intervals that start at 0, the narrowest is that of no error.
        none = first[:, 0] == 0
        order = np.argsort(first[none, 1])
        clean = first[none][order]
    else:
        orders = random_orders(log, len(limits))
        none = np.array([not log.wrong[order[:labels]].any() for order in orders])
        clean = first[none & ~np.isnan(first[:, 0])]
    return (float(clean[0, 0]), float(clean[0, 1])) if len(clean) else None


def run(
    *,
    quick: bool = False,
    populations: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
) -> None:
    """Measure, and keep the results."""
    for name in populations or POPULATIONS:
        if name.startswith(("gpt", "command")) and not GSM.exists():
            print(f"{name}: left out, the answers are not at {GSM}", file=sys.stderr)
            continue
        for method in methods or [*ours.METHODS, *NEEDS]:
            if method in NEEDS and python_of(NEEDS[method]) is None:
                print(f"{method}: left out, {NEEDS[method]} is not installed", file=sys.stderr)
                continue
            if method in ours.METHODS and method != "Assay" and not POPULATIONS[name].looked_at:
                continue
            draws = max(20, POPULATIONS[name].draws // (10 if quick else 1))
            draws = max(20, int(draws * SLOW.get(method, 1)))
            found = measure(name, method, draws=draws, seconds=15 if quick else 240)
            # Read again: another process may have kept other results meanwhile.
            _write(read() | {(name, method): found})
            miss = "" if found.ever_miss is None else f", ever-miss {found.ever_miss:.1%}"
            print(f"{name} {method}: coverage {found.coverage:.1%}, width {found.width:.4f}{miss}, "
                  f"{found.draws} draws, {found.cpu_seconds} CPU-s", file=sys.stderr)  # fmt: skip


def read() -> dict[tuple[str, str], Result]:
    """Return the results kept."""
    if not KEPT.exists():
        return {}
    rows = json.loads(KEPT.read_text())["results"]
    found = [
        Result(**{**row, "stops": tuple(tuple(stop) for stop in row["stops"])}) for row in rows
    ]
    return {(result.population, result.method): result for result in found}


def _write(kept: dict[tuple[str, str], Result]) -> None:
    populations, methods = list(POPULATIONS), [*ours.METHODS, *NEEDS]
    order = sorted(kept, key=lambda key: (populations.index(key[0]), methods.index(key[1])))
    rows = [asdict(kept[key]) for key in order]
    KEPT.write_text(json.dumps({"seed": SEED, "results": rows}, indent=1) + "\n")


def page() -> str:
    """Return the kept results as Markdown."""
    kept = read()
    if not kept:
        return ""
    parts = [_INTRODUCTION]
    for name, population in POPULATIONS.items():
        rows = [result for (where, _), result in kept.items() if where == name]
        if rows:
            labels = f"{population.labels:,} labels"
            table = pipe_table(_ONCE, [_once_line(row) for row in rows if row.method not in _ONLY])
            parts.append(f"### {name}: 95 % interval of the error rate, {labels}\n\n{table}")
    for name in POPULATIONS:
        rows = [r for (where, _), r in kept.items() if where == name and r.ever_miss is not None]
        if rows:
            table = pipe_table(_LOOKED, [_looked_line(row) for row in rows])
            parts.append(f"### {name}: 20 looks, at 10, 20, ... 200 labels\n\n{table}")
    left_out = sorted({p for p in NEEDS.values() if python_of(p) is None})
    if left_out:
        parts.append(f"Not installed here, and left out: {', '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


_ONLY = ("Assay, planned looks", "Assay, planned looks and live limits")
_INTRODUCTION = """## Beside other packages

The same random orders for all (seed 11): the others label the first outputs of an order, Assay the first of each
stratum of its own draw. gpt-4o and command-r: 1,319 real answers to GSM8K each, judged by whether gpt-4o-mini gives
another value. rare: 50,000 outputs, a calibrated binormal judge with AUC 0.9. Coverage is of all draws, a refusal holds
nothing. *none seen*: limits of a draw in which no label was wrong. *ever-miss*: share of the draws in which any of 20
looks excludes the truth. *stop*: coverage when labeling ends as soon as the half-width is small enough (median labels
then). judgekeeper gives no interval of an error rate, and is not in the tables. ✗ marks a coverage short of 95 %, or an
ever-miss above 5 %, by more than chance explains."""
_ONCE = [
    "method",
    "coverage",
    "mean width",
    "refused",
    "limit outside [0, 1]",
    "none seen",
    "draws",
]
_LOOKED = ["method", "ever-miss", *(f"stop at ±{h:g}, every {e}" for h, e in STOPS), "draws"]


def _once_line(row: Result) -> list[str]:
    none = "" if row.none_seen is None else f"[{row.none_seen[0]:.4f}, {row.none_seen[1]:.4f}]"
    return [
        row.method,
        f"{row.coverage:.1%}{_cross(1 - row.coverage, row.draws)}",
        f"{row.width:.4f}",
        f"{row.refused:.1%}" if row.refused else "",
        f"{row.outside:.1%}" if row.outside else "",
        none,
        f"{row.draws:,}",
    ]


def _looked_line(row: Result) -> list[str]:
    assert row.ever_miss is not None
    stops = [
        f"{held:.1%}{_cross(1 - held, row.look_draws)} ({labels:.0f})" if share else "never stops"
        for _, _, held, labels, share in row.stops
    ]
    miss = f"{row.ever_miss:.1%}{_cross(row.ever_miss, row.look_draws)}"
    return [row.method, miss, *stops, f"{row.look_draws:,}"]


def _cross(miss: float, draws: int) -> str:
    return " ✗" if miss > 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / draws) else ""


def main() -> None:
    """Measure what the command line names, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws")
    parser.add_argument("--install", action="store_true", help="make the rivals' environments")
    parser.add_argument("--only-install", action="store_true", help="and measure nothing")
    parser.add_argument("--population", action="append", choices=list(POPULATIONS))
    parser.add_argument("--method", action="append", choices=[*ours.METHODS, *NEEDS])
    parser.add_argument("--table", action="store_true", help="only print what is kept")
    arguments = parser.parse_args()
    if arguments.install or arguments.only_install:
        install()
    if arguments.only_install:
        return
    if not arguments.table:
        run(quick=arguments.quick, populations=arguments.population, methods=arguments.method)
    print(page())


if __name__ == "__main__":
    main()

"""Real answers: whether 95 % holds, and how much narrower the interval is than without a judge.

    scripts/bench gsm
    python bench/gsm.py [--draws 500] [--table]

Eight models that answered GSM8K (ZeroEval), each judged by whether a cheaper model gives another value. Draws of 100,
200 and 400 of the 1,319 answers by the product's design, beside the exact interval of as many labels drawn uniformly.
Beside the draws stand the figures of all draws there are: with two strata every outcome can be summed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from assay.estimate import hypergeometric_errors
from assay.estimate.likelihood import likelihood_limits
from coverage_cells import hypergeometric_chances
from designs import Strata, product_strata
from populations import FloatArray, IntArray, Judged, gsm
from table import pipe_table

KEPT = Path(__file__).parent / "gsm.json"
PAIRS = {
    "claude-3-5-sonnet-20241022": "gpt-4o-mini-2024-07-18",
    "gpt-4o-2024-08-06": "gpt-4o-mini-2024-07-18",
    "Mistral-Large-2": "Mistral-Nemo-Instruct-2407",
    "gemini-1.5-pro": "gemini-1.5-flash",
    "claude-3-haiku-20240307": "gpt-4o-mini-2024-07-18",
    "gpt-3.5-turbo-0125": "Meta-Llama-3.1-70B-Instruct",
    "Mixtral-8x7B-Instruct-v0.1": "Meta-Llama-3-8B-Instruct",
    "command-r": "gpt-4o-mini-2024-07-18",
}
"""Each model, and the cheaper one whose other answer is the judge's flag."""
LABELS = (100, 200, 400)
DRAWS = 500
NEEDED = 0.94
_LEAST = 1e-13  # Outcomes less likely than this are not summed: together below 1e-9.


@dataclass(frozen=True, slots=True)
class Row:
    """What came out for one model and one number of labels.

    Parameters
    ----------
    coverage, width
        Of the draws: share that holds the truth, median width in errors per answer.
    uniform_coverage, uniform_width
        The same of the exact interval of labels drawn uniformly.
    all_coverage, all_width, all_uniform_width
        Of all draws there are, by summing: no luck in them. Widths are medians.
    """

    model: str
    judge: str
    errors: int
    outputs: int
    flags: int
    flagged_errors: int
    labels: int
    draws: int
    coverage: float
    width: float
    uniform_coverage: float
    uniform_width: float
    all_coverage: float
    all_width: float
    all_uniform_width: float

    def alarms(self) -> list[str]:
        """Return what must not be."""
        where = f"{self.model}, {self.labels} labels"
        found = []
        if min(self.coverage, self.all_coverage) < NEEDED:
            found.append(f"{where}: coverage {self.coverage:.1%} is below {NEEDED:.0%}")
        if self.width > self.uniform_width or self.all_width > self.all_uniform_width:
            found.append(
                f"{where}: wider than without a judge, {self.width / self.uniform_width:.2f}"
            )
        return found


def row(model: str, labels: int, *, draws: int = DRAWS, seed: int = 41) -> Row:
    """Measure one model at one number of labels."""
    log = gsm(model, PAIRS[model])
    strata, size = product_strata(log.scores), len(log.wrong)
    drawn = strata.labels(labels)
    assert drawn is not None
    errors = np.bincount(strata.which, weights=log.wrong).astype(np.int64)
    rng = np.random.default_rng([seed, labels, log.errors])
    found = rng.hypergeometric(errors, strata.sizes - errors, drawn, size=(draws, len(drawn)))
    limits = _limits(strata, drawn, found) / size
    alone = _uniform(size, labels)[rng.hypergeometric(log.errors, size - log.errors, labels, draws)]
    every = _all_draws(log, strata, drawn, errors, labels)
    truth = log.errors / size
    return Row(
        model, PAIRS[model], log.errors, size, int(strata.sizes[-1]), int(errors[-1]), labels, draws,
        coverage=_held(limits, truth),
        width=_median(limits),
        uniform_coverage=_held(alone / size, truth),
        uniform_width=_median(alone / size),
        all_coverage=every[0], all_width=every[1], all_uniform_width=every[2],
    )  # fmt: skip


def _limits(strata: Strata, drawn: IntArray, found: IntArray) -> FloatArray:
    """Limits of the errors, as `total_errors` gives them for strata that are all sampled in part."""
    outcomes, which = np.unique(found, axis=0, return_inverse=True)
    limits = likelihood_limits(strata.sizes, drawn, outcomes, miss=0.05)
    return np.stack(limits, axis=1)[which.ravel()]


@cache
def _uniform(size: int, labels: int) -> FloatArray:
    return np.array([hypergeometric_errors(k, labels, size)[:2] for k in range(labels + 1)])


def _held(limits: FloatArray, truth: float) -> float:
    # Limits are whole errors over the number of outputs: equal ones must count as held.
    slack = 1e-12
    return float(((limits[:, 0] <= truth + slack) & (truth <= limits[:, 1] + slack)).mean())


def _median(limits: FloatArray) -> float:
    return float(np.median(limits[:, 1] - limits[:, 0]))


def _all_draws(
    log: Judged, strata: Strata, drawn: IntArray, errors: IntArray, labels: int
) -> tuple[float, float, float]:
    """Return coverage and median width over all draws, and the median width of uniform ones."""
    size = len(log.wrong)
    found = np.indices(tuple(drawn + 1)).reshape(len(drawn), -1).T
    chance = np.ones(len(found))
    for h, n in enumerate(drawn.tolist()):
        each = hypergeometric_chances(int(strata.sizes[h]), n, int(errors[h]))
        chance *= np.pad(each, (0, n + 1 - len(each)))[found[:, h]]
    likely = chance > _LEAST
    limits, chance = _limits(strata, drawn, found[likely]), chance[likely]
    held = (limits[:, 0] <= log.errors) & (log.errors <= limits[:, 1])
    each = hypergeometric_chances(size, labels, log.errors)
    alone = _uniform(size, labels)[: len(each)]
    return (
        float(chance[held].sum()),
        _weighted_median(limits[:, 1] - limits[:, 0], chance) / size,
        _weighted_median(alone[:, 1] - alone[:, 0], each) / size,
    )


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def run(*, draws: int = DRAWS) -> list[str]:
    """Measure all, keep the rows, and return the alarms."""
    rows = [row(model, labels, draws=draws) for model in PAIRS for labels in LABELS]
    KEPT.write_text(
        '{"rows": [\n' + ",\n".join(json.dumps(asdict(found)) for found in rows) + "\n]}\n"
    )
    alarms = [alarm for found in rows for alarm in found.alarms()]
    for alarm in alarms:
        print(f"ALARM {alarm}", file=sys.stderr)
    return alarms


def read() -> list[Row]:
    """Return the kept rows."""
    if not KEPT.exists():
        return []
    return [Row(**found) for found in json.loads(KEPT.read_text())["rows"]]


def page() -> str:
    """Return the kept rows as Markdown."""
    rows = read()
    if not rows:
        return ""
    alarms = [alarm for found in rows for alarm in found.alarms()]
    parts = [_INTRODUCTION, pipe_table(_HEADINGS, [_line(found) for found in rows])]
    if alarms:
        parts.append("**Alarms**\n\n" + "\n".join(f"- {alarm}" for alarm in alarms))
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """## Real answers: coverage, and width beside no judge

1,319 answers to GSM8K (ZeroEval) of each of eight models; the judge's flag is that a cheaper model gives another value.
Random draws by the product's design, and as many labels drawn uniformly with their exact (hypergeometric
Clopper-Pearson) interval. Widths are medians, in errors per answer; *ratio* is width over uniform width. *all draws*
has no luck in it: every outcome of the two strata, summed."""
_HEADINGS = [
    "model (judge)", "wrong", "flags, true of them", "labels", "draws", "coverage", "width", "uniform coverage",
    "uniform width", "ratio", "all draws: coverage", "ratio of all draws",
]  # fmt: skip


def _line(found: Row) -> list[str]:
    return [
        f"{found.model} ({found.judge})",
        f"{found.errors / found.outputs:.1%}",
        f"{found.flags}, {found.flagged_errors}",
        f"{found.labels}",
        f"{found.draws:,}",
        f"{found.coverage:.1%}",
        f"{found.width:.4f}",
        f"{found.uniform_coverage:.1%}",
        f"{found.uniform_width:.4f}",
        f"{found.width / found.uniform_width:.2f}",
        f"{found.all_coverage:.2%}",
        f"{found.all_width / found.all_uniform_width:.2f}",
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--table", action="store_true", help="only print what is kept")
    arguments = parser.parse_args()
    alarms = [] if arguments.table else run(draws=arguments.draws)
    print(page())
    sys.exit(3 if alarms else 0)


if __name__ == "__main__":
    main()

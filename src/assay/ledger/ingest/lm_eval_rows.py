"""The trace and the verdicts in a sample of the lm-evaluation-harness."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assay.ledger.ingest.record import Row, RowError, trace_row, verdict_row

_HIGHER_IS_BETTER = frozenset(
    {"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "em", "f1", "pass@1", "pass_at_1"}
    | {"prefix_exact_match", "quasi_exact_match", "quasi_prefix_exact_match", "prompt_level_strict_acc"}
    | {"prompt_level_loose_acc", "contains"}
)  # fmt: skip
"""Metrics of the harness in [0, 1] whose direction is known where no results file says it."""


@dataclass(frozen=True, slots=True)
class Run:
    """What holds for all lines of a file."""

    task: str
    system: str
    version: str
    origin: str
    filter: str
    at: float | None
    higher_is_better: Mapping[str, bool | None] = field(default_factory=dict)

    def is_quality(self, metric: str) -> bool:
        """Say whether more of a metric is known to be better."""
        said = self.higher_is_better.get(metric)
        return metric in _HIGHER_IS_BETTER if said is None else said


def sample_rows(
    values: Mapping[str, object], run: Run, trace_id: str, place: str
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the trace of a sample, and a verdict for each metric in [0, 1] of which more is known to be better.

    Notes
    -----
    Other metrics go to tags, `metric.NAME`. With repeats the harness keeps all generations but one number for all of
    them: the first generation is the output.

    Raises
    ------
    RowError
        Where nothing was asked or answered, or a value breaks the rule of its column.
    """
    asked = _requests(values.get("arguments"))
    if not asked:
        raise RowError("`arguments` is missing or empty: what was asked can't be known")
    tags: dict[str, object] = {
        "task": run.task,
        "filter": run.filter,
        "doc_id": values.get("doc_id"),
    }
    verdicts: list[dict[str, object]] = []
    for metric, value in _metrics(values):
        if run.is_quality(metric) and 0 <= value <= 1:
            judge = f"{metric},{run.filter}"
            verdict = {
                "trace_id": trace_id,
                "judge": judge,
                "judge_kind": "check",
                "error_probability": 1.0 - value,
            }
            verdicts.append({**verdict, "at": run.at})
        else:
            tags[f"metric.{metric}"] = value
    trace = {
        "task_id": f"{run.task}/{values.get('doc_hash') or values.get('doc_id')}",
        "system": run.system,
        "version": run.version,
        "at": run.at,
        "input": asked[0].context,
        "origin": run.origin,
        "tags": tags,
        **(_choice(values, asked) if asked[0].continuation is not None else _generation(values)),
    }
    return (
        (trace_row(trace, trace_id=trace_id, source=place),),
        tuple(verdict_row(verdict, source=place) for verdict in verdicts),
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """One call: a context, and for a multiple-choice question the continuation whose likelihood is asked."""

    context: object
    continuation: str | None


def _requests(arguments: object) -> list[_Request]:
    # {"gen_args_0": {"arg_0": ..., "arg_1": ...}, ...}; versions before 0.4.4 write lists.
    calls = list(arguments.values()) if isinstance(arguments, dict) else arguments
    requests: list[_Request] = []
    for call in calls if isinstance(calls, list) else ():
        parts = list(call.values()) if isinstance(call, dict) else call
        if isinstance(parts, list) and parts:
            second = parts[1] if len(parts) > 1 else None
            requests.append(_Request(parts[0], second if isinstance(second, str) else None))
    return requests


def _generation(values: Mapping[str, object]) -> dict[str, object]:
    first = _first(_first(values.get("resps")))
    if first is None:
        raise RowError("`resps` is missing or empty: there is no answer")
    return {
        "output": first,
        "answer": _first(values.get("filtered_resps")),
        "reference": values.get("target"),
    }


def _choice(values: Mapping[str, object], asked: list[_Request]) -> dict[str, object]:
    """Return the choice with the highest log-likelihood, which is what the metric `acc` judges.

    `acc_norm` divides by the choices' lengths first, so that it may judge another choice than the one that is kept as
    output.
    """
    responses = values.get("resps")
    scored: list[tuple[float, str]] = []
    for request, response in zip(
        asked, responses if isinstance(responses, list) else (), strict=False
    ):
        # Requests with another context only correct for how likely a choice is by itself (acc_mutual_info).
        likelihood = _log_likelihood(_first(response))
        if likelihood is not None and request.context == asked[0].context:
            scored.append((likelihood, (request.continuation or "").strip()))
    if not scored:
        raise RowError("`resps` holds no log-likelihood of a choice: there is no answer")
    choices = [text for _, text in scored]
    if len(asked) == 1:
        greedy = _first(_first(_first(responses)), at=1)
        chosen = choices[0] if str(greedy).lower() == "true" else ""
    else:
        chosen = max(scored, key=lambda pair: pair[0])[1]
    return {
        "output": chosen,
        "answer": chosen or None,
        "reference": _right_choice(values.get("target"), choices),
    }


def _right_choice(target: object, choices: list[str]) -> object:
    # A target that is an index says nothing to a reader; one that is itself a choice is left alone.
    text = str(target).strip()
    if (
        len(choices) > 1
        and text not in choices
        and text.isascii()
        and text.isdigit()
        and int(text) < len(choices)
    ):
        return choices[int(text)]
    return target


def _log_likelihood(pair: object) -> float | None:
    # Written as text, as ["-0.109", "False"].
    try:
        value = float(str(_first(pair)))
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _first(value: object, at: int = 0) -> object:
    if isinstance(value, list):
        return value[at] if len(value) > at else None
    return value


def _metrics(values: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    names = values.get("metrics")
    # Versions before 0.4.5 don't list them.
    listed = (
        names if isinstance(names, list) else [name for name in values if name in _HIGHER_IS_BETTER]
    )
    for name in listed:
        value = values.get(name) if isinstance(name, str) else None
        if isinstance(value, (bool, int, float)):
            yield str(name), float(value)

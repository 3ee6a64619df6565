"""Samples of the lm-evaluation-harness: `samples_<task>_<date>.jsonl`, a line for each document and filter.

The same answer stands there once for each filter (the ways of taking the final answer out of the text), so one filter
is read and the others are passed over: counting them all would count each error several times. The lines say neither
who answered nor which direction of a metric is good: `results_<date>.json` beside the file does, and is read for that.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from assay.errors import BadInput
from assay.ledger.ingest.lines import Line, parse_object, read_lines
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Item, Record, RowError, trace_row, verdict_row
from assay.ledger.ingest.source import ReadOptions, Source

NO_FILTER = "none"
"""What the harness calls the filter of a task without one."""

MAX_RESULTS_BYTES = 2**26

_FILE_NAME = re.compile(r"samples_(?P<task>.+?)_(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.jsonl")
_HIGHER_IS_BETTER = frozenset(
    {"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "em", "f1", "pass@1", "pass_at_1"}
    | {"prefix_exact_match", "quasi_exact_match", "quasi_prefix_exact_match", "prompt_level_strict_acc"}
    | {"prompt_level_loose_acc", "contains", "word_exact_match", "mcc_acc"}
)  # fmt: skip
"""Metrics of the harness in [0, 1] whose direction is known where no results file says it."""


class _Config(msgspec.Struct):
    model_args: object = None


class _Results(msgspec.Struct):
    model_name: str | None = None
    date: float | None = None
    higher_is_better: dict[str, dict[str, bool | None]] = {}
    config: _Config | None = None


class _FilterOf(msgspec.Struct):
    filter: str | None = None


_RESULTS = msgspec.json.Decoder(_Results)
_FILTER_OF = msgspec.json.Decoder(_FilterOf)


@dataclass(frozen=True, slots=True)
class _Run:
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


@dataclass(frozen=True)
class LmEval:
    """Reader of the harness's samples."""

    name: str = "lm-eval"
    title: str = "lm-evaluation-harness samples (samples_TASK_DATE.jsonl)"

    def recognises(self, head: Head) -> bool:
        """Say whether it is a samples file, or a results file, which `read` then turns down with advice."""
        start = head.start.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not start.startswith(b"{"):
            return False
        first = start.partition(b"\n")[0]
        if b'"doc_id"' in first:
            # A long document may push the other keys of the first line out of the head.
            return b'"filtered_resps"' in first or (b'"doc"' in first and head.name.startswith("samples_"))
        return _is_results(head)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield a record a line; a line of a filter that is not read is accepted and holds no rows."""
        if _is_results(Head(source.head(), source.path.name)):
            raise BadInput(
                f"{source.path.name} has the scores of whole tasks, not the answers: run with --log_samples and take "
                "the samples file",
                where=str(source.path),
                next_command=f"assay ingest {source.path.parent}/samples_TASK_DATE.jsonl",
            )
        run = _run(source, options)
        with source.open() as stream:
            for line in read_lines(stream):
                yield _item(line, run, source)


LM_EVAL = LmEval()


def _is_results(head: Head) -> bool:
    if b'"doc_id"' in head.start or b'"results"' not in head.start:
        return False
    return any(sign in head.start for sign in (b'"lm_eval_version"', b'"group_subtasks"', b'"n-shot"'))


def _run(source: Source, options: ReadOptions) -> _Run:
    named = _FILE_NAME.fullmatch(source.path.name)
    task = named["task"] if named else source.path.name.partition(".")[0].removeprefix("samples_")
    results = _sibling_results(source, named["date"]) if named else None
    system = options.system or _model(results) or _model_of_folder(source)
    if not system:
        raise BadInput(
            f"{source.path.name} does not say which model answered, and there is no results file of the same run "
            "beside it",
            where=str(source.path),
            next_command=f"assay ingest {source.path} --system NAME",
        )
    return _Run(
        task=task,
        system=system,
        version=options.version,
        origin=options.origin or "exam",
        filter=_chosen_filter(source, options),
        at=results.date if results else None,
        higher_is_better=results.higher_is_better.get(task, {}) if results else {},
    )


def _sibling_results(source: Source, date: str) -> _Results | None:
    path = source.path.with_name(f"results_{date}.json")
    try:
        with path.open("rb") as stream:
            return _RESULTS.decode(stream.read(MAX_RESULTS_BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def _model(results: _Results | None) -> str:
    if results is None:
        return ""
    arguments = results.config.model_args if results.config else None
    if isinstance(arguments, str):
        arguments = dict(pair.partition("=")[::2] for pair in arguments.split(","))
    given = arguments if isinstance(arguments, dict) else {}
    return results.model_name or str(given.get("pretrained") or given.get("model") or "")


def _model_of_folder(source: Source) -> str:
    # The harness writes EleutherAI/pythia-160m as EleutherAI__pythia-160m; any other folder may be called anything.
    folder = source.path.resolve().parent.name
    return folder.replace("__", "/") if "__" in folder.strip("_") else ""


def _chosen_filter(source: Source, options: ReadOptions) -> str:
    filters: dict[str, None] = {}
    with source.open() as stream:
        for line in read_lines(stream):
            if not line.fault and not line.blank:
                filters.update(dict.fromkeys(_filter_of(line.text)))
    names = list(filters)
    if options.filter in names or (not options.filter and len(names) <= 1):
        return options.filter or (names[0] if names else NO_FILTER)
    listed = ", ".join(names)
    raise BadInput(
        f"{source.path.name} has no filter {options.filter!r}; it has {listed or 'none'}"
        if options.filter
        else f"{source.path.name} has each answer once for each of {len(names)} filters ({listed}): "
        "choose one, or each error would count several times",
        where=str(source.path),
        next_command=f"assay ingest {source.path} --filter {names[0] if names else NO_FILTER}",
    )


def _filter_of(text: str) -> tuple[str, ...]:
    try:
        return (_FILTER_OF.decode(text).filter or NO_FILTER,)
    except (ValueError, RecursionError):
        # Not JSON: refused with its reason when it is read.
        return ()


def _item(line: Line, run: _Run, source: Source) -> Item:
    if line.blank:
        return Blank(line.number)
    if line.fault:
        return line.rejected()
    try:
        values = parse_object(line.text)
        if "doc_id" not in values:
            raise RowError("`doc_id` is missing: this is no sample of the harness")
        if (values.get("filter") or NO_FILTER) != run.filter:
            return Record(line.number)
        return _record(values, run, line.number, source)
    except RowError as error:
        return line.rejected(str(error))


def _record(values: Mapping[str, object], run: _Run, line: int, source: Source) -> Record:
    asked = _requests(values.get("arguments"))
    if not asked:
        raise RowError("`arguments` is missing or empty: what was asked can't be known")
    tags: dict[str, object] = {"task": run.task, "filter": run.filter, "doc_id": values.get("doc_id")}
    verdicts: list[dict[str, object]] = []
    trace_id = source.row_id(line)
    for metric, value in _metrics(values):
        if run.is_quality(metric) and 0 <= value <= 1:
            judge = f"{metric},{run.filter}"
            verdict = {"trace_id": trace_id, "judge": judge, "judge_kind": "check", "error_probability": 1.0 - value}
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
    place = source.place(line)
    return Record(
        line,
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
    return {"output": first, "answer": _first(values.get("filtered_resps")), "reference": values.get("target")}


def _choice(values: Mapping[str, object], asked: list[_Request]) -> dict[str, object]:
    """Return the choice with the highest log-likelihood, which is what the metric `acc` judges."""
    responses = values.get("resps")
    scored: list[tuple[float, str]] = []
    for request, response in zip(asked, responses if isinstance(responses, list) else (), strict=False):
        # Requests with another context only correct for how likely a choice is by itself (acc_mutual_info).
        likelihood = _log_likelihood(_first(response))
        if likelihood is not None and request.context == asked[0].context:
            scored.append((likelihood, (request.continuation or "").strip()))
    if not scored:
        raise RowError("`resps` holds no log-likelihood of a choice: there is no answer")
    choices = [text for _, text in scored]
    if len(asked) == 1:
        greedy = _first(_first(responses), at=1)
        chosen = choices[0] if str(greedy).lower() == "true" else ""
    else:
        chosen = max(scored, key=lambda pair: pair[0])[1]
    return {"output": chosen, "answer": chosen or None, "reference": _right_choice(values.get("target"), choices)}


def _right_choice(target: object, choices: list[str]) -> object:
    # A target that is an index says nothing to a reader; one that is itself a choice is left alone.
    text = str(target).strip()
    if len(choices) > 1 and text not in choices and text.isascii() and text.isdigit() and int(text) < len(choices):
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
    listed = names if isinstance(names, list) else [name for name in values if name in _HIGHER_IS_BETTER]
    for name in listed:
        value = values.get(name) if isinstance(name, str) else None
        if isinstance(value, (bool, int, float)):
            yield str(name), float(value)

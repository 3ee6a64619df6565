"""Samples of the lm-evaluation-harness: `samples_<task>_<date>.jsonl`, a line for each document and filter.

The same answer stands there once for each filter (the ways of taking the final answer out of the text), so one filter
is read and the others are passed over: counting them all would count each error several times. The lines say neither
who answered nor which direction of a metric is good: `results_<date>.json` beside the file does, and is read for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

import msgspec

from assay.errors import BadInput
from assay.ledger.ingest.lines import Line, parse_object, read_lines
from assay.ledger.ingest.lm_eval_rows import Run, sample_rows
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Item, Record, RowError
from assay.ledger.ingest.source import ReadOptions, Source

NO_FILTER = "none"
"""What the harness calls the filter of a task without one."""

MAX_RESULTS_BYTES = 2**26

_FILE_NAME = re.compile(
    r"samples_(?P<task>.+?)_(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.jsonl"
)


class _Config(msgspec.Struct):
    model_args: object = None


class _Results(msgspec.Struct):
    model_name: str | None = None
    date: float | None = None
    higher_is_better: dict[str, dict[str, bool | None]] = {}
    config: _Config | None = None


class _FilterOf(msgspec.Struct):
    doc_id: msgspec.Raw
    filter: str | None = None


_RESULTS = msgspec.json.Decoder(_Results)
_FILTER_OF = msgspec.json.Decoder(_FilterOf)


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
            return b'"filtered_resps"' in first or (
                b'"doc"' in first and head.name.startswith("samples_")
            )
        return _is_results(head)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield a record a line; a line of a filter that is not read is accepted and holds no rows."""
        if _is_results(Head(source.head(), source.path.name)):
            raise BadInput(
                f"{source.path.name} has the scores of whole tasks, not the answers: run with --log_samples and take "
                "the samples file",
                where=str(source.path),
                next_command=f"ls {quote(str(source.path.parent))}/samples_*.jsonl",
            )
        run = _run(source, options)
        with source.open() as stream:
            seen: set[str] = set()
            for line in read_lines(stream):
                yield _item(line, run, source, seen)


LM_EVAL = LmEval()


def _is_results(head: Head) -> bool:
    if b'"doc_id"' in head.start or b'"results"' not in head.start:
        return False
    return any(
        sign in head.start for sign in (b'"lm_eval_version"', b'"group_subtasks"', b'"n-shot"')
    )


def _run(source: Source, options: ReadOptions) -> Run:
    named = _FILE_NAME.fullmatch(source.path.name)
    task = named["task"] if named else source.path.name.partition(".")[0].removeprefix("samples_")
    results = _sibling_results(source, named["date"]) if named else None
    system = options.system or _model(results) or _model_of_folder(source)
    if not system:
        raise BadInput(
            f"{source.path.name} does not say which model answered, and there is no results file of the same run "
            "beside it",
            where=str(source.path),
            next_command=f"assay ingest {quote(str(source.path))} --into runs.ledger --system NAME",
        )
    return Run(
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
    names = list(filters) or [NO_FILTER]
    if options.filter in names or (not options.filter and len(names) <= 1):
        return names[0] if not options.filter else options.filter
    listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    raise BadInput(
        f"{source.path.name} has no filter {options.filter!r}; it has {listed}"
        if options.filter
        else f"{source.path.name} has each answer once for each of {len(names)} filters ({listed}): "
        "choose one, or each error would count several times",
        where=str(source.path),
        next_command=f"assay ingest {quote(str(source.path))} --into runs.ledger --filter {quote(names[0])}",
    )


def _filter_of(text: str) -> tuple[str, ...]:
    try:
        named = _FILTER_OF.decode(text).filter
        return (named,) if named else ()
    except (ValueError, RecursionError):
        # No sample: refused with its reason when it is read.
        return ()


def _item(line: Line, run: Run, source: Source, seen: set[str]) -> Item:
    if line.blank:
        return Blank(line.number)
    if line.fault:
        return line.rejected()
    try:
        values = parse_object(line.text)
        if "doc_id" not in values:
            raise RowError("`doc_id` is missing: this is no sample of the harness")
        named = values.get("filter") or NO_FILTER
        if named != run.filter:
            if named == NO_FILTER:
                raise RowError("`filter` is missing, and other lines name theirs")
            return Record(line.number)
        # Named by document, an answer that is read again with another filter is the same trace with one more verdict.
        trace_id = f"{source.content_hash}-doc{values['doc_id']}"
        if trace_id in seen:
            trace_id = source.row_id(line.number)
        seen.add(trace_id)
        place = source.place(line.number)
        return Record(line.number, *sample_rows(values, run, trace_id, place))
    except RowError as error:
        return line.rejected(str(error))

"""A load test's file, read by what is in it and not by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.capability.speed import aiperf, guidellm, mlperf, table, vllm_bench
from assay.capability.speed.fields import Fields, json_object
from assay.capability.speed.run import PerfRun
from assay.errors import BadInput, UnknownFormat

MOST_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class _Form:
    recognised: Callable[[Fields], bool]
    runs: Callable[[Fields], tuple[PerfRun, ...]]


_OBJECTS: Mapping[str, tuple[_Form, ...]] = {
    "guidellm": (_Form(guidellm.recognised, guidellm.runs),),
    "vllm-bench": (_Form(vllm_bench.recognised, vllm_bench.runs),),
    "aiperf": (_Form(aiperf.recognised, aiperf.runs),),
    "mlperf": (
        _Form(mlperf.recognised_run, mlperf.runs_of_run),
        _Form(mlperf.recognised_round, mlperf.runs_of_round),
    ),
}

_PACKED = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}

FORMATS = (*_OBJECTS, "csv")
"""Names for `read_perf`."""


def read_perf(path: Path, *, form: str = "") -> tuple[PerfRun, ...]:
    """Read the runs of a load test's file.

    Parameters
    ----------
    path
        The file.
    form
        One of `FORMATS`; empty: told by what is in the file.

    Raises
    ------
    UnknownFormat
        Where no reader knows it, or not the one that was named.
    BadInput
        Where it can't be read, is cut off, or holds an impossible value: says which, and where.
    """
    where = str(path)
    if form and form not in FORMATS:
        raise BadInput(f"no format {form!r} is known; known are {', '.join(FORMATS)}")
    text = _text(path)
    first_line = text.lstrip().partition("\n")[0]
    if not first_line:
        raise BadInput("the file is empty", where=where)
    if form == "csv" or (not form and table.recognised(first_line)):
        return _not_none(table.runs(text, where), where)
    if not first_line.startswith("{"):
        raise _unknown(where, form)
    if form in ("", "aiperf") and (lines := _aiperf_lines(text, first_line, where)):
        return _not_none(lines, where)
    top = json_object(text, where)
    names = (form,) if form else tuple(_OBJECTS)
    for one in (one for name in names for one in _OBJECTS[name]):
        if one.recognised(top):
            return _not_none(one.runs(top), where)
    raise _unknown(where, form)


def _aiperf_lines(text: str, first_line: str, where: str) -> tuple[PerfRun, ...]:
    try:
        first = json_object(first_line, where)
    except BadInput:
        return ()
    return aiperf.runs_of_lines(text, where) if aiperf.recognised_lines(first) else ()


def _text(path: Path) -> str:
    where = str(path)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BadInput(f"the file holds {size:,} bytes, more than {MOST_BYTES:,}", where=where)
        raw = path.read_bytes()
        if packed := next((name for name, mark in _PACKED.items() if raw.startswith(mark)), None):
            raise BadInput(
                f"the file is packed ({packed}): unpack it first",
                where=where,
                next_command=f"{packed} -d -k {where}",
            )
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"can't be read: {error.strerror}", where=where) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"this is not UTF-8 (at byte {error.start:,})", where=where) from None


def _not_none(runs: tuple[PerfRun, ...], where: str) -> tuple[PerfRun, ...]:
    if not runs or all(run.answered == 0 and not run.requests for run in runs):
        raise BadInput("there is no answered request in the file", where=where)
    return runs


def _unknown(where: str, form: str) -> UnknownFormat:
    what = f"this is no file of {form}" if form else "no reader knows this file"
    return UnknownFormat(
        f"{what}. Known are GuideLLM, vLLM bench serve, AIPerf (JSON and JSON Lines), MLPerf summaries, and a CSV "
        f"table with a column {table.NEEDED}",
        where=where,
    )

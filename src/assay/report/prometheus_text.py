"""Prometheus' text exposition format: names, labels and numbers as it wants them written.

https://prometheus.io/docs/instrumenting/exposition_formats/ (format 0.0.4). The reader here is as strict as the format:
tests and dashboards are held against what it reads.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.errors import BadInput

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})? (\S+)")
_PAIR = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\n]|\\[\\\"n])*)\"(?:,|$)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf")
KINDS = ("counter", "gauge")


@dataclass(frozen=True, slots=True)
class Sample:
    """One number, and the labels that tell it from the others of its metric."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name, counter or gauge, what it is in words, and its samples."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]


def exposition(metrics: Iterable[Metric]) -> str:
    r"""Return metrics as text.

    Raises
    ------
    BadInput
        If a name is none, a counter's name doesn't end in ``_total``, two samples have the same labels, or a number is
        NaN, or negative in a counter.

    Examples
    --------
    >>> print(exposition([Metric("a_total", "counter", "All.", (Sample({"by": 'x"y'}, 3),))]), end="")
    # HELP a_total All.
    # TYPE a_total counter
    a_total{by="x\"y"} 3
    """
    return "".join(_lines(metric) for metric in metrics)


def _lines(metric: Metric) -> str:
    _check(metric)
    lines = [
        f"# HELP {metric.name} {_escaped(metric.help)}",
        f"# TYPE {metric.name} {metric.kind}",
    ]
    for sample in metric.samples:
        pairs = ",".join(
            f'{name}="{_escaped(value, quotes=True)}"' for name, value in sample.labels.items()
        )
        labels = f"{{{pairs}}}" if pairs else ""
        lines.append(f"{metric.name}{labels} {number_text(sample.value)}")
    return "\n".join(lines) + "\n"


def _check(metric: Metric) -> None:
    if not _NAME.fullmatch(metric.name):
        raise BadInput(f"{metric.name!r} is no name of a metric")
    if metric.kind not in KINDS:
        raise BadInput(f"a metric is one of {KINDS}, got {metric.kind!r}")
    if metric.kind == "counter" and not metric.name.endswith("_total"):
        raise BadInput(f"the name of the counter {metric.name} must end in _total")
    seen = set()
    for sample in metric.samples:
        for name in sample.labels:
            if not _LABEL.fullmatch(name) or name.startswith("__"):
                raise BadInput(f"{name!r} is no name of a label")
        key = frozenset(sample.labels.items())
        if key in seen:
            raise BadInput(f"{metric.name} has two samples with the labels {dict(sample.labels)}")
        seen.add(key)
        if math.isnan(sample.value) or (
            metric.kind == "counter" and not 0 <= sample.value < math.inf
        ):
            raise BadInput(f"{metric.name} can't be {sample.value}: what is unknown is left out")


def number_text(value: float) -> str:
    """Return a number as the format has it.

    Examples
    --------
    >>> number_text(3.0), number_text(0.1), number_text(1e300), number_text(float("inf"))
    ('3', '0.1', '1e+300', '+Inf')
    """
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))


def read_exposition(text: str) -> list[Metric]:
    """Return the metrics of a text.

    Raises
    ------
    BadInput
        At the first line that is not as the format wants it.
    """
    if text and not text.endswith("\n"):
        raise BadInput("the last line must end in a line feed")
    metrics: list[Metric] = []
    told: dict[str, str] = {}
    for place, line in enumerate(text.split("\n")[:-1], start=1):
        where = f"line {place}"
        if line.startswith("# HELP "):
            name, _, said = line.removeprefix("# HELP ").partition(" ")
            if name in told:
                raise BadInput(f"{name} has a second HELP", where=where)
            told[name] = _unescaped(said)
        elif line.startswith("# TYPE "):
            name, _, kind = line.removeprefix("# TYPE ").partition(" ")
            if any(one.name == name for one in metrics):
                raise BadInput(f"{name} has a second TYPE, or one after a sample", where=where)
            metrics.append(Metric(name, kind, told.get(name, ""), ()))
        else:
            name, sample = _read_sample(line, where)
            if not metrics or metrics[-1].name != name:
                raise BadInput(f"{name} is not under its own TYPE", where=where)
            own = metrics[-1]
            metrics[-1] = Metric(name, own.kind, own.help, (*own.samples, sample))
    for metric in metrics:
        _check(metric)
        if not metric.samples or not metric.help:
            raise BadInput(f"{metric.name} has no sample, or no HELP")
    return metrics


def _read_sample(line: str, where: str) -> tuple[str, Sample]:
    found = _SAMPLE.fullmatch(line)
    if found is None or not _NUMBER.fullmatch(found[3]):
        raise BadInput(f"no sample: {line[:80]!r}", where=where)
    labels: dict[str, str] = {}
    rest = found[2] or ""
    while rest:
        pair = _PAIR.match(rest)
        if pair is None or pair[1] in labels:
            raise BadInput(f"no labels: {rest[:80]!r}", where=where)
        labels[pair[1]] = _unescaped(pair[2])
        rest = rest[pair.end() :]
    return found[1], Sample(labels, float(found[3].replace("Inf", "inf")))


def _escaped(text: str, *, quotes: bool = False) -> str:
    # A carriage return is no line break in the format, but it is one to many who read it.
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", " ")
    return text.replace('"', '\\"') if quotes else text


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\\"n])", lambda found: "\n" if found[1] == "n" else found[1], text)

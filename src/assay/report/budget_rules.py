"""A budget for other tools: alert rules of Prometheus, and an OpenSLO document that can only come near it.

The rules are of the metrics that Assay gives out (`assay.report.prometheus_metrics`). They are YAML, written by hand:
every text in them is quoted, and a system's name can neither end a string nor run as a template of Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.errors import BadInput
from assay.estimate.burn import CLASSIC_WINDOWS
from assay.figures import plain
from assay.report.budget_words import kept_words
from assay.volume.budget_result import Budget

NEAR_ONE = 1e-12


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert rule."""

    alert: str
    expr: str
    severity: str
    summary: str
    description: str
    wait: str = "0s"


def prometheus_rules(budget: Budget) -> str:
    """Return alert rules for a budget, as a rule file of Prometheus.

    Notes
    -----
    The first group watches Assay's own numbers: its estimate, and its evidence, which is a count and not a share. The
    second has the classic burn-rate windows (Beyer et al., The Site Reliability Workbook, 2018, chapter 5) over
    confirmed errors: they are for flows of many errors, and each says what a single error makes of it.
    """
    lines = [
        "# Alert rules for an error budget that is a count: it does not grow with the traffic.",
        f"# Made by `assay budget`: {plain(budget.limit)} {budget.question.unit} in {budget.question.per_days:g} days.",
        "groups:",
    ]
    lines += _group("assay-budget", _own_rules(budget))
    lines += _group("assay-budget-classic", _classic_rules(budget))
    return "\n".join(lines) + "\n"


def openslo(budget: Budget) -> str:
    """Return the budget as near as an OpenSLO document comes to it.

    Raises
    ------
    BadInput
        Where the window holds no more outputs than the budget allows errors: no share says that.

    Notes
    -----
    OpenSLO knows budgets that are a share of the traffic. The target here is that share at the traffic of now; when the
    traffic changes it has to be made again, which the document says of itself.
    """
    outputs = budget.columns.outputs
    per_window = outputs * budget.question.per_days / budget.elapsed_days
    target = 1 - budget.limit / per_window if per_window > 0 else 0.0
    if not 0 < target < 1 - NEAR_ONE:
        raise BadInput(
            f"OpenSLO states a budget as a share of outputs below 1, and {plain(budget.limit)} of "
            f"{plain(per_window)} outputs in {budget.question.per_days:g} days is none"
        )
    note = (
        f"APPROXIMATE. The budget is a count: {plain(budget.limit)} {budget.question.unit} in "
        f"{budget.question.per_days:g} days, whatever the traffic. OpenSLO has shares only: this target is that count "
        f"at {plain(per_window)} outputs in the window. Make it again when the traffic changes."
    )
    name = f"{_slug(budget.log.system)}-error-budget"
    chosen = _selector(budget)
    return "\n".join(
        [
            f"# {note}",
            "apiVersion: openslo/v1",
            "kind: SLO",
            "metadata:",
            f"  name: {_quoted(name)}",
            f"  displayName: {_quoted(f'{budget.log.system}: escaped errors (approximate)')}",
            "spec:",
            f"  description: {_quoted(note)}",
            f"  service: {_quoted(_slug(budget.log.system))}",
            "  indicator:",
            "    metadata:",
            f"      name: {_quoted(f'{name}-confirmed')}",
            "    spec:",
            "      ratioMetric:",
            "        counter: true",
            "        bad:",
            *_source(f"sum(assay_errors_confirmed_total{chosen})"),
            "        total:",
            *_source(f"sum(assay_outputs_total{chosen})"),
            "  timeWindow:",
            f"    - duration: {_quoted(_duration(24 * budget.question.per_days))}",
            "      isRolling: true",
            "  budgetingMethod: Occurrences",
            "  objectives:",
            f"    - displayName: {_quoted('outputs without an escaped error')}",
            f"      target: {target:.12f}",
            "",
        ]
    )


def write_text(text: str, output: Path) -> int:
    """Write a text file, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    data = text.encode("utf-8")
    try:
        output.write_bytes(data)
    except OSError as error:
        raise BadInput(f"{output} can't be written: {error.strerror or error}") from error
    return len(data)


def _own_rules(budget: Budget) -> Iterator[Rule]:
    limit = f"{budget.limit:.12g}"
    of = f"{plain(budget.limit)} {budget.question.unit} in {budget.question.per_days:g} days"
    system = _no_template(budget.log.system)
    level = 1 / budget.question.false_alarm
    yield Rule(
        "AssayBudgetSpent",
        f"assay_errors_escaped_estimate{_selector(budget, bound='point')} > {limit}",
        "page",
        f"The error budget of {system} is used up",
        f"The estimate is above {of}.",
    )
    yield Rule(
        "AssayBudgetAtRisk",
        f"assay_errors_escaped_estimate{_selector(budget, bound='upper')} > {limit}",
        "ticket",
        f"The error budget of {system} is not shown to be kept",
        f"The upper limit is above {of}: label more, or slow down.",
        "1h",
    )
    yield Rule(
        "AssayErrorsFasterThanAllowed",
        f"assay_burn_evalue{_selector(budget)} >= {level:.12g}",
        "page",
        f"Errors of {system} come faster than the budget allows",
        f"Evidence of {level:g} to 1; a budget that is kept {kept_words(budget.question.cycle)} gets there in at most "
        f"{plain(100 * budget.question.false_alarm)} % of windows, however often one looks.",
    )
    yield Rule(
        "AssayBudgetSilent",
        f"absent(assay_errors_escaped_estimate{_selector(budget, bound='point')})",
        "ticket",
        f"Nothing is known of the errors of {system}",
        "No estimate comes in. Silence is not safety.",
        "6h",
    )


def _classic_rules(budget: Budget) -> Iterator[Rule]:
    per_hour = budget.limit / (24 * budget.question.per_days)
    for place, window in enumerate(CLASSIC_WINDOWS, start=1):
        one = 1 / (window.long_hours * per_hour)
        alone = (
            " That is enough to fire: for so small a budget use AssayErrorsFasterThanAllowed."
            if one >= window.factor
            else ""
        )
        yield Rule(
            f"AssayBurnRate{place}",
            " and ".join(
                f"{_increase(budget, hours)} > {window.factor * hours * per_hour:.12g}"
                for hours in (window.long_hours, window.short_hours)
            ),
            "page" if window.pages else "ticket",
            f"Errors of {_no_template(budget.log.system)} burn the budget at {window.factor:g} times the pace",
            f"Over {_duration(window.long_hours)} and {_duration(window.short_hours)}. A single error in "
            f"{_duration(window.long_hours)} is a burn rate of {plain(one)}.{alone}",
        )


def _increase(budget: Budget, hours: float) -> str:
    span = _duration(hours)
    weights = budget.question.weights
    if weights is None:
        return f"sum(increase(assay_errors_confirmed_total{_selector(budget)}[{span}]))"
    terms = (
        f"{weight:g} * (sum(increase(assay_errors_confirmed_total{_selector(budget, severity=str(one))}[{span}])) "
        "or vector(0))"
        for one, weight in weights.items()
    )
    return f"({' + '.join(terms)})"


def _group(name: str, rules: Iterable[Rule]) -> Iterator[str]:
    yield f"  - name: {name}"
    yield "    rules:"
    for rule in rules:
        yield f"      - alert: {rule.alert}"
        yield f"        expr: {_quoted(rule.expr)}"
        yield f"        for: {rule.wait}"
        yield "        labels:"
        yield f"          severity: {rule.severity}"
        yield "        annotations:"
        yield f"          summary: {_quoted(rule.summary)}"
        yield f"          description: {_quoted(rule.description)}"


def _source(query: str) -> list[str]:
    return [
        "          metricSource:",
        "            type: Prometheus",
        "            spec:",
        f"              query: {_quoted(query)}",
    ]


def _selector(budget: Budget, **labels: str) -> str:
    named = {"system": budget.log.system, **labels}
    return "{" + ", ".join(f"{name}={_quoted(value)}" for name, value in named.items()) + "}"


def _quoted(text: str) -> str:
    r"""Return text in double quotes, as YAML, and Go's and so Prometheus' strings, read them.

    Examples
    --------
    >>> _quoted('a "b"\n')
    '"a \\"b\\"\\n"'
    """
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter == "\n":
        return "\\n"
    code = ord(letter)
    if 0x20 <= code < 0x7F:
        return letter
    if 0xD800 <= code < 0xE000:
        return "\\ufffd"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _no_template(text: str) -> str:
    """Return text that Prometheus does not run: annotations are templates."""
    return text.replace("{{", '{{"{{"}}')


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:50] or "system"


def _duration(hours: float) -> str:
    """Return a length of time as Prometheus writes it.

    Examples
    --------
    >>> _duration(1.0), _duration(5 / 60), _duration(72), _duration(720)
    ('1h', '5m', '3d', '30d')
    """
    minutes = max(1, round(60 * hours))
    if minutes % 1440 == 0:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"

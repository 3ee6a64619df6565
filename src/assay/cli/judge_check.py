"""`assay judge check`: a mechanical check over every trace; or, with --compare, two that disagree."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, ledger_argument, moment, note, progress

if TYPE_CHECKING:
    from assay.judge.compare import ComparedRules
    from assay.judge.rules import CheckSettings
    from assay.judge.run_check import CheckReport, Selection
    from assay.ledger.store import Ledger

NAMES = (
    "exact", "numeric", "choice", "any-of", "all-of", "regex", "json-schema", "python", "sql", "by-task",
)  # fmt: skip
"""The names in `assay.judge.rules`, which is not imported for a page of help."""

PARSERS = (
    "answer (the log's own), whole, last-number, first-number, last-quantity, boxed, answer-line, last-bracketed, "
    "choice-letter, after-think, code, json, json-field=KEY, last-match=PATTERN; several joined by +"
)


def _known(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and value.partition("/")[0] not in NAMES:
        raise click.BadParameter(f"{value!r} is none of {', '.join(NAMES)}")
    return value


@click.command(
    epilog="Example: assay judge runs.ledger --check numeric --tolerance 0.01.  "
    "Two parsers: assay judge runs.ledger --check numeric --compare last-number --compare boxed"
)
@ledger_argument
@click.option(
    "--check",
    default=None,
    metavar="CHECK",
    callback=_known,
    help=f"The rule that compares: {', '.join(NAMES)} (each task's own, named by its tag `check`).",
)
@click.option(
    "--parser", default=None, metavar="PARSER", help=f"What is taken out of an output: {PARSERS}."
)
@click.option(
    "--extract",
    default=None,
    metavar="PATTERN",
    help="Short for --parser last-match=PATTERN: the answer is its last match in the output.",
)
@click.option(
    "--compare",
    multiple=True,
    metavar="[CHECK/]PARSER",
    help="Twice or more: judge by each, show where they disagree, and write nothing.",
)
@click.option(
    "--tolerance", default=0.0, metavar="X", help="numeric: absolute, in the reference's unit."
)
@click.option("--relative", default=0.0, metavar="X", help="numeric: share of the reference.")
@click.option(
    "--pattern",
    default=None,
    help="regex: the pattern for all; each reference is its own if not given.",
)
@click.option("--whole", is_flag=True, help="regex: the whole answer must match.")
@click.option(
    "--schema",
    default=None,
    type=click.Path(path_type=Path),
    help="json-schema: the schema's file.",
)
@click.option("--seconds", default=None, type=float, help="python, sql: most time for one answer.")
@click.option("--memory", default=None, type=int, metavar="MB", help="python, sql: most memory.")
@click.option("--system", default=None, help="Only this system's outputs.")
@click.option("--version", default=None, help="Only this version's.")
@click.option("--from", "start", default=None, callback=moment, help="First moment of the window.")
@click.option("--to", "end", default=None, callback=moment, help="End of the window, not included.")
@click.option(
    "--examples",
    default=2,
    show_default=True,
    type=click.IntRange(min=0),
    help="--compare: disagreements shown of each kind.",
)
@json_option
def command(
    ledger: Path,
    check: str | None,
    parser: str | None,
    extract: str | None,
    compare: tuple[str, ...],
    *,
    examples: int,
    as_json: bool,
    **options: object,
) -> None:
    """Compare every answer with its reference, by a rule that becomes the judge's name."""
    from assay.errors import BadInput
    from assay.judge.run_check import Selection
    from assay.ledger.store import Ledger

    if extract is not None and parser is not None:
        raise BadInput("--extract is short for --parser last-match=PATTERN: give one of them")
    if check is None and not compare:
        raise click.UsageError("Missing option '--check'.")
    if compare and (parser is not None or extract is not None):
        raise BadInput("--compare names the parsers: leave --parser and --extract out")
    parser = f"last-match={extract}" if extract is not None else parser
    window = Selection(*(options.pop(name) for name in ("system", "version", "start", "end")))  # type: ignore[arg-type]
    settings = _settings(options)
    store = Ledger.open(ledger)
    if compare:
        _compare(
            store, [_spec(one, check) for one in compare], settings, window, (examples, as_json)
        )
    else:
        _judge(store, (check or "", parser), settings, window, as_json=as_json)


def _settings(options: dict[str, object]) -> CheckSettings:
    from assay.judge.rules import CheckSettings

    options["memory_mb"] = options.pop("memory")
    return CheckSettings(**options)  # type: ignore[arg-type]


def _spec(given: str, check: str | None) -> str:
    """Return CHECK/PARSER: the check named before the slash, or that of --check."""
    from assay.errors import BadInput
    from assay.judge.rules import BY_TASK, CHECKS

    first = given.partition("/")[0]
    if first in (*CHECKS, BY_TASK):
        return given
    if check is None:
        raise BadInput(
            f"--compare {given} names no check: give it as CHECK/PARSER, or one --check for all"
        )
    return f"{check.partition('/')[0]}/{given}"


def _judge(
    store: Ledger,
    rule: tuple[str, str | None],
    settings: CheckSettings,
    window: Selection,
    *,
    as_json: bool,
) -> None:
    from assay.judge.rules import rule_named
    from assay.judge.run_check import judge_by_check

    name, parser = rule
    check = rule_named(name, settings=settings, parser=parser)
    with progress(name, "traces") as advance:
        report = judge_by_check(store, check, window=window, progress=advance)
    if as_json:
        emit(_report_json(check.judge, report))
        return
    from assay.terminal import visible

    said = f": {report.wrong:,} wrong" if report.judged else ""
    click.echo(visible(f"{check.judge}: {report.judged:,} traces judged now{said}"))
    if report.found < report.judged:
        note(
            f"an answer was found in {report.found:,} of {report.judged:,} outputs; where it is not, "
            "nothing was answered: wrong"
        )
    if report.already:
        note(f"{report.already:,} traces were judged by this judge before")
    if report.without_reference:
        note(
            f"{report.without_reference:,} traces have no reference and stay unjudged: a count needs them all"
        )
    _note_unjudged(report.unjudged, report.first_unjudged)
    if report.judged or report.already:
        note(f"next: assay volume {store.typed}")


def _report_json(judge: str, report: CheckReport) -> dict[str, object]:
    return {
        "judge": judge,
        "judged": report.judged,
        "wrong": report.wrong,
        "found": report.found,
        "without_reference": report.without_reference,
        "already": report.already,
        "unjudged": report.unjudged,
        "first_unjudged": _first_json(report.first_unjudged),
    }


def _first_json(first: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"trace_id": trace_id, "reason": reason} for trace_id, reason in first]


def _note_unjudged(count: int, first: tuple[tuple[str, str], ...]) -> None:
    if not count:
        return
    named = "; ".join(f"{quote(trace_id)}: {reason}" for trace_id, reason in first)
    more = f"; and {count - len(first):,} more" if count > len(first) else ""
    note(f"{count:,} traces could not be judged and stay unjudged ({named}{more})")


def _compare(
    store: Ledger,
    specs: list[str],
    settings: CheckSettings,
    window: Selection,
    shown: tuple[int, bool],
) -> None:
    from assay.judge.compare import compare_rules
    from assay.judge.rules import rules_named

    examples, as_json = shown
    rules = rules_named(specs, settings=settings)
    with progress("compare", "traces") as advance:
        compared = compare_rules(store, rules, window=window, examples=examples, progress=advance)
    if as_json:
        emit(compared.to_json())
        return
    _show(compared)
    if compared.without_reference:
        note(f"{compared.without_reference:,} traces have no reference and are left out")
    _note_unjudged(compared.unjudged, compared.first_unjudged)
    note("nothing was written: judge by the one that reads as your users do, and keep to it")


def _show(compared: ComparedRules) -> None:
    from assay.cli.output import console
    from assay.report.compare_text import compare_blocks

    screen = console()
    for block in compare_blocks(compared):
        screen.print(block)

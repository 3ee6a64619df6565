"""`assay budget`: a count of escaped errors per rolling window, what is spent of it, and whether to sound the alarm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.finite_number import FINITE, NOT_NEGATIVE, POSITIVE, SHARE
from assay.cli.output import console, emit, json_option, ledger_argument, moment, note

if TYPE_CHECKING:
    from assay.volume.budget_question import BudgetQuestion
    from assay.volume.budget_result import Budget


@click.command(
    epilog="Example: assay budget runs.ledger --allow 30 --per 30d --split support=20,claims=8,reserve=2 --by team"
)
@ledger_argument
@click.option("--allow", type=FINITE, default=None, help="Escaped errors that a window may have.")
@click.option(
    "--anchor",
    default=None,
    metavar="WHAT",
    help="What the budget is derived from: human, 3sigma@1000/d, SIL2, SIL2@1/365d, PMHF-D, AC-catastrophic, "
    "1e-7/h or 10FIT.",
)
@click.option(
    "--per", default="30d", show_default=True, help="Length of the rolling window: 12h, 30d, 4w."
)
@click.option("--system", default=None, help="Whose budget it is.  [default: the only one]")
@click.option(
    "--at", default=None, callback=moment, help="End of the window.  [default: the newest output]"
)
@click.option(
    "--severity-weights",
    default=None,
    metavar="1=100,2=10,3=1",
    help="What an error of each severity counts as, 1 worst; the budget is in points then.",
)
@click.option(
    "--split",
    default=None,
    metavar="PART=N,...",
    help="Parts of the budget; `reserve` is for all others.",
)
@click.option("--by", default=None, metavar="TAG", help="The tag whose values are the parts.")
@click.option("--human-error-rate", type=SHARE, default=None, help="Assumed of the people.")
@click.option(
    "--human-per-day", type=POSITIVE, default=None, help="Results per day of the people, together."
)
@click.option(
    "--human-system", default=None, help="The people's traces, by their name as a system."
)
@click.option("--judge", default=None, help="Which complete check counts, where there are several.")
@click.option(
    "--caught-tag", default="caught", show_default=True, help="Tag: caught before delivery."
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "--false-alarm",
    default=0.01,
    show_default=True,
    help="Chance of a false alarm in a window, however often one looks.",
)
@click.option(
    "--cycle-days",
    type=NOT_NEGATIVE,
    default=None,
    help="Days in which the traffic repeats itself: errors may come all at its beginning. Default: 7, or 1 in a window "
    "under a week. 0: only where errors come as evenly by night as by day; the alarm is then much quicker.",
)
@click.option(
    "--alarm-on",
    type=click.Choice(["auto", "count", "sampled", "confirmed"]),
    default="auto",
    show_default=True,
    help="All errors counted by a check, those an audit found, or those people have confirmed.",
)
@click.option(
    "--history", default=0, show_default=True, help="So many past windows, as known then and now."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the picture (HTML)."
)
@click.option(
    "--prometheus-rules",
    type=click.Path(path_type=Path),
    help="Write alert rules for Prometheus (YAML).",
)
@click.option(
    "--openslo",
    "openslo_file",
    type=click.Path(path_type=Path),
    help="Write an approximate OpenSLO document.",
)
@json_option
def command(
    ledger: Path,
    as_json: bool,
    output: Path | None,
    prometheus_rules: Path | None,
    openslo_file: Path | None,
    **options: Any,
) -> None:
    """Say what is spent of a budget of escaped errors, how many days are left, and whether the alarm rings.

    The budget is a count per rolling window: it stays as it is when the traffic grows. Confirmed, estimated and caught
    errors stand beside one another. Exit status 3: the budget or that of a part is used up, or the alarm rings.
    """
    from assay.ledger.store import Ledger
    from assay.volume.budget import measure_budget

    store = Ledger.open(ledger)
    budget = measure_budget(store, _question(options, curve=output is not None))
    _write(budget, output, prometheus_rules, openslo_file)
    if as_json:
        emit(budget.to_json())
    else:
        from assay.report.budget_text import print_budget

        print_budget(budget, console())
        _say_next(budget, store.typed)
    if budget.says_no:
        sys.exit(3)


def _say_next(budget: Budget, ledger: str) -> None:
    """Name the command that makes known what nobody knows."""
    if not budget.columns.at_least:
        return
    from assay.volume.commands import quoted

    system, version = quoted(budget.log.system), budget.versions[-1]
    of = f"{system} --version {quoted(version)}" if version else system
    note(f"next: assay draw {ledger} --labels 300 --seed 7 --system {of}")


def _question(options: dict[str, Any], *, curve: bool) -> BudgetQuestion:
    from assay.volume.budget_question import BudgetQuestion, parse_span, parse_split
    from assay.volume.question import HumanBaseline

    if (options["allow"] is None) == (options["anchor"] is None):
        raise click.UsageError(
            "a budget is stated once: --allow 30 for a count, or --anchor WHAT to derive one; not both"
        )
    if (options["split"] is None) != (options["by"] is None):
        raise click.UsageError(
            "--split says what each part gets, and --by TAG whose values the parts are: give both"
        )
    rate, per_day, system = (
        options.pop(f"human_{name}") for name in ("error_rate", "per_day", "system")
    )
    given = system is not None or rate is not None or per_day is not None
    if given and (options["anchor"] or "").strip().lower() != "human":
        raise click.UsageError("--human-... are for --anchor human")
    if system is not None and (rate is not None or per_day is not None):
        raise click.UsageError(
            "--human-system measures what --human-error-rate and --human-per-day assume"
        )
    split = options.pop("split")
    return BudgetQuestion(
        per_days=parse_span(options.pop("per")),
        split=() if split is None else parse_split(split),
        human=HumanBaseline(rate, per_day, system) if given else None,
        confidence_level=options.pop("confidence"),
        curve=curve,
        **options,
    )


def _write(
    budget: Budget, output: Path | None, rules: Path | None, openslo_file: Path | None
) -> None:
    if output is not None:
        from assay.report.budget_page import write_budget

        note(f"page: {output} ({write_budget(budget, output) / 1000:.0f} kB)")
    if rules is None and openslo_file is None:
        return
    from assay.report.budget_rules import openslo, prometheus_rules, write_text

    if rules is not None:
        write_text(prometheus_rules(budget), rules)
        note(f"alert rules: {rules}")
    if openslo_file is not None:
        write_text(openslo(budget), openslo_file)
        note(f"OpenSLO, approximate: {openslo_file}")

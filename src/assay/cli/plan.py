"""`assay plan`: how many labels a standard takes."""

from __future__ import annotations

import click

from assay.cli.output import console, emit, json_option


@click.command(
    epilog="Example: assay plan --standard 30/30d --per-day 20000 --labels-per-day 500 --usd-per-label 0.5"
)
@click.option("--standard", default=None, help="3sigma, 30/30d or human.")
@click.option(
    "--at-most", type=float, default=None, help="An error rate in place of a standard, as 0.001."
)
@click.option(
    "--per-day", type=float, default=None, help="Outputs per day: what makes a count a rate."
)
@click.option(
    "--population",
    type=int,
    default=None,
    help="Outputs of the window; a source without end otherwise.",
)
@click.option(
    "--human-error-rate",
    type=float,
    default=None,
    help="Assumed of the people, for the standard human.",
)
@click.option(
    "--human-per-day", type=float, default=None, help="Results per day of the people, together."
)
@click.option(
    "--expect",
    "expected",
    type=float,
    multiple=True,
    metavar="RATE",
    help="True error rate that a plan is wanted for; a fifth of the standard otherwise.",
)
@click.option(
    "--labels-per-day", type=float, default=None, help="What the people can label in a day."
)
@click.option("--usd-per-label", type=float, default=None, help="What a label costs.")
@click.option(
    "--label-error-rate",
    type=float,
    default=None,
    help="Share of labels that are wrong themselves.",
)
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Confidence level.")
@json_option
def command(
    standard: str | None,
    at_most: float | None,
    per_day: float | None,
    population: int | None,
    human_error_rate: float | None,
    human_per_day: float | None,
    expected: tuple[float, ...],
    labels_per_day: float | None,
    usd_per_label: float | None,
    label_error_rate: float | None,
    confidence: float,
    as_json: bool,
) -> None:
    """Say how many labels a standard takes, how many of them may be wrong, and what no labels can show."""
    if (standard is None) == (at_most is None):
        raise click.UsageError("give one of --standard and --at-most, as --standard 4sigma")
    from assay.volume.plan import PlanRequest, plan_labels
    from assay.volume.question import HumanBaseline

    plan = plan_labels(
        PlanRequest(
            standard=standard,
            at_most=at_most,
            per_day=per_day,
            population=population,
            human=HumanBaseline(human_error_rate, human_per_day),
            expected=expected,
            labels_per_day=labels_per_day,
            usd_per_label=usd_per_label,
            label_error_rate=label_error_rate,
            confidence_level=confidence,
        )
    )
    if as_json:
        emit(plan.to_json())
    else:
        from assay.report.plan_text import print_plan

        print_plan(plan, console())

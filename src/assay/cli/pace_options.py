"""The options of `assay pace`: reviewers, budget, judge, queue and repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from assay.cli.finite_number import NOT_NEGATIVE, POSITIVE, SHARE, FiniteRange

if TYPE_CHECKING:
    from assay.estimate.queue_simulation import Shift
    from assay.volume.pace_queue import QueueQuestion
    from assay.volume.pace_setting import Reviewers

Function = TypeVar("Function", bound=Callable[..., Any])

OF_LEDGERS = (
    *("judge", "auroc", "recall", "false_alarms", "error_rate", "audit_share", "per_day", "reviewer_recall"),
    *("human_error_rate", "human_per_day", "human_system", "simulate", "shifts", "severity_shares", "deadline"),
    *("missed", "late", "seed", "system", "version", "origin", "start", "end", "draw_id", "truth"),
)  # fmt: skip
"""Options that a repository's history has no use for."""
MEASURED = ("system", "version", "origin", "start", "end", "draw_id", "truth", "human_system")
"""Options that say what to read of a ledger."""
QUEUE = ("shifts", "severity_shares", "deadline", "missed", "late", "seed")
TOGETHER = (("allow", "per", "30 and 30d"), ("recall", "false_alarms", "0.9 and 0.04"))


def pace_options(function: Function) -> Function:
    """Add the options on people, budget, judge and queue."""
    return _with(function, [
        click.option("--reviewers", type=POSITIVE, default=None, help="How many review at the same time."),
        click.option("--check-minutes", type=POSITIVE, default=None,
                     help="To read one output.  [default: from the times of labels, where they tell]"),
        click.option("--fix-minutes", type=NOT_NEGATIVE, default=None, help="To mend one found wrong."),
        click.option("--hours-a-day", type=POSITIVE, default=8.0, show_default=True, help="That each has for it."),
        click.option("--days-a-week", type=POSITIVE, default=7.0, show_default=True, help="5 where weekends are free."),
        click.option("--reviewer-recall", type=SHARE, default=0.95, show_default=True,
                     help="Share of the errors before them that people find: assumed."),
        click.option("--wait-minutes", type=POSITIVE, default=None,
                     help="Mean wait that is all right.  [default: busy 85 % of the hours]"),
        click.option("--allow", type=NOT_NEGATIVE, default=None, help="Errors that may escape in --per."),
        click.option("--per", default=None, metavar="30d", help="The window of --allow."),
        click.option("--human-error-rate", type=SHARE, default=None,
                     help="Assumed of the people: their volume is the budget where there is no --allow."),
        click.option("--human-per-day", type=POSITIVE, default=None, help="Results per day of the people, together."),
        click.option("--human-system", default=None, help="The people's traces, by their name as a system."),
        click.option("--judge", default=None, help="Its score says what is read; measured by the labels."),
        click.option("--auroc", type=FiniteRange(0.5, 1, max_open=True), default=None,
                     help="Of a judge that is assumed, binormal."),
        click.option("--recall", type=SHARE, default=None, help="Of a judge that is assumed: errors it flags."),
        click.option("--false-alarms", type=SHARE, default=None, help="And right outputs that it flags."),
        click.option("--error-rate", type=SHARE, default=None, help="Assumed, without LEDGER."),
        click.option("--audit-share", type=SHARE, default=0.01, show_default=True,
                     help="Read of what is not flagged, at random."),
        click.option("--per-day", type=POSITIVE, default=None, help="Outputs a day, where the log does not tell."),
        click.option("--demand", type=NOT_NEGATIVE, default=None, help="Outputs a day wanted: exits 0 or 3."),
        click.option("--check", is_flag=True, help="Hold today's pace against it: exits 0 or 3."),
        click.option("--simulate", is_flag=True, help="Simulate the review queue, too."),
        click.option("--shift", "shifts", multiple=True, metavar="'mon-fri 09:00-17:00=3'",
                     help="--simulate: who is there when; repeat for several."),
        click.option("--severity-shares", default=None, metavar="1=0.1,2=0.3,3=0.6",
                     help="--simulate: share of each severity; 1 is read first."),
        click.option("--deadline", default=None, metavar="60m", help="--simulate: not begun by then is missed."),
        click.option("--missed", type=click.Choice(["released", "withheld"]), default="withheld", show_default=True,
                     help="--deadline: what becomes of it."),
        click.option("--late", default="60m", show_default=True, help="--simulate: a wait that is longer is late."),
        click.option("--seed", type=click.IntRange(0), default=1, show_default=True,
                     help="--simulate: seed of the run."),
        click.option("--confidence", type=float, default=0.95, show_default=True, help="Confidence level."),
    ])  # fmt: skip


def git_options(function: Function) -> Function:
    """Add the options on a repository's history."""
    return _with(function, [
        click.option("--from-git", type=click.Path(path_type=Path), default=None,
                     help="Changes that assistants wrote, from the history of this clone, in place of LEDGER."),
        click.option("--since", default=None, metavar="90d", help="--from-git: length of the window.  [default: 90d]"),
        click.option(
            "--follow", default=None, metavar="30d",
            help="--from-git: how long a change is followed for a revert.  [default: 30d, at most a third of --since]",
        ),
        click.option("--author", default=None, metavar="PATTERN",
                     help="--from-git: assistants' name or address, a regular expression."),
        click.option("--trailer", default=None, metavar="PATTERN",
                     help="--from-git: a line of the message that tells an assistant."),
    ])  # fmt: skip


def _with(function: Function, options: list[Callable[[Function], Function]]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function


def refuse_given(names: Iterable[str], rule: str) -> None:
    """Refuse options that were typed and would change nothing.

    Raises
    ------
    click.UsageError
        Naming them, and the rule.
    """
    context = click.get_current_context()
    option = {one.name: one.opts[0] for one in context.command.params}
    given = [
        option[name]
        for name in names
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    if given:
        verb = rule if len(given) == 1 else rule.replace("goes", "go", 1)
        raise click.UsageError(f"{', '.join(given)} {verb}")


def refuse_halves(options: dict[str, Any]) -> None:
    """Refuse one of two options that go together.

    Raises
    ------
    click.UsageError
        Naming both.
    """
    for first, second, example in TOGETHER:
        if (options[first] is None) != (options[second] is None):
            names = " and ".join(f"--{name.replace('_', '-')}" for name in (first, second))
            raise click.UsageError(f"{names} go together, as {example}")


def as_reviewers(
    options: dict[str, Any],
    check_minutes: float | None,
    *,
    shifts: tuple[Shift, ...],
    fixes: bool,
) -> Reviewers:
    """Return who reviews; their hours are those of the shifts, where there are any.

    Raises
    ------
    click.UsageError
        Where a time or the number of reviewers is missing.
    """
    from assay.volume.pace_setting import Reviewers
    from assay.volume.pace_shifts import shift_hours

    count, hours, days = options["reviewers"], options["hours_a_day"], options["days_a_week"]
    if shifts:
        # Hours of a week on so many people as are ever there together: the closed form takes hours, not a calendar.
        count = count or max(shift.reviewers for shift in shifts)
        hours, days = shift_hours(shifts) / (7 * count), 7.0
        if hours > 24:
            raise click.UsageError(
                f"--reviewers {count:g} can't be there {hours:.3g} hours a day, as --shift says"
            )
    if count is None:
        raise click.UsageError("say who reviews: --reviewers 3")
    if check_minutes is None:
        raise click.UsageError("say how long it takes to read one: --check-minutes 3")
    fix = options["fix_minutes"]
    if fix is None and fixes:
        raise click.UsageError("say how long it takes to mend one: --fix-minutes 12")
    return Reviewers(
        reviewers=count,
        check_minutes=check_minutes,
        fix_minutes=fix or 0.0,
        hours_a_day=hours,
        days_a_week=days,
        recall=options["reviewer_recall"],
        wait_minutes=options["wait_minutes"],
    )


def as_queue(options: dict[str, Any]) -> QueueQuestion | None:
    """Return how the queue is to be simulated; None where it is not.

    Raises
    ------
    click.UsageError
        Where an option of the queue goes without --simulate.
    """
    if not options["simulate"]:
        refuse_given(QUEUE, "goes with --simulate")
        return None
    from assay.volume.pace_queue import QueueQuestion
    from assay.volume.pace_shifts import parse_shift

    late = days_of(options["late"])
    deadline = days_of(options["deadline"])
    assert late is not None
    return QueueQuestion(
        shifts=tuple(part for text in options["shifts"] for part in parse_shift(text)),
        deadline_minutes=None if deadline is None else 1_440 * deadline,
        missed=options["missed"],
        late_minutes=1_440 * late,
        severity_shares=_severities(options["severity_shares"]),
        seed=options["seed"],
    )


def days_of(text: str | None) -> float | None:
    """Return a length of time in days."""
    if text is None:
        return None
    from assay.volume.pace_from_git import parse_span

    return parse_span(text)


def _severities(text: str | None) -> tuple[tuple[int, float], ...]:
    if text is None:
        return ()
    from assay.volume.severity import parse_weights

    shares = dict(parse_weights(text))
    return tuple(sorted((int(level), float(share)) for level, share in shares.items()))

"""`assay pace`: how fast a system may run, within the reviewers' hours and the budget of errors."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

import click

from assay.cli.output import console, emit, json_option, moment, note, progress
from assay.cli.pace_options import (
    MEASURED,
    OF_LEDGERS,
    as_queue,
    as_reviewers,
    days_of,
    git_options,
    pace_options,
    refuse_given,
    refuse_halves,
)
from assay.ledger.schema import ORIGINS


@click.command(
    epilog="Example: assay pace runs.ledger --reviewers 3 --check-minutes 3 --fix-minutes 12 --allow 30 --per 30d "
    "--judge JUDGE.  Without a ledger: assay pace --error-rate 0.01 --auroc 0.9 --reviewers 1 --check-minutes 12 "
    "--fix-minutes 60 --reviewer-recall 1 --human-error-rate 0.1 --human-per-day 8.  Changes written by assistants: "
    "assay pace --from-git . --reviewers 3 --check-minutes 20"
)
@click.argument("ledger", type=click.Path(path_type=Path), required=False)
@pace_options
@click.option("--system", default=None, help="The system, where the ledger has several.")
@click.option("--version", default=None, help="Its version.")
@click.option("--origin", type=click.Choice(ORIGINS), default=None, help="Outputs of this origin.")
@click.option("--from", "start", default=None, callback=moment, help="First moment of the window.")
@click.option("--to", "end", default=None, callback=moment, help="End of the window, not included.")
@click.option("--draw", "draw_id", default=None, help="Use the labels of this draw.")
@click.option("--truth", default=None, help="Which check of everything says right and wrong.")
@git_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the pictures (HTML)."
)
@json_option
def command(ledger: Path | None, output: Path | None, as_json: bool, **options: Any) -> None:
    """Say how many outputs a day the reviewers can keep up with and the budget can bear.

    The lesser of two limits, which of them binds, what would help, and the best threshold of a judge. Exits 3 where
    --demand, or with --check today's pace, is above it.
    """
    refuse_halves(options)
    if options["from_git"] is not None:
        if ledger is not None:
            raise click.UsageError("--from-git is in place of LEDGER: give one of them")
        refuse_given(OF_LEDGERS, "goes with a LEDGER or --error-rate, not with --from-git")
        _from_git(output, as_json, options)
        return
    for name in ("author", "trailer", "since", "follow"):
        if options[name] is not None:
            raise click.UsageError(f"--{name} goes with --from-git")
    if ledger is None:
        if options["error_rate"] is None:
            raise click.UsageError(
                "give a LEDGER, or assume an error rate, as --error-rate 0.01, or name a clone by --from-git"
            )
        refuse_given(MEASURED, "goes with a LEDGER")
    _from_ledger(ledger, output, as_json, options)


def _from_ledger(
    ledger: Path | None, output: Path | None, as_json: bool, options: dict[str, Any]
) -> None:
    from assay.ledger.store import Ledger
    from assay.volume.pace import measure_pace

    store = None if ledger is None else Ledger.open(ledger)
    question = _question(store, options)
    with progress("queue", "items") as advance:
        answer = measure_pace(store, question, progress=advance)
    record = answer.to_json()
    if output is not None:
        from assay.report.pace_page import write_pace

        size = write_pace(answer, record, output)
        note(f"page: {output} ({size / 1000:.0f} kB)")
    if as_json:
        emit(record)
    else:
        from assay.report.pace_text import print_pace

        print_pace(answer, console())
    if answer.decision in ("missed", "not shown"):
        sys.exit(3)


def _question(store: Any, options: dict[str, Any]) -> Any:
    from assay.cli.volume import as_question
    from assay.volume.pace_question import PaceQuestion

    asked = {
        "human_error_rate": options["human_error_rate"],
        "human_per_day": options["human_per_day"],
        "human_system": options["human_system"],
        "confidence": options["confidence"],
        "judge": options["truth"],
        "per_day": options["per_day"],
    }
    same = ("system", "version", "origin", "start", "end", "draw_id")
    volume = as_question(asked | {name: options[name] for name in same})
    minutes = options["check_minutes"]
    if minutes is None and store is not None:
        minutes = _measured_minutes(store, options["confidence"])
    queue = as_queue(options)
    reviewers = as_reviewers(
        options, minutes, shifts=() if queue is None else queue.shifts, fixes=True
    )
    return PaceQuestion(
        reviewers=reviewers,
        allow=options["allow"],
        per_days=days_of(options["per"]),
        volume=volume,
        judge=options["judge"],
        error_rate=options["error_rate"],
        auroc=options["auroc"],
        recall=options["recall"],
        false_alarms=options["false_alarms"],
        audit_share=options["audit_share"],
        demand_per_day=options["demand"],
        check_today=options["check"],
        queue=queue,
    )


def _measured_minutes(store: Any, level: float) -> float | None:
    """Return the minutes that labeling took, at their upper limit; None where the ledger does not tell."""
    from assay.figures import interval
    from assay.quantity import Unknown
    from assay.volume.pace_evidence import check_minutes

    found = check_minutes(store, confidence_level=level)
    if isinstance(found, Unknown):
        note(f"how long a check takes is not in the ledger: {found.reason}")
        return None
    note(
        f"a check takes {interval(found)} minutes ({found.method}); the upper limit counts; --check-minutes sets it"
    )
    return found.high


def _from_git(output: Path | None, as_json: bool, options: dict[str, Any]) -> None:
    from assay.volume.git_history_marks import AuthorRule
    from assay.volume.pace_from_git import pace_from_git
    from assay.volume.pace_git_result import GitPaceQuestion

    reviewers = as_reviewers(options, options["check_minutes"], shifts=(), fixes=False)
    question = GitPaceQuestion(
        reviewers=replace(reviewers, recall=1.0),
        since_days=days_of(options["since"] or "90d") or 90.0,
        follow_days=days_of(options["follow"] or "30d") or 30.0,
        rule=AuthorRule(options["author"], options["trailer"]),
        allow=options["allow"],
        per_days=days_of(options["per"]),
        demand_per_day=options["demand"],
        check_today=options["check"],
        confidence_level=options["confidence"],
    )
    with progress("history", "commits") as advance:
        pace = pace_from_git(options["from_git"], question, progress=advance)
    record = pace.to_json()
    if output is not None:
        from assay.report.pace_git_page import write_git_pace

        note(f"page: {output} ({write_git_pace(pace, record, output) / 1000:.0f} kB)")
    if as_json:
        emit(record)
    else:
        from assay.report.pace_git_text import print_git_pace

        print_git_pace(pace, console())
    if pace.shallow:
        note(f"next: git -C {quote(str(options['from_git']))} fetch --unshallow")
    if pace.decision in ("missed", "not shown"):
        sys.exit(3)

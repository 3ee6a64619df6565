"""What `assay ask` shows: the plan before, the bar meanwhile, the report after."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import join, quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import console, emit, note

if TYPE_CHECKING:
    from assay.ask.money import Prices
    from assay.ask.pool import PoolProgress, PoolReport
    from assay.ask.prompt import Prompt
    from assay.ask.run import AskPlan, AskReport
    from assay.ask.tasks import TaskFile

SHOWN_FAILURES = 5
SHOWN_TASKS = 3
SHOWN_CHARACTERS = 400


def note_tasks(found: TaskFile, prompt: Prompt | None) -> None:
    """Say on stderr what in the file of tasks was left out."""
    for bad in found.bad_lines[:SHOWN_FAILURES]:
        note(f"{found.path}:{bad.line}: left out: {bad.reason}")
    if len(found.bad_lines) > SHOWN_FAILURES:
        note(f"{found.path}: {len(found.bad_lines) - SHOWN_FAILURES:,} more lines left out")
    if found.repeated:
        note(
            f"{found.path}: {found.repeated:,} lines ask what a line before asks: asked once an epoch"
        )
    without = sum(task.context is not None for task in found.tasks)
    if prompt and not prompt.has_context and without:
        note(
            f"{prompt.variant} has no {{context}}: the context of {without:,} tasks is not shown to the model"
        )


def show_preview(plan: AskPlan, ledger: Path, prices: Prices | None, *, as_json: bool) -> None:
    """Show what would be asked; nothing is sent or written."""
    from assay.ask.preview import preview

    seen = preview(plan, ledger, prices)
    if as_json:
        emit(seen.to_json())
        return
    click.echo(
        f"{seen.tasks:,} tasks x {plan.epochs} epochs = {seen.wanted:,} answers; "
        f"{seen.known:,} in {ledger} already, {seen.wanted - seen.known:,} to ask"
    )
    if seen.greatest_usd is None:
        click.echo(f"greatest cost: unknown: {seen.why_unknown}")
    else:
        click.echo(f"greatest cost: ${seen.greatest_usd:,.4f}, where every first try is answered")
    from assay.terminal import visible

    for talk in seen.first[:SHOWN_TASKS]:
        click.echo(f"\n{visible(talk.key)}")
        for message in talk.messages:
            text = message.content
            cut = f"... ({len(text):,} characters)" if len(text) > SHOWN_CHARACTERS else ""
            for line in text[:SHOWN_CHARACTERS].split("\n"):
                click.echo(f"  {message.role}: {visible(line)}")
            if cut:
                click.echo(f"  {message.role}: {cut}")


@contextmanager
def progress_bar(wanted: int) -> Iterator[Callable[[PoolProgress, AskReport], None]]:
    """Show a bar on stderr, where that is a terminal, with rate, failures and money."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(err=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("asking", total=wanted)

        def advance(now: PoolProgress, report: AskReport) -> None:
            if not screen.is_terminal:
                return
            rate = now.requests / now.seconds if now.seconds > 0 else 0.0
            money = f"${now.spent_usd:,.4f}" + (" + unknown" if now.cost_unknown else "")
            said = f"{report.asked:,} answers, {rate:,.1f}/s, {now.failed:,} failed, {money}"
            bar.update(task, completed=report.known + report.asked, description=said)

        yield advance


def report_json(report: AskReport, plan: AskPlan, ledger: Path) -> dict[str, object]:
    """Return the stable JSON form."""
    pool = report.pool
    assert pool is not None
    settings = plan.settings
    return {
        "ledger": str(ledger),
        "system": settings.system,
        "version": settings.version,
        "tasks": len(plan.tasks.tasks),
        "epochs": plan.epochs,
        "wanted": report.wanted,
        "known_already": report.known,
        "asked": report.asked,
        "added": report.added,
        "left": report.left,
        "failed": [
            {"task_id": f.task_id, "epoch": f.epoch, "turn": f.turn, "reason": f.reason}
            for f in report.failures
        ],
        "bad_lines": [{"line": b.line, "reason": b.reason} for b in plan.tasks.bad_lines],
        "stopped": pool.stopped or None,
        "recovered": report.recovered.rows,
        "torn_lines": report.recovered.torn,
        "requests": pool.requests,
        "tries": pool.tries,
        "prompt_tokens": pool.prompt_tokens,
        "completion_tokens": pool.completion_tokens,
        "tokens_unknown": pool.tokens_unknown,
        "spent_usd": None if _cost_unknown(pool) else pool.spent_usd,
        "maybe_spent_usd": pool.maybe_spent_usd,
        "cost_unknown": pool.cost_unknown,
        "seconds": pool.seconds,
        "lowest_concurrency": pool.lowest_limit,
    }


def tell(report: AskReport, plan: AskPlan, ledger: Path, *, as_json: bool) -> None:
    """Print the report, its notes, and the next command."""
    pool = report.pool
    assert pool is not None
    if report.recovered.rows:
        note(
            f"{report.recovered.rows:,} answers that a process had left when it died are in the ledger now"
        )
    if report.recovered.torn:
        note(
            f"{report.recovered.torn:,} torn lines of its journal were dropped: what stood there is asked again"
        )
    if not as_json:
        settings = plan.settings
        name = f"{settings.system}@{settings.version}" if settings.version else settings.system
        from assay.terminal import visible

        click.echo(
            f"{visible(name)}: {report.asked:,} answers asked now, {report.known:,} known already, "
            f"{len(report.failures):,} failed, {report.wanted:,} wanted"
        )
        click.echo(f"{_tokens(report)}; {_money(report, plan)}; {pool.seconds:,.1f} seconds")
    note_failures(report, "--json lists them all")
    _next(report, plan, ledger)


def note_failures(report: AskReport, more: str) -> None:
    """Print the first requests that failed, with their reasons; `more` says where the others are."""
    for failure in report.failures[:SHOWN_FAILURES]:
        turn = f", turn {failure.turn}" if failure.turn else ""
        note(f"failed: task {failure.task_id}, epoch {failure.epoch}{turn}: {failure.reason}")
    if len(report.failures) > SHOWN_FAILURES:
        note(f"failed: {len(report.failures) - SHOWN_FAILURES:,} more; {more}")


def _next(report: AskReport, plan: AskPlan, ledger: Path) -> None:
    pool = report.pool
    assert pool is not None
    if report.left == 0:
        note(f"next: {_judging(plan, quote(str(ledger)))}")
        return
    if plan.settings.replay and report.failures:
        # To ask the recording again would help nobody.
        note(f"{report.left:,} answers are still wanted: the recording does not hold them")
        if report.known + report.asked:
            note(f"next: {_judging(plan, quote(str(ledger)))}")
        return
    why = {
        "money": "the limit on money is reached: a new command has a new limit",
        "signal": "it was stopped",
        "": "requests failed",
    }[pool.stopped]
    note(f"{report.left:,} answers are still wanted: {why}; the same command asks only for them")
    note(f"next: {join(['assay', *sys.argv[1:]])}")


def _judging(plan: AskPlan, ledger: str) -> str:
    """Return the command that judges these tasks: by the check that they name, else by what their references are."""
    tasks = plan.tasks.tasks
    known = [said for task in tasks for said in task.references if said is not None]
    if any("check" in task.tags for task in tasks):
        return f"assay judge {ledger} --check by-task"
    if not known:
        return f"assay draw {ledger} --labels 300 --seed 7"
    numbers = all(re.fullmatch(r"[-+]?[\d,]*\.?\d+", said.strip()) for said in known)
    return f"assay judge {ledger} --check {'numeric' if numbers else 'exact'}"


def exit_status(report: AskReport) -> int:
    """Return the exit status: 0 all answered, 3 the limit on money says no, 1 something is still wanted."""
    if report.left == 0:
        return 0
    return 3 if report.pool is not None and report.pool.stopped == "money" else 1


def _tokens(report: AskReport) -> str:
    pool = report.pool
    assert pool is not None
    text = f"{pool.prompt_tokens:,} tokens read, {pool.completion_tokens:,} written"
    if pool.tokens_unknown:
        text += f" ({pool.tokens_unknown:,} replies do not say)"
    return text


def _cost_unknown(pool: PoolReport) -> bool:
    """Whether not one reply says what it cost: that is unknown, and not nothing."""
    return 0 < pool.requests == pool.cost_unknown


def _money(report: AskReport, plan: AskPlan) -> str:
    pool = report.pool
    assert pool is not None
    if plan.settings.replay:
        return "a replay: nothing spent"
    if _cost_unknown(pool):
        return "cost unknown"
    text = f"${pool.spent_usd:,.4f} spent"
    if pool.maybe_spent_usd:
        text += f", at most ${pool.maybe_spent_usd:,.4f} more"
    elif pool.cost_unknown:
        text += f", and {pool.cost_unknown:,} replies of unknown cost"
    return text

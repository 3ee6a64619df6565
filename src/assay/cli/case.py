"""`assay case`: failures that users found, kept as tasks for what comes next."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, ledger_argument, note, progress
from assay.errors import BadInput
from assay.terminal import visible

if TYPE_CHECKING:
    from assay.ledger.store import Ledger
    from assay.volume.case_view import CaseView

SHOWN_LETTERS = 160

like_options = (
    click.option(
        "--like",
        default="nearest",
        show_default=True,
        metavar="nearest|stratum|TAG",
        help="What is like a case: requests nearest in words, its stratum, or outputs with the same tag.",
    ),
    click.option(
        "--per-day", default=None, type=float, help="Outputs a day, where time stamps don't tell."
    ),
)


@click.group(epilog="Example: assay case add runs.ledger TRACE --note 'the wrong city'")
def command() -> None:
    """Keep failures that users found. They enter no estimate: nobody drew them."""


@command.command(
    epilog="Example: assay case add runs.ledger desk-000017 --note 'named no price' --reference 76.00 --severity 2"
)
@ledger_argument
@click.argument("trace")
@click.option("--note", "said", required=True, help="What is wrong with the output.")
@click.option("--reference", default=None, help="The right answer.")
@click.option("--kind", default=None, help="Kind of error.")
@click.option("--severity", default=None, type=click.IntRange(1, 3), help="1 is worst.")
@click.option("--person", default="person", show_default=True, help="Who says so.")
@json_option
def add(
    ledger: Path,
    trace: str,
    said: str,
    reference: str | None,
    kind: str | None,
    severity: int | None,
    person: str,
    as_json: bool,
) -> None:
    """Open a case for an output, or add to the one that there is."""
    from assay.ledger.cases import Complaint, add_case
    from assay.ledger.store import Ledger

    store = Ledger.open(ledger)
    case, new = add_case(store, trace, Complaint(said, person, reference, kind, severity))
    if as_json:
        emit(
            {
                "case_id": case.case_id,
                "trace_id": case.trace_id,
                "new": new,
                "notes": len(case.notes),
            }
        )
        return
    what = "opened" if new else f"is there: {len(case.notes)} notes now"
    click.echo(visible(f"{case.case_id} {what}, of {case.trace_id}"))
    note(f"next: assay case list {store.typed}")


@command.command("list", epilog="Example: assay case list runs.ledger --like topic")
@ledger_argument
@click.option("--all", "closed_too", is_flag=True, help="Those too that are closed.")
@like_options[0]
@like_options[1]
@json_option
def list_(ledger: Path, closed_too: bool, like: str, per_day: float | None, as_json: bool) -> None:
    """List the open cases, those first that stand for most errors a day."""
    from assay.ledger.cases import cases
    from assay.ledger.store import Ledger

    store = Ledger.open(ledger)
    views = _views(
        store, [one.case_id for one in cases(store, closed_too=closed_too)], like, per_day
    )
    if as_json:
        emit({"cases": [view.to_json() for view in views]})
        return
    if not views:
        note(f"no case is open; next: assay case add {store.typed} TRACE --note TEXT")
        return
    for view in views:
        _tell(view)
    note("the intervals hold one by one; the complaints themselves are in none of them")
    note(f"next: assay case export {store.typed} -o cases.jsonl")


@command.command(epilog="Example: assay case show runs.ledger case-0c3f7a91d2")
@ledger_argument
@click.argument("case_id")
@like_options[0]
@like_options[1]
@json_option
def show(ledger: Path, case_id: str, like: str, per_day: float | None, as_json: bool) -> None:
    """Say all that is known of a case."""
    from assay.figures import confidence, shown
    from assay.ledger.population import moment_text
    from assay.ledger.store import Ledger
    from assay.quantity import Estimate

    (view,) = _views(Ledger.open(ledger), [case_id], like, per_day)
    if as_json:
        emit(view.to_json())
        return
    _tell(view)
    for name, text in (
        ("asked", view.request),
        ("answered", view.output),
        ("right would be", view.reference),
    ):
        if text is not None:
            click.echo(f"  {name}: {_cut(text)}")
    for said in view.case.notes:
        click.echo(visible(f"  {moment_text(said.at)} {said.person}: ") + _cut(said.text))
    for version in view.again:
        rate = version.error_rate
        said_rate = shown(rate, percent=True)
        if isinstance(rate, Estimate):
            said_rate += f" wrong ({confidence(rate)}, n {rate.n}; {rate.method})"
        name = f"{version.system} {version.version}".strip()
        click.echo(visible(f"  {name}: asked {version.asked} times, {version.status}; {said_rate}"))


@command.command(
    epilog="Example: assay case close runs.ledger case-0c3f7a91d2 --note 'mended in 2026-10'"
)
@ledger_argument
@click.argument("case_id")
@click.option("--note", "said", required=True, help="Why: mended, or no fault after all.")
@click.option("--person", default="person", show_default=True, help="Who says so.")
@json_option
def close(ledger: Path, case_id: str, said: str, person: str, as_json: bool) -> None:
    """Close a case; `assay case add` of the same output opens it again."""
    from assay.ledger.cases import close_case
    from assay.ledger.store import Ledger

    case = close_case(Ledger.open(ledger), case_id, note=said, person=person)
    if as_json:
        emit({"case_id": case.case_id, "open": case.is_open})
        return
    click.echo(f"{case.case_id} closed")


@command.command(epilog="Example: assay case export runs.ledger -o cases.jsonl")
@ledger_argument
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    help="The task file to write.",
)
@click.option(
    "--all",
    "closed_too",
    is_flag=True,
    help="Those too that are closed: what was mended may come back.",
)
@json_option
def export(ledger: Path, file: Path, closed_too: bool, as_json: bool) -> None:
    """Write cases as a task file for `assay ask`: what had failed, to be asked again."""
    from assay.ledger.cases import cases
    from assay.ledger.store import Ledger
    from assay.volume.case_tasks import case_lines

    store = Ledger.open(ledger)
    lines, lost = case_lines(store, cases(store, closed_too=closed_too))
    if not lines:
        raise BadInput(
            "there is no case to export",
            next_command=f"assay case add {store.typed} TRACE --note TEXT",
        )
    without = sum('"case.reference": "none"' in line for line in lines)
    try:
        file.write_text("\n".join(lines) + "\n", "utf-8", errors="backslashreplace")
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}") from None
    if as_json:
        emit({"file": str(file), "tasks": len(lines), "without_reference": without,
              "trace_gone": [one.case_id for one in lost]})  # fmt: skip
        return
    click.echo(f"{file}: {len(lines):,} tasks")
    if without:
        note(
            f"{without:,} have no reference: a check can't judge them (`assay case add ... --reference TEXT` gives one)"
        )
    for one in lost:
        note(f"{one.case_id}: its trace {one.trace_id} is gone, left out")
    note(
        f"next: assay ask {quote(str(file))} --system NAME@VERSION --url URL --model MODEL --into {store.typed}"
    )


@command.command(epilog="Example: assay case page runs.ledger -o cases.html")
@ledger_argument
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    help="The page to write (HTML).",
)
@click.option("--all", "closed_too", is_flag=True, help="Those too that are closed.")
@like_options[0]
@like_options[1]
@json_option
def page(
    ledger: Path, file: Path, closed_too: bool, like: str, per_day: float | None, as_json: bool
) -> None:
    """Write the cases as one self-contained HTML page."""
    import time

    from assay.ledger.cases import cases
    from assay.ledger.population import moment_text
    from assay.ledger.store import Ledger
    from assay.report.cases_page import render_cases, write_cases

    store = Ledger.open(ledger)
    views = _views(
        store, [one.case_id for one in cases(store, closed_too=closed_too)], like, per_day
    )
    made_at = moment_text(int(time.time()) * 1_000_000) or ""
    written = write_cases(render_cases(views, ledger=str(store.path), made_at=made_at), file)
    if as_json:
        emit({"page": str(file), "bytes": written, "cases": len(views)})
        return
    click.echo(f"page: {file} ({written / 1000:.0f} kB), {len(views):,} cases")


def _views(store: Ledger, case_ids: list[str], like: str, per_day: float | None) -> list[CaseView]:
    from assay.ledger.cases import case
    from assay.volume.case_view import view_cases
    from assay.volume.case_volume import CaseMeter

    found = [case(store, case_id) for case_id in case_ids]
    with progress("cases", "cases") as advance:
        return view_cases(
            store, found, CaseMeter(store, like=like, per_day=per_day), progress=advance
        )


def _tell(view: CaseView) -> None:
    from assay.figures import confidence, shown
    from assay.quantity import Estimate

    one = view.case
    state = "" if one.is_open else " (closed)"
    severity = f", severity {one.severity}" if one.severity else ""
    click.echo(
        visible(
            f"{one.case_id}{state}  {one.trace_id}{', ' + one.kind if one.kind else ''}{severity}"
        )
    )
    click.echo(f"  {_cut(one.notes[0].text)}")
    per_day = view.like.errors_per_day
    said = shown(per_day, unit=True)
    if isinstance(per_day, Estimate):
        said += f" ({confidence(per_day)}, n {per_day.n}; {per_day.method})"
    click.echo(visible(f"  like it: {said}"))
    if view.like.words:
        click.echo(visible(f"  that is: {view.like.words}; {view.like.labels} labels among them"))
    click.echo(visible(f"  {view.mended}"))


def _cut(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= SHOWN_LETTERS else f"{shown[:SHOWN_LETTERS]} …"

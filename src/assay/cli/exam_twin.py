"""`assay exam twin`: the same tasks with other numbers, and references computed anew."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, note, progress
from assay.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.ask.tasks import Task
    from assay.probe.twin import Twins


@click.command(
    epilog="Example: assay exam twin tasks.jsonl --templates templates.jsonl --sets 3 -o twins.jsonl; "
    "then: assay ask twins.jsonl --system NAME@VERSION --model MODEL --into runs.ledger"
)
@click.argument("tasks", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    help="The task file to write.",
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path),
    default=None,
    help="Templates: questions with {names}, what each may be, and the reference as arithmetic of them.",
)
@click.option(
    "--sets", type=click.IntRange(1, 1_000), default=1, show_default=True, help="Twins a task."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same twins."
)
@click.option("--skip-bad", is_flag=True, help="Leave out lines that are no tasks.")
@json_option
def command(
    tasks: Path | None,
    file: Path,
    templates: Path | None,
    sets: int,
    seed: int,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Make a twin exam: each task with other numbers of the same size, its reference computed anew.

    A task fits a template, or has its solution in a tag, as <<48/2=24>>; without TASKS, the values of templates are the
    originals. What can't be made with certainty is not made, and counted with its reason.
    """
    from assay.cli.exam import exam_tasks
    from assay.probe.twin import make_twins, originals_of
    from assay.probe.twin_template import read_templates

    if tasks is None and templates is None:
        raise click.UsageError("give TASKS, --templates or both")
    read = read_templates(templates) if templates else ()
    originals = (
        exam_tasks(tasks, skip_bad=skip_bad) if tasks else _own(originals_of(read), templates)
    )
    with progress("twins", "tasks") as advance:
        made = make_twins(originals, read, sets=sets, seed=seed, progress=advance)
    if made.lines:
        _write(file, made)
    if as_json:
        emit({"file": str(file) if made.lines else None, "seed": seed, **made.to_json()})
        return
    _print(made, file)


def _own(originals: Sequence[Task], templates: Path | None) -> Sequence[Task]:
    if not originals:
        raise BadInput(
            "no template has `values` to be the twin of",
            where=str(templates),
            next_command=f"assay exam twin TASKS --templates {templates} -o TWINS",
        )
    return originals


def _write(file: Path, made: Twins) -> None:
    import json

    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in made.lines)
    try:
        if file.exists() and file.read_bytes() != text.encode("utf-8", "backslashreplace"):
            raise BadInput(
                f"{file} is there already with something else in it; give another name with -o"
            )
        file.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}") from None


def _print(made: Twins, file: Path) -> None:
    from assay.terminal import visible

    click.echo(
        f"{len(made.lines):,} twins of {made.with_twin:,} of {made.tasks:,} tasks"
        + (f" in {visible(str(file))}" if made.lines else ": no file is written")
    )
    for reason, count in made.not_made.most_common():
        click.echo(f"  {count:,} without: {visible(reason)} (as {visible(made.examples[reason])})")
    for name in made.idle_templates:
        note(f"no twin came of the template {name}: no task fits it, or none could be made")
    if made.lines:
        typed = quote(str(file))
        note(
            f"next: assay ask {typed} --system NAME@VERSION --model MODEL --into LEDGER, then assay exam LEDGER"
        )

"""`assay curate run`: a corpus in, the documents that are kept and the reason of every other one out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from assay.cli.output import console, emit, json_option, note, progress

UNITS = {"hash": "MB", "duplicates": "candidates"}
"""What each part of the work counts; documents where it is not named here."""


@click.command(
    epilog="Example: assay curate run web=crawl.jsonl.zst notes/ -o clean --recipe recipe.toml.  "
    "A recipe to begin with: assay curate run --print-recipe > recipe.toml"
)
@click.argument("inputs", nargs=-1, metavar="[NAME=]PATH...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder to write to; made if needed."
)
@click.option("--recipe", type=click.Path(path_type=Path), help="What is done (TOML).")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; default: all cores.")
@click.option("--sample", type=click.IntRange(min=1), help="Draw about so many records only.")
@click.option("--plan", is_flag=True, help="Say what it will take of memory, disk and time.")
@click.option("--dry-run", is_flag=True, help="Show what would go, source by source; keep nothing.")
@click.option("--print-recipe", is_flag=True, help="Print the recipe with every threshold.")
@click.option("--cluster", is_flag=True, help="Do the blocks on Ray (extra cluster).")
@json_option
def command(
    inputs: tuple[str, ...],
    output: Path | None,
    recipe: Path | None,
    workers: int | None,
    sample: int | None,
    plan: bool,
    dry_run: bool,
    print_recipe: bool,
    cluster: bool,
    as_json: bool,
) -> None:
    """Filter, deduplicate and write a corpus.

    Read are JSON Lines, JSON arrays, CSV and TSV (plain, gzip or Zstandard), Parquet, WARC and WET, and files or
    folders of .html, .txt, .md and .rst, which are a document each.

    A run that was killed goes on with the same command, to the same bytes. OUT holds the documents, dropped.jsonl.zst
    with the reason of each other one, rejected.jsonl.zst, report.html, datasheet.json (Croissant) and run.json.
    """
    from assay.curate.recipe import Recipe, read_recipe, to_toml
    from assay.curate.run import RunRequest, usable_cores

    chosen = Recipe() if recipe is None else read_recipe(recipe)
    if print_recipe:
        click.echo(to_toml(chosen), nl=False)
        return
    if not inputs:
        raise click.UsageError("name at least one file or folder to read")
    if output is None and not (plan or dry_run):
        raise click.UsageError("-o names the folder to write to; --dry-run needs none")
    request = RunRequest(inputs, output or Path(), chosen, workers or usable_cores(), sample=sample)
    if plan:
        _plan(request, as_json)
    else:
        _run(request, dry_run=dry_run, cluster=cluster, as_json=as_json)


def _plan(request: Any, as_json: bool) -> None:
    from assay.curate.run_plan import plan_run
    from assay.report.curate_run_text import print_plan

    found = plan_run(request.inputs, request.out, request.recipe, request.workers)
    if as_json:
        emit(found.to_json())
    else:
        print_plan(found, console())


def _run(request: Any, *, dry_run: bool, cluster: bool, as_json: bool) -> None:
    from assay.curate.run import dry_run as run_dry
    from assay.curate.run import run
    from assay.report.curate_run_text import print_run

    with ExitStack() as bars:
        shown = _bars(bars)
        if dry_run:
            record = run_dry(request, progress=shown)
        elif cluster:
            from assay.curate.cluster_run import run_tasks_on_ray

            record = run(request, progress=shown, tasks_runner=run_tasks_on_ray)
        else:
            record = run(request, progress=shown)
    if not dry_run:
        from assay.report.curate_run_page import write_curate_run

        write_curate_run(record, request.out / "report.html")
        _say_what_lacks(request.out)
    if as_json:
        emit(record)
    else:
        print_run(record, console(), out=None if dry_run else request.out)


def _bars(stack: ExitStack) -> Callable[[str], Callable[[int, float | None], None]]:
    """Return what begins the bar of a part of the work, and ends that of the part before."""

    def begin(title: str) -> Callable[[int, float | None], None]:
        stack.close()
        return stack.enter_context(progress(title, UNITS.get(title, "documents"), pace=True))

    return begin


def _say_what_lacks(out: Path) -> None:
    import json

    from assay.curate.datasheet import lacking

    missing = lacking(json.loads((out / "datasheet.json").read_bytes()))
    if missing:
        note(
            f"datasheet.json lacks {', '.join(missing)}, which Croissant requires: "
            "say them in the recipe's table [datasheet]"
        )

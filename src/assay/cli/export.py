"""`assay export`: tasks to label, or scores, for other tools."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from assay.cli.output import emit, json_option, ledger_argument, note
from assay.errors import AssayError

if TYPE_CHECKING:
    from assay.ledger.store import Ledger


@click.command(
    epilog="Example: assay export runs.ledger --to label-studio -o tasks.json; "
    "back with: assay label runs.ledger export.json"
)
@ledger_argument
@click.option(
    "--to",
    "tool",
    required=True,
    type=click.Choice(["label-studio", "inspect", "otel-evaluations"]),
    help="label-studio: outputs of a draw that wait for a label. inspect: verdicts, for `precomputed_scores`. "
    "otel-evaluations: verdicts as OpenTelemetry's events (OTLP/JSON).",
)
@click.option(
    "--output",
    "-o",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write.",
)
@click.option(
    "--draw",
    "draw_id",
    default=None,
    help="Of which draw; the newest where there is none.  [label-studio]",
)
@click.option(
    "--judge", default=None, help="Whose verdicts; people's labels where none is named.  [inspect]"
)
@click.option("--system", default=None, help="Of which system's outputs.  [inspect]")
@click.option(
    "--task", default=None, help="Inspect's name of the task, where ids don't show it.  [inspect]"
)
@json_option
def command(
    ledger: Path,
    tool: str,
    file: Path,
    draw_id: str | None,
    judge: str | None,
    system: str | None,
    task: str | None,
    as_json: bool,
) -> None:
    """Write tasks or scores for other tools; `assay label` and `assay ingest` read what comes back."""
    from assay.ledger.store import Ledger

    store = Ledger.open(ledger)
    if tool == "label-studio":
        if judge or system or task:
            raise click.UsageError("--judge, --system and --task don't go with --to label-studio.")
        _label_studio(store, file, draw_id, as_json=as_json)
        return
    if draw_id:
        raise click.UsageError("--draw goes with --to label-studio.")
    if tool == "otel-evaluations":
        if task:
            raise click.UsageError("--task goes with --to inspect.")
        _evaluations(store, file, judge, system, as_json=as_json)
        return
    from assay.volume.precomputed_scores import precomputed_scores

    scores = precomputed_scores(store, judge=judge, system=system, task=task)
    _write(file, "\n".join(scores.lines) + "\n")
    if as_json:
        emit(
            {
                "file": str(file),
                "scores": len(scores.lines),
                "unsure": scores.unsure,
                "task": scores.task,
            }
        )
        return
    click.echo(
        f"{file}: {len(scores.lines):,} scores"
        + (f" of the samples of {scores.task}" if scores.task else "")
    )
    if scores.unsure:
        note(f"{scores.unsure:,} verdicts say neither right nor wrong, and are left out")
    if scores.sampled:
        note(
            "they are labels of a draw: Inspect's mean of them is not the error rate; assay volume has that"
        )
    note(f"next: in Inspect, score a log with precomputed_scores({str(file)!r})")


def _evaluations(
    store: Ledger, file: Path, judge: str | None, system: str | None, *, as_json: bool
) -> None:
    from assay.volume.otel_evaluations import EvaluationCounts, evaluation_lines

    counts = EvaluationCounts()
    lines = list(evaluation_lines(store, counts, judge=judge, system=system))
    _write(file, "\n".join(lines) + "\n")
    if as_json:
        emit(
            {
                "file": str(file),
                "events": counts.events,
                "unsure": counts.unsure,
                "without_span": counts.without_span,
            }
        )
        return
    click.echo(f"{file}: {counts.events:,} events gen_ai.evaluation.result")
    if counts.without_span:
        note(
            f"{counts.without_span:,} are of outputs that no span is known of: gen_ai.response.id names their trace, "
            "and `assay ingest` can't take them back"
        )
    note("next: send the file to a collector, with its otlpjsonfile receiver")


def _label_studio(store: Ledger, file: Path, draw_id: str | None, *, as_json: bool) -> None:
    import json

    from assay.ledger.draws import newest_draw, stored_draw
    from assay.volume.label_studio import label_studio_tasks, labeling_config

    draw = stored_draw(store, draw_id) if draw_id else newest_draw(store)
    tasks = label_studio_tasks(store, draw)
    config = file.with_suffix(".xml")
    _write(file, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    _write(config, labeling_config(tasks))
    if as_json:
        emit({"file": str(file), "config": str(config), "draw": draw.draw_id, "tasks": len(tasks)})
        return
    click.echo(f"{file}: {len(tasks):,} outputs of {draw.draw_id} to label")
    click.echo(f"{config}: the labeling interface that belongs to them")
    note(f"next: export the annotated project as JSON, then assay label {store.typed} EXPORT.json")


def _write(file: Path, text: str) -> None:
    try:
        if file.exists() and file.read_text("utf-8") != text:
            raise AssayError(f"{file} is there already with something else in it; give another name with -o",
                             next_command=f"ls -l {quote(str(file))}")  # fmt: skip
        file.write_text(text, "utf-8")
    except OSError as error:
        raise AssayError(f"{file} can't be written: {error.strerror}") from None
    except UnicodeError:
        raise AssayError(
            f"{file} can't be written: it holds something else; give another name with -o"
        ) from None

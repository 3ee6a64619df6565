"""`assay cost import`: what a load generator measured, as numbers, and as traces of a ledger."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.output import console, emit, json_option

FORMATS = ("guidellm", "vllm-bench", "aiperf", "mlperf", "csv")
"""Those of `assay.capability.speed.read`, which is not imported for a page of help."""


@click.command(
    epilog="Example: assay cost import benchmarks.json -o runs.ledger --system helper@2.  Then verdicts on the same "
    "ids (assay ingest verdicts.jsonl --into runs.ledger), and assay cost runs.ledger"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "form",
    type=click.Choice(FORMATS),
    help="What wrote it. [default: told by what is in it]",
)
@click.option(
    "-o",
    "--output",
    "ledger",
    type=click.Path(path_type=Path),
    help="A ledger that answered requests go into as traces, named by the server's ids; made if need be.",
)
@click.option(
    "--system", metavar="NAME@VERSION", help="What was loaded. [default: as the file says]"
)
@json_option
def command(
    file: Path, form: str | None, ledger: Path | None, system: str | None, as_json: bool
) -> None:
    """Read a load test: how many answers, in what time, tails as limits that hold; and keep its answers to be judged.

    Known are GuideLLM (0.3 and 0.8), vLLM bench serve, AIPerf, MLPerf summaries, and a CSV table.
    """
    from assay.capability.cost_import import import_runs
    from assay.capability.speed.read import read_perf
    from assay.ledger.store import Ledger
    from assay.report.cost_import_text import print_runs, runs_json

    runs = read_perf(file, form=form or "")
    kept = None if ledger is None else import_runs(Ledger.create(ledger), runs, file, system=system)
    if as_json:
        emit(runs_json(runs, kept))
    else:
        print_runs(runs, kept, console(), ledger=ledger)

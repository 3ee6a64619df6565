"""`assay curate select`: the part of a corpus that is worth its tokens, with a proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from assay.cli.output import console, emit, json_option, note, progress
from assay.cli.refuse_early import check_page, check_used

UNITS = {"training": "models"}
SLOW = ("transformer", "own")


@click.command(
    epilog="Example: assay curate select web=crawl.jsonl.zst --budget 10M --by importance --target heldout.jsonl "
    "-o selected"
)
@click.argument("corpus", nargs=-1, required=True, metavar="[NAME=]PATH...")
@click.option("--budget", required=True, help="How much to take: 10M or 10Mtokens, or 10MB.")
@click.option(
    "--by",
    type=click.Choice(["classifier", "perplexity", "importance", "value"]),
    default="classifier",
    show_default=True,
    help="What ranks: a quality classifier; the target's n-gram model; DSIR weights; measured value.",
)
@click.option(
    "--target",
    type=click.Path(path_type=Path),
    default=None,
    help="Held-out documents. Where they make the selection, one half does and the other proves it.",
)
@click.option(
    "--classifier", default="prose-1", show_default=True, help="Name or file; --by classifier."
)
@click.option(
    "--measured",
    type=click.Path(path_type=Path),
    default=None,
    help="What `assay curate value --json` wrote; --by value.",
)
@click.option("--quality-field", default=None, help="Whose tenths were valued; --by value.")
@click.option(
    "--per-cluster",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="Documents of a cluster of near-duplicates taken at most; 0: no limit.",
)
@click.option(
    "--most-of-source",
    default=1.0,
    show_default=True,
    help="Share of the budget that one source takes at most.",
)
@click.option("--proof/--no-proof", default=True, show_default=True, help="Train on it and see.")
@click.option(
    "--proof-tokens",
    default=None,
    help="Tokens of a training on the selection.  [default: 400k; 100k for a slow proxy]",
)
@click.option(
    "--seeds", default=5, show_default=True, type=click.IntRange(3), help="Trainings of each kind."
)
@click.option(
    "--proxy",
    "kind",
    type=click.Choice(["ngram", "word", "transformer", "own"]),
    default="ngram",
    show_default=True,
    help="What is trained: an n-gram model (seconds), one of words whose list is given (seconds), a small transformer "
    "(extra [train]: minutes, and everything repeated is a rival, too), a trainer of your own.",
)
@click.option("--trainer", default=None, help="The command of a trainer of your own; --proxy own.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    show_default=True,
    help="Of the transformer.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder where finished trainings are kept: a run that was killed goes on from there.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of all lots.")
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option("--text-field", default="text", show_default=True, help="The field with the text.")
@click.option("--report", type=click.Path(path_type=Path), help="Write a page (HTML).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder to write to: the documents, those left out, and the report.",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    corpus: tuple[str, ...],
    output: Path | None,
    report: Path | None,
    work: Path | None,
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Select documents up to a budget, in their order, with a reason for each that is left out.

    Then small models are trained on the selection, on as much at random and on everything, and asked about held-out
    documents that the selection was not made with. Nothing here decides for you: the exit status is 0 whatever is
    found.
    """
    check_used(context, _needs(options))
    check_page(report)
    from assay.curate.select import select_files
    from assay.curate.select_write import check_output, write_selection

    if output is not None:
        check_output(output)
    choice = _choice(options) if options["proof"] else None
    question, settings = _question(corpus, options)
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
    with _stages() as shown:
        found = select_files(
            question,
            choice,
            settings,
            # Beside what is written there is room for texts more likely than where the system keeps small files.
            scratch=None if output is None else output.absolute().parent,
            work=work,
            on_progress=shown,
        )
        if output is not None:
            files = write_selection(
                found, output, on_progress=lambda count, share: shown("writing", count, share)
            )
    if output is not None:
        size = sum(file.bytes for file in files) / 1000
        note(f"{output}: {size:,.0f} kB in {len(files)} files")
    if as_json:
        emit(found.to_json())
    else:
        from assay.report.select_text import print_selection

        print_selection(found, console())
    if report is not None:
        from assay.report.select_page import write_selection_page

        note(f"page: {report} ({write_selection_page(found, report) / 1000:.0f} kB)")


PROVES = ("proof_tokens", "seeds", "kind", "trainer", "device", "work", "confidence")


def _needs(options: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    """Return which options have a use, and with what."""
    by = {"classifier": "classifier", "measured": "value", "quality_field": "value"}
    needs = {name: (options["by"] == wanted, f"--by {wanted}") for name, wanted in by.items()}
    return needs | dict.fromkeys(PROVES, (options["proof"], "--proof"))


@contextmanager
def _stages() -> Iterator[Callable[[str, int, float | None], None]]:
    """Show one bar after the other; yield what to call with the work's name, the count and the share."""
    with ExitStack() as held:
        at: tuple[str, Callable[[int, float | None], None]] | None = None

        def advance(what: str, count: int, share: float | None) -> None:
            nonlocal at
            if at is None or at[0] != what:
                held.close()
                bar = progress(what, UNITS.get(what, "documents"), pace=True)
                at = what, held.enter_context(bar)
            at[1](count, share)

        yield advance


def _proof_tokens(asked: str | None, slow: bool) -> int:
    from assay.curate.select_budget import Budget
    from assay.errors import BadInput

    budget = Budget.parsed(asked or ("100k" if slow else "400k"), name="--proof-tokens")
    if budget.unit != "tokens":
        raise BadInput(
            f"--proof-tokens is a number of tokens, got {asked!r}",
            next_command="--proof-tokens 400k",
        )
    return budget.amount


def _choice(options: dict[str, Any]) -> Any:
    from assay.curate.proxies.named import ProxyChoice

    return ProxyChoice(options["kind"], trainer=options["trainer"], device=options["device"])


def _question(corpus: tuple[str, ...], options: dict[str, Any]) -> Any:
    from assay.curate.read.raw import ReadSettings
    from assay.curate.select_budget import Budget
    from assay.curate.select_proof import ProofSettings
    from assay.curate.select_question import SelectQuestion

    names = ("by", "target", "classifier", "measured", "quality_field", "per_cluster")
    question = SelectQuestion(
        corpus,
        Budget.parsed(options["budget"], name="--budget"),
        read=ReadSettings(text_field=options["text_field"]),
        most_of_source=options["most_of_source"],
        seed=options["seed"],
        **{name: options[name] for name in names},
    )
    slow = options["kind"] in SLOW
    settings = ProofSettings(
        tokens=_proof_tokens(options["proof_tokens"], slow),
        most_times=4 if slow else 10,
        seeds=options["seeds"],
        confidence_level=options["confidence"],
        seed=options["seed"],
    )
    return question, settings

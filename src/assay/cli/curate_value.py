"""`assay curate value`: what a corpus does, by training on it."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.output import console, emit, json_option, note, progress


def _tokens(_context: click.Context, parameter: click.Parameter, value: str) -> int:
    """Return a number of tokens as 400k or 1.5M."""
    text = value.strip().lower().replace(",", "").replace("_", "")
    times = {"k": 1_000, "m": 1_000_000}.get(text[-1:], 1)
    try:
        return round(float(text.rstrip("km")) * times)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"must be a number of tokens, as 400k or 1.5M, got {value!r}", param=parameter
        ) from None


@click.command(
    epilog="Example: assay curate value web=crawl.jsonl.zst notes.jsonl --target heldout.jsonl --tokens 400k"
)
@click.argument("corpus", nargs=-1, required=True, metavar="[NAME=]PATH...")
@click.option(
    "--target",
    required=True,
    type=click.Path(path_type=Path),
    help="Held-out documents (JSON Lines): what the model shall be good at.",
)
@click.option(
    "--by",
    type=click.Choice(["source", "quality", "filter"]),
    default="source",
    show_default=True,
    help="What is valued: each source; tenths of a quality, with the curve; the quality rules.",
)
@click.option(
    "--tokens", default="400k", show_default=True, callback=_tokens, help="Training tokens."
)
@click.option(
    "--share",
    default=0.25,
    show_default=True,
    help="Of the training tokens that a part comes on top with, or takes the place of.",
)
@click.option(
    "--seeds", default=5, show_default=True, type=click.IntRange(3), help="Trainings of each kind."
)
@click.option(
    "--quality-field",
    default="quality",
    show_default=True,
    help="With --by quality: the field that says how good a document is; greater is better.",
)
@click.option(
    "--rules",
    "families",
    multiple=True,
    type=click.Choice(["gopher-repetition", "gopher", "c4", "fineweb"]),
    help="With --by filter: which rules; repeat for several.  [default: gopher, c4, fineweb]",
)
@click.option("--mixture", is_flag=True, help="Also look for the best mixture of the sources.")
@click.option("--text-field", default="text", show_default=True, help="The field with the text.")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the samples."
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the curves (HTML)."
)
@json_option
def command(
    corpus: tuple[str, ...],
    target: Path,
    *,
    by: str,
    families: tuple[str, ...],
    text_field: str,
    output: Path | None,
    as_json: bool,
    **options: object,
) -> None:
    """Say what each part of a corpus is worth for a target: by training small models with and without it.

    Every part is put on top of the rest, and in the place of as much of it. Documents that overlap with the target are
    left out. Nothing here decides for you: the exit status is 0 whatever is found.
    """
    from assay.curate.proxies.ngram_model import NGramProxy
    from assay.curate.read.raw import ReadSettings
    from assay.curate.value_run import ValueQuestion, value_files
    from assay.curate.value_settings import ValueSettings

    settings = ValueSettings(
        tokens=options["tokens"],  # type: ignore[arg-type]
        share=options["share"],  # type: ignore[arg-type]
        seeds=options["seeds"],  # type: ignore[arg-type]
        seed=options["seed"],  # type: ignore[arg-type]
        confidence_level=options["confidence"],  # type: ignore[arg-type]
    )
    question = ValueQuestion(
        corpus,
        target,
        by,  # type: ignore[arg-type]
        quality_field=str(options["quality_field"]),
        families=families or ("gopher", "c4", "fineweb"),  # type: ignore[arg-type]
        mixture=bool(options["mixture"]),
        settings=settings,
        read=ReadSettings(text_field=text_field),
    )
    with progress("training", "models") as shown:
        report = value_files(question, NGramProxy(), on_progress=shown)
    if output is not None:
        from assay.report.value_page import write_value

        note(f"page: {output} ({write_value(report, output) / 1000:.0f} kB)")
    if as_json:
        emit(report.to_json())
        return
    from assay.report.value_text import print_value

    print_value(report, console())

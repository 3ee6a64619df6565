"""`assay curate measure`: how much of a corpus adds something."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, note, progress


def _bytes(_context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Return a number of bytes as 500M or 1G."""
    text = value.strip().upper().removesuffix("B")
    times = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1:], 1.0)
    try:
        size = float(text.rstrip("KMGT")) * times
    except ValueError:
        size = -1.0
    if not 1 <= size <= 1e18:
        raise click.BadParameter(
            f"must be a number of bytes, as 500M or 1G, got {value!r}", param=parameter
        )
    return size


@click.command(
    epilog="Example: assay curate measure web=crawl.jsonl.zst notes.jsonl --exam exam.jsonl --more 1G -o measure.html"
)
@click.argument("corpus", nargs=-1, required=True, metavar="[NAME=]PATH...")
@click.option(
    "--exam", "exams", multiple=True, help="File of tasks to look for; repeat for several."
)
@click.option("--ledger", "ledgers", multiple=True, help="Ledger whose tasks are looked for.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="Language that stays, as en; repeat for several.  [default: the most frequent]",
)
@click.option(
    "--sample",
    type=click.IntRange(100),
    help="Look for languages and exams in so many documents only, with intervals.",
)
@click.option(
    "--more", default="1G", show_default=True, callback=_bytes, help="Further text to predict for."
)
@click.option(
    "--keep",
    default=2**24,
    show_default=True,
    type=click.IntRange(1_000),
    help="N-grams in memory; beyond, they are thinned by hash, with intervals.",
)
@click.option(
    "--boilerplate-documents",
    default=10,
    show_default=True,
    type=click.IntRange(2),
    help="A line in so many documents is boilerplate.",
)
@click.option("--tokens/--no-tokens", default=True, help="Count tokens by byte pairs.")
@click.option("--text-field", default="text", show_default=True, help="The field with the text.")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="Of samples and orders."
)
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="Confidence level.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with pictures (HTML)."
)
@json_option
def command(
    corpus: tuple[str, ...],
    *,
    exams: tuple[str, ...],
    ledgers: tuple[str, ...],
    languages: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    **options: object,
) -> None:
    """Say how much of a corpus adds something: without duplicates, boilerplate, other languages and exams.

    Then how fast its n-grams still grow, what more text of the same kind would add, and what repeating it is worth
    by the literature.
    """
    from assay.curate.decontaminate import Decontaminate
    from assay.curate.measure import MeasureQuestion, measure_files
    from assay.curate.measure_boilerplate import BoilerplateRule
    from assay.curate.measure_growth import GrowthSettings
    from assay.curate.measure_steps import StepSettings
    from assay.curate.read.raw import ReadSettings

    level, seed = float(str(options["confidence"])), int(str(options["seed"]))
    sample = options["sample"]
    question = MeasureQuestion(
        corpus,
        StepSettings(
            boilerplate=BoilerplateRule(line_documents=int(str(options["boilerplate_documents"]))),
            languages=languages,
            exam=Decontaminate(exams, ledgers) if exams or ledgers else None,
            sample=None if sample is None else int(str(sample)),
            seed=seed,
            confidence_level=level,
        ),
        GrowthSettings(
            kept=int(str(options["keep"])),
            more_bytes=float(str(options["more"])),
            seed=seed,
            confidence_level=level,
        ),
        ReadSettings(text_field=str(options["text_field"])),
        tokenizer=bool(options["tokens"]),
    )
    with ExitStack() as bars:
        measured = measure_files(question, begin=_bars(bars))
    if output is not None:
        from assay.report.effective_page import write_effective

        note(f"page: {output} ({write_effective(measured, output) / 1000:.0f} kB)")
    if as_json:
        emit(measured.to_json())
        return
    from assay.report.effective_text import print_effective

    print_effective(measured, console())


def _bars(stack: ExitStack) -> Callable[[str], Callable[[int, float | None], None]]:
    """Return what begins the bar of a part of the work, and ends that of the part before."""

    def begin(title: str) -> Callable[[int, float | None], None]:
        stack.close()
        unit = "candidates" if title == "duplicates" else "documents"
        return stack.enter_context(progress(title, unit, pace=True))

    return begin

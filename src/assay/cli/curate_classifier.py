"""`assay curate classifier`: a quality classifier of your own, from texts like those wanted and texts unlike them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.output import console, emit, json_option, note
from assay.cli.refuse_early import check_file

if TYPE_CHECKING:
    from assay.curate.text_column import TextColumn

MOST_BYTES = 400_000_000
"""Text of one kind that is read; of what goes beyond it, it is said that it was left out."""


@click.group(
    epilog="Example: assay curate classifier train --like good/ --unlike bad/ -o mine.npz; "
    'then in the recipe: [[step]] use = "quality", classifier = "mine.npz"'
)
def command() -> None:
    """Train a quality classifier with two folders, "like this" and "not like this", and score texts with it."""


@command.command(
    epilog="Example: assay curate classifier train --like good/ --unlike bad/ -o mine.npz"
)
@click.option(
    "--like", required=True, multiple=True, metavar="PATH", help="Texts like those wanted."
)
@click.option("--unlike", required=True, multiple=True, metavar="PATH", help="Texts not wanted.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="File to write (.npz)."
)
@click.option("--text-field", default="text", show_default=True, help="Field with the text.")
@click.option(
    "--seed",
    default=11,
    show_default=True,
    type=click.IntRange(0),
    help="Deals the texts into folds.",
)
@json_option
def train(
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    output: Path,
    text_field: str,
    seed: int,
    as_json: bool,
) -> None:
    """Train with two kinds of text: files or folders of whatever `assay curate run` reads."""
    check_file(output, "-o")
    import numpy as np

    from assay.curate.quality_training import train as trained

    kinds = [_texts(paths, text_field) for paths in (like, unlike)]
    model = trained(*kinds, rng=np.random.default_rng(seed), name=output.stem)
    model.save(output)
    stated = {"name": model.name, "file": str(output), **model.card}
    if as_json:
        emit(stated)
    else:
        _print_card(stated)


@command.command(epilog="Example: assay curate classifier score corpus.jsonl --classifier prose-1")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--classifier", "name", default="prose-1", show_default=True, help="Name or file.")
@click.option("--text-field", default="text", show_default=True, help="Field with the text.")
@click.option("--card", is_flag=True, help="Print what the classifier was trained with, too.")
@json_option
def score(paths: tuple[str, ...], name: str, text_field: str, card: bool, as_json: bool) -> None:
    """Show how the scores of texts lie, and which of them a threshold would keep."""
    import numpy as np

    from assay.curate.quality_classifier import classifier

    model = classifier(name)
    texts = _texts(paths, text_field)
    scores = model.scores(texts)
    shares = {f"{at / 10:.1f}": float(np.mean(scores >= at / 10)) for at in range(1, 10)}
    stated: dict[str, Any] = {"classifier": model.name, "texts": len(scores), "kept": shares}
    stated["deciles"] = np.quantile(scores, np.arange(0.1, 1, 0.1)).round(4).tolist()
    if card:
        stated["card"] = dict(model.card)
    if as_json:
        emit(stated)
        return
    out = console()
    out.print(f"{len(scores):,} texts scored by {model.name}")
    for at, share in shares.items():
        out.print(f"  at least {at}: {share:6.1%} would be kept")
    if card:
        import json

        out.print_json(json.dumps(stated["card"]))


def _texts(paths: tuple[str, ...], text_field: str) -> TextColumn:
    """Return the texts of some inputs, and say what of them is none."""
    from assay.curate.documents import Documents
    from assay.curate.read.files import inputs_of, read_documents
    from assay.curate.read.raw import ReadSettings
    from assay.errors import BadInput

    settings = ReadSettings(text_field=text_field)
    parts: list[Documents] = []
    rejected, size = 0, 0
    for each in inputs_of(paths):
        for found in read_documents(each.path, settings=settings):
            if size > MOST_BYTES:
                break
            if isinstance(found, Documents):
                parts.append(found)
                size += found.text.nbytes
            else:
                rejected += 1
                if rejected == 1:
                    note(": ".join(filter(None, (found.where, found.reason, found.detail))))
    if rejected:
        note(f"{rejected:,} records are no document and were left out")
    if size > MOST_BYTES:
        note(f"read were the first {size / 1e6:,.0f} MB; the rest was left out")
    if not parts:
        raise BadInput(
            f"there is no text in {', '.join(paths)}",
            next_command="--text-field NAME, where the text stands in another field",
        )
    return Documents.joined(parts).text


def _print_card(stated: dict[str, Any]) -> None:
    told = stated["told_apart"]
    out = console()
    out.print(
        f"{stated['file']}: trained with {stated['like']['texts']:,} texts like those wanted "
        f"and {stated['unlike']['texts']:,} others"
    )
    out.print(f"  told apart, texts not seen in training: AUROC {_interval(told['auroc'])}")
    out.print(f"  by their length alone:                  AUROC {_interval(told['length_alone'])}")
    if told["no_better_than_length"]:
        out.print(
            "  It may have learned no more than how long a text is: give it texts of like lengths."
        )


def _interval(stated: dict[str, Any]) -> str:
    if "unknown" in stated:
        return f"not known: {stated['unknown']}"
    return f"{stated['value']:.3f} ({stated['low']:.3f} to {stated['high']:.3f})"

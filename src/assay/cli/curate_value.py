"""`assay curate value`: what a corpus does, by training on it."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.output import console, emit, json_option, note, progress
from assay.cli.refuse_early import check_page, check_used
from assay.curate.proxies.named import DEFAULT, DEVICES, NAMED, ProxyChoice

LONG_SECONDS = 300.0


def _budgets(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, ...]:
    """Return numbers of tokens as 100k,400k."""
    return tuple(_tokens(context, parameter, each) for each in (value or "").split(",") if each)


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


def _workers(choice: ProxyChoice, asked: object, seconds: float) -> int:
    """Return how many trainings go side by side: a process must be worth its start, and a GPU is one."""
    from assay.curate.run import usable_cores

    if isinstance(asked, int):
        return asked
    # A trainer of one's own may need the whole machine.
    alone = choice.device != "cpu" or choice.kind == "own" or seconds < LONG_SECONDS
    return 1 if alone else usable_cores()


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
@click.option(
    "--proxy",
    "kind",
    type=click.Choice(list(NAMED)),
    default=DEFAULT,
    show_default=True,
    help="What is trained: "
    + "; ".join(f"{name}: {row.about}" for name, row in NAMED.items())
    + ".",
)
@click.option(
    "--trainer",
    metavar="COMMAND",
    help='With --proxy own: the command, as "python mytrain.py {data} {out}". It is run without a shell, once a model.',
)
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=DEVICES[0],
    show_default=True,
    help="With --proxy transformer: where it is trained; auto is a GPU where there is one.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep finished trainings here: a run that was stopped goes on, to the same answer.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Trainings of a transformer side by side, one thread each.  [default: one a core where it takes long]",
)
@click.option(
    "--plan",
    "plan_only",
    is_flag=True,
    help="Train one model, say how many there are and about how long all take, and stop.",
)
@click.option(
    "--agree",
    is_flag=True,
    help="Also train another proxy, and say whether both put the sources into the same order.",
)
@click.option(
    "--budgets",
    callback=_budgets,
    metavar="TOKENS,TOKENS",
    help="Also say whether the order of the sources at a small budget holds at a larger one, as 100k,400k.",
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
@click.pass_context
def command(
    context: click.Context,
    /,
    corpus: tuple[str, ...],
    target: Path,
    *,
    by: str,
    families: tuple[str, ...],
    text_field: str,
    output: Path | None,
    as_json: bool,
    plan_only: bool,
    work: Path | None,
    **options: object,
) -> None:
    """Say what each part of a corpus is worth for a target: by training small models with and without it.

    Every part is put on top of the rest, and in the place of as much of it. Documents that overlap with the target are
    left out. What is to be trained is said first. Nothing here decides for you: the exit status is 0 whatever is found.
    """
    check_used(
        context,
        {
            "families": (by == "filter", "--by filter"),
            "quality_field": (by == "quality", "--by quality"),
        },
    )
    check_page(output)
    from assay.curate.read.raw import ReadSettings
    from assay.curate.value_question import ValueQuestion
    from assay.curate.value_run import ValueRun
    from assay.curate.value_settings import DOSES, ValueSettings

    choice = ProxyChoice(
        str(options["kind"]),
        trainer=options["trainer"],  # type: ignore[arg-type]
        device=str(options["device"]),
    )

    settings = ValueSettings(
        tokens=options["tokens"],  # type: ignore[arg-type]
        share=options["share"],  # type: ignore[arg-type]
        seeds=options["seeds"],  # type: ignore[arg-type]
        seed=options["seed"],  # type: ignore[arg-type]
        confidence_level=options["confidence"],  # type: ignore[arg-type]
        # Of a slow proxy no more is asked than the verdicts need.
        doses=(1.0,) if choice.slow else DOSES,
    )
    question = ValueQuestion(
        corpus,
        target,
        by,  # type: ignore[arg-type]
        quality_field=str(options["quality_field"]),
        families=families or ("gopher", "c4", "fineweb"),  # type: ignore[arg-type]
        mixture=bool(options["mixture"]),
        agree=bool(options["agree"]),
        budgets=options["budgets"],  # type: ignore[arg-type]
        settings=settings,
        read=ReadSettings(text_field=text_field),
    )
    run = ValueRun(question, choice, work=work)
    plan = run.plan()
    if plan_only:
        if as_json:
            emit(plan.to_json())
        else:
            console().print(plan.sentence, markup=False, soft_wrap=True)
        return
    note(plan.sentence)
    with progress("training", "models", pace=True) as shown:
        workers = _workers(choice, options["workers"], plan.seconds)
        report = run.report(shown, workers=workers)
    # Said before the page is written: should that fail, what took minutes is not lost.
    if as_json:
        emit(report.to_json())
    else:
        from assay.report.value_text import print_value

        print_value(report, console())
    if output is not None:
        from assay.report.value_page import write_value

        note(f"page: {output} ({write_value(report, output) / 1000:.0f} kB)")

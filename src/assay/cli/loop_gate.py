"""`assay loop gate`: how good the verifier is on this generator's own answers, and whether that is enough to gain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, note

if TYPE_CHECKING:
    from assay.curate.loop.gate import Audits
    from assay.estimate.loop_law import LoopLaw

LONGEST = 18
"""Digits of a count."""

NO = 3
"""Exit status: no verifier is shown to be good enough."""


class Labeled(click.ParamType[tuple[int, int]]):
    """Right of labeled, as 80/100."""

    name = "right/labeled"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return both counts."""
        if isinstance(value, tuple):
            return value
        right, _, labeled = str(value).partition("/")
        longest = max(len(right), len(labeled))
        if not (right.strip().isdecimal() and labeled.strip().isdecimal()) or longest > LONGEST:
            self.fail(f"{value!r:.40} is not right/labeled, as 80/100", param, ctx)
        if int(right) > int(labeled):
            self.fail(f"{value!r}: more are right than labeled", param, ctx)
        return int(right), int(labeled)


@click.command(
    epilog="Example: assay loop gate --kept 80/100 --rejected 30/100 --kept-of 3000 --rejected-of 2000 -o gate.html"
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--arm", "arms", multiple=True, help="Only this arm of the folder; may be given again."
)
@click.option(
    "--seed", "seeds", multiple=True, type=click.IntRange(0), help="Only this seed of it."
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="Instead of a folder: labeled answers, JSON Lines or CSV with kept, right and, where known, kind.",
)
@click.option(
    "--kept", type=Labeled(), help="Instead of a folder: of the kept answers, right/labeled."
)
@click.option("--rejected", type=Labeled(), help="Of the rejected answers, right/labeled.")
@click.option("--kept-of", type=click.IntRange(0), help="Answers that were kept in all.")
@click.option("--rejected-of", type=click.IntRange(0), help="Answers that were rejected in all.")
@click.option(
    "--law",
    "whose",
    type=click.Choice(["auto", "own", "package"]),
    default="auto",
    show_default=True,
    help="Break-even: fitted to the folder's own arms, or of the package's example. auto: own where there are enough.",
)
@click.option("--generate-usd", type=FiniteRange(0), help="Price of a generated answer.")
@click.option("--verify-usd", type=FiniteRange(0), help="Price of a verified answer.")
@click.option(
    "--confidence",
    type=FiniteRange(0.5, 0.9999),
    default=0.95,
    show_default=True,
    help="Of each interval.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Page to write, with the phase diagram."
)
@json_option
def command(
    folder: Path | None,
    arms: tuple[str, ...],
    seeds: tuple[int, ...],
    output: Path | None,
    confidence: float,
    *,
    as_json: bool,
    **options: object,
) -> None:
    """Say how often the verifier keeps what is right and what is wrong, and whether that is enough for a loop to gain.

    FOLDER is that of assay loop run; without one, name labeled answers or counts. Exit status 3: no verifier of those
    asked for is shown to be through.
    """
    from assay.curate.loop.gate import Price, gate_report

    if folder and any(options[name] is not None for name in _COUNTS):
        raise click.UsageError("name a folder, or labels, or counts: one of them")
    if not folder and (arms or seeds):
        raise click.UsageError("--arm and --seed choose among the loops of a folder: name FOLDER")
    if not folder and options["whose"] == "own":
        raise click.UsageError("--law own needs a folder of loops with several verifiers")
    audits, law = (
        _from_folder(folder, arms, seeds, str(options["whose"]), confidence)
        if folder
        else ([_from_labels(options)], None)
    )
    price = Price(options["generate_usd"], options["verify_usd"])  # type: ignore[arg-type]
    report = gate_report(audits, law, price=price, confidence_level=confidence)
    if output is not None:
        from assay.report.loop_gate_page import write_gate

        size = write_gate(report, output)
        note(f"{output}: {size:,} bytes")
    if as_json:
        emit(report.to_json())
    else:
        from assay.report.loop_gate_text import print_gate

        print_gate(report, console())
    if not any(stand.verdict.verdict == "through" for stand in report.stands):
        sys.exit(NO)


_COUNTS = ("labels", "kept", "rejected", "kept_of", "rejected_of")


def _from_folder(
    folder: Path, arms: tuple[str, ...], seeds: tuple[int, ...], whose: str, confidence: float
) -> tuple[list[Audits], LoopLaw | None]:
    from assay.curate.loop.gate_read import law_of_loops, read_audited
    from assay.errors import BadInput

    # The law is that of all arms, whichever are asked for.
    every = read_audited(folder)
    law = None if whose == "package" else law_of_loops(every, confidence_level=confidence)
    if law is None and whose == "own":
        raise BadInput(
            "its loops tell no break-even: that takes three arms at least whose verifiers differ, measured by samples",
            where=str(folder),
            next_command='add arms with verify = "balanced:0.8", "balanced:0.5" and so on, or --law package',
        )
    chosen = read_audited(folder, arms=arms, seeds=seeds) if arms or seeds else every
    return [one.audits for one in chosen], law


def _from_labels(options: dict[str, object]) -> Audits:
    from assay.curate.loop.gate_read import counted_audits, read_labeled

    kept_of, rejected_of = options["kept_of"], options["rejected_of"]
    if not isinstance(kept_of, int) or not isinstance(rejected_of, int):
        raise click.UsageError(
            "name FOLDER, or --kept-of and --rejected-of with --labels or with --kept and --rejected"
        )
    if isinstance(options["labels"], Path):
        if options["kept"] or options["rejected"]:
            raise click.UsageError("--labels has the counts: leave --kept and --rejected out")
        return read_labeled(options["labels"], kept_of=kept_of, rejected_of=rejected_of)
    kept, rejected = (options[name] or (0, 0) for name in ("kept", "rejected"))
    if kept == (0, 0) and rejected == (0, 0):
        raise click.UsageError("--kept or --rejected is missing: right/labeled, as --kept 80/100")
    assert isinstance(kept, tuple)
    assert isinstance(rejected, tuple)
    return counted_audits("this verifier", (*kept, kept_of), (*rejected, rejected_of))

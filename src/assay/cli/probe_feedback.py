"""`assay probe feedback`: thumbs up and down against verdicts, before anything is trained on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument

if TYPE_CHECKING:
    from assay.ledger.store import Ledger
    from assay.probe.feedback import FeedbackResult
    from assay.probe.feedback_read import Thumbs
    from assay.probe.feedback_truth import Truth, TruthQuestion


@click.command(
    epilog="Example: assay probe feedback runs.ledger --system helper@2 --feedback thumbs.csv.  Thumbs that are in the "
    "ledger as a judge's verdicts: assay probe feedback runs.ledger --system helper@2 --judge thumbs"
)
@ledger_argument
@click.option(
    "--system", required=True, metavar="NAME[@VERSION]", help="Whose outputs the thumbs are for."
)
@click.option(
    "--feedback",
    default=None,
    type=click.Path(path_type=Path),
    help="CSV or JSON Lines: trace_id, thumbs (up or down), and person and at where known.",
)
@click.option(
    "--judge", default=None, help="Thumbs that the ledger holds as this judge's verdicts."
)
@click.option(
    "--truth",
    default=None,
    metavar="JUDGE",
    help="A check, or a person who has read every output.  [default: labels of a draw, else the only check]",
)
@click.option("--draw", default=None, help="Labels of this draw.  [default: the newest]")
@click.option(
    "--flattering", default=None, metavar="TAG=VALUE", help="The tag that says what flatters."
)
@click.option("--flattering-judge", default=None, help="The judge that says what flatters.")
@click.option(
    "--volume-of",
    default=None,
    type=click.Path(path_type=Path),
    help="The ledger of the traffic whose errors are divided; it may be LEDGER.",
)
@click.option(
    "--per-day",
    default=None,
    type=FiniteRange(0, min_open=True),
    help="Outputs per day, where that log does not tell.",
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@json_option
def command(ledger: Path, system: str, *, as_json: bool, **options: Any) -> None:
    """Say what training on thumbs up and down would reward: P(thumbs up | wrong), (| right), (| flattering)."""
    from assay.ledger.store import Ledger
    from assay.probe.feedback import audit_feedback
    from assay.probe.feedback_read import judge_thumbs, read_thumbs
    from assay.probe.feedback_truth import TruthQuestion, find_truth

    if (options["feedback"] is None) is (options["judge"] is None):
        raise click.UsageError("say where the thumbs are: --feedback FILE or --judge NAME")
    if options["truth"] is not None and options["draw"] is not None:
        raise click.UsageError("--truth and --draw are two kinds of evidence: give one of them")
    if options["per_day"] is not None and options["volume_of"] is None:
        raise click.UsageError("--per-day goes with --volume-of: the ledger of the traffic")
    store = Ledger.open(ledger)
    name, version = _named(system)
    thumbs = (
        judge_thumbs(store, options["judge"])
        if options["feedback"] is None
        else read_thumbs(options["feedback"])
    )
    question = TruthQuestion(name, version, options["truth"], options["draw"])
    result = audit_feedback(
        system,
        thumbs,
        find_truth(store, question, thumbs),
        flattery=_flattery(store, question, thumbs, options),
        confidence_level=options["confidence"],
    )
    result = _with_volume(result, (name, version), options)
    if as_json:
        emit(result.to_json())
        return
    from assay.report.feedback_text import print_feedback

    print_feedback(result, console())


def _named(system: str) -> tuple[str, str | None]:
    if "@" not in system:
        return system, None
    name, _, version = system.rpartition("@")
    return name, version


def _flattery(
    store: Ledger, question: TruthQuestion, thumbs: Thumbs, options: dict[str, Any]
) -> Truth | None:
    from assay.probe.feedback_truth import flattering_by_judge, flattering_by_tag

    given, judge = options["flattering"], options["flattering_judge"]
    if given is not None and judge is not None:
        raise click.UsageError("--flattering and --flattering-judge say the same: give one of them")
    if judge is not None:
        return flattering_by_judge(store, question, judge, thumbs)
    if given is None:
        return None
    name, separator, value = given.partition("=")
    if not (name and separator and value):
        raise click.BadParameter("must be TAG=VALUE, as tone=flattering", param_hint="--flattering")
    return flattering_by_tag(store, question, (name, value), thumbs)


def _with_volume(
    result: FeedbackResult, system: tuple[str, str | None], options: dict[str, Any]
) -> FeedbackResult:
    if options["volume_of"] is None:
        return result
    from assay.estimate.product import each_level
    from assay.ledger.store import Ledger
    from assay.probe.feedback import with_volume
    from assay.volume.errors_per_day import VolumeSource, errors_per_day

    source = VolumeSource(
        Ledger.open(options["volume_of"]), options["per_day"], judge=options["truth"]
    )
    level = each_level(result.confidence_level)
    return with_volume(result, errors_per_day(source, *system, confidence_level=level))

"""`assay forecast`: when a standard would be met if the trend over the dated versions holds."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, ledger_argument, note


@click.command(
    epilog="Example: assay forecast runs.ledger --standard 3sigma --system helper --date 1=2025-11-01 "
    "--date 2=2026-02-15 --date 3=2026-07-01"
)
@ledger_argument
@click.option("--standard", required=True, help="3sigma, 30/30d or human.")
@click.option(
    "--system",
    "systems",
    multiple=True,
    metavar="NAME[@VERSION]",
    help="The system; repeat for names that follow one another.  [default: the only one]",
)
@click.option(
    "--date",
    "dates",
    multiple=True,
    metavar="VERSION=DATE",
    help="When a version came out; repeat for each.  [default: its first trace]",
)
@click.option("--per-day", type=FiniteRange(0, min_open=True), help="Outputs per day.")
@click.option("--workers", type=click.IntRange(1), help="That many workers, back to back.")
@click.option("--human-error-rate", type=FiniteRange(0, 1), help="Assumed of the people.")
@click.option(
    "--human-per-day", type=FiniteRange(0, min_open=True), help="Results of the people a day."
)
@click.option("--judge", default=None, help="Which complete check is the truth.")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the posterior draws."
)
@click.option("--confidence", default=0.95, show_default=True, help="Confidence level.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a page with the picture (HTML)."
)
@json_option
def command(
    ledger: Path,
    standard: str,
    systems: tuple[str, ...],
    dates: tuple[str, ...],
    *,
    seed: int,
    confidence: float,
    output: Path | None,
    as_json: bool,
    **options: object,
) -> None:
    """Say when a standard would be met if the trend over a system's versions holds, and how far that was ever right.

    A forecast is no decision: the exit status is 0 whatever it says.
    """
    import numpy as np

    from assay.errors import BadInput
    from assay.ledger.store import Ledger
    from assay.volume.forecast import forecast_standard
    from assay.volume.forecast_readings import ForecastQuestion

    if not 0.5 <= confidence < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {confidence}")
    question = ForecastQuestion(standard, systems, confidence_level=confidence, **options)  # type: ignore[arg-type]
    forecast = forecast_standard(
        Ledger.open(ledger), question, dates=_dates(dates), rng=np.random.default_rng(seed)
    )
    if output is not None:
        from assay.report.forecast_page import write_forecast

        note(f"page: {output} ({write_forecast(forecast, output) / 1000:.0f} kB)")
    if as_json:
        emit(forecast.to_json())
        return
    from assay.report.forecast_text import print_forecast

    print_forecast(forecast, console())


def _dates(given: tuple[str, ...]) -> dict[str, float]:
    from datetime import UTC, datetime

    found: dict[str, float] = {}
    for text in given:
        version, _, date = text.rpartition("=")
        try:
            moment = datetime.fromisoformat(date).replace(tzinfo=UTC)
        except ValueError:
            raise click.BadParameter(
                f"must be VERSION=DATE, as 2=2026-02-15, got {text!r}", param_hint="--date"
            ) from None
        if not version:
            raise click.BadParameter(f"names no version: {text!r}", param_hint="--date")
        if version in found:
            raise click.BadParameter(f"gives {version} two dates", param_hint="--date")
        found[version] = moment.timestamp() / 86_400
    return found

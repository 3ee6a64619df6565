"""What `assay loop gate` prints."""

from __future__ import annotations

import math
from typing import Any

from assay.curate.loop.gate import GateReport, GateStand
from assay.figures import interval
from assay.quantity import Estimate, Quantity
from assay.report.loop_gate_words import headline, law_words, sentences
from assay.terminal import visible

SEVERAL = 3
"""From so many verifiers on, each has one line."""


def print_gate(report: GateReport, screen: Any) -> None:
    """Print where verifiers stand.

    Parameters
    ----------
    report
    screen
        A rich console.
    """
    if len(report.stands) < SEVERAL:
        for stand in report.stands:
            screen.print(visible(headline(stand)), markup=False, style="bold")
            _print_turns(stand, screen)
            for said in sentences(stand):
                screen.print(visible(said), markup=False)
            screen.print()
    else:
        _print_all(report, screen)
    for said in law_words(report):
        screen.print(visible(said), markup=False)
    screen.print(
        f"Limits: {report.confidence_level:.0%}, from labels that are taken to be right.",
        markup=False,
    )


def _print_turns(stand: GateStand, screen: Any) -> None:
    table = _table(("turn", "right before", "kept", "right of kept", "phi", "psi", "ln(phi/psi)"))
    for audit, quality in zip(stand.audits.turns, stand.qualities, strict=True):
        ratio = quality.log_ratio
        table.add_row(
            *_cells(
                str(audit.turn),
                _share(quality.generator),
                f"{quality.kept_share:.0%}",
                _share(quality.purity),
                _share(quality.keeps_right),
                _share(quality.keeps_wrong),
                "unknown" if ratio is None else _number(ratio.quantity, ratio.low),
            )
        )
    screen.print(table)


def _print_all(report: GateReport, screen: Any) -> None:
    table = _table(("verifier", "turns", "ln(phi/psi)", "stands", "blind spots"))
    for stand in report.stands:
        ratio = stand.ratio
        spots = ", ".join(f"{spot.kind} (turn {spot.turn})" for spot in stand.blind_spots)
        table.add_row(
            *_cells(
                stand.audits.name,
                str(len(stand.qualities)),
                "unknown" if ratio is None else _number(ratio.quantity, ratio.low),
                stand.verdict.verdict,
                spots or "none shown",
            )
        )
    screen.print(table)
    screen.print()


def _table(heads: tuple[str, ...]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right", no_wrap=place > 0)
    return table


def _cells(*texts: str) -> list[Any]:
    from rich.text import Text

    return [Text(visible(text)) for text in texts]


def _share(quantity: Quantity) -> str:
    return interval(quantity, percent=True) if isinstance(quantity, Estimate) else "unknown"


def _number(quantity: Quantity, low: float) -> str:
    if isinstance(quantity, Estimate):
        return interval(quantity)
    return f"at least {low:.2f}" if math.isfinite(low) else "unknown"

"""A release certificate as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assay.figures import confidence, interval, plain, shown
from assay.quantity import Unknown
from assay.report.release_words import rows_of_tests
from assay.terminal import visible
from assay.volume.release_certificate import ReleaseCertificate

if TYPE_CHECKING:
    from rich.console import Console


def print_release(certificate: ReleaseCertificate, console: Console) -> None:
    """Print a certificate: the claim first, the numbers second, the tests third, then what it hangs on."""
    color = "bold yellow" if certificate.threshold is None else "bold green"
    console.print(Text(visible(certificate.claim), style=color))
    console.print()
    for line in _lines(certificate):
        console.print(Padding(Text(visible(line)), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(_tests(certificate), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(Text("The promise holds provided:"), (0, 0, 0, 2)))
    for place, text in enumerate(certificate.conditions, start=1):
        console.print(Padding(Text(visible(f"({place}) {text}")), (0, 0, 0, 4)))


def _lines(certificate: ReleaseCertificate) -> list[str]:
    evidence, promise = certificate.evidence, certificate.promise
    coverage, needed = certificate.coverage.quantity, certificate.labels_needed.quantity
    lines = []
    if isinstance(coverage, Unknown):
        lines.append(f"share released: none; {coverage.reason}")
    else:
        lines.append(
            f"share released, of traffic like it: {interval(coverage, percent=True)} ({confidence(coverage)})"
        )
    lines.append(
        f"labels: {evidence.labels_used:,} random outputs of {evidence.draw_id}, {evidence.errors:,} wrong"
        + (f" ({evidence.unsure:,} of them unsure)" if evidence.unsure else "")
        + (f"; {evidence.labels_set_aside:,} more set aside" if evidence.labels_set_aside else "")
    )
    lines.append(
        f"labels needed at the first threshold: {needed.reason}"
        if isinstance(needed, Unknown)
        else f"labels needed at the strictest start: about {shown(needed)} random ones (in four cases of five)"
    )
    unscored = certificate.window.outputs - certificate.scored_in_window
    if unscored:
        lines.append(f"{unscored:,} outputs of the window have no score: they are reviewed")
    lines.append(
        f"test: {promise.procedure}, exact binomial, at {plain(100 * promise.confidence_level)} % in all"
    )
    return lines


def _tests(certificate: ReleaseCertificate) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("score at most", "labels released", "wrong", "p-value", ""):
        table.add_column(name, justify="right" if name else "left")
    rows = list(rows_of_tests(certificate))
    for row in rows:
        table.add_row(*row[:5], style="bold" if row.chosen else "")
    left = len(certificate.tests) - len(rows)
    table.caption = f"{left} more tests are in the file" if left else None
    return table

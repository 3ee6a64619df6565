"""Rows of docs/BENCHMARKS.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from measure import Figures


@dataclass(frozen=True, slots=True)
class Row:
    """One measured command, and the peer that it was measured beside in the same run."""

    group: str
    what: str
    figures: Figures
    peer: Figures | None = None
    goal: str = ""

    def cells(self) -> list[str]:
        """Return the row as cells of a table."""
        figures = self.figures
        ratio = f"{figures.cpu_seconds / self.peer.cpu_seconds:.3g}" if self.peer else ""
        return [
            self.what,
            seconds(figures.cpu_seconds),
            seconds(figures.wall_seconds),
            f"{figures.peak_megabytes:,.0f}",
            str(len(figures.runs)),
            ratio,
            self.goal,
        ]


HEADINGS = ["what", "CPU", "wall", "peak MB", "runs", "CPU / peer's", "goal"]


def seconds(value: float) -> str:
    """Return seconds, in milliseconds where they are few."""
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"


def pipe_table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    every = [headings, ["---"] * len(headings), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in every)


def markdown(rows: list[Row]) -> str:
    """Return rows as Markdown tables, one a group."""
    parts = []
    for group in dict.fromkeys(row.group for row in rows):
        lines = [row.cells() for row in rows if row.group == group]
        parts.append(f"## {group}\n\n{pipe_table(HEADINGS, lines)}")
    return "\n\n".join(parts) + "\n"

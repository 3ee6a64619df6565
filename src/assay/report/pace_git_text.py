"""The pace of a repository as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from assay.report.judge_text import numbers
from assay.report.pace_git_words import git_headline, git_rows, git_sentences, undone_cells
from assay.terminal import visible
from assay.volume.pace_git_result import SHOWN, GitPace

if TYPE_CHECKING:
    from rich.console import Console


def print_git_pace(pace: GitPace, console: Console) -> None:
    """Print how many changes of assistants a repository's reviewers can bear."""
    console.print(Text(visible(git_headline(pace)), style="bold"))
    for sentence in git_sentences(pace):
        console.print(Padding(Text(visible(sentence)), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(numbers(git_rows(pace)), (0, 0, 0, 2)))
    if pace.undone:
        console.print()
        for sha, how, by, subject in map(undone_cells, pace.undone[:SHOWN]):
            console.print(Padding(Text(f"{sha} {how} by {by}: {subject}"), (0, 0, 0, 2)))
        if len(pace.undone) > SHOWN:
            console.print(Padding(Text(f"and {len(pace.undone) - SHOWN:,} more"), (0, 0, 0, 2)))
    console.print()
    for note in pace.notes:
        console.print(Padding(Text(visible(f"note: {note}"), style="dim"), (0, 0, 0, 2)))

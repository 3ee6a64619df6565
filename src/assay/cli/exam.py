"""`assay exam`: what an exam is worth: against use, against a twin, over time. Each part is a file of its own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from assay.ask.tasks import Task

PARTS = {
    "compare": "Exam scores against scores in use and in a twin exam, adjusted for difficulty.",
    "split": "The exam split at a date: what is lost on later tasks, beyond what clean systems lose.",
    "twin": "Make a twin of an exam: the same tasks with other numbers.",
    "overlap": "How many tasks of an exam stand in a corpus, word for word.",
}
"""Name -> what `assay exam --help` says of it; the module of each is imported only when it is called."""

DEFAULT = "compare"


class Parts(click.Group):
    """The parts. `assay exam LEDGER ...` is short for `assay exam compare LEDGER ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what names no part as the arguments of a comparison."""
        if args and args[0] not in PARTS and not set(args) & {"-h", "--help"}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the parts in the order of the work."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a part by name."""
        if cmd_name not in PARTS:
            return None
        command: click.Command = import_module(f"assay.cli.exam_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of parts without importing any of them."""
        with formatter.section("Parts"):
            formatter.write_dl(list(PARTS.items()))


@click.group(
    cls=Parts,
    epilog="`assay exam LEDGER ...` is short for `assay exam compare LEDGER ...`.  "
    "Example: assay exam runs.ledger --system desk@2 --by topic",
)
def command() -> None:
    """Say what an exam is worth: against use, against a twin of it, and over time."""


def exam_tasks(path: Path, *, skip_bad: bool) -> list[Task]:
    """Return the tasks of an exam's file; a note says what was left out."""
    from assay.ask.tasks import read_tasks
    from assay.cli.output import note

    found = read_tasks(path, skip_bad=skip_bad)
    if found.bad_lines:
        first = found.bad_lines[0]
        note(
            f"{len(found.bad_lines):,} lines of {path} are no tasks and left out: line {first.line}: {first.reason}"
        )
    return found.tasks

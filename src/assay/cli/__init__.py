"""The command `assay`: one small file a command, each of which calls one library function.

Exit status: 0 done; 1 an AssayError, one clear sentence; 2 wrong usage; 3 a standard says no.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from assay.errors import AssayError

COMMANDS = {
    "ingest": "Read files into a ledger.",
    "doctor": "Say what a file is and what it can answer; write nothing.",
    "ask": "Put tasks to a system, and keep every answer.",
    "judge": "Let checks and models judge answers, and measure those judges.",
    "plan": "How many labels a standard takes, and what no labels can show.",
    "draw": "Draw outputs to label, and write the list for a person.",
    "label": "Take labels back, or label on a page of this machine.",
    "volume": "The volume of errors: how many wrong outputs a day.",
    "report": "Write the answer as one HTML page.",
    "probe": "Bring out one strange failure, and say what share of the errors it makes.",
    "exam": "Hold exam scores against use: twins, time splits, what an exam can be passed without.",
    "gate": "Take a new version, refuse it, or say how many tasks more it takes to know.",
    "forecast": "When a standard would be met if the trend over versions holds.",
    "budget": "A count of escaped errors per window: what is spent, how fast, and the alarm.",
    "pace": "How fast a system may run, within reviewers' hours and the budget of errors.",
    "govern": "Hold a system to its budget: a service, or a pass-through in front of it.",
    "curate": "Clean a corpus, and measure what it does by training on it.",
    "loop": "Train a system on its own verified answers, and know whether that makes it better.",
    "cost": "What a verified-correct result costs in money and time, mending included.",
    "case": "Keep failures that users found, as tasks for what comes next.",
    "certify": "Certify the volume of errors, or verify a certificate.",
    "release": "Certify what may be released unread, by a judge's score.",
    "export": "Write tasks or scores for other tools.",
    "local": "Install the embedded model, or say what there is of it.",
    "ledger": "Look after a ledger: info, compact, migrate.",
}
"""Name -> what `assay --help` says of it; the module of each is imported only when it is called."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""How the system says that a disk is full, or a file longer than it may be."""


class Commands(click.Group):
    """The commands, imported when they are needed, so that `assay --help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command by name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"assay.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: assay doctor FILE",
)
@click.version_option(package_name="assay-ai", prog_name="assay")
def cli() -> None:
    """Weigh what an AI system really delivers: how many errors, not how small a rate."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; end the process with its exit status."""
    try:
        cli.main(args=arguments, prog_name="assay", standalone_mode=True)
    except AssayError as error:
        from assay.terminal import visible

        # Line by line of ours: a line break in a name must not look like a line of ours.
        place = f"{error.where}: " if error.where else ""
        click.echo(visible(f"assay: {place}{error.message}"), err=True)
        if error.next_command:
            click.echo(visible(f"  next: {error.next_command}"), err=True)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever reads has gone, as `| head` does: nothing to say, and nowhere to say it.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        # What a command keeps is written whole or not at all: what is cut off here is what it prints or copies.
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"assay: {place}there is no room left on the disk", err=True)
        click.echo("  next: make room there, and type the same again", err=True)
        _drop_output()
        sys.exit(1)


def _drop_output() -> None:
    """Give up what is still to be printed where it can't be: at its end Python would try again, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

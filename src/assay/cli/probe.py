"""`assay probe`: planned questions that bring out one strange failure each. Each probe is a file of its own."""

from __future__ import annotations

from importlib import import_module

import click

PROBES = {
    "stability": "Repeats of the same task: what flips, and how many errors are dice rolls.",
    "knows": "Answers that the reasoning before them contradicts: it knew, and answered otherwise.",
    "pushback": "Push-back in balanced fashion: what is corrected, and what is talked out of the truth.",
    "feedback": "Thumbs up and down against verdicts: what training on them would reward.",
}
"""Name -> what `assay probe --help` says of it; the module of each is imported only when it is called."""


class Probes(click.Group):
    """The probes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the probes in the order in which they are tried."""
        return list(PROBES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a probe by name."""
        if cmd_name not in PROBES:
            return None
        command: click.Command = import_module(f"assay.cli.probe_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of probes without importing any of them."""
        with formatter.section("Probes"):
            formatter.write_dl(list(PROBES.items()))


@click.group(cls=Probes, epilog="Example: assay probe stability runs.ledger --check numeric")
def command() -> None:
    """Bring out one strange failure, and say what share of the errors it makes."""

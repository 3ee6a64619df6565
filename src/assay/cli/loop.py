"""`assay loop`: run the feedback loop, and know whether it is virtuous. Each part is a file of its own."""

from __future__ import annotations

from importlib import import_module

import click

PARTS = {
    "run": "Turns of generate, verify, select, train and measure; resumable.",
    "verdict": "Whether it is virtuous, flat or collapsing, since which turn, and what the next turn will bring.",
    "gate": "How good the verifier is on this generator's own answers, and whether that is enough to gain.",
}
"""Name -> what `assay loop --help` says of it; the module of each is imported only when it is called."""


class Parts(click.Group):
    """The parts."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the parts in the order of the work."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a part by name."""
        if cmd_name not in PARTS:
            return None
        command: click.Command = import_module(f"assay.cli.loop_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of parts without importing any of them."""
        with formatter.section("Parts"):
            formatter.write_dl(list(PARTS.items()))


@click.group(cls=Parts, epilog="Example: assay loop run loop.toml -o loops")
def command() -> None:
    """Train a system on its own verified answers, and know whether that makes it better."""

"""`assay cost`: what a verified-correct result costs. Each part is a file of its own."""

from __future__ import annotations

from importlib import import_module

import click

PARTS = {
    "rank": "Rank the systems of a ledger by what a verified-correct result of theirs costs.",
    "hour": "What an hour of a machine costs: capital, power, place, people, and the hours it stands still.",
    "capacity": "What binds now: too little work, too few machines, too few reviewers, too long a repair.",
    "probe": "Ask a server, or the embedded model, checkable tasks; time, judge and rank the set-ups.",
    "import": "Read what a load generator measured, and keep its answers to be judged.",
}
"""Name -> what `assay cost --help` says of it; the module of each is imported only when it is called."""

DEFAULT = "rank"
CAPACITY = "--capacity"


class Parts(click.Group):
    """The parts. `assay cost LEDGER ...` is short for `assay cost rank LEDGER ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what names no part as the arguments of a ranking, or of the question what binds."""
        if args and args[0] not in PARTS:
            if CAPACITY in args:
                args = ["capacity", *(one for one in args if one != CAPACITY)]
            elif not set(args) & {"-h", "--help"}:
                args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the parts, the ranking first."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a part by name."""
        if cmd_name not in PARTS:
            return None
        command: click.Command = import_module(f"assay.cli.cost_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of parts without importing any of them."""
        with formatter.section("Parts"):
            formatter.write_dl(list(PARTS.items()))


@click.group(
    cls=Parts,
    epilog="`assay cost LEDGER ...` is short for `assay cost rank LEDGER ...`, and `assay cost --capacity ...` for "
    "`assay cost capacity ...`.  Example: assay cost runs.ledger --mend-cost 5 --escape-cost 200",
)
def command() -> None:
    """Say what a verified-correct result costs, in money and time, and how sure that is."""

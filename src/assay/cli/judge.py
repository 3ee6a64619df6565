"""`assay judge`: who says what is wrong, and how far they can be trusted. Each kind of judge is a file of its own."""

from __future__ import annotations

from importlib import import_module

import click

KINDS = {
    "check": "A mechanical check of every answer that has a reference; two that disagree, with --compare.",
    "model": "A model as a judge, by a rubric, through any OpenAI-compatible endpoint.",
    "agree": "Agreement with the other epochs, or with other systems, as a judge.",
    "ground": "Whether the words and numbers of an answer stand in the context given.",
    "panel": "Several judges as one, each weighed by how it errs (Dawid-Skene).",
    "calibrate": "How a judge errs, from labels: sensitivity, specificity, AUROC, drift, bias, worth.",
}
"""Name -> what `assay judge --help` says of it; the module of each is imported only when it is called."""

DEFAULT = "check"


class Judges(click.Group):
    """The kinds of judges. `assay judge LEDGER --check ...` is short for `assay judge check LEDGER --check ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what names no kind of judge as the arguments of a check."""
        if args and args[0] not in KINDS and not set(args) & {"-h", "--help"}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the kinds of judges in the order in which they are tried."""
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a kind of judge by name."""
        if cmd_name not in KINDS:
            return None
        command: click.Command = import_module(f"assay.cli.judge_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of kinds without importing any of them."""
        with formatter.section("Judges"):
            formatter.write_dl(list(KINDS.items()))


@click.group(
    cls=Judges,
    epilog="`assay judge LEDGER --check ...` is short for `assay judge check LEDGER --check ...`.  "
    "Example: assay judge runs.ledger --check numeric",
)
def command() -> None:
    """Let judges say what is wrong, and measure the judges."""

"""`assay curate`: clean a corpus, and measure what it does. Each part is a file of its own."""

from __future__ import annotations

from importlib import import_module

import click

PARTS = {
    "run": "Filter, deduplicate and write a corpus; every dropped document keeps its reason.",
    "classifier": "Train a quality classifier with two kinds of text, and score texts with it.",
    "measure": "How much of a corpus adds something, and what more of it would add.",
    "value": "What data is worth for a target, measured by training on it.",
    "select": "The part of a corpus that is worth its tokens, proved by training on it.",
    "synthesize": "Examples from a model's own answers that were verified, and how pure they are.",
    "instructions": "Duplicates and contradictions of a fine-tuning set.",
    "noise": "Labels of a ledger that are probably wrong.",
}
"""Name -> what `assay curate --help` says of it; the module of each is imported only when it is called."""


class Parts(click.Group):
    """The parts."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the parts in the order of the work."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a part by name."""
        if cmd_name not in PARTS:
            return None
        command: click.Command = import_module(f"assay.cli.curate_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of parts without importing any of them."""
        with formatter.section("Parts"):
            formatter.write_dl(list(PARTS.items()))


@click.group(cls=Parts, epilog="Example: assay curate run corpus.jsonl -o clean")
def command() -> None:
    """Judge a corpus by what it does, not by how large it is."""

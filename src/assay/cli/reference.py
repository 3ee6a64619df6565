"""docs/CLI.md, made from the commands themselves: `python -m assay.cli.reference docs/CLI.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from assay.cli import cli

START, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def reference() -> str:
    """Return the help of every command as Markdown."""
    parts = []
    for context in _contexts(
        click.Context(cli, info_name="assay", terminal_width=100, **cli.context_settings)
    ):
        said = context.command.get_help(context).rstrip()
        parts.append(f"### {context.command_path}\n\n```text\n{said}\n```\n")
    return "\n".join(parts)


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from _contexts(click.Context(command, info_name=name, parent=context))


def renewed(page: str) -> str:
    """Return the page with what stands between the marks made anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(renewed(target.read_text("utf-8")), "utf-8")

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
    for path, command in _commands(("assay",), cli):
        context = click.Context(
            command, info_name=" ".join(path), max_content_width=100, terminal_width=100
        )
        parts.append(
            f"### {' '.join(path)}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
        )
    return "\n".join(parts)


def _commands(
    path: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            assert sub is not None
            yield from _commands((*path, name), sub)


def renewed(page: str) -> str:
    """Return the page with what stands between the marks made anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(renewed(target.read_text("utf-8")), "utf-8")

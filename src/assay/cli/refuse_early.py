"""What commands refuse before they work for minutes: options without use, pages with no place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click


def check_used(context: click.Context, needs: Mapping[str, tuple[bool, str]]) -> None:
    """Refuse options that were typed and have no use here.

    Parameters
    ----------
    context
    needs
        Name of the parameter -> whether it has a use, and with which options it has one.

    Raises
    ------
    click.UsageError
        If one has none.
    """
    for parameter in context.command.params:
        used, wanted = needs.get(str(parameter.name), (True, ""))
        typed = context.get_parameter_source(str(parameter.name))
        if used or typed is not click.core.ParameterSource.COMMANDLINE:
            continue
        given = next(iter(parameter.opts))
        raise click.UsageError(
            f"{given} has a use only with {wanted}: leave it out, or type {wanted}", context
        )


def check_page(page: Path | None, option: str) -> None:
    """Refuse a file that could not be written, before what shall stand in it is measured.

    Raises
    ------
    BadInput
        If its folder is not there or may not be written to, or it is a folder itself.
    """
    from assay.errors import BadInput

    if page is None:
        return
    folder = page.parent
    if page.is_dir():
        raise BadInput(
            f"{option} {page} is a folder, and names a file",
            next_command=f"{option} {page / 'NAME'}",
        )
    if not folder.is_dir():
        raise BadInput(
            f"{option} {page}: there is no folder {folder}", next_command=f"mkdir -p {folder}"
        )
    if not os.access(page if page.exists() else folder, os.W_OK):
        raise BadInput(
            f"{option} {page} can't be written: permission denied",
            next_command=f"{option} with a file in a folder of yours",
        )

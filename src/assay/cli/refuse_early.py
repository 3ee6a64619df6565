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


def check_page(page: Path | None) -> None:
    """Refuse a page that could not be written, before what shall stand in it is measured.

    Raises
    ------
    BadInput
        As `assay.report.page_file.check_page_place`.
    """
    from assay.report.page_file import check_page_place

    if page is not None:
        check_page_place(page)


def check_file(file: Path, option: str) -> None:
    """Refuse a file that could not be written, before what shall stand in it is measured.

    Raises
    ------
    BadInput
        If its folder is not there or may not be written to, or it is a folder itself.
    """
    from assay.errors import BadInput

    folder = file.parent
    try:
        if file.is_dir():
            raise BadInput(
                f"{option} {file} is a folder, and names a file",
                next_command=f"{option} {file / 'NAME'}",
            )
        if not folder.is_dir():
            raise BadInput(
                f"{option} {file}: there is no folder {folder}", next_command=f"mkdir -p {folder}"
            )
        if not os.access(file if file.exists() else folder, os.W_OK):
            raise BadInput(
                f"{option} {file} can't be written: permission denied",
                next_command=f"{option} with a file in a folder of yours",
            )
    except OSError as error:
        raise BadInput(f"{option} {file} can't be written: {error.strerror or error}") from None

"""Optional parts are imported where they are used; where one is missing, the message says what installs it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

from assay.errors import MissingPart

Extra = Literal["curate", "train", "cluster", ""]


def import_part(module: str, *, extra: Extra, what: str) -> Any:
    """Return a module of an optional part.

    Parameters
    ----------
    module
        Its full name.
    extra
        The extra of this package that brings it; "" where none does, and it is installed by its own name.
    what
        What needs it, for the message: ``"telling languages"``.

    Raises
    ------
    MissingPart
        If it is not installed. Another fault inside the module is not hidden.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != module.split(".", maxsplit=1)[0]:
            raise
        package = module.split(".", maxsplit=1)[0]
        raise MissingPart(
            f"{what} needs {package}, which is not installed",
            next_command=f'pip install "assay[{extra}]"' if extra else f"pip install {package}",
        ) from error

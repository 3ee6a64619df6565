"""Reading a JSON file that somebody hands in, strictly: what two readers could take for two things is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

from assay.errors import BadInput


def read_strict_json(path: Path, *, what: str, most_bytes: int, next_command: str) -> object:
    """Return the value in a file: finite numbers, each key once.

    Parameters
    ----------
    path
        An ordinary file: a pipe could keep the reader waiting for ever.
    what
        What the file ought to be, as ``certificate``: for messages.
    most_bytes : >= 1
        More is refused, and not read.
    next_command
        What makes such a file.

    Raises
    ------
    BadInput
        Where it can't be read, is too large, is not UTF-8 text, is nested too deeply, has a key twice or a number that
        is not finite, or is not JSON.
    """
    where = str(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path} is no ordinary file: copy it to one")
        with path.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(
            f"{path} can't be read: {error.strerror or error}", next_command=next_command
        ) from None
    if len(content) > most_bytes:
        raise BadInput(f"a {what} has at most {most_bytes:,} bytes, this has more", where=where)
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise BadInput(f"the file is not UTF-8 text (byte {error.start})", where=where) from None
    except RecursionError:
        raise BadInput(f"the file is nested too deeply to be a {what}", where=where) from None
    except ValueError as error:
        raise BadInput(f"the file is not JSON: {str(error)[:200]}", where=where) from None


def shortened(value: object) -> str:
    """Return a value of a stranger's file as it may stand in a message.

    Examples
    --------
    >>> shortened("x" * 200)[-5:], shortened(7)
    ('xx...', '7')
    """
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else f"{text[:120]}..."


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Of a key that is there twice one reader takes the first, another the last.
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {shortened(name)} is there twice")
        found[name] = value
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is larger than any number that is kept")
    return number

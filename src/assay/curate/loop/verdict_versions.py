"""Which versions of a system in a ledger are the turns of a loop, and whose verdicts count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assay.errors import BadInput
from assay.ledger.store import Ledger, literal

TURN = re.compile(r"^turn-(\d+)$")
SHOWN = 8


@dataclass(frozen=True, slots=True)
class WhichVersions:
    """Which versions of a ledger are the turns.

    Parameters
    ----------
    system
        None: the only one that there is.
    versions
        In their order; empty: turn-0, turn-1 and so on.
    judge
        Whose verdicts, by full name or its beginning; None: of each answer a person's newest, else a check's.
    """

    system: str | None = None
    versions: tuple[str, ...] = ()
    judge: str | None = None


def only_system(ledger: Ledger) -> str:
    """Return the one system of a ledger.

    Raises
    ------
    BadInput
        If it has none, or several.
    """
    names = [
        row["system"] for row in ledger.rows("SELECT DISTINCT system FROM traces ORDER BY system")
    ]
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise BadInput(
            "the ledger has no traces", where=str(ledger.path), next_command="assay ingest --help"
        )
    raise BadInput(
        f"the ledger has {len(names)} systems: {listed(names)}",
        where=str(ledger.path),
        next_command=f"assay loop verdict {ledger.path} --system {names[0]}",
    )


def versions_of(ledger: Ledger, system: str, asked: Sequence[str]) -> list[str]:
    """Return the versions that are turns, in their order.

    Raises
    ------
    BadInput
        If one is missing, there are fewer than two, or their order is not known.
    """
    rows = ledger.rows(
        f"SELECT DISTINCT coalesce(version, '') AS version FROM traces WHERE system = {literal(system)} "
        "ORDER BY version"
    )
    there = [str(row["version"]) for row in rows]
    if not there:
        raise BadInput(f"the ledger has no system {system!r}", where=str(ledger.path))
    if asked:
        missing = [version for version in asked if version not in there]
        if missing:
            raise BadInput(
                f"{system} has no version {missing[0]!r} in the ledger; it has {listed(there)}",
                where=str(ledger.path),
            )
        if len(set(asked)) < len(asked):
            raise BadInput("a version is named twice in --versions")
        chosen = list(asked)
    else:
        turns = sorted((int(found[1]), one) for one in there if (found := TURN.match(one)))
        chosen = [one for _, one in turns]
        if len(chosen) < 2 and len(there) > 1:
            raise BadInput(
                f"the versions of {system} are not turn-0, turn-1 and so on: {listed(there)}",
                where=str(ledger.path),
                next_command=f"assay loop verdict {ledger.path} --versions {','.join(there[:SHOWN])}",
            )
    if len(chosen) < 2:
        raise BadInput(
            f"{system} has one version only ({(chosen or there)[0] or 'without a name'}): a verdict needs two turns "
            "at least",
            where=str(ledger.path),
        )
    return chosen


def listed(names: Sequence[str]) -> str:
    """Return names for a message."""
    more = len(names) - SHOWN
    return ", ".join(map(repr, names[:SHOWN])) + (f" and {more} more" if more > 0 else "")


def judge_named(ledger: Ledger, wanted: str | None) -> str | None:
    """Return a judge's full name.

    Raises
    ------
    BadInput
        If no judge, or more than one, has a name that begins so.
    """
    if wanted is None:
        return None
    rows = ledger.rows("SELECT DISTINCT judge FROM verdicts ORDER BY judge")
    names = [str(row["judge"]) for row in rows]
    if wanted in names:
        return wanted
    found = [name for name in names if name.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    problem = (
        "no verdicts of a judge" if not found else f"{len(found)} judges whose name begins with"
    )
    raise BadInput(
        f"the ledger has {problem} {wanted!r}; it has {listed(found or names) or 'none'}",
        where=str(ledger.path),
    )

"""Which answers agreement compares, and what the judge is called for it: never two judges under one name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from assay.errors import BadInput
from assay.judge.run_check import Selection
from assay.ledger.store import Ledger, literal

NAMED_AT_MOST = 4
"""More systems than that are not listed in the judge's name: their number and a hash of their names stand there."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Which traces are scored, which are compared with, as SQL; and the judge's name that says so.

    Parameters
    ----------
    judged, voting
        SQL conditions on a row of `traces`.
    pool_rows
        Traces that meet one of them.
    name
        The judge's full name.
    """

    judged: str
    voting: str
    pool_rows: int
    name: str

    @classmethod
    def of(
        cls, ledger: Ledger, how: str, others: Sequence[str] | None, scope: Selection
    ) -> Compared:
        """Look up what there is to compare.

        Parameters
        ----------
        ledger
        how
            Parser and comparison, in words.
        others
            Systems to compare with, none named: all; None: other epochs of the same system.
        scope
            The traces to be scored.

        Raises
        ------
        BadInput
            Where there is nothing to compare with.
        """
        judged = scope.condition()
        if not ledger.rows(f"SELECT 1 FROM traces WHERE {judged} LIMIT 1"):
            known = ", ".join(_full(one) for one in _systems(ledger, ())[:8])
            raise BadInput(
                "no trace of the ledger is of the system, version and time that are to be scored"
                + (f"; there are {known}" if known else ""),
                next_command=f"assay ledger info {ledger.typed}",
            )
        if others is None:
            most = _most_epochs(ledger, judged)
            rows = ledger.rows(f"SELECT count(*) AS n FROM traces WHERE {judged}")[0]["n"]
            plural = "" if most == 1 else "s"
            name = f"agreement@1 ({how}; up to {most} other epoch{plural})"
            return cls(judged, judged, int(rows), name)
        named = _systems(ledger, others)
        voting = (
            " OR ".join(f"(system = {literal(one)} AND version = {literal(v)})" for one, v in named)
            if others
            else "TRUE"
        )
        _something_to_compare(ledger, judged, voting)
        rows = ledger.rows(f"SELECT count(*) AS n FROM traces WHERE ({judged}) OR ({voting})")
        whom = _listed(named) if others else f"all {len(named)} systems but its own"
        return cls(judged, voting, int(rows[0]["n"]), f"agreement@1 ({how}; {whom})")


def _most_epochs(ledger: Ledger, judged: str) -> int:
    found = ledger.rows(
        "SELECT max(n) AS n FROM (SELECT count(*) AS n FROM traces "
        f"WHERE {judged} GROUP BY task_id, turn, system, version) AS asked"
    )[0]["n"]
    most = int(found or 0) - 1
    if most < 1:
        raise BadInput(
            "no task was asked twice of the same system: there are no other epochs to compare with",
            next_command=f"assay judge agree {ledger.typed} --between systems",
        )
    return most


def _systems(ledger: Ledger, others: Sequence[str]) -> list[tuple[str, str]]:
    there = [
        (str(row["system"]), str(row["version"] or ""))
        for row in ledger.rows(
            "SELECT DISTINCT system, version FROM traces ORDER BY system, version"
        )
    ]
    if not others:
        return there
    found: list[tuple[str, str]] = []
    for name in others:
        fits = [one for one in there if name in (one[0], f"{one[0]}@{one[1]}")]
        if not fits:
            known = ", ".join(_full(one) for one in there[:8])
            raise BadInput(f"--with names no system of the ledger: {name!r}; there are {known}")
        found += [one for one in fits if one not in found]
    return found


def _something_to_compare(ledger: Ledger, judged: str, voting: str) -> None:
    pairs = [
        {
            (row["system"], row["version"])
            for row in ledger.rows(f"SELECT DISTINCT system, version FROM traces WHERE {which}")
        }
        for which in (judged, voting)
    ]
    if pairs[0] and pairs[1] and len(pairs[0] | pairs[1]) < 2:
        raise BadInput(
            "there is one system only: no other's answers to compare with",
            next_command=f"assay judge agree {ledger.typed} --between epochs",
        )


def _full(system: tuple[str, str]) -> str:
    return f"{system[0]}@{system[1]}" if system[1] else system[0]


def _listed(named: Sequence[tuple[str, str]]) -> str:
    names = sorted(map(_full, named))
    if len(names) <= NAMED_AT_MOST:
        return " + ".join(names)
    digest = hashlib.blake2b("\n".join(names).encode(), digest_size=4).hexdigest()
    return f"{len(names)} systems, set {digest}"

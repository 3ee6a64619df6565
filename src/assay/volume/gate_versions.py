"""Which two versions a gate compares, and by which judge: one grader for both, or no comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.errors import BadInput, LedgerError
from assay.ledger.answers import as_it_stands
from assay.ledger.store import Ledger, literal
from assay.volume.commands import quoted

COUNTING_KINDS = ("check", "person")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a system.

    Parameters
    ----------
    system
        Its name.
    version
        Empty where none is known.
    """

    system: str
    version: str

    @property
    def name(self) -> str:
        """``system@version``, or the system's name alone."""
        return f"{self.system}@{self.version}" if self.version else self.system

    def condition(self) -> str:
        """Return the SQL condition over `traces`."""
        return (
            f"traces.system = {literal(self.system)} "
            f"AND coalesce(traces.version, '') = {literal(self.version)} AND {as_it_stands()}"
        )


def version_named(ledger: Ledger, name: str) -> Version:
    """Return the version that a name means: ``system@version``, or a system that has one version only.

    Raises
    ------
    BadInput
        Where the ledger has none of that name, or several.
    """
    rows = ledger.rows(
        "SELECT DISTINCT system, coalesce(version, '') AS version FROM traces ORDER BY system, version"
    )
    known = [Version(row["system"], row["version"]) for row in rows]
    exact = [one for one in known if one.name == name]
    loose = exact or [one for one in known if one.system == name]
    if len(loose) == 1:
        return loose[0]
    if not loose:
        names = ", ".join(one.name for one in known[:8]) or "no system at all"
        more = f" and {len(known) - 8} more" if len(known) > 8 else ""
        raise BadInput(
            f"the ledger has no system {name!r}; it has {names}{more}",
            next_command=f"assay ledger info {ledger.typed}",
        )
    raise BadInput(
        f"{name!r} has {len(loose)} versions: name one, as {', '.join(one.name for one in loose[:8])}"
    )


@dataclass(frozen=True, slots=True)
class Grader:
    """Who says what is wrong, of both versions.

    Parameters
    ----------
    name
        The judge's full name, with its version, parser and settings.
    kind : check or person
    """

    name: str
    kind: str

    @property
    def parser(self) -> str:
        """What its name says of parser and settings: what stands in the parentheses; empty for a person."""
        _, opening, rest = self.name.partition("(")
        return rest.removesuffix(")") if opening and self.name.endswith(")") else ""


def one_grader(ledger: Ledger, old: Version, new: Version, named: str | None) -> Grader:
    """Return the grader that has judged both versions.

    Parameters
    ----------
    ledger
        Traces and verdicts.
    old, new
        What is compared.
    named
        The judge's full name, or how it begins; None: the only one there is.

    Raises
    ------
    BadInput
        Where the grader changed between the versions, where there are several to choose from, or where it is a model.
    """
    rows = _judges(ledger, old, new)
    fitting = [row for row in rows if named is None or row["judge"] == named]
    if named is not None and not fitting:
        fitting = [row for row in rows if row["judge"].startswith(named)]
    counting = [row for row in fitting if row["judge_kind"] in COUNTING_KINDS]
    if fitting and not counting:
        raise BadInput(
            f"{fitting[0]['judge']} is a model's opinion, which no gate takes for the truth: "
            "name a check, or have people label",
            next_command=f"assay judge {ledger.typed} --check CHECK",
        )
    both = [row for row in counting if row["old"] and row["new"]]
    if len(both) == 1:
        return Grader(both[0]["judge"], both[0]["judge_kind"])
    if len(both) > 1:
        names = "; ".join(row["judge"] for row in both)
        raise BadInput(
            f"{len(both)} judges have spoken on both versions, and each gives its own answer: {names}; name one",
            next_command=_gate_command(ledger, old, new, both[0]["judge"]),
        )
    raise _changed(ledger, old, new, counting, named)


def _changed(
    ledger: Ledger, old: Version, new: Version, rows: list[dict[str, Any]], named: str | None
) -> BadInput:
    before = [row["judge"] for row in rows if row["old"]]
    after = [row["judge"] for row in rows if row["new"]]
    if before and after:
        return BadInput(
            f"the grader changed between the versions, so their verdicts can't be compared: {old.name} was judged by "
            f"{'; '.join(before)}, {new.name} by {'; '.join(after)}: judge both by the same",
            next_command=f"assay judge {ledger.typed} --check CHECK",
        )
    missing = ", ".join(
        version.name for version, found in ((old, before), (new, after)) if not found
    )
    by = f" by {named}" if named else ""
    return BadInput(
        f"no answer of {missing} has been judged{by} by a check or a person",
        next_command=f"assay judge {ledger.typed} --check CHECK",
    )


def _gate_command(ledger: Ledger, old: Version, new: Version, judge: str) -> str:
    return (
        f"assay gate {ledger.typed} --old {quoted(old.name)} --new {quoted(new.name)} "
        f"--judge {quoted(judge)}"
    )


def _judges(ledger: Ledger, old: Version, new: Version) -> list[dict[str, Any]]:
    """Return each judge's kind, and how many answers of the old and of the new version it has judged."""
    return ledger.rows(
        "SELECT verdicts.judge, verdicts.judge_kind, "
        f"count(*) FILTER (WHERE {old.condition()}) AS old, "
        f"count(*) FILTER (WHERE {new.condition()}) AS new "
        "FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id "
        f"WHERE ({old.condition()}) OR ({new.condition()}) "
        "GROUP BY verdicts.judge, verdicts.judge_kind ORDER BY verdicts.judge"
    )


def refuse_changed(before: Mapping[str, Any], now: Mapping[str, Any], *, where: str) -> None:
    """Refuse to set a result beside an earlier one that was graded otherwise, or made of other tasks.

    Parameters
    ----------
    before, now
        The objects `grader` of two results as JSON.
    where
        The file of the earlier one.

    Raises
    ------
    LedgerError
        Where they differ, saying in what.
    """
    differ = [
        f"{part} was {before[part]['name']}, and is {now[part]['name']}"
        for part in ("judge", "parser", "tasks")
        if before[part]["sha256"] != now[part]["sha256"]
    ]
    if differ:
        raise LedgerError(
            f"the results can't be compared, since what made them changed: {'; '.join(differ)}",
            where=where,
        )

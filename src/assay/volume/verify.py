"""Whether a certificate holds: all of it computed again from the ledger, and compared key by key.

Two questions are asked. Does the ledger, as it was when the certificate was made, give what it says? And does today's
ledger still hold the draw, the outputs and the labels behind it? What came in since, later labels too, changes neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal

from assay.errors import AssayError
from assay.ledger.as_of import LedgerAsOf, is_readable
from assay.ledger.draws import stored_draw
from assay.ledger.schema import EVIDENCE
from assay.ledger.store import Ledger
from assay.volume.certificate import Certificate, Labels
from assay.volume.certify import DISTRIBUTION, build
from assay.volume.draw_check import check_draw
from assay.volume.still_there import still_there

Status = Literal["ok", "differs", "can't be recomputed"]

NOT_THERE = "(not there)"

ONLY_IN_THE_FILE = ("format", "schema_version", "assay_version", "issued_at", "sha256")
"""Keys that no ledger can confirm. The first two were read before all else, the last is the hash of the others."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key of the certificate, and what it says beside what was found."""

    key: str
    claimed: object
    found: object


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ok, or what differs, or why it can't be recomputed."""

    name: str
    status: Status
    differences: tuple[Difference, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "name": self.name,
            "status": self.status,
            "differences": [
                {"key": one.key, "claimed": one.claimed, "found": one.found}
                for one in self.differences
            ],
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """Every check of a certificate, and what else is worth knowing."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every check is ok: one that can't be recomputed is no yes."""
        return all(check.status == "ok" for check in self.checks)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "holds": self.holds,
            "checks": [check.to_json() for check in self.checks],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class _Group:
    """Keys that are compared as one check, and the tables that they hang on."""

    name: str
    keys: tuple[str, ...]
    tables: tuple[str, ...]
    all_rows: bool = False
    """Whether they hang on rows that the evidence doesn't hold, too: on other draws, on what came in after the draw."""


GROUPS = (
    _Group("the draw: id, seed, judge, drawn outputs", (
        "evidence.kind", "evidence.draw_id", "evidence.drawn_at", "evidence.seed", "evidence.judge",
        "evidence.stratified_by", "evidence.traces_version", "evidence.verdicts_version",
        "evidence.trace_ids_sha256", "evidence.labels_planned",
    ), ("draws",)),
    _Group("the labels: each verdict, who gave it, the look", (
        "evidence.labels_sha256", "evidence.labels_read", "evidence.labels_held_back", "evidence.errors",
        "evidence.unsure", "evidence.people", "evidence.last_label_at", "evidence.look",
        "evidence.second_reading",
    ), ("draws", "verdicts")),
    _Group("the strata: rule, size, labels, errors", ("evidence.strata",), ("draws", "verdicts")),
    _Group("the count of the check", (
        "evidence.kind", "evidence.judge", "evidence.judge_kind", "evidence.errors", "evidence.escaped",
    ), ("traces", "verdicts")),
    _Group("the system and the window", ("system", "window"), ("draws", "traces")),
    _Group("the interval, at the certificate's level", (
        "at_most", "errors", "error_rate", "confidence_level",
    ), ("draws", "verdicts")),
    _Group("the errors a day", (
        "throughput_per_day", "errors_per_day", "escaped_errors_per_day",
    ), ("draws", "traces", "verdicts")),
    _Group("the labelers' own mistakes", ("label_noise",), ("draws", "traces", "verdicts")),
    _Group("the decision against the standard", ("decision",), ("draws", "traces", "verdicts")),
    _Group("the claim in words", ("claim", "statement", "does_not_say"), ("draws", "traces", "verdicts")),
    _Group("the conditions and the notes", (
        "conditions", "notes", "evidence.other_draws",
    ), ("draws", "traces", "verdicts"), all_rows=True),
    _Group("the question", ("question",), ()),
    _Group("the versions of the tables", ("tables",), ("draws", "traces", "verdicts"), all_rows=True),
)  # fmt: skip
"""In the order that they are said; each key is in one group for labels, and in one for a census."""

LABELS_ONLY = frozenset(GROUPS[:3])
CENSUS_ONLY = frozenset(GROUPS[3:4])

PROVES = {"evidence.trace_ids_sha256": "draws", "evidence.labels_sha256": "verdicts"}
"""A hash that is found again proves the rows that it is of."""


def verify_certificate(ledger: Ledger, certificate: Certificate) -> Verification:
    """Compute a certificate again from a ledger and compare.

    Parameters
    ----------
    ledger
        The ledger that it was made from, or a copy.
    certificate
        As it was read; nothing in it is believed.

    Returns
    -------
    Verification
        A check a line. That something differs is no error.

    Raises
    ------
    LedgerError
        Where the ledger itself can't be read.

    Notes
    -----
    Drawn again, from the frozen tables: the sizes of the strata, and that the drawn outputs of each are the first in
    the order that the seed sets. Recomputed, at the versions of the tables that the certificate names: labels,
    intervals, decision, words. A version that can't be read any more
    (vacuumed, or from before a migration) is replaced by the newest: what is found equal there holds all the same; what
    isn't can't be told from what came in since, the check says so, and it is no yes.
    """
    return _Verifier(ledger, certificate).run()


@dataclass(slots=True)
class _Verifier:
    ledger: Ledger
    certificate: Certificate
    checks: list[Check] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    """Table -> which version of it is gone: what hangs on it may differ for no fault."""
    frozen_gone: str = ""
    """The same of the tables that the draw froze."""
    proved: set[str] = field(default_factory=set)
    """Tables whose rows behind the evidence were found to be the same, whichever version they were read at."""

    def run(self) -> Verification:
        claimed = self.certificate
        self._self_hash()
        then = self._as_it_was()
        notes: list[str] = []
        if isinstance(claimed.evidence, Labels):
            self._draw_again(then, claimed.evidence)
        try:
            found = build(
                then,
                claimed.question.question,
                issued_at=claimed.issued_at,
                assay_version=claimed.assay_version,
            )
        except AssayError as error:
            self._add("the whole certificate, made again", EVIDENCE, (), error.message)
        else:
            self._compare(found)
            today = still_there(then, LedgerAsOf(self.ledger, {}), found)
            self.checks += [
                Check(name, "differs" if said else "ok", reason=said)
                for name, said in today.checks.items()
            ]
            notes += today.notes
        return Verification(tuple(self.checks), (*notes, *self._notes()))

    def _self_hash(self) -> None:
        claimed, found = self.certificate.sha256, self.certificate.digest
        differences = () if claimed == found else (Difference("sha256", claimed, found),)
        self._add("the file's own hash", (), differences)

    def _as_it_was(self) -> LedgerAsOf:
        versions = {}
        tables = self.certificate.tables
        for table, number in zip(
            EVIDENCE, (tables.traces, tables.verdicts, tables.draws), strict=True
        ):
            if is_readable(self.ledger, table, number):
                versions[table] = number
            else:
                versions[table] = self.ledger.version(table)
                self.gone[table] = f"version {number} of the table {table} can't be read any more"
        return LedgerAsOf(self.ledger, versions)

    def _draw_again(self, then: LedgerAsOf, evidence: Labels) -> None:
        order, sizes = (
            "the random order: drawn again from the seed",
            "the sizes of the strata: counted again",
        )
        try:
            draw = stored_draw(then, evidence.draw_id)
            found = check_draw(then, draw)
        except AssayError as error:
            self._add(order, ("draws", "traces"), (), error.message)
            return
        if not found.frozen:
            self.frozen_gone = (
                f"the tables that the draw froze, versions {draw.traces_version} and {draw.verdicts_version}, "
                "can't be read any more"
            )
        said = ", ".join(found.out_of_order)
        wrong = f"of {said} other outputs were drawn than seed {draw.seed} gives" if said else ""
        self._add(order, ("traces",), (), wrong)
        stored = [stratum.size for stratum in draw.strata]
        counted = list(found.sizes)
        differences = () if counted == stored else (Difference("outputs", stored, counted),)
        outside = (
            f"{found.outside} outputs lie in no stratum, or in several" if found.outside else ""
        )
        self._add(sizes, ("traces",), differences, outside)
        if found.sizes_hold(draw) and not found.out_of_order:
            self.proved.add("traces")

    def _compare(self, found: Certificate) -> None:
        # Where a version can't be read, another was: that is said in a note, and the rows are compared. One that never
        # was stays a difference.
        claimed = self.certificate.tables
        replaced = {
            f"tables.{table}"
            for table, number in zip(
                EVIDENCE, (claimed.traces, claimed.verdicts, claimed.draws), strict=True
            )
            if table in self.gone and number <= self.ledger.version(table)
        }
        different = tuple(
            one
            for one in _differences(leaves(self.certificate.to_json()), leaves(found.to_json()))
            if one.key not in replaced
        )
        skipped = CENSUS_ONLY if isinstance(found.evidence, Labels) else LABELS_ONLY
        seen = set(ONLY_IN_THE_FILE)
        for group in GROUPS:
            if group in skipped:
                continue
            own = tuple(one for one in different if _under(one.key, group.keys))
            self._add(group.name, group.tables, own, all_rows=group.all_rows)
            seen.update(group.keys)
            if not own:
                self.proved.update(PROVES[key] for key in group.keys if key in PROVES)
        if rest := tuple(one for one in different if not _under(one.key, seen)):
            self._add("the rest", EVIDENCE, rest)

    def _add(
        self,
        name: str,
        tables: tuple[str, ...],
        differences: tuple[Difference, ...],
        reason: str = "",
        *,
        all_rows: bool = False,
    ) -> None:
        if not differences and not reason:
            self.checks.append(Check(name, "ok"))
            return
        excuses = [
            why
            for table, why in self.gone.items()
            if table in tables and (all_rows or table not in self.proved)
        ]
        if self.frozen_gone and "traces" in tables and (all_rows or "traces" not in self.proved):
            excuses.append(self.frozen_gone)
        if excuses:
            because = "; ".join([*dict.fromkeys(excuses), *filter(None, [reason])])
            check = Check(name, "can't be recomputed", differences, f"because {because}")
        else:
            check = Check(name, "differs", differences, reason)
        self.checks.append(check)

    def _notes(self) -> Iterator[str]:
        for why in filter(None, (*self.gone.values(), self.frozen_gone)):
            yield f"{why}: today's rows were compared in their place"
        issued_by, here = self.certificate.assay_version, version(DISTRIBUTION)
        if issued_by != here:
            yield (
                f"it says that Assay {issued_by} issued it, and this is {here}: where a method or a word has changed "
                "between them, that differs, too"
            )
        yield "`issued_at` and `assay_version` stand in the file only; its hash is no signature"


def _under(key: str, prefixes: Collection[str]) -> bool:
    return any(key == one or key.startswith((f"{one}.", f"{one}[")) for one in prefixes)


def _differences(
    claimed: Mapping[str, object], found: Mapping[str, object]
) -> tuple[Difference, ...]:
    return tuple(
        Difference(key, claimed.get(key, NOT_THERE), found.get(key, NOT_THERE))
        for key in dict.fromkeys([*claimed, *found])
        if claimed.get(key, NOT_THERE) != found.get(key, NOT_THERE)
    )


def leaves(value: object, path: str = "") -> dict[str, object]:
    """Return the values of a JSON form by their path.

    Examples
    --------
    >>> leaves({"a": {"b": 1}, "c": [2, 3]})
    {'a.b': 1, 'c[0]': 2, 'c[1]': 3}
    """
    if isinstance(value, Mapping) and value:
        return {
            name: leaf
            for key, inner in value.items()
            for name, leaf in leaves(inner, f"{path}.{key}" if path else str(key)).items()
        }
    if isinstance(value, list | tuple) and value:
        return {
            name: leaf
            for place, inner in enumerate(value)
            for name, leaf in leaves(inner, f"{path}[{place}]").items()
        }
    return {path: list(value) if isinstance(value, tuple) else value}

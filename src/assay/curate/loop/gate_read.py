"""The labels that a gate is measured by: of a loop's turns, in a file, or counts; and the law of a folder's loops."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from assay.curate.loop.gate import Audits, TurnAudit
from assay.curate.loop.loop_state import KEY, WORK
from assay.curate.loop.turn import TURNS, TurnRecord, read_turns
from assay.curate.loop.verifiers import Everything, Planted, verifier_named
from assay.errors import BadInput
from assay.estimate.gate_quality import AuditCount, gate_quality, pooled_log_ratio
from assay.estimate.loop_law import PACKAGE_LAW, LawPoint, LoopLaw, fit_law
from assay.quantity import Estimate

LEAST_RATIOS = 3
"""Verifiers that a law is fitted to."""
TRUE = frozenset({"true", "1", "yes", "right", "kept"})
FALSE = frozenset({"false", "0", "no", "wrong", "rejected"})
COLUMNS = ("kept", "right", "kind")


@dataclass(frozen=True, slots=True)
class AuditedLoop:
    """A loop of a folder: its turns, and the verifier as it was told.

    Parameters
    ----------
    name, arm, seed, verify, mix
    turns
    colder
        Whether it generates at a temperature of its own.
    """

    name: str
    arm: str
    seed: int
    verify: str
    mix: str
    turns: tuple[TurnRecord, ...]
    colder: bool = False

    @property
    def audits(self) -> Audits:
        """The labels of the turns that have any."""
        found = tuple(_audit_of(turn) for turn in self.turns if _labeled(turn))
        return Audits(self.name, found, self.verify)


def read_audited(
    folder: Path, *, arms: Sequence[str] = (), seeds: Sequence[int] = ()
) -> tuple[AuditedLoop, ...]:
    """Return the loops in a folder of `assay loop run`.

    Parameters
    ----------
    folder
    arms, seeds
        Only these; empty: all.

    Raises
    ------
    BadInput
        If there is none, no such arm or seed, or none of them has labels.
    """
    if not folder.exists():
        raise BadInput(
            f"there is no folder {folder}", next_command=f"assay loop run loop.toml -o {folder}"
        )
    single = (folder / TURNS).is_dir()
    places = [folder] if single else sorted(p.parent for p in folder.glob(f"*/seed-*/{TURNS}"))
    if not places:
        raise BadInput(
            "this is no folder of a loop",
            where=str(folder),
            next_command="assay loop run loop.toml -o loops, or name the counts with --kept and --rejected",
        )
    loops = [_read(place) for place in places if any((place / TURNS).glob("turn-*/turn.json"))]
    for wanted, have, what in (
        (arms, {one.arm for one in loops}, "arm"),
        (seeds, {one.seed for one in loops}, "seed"),
    ):
        for value in wanted:
            if value not in have:
                raise BadInput(
                    f"there is no {what} {value!r}; there are {', '.join(map(str, sorted(have)))}",
                    where=str(folder),
                )
    chosen = [
        one for one in loops if (not arms or one.arm in arms) and (not seeds or one.seed in seeds)
    ]
    audited = tuple(one for one in chosen if one.audits.turns)
    if not audited:
        raise BadInput(
            "no turn of it has labels: purity is unknown",
            where=str(folder),
            next_command="write [audit] kept = 100 and rejected = 100 into loop.toml, and run it",
        )
    return audited


def _read(folder: Path) -> AuditedLoop:
    key = _key(folder)
    arm, seed = str(key.get("arm", "")), int(key.get("seed", 0))
    name = f"{arm or 'loop'}, seed {seed}"
    verify, mix = str(key.get("verify", "")), str(key.get("mix", ""))
    return AuditedLoop(
        name, arm, seed, verify, mix, read_turns(folder), colder="measured_at" in key
    )


def _key(folder: Path) -> dict[str, Any]:
    """Return what the records follow from; from the folders' names where that file is gone."""
    try:
        told = json.loads((folder / WORK / KEY).read_bytes())
        if isinstance(told, dict):
            return told
    except (OSError, ValueError):
        pass
    number = folder.name.removeprefix("seed-")
    if folder.name.startswith("seed-") and number.isdecimal():
        return {"arm": folder.parent.name, "seed": int(number)}
    return {}


def _labeled(turn: TurnRecord) -> bool:
    return bool(
        turn.turn and turn.generated and (turn.audit.kept.labeled or turn.audit.rejected.labeled)
    )


def _audit_of(turn: TurnRecord) -> TurnAudit:
    audit = turn.audit
    kept = AuditCount(audit.kept.labeled, audit.kept.right, audit.kept.of)
    rejected = AuditCount(audit.rejected.labeled, audit.rejected.right, audit.rejected.of)
    return TurnAudit(turn.turn, kept, rejected, audit.by_kind)


def law_of_loops(loops: Sequence[AuditedLoop], *, confidence_level: float = 0.95) -> LoopLaw | None:
    """Return the law of the gain fitted to loops; None where they can't tell it.

    Parameters
    ----------
    loops
        Several arms with other verifiers. Those that train on earlier examples too, or on colder answers than are
        measured, follow another law and are left out,
        as are those with a blind spot, whose mistakes are no matter of chance.
    confidence_level : in (0, 1)

    Notes
    -----
    The log ratio of a verifier that errs by lot is known by how it is made. Of any other it is the mean over its turns'
    labels, whose noise draws alpha towards 0.
    """
    points = [
        point
        for one in loops
        if one.mix != "accumulate" and not one.colder
        for point in _points(one)
    ]
    if len({point.log_ratio for point in points if math.isfinite(point.log_ratio)}) < LEAST_RATIOS:
        return None
    law = fit_law(points, growth=PACKAGE_LAW.growth, confidence_level=confidence_level)
    crossing = law.break_even
    if (
        isinstance(crossing, Estimate)
        and math.isfinite(crossing.low)
        and math.isfinite(crossing.high)
    ):
        return law
    return None


def _points(loop: AuditedLoop) -> Iterator[LawPoint]:
    ratio = made_ratio(loop.verify)
    if ratio is None:
        ratio = _labeled_ratio(loop)
    if ratio is None:
        return
    for before, after in pairwise(loop.turns):
        if before.sampled is None or after.sampled is None:
            continue
        old, new = (
            sum(one.right_by_task) / (one.tasks * one.samples)
            for one in (before.sampled, after.sampled)
        )
        yield LawPoint(loop.arm, loop.seed, after.turn, old, new, ratio)


def made_ratio(verify: str) -> float | None:
    """Return ln(phi / psi) of a verifier that errs by lot, by how it is made; None of any other."""
    try:
        verifier = verifier_named(verify)
    except BadInput:
        return None
    if isinstance(verifier, Everything):
        return 0.0
    if not isinstance(verifier, Planted):
        return None
    if not verifier.keeps_wrong or not verifier.keeps_right:
        return math.inf if not verifier.keeps_wrong else -math.inf
    return math.log(verifier.keeps_right / verifier.keeps_wrong)


def _labeled_ratio(loop: AuditedLoop) -> float | None:
    """Return the mean of what the labels say; None where they show a blind spot, or say nothing."""
    found = [gate_quality(one.kept, one.rejected, one.by_kind) for one in loop.audits.turns]
    if any(quality.blind_spots for quality in found):
        return None
    ratios = [quality.log_ratio for quality in found if quality.log_ratio is not None]
    return pooled_log_ratio(ratios).near if ratios else None


def read_labeled(path: Path, *, kept_of: int, rejected_of: int) -> Audits:
    """Return the labels in a file, one answer a line: kept, right, and where known the kind of error.

    Parameters
    ----------
    path
        JSON Lines or CSV with the columns `kept`, `right` and `kind`.
    kept_of, rejected_of : >= 0
        Answers that the labeled ones were drawn from.

    Raises
    ------
    BadInput
        If it can't be read, a line lacks a column or says something else than yes or no, or more are labeled than there
        are.
    """
    counts = {True: [0, 0], False: [0, 0]}
    kinds: dict[str, list[int]] = {}
    for number, row in _rows(path):
        kept, right = (_truth(row, name, f"{path}:{number}") for name in ("kept", "right"))
        counts[kept][0] += 1
        counts[kept][1] += right
        kind = str(row.get("kind") or "").strip()
        if kind and not right:
            kinds.setdefault(kind, [0, 0])[not kept] += 1
    if not sum(part[0] for part in counts.values()):
        raise BadInput("there is no labeled answer in it", where=str(path))
    return counted_audits(
        path.name,
        (counts[True][1], counts[True][0], kept_of),
        (counts[False][1], counts[False][0], rejected_of),
        {kind: (kept, rejected) for kind, (kept, rejected) in kinds.items()},
    )


def counted_audits(
    name: str,
    kept: tuple[int, int, int],
    rejected: tuple[int, int, int],
    by_kind: dict[str, tuple[int, int]] | None = None,
) -> Audits:
    """Return labels by their counts.

    Parameters
    ----------
    name
    kept, rejected
        Right, labeled, and answers that they were drawn from.
    by_kind

    Raises
    ------
    BadInput
        If right <= labeled <= of does not hold.
    """
    parts = []
    for what, (right, labeled, of) in (("kept", kept), ("rejected", rejected)):
        if not 0 <= right <= labeled <= of:
            raise BadInput(
                f"of the {what} answers right <= labeled <= all must hold, got {right:,}, {labeled:,} and {of:,}",
                next_command=f"name how many were {what} in all: --{what}-of {max(labeled, right):,}".replace(
                    ",", ""
                ),
            )
        parts.append(AuditCount(labeled, right, of))
    if not parts[0].of + parts[1].of:
        raise BadInput("nothing was kept and nothing rejected")
    return Audits(name, (TurnAudit(1, parts[0], parts[1], by_kind or {}),))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the labels can't be read: {error}", where=str(path)) from None
    if text.lstrip()[:1] == "[":
        raise BadInput(
            "a JSON array: one labeled answer a line is read, each an object",
            where=str(path),
            next_command=f"jq -c '.[]' {path} > labels.jsonl",
        )
    if text.lstrip()[:1] == "{":
        # Not splitlines: a text in a line may hold other signs that end one.
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadInput(f"not JSON: {error}", where=f"{path}:{number}") from None
            if not isinstance(row, dict):
                raise BadInput("a line must be an object", where=f"{path}:{number}")
            yield number, row
        return
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = reader.fieldnames or ()
        if twice := [name for name in COLUMNS if names.count(name) > 1]:
            raise BadInput(f"the column {twice[0]!r} stands twice in it", where=str(path))
        for cells in reader:
            if None in cells:
                raise BadInput(
                    f"the line has more cells than the {len(names)} columns",
                    where=f"{path}:{reader.line_num}",
                )
            yield reader.line_num, dict(cells)
    except csv.Error as error:
        raise BadInput(f"not CSV: {error}", where=str(path)) from None


def _truth(row: dict[str, Any], name: str, where: str) -> bool:
    if name not in row:
        raise BadInput(
            f"the column {name!r} is missing; needed are kept and right, and kind where it is known",
            where=where,
        )
    value = str(row[name]).strip().casefold()
    if value not in TRUE | FALSE:
        raise BadInput(f"{name} must be true or false, got {row[name]!r:.40}", where=where)
    return value in TRUE

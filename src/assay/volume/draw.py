"""Draw outputs to label: freeze a window, cut it into strata, take each stratum's first in a seeded order.

The judge decides only where labels are spent. Whatever it misses, every output has a known chance to be drawn, so the
estimate stays valid.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.errors import DrawError
from assay.estimate import allocate, anticipated_error_rates, assign_strata, cut_scores
from assay.ledger.draws import StoredDraw, stored_draw, stored_draws
from assay.ledger.frame import Frame, StratumRule, first_in_order
from assay.ledger.ingest.record import Row
from assay.ledger.population import Window, origins_in, scores, work_of
from assay.ledger.store import Ledger
from assay.volume.commands import draw_command, quoted
from assay.volume.split import shown_value

MAX_STRATA = 4
"""Nearly all that a score can give. With six, errors of a tenth of a per mille took up to 6 % more labels than the best
method known before; with four no rate did (docs/BENCHMARKS.md)."""

MAX_TAG_GROUPS = 12


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """What to draw.

    Parameters
    ----------
    window
        The system, its version, and the time that the draw is about.
    labels : >= 1
        How many outputs to label.
    seed
        Sets the random order. Choose it before you look at the outputs.
    judge
        Whose score makes the strata; None for none.
    by : tags
        Tags whose values are strata of their own.
    first : in [1, labels], or None
        How many of the labels to hand out now; `assay.volume.next_labels` hands out the others, where they are worth
        most by then. None: all.
    at_most : in (0, 1), or None
        An error rate to certify, with a look after every label: the whole chance to miss goes to live limits that are
        best where no error turns up. None: planned looks, and live limits beside them.
    """

    window: Window
    labels: int
    seed: int
    judge: str | None = None
    by: tuple[str, ...] = ()
    first: int | None = None
    at_most: float | None = None


def draw_labels(ledger: Ledger, request: DrawRequest) -> StoredDraw:
    """Freeze a window as a finite population, draw from it, and write the draw into the ledger.

    The same request over the same ledger gives the same draw, and is written once.

    A window that names no origin is drawn from as the work of its system, see `assay.ledger.population.work_of`.

    Raises
    ------
    DrawError
        Where the window is empty, a judge or a tag is unknown, or there are too few labels for the strata.
    """
    if request.first is not None and not 1 <= request.first <= request.labels:
        raise DrawError(
            f"the first hand-out must be between 1 and the {request.labels} labels of the draw, got {request.first}"
        )
    if request.at_most is not None and not 0 < request.at_most < 1:
        raise DrawError(
            f"the error rate to certify must be between 0 and 1, got {request.at_most:g}"
        )
    request = replace(request, window=work_of(ledger, request.window))
    frame = frame_of(ledger, request)
    strata = _strata(ledger, frame, request)
    draw_id = _draw_id(request, strata, told_apart(ledger, request.window))
    known = stored_draws(ledger, [draw_id])
    if known:
        return known[0]
    planned = _allocation(strata, request.first or request.labels)
    with ledger.locked():
        if not stored_draws(ledger, [draw_id]):
            ledger.append("draws", _rows(ledger, draw_id, request, frame, strata, planned))
    return stored_draw(ledger, draw_id)


def judges_of(ledger: Ledger, window: Window) -> list[str]:
    """Return the judges that could make strata: those with a score for traces of the window, most scores first."""
    sql = (
        "SELECT verdicts.judge, count(*) AS n FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id "
        f"WHERE verdicts.draw_id IS NULL AND verdicts.judge_kind <> 'person' AND {window.condition()} "
        "GROUP BY verdicts.judge ORDER BY n DESC, verdicts.judge"
    )
    return [row["judge"] for row in ledger.rows(sql)]


@dataclass(frozen=True, slots=True)
class _Stratum:
    rule: StratumRule
    size: int
    anticipated_error_rate: float | None = None
    """None where nothing is known."""


def frame_of(ledger: Ledger, request: DrawRequest) -> Frame:
    """Return the window as it is now, frozen, with the judge's scores beside it.

    Raises
    ------
    DrawError
        Where the judge has no score in the window.
    """
    versions = {name: ledger.version(name) for name in ("traces", "verdicts")}
    scores_sql = None
    if request.judge is not None:
        known = judges_of(ledger, request.window)
        if request.judge not in known:
            there = f"the judges there are: {', '.join(known)}" if known else "there is no judge"
            raise DrawError(f"judge {request.judge!r} has no score in this window; {there}")
        scores_sql = scores(ledger, request.judge, versions=versions)
    return Frame(request.window, versions["traces"], versions["verdicts"], scores_sql, request.by)


def told_apart(ledger: Ledger, window: Window) -> list[str]:
    """Return the origin of a window where its system has outputs of others, too: there it is part of a draw's name."""
    return [str(window.origin)] if origins_in(ledger, window) - {window.origin} else []


def _draw_id(request: DrawRequest, strata: Sequence[_Stratum], origin: Sequence[str] = ()) -> str:
    # Named by what is drawn from, not by when: the same outputs in the same strata are the same draw.
    window = request.window
    parts = [
        window.system,
        window.version,
        window.start,
        window.end,
        request.labels,
        request.seed,
        request.judge,
        *origin,
    ]
    population = [(stratum.rule.to_json(), stratum.size) for stratum in strata]
    if request.first not in (None, request.labels):
        parts.append(request.first)
    if request.at_most is not None:
        parts.append(f"at most {request.at_most!r}")
    identity = json.dumps([*parts, request.by, population])
    return f"draw-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _strata(ledger: Ledger, frame: Frame, request: DrawRequest) -> list[_Stratum]:
    groups = _tag_groups(ledger, frame)
    if not groups:
        raise DrawError(
            f"no output of {_name(request.window)} lies in this window",
            next_command=f"assay volume {ledger.typed}",
        )
    for index, name in enumerate(request.by):
        if all(group.tags[index][1] is None for group in groups):
            raise DrawError(f"no output of {_name(request.window)} has a tag {name!r}")
    per_group = max(1, MAX_STRATA // len(groups)) if len(groups) > 1 else MAX_STRATA
    if len(groups) > MAX_TAG_GROUPS:
        raise DrawError(
            f"the tags {', '.join(request.by)} make {len(groups)} strata, and {MAX_TAG_GROUPS} at most can be "
            f"labeled well; draw without them and read the split from `assay volume --by {request.by[0]}`"
        )
    strata = []
    for group in groups:
        strata += _score_strata(ledger, frame, group, per_group)
    return strata


def _tag_groups(ledger: Ledger, frame: Frame) -> list[StratumRule]:
    if not frame.tags:
        counted = frame.rows(ledger, "count(*) AS n")[0]["n"]
        return [StratumRule("all")] if counted else []
    columns = ", ".join(f"tag_{i}" for i in range(len(frame.tags)))
    rows = frame.rows(
        ledger, f"{columns}, count(*) AS n", f"GROUP BY {columns} ORDER BY {columns} NULLS LAST"
    )
    rules = []
    for row in rows:
        tags = tuple((name, row[f"tag_{i}"]) for i, name in enumerate(frame.tags))
        name = ", ".join(f"{key}={shown_value(value)}" for key, value in tags)
        rules.append(StratumRule(name, tags=tags))
    return rules


def _score_strata(ledger: Ledger, frame: Frame, group: StratumRule, most: int) -> list[_Stratum]:
    where = f"WHERE {group.condition()}"
    rows = frame.rows(ledger, "score, count(*) AS n", f"{where} GROUP BY score ORDER BY score")
    values = np.array([np.nan if row["score"] is None else row["score"] for row in rows])
    counts = np.array([row["n"] for row in rows])
    scored = ~np.isnan(values)
    strata: list[_Stratum] = []
    if scored.any():
        cuts = (
            cut_scores(np.repeat(values[scored], counts[scored]), max_strata=most)
            if most > 1
            else np.array([])
        )
        which = assign_strata(values[scored], cuts)
        sizes = np.bincount(which, weights=counts[scored], minlength=len(cuts) + 1)
        sums = np.bincount(which, weights=counts[scored] * values[scored], minlength=len(cuts) + 1)
        held = np.flatnonzero(sizes)
        expected = anticipated_error_rates(sizes[held].astype(np.int64), sums[held] / sizes[held])
        for index, rate in zip(held, expected, strict=True):
            rule = _score_rule(group, cuts, int(index), everything_scored=bool(scored.all()))
            strata.append(_Stratum(rule, int(sizes[index]), float(rate)))
    if (~scored).any():
        size = int(counts[~scored].sum())
        if scored.any():
            rule = StratumRule(_joined(group, "no score"), unscored=True, tags=group.tags)
        else:
            rule = group
        strata.append(_Stratum(rule, size, _mean_rate(strata)))
    return strata


def _mean_rate(strata: Sequence[_Stratum]) -> float | None:
    # What the judge left out is taken to be as wrong as what it scored.
    rates = [(s.size, s.anticipated_error_rate) for s in strata if s.anticipated_error_rate]
    return sum(n * rate for n, rate in rates) / sum(n for n, _ in rates) if rates else None


def _score_rule(
    group: StratumRule, cuts: np.ndarray, index: int, *, everything_scored: bool
) -> StratumRule:
    if len(cuts) == 0 and everything_scored:
        return group
    at_least = float(cuts[index - 1]) if index > 0 else None
    below = float(cuts[index]) if index < len(cuts) else None
    if at_least is None and below is None:
        return StratumRule(_joined(group, "scored"), at_least=0.0, tags=group.tags)
    if at_least is None:
        name = f"score < {below:.3g}"
    elif below is None:
        name = f"score >= {at_least:.3g}"
    else:
        name = f"{at_least:.3g} <= score < {below:.3g}"
    return StratumRule(_joined(group, name), at_least=at_least, below=below, tags=group.tags)


def _joined(group: StratumRule, name: str) -> str:
    return f"{group.name}, {name}" if group.tags else name


def _allocation(strata: Sequence[_Stratum], labels: int) -> list[int]:
    sizes = np.array([stratum.size for stratum in strata])
    known = _mean_rate(strata)
    # Where nothing is known all strata are alike.
    rates = np.array([stratum.anticipated_error_rate or known or 0.5 for stratum in strata])
    return [int(n) for n in allocate(sizes, rates, labels)]


def _rows(
    ledger: Ledger,
    draw_id: str,
    request: DrawRequest,
    frame: Frame,
    strata: Sequence[_Stratum],
    planned: Sequence[int],
) -> list[Row]:
    base: Row = {
        "draw_id": draw_id,
        "at": time.time_ns() // 1_000,
        "seed": request.seed,
        "system": request.window.system,
        "version": request.window.version,
        "origin": request.window.origin,
        "window_from": request.window.start,
        "window_to": request.window.end,
        "population": sum(stratum.size for stratum in strata),
        "traces_version": frame.traces_version,
        "verdicts_version": frame.verdicts_version,
        "judge": request.judge,
        "stratified_by": json.dumps(list(request.by)),
        "batch": 1,
        "draw_labels": request.labels,
        "at_most": request.at_most,
    }
    rows: list[Row] = []
    for stratum, count in zip(strata, planned, strict=True):
        drawn = first_in_order(ledger, frame, stratum.rule, seed=request.seed, count=count)
        for position, trace_id in enumerate(drawn, start=1):
            rows.append(
                base
                | {
                    "stratum": stratum.rule.name,
                    "stratum_rule": stratum.rule.to_json(),
                    "stratum_size": stratum.size,
                    "stratum_labels": count,
                    "anticipated_error_rate": stratum.anticipated_error_rate,
                    "position": position,
                    "trace_id": trace_id,
                    "inclusion_probability": count / stratum.size,
                }
            )
    return in_label_order(rows)


def in_label_order(rows: list[Row], *, after: Mapping[str, int] | None = None) -> list[Row]:
    """Return rows with their place in the list that is labeled.

    Each stratum is spread evenly over the list, so that whoever stops early has labeled every stratum in proportion,
    each from the start of its random order. `after` says how many of each stratum's labels, by rule, were handed out
    before.
    """

    def place(row: Row) -> tuple[float, str]:
        before = 0 if after is None else after[str(row["stratum_rule"])]
        position, labels = int(str(row["position"])), int(str(row["stratum_labels"]))
        return (position - before) / (labels - before), str(row["stratum"])

    ordered = sorted(rows, key=place)
    return [row | {"label_order": place} for place, row in enumerate(ordered, start=1)]


def _name(window: Window) -> str:
    return f"{window.system} {window.version}".strip()


def choose_systems(
    ledger: Ledger, *, system: str | None, version: str | None, all_systems: bool
) -> list[tuple[str, str]]:
    """Return the systems and versions to draw from: the only one, the named ones, or all where that is wanted.

    Raises
    ------
    DrawError
        Where the ledger holds none, or several and none was chosen.
    """
    held = ledger.rows(
        "SELECT system, version, count(*) AS n FROM traces GROUP BY system, version ORDER BY n DESC, system, version"
    )
    found = [
        (row["system"], row["version"])
        for row in held
        if system in (None, row["system"]) and version in (None, row["version"])
    ]
    names = ", ".join(f"{row['system']} {row['version']}".strip() for row in held[:8])
    if not found:
        if not held:
            raise DrawError(
                "the ledger holds no traces",
                next_command=f"assay ingest FILE --into {ledger.typed}",
            )
        wanted = "" if system is None else f" system {system!r}"
        wanted += (
            "" if version is None else f"{' of' if wanted else ' system of'} version {version!r}"
        )
        raise DrawError(f"the ledger holds no{wanted}; it holds {names}")
    if len(found) > 1 and not all_systems:
        raise DrawError(
            f"the ledger holds {len(found)} systems ({names}): a draw is of one, or of each with --all-systems",
            next_command=draw_command(ledger.typed, Window(*found[0]), whole=True),
        )
    return found


def choose_judge(ledger: Ledger, window: Window) -> str | None:
    """Return the judge whose score makes the strata: the only one, or None where there is none.

    Raises
    ------
    DrawError
        Where there are several: which one to trust with the labels is the user's choice.
    """
    judges = judges_of(ledger, window)
    if len(judges) > 1:
        raise DrawError(
            f"{len(judges)} judges have scored {_name(window)}: {', '.join(judges[:8])}; name one, or draw without",
            next_command=f"{draw_command(ledger.typed, window)} --judge {quoted(judges[0])}",
        )
    return judges[0] if judges else None

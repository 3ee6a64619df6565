"""The days of a window: how many outputs each had, and what was found wrong on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from assay.estimate.future import LEAST_DAYS, DayCounts
from assay.ledger.population import Window, buckets, origin_of, scores, time_conditions
from assay.ledger.store import Ledger, literal
from assay.quantity import Unknown
from assay.volume.evidence import CensusEvidence, SampleEvidence, SystemEvidence
from assay.volume.question import VolumeQuestion
from assay.volume.split import DAY_EXPRESSION
from assay.volume.traffic import DAY_SECONDS, Traffic

CUT_OFF = 0.9
"""A first or last day of which less was seen is left out where it has fewer outputs than every day between."""

DaySizes = Mapping[str, tuple[int, float]]
"""Day -> outputs, and errors where every output was judged."""


def spans_days(traffic: Traffic) -> bool:
    """Return whether a window reaches over enough days for a forecast."""
    if traffic.first is None or traffic.last is None:
        return False
    day = round(DAY_SECONDS * 1e6)
    return traffic.last // day - traffic.first // day + 1 >= LEAST_DAYS


def census_days(
    ledger: Ledger, question: VolumeQuestion, systems: Sequence[SystemEvidence]
) -> dict[Window, dict[str, tuple[int, float]]]:
    """Return outputs and errors of each day, for systems whose every output was judged."""
    found: dict[Window, dict[str, tuple[int, float]]] = {}
    judges: dict[tuple[str, str], list[SystemEvidence]] = {}
    for system in systems:
        assert isinstance(system.evidence, CensusEvidence)
        judge = (system.evidence.judge, system.evidence.judge_kind)
        judges.setdefault(judge, []).append(system)
    for (name, kind), judged in judges.items():
        windows = {system.window for system in judged}
        names = ",".join(sorted({literal(window.system) for window in windows}))
        limits = time_conditions(question.start, question.end)
        rows = sum(system.traffic.traces for system in judged)
        for bucket in buckets("trace_id", rows):
            scored = scores(ledger, name, kinds=(kind,), within=bucket)
            conditions = [
                f"traces.system IN ({names})",
                "traces.at IS NOT NULL",
                bucket.replace("trace_id", "traces.trace_id"),
                *limits,
            ]
            for row in ledger.rows(
                f"SELECT traces.system, traces.version, {origin_of()} AS origin, {DAY_EXPRESSION} AS day, "
                f"count(*) AS n, sum(scored.error_probability) AS errors FROM traces JOIN ({scored}) AS scored "
                f"ON scored.trace_id = traces.trace_id WHERE {' AND '.join(conditions)} GROUP BY 1, 2, 3, 4"
            ):
                window = Window(
                    row["system"], row["version"], question.start, question.end, row["origin"]
                )
                if window in windows:
                    days = found.setdefault(window, {})
                    outputs, errors = days.get(row["day"], (0, 0.0))
                    days[row["day"]] = outputs + row["n"], errors + row["errors"]
    return found


def timeline(system: SystemEvidence, sizes: DaySizes) -> tuple[list[str], DayCounts] | Unknown:
    """Return the days that had outputs, in order, and what was found on each."""
    names = sorted(sizes)
    outputs = tuple(sizes[name][0] for name in names)
    if len(names) < LEAST_DAYS:
        return Unknown(
            f"{len(names)} days with outputs: fewer than {LEAST_DAYS} don't show how days differ"
        )
    span = (date.fromisoformat(names[-1]) - date.fromisoformat(names[0])) // timedelta(days=1) + 1
    whole, empty = _whole(system.traffic, outputs), span - len(names)
    match system.evidence:
        case SampleEvidence() as sample:
            place = {name: index for index, name in enumerate(names)}
            wrong = [[0.0] * len(names) for _ in sample.strata]
            unsure = [[0.0] * len(names) for _ in sample.strata]
            for trace in sample.labeled:
                if trace.day is not None and trace.wrong != 0:
                    table = unsure if trace.wrong is None else wrong
                    table[trace.stratum][place[trace.day]] += 1
            weights = tuple(stratum.size / stratum.labeled for stratum in sample.strata)
            days = DayCounts(
                outputs, tuple(map(tuple, wrong)), weights, tuple(map(tuple, unsure)), whole, empty
            )
        case _:
            errors = tuple(sizes[name][1] for name in names)
            days = DayCounts(outputs, (errors,), (1.0,), None, whole, empty)
    return names, days


def _whole(traffic: Traffic, outputs: tuple[int, ...]) -> tuple[bool, ...]:
    """Return which days were seen from end to end: all but a first or last one that was plainly cut off."""
    assert traffic.first is not None
    assert traffic.last is not None
    day = DAY_SECONDS * 1e6
    seen_first, seen_last = 1 - traffic.first % day / day, traffic.last % day / day
    least = min(outputs[1:-1])
    whole = [True] * len(outputs)
    if not traffic.whole_days:
        whole[0] = seen_first >= CUT_OFF or outputs[0] >= least
        whole[-1] = seen_last >= CUT_OFF or outputs[-1] >= least
    return tuple(whole)

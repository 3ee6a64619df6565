"""What there is to know a system's escaped errors from, over time: draws with labels, and checks of everything.

A budget runs over all versions of a system, and a window rolls where draws don't. So time is cut into stretches, each
with the evidence that answers for it: a draw that was labeled, or a complete check, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from assay.errors import BadInput
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, labeled_draws
from assay.ledger.population import first_origin, origin_of, time_conditions
from assay.ledger.store import Ledger, literal
from assay.volume.budget_question import BudgetQuestion
from assay.volume.caught import caught_conditions
from assay.volume.commands import quoted
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.gather import gather
from assay.volume.question import VolumeQuestion

DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """A version of the system: its outputs with a time, and when the first and the last came (microseconds)."""

    version: str
    outputs: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SystemLog:
    """What a ledger holds of one system.

    Parameters
    ----------
    system
    origin
        Of the outputs that are its work.
    versions
        By their first output; at least one.
    untimed : >= 0
        Outputs without a time: they are in no window.
    set_aside : >= 0
        Outputs of other origins.
    """

    system: str
    origin: str
    versions: tuple[VersionSpan, ...]
    untimed: int
    set_aside: int

    @property
    def first(self) -> int:
        """When the first output came."""
        return self.versions[0].first

    @property
    def last(self) -> int:
        """When the last output came."""
        return max(one.last for one in self.versions)

    def condition(self, start: int, end: int, version: str | None = None) -> str:
        """Return SQL: outputs of the system from a moment on and before another."""
        parts = [
            f"traces.system = {literal(self.system)}",
            f"{origin_of('traces')} = {literal(self.origin)}",
            *time_conditions(start, end, "traces"),
        ]
        if version is not None:
            parts.append(f"traces.version = {literal(version)}")
        return " AND ".join(parts)


def system_log(ledger: Ledger, question: BudgetQuestion) -> SystemLog:
    """Return the log of the system that a budget is for.

    Raises
    ------
    BadInput
        Where there is no such system, several and none named, or no output has a time.
    """
    where = "" if question.system is None else f"WHERE system = {literal(question.system)}"
    rows = ledger.rows(
        f"SELECT system, version, {origin_of()} AS origin, count(*) AS n, count(at) AS timed, "
        f"cast(min(at) AS bigint) AS first, cast(max(at) AS bigint) AS last FROM traces {where} GROUP BY 1, 2, 3"
    )
    names = sorted({row["system"] for row in rows})
    if not names:
        held = ledger.rows("SELECT DISTINCT system FROM traces ORDER BY system LIMIT 10")
        there = ", ".join(row["system"] for row in held) or "nothing"
        raise BadInput(
            f"the ledger has no output of {question.system or 'any system'}; it holds {there}",
            next_command=f"assay ledger info {ledger.typed}",
        )
    if len(names) > 1:
        raise BadInput(
            f"a budget is of one system, and the ledger holds {len(names)}: {', '.join(names[:10])}",
            next_command=f"assay budget {ledger.typed} --system {quoted(names[0])} --allow 30 --per 30d",
        )
    origin = first_origin({row["origin"] for row in rows}) or "field"
    own = [row for row in rows if row["origin"] == origin]
    spans = [
        VersionSpan(row["version"], row["timed"], row["first"], row["last"])
        for row in own
        if row["timed"]
    ]
    if not spans:
        raise BadInput(
            f"no output of {names[0]} has a time (`at`), so none is in any window of time",
            next_command=f"assay ledger info {ledger.typed}",
        )
    return SystemLog(
        names[0],
        origin,
        tuple(sorted(spans, key=lambda one: (one.first, one.version))),
        sum(row["n"] - row["timed"] for row in own),
        sum(row["n"] for row in rows if row["origin"] != origin),
    )


@dataclass(frozen=True, eq=False)
class DrawSource:
    """A draw whose labels answer for the outputs that it froze.

    Parameters
    ----------
    ledger
        As it is known.
    evidence
        Of a `SampleEvidence`, at a look that claims something.
    start, end
        The time that its outputs are of, microseconds.
    """

    ledger: Ledger
    evidence: SystemEvidence
    start: int
    end: int

    @property
    def sample(self) -> SampleEvidence:
        """Its labels."""
        assert isinstance(self.evidence.evidence, SampleEvidence)
        return self.evidence.evidence

    @cached_property
    def severities(self) -> Mapping[str, int | None]:
        """Severity of each labeled output, where somebody said it."""
        labels = labels_of(self.ledger, self.sample.draw.draw_id)
        return {trace_id: label.severity for trace_id, label in labels.items()}

    @cached_property
    def times(self) -> Mapping[str, int | None]:
        """When each labeled output came."""
        ids = ",".join(literal(trace.trace_id) for trace in self.sample.labeled) or "''"
        rows = self.ledger.rows(
            f"SELECT trace_id, cast(at AS bigint) AS at FROM traces WHERE trace_id IN ({ids})"
        )
        return {row["trace_id"]: row["at"] for row in rows}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time of one version, and what answers for it.

    Parameters
    ----------
    version
    start, end
        Microseconds.
    source
        A labeled draw, or a complete check of the stretch, or why there is neither.
    outputs : >= 0
        Of the version in the stretch, now.
    """

    version: str
    start: int
    end: int
    source: DrawSource | SystemEvidence | NoEvidence
    outputs: int


class Sources:
    """All evidence of a system, and which of it answers for which stretch of time.

    Parameters
    ----------
    ledger
        As it is known: of today, or of an earlier moment.
    question
    log
    """

    def __init__(self, ledger: Ledger, question: BudgetQuestion, log: SystemLog) -> None:
        self.ledger = ledger
        self.question = question
        self.log = log
        self.notes: list[str] = []
        self.draws: list[DrawSource] = list(self._labeled())
        """Newest first."""

    def stretches(self, start: int, end: int, *, oldest_first: bool = False) -> list[Stretch]:
        """Cut a window into stretches; where draws overlap the newest answers, or the oldest.

        Which one does follows from when they were drawn, never from what was found.
        """
        found = []
        for version in self.log.versions:
            left = [(start, end)]
            own = [one for one in self.draws if one.evidence.window.version == version.version]
            for draw in reversed(own) if oldest_first else own:
                for low, high in _common(left, draw.start, draw.end):
                    found.append(self._stretch(version.version, low, high, draw))
                left = _without(left, draw.start, draw.end)
            for low, high in left:
                counted = self._stretch(version.version, low, high, None)
                if counted.outputs:
                    found.append(counted)
        return [one for one in found if one.outputs]

    def outputs(self, start: int, end: int, version: str | None = None) -> int:
        """Return how many outputs came in a window."""
        rows = self.ledger.rows(
            f"SELECT count(*) AS n FROM traces WHERE {self.log.condition(start, end, version)}"
        )
        return int(rows[0]["n"])

    def escaped_condition(self) -> str:
        """Return SQL: the output was not caught before delivery; one that doesn't say was not."""
        _, caught = caught_conditions(self.question.caught_tag)
        return f"NOT coalesce({caught}, FALSE)"

    def _stretch(self, version: str, start: int, end: int, draw: DrawSource | None) -> Stretch:
        outputs = self.outputs(start, end, version)
        if draw is not None:
            return Stretch(version, start, end, draw, outputs)
        if not outputs:
            return Stretch(version, start, end, NoEvidence("no output", ""), 0)
        return Stretch(version, start, end, self._counted(version, start, end), outputs)

    def _counted(self, version: str, start: int, end: int) -> SystemEvidence | NoEvidence:
        asked = VolumeQuestion(
            system=self.log.system,
            version=version,
            origin=self.log.origin,
            start=start,
            end=end,
            judge=self.question.judge,
            evidence="census",
            caught_tag=self.question.caught_tag,
        )
        found = gather(self.ledger, asked)[0]
        if isinstance(found.evidence, CensusEvidence):
            return found
        if isinstance(found.evidence, NoEvidence) and found.evidence.to_choose:
            return found.evidence
        return NoEvidence("these outputs are in no labeled draw, and no check covers them all", "")

    def _labeled(self) -> Iterator[DrawSource]:
        for draw in labeled_draws(self.ledger):
            window = draw.window
            if draw.parent is not None or window.system != self.log.system:
                continue
            if window.origin not in (None, self.log.origin):
                continue
            if draw.units is not None:
                self.notes.append(
                    f"{draw.draw_id} drew whole units: they are not parted by time, and don't count here"
                )
                continue
            source = self._source(draw)
            if source is not None:
                yield source

    def _source(self, draw: StoredDraw) -> DrawSource | None:
        asked = VolumeQuestion(
            draw_id=draw.draw_id, evidence="labels", caught_tag=self.question.caught_tag
        )
        found = gather(self.ledger, asked)[0]
        sample = found.evidence
        if not isinstance(sample, SampleEvidence):
            self.notes.append(
                f"{draw.draw_id}: {sample.reason}"
                if isinstance(sample, NoEvidence)
                else draw.draw_id
            )
            return None
        if found.frozen_lost:
            self.notes.append(f"{draw.draw_id} does not count: the table as it froze it is gone")
            return None
        if not sample.look.is_planned:
            self.notes.append(f"{draw.draw_id} does not count yet: {sample.no_look}")
            return None
        first, last = found.traffic.first, found.traffic.last
        if first is None or last is None:
            return None
        start = first if draw.window.start is None else draw.window.start
        end = last + 1 if draw.window.end is None else draw.window.end
        return DrawSource(self.ledger, found, start, min(end, max(last + 1, draw.at)))


def _common(spans: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    for low, high in spans:
        if max(low, start) < min(high, end):
            yield max(low, start), min(high, end)


def _without(spans: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    left = []
    for low, high in spans:
        if low < min(high, start):
            left.append((low, min(high, start)))
        if max(low, end) < high:
            left.append((max(low, end), high))
    return left

"""What the labels of a draw say of a system: per stratum right and wrong, and what of it was caught.

Only labels without a gap before them in their stratum's random order count: those are a random sample, whoever stopped
labeling where. Labels are read as they stand now; a second reading of them is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.capability.ledger_counts import Traffic, is_true
from assay.estimate import StratumCount
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.draws import DrawnStratum, StoredDraw, labeled_draws
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger, literal

AT_ONCE = 5_000
"""Traces whose tags are asked for in one statement."""


@dataclass(frozen=True, slots=True)
class CaughtStratum:
    """Of the labels of a stratum that count: wrong ones, caught ones, right ones, flagged ones.

    Those that nobody is sure of count as wrong and not caught. `told` is how many have a tag that says.
    """

    size: int
    wrong: int
    caught: int
    right: int
    flagged: int
    told: int


@dataclass(frozen=True, slots=True)
class LabeledCounts:
    """What the labels of one draw say.

    Parameters
    ----------
    draw_id, people
        Which draw, and who labeled.
    strata
        One count a stratum, with its size.
    caught
        One a stratum, in the same order.
    waiting : >= 0
        Labels behind a gap: they don't count yet.
    left_out
        Draws whose labels are not read here, and why.
    """

    draw_id: str
    people: tuple[str, ...]
    strata: tuple[StratumCount, ...]
    caught: tuple[CaughtStratum, ...]
    waiting: int
    left_out: tuple[str, ...] = ()

    @property
    def labels(self) -> int:
        """Labels that count."""
        return sum(stratum.labeled for stratum in self.strata)

    @property
    def words(self) -> str:
        """Whose labels these are."""
        return f"{self.labels:,} labels by {', '.join(self.people)}; {self.draw_id}"


def labeled_counts(
    ledger: Ledger, traffic: Iterable[Traffic], *, caught_tag: str = "caught"
) -> dict[Traffic, LabeledCounts]:
    """Return what labels say of each system that has any; of several draws the newest one's."""
    draws = labeled_draws(ledger)
    found: dict[Traffic, LabeledCounts] = {}
    for one in traffic:
        own = [draw for draw in draws if _is_of(draw, one)]
        single = [draw for draw in own if draw.units is None]
        left_out = [f"{draw.draw_id} drew whole units" for draw in own if draw.units is not None]
        left_out += [f"{draw.draw_id} is older" for draw in single[1:]]
        if single:
            found[one] = _counted(ledger, single[0], tuple(left_out), caught_tag)
    return found


def _is_of(draw: StoredDraw, traffic: Traffic) -> bool:
    own, asked = draw.window, traffic.window
    if draw.parent is not None or (own.system, own.version) != (asked.system, asked.version):
        return False
    # Without limits in the question a draw answers for the window that it froze, whichever that is.
    limits = (asked.start, asked.end)
    return own.may_be(asked) and limits in ((None, None), (own.start, own.end))


def _counted(
    ledger: Ledger, draw: StoredDraw, left_out: tuple[str, ...], caught_tag: str
) -> LabeledCounts:
    labels = labels_of(ledger, draw.draw_id)
    counting = [_in_order(stratum, labels) for stratum in draw.strata]
    told = tags_of(ledger, [label.trace_id for part in counting for label in part], caught_tag)
    strata, caught = [], []
    for drawn, part in zip(draw.strata, counting, strict=True):
        strata.append(
            StratumCount(
                size=drawn.size,
                labeled=len(part),
                errors=sum(label.wrong == 1 for label in part),
                unsure=sum(label.wrong is None for label in part),
                name=drawn.rule.name,
            )
        )
        caught.append(_caught(drawn.size, part, told))
    return LabeledCounts(
        draw_id=draw.draw_id,
        people=tuple(sorted({label.judge for part in counting for label in part})),
        strata=tuple(strata),
        caught=tuple(caught),
        waiting=len(labels) - sum(map(len, counting)),
        left_out=left_out,
    )


def _in_order(drawn: DrawnStratum, labels: Mapping[str, Label]) -> list[Label]:
    counting = []
    for trace_id in drawn.trace_ids:
        if trace_id not in labels:
            break
        counting.append(labels[trace_id])
    return counting


def _caught(size: int, part: list[Label], told: Mapping[str, bool]) -> CaughtStratum:
    held = [(label.wrong, told.get(label.trace_id)) for label in part]
    right = [caught for wrong, caught in held if wrong == 0]
    return CaughtStratum(
        size=size,
        wrong=len(held) - len(right),
        caught=sum(wrong == 1 and caught is True for wrong, caught in held),
        right=len(right),
        flagged=sum(caught is True for caught in right),
        told=sum(caught is not None for _, caught in held),
    )


def counting_labels(ledger: Ledger, labeled: LabeledCounts) -> list[list[Label]]:
    """Return the labels behind the counts, a list for each stratum in the draw's order."""
    (draw,) = (one for one in labeled_draws(ledger) if one.draw_id == labeled.draw_id)
    labels = labels_of(ledger, draw.draw_id)
    return [_in_order(stratum, labels) for stratum in draw.strata]


def tags_of(ledger: Ledger, trace_ids: list[str], name: str) -> dict[str, bool]:
    """Return what a tag says of some traces, of those where it says yes or no."""
    told: dict[str, bool] = {}
    for start in range(0, len(trace_ids), AT_ONCE):
        names = ",".join(map(literal, trace_ids[start : start + AT_ONCE]))
        rows = ledger.rows(
            f"SELECT trace_id, {tag(name)} AS caught FROM traces WHERE trace_id IN ({names})"
        )
        for row in rows:
            said = is_true(tag_value(row["caught"]))
            if said is not None:
                told[row["trace_id"]] = said
    return told

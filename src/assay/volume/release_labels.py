"""Labels of a draw as a simple random sample, beside a judge's scores: what a release threshold is tested with.

An exact binomial test wants labels of which each is as likely as any other. A draw that was cut into strata is none: it
looks where the judge expects errors. Of its labels as many are kept as a simple random sample has of each stratum, so
that what is kept is one.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import DrawError, LedgerError
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, labeled_draws, readings_of, stored_draw
from assay.ledger.frame import Frame
from assay.ledger.population import scores
from assay.ledger.store import Ledger, literal
from assay.volume.commands import draw_command, quoted
from assay.volume.draw import judges_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TOO_FEW = 1e-3
"""Chance that a simple random sample of the size that is tried has more of a stratum than was labeled."""


@dataclass(frozen=True, slots=True)
class ReleaseLabels:
    """A simple random sample of a window's outputs, labeled, and the scores of all others.

    Parameters
    ----------
    draw
        The draw that they are of.
    trace_ids : n texts
    scores : shape (n,)
        The judge's; NaN where it has said nothing.
    wrong : shape (n,), 0 or 1
        1 where any reader called it wrong, or was unsure.
    others : shape (population - n,)
        Scores of all other outputs that the draw froze.
    set_aside : >= 0
        Labels that were not kept, since the draw looked harder where they come from than a simple random sample does.
    unsure : >= 0
        Of the labels kept: nobody could say. They count as wrong.
    """

    draw: StoredDraw
    trace_ids: tuple[str, ...]
    scores: FloatArray
    wrong: IntArray
    others: FloatArray
    set_aside: int
    unsure: int

    @property
    def population_scores(self) -> FloatArray:
        """Scores of every output that the draw froze."""
        return np.concatenate([self.scores, self.others])


def release_labels(ledger: Ledger, draw: StoredDraw, judge: str) -> ReleaseLabels:
    """Return the labels of a draw as a simple random sample, with a judge's scores.

    Raises
    ------
    DrawError
        Where the draw can't give one, says why, and what to draw instead; where the judge has no score.

    Notes
    -----
    A draw of one stratum is a simple random sample as it is. Of several strata: m is the largest size at which a simple
    random sample has more of any stratum than was labeled with a chance of at most `TOO_FEW`; how many of m fall into
    each stratum is drawn from the urn of the strata's sizes, by the draw's own seed and before any label is seen; then
    the first so many in the stratum's random order are kept. Where the urn asks for more than there are, nothing is
    kept, and so nothing is certified: had the labels been there, the test would have been that of a simple random
    sample, so with them missing it certifies too much no oftener.
    """
    _refuse_unfit(ledger, draw)
    labels = labels_of(ledger, draw.draw_id)
    missing = [one for stratum in draw.strata for one in stratum.trace_ids if one not in labels]
    if missing:
        raise DrawError(
            f"{len(missing):,} of the {draw.planned:,} outputs of {draw.draw_id} have no label yet, and a test at a "
            "moment that the labels chose keeps no promise: label all",
            next_command=f"assay label {ledger.typed} --web --draw {draw.draw_id}",
        )
    kept = _kept(ledger, draw)
    said = {trace_id: labels[trace_id].wrong for trace_id in kept}
    for reading in readings_of(ledger, draw.draw_id):
        again = labels_of(ledger, reading.draw_id)
        # Whoever read it again and found an error counts; whoever found none where there was one doesn't.
        said |= {one: again[one].wrong for one in kept if one in again and again[one].wrong != 0}
    own, everybody = _scores(ledger, draw, judge)
    return ReleaseLabels(
        draw=draw,
        trace_ids=kept,
        scores=np.array([own[one] for one in kept]),
        wrong=np.array([said[one] != 0 for one in kept], np.int64),
        others=_without(everybody, np.array([own[one] for one in kept])),
        set_aside=len(labels) - len(kept),
        unsure=sum(wrong is None for wrong in said.values()),
    )


def _draw_command(ledger: Ledger, system: str | None, version: str | None) -> str:
    """Return the command that draws what is missing: of the system asked for, else of the one with most outputs."""
    rows = ledger.rows(
        "SELECT system, version, count(*) AS n FROM traces GROUP BY system, version ORDER BY n DESC, system, version"
    )
    fit = [
        row for row in rows if system in (None, row["system"]) and version in (None, row["version"])
    ]
    if not fit:
        return f"assay ledger info {ledger.typed}"
    of = f" --system {quoted(fit[0]['system'])}" if len(rows) > 1 else ""
    if len(rows) > 1 and fit[0]["version"]:
        of += f" --version {quoted(fit[0]['version'])}"
    return f"assay draw {ledger.typed} --labels {min(1_000, fit[0]['n'])} --seed 7 --no-judge{of}"


def choose_release_draw(
    ledger: Ledger, *, draw_id: str | None, system: str | None, version: str | None
) -> tuple[StoredDraw, tuple[str, ...]]:
    """Return the draw to certify from, and the others that could be: the newest of which every output is labeled.

    Raises
    ------
    DrawError
        Where there is none, or there are several systems.
    """
    named = None if draw_id is None else stored_draw(ledger, draw_id)
    if named is not None:
        system, version = system or named.window.system, named.window.version
    found = [
        draw
        for draw in labeled_draws(ledger)
        if draw.parent is None
        and system in (None, draw.window.system)
        and version in (None, draw.window.version)
    ]
    systems = sorted({(draw.window.system, draw.window.version) for draw in found})
    if named is not None and named.window.system != system:
        raise DrawError(f"{named.draw_id} is of {named.window.system}, not of {system}")
    if not found and named is None:
        whose = " ".join(filter(None, (system, version)))
        raise DrawError(
            f"no draw{f' of {whose}' if whose else ''} has labels, and a threshold is certified by labels",
            next_command=_draw_command(ledger, system, version),
        )
    if len(systems) > 1:
        names = ", ".join(" ".join(filter(None, pair)) for pair in systems[:8])
        raise DrawError(
            f"there are labels of {len(systems)} systems or versions ({names}), and a certificate is of one: "
            "name it with --system and --version"
        )
    usable = [draw for draw in found if _is_fit(draw) and _is_complete(ledger, draw)]
    chosen = named or (usable[0] if usable else found[0])
    return chosen, tuple(d.draw_id for d in usable if d.draw_id != chosen.draw_id)


def _is_fit(draw: StoredDraw) -> bool:
    return (
        draw.parent is None and draw.units is None and (draw.in_one_list or len(draw.strata) == 1)
    )


def _is_complete(ledger: Ledger, draw: StoredDraw) -> bool:
    labels = labels_of(ledger, draw.draw_id)
    return draw.planned >= draw.most_labels and all(
        one in labels for stratum in draw.strata for one in stratum.trace_ids
    )


def _refuse_unfit(ledger: Ledger, draw: StoredDraw) -> None:
    again = (
        draw_command(ledger.typed, draw.window, labels=1_000, seed=draw.seed + 1) + " --no-judge"
    )
    if draw.parent is not None:
        raise DrawError(
            f"{draw.draw_id} reads labels of {draw.parent} again: name the draw that they were drawn by",
            next_command=f"assay release {ledger.typed} --draw {draw.parent}",
        )
    if draw.units is not None:
        raise DrawError(
            f"{draw.draw_id} drew {draw.units.plan.drawn_words}: an exact binomial test wants single outputs, each as "
            "likely as another",
            next_command=again,
        )
    if not _is_fit(draw):
        raise DrawError(
            f"{draw.draw_id} hands out labels where earlier ones found errors: that gives no simple random sample",
            next_command=again,
        )
    if draw.planned < draw.most_labels:
        raise DrawError(
            f"{draw.draw_id} has handed out {draw.planned:,} of {draw.most_labels:,} planned labels, and a test at a "
            "moment that the labels chose keeps no promise: hand out the others",
            next_command=f"assay draw {ledger.typed} --next {draw.most_labels - draw.planned} --draw {draw.draw_id}",
        )


def _kept(ledger: Ledger, draw: StoredDraw) -> tuple[str, ...]:
    if len(draw.strata) == 1:
        return draw.strata[0].trace_ids[: draw.most_labels]
    sizes, labeled = zip(*((s.size, len(s.trace_ids)) for s in draw.strata), strict=True)
    count = simple_sample_size(sizes, labeled)
    rng = random.Random(f"{draw.seed}:{draw.draw_id}:release")  # noqa: S311
    wanted = urn_draw(sizes, count, rng=rng)
    if count == 0 or any(want > there for want, there in zip(wanted, labeled, strict=True)):
        raise DrawError(
            f"the strata of {draw.draw_id} were drawn too unevenly: no simple random sample can be had of its labels",
            next_command=draw_command(
                ledger.typed, draw.window, labels=1_000, seed=draw.seed + 1
            ) + " --no-judge",
        )  # fmt: skip
    return tuple(
        one
        for stratum, want in zip(draw.strata, wanted, strict=True)
        for one in stratum.trace_ids[:want]
    )


def simple_sample_size(sizes: Sequence[int], labeled: Sequence[int]) -> int:
    """Return the largest m whose simple random sample nearly always (`TOO_FEW`) has no more of a stratum than labeled.

    Parameters
    ----------
    sizes : >= 1
        Outputs of each stratum.
    labeled : in [0, size]
        Labels of each. A stratum that is labeled in full has never too few.

    Examples
    --------
    >>> simple_sample_size([700, 300], [200, 100]), simple_sample_size([700, 300], [100, 200])
    (253, 122)
    """
    population = sum(sizes)
    short = [(size / population, n) for size, n in zip(sizes, labeled, strict=True) if n < size]

    def too_few(count: int) -> float:
        # The binomial tail is no smaller than that without replacement, this far out.
        return sum(float(special.bdtrc(n, count, share)) for share, n in short if count > n)

    low, high = 0, sum(labeled)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if too_few(middle) <= TOO_FEW else (low, middle - 1)
    return low


def urn_draw(sizes: Sequence[int], count: int, *, rng: random.Random) -> list[int]:
    """Return how many of `count` balls that are drawn without replacement have each color."""
    left, drawn = list(sizes), [0] * len(sizes)
    for _ in range(count):
        # `random()` alone gives the same numbers in every version of Python.
        ends = list(accumulate(left))
        color = bisect_right(ends, rng.random() * ends[-1])
        left[color] -= 1
        drawn[color] += 1
    return drawn


def _scores(ledger: Ledger, draw: StoredDraw, judge: str) -> tuple[Mapping[str, float], FloatArray]:
    """Return the judge's scores of the drawn outputs, and of all that the draw froze; NaN where there is none."""
    known = judges_of(ledger, draw.window)
    if judge not in known:
        there = f"the judges there are: {', '.join(known[:8])}" if known else "there is no judge"
        raise DrawError(
            f"judge {judge!r} has no score of {draw.window.system} {draw.window.version}".rstrip()
            + f"; {there}",
            next_command="" if known else f"assay judge {ledger.typed} --check numeric",
        )
    verdicts = ledger.version("verdicts")
    try:
        return _read(ledger, draw, judge, {"traces": draw.traces_version, "verdicts": verdicts})
    except LedgerError:
        # The table as the draw froze it is gone: what is in the window now is the traffic.
        today = {"traces": ledger.version("traces"), "verdicts": verdicts}
        return _read(ledger, draw, judge, today)


def _read(
    ledger: Ledger, draw: StoredDraw, judge: str, versions: Mapping[str, int]
) -> tuple[dict[str, float], FloatArray]:
    sql = scores(ledger, judge, versions=versions)
    frame = Frame(draw.window, versions["traces"], versions["verdicts"], sql)
    try:
        reader = ledger.query(
            f"SELECT coalesce(frame.score, CAST('NaN' AS DOUBLE)) AS score FROM ({frame.sql()}) AS frame",
            versions=versions,
        )
        parts = [np.array(batch["score"].to_numpy()) for batch in reader]
    except LedgerError:
        raise
    except Exception as error:
        # As `Ledger.rows` says: the engine raises a bare Exception where a data file is missing.
        raise LedgerError(f"{ledger.path} can't be read: {str(error)[:200]}") from error
    drawn = ledger.rows(
        f"SELECT DISTINCT frame.trace_id, frame.score FROM ({frame.sql()}) AS frame "
        f"JOIN draws ON draws.trace_id = frame.trace_id WHERE draws.draw_id = {literal(draw.draw_id)}",
        versions=dict(versions),
    )
    own = {one: np.nan for stratum in draw.strata for one in stratum.trace_ids}
    own |= {row["trace_id"]: np.nan if row["score"] is None else row["score"] for row in drawn}
    return own, np.concatenate(parts) if parts else np.array([])


def _without(everybody: FloatArray, kept: FloatArray) -> FloatArray:
    """Return the scores less one for each that is kept: which of equal ones is no matter."""
    values, counts = np.unique(everybody, return_counts=True, equal_nan=True)
    own, own_counts = np.unique(kept, return_counts=True, equal_nan=True)
    places = np.searchsorted(values, own)
    inside = places < values.size
    counts[places[inside]] -= np.minimum(own_counts[inside], counts[places[inside]])
    return np.asarray(np.repeat(values, counts))

"""Several judges as one: their votes weighed by Dawid and Skene's model, and how far they err together.

The model takes judges to err independently. Models that learned alike do not: on a hard set all six judges were wrong
on a third of the items, where independent ones would have been on a twentieth. So the panel's probability is a score
like any other, its sensitivities are assumptions, and where labels exist the correlation of errors is shown beside.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from assay.errors import BadInput, LedgerError
from assay.estimate.dawid_skene import ABSTAINED, AssumedRates, assumed_rates
from assay.estimate.error_correlation import effective_judges, error_correlation, pair_level
from assay.judge.panel_fit import PanelFit, not_identified
from assay.judge.panel_votes import NO_VOTE, PanelVotes, read_votes
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown

BATCH_ROWS = 50_000
MOST_JUDGES = 15


@dataclass(frozen=True, slots=True)
class Panel:
    """Which judges, and what is made of them.

    Parameters
    ----------
    judges : 2 to 15, all different
        Full names, as they stand in the ledger.
    name
        The first word of the panel's name as a judge.
    cut : in (0, 1)
        A judge votes "wrong" above this probability of error, "right" below it, and abstains at it.
    anchors
        A draw whose labels help to fit; None: the votes alone.
    """

    judges: tuple[str, ...]
    name: str = "panel"
    cut: float = 0.5
    anchors: str | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.judges) <= MOST_JUDGES or len(set(self.judges)) < len(self.judges):
            raise BadInput(
                f"a panel must be 2 to {MOST_JUDGES} different judges, got {len(self.judges)}"
                f" ({len(set(self.judges))} different)"
            )
        if not 0 < self.cut < 1:
            raise BadInput(f"cut must be in (0, 1), got {self.cut}")
        if not self.name.strip() or "@" in self.name:
            raise BadInput(f"name must be a word without @, got {self.name!r}")

    def judge(self, method: str, anchors: int) -> str:
        """Return the panel's full name as a judge: the method, and a hash of the members' names."""
        members = hashlib.sha256("\n".join(self.judges).encode("utf-8")).hexdigest()[:8]
        anchored = f"; {anchors} labels as anchors" if anchors else ""
        at = f"; cut {self.cut:g}" if method != "mean" else ""
        return (
            f"{self.name}@1 ({method} of {len(self.judges)} judges sha256:{members}{at}{anchored})"
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A judge of the panel.

    Parameters
    ----------
    judge
        Its name.
    votes, called_wrong
        Traces on which it voted, and on which its vote was "wrong".
    sensitivity, specificity
        What the model assumes of it; not measured. `assay judge calibrate` measures.
    """

    judge: str
    votes: int
    called_wrong: int
    sensitivity: Quantity
    specificity: Quantity


@dataclass(frozen=True, slots=True)
class PanelReport:
    """What a panel made of its judges.

    Parameters
    ----------
    judge
        The panel's name as a judge.
    scored, unchanged
        Traces with a new score; with the same score as before.
    members
        Each judge.
    prevalence
        Share of wrong traces that the model assumes, or why there is none. Never an error rate.
    converged
        Whether the fit came to rest; None where nothing was fitted.
    correlations
        For each pair of judges the correlation of their errors on labeled traces, as they are, not weighted by how
        they were drawn: "assumed" to be that of the others, unless they were drawn uniformly.
    effective_judges
        How many independent judges they are worth by those correlations.
    anchors
        Labels that helped to fit.
    """

    judge: str
    scored: int
    unchanged: int
    members: tuple[Member, ...]
    prevalence: Quantity
    converged: bool | None
    correlations: tuple[tuple[str, str, Quantity], ...]
    effective_judges: Quantity
    anchors: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "judge": self.judge,
            "scored": self.scored,
            "unchanged": self.unchanged,
            "members": [
                {
                    **asdict(member),
                    "sensitivity": member.sensitivity.to_json(),
                    "specificity": member.specificity.to_json(),
                }
                for member in self.members
            ],
            "prevalence": self.prevalence.to_json(),
            "converged": self.converged,
            "correlations": [
                {"judges": [one, other], **found.to_json()}
                for one, other, found in self.correlations
            ],
            "effective_judges": self.effective_judges.to_json(),
            "anchors": self.anchors,
        }


def judge_by_panel(
    ledger: Ledger,
    panel: Panel,
    *,
    rng: np.random.Generator,
    progress: Callable[[int, float | None], None] | None = None,
) -> PanelReport:
    """Combine the scores of several judges into those of a new one.

    Parameters
    ----------
    ledger
        Scores of the judges; the panel's score is added for every trace on which at least one of them votes.
    panel
        Which judges, and how.
    rng
        For the limits of what the model assumes.
    progress
        Called after each batch with the traces scored so far, and the share of them all.

    Returns
    -------
    PanelReport

    Raises
    ------
    LedgerError
        Where a judge has no score here.
    DrawError
        Where there is no such draw.

    Notes
    -----
    A labeled trace's own score never comes from its own label: its parameters are fitted without the anchors of its
    fold. So a draw of labels can be an anchor and still measure the panel, as nearly as cross-fitting makes it.
    With fewer than three judges that vote both ways the model can't tell them apart; the score is then their mean.
    """
    votes = read_votes(ledger, panel.judges, cut=panel.cut, labels_of_draw=panel.anchors)
    missing = [name for name, count in zip(panel.judges, votes.spoken, strict=True) if not count]
    if missing:
        raise LedgerError(
            f"no trace has a score by {missing[0]!r}",
            next_command=f"assay ledger info {ledger.typed}",
        )
    why_not = not_identified(votes)
    anchors = votes.anchors if panel.anchors and why_not is None else {}
    fit = None if why_not is not None else PanelFit.of(votes, anchors)
    judge = panel.judge("mean" if fit is None else "Dawid-Skene", len(anchors))
    scored, unchanged = _write(ledger, judge, votes, fit, progress)
    correlations = _correlations(votes)
    return PanelReport(
        judge, scored, unchanged, _members(votes, fit, why_not, rng),
        Unknown(why_not or "the model's share of wrong traces is an assumption, not a rate: label"),
        None if fit is None else fit.whole.converged, correlations,
        effective_judges([found for _, _, found in correlations], len(panel.judges)), len(anchors),
    )  # fmt: skip


def _members(
    votes: PanelVotes, fit: PanelFit | None, why_not: str | None, rng: np.random.Generator
) -> tuple[Member, ...]:
    if fit is None:
        unknown = Unknown(why_not or "")
        rates: Sequence[AssumedRates | None] = [None] * len(votes.judges)
    else:
        unknown = Unknown("")
        rates = assumed_rates(fit.whole, fit.patterns, counts=fit.counts, truth=fit.truth, rng=rng)
    return tuple(
        Member(
            judge,
            int((votes.rows[:, place] != ABSTAINED).sum()),
            int((votes.rows[:, place] == 1).sum()),
            rate.sensitivity if rate else unknown,
            rate.specificity if rate else unknown,
        )
        for place, (judge, rate) in enumerate(zip(votes.judges, rates, strict=True))
    )


def _correlations(votes: PanelVotes) -> tuple[tuple[str, str, Quantity], ...]:
    """Return the correlation of each pair's errors where labels say what is an error; all hold at once."""
    truth = votes.truth
    level = pair_level(len(votes.judges))
    found: list[tuple[str, str, Quantity]] = []
    for one, other in itertools.combinations(range(len(votes.judges)), 2):
        known = (truth != ABSTAINED) & (votes.rows[:, [one, other]] != ABSTAINED).all(axis=1)
        errs = votes.rows[known][:, [one, other]] != truth[known][:, None]
        if not len(errs):
            pair: Quantity = Unknown("no labeled trace has votes of both")
        else:
            both = int(errs.all(axis=1).sum())
            first, second = (int(column.sum()) for column in errs.T)
            neither = len(errs) - first - second + both
            pair = error_correlation(
                both, first - both, second - both, neither, confidence_level=level
            )
        if isinstance(pair, Estimate) and not votes.uniform:
            # A draw by some judge's score picks traces by what the judges said: of the others this shows nothing.
            method = f"{pair.method}, which were not drawn uniformly and are not weighed"
            pair = replace(pair, method=method, guarantee="assumed")
        found.append((votes.judges[one], votes.judges[other], pair))
    return tuple(found)


def _write(
    ledger: Ledger,
    judge: str,
    votes: PanelVotes,
    fit: PanelFit | None,
    progress: Callable[[int, float | None], None] | None,
) -> tuple[int, int]:
    """Add the scores that are new, and return how many are and how many stood there already."""
    chances = votes.means if fit is None else fit.chances(votes)
    earlier = votes.earlier(ledger, judge)
    fresh = np.flatnonzero(~(np.abs(chances - earlier) < 1e-9))
    for start in range(0, len(fresh), BATCH_ROWS):
        rows: list[Row] = [
            _row(judge, votes.trace_ids[place], float(chances[place]), votes.rows[place])
            for place in fresh[start : start + BATCH_ROWS].tolist()
        ]
        with ledger.locked():
            ledger.append("verdicts", rows)
        if progress:
            done = start + len(rows)
            progress(done, done / len(fresh))
    return len(fresh), len(chances) - len(fresh)


def _row(judge: str, trace_id: str, chance: float, votes: Any) -> Row:
    said = {NO_VOTE: "-", 0: "right", 1: "wrong"}
    return {
        "trace_id": trace_id,
        "judge": judge,
        "judge_kind": "model",
        "error_probability": chance,
        "note": ", ".join(said[int(vote)] for vote in votes),
        "at": time.time_ns() // 1_000,
        "source": "assay judge panel",
    }

"""What a second pass would add, measured on the same outputs: wrong ones that get past both, right ones held back.

Two passes are never taken to be independent: what the one misses the other often misses too. So the second one counts
by what it says of the very outputs that are known to be wrong and got past the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from assay.capability.evidence import Caught, ShareEvidence, ShareStratum
from assay.capability.ledger_counts import JudgedCounts, Traffic, told_and_caught
from assay.capability.ledger_facts import NotJudged, SystemFacts
from assay.capability.ledger_labels import (
    AT_ONCE,
    LabeledCounts,
    counting_labels,
    tags_of,
)
from assay.errors import LedgerError
from assay.ledger.answers import as_it_stands
from assay.ledger.population import scores
from assay.ledger.store import Ledger, literal


@dataclass(frozen=True, slots=True)
class BothPasses:
    """What gets past both passes.

    Parameters
    ----------
    judge
        Who makes the second pass.
    both_missed
        Of all outputs that were judged: those that are wrong and got past both.
    flagged
        Of the right ones: those that either holds back; None where none is right.
    """

    judge: str
    both_missed: ShareEvidence
    flagged: Caught


@dataclass(frozen=True, slots=True)
class _Stratum:
    """Of the outputs of a stratum that were judged: all, wrong past both, right, right and held back by either."""

    size: int
    judged: int
    missed: int
    right: int
    held: int


def both_passes(
    ledger: Ledger, facts: SystemFacts, judge: str, *, caught_tag: str | None = "caught"
) -> BothPasses | str:
    """Return what gets past the checking so far and a judge's second pass, or why that isn't known.

    Parameters
    ----------
    ledger
    facts
        The system, and who says what is right.
    judge
        Whose verdicts are the second pass; of any kind: here its verdict is an act, and no truth.
    caught_tag
        As in `FactsQuestion`: whether the checking so far held an output back. None: there is no checking so far.

    Raises
    ------
    LedgerError
        Where no judge of that name has spoken on this ledger.

    Notes
    -----
    Outputs that the second pass isn't sure of count as missed where they are wrong, and as held back where they are
    right. It has to have spoken on every output that was judged: on a part that somebody chose it may be at its best.
    Where tasks were asked several times each counts as one output, for answers to one task may all be missed together.
    """
    judged = facts.judged
    if isinstance(judged, NotJudged):
        return judged.reason
    _known(ledger, judge)
    if isinstance(judged, JudgedCounts):
        return _of_census(ledger, facts.traffic, judged, judge, caught_tag)
    return _of_labels(ledger, judged, judge, caught_tag)


def _known(ledger: Ledger, judge: str) -> None:
    rows = ledger.rows("SELECT DISTINCT judge FROM verdicts WHERE draw_id IS NULL ORDER BY 1")
    names = [row["judge"] for row in rows]
    if judge in names:
        return
    held = f"; there is {', '.join(repr(name) for name in names[:10])}" if names else ""
    raise LedgerError(
        f"--second-pass {judge!r}: no judge of that name has spoken in {ledger.path}{held}",
        next_command=f"assay ledger info {ledger.typed}"
        if not names
        else f"assay cost {ledger.typed} --second-pass {quote(names[0])}",
    )


def _of_census(
    ledger: Ledger, traffic: Traffic, judged: JudgedCounts, judge: str, caught_tag: str | None
) -> BothPasses | str:
    if judge == judged.judge:
        return f"{judge} says here what is right: another judge can be a second pass"
    caught = "FALSE" if caught_tag is None else told_and_caught(caught_tag)[1]
    row = ledger.rows(
        "WITH one AS (SELECT truth.error_probability AS wrong, second.trace_id AS spoken, "
        f"second.error_probability AS flag, coalesce({caught}, FALSE) AS caught FROM traces "
        f"JOIN ({scores(ledger, judged.judge)}) AS truth ON truth.trace_id = traces.trace_id "
        f"LEFT JOIN ({scores(ledger, judge)}) AS second ON second.trace_id = traces.trace_id "
        f"WHERE {as_it_stands()} AND {traffic.window.condition()}) "
        "SELECT count(*) AS judged, count(spoken) AS spoken, "
        "count(*) FILTER (WHERE coalesce(wrong, 0.5) >= 0.5 AND NOT caught AND coalesce(flag, 0.5) <= 0.5) AS missed, "
        "count(*) FILTER (WHERE wrong < 0.5) AS right_ones, "
        "count(*) FILTER (WHERE wrong < 0.5 AND (caught OR coalesce(flag, 0.5) >= 0.5)) AS held FROM one"
    )[0]
    if row["spoken"] < row["judged"]:
        return _part(judge, row["spoken"], row["judged"], "outputs")
    worth = min(1.0, traffic.tasks / max(row["judged"], 1))
    right = row["right_ones"]
    return BothPasses(
        judge,
        ShareEvidence(row["missed"] * worth, row["judged"] * worth),
        ShareEvidence(row["held"] * worth, right * worth) if right else None,
    )


def _of_labels(
    ledger: Ledger, labeled: LabeledCounts, judge: str, caught_tag: str | None
) -> BothPasses | str:
    parts = counting_labels(ledger, labeled)
    names = [label.trace_id for part in parts for label in part]
    caught = {} if caught_tag is None else tags_of(ledger, names, caught_tag)
    flags = _scores_of(ledger, judge, names)
    if len(flags) < len(names):
        return _part(judge, len(flags), len(names), "labeled outputs")
    strata = []
    for count, part in zip(labeled.strata, parts, strict=True):
        right = [label.trace_id for label in part if label.wrong == 0]
        wrong = [label.trace_id for label in part if label.wrong != 0]
        strata.append(
            _Stratum(
                count.size,
                len(part),
                sum(not caught.get(one, False) and flags[one] <= 0.5 for one in wrong),
                len(right),
                sum(caught.get(one, False) or flags[one] >= 0.5 for one in right),
            )
        )
    population = sum(one.size for one in strata)
    return BothPasses(
        judge,
        ShareEvidence.of_strata(
            [ShareStratum(one.size / population, one.missed, one.judged) for one in strata]
        ),
        ShareEvidence.of_parts((one.size, one.judged, one.right, one.held) for one in strata),
    )


def _scores_of(ledger: Ledger, judge: str, trace_ids: list[str]) -> dict[str, float]:
    """Return a judge's score of some traces, one half where it can't say; without those it hasn't spoken on."""
    found: dict[str, float] = {}
    for start in range(0, len(trace_ids), AT_ONCE):
        within = f"trace_id IN ({','.join(map(literal, trace_ids[start : start + AT_ONCE]))})"
        for row in ledger.rows(scores(ledger, judge, within=within)):
            score = row["error_probability"]
            found[row["trace_id"]] = 0.5 if score is None else score
    return found


def _part(judge: str, spoken: int, judged: int, of: str) -> str:
    return f"{judge} has spoken on {spoken:,} of {judged:,} {of}: what both miss is known only where it has on all"

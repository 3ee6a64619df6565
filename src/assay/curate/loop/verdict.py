"""Whether a loop is virtuous, flat or collapsing; since which turn that could be known; what the next turn will bring.

Each loop (an arm with a seed, or the versions of a system in a ledger) by itself, then arms over their seeds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy import special

from assay.curate.loop.gate import TurnAudit
from assay.curate.loop.verdict_cost import outlook, turn_prices
from assay.curate.loop.verdict_fault import FaultGround
from assay.curate.loop.verdict_faults import audits_of, find_faults
from assay.curate.loop.verdict_labels import read_lengths
from assay.curate.loop.verdict_leaks import find_leaks
from assay.curate.loop.verdict_read import LoopEvidence, find_loops, loops_left_out
from assay.curate.loop.verdict_result import (
    ArmResult,
    LoopResult,
    VerdictQuestion,
    VerdictReport,
    VersionState,
    VolumeTrend,
)
from assay.estimate.exact import clopper_pearson
from assay.estimate.gate_ratio import audited_log_ratio, gate_verdict, pooled_log_ratio
from assay.estimate.interval import missing_chance
from assay.estimate.loop_gain import (
    TurnGain,
    earliest_turn,
    errors_per_day,
    look_level,
    share_right,
    turn_gains,
)
from assay.estimate.loop_gain_samples import (
    sampled_change,
    sampled_turn,
    source_of_gain,
)
from assay.estimate.loop_law import PACKAGE_LAW
from assay.quantity import Estimate, Quantity, Unknown

FEWEST_SEEDS = 3


def loop_verdict(
    path: Path,
    question: VerdictQuestion | None = None,
    *,
    on_progress: Callable[[int, float | None], None] | None = None,
) -> VerdictReport:
    """Return the verdict on the loops in a folder or a ledger.

    Parameters
    ----------
    path
        Folder of a loop, or of several arms and seeds, or a ledger.
    question
    on_progress
        Called with the loops done, and the share of all.

    Raises
    ------
    BadInput
        If there is none, or nothing to compare.
    LedgerError
        If a ledger can't be read.
    """
    question = question or VerdictQuestion()
    tell = on_progress or (lambda *_: None)
    found = find_loops(path, question.which, arms=question.arms, seeds=question.seeds)
    loops = []
    for place, read in enumerate(found):
        tell(place, place / len(found))
        loops.append(judged_loop(read(), question))
    left_out = loops_left_out(path, question.arms, question.seeds)
    return VerdictReport(question, tuple(loops), _arms(loops, question), left_out)


def judged_loop(evidence: LoopEvidence, question: VerdictQuestion) -> LoopResult:
    """Return the verdict on one loop."""
    level = question.confidence_level
    leaks = find_leaks(evidence.folder, evidence.turns, evidence.held_out.inputs)
    held_out = evidence.held_out.without(
        frozenset(evidence.held_out.tasks[place] for place in leaks.places)
    )
    gains = turn_gains(held_out.right, margin=question.margin, confidence_level=level)
    harder = evidence.harder
    harder_gains: tuple[TurnGain, ...] = ()
    if harder is not None:
        harder_gains = turn_gains(harder.right, margin=question.margin, confidence_level=level)
    per_day = question.per_day or evidence.throughput_per_day
    changes = tuple(
        sampled_change(held_out.sampled[0], one, confidence_level=look_level(level, turn))
        for turn, one in enumerate(held_out.sampled[1:], start=1)
    )
    lengths = read_lengths(evidence.folder, evidence.turns, confidence_level=level)
    ground = FaultGround(
        evidence.held_out,
        held_out,
        harder,
        evidence.records,
        leaks,
        lengths,
        question.margin,
        level,
    )
    prices = turn_prices(
        evidence.records, held_out, per_day, question.money, confidence_level=level
    )
    cleaned = evidence.cleaned(held_out)
    return LoopResult(
        evidence=evidence,
        leaked=len(leaks.places),
        verdict=gains[-1].verdict,
        earliest=earliest_turn(gains),
        by_labels=_by_labels(evidence, level),
        gains=gains,
        harder_gains=harder_gains,
        states=_states(cleaned, per_day, level),
        changes=changes,
        source=source_of_gain(changes[-1]) if changes else "unknown",
        volume_trend=_volume_trend(gains[-1].from_last, question.margin),
        faults=find_faults(ground),
        prices=prices,
        outlook=outlook(held_out, prices, per_day, question.money, confidence_level=level),
    )


def _volume_trend(last: Quantity, margin: float) -> VolumeTrend:
    if isinstance(last, Unknown):
        return "undecided"
    if last.low > 0:
        return "falling"
    if last.high < 0:
        return "rising"
    return "flat" if -margin < last.low and last.high < margin else "undecided"


def _by_labels(evidence: LoopEvidence, level: float) -> tuple[tuple[int, str], ...]:
    """Return what the labels up to each turn say of the verifier, by the law that the package has measured."""
    turns = audits_of(evidence.records, evidence.name).turns
    found = []
    for look, last in enumerate(turns, start=1):
        at = look_level(level, look)
        ratios = [
            audited_log_ratio(one.kept, one.rejected, _kept_share(one), "labels", at)
            for one in turns[:look]
        ]
        known = [ratio for ratio in ratios if ratio is not None]
        pooled = pooled_log_ratio(known) if known else None
        verdict = gate_verdict(pooled, PACKAGE_LAW.break_even_of_next)
        found.append((last.turn, verdict.verdict))
    return tuple(found)


def _kept_share(audit: TurnAudit) -> float:
    return audit.kept.of / (audit.kept.of + audit.rejected.of)


def _states(
    evidence: LoopEvidence, per_day: float | None, level: float
) -> tuple[VersionState, ...]:
    no_throughput = Unknown("no throughput was given: --per-day")
    no_harder = Unknown("the loop has no harder set")
    found = []
    for turn, version in enumerate(evidence.versions):
        right = evidence.held_out.right[turn]
        hard = None if evidence.harder is None else evidence.harder.right[turn]
        several = evidence.held_out.sampled

        def volume(answers: np.ndarray | None) -> Quantity:
            if answers is None:
                return no_harder
            if per_day is None:
                return no_throughput
            return errors_per_day(answers, per_day, confidence_level=level)

        found.append(
            VersionState(
                version,
                share_right(right, confidence_level=level),
                no_harder if hard is None else share_right(hard, confidence_level=level),
                volume(right),
                volume(hard),
                sampled_turn(several[turn], confidence_level=level)
                if several
                else Unknown("no task was answered several times in every turn"),
                _purity(evidence, turn, level),
            )
        )
    return tuple(found)


def _purity(evidence: LoopEvidence, turn: int, level: float) -> Quantity:
    if not turn or not evidence.records:
        return Unknown(
            "nothing was kept before the first turn"
            if evidence.records
            else "no labels of what was kept"
        )
    kept = evidence.records[turn].audit.kept
    if not kept.labeled:
        return Unknown("no answer that was kept in this turn is labeled")
    low, high = clopper_pearson(kept.right, kept.labeled, confidence_level=level)
    method = f"{kept.labeled:,} labels of {kept.of:,} kept answers, Clopper-Pearson"
    return Estimate(
        kept.right / kept.labeled, low, high, "right/kept answer", level, kept.labeled, method
    )


def _arms(loops: Sequence[LoopResult], question: VerdictQuestion) -> tuple[ArmResult, ...]:
    names = list(dict.fromkeys(loop.evidence.arm for loop in loops))
    if len(loops) < 2:
        return ()
    found = []
    for name in names:
        own = [loop for loop in loops if loop.evidence.arm == name]
        verdicts = Counter(loop.verdict for loop in own)
        one = own[0].verdict if len(verdicts) == 1 else "undecided"
        found.append(
            ArmResult(
                name or "loop",
                one,
                dict(sorted(verdicts.items())),
                _mean_gain(own, question.confidence_level),
            )
        )
    return tuple(found)


def _mean_gain(loops: Sequence[LoopResult], level: float) -> Quantity:
    """Return the mean over seeds, with Student's limits: seeds differ by more than tasks do."""
    if len(loops) < FEWEST_SEEDS:
        return Unknown(f"{len(loops)} seeds: limits over seeds need {FEWEST_SEEDS}")
    turn = min(len(loop.gains) for loop in loops)
    values = [loop.gains[turn - 1].from_start for loop in loops]
    if any(isinstance(value, Unknown) for value in values):
        return Unknown("a seed's gain is unknown")
    gains = np.array([value.value for value in values if isinstance(value, Estimate)])
    n = len(gains)
    reach = float(special.stdtrit(n - 1, 1 - missing_chance(level) / 2))
    half = reach * float(gains.std(ddof=1)) / math.sqrt(n)
    mean = float(gains.mean())
    method = f"Student's limits over {n} seeds, turn {turn} less turn 0 (assumes normal seeds)"
    low, high = max(-1.0, mean - half), min(1.0, mean + half)
    return Estimate(mean, low, high, "gain in right answers/task", level, n, method, "assumed")

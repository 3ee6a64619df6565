"""Faults of a loop, each by its name: caught with numbers, looked for and not seen, or impossible to look for."""

from __future__ import annotations

import numpy as np

from assay.curate.loop.gate import Audits, TurnAudit, gate_report
from assay.curate.loop.turn import TurnRecord
from assay.curate.loop.verdict_fault import (
    AGREEMENT,
    BLIND,
    DIVERSITY,
    FEWEST_OF_KIND,
    LEAK,
    LENGTH,
    PAST_BEST,
    PURITY,
    RARE,
    UNSHARED,
    Fault,
    FaultGround,
    difference,
    gain_of,
    is_above,
    is_below,
)
from assay.errors import EstimateError
from assay.estimate.gate_quality import AuditCount
from assay.estimate.interval import missing_chance
from assay.estimate.loop_gain import paired_gain, past_best
from assay.estimate.loop_gain_length import length_growth
from assay.estimate.loop_gain_samples import sampled_change
from assay.estimate.product import each_level
from assay.estimate.two_shares import Share, share_difference
from assay.quantity import Estimate, Unknown


def find_faults(ground: FaultGround) -> tuple[Fault, ...]:
    """Return every fault that is looked for, with what was found."""
    return (
        _leak(ground), _unshared(ground), _length(ground), _diversity(ground), _rare(ground), _blind(ground),
        _purity(ground), _agreement(ground), _past_best(ground),
    )  # fmt: skip


def _leak(ground: FaultGround) -> Fault:
    leaks, everything = ground.leaks, ground.all_held_out
    if not leaks.places and not leaks.told:
        if not leaks.examples:
            return Fault(LEAK, "unknown", (), "what was trained on is not in this folder or ledger")
        words = (
            f"no held-out task is among {leaks.examples:,} prompts that were trained on (the same text or nearly; "
            "paraphrases are not found)"
        )
        return Fault(LEAK, "not seen", (), words)
    which = np.zeros(len(everything.tasks), dtype=bool)
    which[list(leaks.places)] = True
    each = each_level(ground.look)
    first, last = everything.right[0], everything.right[-1]
    leaked = paired_gain(first[which], last[which], confidence_level=each)
    others = paired_gain(first[~which], last[~which], confidence_level=each)
    words = (
        f"{len(leaks.same):,} of {len(which):,} held-out tasks were trained on as they stand, "
        f"{len(leaks.near):,} nearly so"
        + (f", the first in turn {leaks.first_turn}" if leaks.first_turn else "")
    )
    if leaks.told:
        words += f"; the loop itself says: {'; '.join(leaks.told)}"
    return Fault(
        LEAK,
        "caught",
        (
            ("gain on the leaked tasks", leaked),
            ("gain on the others", others),
            ("gain on the leaked tasks less that on the others", difference(leaked, others)),
        ),
        words,
        "believe the gain on the others only; take the leaked tasks out of the training tasks and run the loop again",
    )


def _unshared(ground: FaultGround) -> Fault:
    if ground.harder is None:
        return Fault(UNSHARED, "unknown", (), "the loop has no harder set")
    each = each_level(ground.look)
    easy, hard = gain_of(ground.held_out, each), gain_of(ground.harder, each)
    apart = difference(easy, hard)
    evidence = (
        ("gain on the held-out set", easy),
        ("gain on the harder set", hard),
        ("held-out less harder", apart),
    )
    if isinstance(apart, Unknown):
        return Fault(UNSHARED, "unknown", evidence, apart.reason)
    large = isinstance(easy, Estimate) and easy.value > ground.margin and easy.low > 0
    if large and not is_above(hard) and is_above(apart):
        words = "the held-out set gains much and the harder set is not shown to gain at all"
        advice = (
            "look for held-out tasks, or paraphrases of them, in what is trained on (assay exam overlap); measure on "
            "fresh tasks"
        )
        return Fault(UNSHARED, "caught", evidence, words, advice)
    return Fault(UNSHARED, "not seen", evidence, "the harder set is not shown to be left behind")


def _length(ground: FaultGround) -> Fault:
    found = ground.lengths
    length = ground.held_out.length
    growth = length_growth(length[0], length[-1], confidence_level=ground.look)
    evidence = (
        ("a kept answer is longer than a rejected one that is as right (1/2: no preference)", found.preference.size),
        ("outputs that got longer less those that got shorter", growth),
        ("gain in right answers", ground.gain),
    )  # fmt: skip
    p = found.preference.p_value
    if p is None:
        return Fault(
            LENGTH,
            "unknown",
            evidence,
            found.reason
            or "no labeled answers of different lengths, some kept and some rejected, that are equally right",
        )
    tested = f"p {p:.2g} over {found.preference.compared:,} labels, against equally right answers of the same turn"
    prefers = p <= missing_chance(ground.look)
    if prefers and is_above(growth):
        gained = (
            "so does the share right"
            if is_above(ground.gain)
            else "the share right is not shown to"
        )
        words = f"longer answers are kept more often ({tested}), and outputs grow longer by the turn; {gained}"
        advice = (
            "compare kept and rejected answers of equal length; make the check read the answer only, or cap its "
            "length"
        )
        return Fault(LENGTH, "caught", evidence, words, advice)
    if prefers:
        return Fault(
            LENGTH,
            "not seen",
            evidence,
            f"longer answers are kept more often ({tested}), but outputs are not shown to grow: watch it",
        )
    return Fault(LENGTH, "not seen", evidence, f"length is not shown to count ({tested})")


def _diversity(ground: FaultGround) -> Fault:
    several = ground.held_out.sampled
    if not several:
        return Fault(DIVERSITY, "unknown", (), "no task was answered several times in every turn")
    # Two ways to lose diversity: each may err with half of the look's chance.
    change = sampled_change(several[0], several[-1], confidence_level=each_level(ground.look))
    score = ground.gain if is_above(ground.gain) else change.pass_1
    evidence = (
        ("gain of the score", score),
        (f"gain of pass@{several[0].samples}", change.pass_k),
        ("change of distinct outputs", change.distinct),
        ("change of how often two right answers differ", change.right_pairs_apart),
    )
    narrower = is_below(change.pass_k) or is_below(change.right_pairs_apart)
    if narrower and is_above(score):
        lost = (
            f"pass@{several[0].samples} falls"
            if is_below(change.pass_k)
            else "right answers become alike"
        )
        words = f"the score rises while {lost}: what chance could once bring out is being forgotten"
        advice = "train on all different right answers and on fewer copies of each, mix real data in, sample hotter"
        return Fault(DIVERSITY, "caught", evidence, words, advice)
    words = (
        "samples get fewer right answers apart, and the score does not rise"
        if narrower
        else "neither pass@k nor the variety of right answers is shown to fall"
    )
    return Fault(DIVERSITY, "not seen", evidence, words)


def _rare(ground: FaultGround) -> Fault:
    answers = ground.held_out
    parts: list[tuple[str, np.ndarray]] = []
    for tag, values in answers.buckets.items():
        for value in sorted(set(values)):
            which = np.array([one == value for one in values], dtype=bool)
            if int(which.sum()) >= FEWEST_OF_KIND:
                parts.append((f"{tag} = {value or 'none'}", which))
    count = len(parts) + (ground.harder is not None)
    if not count:
        return Fault(RARE, "unknown", (), "there are no kinds of task by tags, and no harder set")
    level = 1 - missing_chance(ground.look) / count
    gains = [
        (
            name,
            paired_gain(answers.right[0][which], answers.right[-1][which], confidence_level=level),
        )
        for name, which in parts
    ]
    if ground.harder is not None:
        gains.append(("harder set", gain_of(ground.harder, level)))
    lost = tuple((f"gain on {name}", gain) for name, gain in gains if is_below(gain))
    if lost and not is_below(ground.gain):
        words = f"{len(lost)} of {count} kinds of task get worse while the whole does not"
        return Fault(
            RARE,
            "caught",
            lost,
            words,
            "add real examples of these kinds, or ask for more answers to them",
        )
    if lost:
        return Fault(
            RARE, "not seen", lost, f"{len(lost)} of {count} kinds get worse, and so does the whole"
        )
    return Fault(RARE, "not seen", (), f"none of {count} kinds of task is shown to get worse")


def audits_of(records: tuple[TurnRecord, ...], name: str = "") -> Audits:
    """Return the labels of the turns that have both kept and rejected ones labeled, or nothing to label there."""
    turns = []
    for record in records:
        kept, rejected = record.audit.kept, record.audit.rejected
        if not kept.labeled or (rejected.of and not rejected.labeled):
            continue
        turns.append(
            TurnAudit(
                record.turn,
                AuditCount(kept.labeled, kept.right, kept.of),
                AuditCount(rejected.labeled, rejected.right, rejected.of),
                record.audit.by_kind,
            )
        )
    return Audits(name, tuple(turns))


def _blind(ground: FaultGround) -> Fault:
    audits = audits_of(ground.records)
    if not audits.turns:
        return Fault(
            BLIND, "unknown", (), "no turn has labels of what was kept and of what was rejected"
        )
    if not any(turn.by_kind for turn in audits.turns):
        return Fault(BLIND, "unknown", (), "no labeled error has a kind")
    try:
        spots = (
            gate_report([audits], confidence_level=ground.confidence_level).stands[0].blind_spots
        )
    except EstimateError as error:
        return Fault(BLIND, "unknown", (), error.message)
    if spots:
        words = "; ".join(
            f"{spot.kind} passes as if it were right, shown in turn {spot.turn}" for spot in spots
        )
        evidence = tuple((f"share of {spot.kind} that is kept", spot.passes) for spot in spots)
        advice = "add a check that sees these errors: more turns with this verifier do not take them away"
        return Fault(BLIND, "caught", evidence, words, advice)
    return Fault(BLIND, "not seen", (), "no kind of error is shown to pass as if it were right")


def _purity(ground: FaultGround) -> Fault:
    labeled = [record for record in ground.records if record.audit.kept.labeled]
    if len(labeled) < 2:
        why = "purity is unknown: fewer than two turns have labels of what was kept"
        return Fault(PURITY, "unknown", (), why)
    first, last = labeled[0], labeled[-1]
    shares = [Share(one.audit.kept.right, one.audit.kept.labeled) for one in (last, first)]
    change = share_difference(*shares, confidence_level=ground.look)
    evidence = ((f"purity of turn {last.turn} less that of turn {first.turn}", change),)
    if is_below(change):
        words = (
            f"{shares[0].hits} of {shares[0].cases} labeled kept answers are right in turn {last.turn}, "
            f"{shares[1].hits} of {shares[1].cases} in turn {first.turn}"
        )
        advice = (
            'stop training on these; a stricter check, or real data mixed in (mix = "accumulate")'
        )
        return Fault(PURITY, "caught", evidence, words, advice)
    return Fault(PURITY, "not seen", evidence, "purity is not shown to fall")


def _agreement(ground: FaultGround) -> Fault:
    several = ground.held_out.sampled
    if not several:
        return Fault(
            AGREEMENT,
            "unknown",
            (),
            "no task was answered several times in every turn, and the learner gives no probabilities",
        )
    change = sampled_change(several[0], several[-1], confidence_level=ground.look).overconfidence
    evidence = (("change of agreement less right", change),)
    if is_above(change):
        words = "answers to one task agree more, and are not right more often by as much"
        advice = "don't take agreement for a verifier in this loop; keep sure and wrong answers for labels"
        return Fault(AGREEMENT, "caught", evidence, words, advice)
    return Fault(
        AGREEMENT, "not seen", evidence, "agreement of samples is not shown to outrun being right"
    )


def _past_best(ground: FaultGround) -> Fault:
    if len(ground.held_out.right) < 3:
        return Fault(PAST_BEST, "unknown", (), "there is one turn only")
    found = past_best(ground.held_out.right, confidence_level=ground.confidence_level)
    if found is None:
        return Fault(
            PAST_BEST, "not seen", (), "no earlier turn is shown to be better than the last"
        )
    evidence = ((f"gain since turn {found.turn}", found.loss),)
    words = f"turn {found.turn} was better than the last one"
    return Fault(
        PAST_BEST, "caught", evidence, words, f"go back to the weights of turn {found.turn}"
    )

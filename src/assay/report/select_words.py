"""A selection in words: what was taken, what was left out and why, and whether training on it shows a gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from assay.curate.select import Selection
from assay.curate.select_ranking import OTHER_TARGET
from assay.curate.select_verdict import Contest, Proof
from assay.curate.value_result import GENERALISES
from assay.figures import interval
from assay.quantity import Estimate

REASONS = {
    "below_budget": "ranked below the budget's end",
    "larger_than_what_is_left": "larger than what was left of the budget",
    "near_duplicate": "a near-duplicate of a better one",
    "source_quota": "its source has its share already",
    "overlaps_target": "overlaps with the held-out target",
    "empty": "holds no text",
    "measured_hurts": "of a part that hurts",
    "measured_worthless": "of a part that is worthless",
    "measured_unknown": "of a part whose value is not known",
}

CONTEST_COLUMNS = ("rival", "regime", "own tokens", "rival's", "bits/byte", "verdict")
MOST_SOURCES = 20
REST = "(all others)"


def headline(found: Selection) -> str:
    """Return the verdict in a sentence."""
    if found.proof is None:
        return f"Selected, and not proved: {found.why_unproved}."
    if OTHER_TARGET in found.notes:
        return f"If the value was measured on other documents than this target: {found.proof.headline}."
    return f"{found.proof.headline}."


def basis_words(proof: Proof) -> str:
    """Return what the verdicts rest on, for beside them: proxy, budget, seeds and held-out documents."""
    most = max(
        max(contest.trained_tokens, contest.rival_trained_tokens) for contest in proof.contests
    )
    return (
        f"Trained: {proof.proxy}, {most:,} tokens at most, {proof.seeds} seeds; asked about {proof.target_documents:,} "
        f"held-out documents ({proof.target_clusters:,} clusters)."
    )


def contest_cells(contest: Contest) -> tuple[str, ...]:
    """Return the row of a contest."""
    change = contest.change
    known = isinstance(change, Estimate)
    return (
        contest.rival_words,
        contest.regime,
        _trained(contest.selected_tokens, contest.trained_tokens) if known else "",
        _trained(contest.rival_tokens, contest.rival_trained_tokens) if known else "",
        interval(change) if isinstance(change, Estimate) else change.reason,
        contest.verdict,
    )


def _trained(tokens: int, trained: int) -> str:
    return f"{tokens:,}" if trained <= tokens else f"{tokens:,} x {trained / tokens:.1f}"


def selection_sentences(found: Selection) -> Iterator[str]:
    """Yield what was taken and what was left out."""
    kept, question = found.kept, found.question
    unit = question.budget.unit
    yield (
        f"{int(kept.sum()):,} of {len(kept):,} documents, {int(found.sizes[kept].sum()):,} of "
        f"{int(found.sizes.sum()):,} {unit}, for a budget of {question.budget.described}."
    )
    yield f"Ranked by {found.ranked_by}; {quota_words(found)}."
    for reason, count in Counter(r for r in found.reasons if r).most_common():
        yield f"  left out {count:>9,}  {REASONS.get(reason, reason)} ({reason})"
    for reason, count in found.rejected.items():
        yield f"  no document {count:>6,}  {reason}"


def quota_words(found: Selection) -> str:
    """Return how many of a kind are taken."""
    question = found.question
    parts = [
        f"at most {question.per_cluster} of a cluster of near-duplicates"
        if question.per_cluster
        else "near-duplicates are not asked about"
    ]
    if question.most_of_source < 1:
        parts.append(f"at most {question.most_of_source:.0%} of the budget from one source")
    return ", ".join(parts)


def source_rows(found: Selection) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of the sources, the largest first; beyond twenty, what is left as one."""
    unit = found.question.budget.unit
    columns = ("source", "documents", f"{unit} of it", "selected", f"{unit} selected", "of it")
    numbers = [(name, tuple(held.values())) for name, held in found.by_source.items()]
    numbers.sort(key=lambda pair: -pair[1][1])
    shown, others = numbers[:MOST_SOURCES], numbers[MOST_SOURCES:]
    if others:
        summed = zip(*(held for _, held in others), strict=True)
        shown.append((REST, tuple(sum(column) for column in summed)))
    return columns, [
        (name, f"{docs:,}", f"{size:,}", f"{own:,}", f"{took:,}", f"{took / max(1, size):.0%}")
        for name, (docs, size, own, took) in shown
    ]


def limit_sentences(found: Selection) -> Iterator[str]:
    """Yield how it was measured and how far that goes."""
    yield f"Target: {found.target_split}."
    yield from found.notes
    proof = found.proof
    if proof is None:
        return
    yield (
        "bits/byte: of held-out documents, with the selection less with its rival; less is better. compute-fixed: both "
        "go over as many tokens. data-fixed: each goes once over all it has. Verdicts with Holm's correction for "
        f"{len(proof.contests)} contests."
    )
    yield (
        f"Trained: {proof.proxy}, {proof.seeds} seeds; asked about {proof.target_documents} documents "
        f"({proof.target_clusters} clusters, {proof.target_bytes:,} bytes). {GENERALISES}"
    )
    yield from proof.notes

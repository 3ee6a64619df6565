"""What `assay curate synthesize` prints: the set, its purity or that nobody knows it, the yield, what was left out."""

from __future__ import annotations

from typing import Any

from assay.curate.synthesize_card import purity_words, said
from assay.curate.synthesize_choose import REJECTED
from assay.curate.synthesize_result import Synthesis
from assay.figures import confidence, shown
from assay.quantity import Estimate
from assay.terminal import visible

REASONS_SHOWN = 8


def print_synthesis(found: Synthesis, place: str, screen: Any) -> None:
    """Print a set.

    Parameters
    ----------
    found
    place
        Where it was written.
    screen
        A rich console.
    """
    from rich.text import Text

    head, *lines = synthesis_lines(found, place)
    screen.print(Text(visible(head), style="bold"))
    for line in lines:
        screen.print(Text(visible(line)))


def synthesis_lines(found: Synthesis, place: str) -> list[str]:
    """Return what is printed, line by line."""
    gain = found.gain
    lines = [
        (
            f"{gain.kept:,} examples of {gain.tasks_kept:,} tasks, from {gain.generated:,} answers "
            f"to {gain.tasks:,} tasks: {place}"
        ),
        purity_words(found),
    ]
    judges = [found.verified.panel] if found.verified.panel else list(found.verified.judges)
    names = f" {_joint(found)} ".join(judges)
    lines.append(f"Verified by {names}: {gain.verified:,} of {gain.generated:,} answers pass")
    lines += [f"  {text}" for text in _verifier(found)]
    lines += _yield(found)
    hard = ", ".join(f"{name} {count:,}" for name, count in found.difficulty.items())
    lines.append(f"Examples by how hard their tasks are: {hard}")
    reasons = list(found.chosen.reasons().items())
    if reasons:
        lines.append(
            f"Not kept: {found.outcomes[REJECTED]:,} rejected, {found.outcomes['left out']:,} verified and left out"
        )
        lines += [f"  {count:>7,}  {why}" for why, count in reasons[:REASONS_SHOWN]]
        if len(reasons) > REASONS_SHOWN:
            lines.append(f"  {len(reasons) - REASONS_SHOWN:,} more reasons are in card.json")
    for name in found.chosen.empty_buckets:
        lines.append(
            f"No {name} task has a verified answer: its share of the balance went to the others"
        )
    if found.missing:
        lines.append(f"{found.missing:,} answers that were wanted are not there")
    return lines


def _yield(found: Synthesis) -> list[str]:
    gain = found.gain
    share = gain.verified_share
    how = ""
    if isinstance(share, Estimate):
        how = f" ({confidence(share)}, n {share.n:,} tasks; {share.method})"
    lines = [f"For each verified example, of tasks like these{how}:"]
    gains = (
        ("generations", gain.generations_per_verified),
        ("USD", gain.usd_per_verified),
        ("seconds", gain.seconds_per_verified),
        ("tokens", gain.tokens_per_verified),
    )
    lines += [f"  {name:<12}{shown(value)}" for name, value in gains]
    lines.append(f"For each that is kept and right: {said(gain.generations_per_right)}")
    return lines


def _joint(found: Synthesis) -> str:
    return {"all": "and", "any": "or"}.get(found.gate.combine, "/")


def _verifier(found: Synthesis) -> list[str]:
    gate = found.audit.gate
    if gate is None:
        return [
            f"what it keeps of right and of wrong answers is unknown: {found.audit.why_no_gate}"
        ]
    return [
        f"keeps of right answers {said(gate.keeps_right, percent=True)}",
        f"keeps of wrong answers {said(gate.keeps_wrong, percent=True)}",
        *([f"ratio of the two {said(gate.log_ratio.quantity)}"] if gate.log_ratio else []),
    ]

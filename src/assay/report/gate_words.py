"""What a gate's answer says in words: the same for a terminal, Markdown and a test report."""

from __future__ import annotations

from collections.abc import Iterator

from assay.figures import interval, plain, shown
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.gate_result import Compared, GateResult

VERDICTS = {
    "take": "Take it",
    "refuse": "Refuse it",
    "not enough data": "Not enough data",
}

COLLAPSE = 0.25
"""A stratum whose error rate rises by so much has collapsed: it no longer does what it did."""


def headline(result: GateResult) -> str:
    """Return the answer in one line."""
    return f"{VERDICTS[result.answer]}: {result.old.name} to {result.new.name}"


def table_rows(result: GateResult) -> list[tuple[str, ...]]:
    """Return a row for all tasks and one for each stratum; `HEADER` names the columns."""
    return [_row(one) for one in (result.whole, *result.strata)]


HEADER = (
    "", "tasks", "wrong before", "now", "broke", "fixed", "difference (points)", "p, changed", "p, worse",
)  # fmt: skip


def _row(one: Compared) -> tuple[str, ...]:
    table = one.table
    return (
        one.name,
        f"{table.n:,}",
        f"{table.old_errors / table.n:.1%}",
        f"{table.new_errors / table.n:.1%}",
        f"{table.broke:,}",
        f"{table.fixed:,}",
        interval(one.difference.scaled(100, "points")),
        p_words(one.p_value),
        p_words(one.tested.p_worse_adjusted),
    )


def p_words(p: float) -> str:
    """Return a p-value, never as nothing.

    Examples
    --------
    >>> p_words(0.0801), p_words(1e-44), p_words(1.0)
    ('0.080', '1e-44', '1')
    """
    if p >= 0.995:
        return "1"
    return f"{p:.3f}" if p >= 0.01 else f"{p:.2g}"


def sentences(result: GateResult) -> Iterator[str]:
    """Return what the answer rests on, what it means in errors, and what would decide it."""
    yield from result.reasons
    yield from _collapse(result)
    yield f"demanded: {result.demand.sentence()}"
    yield _flips(result)
    yield _noise(result)
    yield _volume(result)
    if result.answer == "not enough data":
        yield _more(result.more_tasks)
    e = max(result.whole.log_e_value(True), result.whole.log_e_value(False))
    yield (
        f"bet that may be looked at any time: e = {_e_words(e)} "
        f"(decides at {plain(2 / result.demand.alpha)} with --any-time)"
    )


def notes(result: GateResult) -> Iterator[str]:
    """Return what limits the answer."""
    out = result.left_out
    if result.without_noise_floor:
        yield (
            "without a noise floor (--no-noise-floor): what a second run of the same version would have changed is "
            "not known"
        )
    if result.strata:
        corrected = f", corrected for {len(result.decision.tests)} tests (Holm)"
    else:
        corrected = ""
    yield (
        f"p, changed: exact McNemar, as many errors as before; p, worse: beyond what is demanded{corrected}; both "
        "two-sided"
    )
    if out.only_old or out.only_new:
        yield (
            f"{out.only_old:,} tasks were answered by the old version alone, {out.only_new:,} by the new one alone: "
            "left out. Tasks that the new version failed to answer are no errors here"
        )
    if out.unjudged:
        yield f"{out.unjudged:,} tasks lack a verdict on one of the answers: in no table, but held against the answer"
    if out.repeated:
        yield f"{out.repeated:,} tasks have several answers to one epoch: the first by time is compared"
    if not result.strata:
        yield "no strata: an average can hide that one kind of task collapsed; name tags with --by"
    yield f"graded by {result.grader.name}"
    yield f"tasks sha256 {result.tasks_sha256[:16]}"
    yield from result.notes


def _collapse(result: GateResult) -> Iterator[str]:
    for one in result.refusing:
        if one is result.whole or one.difference.value < COLLAPSE:
            continue
        better = [other for other in result.strata if other.difference.high < 0]
        hidden = ""
        if better:
            points = 100 * result.whole.difference.value
            hidden = (
                f", while {better[0].name} got better: the average hides it ({points:+.1f} points)"
            )
        old, new = one.table.old_errors / one.table.n, one.table.new_errors / one.table.n
        yield f"class collapse: {one.name} went from {old:.1%} to {new:.1%} wrong{hidden}"


def _flips(result: GateResult) -> str:
    shares = result.whole.shares
    changed = ""
    different = result.both_wrong_different
    if isinstance(different, Estimate):
        count = result.whole.table.discordant + int(different.value)
        changed = (
            f"; {int(different.value):,} more are wrong both times with another answer: "
            f"{count / result.whole.table.n:.1%} of the answers changed"
        )
    return (
        f"newly wrong {_percent(shares.negative_flips)} of the tasks, newly right {_percent(shares.positive_flips)}, "
        f"together {_percent(shares.churn)}; {_percent(shares.regressions)} of the new version's errors are new"
        f"{changed}"
    )


def _noise(result: GateResult) -> str:
    if result.noise is None:
        return (
            "noise floor unknown: the same version was never run twice, so what moves a whole run (a seed, a day) is "
            "not told from the update"
        )
    churn = result.noise.churn(result.demand.confidence_level)
    return (
        f"noise floor: {result.noise.of} run twice changes {_percent(churn)} of {result.noise.table.n:,} tasks; "
        f"this update changed {_percent(result.whole.shares.churn)}"
    )


def _volume(result: GateResult) -> str:
    old, new, times = result.volume.old, result.volume.new, result.volume.times
    if isinstance(times, Unknown):
        return f"errors a day: {shown(times)}"
    return (
        f"errors a day: {shown(old.errors_per_day)} before, {shown(new.errors_per_day)} now, "
        f"{shown(times)} times as many"
    )


def _more(more: Quantity) -> str:
    if isinstance(more, Unknown):
        return f"how many tasks more: {more.reason}"
    return f"about {plain(more.value)} tasks more for {more.method}"


def _percent(quantity: Quantity) -> str:
    return shown(quantity, percent=True)


def _e_words(log_e: float) -> str:
    ten = log_e / 2.302585092994046
    return f"1e{ten:.0f}" if ten >= 5 else plain(10**ten)

"""What a verdict on a loop says, in words; the terminal and the page say the same."""

from __future__ import annotations

from collections.abc import Iterator

from assay.curate.loop.verdict_result import LoopResult, VerdictReport
from assay.figures import interval, shown
from assay.quantity import Estimate, Quantity, Unknown

VOLUME = {
    "falling": "Error volume is still falling: the last turn took errors away",
    "rising": "Error volume is rising: the last turn added errors",
    "flat": "Error volume stands still: the last turn is shown to change little",
    "undecided": "Whether error volume still falls is not shown by the last turn",
}
SOURCE = {
    "new knowledge": "new knowledge (tasks that no sample got right before)",
    "sharpening": "sharpening (tasks that were right now and then are right more often), and no new knowledge",
    "both": "new knowledge (tasks that no sample got right before) and sharpening (tasks that were right now and then)",
    "neither shown": "neither new knowledge nor sharpening",
}
TURN_COLUMNS = (
    "turn", "right, %", "gain in the turn, %", "gain since turn 0, at this look, %", "verdict", "harder: right, %",
    "errors a day", "purity of what was kept, %",
)  # fmt: skip
SAMPLE_COLUMNS = (
    "turn",
    "pass@1, %",
    "pass@k, %",
    "distinct outputs, %",
    "agreement less right, %",
)
PRICE_COLUMNS = ("turn", "seconds", "errors a day removed", "seconds for each", "USD for each")


def headline(report: VerdictReport) -> str:
    """Return the verdict in one sentence."""
    loops = report.loops
    if len(loops) == 1:
        return loop_headline(loops[0])
    counts = [
        f"{sum(loop.verdict == verdict for loop in loops)} {verdict}"
        for verdict in ("virtuous", "flat", "collapsing", "undecided")
        if any(loop.verdict == verdict for loop in loops)
    ]
    faulty = sum(bool(loop.caught) for loop in loops)
    said = f"{len(loops)} loops: {', '.join(counts)}"
    return f"{said}; a fault was caught in {faulty}." if faulty else f"{said}."


def loop_headline(loop: LoopResult) -> str:
    """Return the verdict on one loop."""
    since = f", known from turn {loop.earliest}" if loop.earliest else ""
    caught = ", ".join(fault.name for fault in loop.caught)
    faults = f"; caught: {caught}" if caught else ""
    return f"{loop.evidence.name}: {loop.verdict}{since}{faults}."


def loop_sentences(loop: LoopResult, margin: float) -> Iterator[str]:
    """Yield what the verdict rests on."""
    of, last = loop.evidence, loop.gains[-1]
    yield (
        f"Turn {last.turn} against turn 0: {_points(last.at_look)} of the tasks more are right, at the level of a "
        f"look after every turn ({last.pairs:,} tasks judged both times, {last.unjudged:,} not)."
    )
    if isinstance(last.at_look, Estimate) and loop.verdict in ("undecided", "flat"):
        yield f"Flat means that a change of more than {100 * margin:g} points is ruled out either way."
    if loop.leaked:
        yield f"{loop.leaked:,} held-out tasks that were trained on are left out of every number here."
    most = max(of.held_out.answered)
    if most > len(of.held_out.tasks):
        yield (
            f"{len(of.held_out.tasks):,} tasks pair over all turns; {most:,} were answered in one of them. The others "
            "are left out."
        )
    if of.verify:
        yield f"Verifier: {of.verify}; mix: {of.mix}."
    yield f"What is right is said by {', '.join(of.judges)}."
    yield f"{VOLUME[loop.volume_trend]} ({_points(last.from_last)} of the tasks)."
    yield from _sampled(loop)
    yield from _labels(loop)
    yield from _outlook(loop)


def _sampled(loop: LoopResult) -> Iterator[str]:
    if not loop.changes:
        yield "Sharpening and new knowledge can't be told apart: no task was answered several times in every turn."
        return
    change, several = loop.changes[-1], loop.evidence.held_out.sampled[0]
    yield (
        f"pass@1 of samples {_points(change.pass_1)}, pass@{several.samples} {_points(change.pass_k)} since turn 0. "
        f"Shown: {SOURCE.get(loop.source, loop.source)}. New knowledge {_points(change.new_knowledge)}, sharpening "
        f"{_points(change.sharpening)}."
    )
    if loop.evidence.held_out.left_out:
        left = loop.evidence.held_out.left_out
        yield f"{left:,} tasks are left out of the samples: an answer is missing or not judged."


def _labels(loop: LoopResult) -> Iterator[str]:
    if not loop.by_labels:
        yield "By labels alone nothing is known: no turn has labels of kept and of rejected answers."
        return
    said = ", ".join(f"turn {turn}: {verdict}" for turn, verdict in loop.by_labels)
    yield (
        f"The verifier by its labels alone, against the break-even that the package measured on its own example: "
        f"{said} (see assay loop gate)."
    )


def _outlook(loop: LoopResult) -> Iterator[str]:
    outlook = loop.outlook
    yield (
        f"Next turn, forecast: {_points(outlook.forecast.next)} of the tasks; errors a day removed: "
        f"{shown(outlook.next_removed_per_day)}."
    )
    judged = [one.inside for _, one in outlook.checked if one.inside is not None]
    if judged:
        held = f"{sum(judged)} of {len(judged)} forecasts"
        yield f"Checked afterwards: {held} of turns that have been run hold what was measured."
    for lever, against in outlook.levers:
        what = {"cheaper": "is cheaper", "dearer": "is dearer"}.get(
            against, "is not shown to be cheaper or dearer"
        )
        yield (
            f"Against {lever.name} (USD {lever.usd_per_error_a_day:,.4g} for an error a day): the next turn {what} "
            f"({shown(outlook.next_price)})."
        )
    stop = outlook.stop
    if not isinstance(stop, Unknown):
        fires = (
            "costs more than it is predicted to be worth"
            if stop.fires
            else "is predicted to be worth its cost"
        )
        yield (
            f"Stop rule: {stop.advice}. The next turn {fires if stop.fires is not None else 'has no forecast'}: USD "
            f"{stop.cost_usd:,.4g} for {shown(stop.worth_usd)}."
        )


def turn_rows(loop: LoopResult) -> list[list[str]]:
    """Return the table of turns."""
    rows = []
    for turn, state in enumerate(loop.states):
        gain = loop.gains[turn - 1] if turn else None
        rows.append(
            [
                state.version,
                _percent(state.right),
                _percent(gain.from_last) if gain else "",
                _percent(gain.at_look) if gain else "",
                gain.verdict if gain else "",
                _percent(state.harder),
                _figure(state.errors_per_day),
                _percent(state.purity) if turn else "",
            ]
        )
    return rows


def sample_rows(loop: LoopResult) -> list[list[str]]:
    """Return the table of samples; empty where there are none."""
    return [
        [
            state.version,
            _percent(state.sampled.pass_1),
            _percent(state.sampled.pass_k),
            _percent(state.sampled.distinct),
            _percent(state.sampled.overconfidence),
        ]
        for state in loop.states
        if not isinstance(state.sampled, Unknown)
    ]


def price_rows(loop: LoopResult) -> list[list[str]]:
    """Return what each turn took."""
    return [
        [
            f"turn {price.turn}",
            _figure(price.seconds),
            _figure(price.removed_per_day),
            _figure(price.seconds_per_error_a_day),
            _figure(price.usd_per_error_a_day),
        ]
        for price in loop.prices
    ]


def fault_rows(loop: LoopResult) -> list[tuple[str, str, str, str]]:
    """Return name, state, what was found with its numbers, and what to do; the caught ones first."""
    order = {"caught": 0, "unknown": 1, "not seen": 2}
    return [
        (
            fault.name,
            fault.state,
            "; ".join(
                [fault.words, *(f"{name}: {shown(quantity)}" for name, quantity in fault.evidence)]
            ),
            fault.advice,
        )
        for fault in sorted(loop.faults, key=lambda fault: order[fault.state])
    ]


def arm_rows(report: VerdictReport) -> list[list[str]]:
    """Return the table of arms."""
    return [
        [
            arm.arm,
            arm.verdict,
            ", ".join(f"{count} {verdict}" for verdict, count in arm.verdicts.items()),
            _percent(arm.gain),
            "; ".join(
                sorted(
                    {
                        f.name
                        for loop in report.loops
                        if (loop.evidence.arm or "loop") == arm.arm
                        for f in loop.caught
                    }
                )
            ),
        ]
        for arm in report.arms
    ]


ARM_COLUMNS = (
    "arm",
    "verdict of all seeds",
    "seeds",
    "mean gain over seeds, %",
    "caught in some seed",
)


def limit_sentences(report: VerdictReport) -> list[str]:
    """Return how far the verdict goes."""
    level = 100 * report.question.confidence_level
    names = "; ".join(report.left_out)
    return [
        *([f"Not in it, since no turn after turn 0 is done: {names}."] if names else []),
        (
            f"Verdicts hold at {level:g} % for all looks of one loop together, however many turns; each other interval "
            f"at {level:g} % by itself."
        ),
        "A verdict is about this loop's weights on tasks like these, not about another seed.",
        (
            "A fault that was not seen may be there. Nine are looked for in each loop: of many loops, some will show "
            "one by chance."
        ),
        "Where a learner gives no probabilities its calibration is unknown; the agreement of samples stands in.",
        (
            "A turn's seconds are those of generating, verifying and training on this machine; measuring and labels "
            "are not in them."
        ),
    ]


def _points(quantity: Quantity) -> str:
    return (
        interval(quantity, percent=True)
        if isinstance(quantity, Estimate)
        else f"unknown ({quantity.reason})"
    )


def _percent(quantity: Quantity) -> str:
    """Return a share for a column whose head says that it is in percent."""
    if isinstance(quantity, Unknown):
        return "unknown"
    return interval(quantity, percent=True).removesuffix(" %")


def _figure(quantity: Quantity) -> str:
    return interval(quantity) if isinstance(quantity, Estimate) else "unknown"

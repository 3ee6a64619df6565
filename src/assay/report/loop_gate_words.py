"""What a gate's measurement says, in words: for the text and for the page."""

from __future__ import annotations

from collections.abc import Iterator

from assay.curate.loop.gate import OWN, GateReport, GateStand
from assay.estimate.gate_quality import GateQuality
from assay.figures import interval
from assay.quantity import Estimate, Quantity, Unknown

FENG = "Feng et al. 2024, arXiv:2406.07515, theorem 4.2"
YI = "Yi et al. 2025, arXiv:2510.16657"
GERSTGRASSER = "Gerstgrasser et al. 2024, arXiv:2404.01413"


def headline(stand: GateStand) -> str:
    """Return where a verifier stands, in a sentence."""
    name = stand.audits.name
    if stand.ratio is None:
        return f"{name}: undecided, since {_reason(stand.log_ratio)}."
    figure = _figure(stand.log_ratio)
    if stand.verdict.verdict == "through":
        return f"{name}: through the gate. ln(phi/psi) is {figure}, above the break-even."
    if stand.verdict.verdict == "outside":
        below = "below 0" if stand.ratio.high < 0 else "below the break-even"
        return f"{name}: outside the gate. ln(phi/psi) is {figure}, {below}: training on what it keeps loses."
    return (
        f"{name}: undecided. ln(phi/psi) is {figure}, and the break-even lies within reach of it."
    )


def sentences(stand: GateStand) -> Iterator[str]:
    """Yield what else is to be said of a verifier."""
    last = stand.last
    if isinstance(last.purity, Unknown):
        yield f"The purity of what it keeps is unknown: {last.purity.reason}."
    if len(stand.qualities) > 1 and stand.last_verdict.verdict != stand.verdict.verdict:
        ratio = last.log_ratio
        figure = "unknown" if ratio is None else _figure(ratio.quantity)
        yield (
            f"The last turn alone is {stand.last_verdict.verdict}: ln(phi/psi) is {figure} there, and what counts is "
            "how the verifier does on the answers of this generator as it is now."
        )
    for spot in stand.blind_spots:
        kept = interval(spot.passes, percent=True)
        yield (
            f'Blind spot: errors of the kind "{spot.kind}" pass as if they were right: {kept} of them are kept, shown '
            f"at turn {spot.turn}. Training does not remove them: they are the plateau ({YI})."
        )
    if isinstance(last.purity, Estimate) and isinstance(last.generator, Estimate):
        yield (
            f"Odds identity: of all answers {interval(last.generator, percent=True)} are right, of those kept "
            f"{interval(last.purity, percent=True)}: logit of the second is logit of the first plus ln(phi/psi)."
        )
    if isinstance(last.generations_per_right, Estimate) and isinstance(
        last.wrong_per_right, Estimate
    ):
        yield (
            f"Yield: {interval(last.generations_per_right)} generated answers for each right one kept, and with it "
            f"{interval(last.wrong_per_right)} wrong ones."
        )
    if isinstance(stand.usd_per_right, Estimate):
        yield f"Price: {interval(stand.usd_per_right)} USD for each right answer kept."
    for way in stand.ways:
        yield f"What would bring it through: {way.said}."


def law_words(report: GateReport) -> Iterator[str]:
    """Yield what the break-even is, where it comes from, and what the other bounds say."""
    even = report.break_even
    where = (
        f"fitted to {report.law.turns} turns of {report.law.loops} of these loops"
        if report.law_of == OWN
        else f"measured on {report.law.source}; your own learner and tasks may lie elsewhere"
    )
    if isinstance(even, Estimate):
        yield (
            f"Break-even: a turn gains where ln(phi/psi) is above {interval(even)} ({even.confidence_level:.0%}, for a "
            f"loop that is not among those measured), {where}. Law: {report.law.formula}."
        )
    else:
        yield f"The break-even is unknown: {even.reason}; {where}."
    yield (
        f"Breakdown is another thing ({FENG}): from a share of wrong answers of phi/(phi+psi) on, nothing can be "
        "learned from what is kept, with data without end. Above it a loop may still lose."
    )
    yield (
        f"Real data: keep it and all earlier turns in the mixture. Replaced each turn, errors add up without end; "
        f"accumulated, they stay below 1.645 times those of one turn ({GERSTGRASSER})."
    )


def number_rows(stand: GateStand) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers of a verifier: name, number, whether in percent."""
    yield "ln(phi/psi), mean over turns", stand.log_ratio, False
    for audit, quality in zip(stand.audits.turns, stand.qualities, strict=True):
        yield from _turn_rows(f"turn {audit.turn}: ", quality)
    yield "USD per right answer kept", stand.usd_per_right, False


def _turn_rows(name: str, quality: GateQuality) -> Iterator[tuple[str, Quantity, bool]]:
    yield f"{name}right before the gate (p)", quality.generator, True
    yield f"{name}right of what is kept (purity)", quality.purity, True
    yield f"{name}keeps of right answers (phi)", quality.keeps_right, True
    yield f"{name}keeps of wrong answers (psi)", quality.keeps_wrong, True
    if quality.log_ratio is not None:
        yield f"{name}ln(phi/psi)", quality.log_ratio.quantity, False
    yield f"{name}breakdown, share wrong", quality.breakdown, True
    for kind in quality.kinds:
        yield f"{name}keeps of errors: {kind.kind}", kind.passes, True


def _figure(quantity: Quantity) -> str:
    return interval(quantity) if isinstance(quantity, Estimate) else f"unknown ({quantity.reason})"


def _reason(quantity: Quantity) -> str:
    return quantity.reason if isinstance(quantity, Unknown) else ""

"""What a governor does with one output, given all that its book holds: release, hold or refuse, and why."""

from __future__ import annotations

import math

from assay.volume.governor_book import MOST_HELD, GovernorBook
from assay.volume.governor_decision import Action, DecisionRequest

_LEAST_RETRY = 1.0
Choice = tuple[Action, str, float]
"""Action, reason, seconds after which to try again (0 unless refused)."""


def choose(
    book: GovernorBook, request: DecisionRequest, charge: float, now: float, *, uniform: float
) -> Choice:
    """Return the action, the reason, and for a refusal when to come back; audits are drawn after that.

    Parameters
    ----------
    book, request
    charge : >= 0
        Points that a release would pay.
    now
        Seconds of the clock.
    uniform : [0, 1)
        Drawn for this output: of outputs at the margin of the price, a share is released.
    """
    severity = request.severity
    state = book.state.state
    if state == "STOP":
        return _review(book, charge, now, f"STOP: {book.state.reason}", any_risk=True)
    if book.override is not None and now < book.override[2]:
        action, by, _ = book.override
        if action == "release":
            return "release", f"override by {by}", 0.0
        return _review(book, charge, now, f"override by {by}", any_risk=True)
    if state == "RED" and severity == 1:
        return _review(
            book, charge, now, f"RED: severity 1 is reviewed; {book.state.reason}", any_risk=True
        )
    if request.probability is None:
        return _fail(book, severity, charge, now)
    return _by_price(book, charge, now, uniform)


def _fail(book: GovernorBook, severity: int, charge: float, now: float) -> Choice:
    mode = book.policy.fail_modes[severity]
    reason = f"not judged; severity {severity} fails to {mode}"
    if mode == "release_and_log":
        return "release", reason, 0.0
    if mode == "hold":
        return _review(book, charge, now, reason, any_risk=True)
    return "refuse", reason, _retry(book, charge, now)


def _by_price(book: GovernorBook, charge: float, now: float, uniform: float) -> Choice:
    level, prices = book.bucket.at_time(now), book.prices
    if charge > prices.margin:
        return _review(
            book, charge, now, f"charge {charge:.4g} is over the price {prices.margin:.4g}"
        )
    if charge > prices.release and uniform >= prices.margin_share:
        share = f"of {prices.release:.4g} to {prices.margin:.4g} the budget bears {prices.margin_share:.0%}"
        return _review(book, charge, now, f"charge {charge:.4g}; {share}")
    if charge > level:
        return _review(book, charge, now, f"charge {charge:.4g}, the bucket holds {level:.4g}")
    return "release", f"charge {charge:.4g}, the bucket holds {level:.4g}", 0.0


def _review(
    book: GovernorBook, charge: float, now: float, reason: str, *, any_risk: bool = False
) -> Choice:
    """Hold it if a reviewer has time, the riskiest first; else refuse it."""
    if book.policy.review_per_hour == 0:
        return "refuse", f"{reason}; nobody reviews", _retry(book, charge, now)
    level, room = book.reviews.at_time(now), book.reviews.burst
    if level < 1.0 or len(book.held) >= MOST_HELD:
        return "refuse", f"{reason}; no reviewer has time", _retry(book, charge, now)
    if any_risk or charge >= book.prices.review or level >= 0.9 * room:
        return "hold", reason, 0.0
    return "refuse", f"{reason}; reviewers are kept for riskier ones", _retry(book, charge, now)


def _retry(book: GovernorBook, charge: float, now: float) -> float:
    """Seconds until the bucket or a reviewer can take it; the next look at the evidence at the latest."""
    waits = [book.next_tick - now]
    if book.state.state != "STOP":
        waits.append(book.bucket.seconds_until(charge, now))
    if book.policy.review_per_hour:
        waits.append(book.reviews.seconds_until(1.0, now))
    return max(_LEAST_RETRY, min((w for w in waits if w > 0), default=_LEAST_RETRY))


def audit_probability(book: GovernorBook, charge: float) -> float:
    """Chance of an audit: about the root of the charge, which finds most for the hours; never under half of h."""
    rate = book.audit_rate
    wanted = rate * math.sqrt(charge) / book.prices.root_mean
    return min(1.0, max(wanted, rate / 3, book.policy.audit_share / 2))

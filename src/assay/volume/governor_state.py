"""GREEN, AMBER, RED, STOP: where a governor stands, as a pure function of where it stood and of the evidence.

====== ============================================ =========================================
state  is entered when                              is left when
====== ============================================ =========================================
GREEN                                               one of the below
AMBER  evidence >= 10, or the upper bound is over   all of it is calm for half a window:
       the budget (by more than the burst), or      evidence < 3, upper bound inside, queue
       the reviewers are busy over 90 %             in hand; then GREEN
RED    evidence >= 100, or the point estimate is    none of it holds, the pace keeps the
       over the budget, or a severity is over its   budget, and somebody has noted the
       own, or the queue is over its target         cause; then AMBER
STOP   a severity-1 error is confirmed beyond its   a named person signs off; then RED or
       own budget, the certificate has expired, or  AMBER, as the evidence says
       no label has come for too long
====== ============================================ =========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

from assay.volume.governor_policy import GovernorPolicy

State = Literal["GREEN", "AMBER", "RED", "STOP"]
STATES: tuple[State, ...] = ("GREEN", "AMBER", "RED", "STOP")
"""From the best to the worst."""

MOVES: frozenset[tuple[State, State]] = frozenset({
    ("GREEN", "AMBER"), ("GREEN", "RED"), ("GREEN", "STOP"),
    ("AMBER", "GREEN"), ("AMBER", "RED"), ("AMBER", "STOP"),
    ("RED", "AMBER"), ("RED", "STOP"),
    ("STOP", "AMBER"), ("STOP", "RED"),
})  # fmt: skip
"""Every move that there is."""

BUSY = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorEvidence:
    """What is known at one moment.

    Parameters
    ----------
    spent_points, spent_upper_points : >= 0
        Escaped in the window so far, in points: the point estimate, and its upper bound.
    projected_points : >= 0
        The same for a whole window at the pace of its last part.
    e_value : >= 0
        Evidence that errors come faster than the budget allows.
    confirmed : severity -> count
        Errors of the window that somebody confirmed as escaped.
    review_utilization : >= 0
        Work for the reviewers per hour over what they can do.
    queue_seconds : >= 0
        How long the queue takes to be read.
    seconds_without_label : >= 0
        Since the last label of an audit, or the sign-off after it.
    """

    spent_points: float
    spent_upper_points: float
    projected_points: float
    e_value: float
    confirmed: Mapping[int, int]
    review_utilization: float
    queue_seconds: float
    seconds_without_label: float


@dataclass(frozen=True, slots=True)
class GovernorState:
    """Where a governor stands.

    Parameters
    ----------
    state
    reason
        Why, with numbers.
    since
        Seconds of the clock at which it was entered.
    calm_since
        Since when nothing speaks for AMBER any more; None while something does.
    cause_noted
        Somebody has said why it is RED.
    signed_off_at
        When somebody last took it out of STOP.
    severity_1_accepted : >= 0
        Confirmed errors of severity 1 that were known at that sign-off: only further ones stop it again.
    """

    state: State
    reason: str
    since: float
    calm_since: float | None = None
    cause_noted: bool = False
    signed_off_at: float | None = None
    severity_1_accepted: int = 0

    def to_json(self) -> dict[str, object]:
        """Return its fields in plain types."""
        return asdict(self)


def next_state(
    before: GovernorState,
    evidence: GovernorEvidence,
    now: float,
    *,
    policy: GovernorPolicy,
    signed_off_by: str = "",
) -> GovernorState:
    """Return where a governor stands now, and why.

    Parameters
    ----------
    before
    evidence
    now
        Seconds of the clock.
    policy
    signed_off_by
        Who takes it out of STOP; empty: nobody does. Elsewhere it changes nothing. An expired certificate keeps it in
        STOP whoever signs.

    Notes
    -----
    Worse states are entered at once, better ones one step at a time: RED -> AMBER -> GREEN, so that a state that is
    entered at 100 is not left at 99. Accepted errors are remembered as a count; when they leave the window the count
    falls with it, so that the next one stops it again.
    """
    accepted = min(before.severity_1_accepted, evidence.confirmed.get(1, 0))
    before = replace(before, severity_1_accepted=accepted)
    if before.state == "STOP":
        return _from_stop(before, evidence, now, policy, signed_off_by)
    if reason := stop_reason(evidence, now, policy, accepted=accepted):
        return replace(before, state="STOP", reason=reason, since=now, calm_since=None)
    red, amber = red_reason(evidence, policy), amber_reason(evidence, policy)
    if red:
        # What was noted explains what was seen then: a fresh RED wants a fresh cause.
        fresh = before.state != "RED"
        return replace(
            before, state="RED", reason=red, since=now if fresh else before.since,
            calm_since=None, cause_noted=before.cause_noted and not fresh,
        )  # fmt: skip
    if before.state == "RED":
        return _from_red(before, evidence, now, policy)
    if amber:
        since = before.since if before.state == "AMBER" else now
        return replace(before, state="AMBER", reason=amber, since=since, calm_since=None)
    return _from_green_or_amber(before, evidence, now, policy)


def stop_reason(
    evidence: GovernorEvidence, now: float, policy: GovernorPolicy, *, accepted: int = 0
) -> str:
    """Return why all has to stop; empty where nothing says so."""
    worst, own = evidence.confirmed.get(1, 0), policy.own_budgets.get(1)
    if own is not None and worst > max(own, accepted):
        known = f", {accepted} of them signed off" if accepted else ""
        return f"{worst} errors of severity 1 confirmed in the window, {own:g} allowed{known}"
    expiry = policy.certificate_expires_at
    if expiry is not None and now >= expiry:
        return f"the certificate expired {now - expiry:,.0f} s ago"
    if evidence.seconds_without_label > policy.silence_seconds:
        return (
            f"no label of an audit for {evidence.seconds_without_label:,.0f} s, "
            f"at most {policy.silence_seconds:,.0f} s are allowed"
        )
    return ""


def red_reason(evidence: GovernorEvidence, policy: GovernorPolicy) -> str:
    """Return why admission has to be cut; empty where nothing says so."""
    if evidence.e_value >= policy.red_evidence:
        return f"evidence {evidence.e_value:.3g} to 1 that the budget is passed, RED from {policy.red_evidence:g}"
    if evidence.spent_points > policy.budget:
        return f"{evidence.spent_points:.4g} points escaped, the budget is {policy.budget:g}"
    for severity, own in policy.own_budgets.items():
        if severity != 1 and evidence.confirmed.get(severity, 0) > own:
            count = evidence.confirmed[severity]
            return f"{count} errors of severity {severity} confirmed in the window, {own:g} allowed"
    if evidence.queue_seconds > policy.queue_target_seconds:
        return (
            f"the queue takes {evidence.queue_seconds:,.0f} s, "
            f"the target is {policy.queue_target_seconds:,.0f} s"
        )
    return ""


def amber_reason(evidence: GovernorEvidence, policy: GovernorPolicy) -> str:
    """Return why to be careful; empty where nothing says so."""
    if evidence.e_value >= policy.amber_evidence:
        return f"evidence {evidence.e_value:.3g} to 1 that the budget is passed, AMBER from {policy.amber_evidence:g}"
    # The burst is part of the promise: without it a budget that is used to the full would flicker.
    if evidence.spent_upper_points > policy.budget * (1 + policy.burst_share):
        return (
            f"at most {evidence.spent_upper_points:.4g} points escaped, "
            f"the budget is {policy.budget:g} and {policy.burst_share:.0%}"
        )
    if evidence.review_utilization > BUSY:
        return f"reviewers are busy {evidence.review_utilization:.0%}, AMBER over {BUSY:.0%}"
    return ""


def _from_stop(
    before: GovernorState, evidence: GovernorEvidence, now: float, policy: GovernorPolicy, by: str
) -> GovernorState:
    expiry = policy.certificate_expires_at
    if not by:
        return before
    if expiry is not None and now >= expiry:
        return replace(before, reason=f"signed by {by}, but {stop_reason(evidence, now, policy)}")
    signed = replace(
        before, since=now, signed_off_at=now, calm_since=None, cause_noted=False,
        severity_1_accepted=evidence.confirmed.get(1, 0),
    )  # fmt: skip
    if red := red_reason(evidence, policy):
        return replace(signed, state="RED", reason=f"signed off by {by}; {red}")
    return replace(signed, state="AMBER", reason=f"signed off by {by}")


def _from_red(
    before: GovernorState, evidence: GovernorEvidence, now: float, policy: GovernorPolicy
) -> GovernorState:
    if evidence.projected_points > policy.budget:
        reason = f"at this pace {evidence.projected_points:.4g} points a window, the budget is {policy.budget:g}"
        return replace(before, reason=reason)
    if not before.cause_noted:
        return replace(before, reason="the budget is kept again, but nobody has noted the cause")
    reason = f"the cause is noted, {evidence.projected_points:.4g} points a window at this pace"
    return replace(
        before, state="AMBER", reason=reason, since=now, calm_since=None, cause_noted=False
    )


def _from_green_or_amber(
    before: GovernorState, evidence: GovernorEvidence, now: float, policy: GovernorPolicy
) -> GovernorState:
    if before.state == "GREEN":
        return replace(before, reason=_calm(evidence, policy))
    if evidence.e_value >= policy.calm_evidence:
        reason = f"evidence {evidence.e_value:.3g} to 1, calm below {policy.calm_evidence:g}"
        return replace(before, reason=reason, calm_since=None)
    calm_since = now if before.calm_since is None else before.calm_since
    needed = policy.window_seconds / 2
    if now - calm_since < needed:
        reason = f"calm for {now - calm_since:,.0f} s, GREEN after {needed:,.0f} s"
        return replace(before, reason=reason, calm_since=calm_since)
    return replace(
        before, state="GREEN", reason=_calm(evidence, policy), since=now, calm_since=calm_since
    )


def _calm(evidence: GovernorEvidence, policy: GovernorPolicy) -> str:
    return (
        f"{evidence.spent_points:.4g} points escaped, at most {evidence.spent_upper_points:.4g}, "
        f"of {policy.budget:g}; evidence {evidence.e_value:.3g} to 1"
    )

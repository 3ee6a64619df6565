"""All that a governor remembers, and the one way to change it: events, each applied once, in order.

Live and replayed events go through the same `GovernorBook.apply`, so what a journal rebuilds is what was there. An
event holds what was decided, not only what was asked: a newer version of the program does not decide old cases anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from assay.errors import BadInput
from assay.estimate.count_alarm_sampled import SampledAlarm, sampled_alarm
from assay.estimate.count_alarm_windows import allowed_so_far
from assay.volume.governor_bucket import ErrorBucket, RollingSums
from assay.volume.governor_decision import RELEASES
from assay.volume.governor_policy import GovernorPolicy
from assay.volume.governor_price import Prices, TrafficMix, price_of
from assay.volume.governor_risk import LOWEST, MAX_STRATA, OTHER, RiskBook
from assay.volume.governor_state import GovernorEvidence, GovernorState, next_state

Event = dict[str, Any]
TICKS = 720
"""Looks at the whole evidence in a window, besides one at each error."""
STEER_FROM, STEER_TO = 0.8, 0.95
"""Of the budget: a bound made anew above the first slows releases down, above the second leaves a trickle."""
_TRICKLE = 0.05
REMEMBERED = 20_000
"""Released outputs whose labels need no further word."""
MOST_HELD = 100_000
PAST_WINDOWS = 12
_FIRST, _YOUNG = 0.1, 10
_SEEN = ("released", "audited", "held", "refused", "overridden")
_COLUMNS = (
    "paid", "foretold", "at_most", "caught", "reviewed",
    "points", "confirmed_1", "confirmed_2", "confirmed_3", *_SEEN,
)  # fmt: skip
_CAUTION = {"GREEN": 1.0, "AMBER": 0.8, "RED": 0.5, "STOP": 0.5}


class GovernorBook:
    """What a governor knows. Built by `apply` alone; not safe for several threads."""

    def __init__(self, policy: GovernorPolicy, start: float, *, seed: str) -> None:
        window = policy.window_seconds
        self.policy, self.start, self.seed, self.at = policy, start, seed, start
        self.shadow = policy.shadow
        self.sums = RollingSums(_COLUMNS, window)
        burst = policy.budget * policy.burst_share
        self.bucket = ErrorBucket(policy.refill_per_second, burst, burst, start)
        rate = policy.review_per_hour * policy.review_utilization / 3_600
        # A nap's worth of waiting work may be taken at once, never more than half the queue's target.
        room = max(1.0, rate * min(policy.queue_target_seconds / 2, window / 20))
        self.reviews = ErrorBucket(max(rate, 1e-300), room, room if rate else 0.0, start)
        self.risk = RiskBook(
            policy.prior_errors,
            policy.memory_windows * window,
            policy.confidence_level,
            start,
            start,
        )
        self.mix = TrafficMix(window / 4, start, start)
        self.strata: set[str] = set()
        self.prices = Prices()
        self.audit_rate = policy.audit_share
        self.state = GovernorState("GREEN", "nothing is known yet", start)
        self.held: dict[str, list[Any]] = {}
        self.audits: dict[str, list[Any]] = {}
        self.done: dict[str, list[Any]] = {}
        self.counts: dict[str, int] = {}
        self.override: list[Any] | None = None
        self.windows: dict[int, list[float]] = {}
        self.alarm_from = start
        self.alarm: SampledAlarm = sampled_alarm(audit_probability=policy.audit_share)
        self.next_tick = start
        self._appliers: dict[str, Callable[[Event], None]] = {
            "decided": self._decided, "outcome": self._outcome, "tick": self._tick,
            "signed_off": self._signed_off, "cause_noted": self._cause_noted,
            "override": self._override, "certificate": self._certificate, "enforced": self._enforced,
        }  # fmt: skip

    def apply(self, event: Event) -> None:
        """Take in an event.

        Raises
        ------
        BadInput
            If there is no such kind of event.
        """
        apply = self._appliers.get(event.get("kind", ""))
        if apply is None:
            raise BadInput(f"unknown kind of event: {event.get('kind')!r}")
        self.at = max(self.at, event["at"])
        apply(event)

    def evidence(self) -> GovernorEvidence:
        """Return what is known now."""
        total, policy = self.sums.total, self.policy
        seconds = (self.at - self.start) or 1.0
        # Early on the last slots say little; a young window is judged by what it has.
        pace = self.sums.recent("foretold", 0.1) if seconds > policy.window_seconds / 20 else 0.0
        work = self.sums.recent("audited", 0.1) + self.sums.recent("held", 0.1)
        per_window = policy.review_per_hour * policy.window_seconds / 3_600
        waiting = len(self.held) + len(self.audits)
        per_second = policy.review_per_hour / 3_600
        ratio, points = self.risk.ratio, total("points")
        since = max(self.risk.last_label_at, self.state.signed_off_at or self.start, self.start)
        return GovernorEvidence(
            spent_points=max(points, min(ratio.point * total("foretold"), total("at_most"))),
            spent_upper_points=max(points, min(ratio.upper * total("foretold"), total("at_most"))),
            projected_points=ratio.point * pace,
            e_value=math.exp(min(self.alarm.log_e_value, 600.0)),
            confirmed={v: round(total(f"confirmed_{v}")) for v in (1, 2, 3)},
            review_utilization=work / per_window if per_window and not self.shadow else 0.0,
            queue_seconds=waiting / per_second if per_second else 0.0,
            seconds_without_label=self.at - since,
        )

    def budget_remaining(self) -> float:
        """Return the points of the window that are neither paid nor confirmed; at least 0."""
        spent = max(self.sums.total("paid"), self.sums.total("points"))
        return max(0.0, self.policy.budget - spent)

    def find(self, decision_id: str) -> list[Any] | None:
        """Return what is remembered of a decision."""
        return (
            self.held.get(decision_id) or self.audits.get(decision_id) or self.done.get(decision_id)
        )

    def known(self, stratum: str) -> str:
        """Return the stratum under which an output is kept: clients name them, and memory must not grow."""
        if stratum in self.strata or len(self.strata) < MAX_STRATA - 1:
            return self.risk.known(stratum)
        return OTHER

    def _know_strata(self) -> None:
        self.strata = {stratum for stratum, _, _ in self.mix.cells} | self.risk.cells.keys()

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _decided(self, event: Event) -> None:
        at, severity, would = event["at"], event["severity"], event["would"]
        weight = self.policy.severity_weights[severity]
        cell = (event["stratum"], event["bin"], severity)
        self.mix.add(cell, event["probability"])
        self.strata.add(event["stratum"])
        self._count(event["action"])
        if event["overridden"]:
            self._count("overridden")
            self.sums.add("overridden", 1.0, at)
        record = [at, would, severity, event["stratum"], event["bin"], event["probability"],
                  event["audit_probability"], None]  # fmt: skip
        if would in RELEASES:
            self.sums.add("released", 1.0, at)
            self.sums.add("paid", event["charge"], at)
            self.sums.add("foretold", weight * max(event["probability"], LOWEST), at)
            self.sums.add("at_most", weight, at)
            self.bucket.pay(event["charge"], at)
            window = self._window(at)
            window[0] += 1.0
            window[1] += event["charge"]
        else:
            self.sums.add("held" if would == "hold" else "refused", 1.0, at)
        audited = would == "release_audited"
        if audited:
            self.sums.add("audited", 1.0, at)
        # In shadow nobody reads what would be held: the reviewers' hours go to audits.
        if self.policy.review_per_hour and (would == "hold" or (audited and not self.shadow)):
            self.reviews.pay(1.0, at)
        if audited:
            self.audits[event["id"]] = record
        elif would == "hold" and not self.shadow:
            self.held[event["id"]] = record
        elif would != "refuse" or self.shadow:
            self._remember(event["id"], record)

    def _outcome(self, event: Event) -> None:
        name, at, wrong, severity = event["id"], event["at"], event["wrong"], event["severity"]
        self._count("outcomes")
        record = self.find(name)
        if record is None:
            self._confirm(event["released_at"], severity, at, sampled_weight=0.0)
            return
        first, was_wrong = record[7] is None, record[7] is True
        record[7] = bool(wrong or was_wrong)
        if was_wrong and not wrong:
            self._count("redefined")  # The budget is not refilled by calling errors right.
        if name in self.held:
            self._remember(name, self.held.pop(name))
            self.sums.add("reviewed", 1.0, record[0])
        if record[1] not in RELEASES:
            if wrong and not was_wrong:
                self.sums.add("caught", 1.0, record[0])
            return
        # Only what was drawn stands for what was not: a report comes of an error that somebody noticed.
        chance = record[6] if record[1] == "release_audited" else 0.0
        if name in self.audits:
            self._remember(name, self.audits.pop(name))
        if chance > 0 and (first or (wrong and not was_wrong)):
            declared = self.policy.severity_weights[record[2]]
            self.risk.label(
                record[3], record[5], record[4], now=at,
                foretold=declared / chance if first else 0.0,
                found=self.policy.severity_weights[severity] / chance if wrong else 0.0,
            )  # fmt: skip
        if wrong and not was_wrong:
            # What had a chance to be audited counts through audits alone: a report beside them would count it twice.
            unsampled = 0.0 if record[6] > 0 else 1.0
            self._confirm(
                record[0], severity, at, sampled_weight=1.0 / chance if chance else unsampled
            )

    def _confirm(
        self, released_at: float, severity: int, at: float, *, sampled_weight: float
    ) -> None:
        points = self.policy.severity_weights[severity]
        self._count(f"confirmed_{severity}")
        window = self._window(released_at)
        window[2] += 1.0
        window[3] += points
        if self._window_index(released_at) < self._window_index(at):
            self._count("past_windows_reopened")
        if self.sums.add("points", points, released_at):
            self.sums.add(f"confirmed_{severity}", 1.0, released_at)
        if released_at >= self.alarm_from:
            self.alarm = self.alarm.after([points * sampled_weight])

    def _tick(self, event: Event) -> None:
        now, policy = event["at"], self.policy
        self.sums.roll(now)
        self.risk.refit(now)
        self.mix.fade(now)
        self._know_strata()
        self._advance_alarm(now)
        for name in [n for n, r in self.audits.items() if r[0] < now - 2 * policy.window_seconds]:
            self._remember(name, self.audits.pop(name))
            self._count("audits_never_labeled")
        if self.override is not None and now >= self.override[2]:
            self.override = None
        self.state = next_state(self.state, self.evidence(), now, policy=policy)
        step = policy.window_seconds / TICKS
        self.next_tick = (math.floor(now / step) + 1) * step
        self._set_prices(now)

    def _advance_alarm(self, now: float) -> None:
        """Let the budget grow the allowance, and begin anew with each window: old quiet must not hide a new burst."""
        window = self.policy.window_seconds
        begun = self.start + math.floor((now - self.start) / window) * window
        if begun > self.alarm_from:
            self.alarm_from = begun
            self.alarm = sampled_alarm(audit_probability=min(1.0, self.audit_rate))
        days = window / 86_400
        allowed = allowed_so_far(
            max(0.0, now - self.alarm_from) / 86_400,
            budget=self.policy.refill_per_second * window,
            window_days=days,
            cycle_days=7.0 if days >= 7 else 1.0,
        )
        self.alarm = self.alarm.after(allowed=max(0.0, float(allowed) - self.alarm.allowed))

    def _set_prices(self, now: float) -> None:
        policy, state = self.policy, self.state.state
        level = max(-1.0, self.bucket.at_time(now) / self.bucket.burst)
        # A full bucket may spend a quarter more than comes in, an empty one a quarter less.
        pace = policy.refill_per_second * (0.75 + 0.5 * level) * _CAUTION[state]
        # What later labels made of earlier releases has no other way back: the bound is steered by what is to come.
        # The trickle keeps audits coming; at the budget it ends too, so no release ever makes it worse.
        bound = self.evidence().spent_upper_points / policy.budget
        slower = max(_TRICKLE, 1.0 - (bound - STEER_FROM) / (STEER_TO - STEER_FROM))
        pace *= min(1.0, slower) if bound < 1.0 else 0.0
        capacity = policy.review_per_hour * policy.review_utilization / 3_600
        audits = self.prices.released_per_second * self.audit_rate
        self.prices = price_of(
            self.mix, self.risk, policy.severity_weights, points_per_second=max(0.0, pace),
            reviews_per_second=max(0.0, capacity - (0.0 if self.shadow else audits)),
        )  # fmt: skip
        if self.mix.seconds < _YOUNG * policy.window_seconds / TICKS:
            # Next to nothing is known of the traffic: no output may take more than a tenth of the burst.
            self.prices = replace(
                self.prices,
                release=min(self.prices.release, _FIRST * self.bucket.burst),
                margin=min(self.prices.margin, _FIRST * self.bucket.burst),
            )
        share = 1.0 if self.shadow else policy.audit_capacity_share
        wanted = share * capacity / max(self.prices.released_per_second, 1e-300)
        least = policy.audit_share * (1.0 if state == "GREEN" else 2.0)
        self.audit_rate = min(1.0, max(least, min(wanted, 0.5)))

    def _signed_off(self, event: Event) -> None:
        self._tick(event)
        self._count("sign_offs")
        self.state = next_state(
            self.state, self.evidence(), event["at"], policy=self.policy, signed_off_by=event["by"]
        )
        self._set_prices(event["at"])

    def _cause_noted(self, event: Event) -> None:
        self._count("causes_noted")
        self.state = replace(self.state, cause_noted=True)
        self._tick(event)

    def _override(self, event: Event) -> None:
        self._count("overrides")
        self.override = [event["action"], event["by"], event["until"]]

    def _certificate(self, event: Event) -> None:
        self.policy = replace(self.policy, certificate_expires_at=event["expires_at"])
        self._tick(event)

    def _enforced(self, event: Event) -> None:
        self.shadow = False
        self._tick(event)

    def _remember(self, name: str, record: list[Any]) -> None:
        self.done[name] = record
        while len(self.done) > REMEMBERED:
            del self.done[next(iter(self.done))]

    def _window_index(self, at: float) -> int:
        return math.floor((at - self.start) / self.policy.window_seconds)

    def _window(self, at: float) -> list[float]:
        index = self._window_index(at)
        if index not in self.windows:
            self.windows[index] = [0.0] * 4
            while len(self.windows) > PAST_WINDOWS:
                del self.windows[min(self.windows)]
        # One that is older than all that are kept is counted, and then forgotten.
        return self.windows.get(index, [0.0] * 4)

    def to_json(self) -> dict[str, Any]:
        """Return all of it in plain types, for strict JSON."""
        return {
            "policy": self.policy.to_json(), "start": self.start, "seed": self.seed, "at": self.at,
            "shadow": self.shadow, "sums": self.sums.to_json(), "bucket": self.bucket.to_json(),
            "reviews": self.reviews.to_json(), "risk": self.risk.to_json(), "mix": self.mix.to_json(),
            "prices": asdict(self.prices), "audit_rate": self.audit_rate,
            "state": self.state.to_json(), "override": self.override and list(self.override),
            "held": {k: list(v) for k, v in self.held.items()},
            "audits": {k: list(v) for k, v in self.audits.items()},
            "done": {k: list(v) for k, v in self.done.items()}, "counts": dict(self.counts),
            "windows": [[k, *v] for k, v in self.windows.items()], "next_tick": self.next_tick,
            "alarm": [self.alarm_from, self.alarm.allowed,
                      self.alarm.stakes.tolist(), self.alarm.logs.tolist()],
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up the state that `to_json` gave.

        Raises
        ------
        BadInput
            If it is of another version, or incomplete.
        """
        try:
            self.at, self.shadow = float(state["at"]), bool(state["shadow"])
            self.sums.restore(state["sums"])
            self.risk.restore(state["risk"])
            self.mix.restore(state["mix"])
            self._know_strata()
            self.bucket.level, self.bucket.at = state["bucket"]
            self.reviews.level, self.reviews.at = state["reviews"]
            self.prices, self.state = Prices(**state["prices"]), GovernorState(**state["state"])
            self.audit_rate, self.next_tick = state["audit_rate"], state["next_tick"]
            self.override = state["override"] and list(state["override"])
            self.held, self.audits, self.done = (
                {k: list(v) for k, v in state[name].items()} for name in ("held", "audits", "done")
            )
            self.counts = dict(state["counts"])
            self.windows = {int(k): list(v) for k, *v in state["windows"]}
            self.alarm_from, allowed, stakes, logs = state["alarm"]
            self.alarm = SampledAlarm(np.asarray(stakes), np.asarray(logs), allowed)
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"the snapshot is incomplete: {error!r}") from error

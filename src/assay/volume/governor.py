"""The governor: lets outputs go out, sends them to people, or refuses them, so that a budget of errors is kept.

>>> from assay.volume.governor_policy import GovernorPolicy
>>> from assay.volume.governor_decision import DecisionRequest
>>> import numpy as np
>>> policy = GovernorPolicy(budget=30, window_seconds=30 * 86_400, review_per_hour=5, shadow=False)
>>> governor = Governor(policy, clock=lambda: 0.0, rng=np.random.default_rng(1))
>>> decision = governor.decide(DecisionRequest("answer-1", probability=0.001))
>>> decision.action, decision.state
('release', 'GREEN')
>>> [event["kind"] for event in governor.take_events()]   # Write these down before the answer goes out.
['started', 'tick', 'decided']
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import numpy as np

from assay.errors import BadInput
from assay.volume.governor_book import Event, GovernorBook
from assay.volume.governor_choice import audit_probability, choose
from assay.volume.governor_decision import RELEASES, Action, Decision, DecisionRequest
from assay.volume.governor_policy import SEVERITIES, GovernorPolicy, policy_from
from assay.volume.governor_price import NO_LIMIT
from assay.volume.governor_risk import UNJUDGED, score_bin
from assay.volume.governor_state import GovernorEvidence, GovernorState

VERSION = 1


class Governor:
    """Holds one flow of outputs to one policy. For one thread: call it from one event loop, or under a lock.

    Every change is an event. The caller takes events by `take_events` after each call, and writes them down **before**
    it acknowledges the call; `Governor.replay` makes of them exactly what was there. Memory does not grow with time.

    Parameters
    ----------
    policy
    clock
        Gives seconds since the epoch. One that goes back is taken to stand still.
    rng
        Draws the secret seed of the audits, once; then nothing is random: output `x` is audited if the hash of seed and
        `x` falls below its audit probability, which is written down.
    """

    def __init__(
        self, policy: GovernorPolicy, *, clock: Callable[[], float], rng: np.random.Generator
    ) -> None:
        self._clock = clock
        self._events: list[Event] = []
        now = float(clock())
        self._begin({
            "kind": "started", "at": now, "version": VERSION, "policy": policy.to_json(),
            "seed": rng.bytes(16).hex(),
        })  # fmt: skip

    def _begin(self, event: Event) -> None:
        if event.get("kind") != "started" or event.get("version") != VERSION:
            raise BadInput(f"a journal begins with `started`, version {VERSION}, got {event!r:.80}")
        policy = policy_from(event["policy"], where="journal")
        self.book = GovernorBook(policy, event["at"], seed=event["seed"])
        self._key = bytes.fromhex(event["seed"])
        self._events.append(event)

    @property
    def policy(self) -> GovernorPolicy:
        """The policy, with the certificate as it was last renewed."""
        return self.book.policy

    @property
    def state(self) -> GovernorState:
        """Where it stands, as of the last event."""
        return self.book.state

    @property
    def evidence(self) -> GovernorEvidence:
        """What is known, as of the last event."""
        return self.book.evidence()

    def decide(self, request: DecisionRequest, *, went_out: bool = False) -> Decision:
        """Return what becomes of an output.

        Parameters
        ----------
        request
            Its id must be new.
        went_out
            It was sent already, in shadow: if that has ended since, it is a release all the same, and is paid.

        Raises
        ------
        BadInput
            If the id was decided already.
        """
        now, book = self._now(), self.book
        name, severity, judged = request.decision_id, request.severity, request.probability
        if book.find(name) is not None:
            raise BadInput(f"decision_id {name!r:.60} was decided already")
        if now >= book.next_tick:
            self._record({"kind": "tick", "at": now})
        probability = book.policy.unjudged_probability if judged is None else float(judged)
        place = UNJUDGED if judged is None else score_bin(probability)
        stratum = book.known(request.stratum)
        upper = book.risk.upper(stratum, probability, place)
        charge = book.policy.severity_weights[severity] * upper
        would, reason, retry = choose(
            book, request, charge, now, uniform=self._uniform(name, purpose="margin")
        )
        if went_out and not book.shadow and would not in RELEASES:
            would, reason, retry = "release", f"it went out in shadow; now {would}: {reason}", 0.0
        overridden = book.override is not None and reason.startswith("override")
        chance = audit_probability(book, charge) if would == "release" else 0.0
        if chance and self._uniform(name, purpose="audit") < chance:
            would = "release_audited"
        action: Action = would if would in RELEASES or not book.shadow else "release"
        self._record({
            "kind": "decided", "at": now, "id": name, "stratum": stratum, "bin": place,
            "severity": severity, "probability": probability, "judged": judged is not None,
            "charge": charge if would in RELEASES else 0.0, "audit_probability": chance,
            "action": action, "would": would, "overridden": overridden,
            "state": book.state.state, "reason": reason,
        })  # fmt: skip
        return self._answer(
            request, action, would, reason,
            {"probability": probability, "upper": upper, "charge": charge, "audit_probability": chance},
            retry=retry,
        )  # fmt: skip

    def outcome(
        self,
        decision_id: str,
        wrong: bool,
        *,
        severity: int | None = None,
        by: str = "",
        released_at: float | None = None,
    ) -> None:
        """Take in what a person found: of a held output, an audited one, or any that somebody reports.

        Parameters
        ----------
        decision_id
        wrong
        severity : 1, 2 or 3, or None
            What the error was found to be; None: what the request said. A label that comes late counts in the window in
            which the output was released, past ones too.
        by
            Who says so.
        released_at : seconds of the clock, or None
            Needed for outputs released so long ago that they are forgotten; then `severity` is needed too.

        Raises
        ------
        BadInput
            If the output is unknown or was refused, or a value out of range.

        Notes
        -----
        Only audits count as evidence on the judge: reports come from errors that somebody noticed. The same outcome
        twice changes nothing. An error that is called right later stays spent.
        """
        now, book = self._now(), self.book
        if not isinstance(wrong, bool | np.bool_):
            raise BadInput(f"wrong must be true or false, got {wrong!r}")
        if severity is not None and (type(severity) is not int or severity not in SEVERITIES):
            raise BadInput(f"severity must be 1 (worst), 2 or 3, got {severity!r}")
        record = book.find(decision_id)
        if record is None:
            known = isinstance(released_at, int | float) and 0 <= released_at <= now
            if not known or severity is None:
                raise BadInput(
                    f"decision {decision_id!r:.60} is not known; of an output released long ago "
                    "say released_at and severity"
                )
            if not wrong:
                return
        elif record[7] is not None and record[7] == bool(wrong):
            return
        self._record({
            "kind": "outcome", "at": now, "id": decision_id, "wrong": bool(wrong), "by": by,
            "severity": severity or (record[2] if record else 3), "released_at": released_at,
        })  # fmt: skip
        if wrong:
            self._record({"kind": "tick", "at": now})

    def sign_off(self, by: str, reason: str) -> GovernorState:
        """Take it out of STOP, by a named person; return where it stands then.

        Raises
        ------
        BadInput
            If no name or no reason is given.
        """
        self._named("signed_off", by, reason)
        return self.state

    def note_cause(self, by: str, cause: str) -> GovernorState:
        """Write down why it is RED: without that it does not leave RED. Return where it stands then."""
        self._named("cause_noted", by, cause)
        return self.state

    def enforce(self, by: str, reason: str) -> None:
        """End the shadow: from now on it holds and refuses."""
        self._named("enforced", by, reason)

    def renew_certificate(self, by: str, reason: str, *, expires_at: float) -> None:
        """Take in a new certificate. It does not take the governor out of STOP: `sign_off` does."""
        if not self._now() < expires_at < math.inf:
            raise BadInput(f"a certificate must expire in the time to come, got {expires_at!r}")
        self._named("certificate", by, reason, expires_at=float(expires_at))

    def override(
        self, action: Literal["release", "hold"], *, by: str, reason: str, seconds: float
    ) -> None:
        """Do the same with every output for a while, but in STOP. It expires, every use is counted, releases are paid.

        Raises
        ------
        BadInput
            If the action is another, the time not in (0, window], or no name or reason is given.
        """
        if action not in {"release", "hold"}:
            raise BadInput(f"an override releases or holds, got {action!r}")
        if not 0 < seconds <= self.policy.window_seconds:
            raise BadInput(f"an override lasts at most a window, got {seconds!r} s")
        self._named("override", by, reason, action=action, until=self._now() + seconds)

    def tick(self) -> GovernorState:
        """Look at the evidence without a decision, so that silence is seen where no traffic comes."""
        self._record({"kind": "tick", "at": self._now()})
        return self.state

    def take_events(self) -> list[Event]:
        """Return the events since the last call, and forget them: plain types, to be written down in order."""
        taken, self._events = self._events, []
        return taken

    def snapshot(self) -> dict[str, Any]:
        """Return all of its state in plain types, for strict JSON. Events not yet taken are part of it."""
        return {"version": VERSION, **self.book.to_json()}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], *, clock: Callable[[], float]) -> Governor:
        """Return the governor of a snapshot.

        Raises
        ------
        BadInput
            If the snapshot is of another version, or incomplete.
        """
        if snapshot.get("version") != VERSION:
            raise BadInput(f"snapshot of version {snapshot.get('version')!r}, need {VERSION}")
        started = {"kind": "started", "at": snapshot["start"], **{
            key: snapshot[key] for key in ("version", "policy", "seed")
        }}  # fmt: skip
        made = cls._empty(started, clock)
        made.book.restore(snapshot)
        return made

    @classmethod
    def replay(
        cls, events: Iterable[Mapping[str, Any]], *, clock: Callable[[], float],
        snapshot: Mapping[str, Any] | None = None,
    ) -> Governor:  # fmt: skip
        """Return the governor that a journal makes: from its first event, or those after a snapshot.

        Raises
        ------
        BadInput
            If the journal is empty or does not begin with ``started``, or an event is of no known kind.
        """
        journal = iter(events)
        if snapshot is not None:
            made = cls.restore(snapshot, clock=clock)
        else:
            made = cls._empty(dict(next(journal, {})), clock)
        for event in journal:
            made.book.apply(dict(event))
        return made

    @classmethod
    def _empty(cls, started: Event, clock: Callable[[], float]) -> Governor:
        made = cls.__new__(cls)
        made._take_up(started, clock)  # noqa: SLF001 - its own kind
        return made

    def _take_up(self, started: Event, clock: Callable[[], float]) -> None:
        self._clock, self._events = clock, []
        self._begin(started)
        self._events.clear()

    def _now(self) -> float:
        return max(self.book.at, float(self._clock()))

    def _record(self, event: Event) -> None:
        # An event that can't be applied must not be written down: no replay would get past it.
        self.book.apply(event)
        self._events.append(event)

    def _named(self, kind: str, by: str, reason: str, **more: object) -> None:
        if not by.strip() or not reason.strip():
            raise BadInput(f"{kind} needs a person's name and a reason")
        self._record({"kind": kind, "at": self._now(), "by": by, "reason": reason, **more})

    def _uniform(self, name: str, *, purpose: str) -> float:
        digest = hashlib.blake2b(
            name.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key,
            person=purpose.encode(),
        )  # fmt: skip
        return int.from_bytes(digest.digest()) / 2**64

    def _answer(
        self, request: DecisionRequest, action: Action, would: Action, reason: str,
        numbers: dict[str, float], *, retry: float,
    ) -> Decision:  # fmt: skip
        book = self.book
        numbers["bucket"] = book.bucket.level
        numbers["budget_remaining"] = book.budget_remaining()
        if book.prices.release < NO_LIMIT:
            numbers["price"] = book.prices.release
        state = book.state.state
        worse = state in {"RED", "STOP"}
        return Decision(
            request.decision_id, action, would, state,
            f"shadow, would {would}: {reason}" if would != action else reason, numbers,
            retry if would == "refuse" else None,
            state != "GREEN" and numbers["charge"] >= book.prices.second_opinion,
            book.policy.fallback_version if worse else None,
        )  # fmt: skip

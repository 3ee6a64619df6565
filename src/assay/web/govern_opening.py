"""Take a governor up as an earlier service left it, killed or not."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.volume.governor import Governor
from assay.volume.governor_policy import GovernorPolicy
from assay.web.govern_held import HeldAnswers
from assay.web.govern_journal import FOLDER, GovernJournal, govern_folder, read_govern_journal
from assay.web.govern_service import GovernService, put_rows


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What an earlier service had left: decisions known, answers still held, traces put into the ledger now."""

    decisions: int = 0
    held: int = 0
    traces: int = 0
    torn: bool = False


def open_service(
    ledger: Ledger,
    policy: GovernorPolicy,
    *,
    clock: Callable[[], float] = time.time,
    seed: int | None = None,
) -> tuple[GovernService, TakenUp]:
    """Return the service, as an earlier one left it.

    Parameters
    ----------
    ledger
    policy
        Must be that of the journal, where there is one; only the shadow may have ended since.
    clock
        Seconds since the epoch.
    seed
        Of the secret seed of the audits; None: nobody knows it.

    Raises
    ------
    BadInput
        Where the journal is of another policy.
    LedgerError
        Where the journal is damaged, or the ledger can't be written.
    """
    folder = govern_folder(ledger)
    held = HeldAnswers(folder)
    found = read_govern_journal(folder)
    if found.number:
        governor = Governor.replay(found.events, clock=clock, snapshot=found.snapshot)
        _same_policy(governor, policy)
        put_rows(ledger, found.rows)
        _reconcile(governor, held)
    else:
        governor = Governor(
            policy,
            clock=clock,
            rng=np.random.default_rng(secrets.randbits(128) if seed is None else seed),
        )
        governor.take_events()
    journal = GovernJournal(folder, found.number + 1, governor.snapshot())
    taken = TakenUp(
        sum(v for k, v in governor.book.counts.items() if k in _ACTIONS),
        len(governor.book.held), len(found.rows), found.torn,
    )  # fmt: skip
    return GovernService(ledger, governor, journal, held, clock=clock), taken


_ACTIONS = ("release", "release_audited", "hold", "refuse")


def _same_policy(governor: Governor, policy: GovernorPolicy) -> None:
    own, new = governor.policy.to_json(), policy.to_json()
    for name in ("certificate_expires_at", "shadow"):
        own.pop(name), new.pop(name)
    differing = sorted(name for name in own if own[name] != new[name])
    if differing:
        raise BadInput(
            f"the journal of this ledger is of another policy: {', '.join(differing)} differ; what was spent under "
            f"one policy can't be counted under another: move the folder {FOLDER} of the ledger away to begin anew"
        )
    if governor.book.shadow and not policy.shadow:
        governor.enforce("the policy's file", "shadow = false")
        governor.take_events()


def _reconcile(governor: Governor, held: HeldAnswers) -> None:
    """Put answers in their place: a service that was killed may have left one before its verdict or its decision."""
    for decision_id in held.waiting():
        if decision_id in governor.book.held:
            continue
        record = governor.book.find(decision_id)
        if record is None or record[7] is None:
            held.drop(decision_id)
        else:
            held.settle(decision_id, "rejected" if record[7] else "released")
    for decision_id in [name for name in governor.book.held if held.named(name)]:
        if held.became(decision_id) is None:
            # Killed between decision and answer: nobody was told, and there is nothing to read.
            governor.outcome(decision_id, False, by="assay: no answer came")
    governor.take_events()

"""Which locks hold on this machine: for a person who wants to know before code of a model runs here."""

from __future__ import annotations

from dataclasses import dataclass

from assay.judge.sandbox.protocol import SandboxError
from assay.judge.sandbox.runner import Sandbox


@dataclass(frozen=True, slots=True)
class LockdownReport:
    """What holds here.

    Parameters
    ----------
    holds
        Code can be run locked down. False: the checks `python` and `sql` refuse.
    reason
        Why not; empty where it holds.
    landlock
        Version of the kernel's Landlock; 0 unknown or none. From 1 on files are covered; from 6 on signals too, which
        seccomp refuses anyway.
    namespaces
        A network of its own without any interface: a second layer, that many containers forbid.
    attempted
        Text of what was attempted in a locked process, and refused by the kernel.
    """

    holds: bool
    reason: str
    landlock: int
    namespaces: bool
    attempted: str

    def to_json(self) -> dict[str, object]:
        """Return the report with stable keys."""
        return {
            "holds": self.holds,
            "reason": self.reason,
            "landlock": self.landlock,
            "namespaces": self.namespaces,
            "attempted": self.attempted,
        }


def lockdown_report() -> LockdownReport:
    """Lock a process down, attempt in it what must fail, and say what holds. Takes about 0.1 s; never raises."""
    attempted = (
        "read and list files outside, write a file, TCP and local sockets, fork, signal the parent"
    )
    try:
        with Sandbox() as sandbox:
            layers = sandbox.layers()
    except SandboxError as error:
        return LockdownReport(False, error.message, 0, False, "")
    return LockdownReport(True, "", int(layers["landlock"]), bool(layers["namespaces"]), attempted)

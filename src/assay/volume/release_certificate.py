"""The certificate of a release threshold: what may go out unread, of which system, by which judge, and until when.

It holds what a governor asks at each output (`ReleaseCertificate.allows`), and all that is needed to compute it again.
The hash finds an edited number; it is no signature.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from assay.estimate.release_threshold import Procedure
from assay.volume.canonical_json import digest_of
from assay.volume.certificate import CertifiedWindow, Count, Digest, Number, Part, System, Tables

RELEASE_FORMAT: Final = "assay-release"
RELEASE_SCHEMA: Final = 1
"""Raised by one with every change of a key."""

REVIEW_ALL = "review all"

Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Share = Annotated[float, Meta(gt=0, lt=1)]


class Allowed(NamedTuple):
    """Whether an output may go out unread, and why (not)."""

    allowed: bool
    reason: str


class CertifiedTest(Part, frozen=True):
    """One threshold that was tested: labels it would have released, errors among them, its p-value."""

    threshold: float
    released: Count
    errors: Count
    p_value: float
    passed: bool


class ReleaseEvidence(Part, frozen=True):
    """The labels. Hashed is their list by trace id, each as [trace id, 1 or 0, score or null], as canonical JSON."""

    draw_id: str
    seed: Count
    strata: Count
    labels_planned: Count
    labels_used: Count
    labels_set_aside: Count
    errors: Count
    unsure: Count
    labels_sha256: Digest


class Promise(Part, frozen=True):
    """What was asked for: all of it fixed before the labels were seen.

    `thresholds` are those that were tested; where `start` is not null they were made from the scores of other outputs.
    """

    at_most: Share
    confidence_level: Share
    procedure: Procedure
    start: Share | None
    steps: Count
    thresholds: tuple[float, ...]


class ReleaseCertificate(Part, frozen=True, kw_only=True):
    """A certificate. In the file the order of keys is this.

    Outputs of `system` that `judge` scores at most `threshold` may go out unread until `expires_at`; null: none may.
    """

    format: Literal["assay-release"] = RELEASE_FORMAT
    schema_version: Literal[1] = RELEASE_SCHEMA
    claim: str
    conditions: tuple[str, ...]
    system: System
    judge: str
    threshold: float | None
    promise: Promise
    risk: Number
    coverage: Number
    released_in_window: Count
    scored_in_window: Count
    labels_needed: Number
    window: CertifiedWindow
    evidence: ReleaseEvidence
    tests: tuple[CertifiedTest, ...]
    tables: Tables
    assay_version: str
    issued_at: Moment
    expires_at: Moment
    sha256: str = ""

    def allows(
        self, system: str, version: str, judge: str, score: float | None, now: float
    ) -> Allowed:
        """Return whether an output may go out unread.

        Parameters
        ----------
        system, version
            What answered.
        judge
            The full name, with its version.
        score : in [0, 1], or None
            What the judge says of this output; None, or anything that is no number in [0, 1]: it has said nothing.
        now
            Seconds since 1970 UTC.

        Returns
        -------
        Allowed
            One that is expired, not valid yet, of another system, version or judge allows nothing: review all.
        """
        invalid = self.invalid(system, version, judge, now)
        if invalid is not None or self.threshold is None:
            return Allowed(False, f"{invalid or 'no threshold is certified'}: {REVIEW_ALL}")
        if (
            isinstance(score, bool)
            or not isinstance(score, int | float)
            or not 0 <= score <= 1  # NaN is in no range.
        ):
            return Allowed(False, f"{self.judge} has given no score: review it")
        if score > self.threshold:
            return Allowed(False, f"score {score:.6g} is over {self.threshold:.6g}: review it")
        return Allowed(
            True,
            f"score {score:.6g} is at most {self.threshold:.6g}, certified until {self.expires_at}",
        )

    def invalid(self, system: str, version: str, judge: str, now: float) -> str | None:
        """Return why the certificate says nothing about such outputs at this moment; None where it does."""
        if not math.isfinite(now) or now >= self.expires_at_seconds:
            return f"the certificate expired at {self.expires_at}"
        if now < self.issued_at_seconds:
            return f"the certificate is not valid before {self.issued_at}"
        if (system, version) != (self.system.name, self.system.version):
            own = f"{self.system.name} {self.system.version}".strip()
            return f"the certificate is of {own}, not of {f'{system} {version}'.strip()}"
        if judge != self.judge:
            return f"the certificate is of the judge {self.judge}, not of {judge}"
        return None

    @property
    def issued_at_seconds(self) -> float:
        """Seconds since 1970 UTC."""
        return datetime.fromisoformat(self.issued_at).timestamp()

    @property
    def expires_at_seconds(self) -> float:
        """Seconds since 1970 UTC: for `GovernorPolicy.certificate_expires_at`."""
        return datetime.fromisoformat(self.expires_at).timestamp()

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        form = msgspec.to_builtins(self)
        assert isinstance(form, dict)
        return form

    def sealed(self) -> ReleaseCertificate:
        """Return the certificate with the hash of all else in it."""
        return replace(self, sha256=self.digest)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form without the key `sha256`."""
        form = self.to_json()
        del form["sha256"]
        return digest_of(form)

    @property
    def text(self) -> str:
        """The file: every number reads back as it was."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every Estimate or Unknown in it."""
        return self.risk, self.coverage, self.labels_needed

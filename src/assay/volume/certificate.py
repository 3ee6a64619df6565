"""The certificate as a file: its keys, their types, its canonical form and its hash.

A certificate says what a ledger's evidence showed at one moment, and all that is needed to compute it again. Its keys
are those of the classes here; a file with another key, a key twice, or a value of another type is no certificate. The
hash in it finds an edited number. It is no signature: whoever edits can hash again, and is found by the ledger only.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import replace

from assay.errors import BadInput
from assay.ledger.ingest.record import RowError, microseconds
from assay.ledger.population import moment_text
from assay.quantity import Estimate, Guarantee, Quantity, Unknown
from assay.volume.canonical_json import digest_of
from assay.volume.question import EvidenceChoice, HumanBaseline, VolumeQuestion
from assay.volume.result import Decision

FORMAT: Final = "assay-certificate"
SCHEMA_VERSION: Final = 1
"""Raised by one with every change of a key."""

INT64_MAX = 2**63 - 1
Count = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Whatever stands in a certificate: only the keys that are named, and none of them missing."""


class Number(Part, frozen=True):
    """An Estimate (all keys but `reason`), or an Unknown (`value` null and `reason`)."""

    value: float | None
    low: float | UnsetType | None = UNSET
    high: float | UnsetType | None = UNSET
    unit: str | UnsetType = UNSET
    confidence_level: float | UnsetType = UNSET
    n: Count | UnsetType = UNSET
    method: str | UnsetType = UNSET
    guarantee: Guarantee | UnsetType = UNSET
    reason: str | UnsetType = UNSET

    @classmethod
    def of(cls, quantity: Quantity) -> Number:
        """Return a quantity as it stands in a certificate."""
        return msgspec.convert(quantity.to_json(), cls)

    @property
    def quantity(self) -> Quantity:
        """The same as a value.

        Raises
        ------
        BadInput, EstimateError
            Where it is neither an Estimate nor an Unknown.
        """
        if self.reason is not UNSET:
            if self.value is None and msgspec.to_builtins(self).keys() == {"value", "reason"}:
                return Unknown(self.reason)
            raise BadInput("a number that is unknown must have the keys value (null) and reason")
        form: dict[str, Any] = msgspec.to_builtins(self)
        missing = [key for key in self.__struct_fields__ if key not in form and key != "reason"]
        if missing:
            raise BadInput(f"a number must have the keys {', '.join(missing)}, or a reason")
        # `to_json` of an Estimate writes null for a limit that the evidence doesn't set.
        unlimited = {"value": math.inf, "low": -math.inf, "high": math.inf}
        limits = {key: at for key, at in unlimited.items() if form[key] is None}
        return Estimate(**(form | limits))

    @property
    def estimate(self) -> Estimate:
        """The same, where it is known to be an Estimate."""
        quantity = self.quantity
        assert isinstance(quantity, Estimate)
        return quantity


class System(Part, frozen=True):
    """What answered."""

    name: str
    version: str


class CertifiedWindow(Part, frozen=True):
    """The outputs that the claim is about: from a moment on and before another (null: no limit)."""

    start: str | None = field(name="from")
    end: str | None = field(name="to")
    first_output: str | None
    last_output: str | None
    outputs: Count
    origin: str | UnsetType = UNSET
    """Of these outputs, where the ledger held others of the same system, from exams or probes, too."""


class CertifiedDecision(Part, frozen=True):
    """The standard, and whether it is met: each limit of `measured` is one-sided."""

    standard: str
    demand: str
    decision: Decision
    limit: float
    measured: Number


class Rule(Part, frozen=True):
    """Which outputs a stratum holds: a score in [at_least, below), or none, and tags with stored values."""

    at_least: float | None
    below: float | None
    unscored: bool
    tags: tuple[tuple[str, str | None], ...]


class CertifiedStratum(Part, frozen=True):
    """A stratum: its rule, its outputs, its labels planned and read, and what these say."""

    name: str
    rule: Rule
    outputs: Count
    labels_planned: Count
    labels_read: Count
    errors: Count
    unsure: Count


class Look(Part, frozen=True):
    """Which planned look at the labels this is, of how many."""

    number: Count
    of: Count


class Reading(Part, frozen=True):
    """A complete second reading of the labels.

    Hashed is its list by trace id, each as [trace id, verdict, person, and verdict and person of who decided, or null].
    """

    draw_id: str
    seed: Count
    labels: Count
    people: tuple[str, ...]
    deciders: tuple[str, ...]
    undecided: Count
    labels_sha256: Digest


class Labels(Part, frozen=True, tag_field="kind", tag="labels"):
    """Labels of a draw.

    Two lists are hashed, each as canonical JSON: the drawn trace ids, a list a stratum in its random order; and the
    labels that count, each as [trace id, stratum from 1, position from 1, wrong/right/unsure, person].
    """

    draw_id: str
    drawn_at: str
    seed: Count
    judge: str | None
    stratified_by: tuple[str, ...]
    traces_version: Count
    verdicts_version: Count
    trace_ids_sha256: Digest
    look: Look
    labels_planned: Count
    labels_read: Count
    labels_held_back: Count
    errors: Count
    unsure: Count
    people: tuple[str, ...]
    last_label_at: str | None
    labels_sha256: Digest
    strata: tuple[CertifiedStratum, ...]
    second_reading: Reading | None
    other_draws: tuple[str, ...]


class Census(Part, frozen=True, tag_field="kind", tag="census"):
    """A check that has spoken on every output."""

    judge: str
    judge_kind: Literal["check", "person"]
    errors: float
    escaped: float | None


class Asked(Part, frozen=True):
    """The question, by the names of the options of `assay certify`."""

    system: str
    version: str
    start: str | None = field(name="from")
    end: str | None = field(name="to")
    per_day: float | None
    workers: Count | None
    human_error_rate: float | None
    human_per_day: float | None
    human_system: str | None
    standard: str | None
    draw: str | None
    judge: str | None
    evidence: EvidenceChoice
    caught_tag: str
    confidence: float
    origin: str | UnsetType = UNSET

    @classmethod
    def of(cls, question: VolumeQuestion) -> Asked:
        """Return a question that names its system and version as it stands in a certificate."""
        human = question.human or HumanBaseline()
        assert question.system is not None
        assert question.version is not None
        return cls(
            system=question.system,
            version=question.version,
            start=moment_text(question.start),
            end=moment_text(question.end),
            per_day=question.per_day,
            workers=question.workers,
            human_error_rate=human.error_rate,
            human_per_day=human.per_day,
            human_system=human.system,
            standard=question.standard,
            draw=question.draw_id,
            judge=question.judge,
            evidence=question.evidence,
            caught_tag=question.caught_tag,
            confidence=question.confidence_level,
            origin=question.origin or UNSET,
        )

    @property
    def question(self) -> VolumeQuestion:
        """The same as a question to a ledger.

        Raises
        ------
        BadInput
            Where a moment is none, or half of the people is missing.
        """
        rate, per_day, system = self.human_error_rate, self.human_per_day, self.human_system
        if system is None and (rate is None) != (per_day is None):
            raise BadInput("question.human_error_rate and question.human_per_day go together")
        nobody = rate is None and system is None
        try:
            start, end = microseconds("from", self.start), microseconds("to", self.end)
        except RowError as error:
            raise BadInput(f"question: {error}") from None
        return VolumeQuestion(
            system=self.system,
            version=self.version,
            origin=None if self.origin is UNSET else self.origin,
            start=start,
            end=end,
            per_day=self.per_day,
            workers=self.workers,
            human=None if nobody else HumanBaseline(rate, per_day, system),
            standard=self.standard,
            draw_id=self.draw,
            judge=self.judge,
            evidence=self.evidence,
            caught_tag=self.caught_tag,
            confidence_level=self.confidence,
        )


class Tables(Part, frozen=True):
    """The version of each table of the ledger that was read."""

    traces: Count
    verdicts: Count
    draws: Count


class Certificate(Part, frozen=True, kw_only=True):
    """A certificate. The meaning of each key stands in docs/CLI.md; in the file the order is this."""

    format: Literal["assay-certificate"] = FORMAT
    schema_version: Literal[1] = SCHEMA_VERSION
    claim: str
    statement: str
    conditions: tuple[str, ...]
    does_not_say: tuple[str, ...]
    decision: CertifiedDecision | None
    confidence_level: float
    at_most: Number
    errors: Number
    error_rate: Number
    throughput_per_day: Number
    errors_per_day: Number
    escaped_errors_per_day: Number
    label_noise: Number
    system: System
    window: CertifiedWindow
    evidence: Labels | Census
    notes: tuple[str, ...]
    question: Asked
    tables: Tables
    assay_version: str
    issued_at: str
    sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        form = msgspec.to_builtins(self)
        assert isinstance(form, dict)
        return form

    def sealed(self) -> Certificate:
        """Return the certificate with the hash of all else in it."""
        return replace(self, sha256=self.digest)

    @property
    def text(self) -> str:
        """The file of the certificate: every number reads back as it was."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def numbers(self) -> list[Number]:
        """Every Estimate or Unknown in it."""
        values = list(msgspec.structs.asdict(self).values())
        if self.decision is not None:
            values.append(self.decision.measured)
        return [value for value in values if isinstance(value, Number)]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form without the key `sha256`."""
        form = self.to_json()
        del form["sha256"]
        return digest_of(form)

"""From a ledger to a certificate: only from labels of a draw, or from a check of everything, never from nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

from msgspec import UNSET

from assay.errors import AssayError, BadInput, DrawError
from assay.ledger.as_of import LedgerAsOf
from assay.ledger.draws import stored_draws
from assay.ledger.population import moment_text
from assay.ledger.schema import EVIDENCE
from assay.ledger.store import Ledger
from assay.quantity import Quantity, Unknown
from assay.volume.certificate import (
    Asked,
    Certificate,
    CertifiedDecision,
    CertifiedWindow,
    Labels,
    Number,
    System,
    Tables,
)
from assay.volume.certificate_words import Claimed, claim, conditions, does_not_say, statement
from assay.volume.certified_evidence import certified_evidence, other_draws
from assay.volume.commands import draw_command, quoted
from assay.volume.draw_check import check_draw
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.gather import gather
from assay.volume.measure import measure_volume
from assay.volume.meter import Meter
from assay.volume.people import is_named
from assay.volume.question import VolumeQuestion
from assay.volume.result import StandardDecision, SystemVolume
from assay.volume.standard import parse_standard
from assay.volume.unit_evidence import UnitEvidence

DISTRIBUTION = "assay-ai"
NO_LABELS = Unknown("no labels: a check has judged every output")


def issue_certificate(
    ledger: Ledger,
    question: VolumeQuestion | None = None,
    *,
    issued_at: datetime | None = None,
) -> Certificate:
    """Certify the volume of errors of one system in one window, and hold it against a standard where one is given.

    Parameters
    ----------
    ledger
        Traces, and either labels of a draw or a check of all of them.
    question
        Which system, which window, which standard. It is not split by tags, and errors are not weighed.
    issued_at
        Now where None; rounded down to the second.

    Returns
    -------
    Certificate
        Sealed with its own hash. That a standard is missed, or not shown, stands in it: that is no error.

    Raises
    ------
    AssayError
        Where evidence is missing, several systems are asked for at once, or a draw isn't what its seed gives.

    Notes
    -----
    The claim is one-sided: the upper limit at the whole confidence level. All is computed from one version of each
    table, so that it can be computed again (`assay.volume.verify.verify_certificate`).
    """
    question = replace(question or VolumeQuestion(), by=(), severity_weights=None)
    now = (issued_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    fixed = LedgerAsOf(ledger, {name: ledger.version(name) for name in EVIDENCE})
    resolved = resolve(fixed, question)
    at = now.isoformat().replace("+00:00", "Z")
    certificate = build(fixed, resolved, issued_at=at, assay_version=version(DISTRIBUTION))
    if isinstance(certificate.evidence, Labels):
        _refuse_other_order(fixed, certificate.evidence)
    return certificate


def resolve(ledger: LedgerAsOf, question: VolumeQuestion) -> VolumeQuestion:
    """Return the question with its system, and its draw or its check, named.

    Raises
    ------
    BadInput
        Where it is about several systems.
    AssayError
        Where there is no evidence.
    """
    people = question.human.system if question.human and question.system is None else None
    found = [one for one in gather(ledger, question) if people is None or not is_named(one, people)]
    if len(found) != 1:
        raise BadInput(
            f"a certificate is of one system, and this window holds {len(found)}: {_names(found)}",
            next_command=f"assay certify {ledger.typed} -o certificate.json{_of_first(found)}{question.typed}",
        )
    system = found[0]
    named = replace(question, system=system.window.system, version=system.window.version)
    match system.evidence:
        case NoEvidence() as none:
            raise AssayError(
                f"nothing can be certified of {_name(system)}: {none.reason}",
                next_command=none.next_command,
            )
        case UnitEvidence() as units:
            raise AssayError(
                f"{units.draw.draw_id} drew {units.plan.drawn_words}: a certificate is of single outputs, "
                "each as likely to be drawn as another of its stratum",
                next_command=draw_command(ledger.typed, system.window),
            )
        case SampleEvidence() as sample:
            return replace(named, draw_id=sample.draw.draw_id)
        case CensusEvidence() as census:
            return replace(named, judge=census.judge)


def build(
    ledger: LedgerAsOf, question: VolumeQuestion, *, issued_at: str, assay_version: str
) -> Certificate:
    """Return the certificate of a question that names its system: a pure function of the ledger's fixed tables.

    Raises
    ------
    AssayError
        Where the ledger doesn't answer, or the throughput or the people that a standard needs are unknown.
    """
    answer = measure_volume(ledger, question).systems[0]
    level = question.confidence_level
    at_most = Meter(answer.gathered, answer.throughput_per_day).at(level, "less").errors
    if isinstance(at_most, Unknown) or isinstance(answer.evidence, NoEvidence | UnitEvidence):
        reason = at_most.reason if isinstance(at_most, Unknown) else "no single outputs were drawn"
        raise AssayError(f"nothing can be certified of {answer.name}: {reason}")
    _refuse_unknown(ledger, question, answer)
    noise = NO_LABELS if answer.label_noise is None else answer.label_noise.floor
    sample = answer.evidence if isinstance(answer.evidence, SampleEvidence) else None
    others = () if sample is None else other_draws(ledger, sample.draw)
    evidence = certified_evidence(ledger, answer.evidence, others)
    window = _window(answer)
    claimed = Claimed(answer, at_most, noise, others, _period(window), window.outputs)
    return Certificate(
        claim=claim(claimed),
        statement=statement(claimed),
        conditions=conditions(claimed),
        does_not_say=does_not_say(claimed),
        decision=_decision(answer.standard),
        confidence_level=level,
        at_most=Number.of(at_most),
        errors=Number.of(answer.errors),
        error_rate=Number.of(answer.error_rate),
        throughput_per_day=Number.of(answer.throughput_per_day),
        errors_per_day=Number.of(answer.errors_per_day),
        escaped_errors_per_day=Number.of(answer.escaped_errors_per_day),
        label_noise=Number.of(noise),
        system=System(answer.window.system, answer.window.version),
        window=window,
        evidence=evidence,
        notes=answer.notes,
        question=Asked.of(question),
        tables=Tables(**{name: ledger.version(name) for name in EVIDENCE}),
        assay_version=assay_version,
        issued_at=issued_at,
    ).sealed()


def _refuse_unknown(ledger: Ledger, question: VolumeQuestion, answer: SystemVolume) -> None:
    """Refuse where a standard can't be held against anything; looks that contradict each other are an answer."""
    if question.standard is None or answer.standard is None:
        return
    kind = parse_standard(question.standard).kind
    missing: Quantity | None = None
    options = question.typed
    if kind in ("count", "human") and isinstance(answer.throughput_per_day, Unknown):
        missing = answer.throughput_per_day
        options = f" --per-day N{options}"
    elif kind == "human" and answer.human is not None:
        missing = answer.human.ratio
    if isinstance(missing, Unknown):
        raise AssayError(
            f"the standard {question.standard} can't be held against {answer.name}: {missing.reason}",
            next_command=f"assay certify {ledger.typed} -o certificate.json{options}",
        )


def _refuse_other_order(ledger: LedgerAsOf, evidence: Labels) -> None:
    draw = stored_draws(ledger, [evidence.draw_id])[0]
    found = check_draw(ledger, draw)
    if found.sizes_hold(draw) and not found.out_of_order:
        return
    wrong = (
        f"the outputs drawn from {', '.join(found.out_of_order)} are not the first in the order of seed {draw.seed}"
        if found.out_of_order
        else "its strata don't have the sizes that it says"
    )
    now = "" if found.frozen else "; the tables as it froze them are gone, today's were read"
    raise DrawError(
        f"{draw.draw_id} can't carry a certificate: {wrong}{now}",
        next_command=draw_command(
            ledger.typed, draw.window, labels=draw.planned, seed=draw.seed + 1
        ),
    )


def _window(answer: SystemVolume) -> CertifiedWindow:
    return CertifiedWindow(
        start=moment_text(answer.window.start),
        end=moment_text(answer.window.end),
        first_output=moment_text(answer.traffic.first),
        last_output=moment_text(answer.traffic.last),
        outputs=answer.gathered.population,
        origin=(answer.window.origin if answer.traffic.set_aside else None) or UNSET,
    )


def _period(window: CertifiedWindow) -> str:
    start = window.start or window.first_output or "the first output in the ledger"
    end = window.end or window.last_output or "the last"
    return f"[{start}, {end}{']' if window.end is None else ')'}"


def _decision(decision: StandardDecision | None) -> CertifiedDecision | None:
    if decision is None:
        return None
    return CertifiedDecision(
        decision.standard,
        decision.demand,
        decision.decision,
        decision.limit,
        Number.of(decision.measured),
    )


def _name(system: SystemEvidence) -> str:
    return f"{system.window.system} {system.window.version}".strip()


def _names(found: list[SystemEvidence]) -> str:
    names = [_name(one) for one in found[:6]]
    return ", ".join(names) + (", ..." if len(found) > 6 else "")


def _of_first(found: list[SystemEvidence]) -> str:
    if not found:
        return ""
    window = found[0].window
    return f" --system {quoted(window.system)}" + (
        f" --version {quoted(window.version)}" if window.version else ""
    )

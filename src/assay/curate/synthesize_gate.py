"""What verifies synthetic answers: the judges of `assay judge` by name, and how their verdicts are combined.

====================  ==============================================================================================
``numeric/boxed``     a check of `assay judge check`, with a parser where one is named
``by-task``           each task's own check
``model:RUBRIC``      a model judge by a rubric (``model`` alone: correctness)
``agreement:0.6``     the answer that most samples of the task give, where at least 0.6 of them do;
                      ``agreement:0.6/last-number`` by what a parser takes out
``none``              everything passes
====================  ==============================================================================================

Their verdicts stand in the ledger, as those of any judge; here they are only read and combined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assay.curate.synthesize_candidates import Candidate
from assay.errors import BadInput
from assay.judge.agreement import AgreementJudge
from assay.judge.check import Item
from assay.judge.rules import BY_TASK, CHECKS, CheckSettings, Rule, parser_named, rules_named

Kind = Literal["check", "model", "agreement", "none"]
Combine = Literal["all", "any", "majority", "panel"]
COMBINE: tuple[Combine, ...] = ("all", "any", "majority", "panel")
RUBRIC = "correctness"
SHARE = 0.5
PARSER = "whole"
KNOWN = f"{', '.join(CHECKS)}, {BY_TASK}, model:RUBRIC, agreement:SHARE[/PARSER] or none"


@dataclass(frozen=True, slots=True)
class VerifierSpec:
    """A verifier as the user names it.

    Parameters
    ----------
    text
        The name.
    kind
    rubric
        Of a model judge.
    share : in (0, 1]
        Of agreement: least share of a task's samples.
    parser
        Of agreement: what is taken out of an answer.
    """

    text: str
    kind: Kind
    rubric: str = ""
    share: float = SHARE
    parser: str = PARSER


@dataclass(frozen=True, slots=True)
class Gate:
    """How answers are verified.

    Parameters
    ----------
    verify
        Names of verifiers, at least one, all different.
    combine
        Whether all must pass an answer, any, more than half of them; or what a panel makes of their verdicts.
    cut : in (0, 1]
        A verdict passes where its probability of error is below.
    checks
        What checks are told.

    Raises
    ------
    BadInput
        Where a name is none, or the combination can't be.
    """

    verify: tuple[str, ...]
    combine: Combine = "all"
    cut: float = 0.5
    checks: CheckSettings = field(default_factory=CheckSettings)

    def __post_init__(self) -> None:
        if not self.verify:
            raise BadInput(f"nothing verifies: give --verify with {KNOWN}")
        if len(set(self.verify)) < len(self.verify):
            raise BadInput(f"a verifier is named twice: {', '.join(self.verify)}")
        if self.combine not in COMBINE:
            raise BadInput(f"combine must be one of {', '.join(COMBINE)}, got {self.combine!r}")
        if not 0 < self.cut <= 1:
            raise BadInput(f"cut must be in (0, 1], got {self.cut:g}")
        kinds = [spec.kind for spec in self.specs]
        if "none" in kinds and len(kinds) > 1:
            raise BadInput("the verifier none passes everything: it goes alone")
        if self.combine == "panel" and len(kinds) < 2:
            raise BadInput("a panel needs at least two verifiers")
        # Refused before anything is asked, and not after hours of it.
        if not self.rules() and self.checks != CheckSettings():
            raise BadInput("settings of checks are given, and no verifier is a check")

    def rules(self) -> dict[str, Rule]:
        """Return the checks among the verifiers, by the names given; each is told what it takes."""
        names = [spec.text for spec in self.specs if spec.kind == "check"]
        return (
            dict(zip(names, rules_named(names, settings=self.checks), strict=True)) if names else {}
        )

    @property
    def specs(self) -> tuple[VerifierSpec, ...]:
        """The verifiers."""
        return tuple(spec_named(name) for name in self.verify)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        told = {
            name: str(value) if name == "schema" and value is not None else value
            for name in CheckSettings.__slots__
            if (value := getattr(self.checks, name)) != getattr(CheckSettings(), name)
        }
        return {
            "verify": list(self.verify),
            "combine": self.combine,
            "cut": self.cut,
            "checks": told,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one verifier says of one answer.

    Parameters
    ----------
    judge
        Its full name.
    passes
        None: it can't say, and does not pass it.
    error_probability : in [0, 1]
        None: it can't say.
    note
    """

    judge: str
    passes: bool | None
    error_probability: float | None = None
    note: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "judge": self.judge,
            "passes": self.passes,
            "error_probability": self.error_probability,
            "note": self.note,
        }


def spec_named(name: str) -> VerifierSpec:
    """Return a verifier by name.

    Raises
    ------
    BadInput
        Where there is none, or its share is out of range.

    Examples
    --------
    >>> spec_named("agreement:0.6/last-number").parser
    'last-number'
    >>> spec_named("numeric").kind
    'check'
    """
    if name == "none":
        return VerifierSpec(name, "none")
    head, colon, told = name.partition(":")
    if head == "model" and (told or not colon):
        return VerifierSpec(name, "model", rubric=told or RUBRIC)
    if head.partition("/")[0] == "agreement":
        told, _, parser = (told if colon else name.removeprefix("agreement")).partition("/")
        share = _share(told, name) if colon else SHARE
        parser_named(parser or PARSER)
        return VerifierSpec(name, "agreement", share=share, parser=parser or PARSER)
    if name.partition("/")[0] in (*CHECKS, BY_TASK):
        return VerifierSpec(name, "check")
    raise BadInput(f"verify must be {KNOWN}; got {name[:60]!r}")


def _share(told: str, name: str) -> float:
    try:
        share = float(told)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise BadInput(
            f"agreement takes the least share of a task's samples, in (0, 1], as agreement:0.6; got {name[:60]!r}"
        )
    return share


def agreement_passes(
    found: Sequence[Candidate], spec: VerifierSpec
) -> dict[str, tuple[bool | None, str]]:
    """Return for each trace whether its answer is the one that most samples of its task give, and in words.

    Parameters
    ----------
    found
        All answers of the tasks.
    spec

    Notes
    -----
    The share is of all samples of the task, those too that answer nothing. Where two answers are as frequent, neither
    passes: which one is meant, nobody has said. It sees no error that most samples make alike.
    """
    judge = AgreementJudge("epochs", parser_named(spec.parser))
    taken = judge.parser.take(
        [one.output for one in found], [Item(one.output, input=one.question) for one in found]
    )
    keys = [
        None if one.gave_up or one.text is None or not one.text.strip() else judge.key(one.text)
        for one in taken
    ]
    counts: dict[str, Counter[str]] = {}
    samples: Counter[str] = Counter()
    for candidate, key in zip(found, keys, strict=True):
        samples[candidate.task_id] += 1
        if key is not None:
            counts.setdefault(candidate.task_id, Counter())[key] += 1
    said: dict[str, tuple[bool | None, str]] = {}
    for candidate, key in zip(found, keys, strict=True):
        of = samples[candidate.task_id]
        if key is None:
            said[candidate.trace_id] = (None, "no answer can be read")
            continue
        own = counts[candidate.task_id]
        first = own[key] == max(own.values()) and list(own.values()).count(own[key]) == 1
        # A sample alone agrees with nobody.
        passes = of > 1 and first and own[key] >= spec.share * of - 1e-9
        said[candidate.trace_id] = (passes, f"{own[key]} of {of} samples answer so")
    return said


def deciding(verdicts: Sequence[Verdict], how: Combine) -> Sequence[Verdict]:
    """Return the verdicts that decide: all, or the panel's alone, which stands last."""
    return verdicts[-1:] if how == "panel" else verdicts


def combined(verdicts: Sequence[Verdict], how: Combine) -> bool:
    """Return whether an answer passes.

    Examples
    --------
    >>> combined([Verdict("a", True), Verdict("b", False)], "any")
    True
    >>> combined([Verdict("a", True), Verdict("b", None)], "majority")
    False
    """
    verdicts = deciding(verdicts, how)
    passed = sum(verdict.passes is True for verdict in verdicts)
    if how == "any":
        return passed > 0
    if how == "majority":
        return 2 * passed > len(verdicts)
    return passed == len(verdicts)


def why_not(verdicts: Sequence[Verdict]) -> str:
    """Return in words which verifiers did not pass an answer."""
    said = []
    for verdict in verdicts:
        if verdict.passes is not True:
            what = "could not be judged" if verdict.passes is None else "rejected"
            said.append(
                f"{what} by {verdict.judge}" + (f": {verdict.note}" if verdict.note else "")
            )
    return "; ".join(said)


def scored_verdicts(
    judge: str, scores: Mapping[str, tuple[float | None, str]], cut: float
) -> dict[str, Verdict]:
    """Return a judge's scores as verdicts: trace -> verdict."""
    return {
        trace_id: Verdict(judge, None if score is None else score < cut, score, note)
        for trace_id, (score, note) in scores.items()
    }

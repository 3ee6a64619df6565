"""Running the verifiers of a synthesis over its ledger, and reading what they said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.curate.synthesize_candidates import Candidate
from assay.curate.synthesize_gate import (
    Gate,
    Verdict,
    VerifierSpec,
    agreement_passes,
    scored_verdicts,
)
from assay.errors import BadInput, LedgerError
from assay.judge.agreement import AgreementJudge, judge_by_agreement
from assay.judge.panel import Panel, judge_by_panel
from assay.judge.rules import parser_named
from assay.judge.run_check import Selection, judge_by_check
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal

NOTHING_VERIFIES = "none"
PANEL_SEED = 1

AskModel = Callable[[VerifierSpec], str]
"""Runs a model judge over the ledger, and returns its full name; raises where answers stay unjudged."""

Progress = Callable[[int, float | None], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """Which judges have spoken.

    Parameters
    ----------
    judges
        The verifiers' full names, in their order; ``none`` where nothing verifies.
    panel
        The panel's, where one combines them; empty where none does.
    """

    judges: tuple[str, ...]
    panel: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {"judges": list(self.judges), "panel": self.panel or None}


def verify(
    ledger: Ledger,
    gate: Gate,
    window: Selection,
    *,
    ask_model: AskModel,
    on_progress: Progress | None = None,
) -> Verified:
    """Let every verifier judge the answers that it has not judged; one that was stopped goes on.

    Parameters
    ----------
    ledger
    gate
    window
        The answers.
    ask_model
        Runs a model judge.
    on_progress

    Raises
    ------
    BadInput
        If a verifier can't say anything of the answers.
    """
    judges: list[str] = []
    for spec in gate.specs:
        if spec.kind == "none":
            judges.append(NOTHING_VERIFIES)
        elif spec.kind == "model":
            judges.append(ask_model(spec))
        elif spec.kind == "agreement":
            judge = AgreementJudge("epochs", parser_named(spec.parser))
            judges.append(
                judge_by_agreement(ledger, judge, window=window, progress=on_progress).judge
            )
        else:
            judges.append(_by_check(ledger, gate, spec, window, on_progress))
    if gate.combine != "panel":
        return Verified(tuple(judges))
    try:
        panel = judge_by_panel(
            ledger, Panel(tuple(judges)), rng=np.random.default_rng(PANEL_SEED), progress=on_progress
        )  # fmt: skip
    except LedgerError as error:
        raise BadInput(
            f"the verifiers can't be combined as a panel: {error.message}", where=str(ledger.path)
        ) from None
    return Verified(tuple(judges), panel.judge)


def _by_check(
    ledger: Ledger,
    gate: Gate,
    spec: VerifierSpec,
    window: Selection,
    on_progress: Progress | None,
) -> str:
    rule = gate.rules()[spec.text]
    report = judge_by_check(ledger, rule, window=window, progress=on_progress)
    if not report.judged and not report.already and report.without_reference:
        raise BadInput(
            f"the check {spec.text} compares with a reference, and none of the tasks has one",
            next_command="--verify agreement:0.6, or model:correctness",
        )
    if not report.judged and not report.already and report.first_unjudged:
        raise BadInput(
            f"the check {spec.text} can't judge any answer: {report.first_unjudged[0][1]}"
        )
    return rule.judge


def read_verdicts(
    ledger: Ledger, gate: Gate, verified: Verified, found: Sequence[Candidate]
) -> dict[str, tuple[Verdict, ...]]:
    """Return what each verifier says of each answer: trace -> verdicts, in the verifiers' order.

    With a panel its verdict comes last, and it alone decides.
    """
    told: list[dict[str, Verdict]] = []
    for spec, judge in zip(gate.specs, verified.judges, strict=True):
        if spec.kind == "none":
            told.append({one.trace_id: Verdict(judge, True) for one in found})
            continue
        verdicts = scored_verdicts(judge, _scores(ledger, judge), gate.cut)
        if spec.kind == "agreement":
            # How many agree is what decides; the score leaves each answer out of its own count.
            verdicts = {
                trace_id: Verdict(judge, passes, _probability(verdicts.get(trace_id)), note)
                for trace_id, (passes, note) in agreement_passes(found, spec).items()
            }
        told.append(verdicts)
    names = list(verified.judges)
    if verified.panel:
        told.append(scored_verdicts(verified.panel, _scores(ledger, verified.panel), gate.cut))
        names.append(verified.panel)
    return {
        one.trace_id: tuple(
            verdicts.get(one.trace_id, Verdict(name, None))
            for name, verdicts in zip(names, told, strict=True)
        )
        for one in found
    }


def _probability(verdict: Verdict | None) -> float | None:
    return None if verdict is None else verdict.error_probability


def _scores(ledger: Ledger, judge: str) -> dict[str, tuple[float | None, str]]:
    rows = ledger.rows(
        "SELECT trace_id, error_probability, note FROM verdicts "
        f"WHERE judge = {literal(judge)} AND draw_id IS NULL ORDER BY {NEWEST_LAST}"
    )
    return {row["trace_id"]: (row["error_probability"], row["note"] or "") for row in rows}

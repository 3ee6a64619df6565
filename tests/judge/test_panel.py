"""Panels: several judges as one, what is assumed of each, and how far they err together."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.errors import AssayError, BadInput, DrawError, LedgerError
from assay.judge.panel import Panel, PanelReport, judge_by_panel
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from volume.desk import answer, draw, fill

NAMES = ("a@1 (x)", "b@1 (x)", "c@1 (x)")


def vote(ledger: Ledger, judge: str, scores: Mapping[str, float | None]) -> None:
    ledger.append("verdicts", [
        {"trace_id": trace_id, "judge": judge, "judge_kind": "model", "error_probability": score}
        for trace_id, score in scores.items()
    ])  # fmt: skip


def simulated(
    ledger: Ledger, wrong: dict[str, bool], judges: tuple[str, ...] = NAMES, shared: float = 0.0
) -> None:
    """Judges of sensitivity .8 and specificity .9 that say one thing in a share of the cases."""
    rng = np.random.default_rng(4)
    truth = np.array(list(wrong.values()))
    common = rng.random(len(truth))
    together = rng.random(len(truth)) < shared
    for judge in judges:
        luck = np.where(together, common, rng.random(len(truth)))
        said = np.where(truth, luck < 0.8, luck < 0.1)
        vote(ledger, judge, dict(zip(wrong, said.astype(float).tolist(), strict=True)))


def combined(ledger: Ledger, *judges: str, **more: Any) -> PanelReport:
    return judge_by_panel(ledger, Panel(judges or NAMES, **more), rng=np.random.default_rng(1))


def scores(ledger: Ledger, judge: str) -> dict[str, float]:
    rows = ledger.rows(
        f"SELECT trace_id, error_probability FROM verdicts WHERE judge = '{judge}' ORDER BY at"
    )
    return {row["trace_id"]: row["error_probability"] for row in rows}


def auroc(scores: Any, wrong: Any) -> float:
    scores, wrong = np.asarray(scores), np.asarray(wrong, dtype=bool)
    bad, good = scores[wrong][:, None], scores[~wrong][None, :]
    return float((bad > good).mean() + 0.5 * (bad == good).mean())


def test_three_judges_become_one(ledger: Ledger) -> None:
    desk = fill(ledger, traces=2_000, error_rate=0.2, judge=False)
    simulated(ledger, desk.wrong)
    report = combined(ledger)
    assert report.judge.startswith("panel@1 (Dawid-Skene of 3 judges sha256:")
    assert (report.scored, report.unchanged, report.converged) == (2_000, 0, True)
    for member in report.members:
        assert isinstance(member.sensitivity, Estimate)
        assert member.sensitivity.guarantee == "assumed"
        assert "not measured" in member.sensitivity.method
        assert member.sensitivity.low <= 0.8 <= member.sensitivity.high
        assert isinstance(member.specificity, Estimate)
        assert member.specificity.low <= 0.9 <= member.specificity.high
    found = scores(ledger, report.judge)
    truth = list(desk.wrong.values())
    single = auroc(list(scores(ledger, NAMES[0]).values()), truth)
    assert auroc([found[trace] for trace in desk.wrong], truth) > single + 0.05
    # No number of errors comes out of judges alone, and nothing is known of how they err together.
    assert isinstance(report.prevalence, Unknown)
    assert isinstance(report.effective_judges, Unknown)
    again = combined(ledger)
    assert (again.scored, again.unchanged) == (0, 2_000)
    assert json.loads(json.dumps(report.to_json()))["members"][0]["votes"] == 2_000


def test_labels_show_that_judges_err_together(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=1_500, error_rate=0.3, judge=False)
    simulated(ledger, desk.wrong, shared=0.8)
    answer(desk, draw(desk, 400, judge=None), tmp_path / "list.csv")
    report = combined(ledger)
    assert isinstance(report.effective_judges, Estimate)
    assert report.effective_judges.high < 2
    assert report.effective_judges.confidence_level == pytest.approx(0.95)
    for _, _, found in report.correlations:
        assert isinstance(found, Estimate)
        assert found.n == 400
        # The judges' errors are the same in 80 cases of 100.
        assert found.low < 0.8 < found.high


def test_labels_picked_by_a_judge_are_assumed_to_be_like_the_others(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = fill(ledger, error_rate=0.3)
    simulated(ledger, desk.wrong, shared=0.8)
    answer(desk, draw(desk), tmp_path / "list.csv")
    report = combined(ledger)
    (_, _, pair), worth = report.correlations[0], report.effective_judges
    assert isinstance(pair, Estimate)
    assert isinstance(worth, Estimate)
    assert pair.guarantee == worth.guarantee == "assumed"
    assert "not drawn uniformly" in pair.method


def test_anchors_never_write_their_own_label(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=1_000, error_rate=0.3, judge=False)
    simulated(ledger, desk.wrong)
    drawn = draw(desk, 200, judge=None)
    answer(desk, drawn, tmp_path / "list.csv")
    report = combined(ledger, anchors=drawn.draw_id)
    assert report.anchors == 200
    assert "; 200 labels as anchors)" in report.judge
    found = scores(ledger, report.judge)
    rows = ledger.rows(
        "SELECT v.trace_id, v.note, l.error_probability AS label FROM verdicts AS v JOIN verdicts AS l "
        f"ON l.trace_id = v.trace_id WHERE v.judge = '{report.judge}' AND l.draw_id IS NOT NULL"
    )
    assert len(rows) == 200
    unanimous = [row for row in rows if row["note"] == "right, right, right"]
    assert any(row["label"] == 1.0 for row in unanimous)
    # The same votes get nearly the same score, whatever the label says.
    assert max(found[row["trace_id"]] for row in unanimous) < 0.05


def test_two_judges_are_a_mean_and_say_why(ledger: Ledger) -> None:
    vote(ledger, "a", {"t1": 0.2, "t2": 1.0, "t3": None})
    vote(ledger, "b", {"t1": 0.4, "t2": None, "t3": None})
    report = combined(ledger, "a", "b")
    assert report.judge.startswith("panel@1 (mean of 2 judges")
    assert scores(ledger, report.judge) == {"t1": pytest.approx(0.3), "t2": 1.0}
    assert report.converged is None
    unknown = report.members[0].sensitivity
    assert isinstance(unknown, Unknown)
    assert "2 judges don't determine how each errs" in unknown.reason


def test_judges_that_never_differ_or_never_meet_are_a_mean(ledger: Ledger) -> None:
    traces = [f"t{n}" for n in range(12)]
    for judge in ("a", "b"):
        vote(ledger, judge, {t: float(n % 3 == 0) for n, t in enumerate(traces)})
    vote(ledger, "always", dict.fromkeys(traces, 0.9))
    vote(ledger, "apart", {f"u{n}": float(n % 2) for n in range(6)})
    always = combined(ledger, "a", "b", "always").members[0].sensitivity
    assert isinstance(always, Unknown)
    assert "only 2 of 3 judges vote both ways" in always.reason
    apart = combined(ledger, "a", "b", "apart").members[0].sensitivity
    assert isinstance(apart, Unknown)
    assert "never vote on one trace" in apart.reason


def test_abstentions_and_scores_at_the_cut_are_no_votes(ledger: Ledger) -> None:
    desk = fill(ledger, traces=300, error_rate=0.3, judge=False)
    simulated(ledger, desk.wrong)
    vote(ledger, "d", {trace: [None, 0.5, 0.1, 0.8][n % 4] for n, trace in enumerate(desk.wrong)})
    vote(ledger, "d", {"nobody-else": 0.5})
    report = combined(ledger, *NAMES, "d")
    assert report.members[3].votes == 150
    assert "nobody-else" not in scores(ledger, report.judge)
    assert combined(ledger, *NAMES, "d", cut=0.4).members[3].called_wrong == 151


@pytest.mark.parametrize(
    ("judges", "more", "error", "said"),
    [
        (("a@1 (x)",), {}, BadInput, "2 to 15 different judges"),
        (("a@1 (x)", "a@1 (x)"), {}, BadInput, "2 to 15 different judges"),
        (NAMES, {"cut": 1.0}, BadInput, "cut must be in"),
        (NAMES, {"name": "p@2"}, BadInput, "without @"),
        (("a@1 (x)", "nobody"), {}, LedgerError, "no trace has a score by 'nobody'"),
        (NAMES, {"anchors": "no-draw"}, DrawError, "no-draw"),
    ],
)
def test_what_is_no_panel_is_refused(
    ledger: Ledger, judges: tuple[str, ...], more: Any, error: type[AssayError], said: str
) -> None:
    simulated(ledger, {"t1": True, "t2": False})
    with pytest.raises(error, match=said):
        combined(ledger, *judges, **more)


def test_a_draw_without_labels_is_no_anchor(ledger: Ledger) -> None:
    desk = fill(ledger, traces=300, judge=False)
    simulated(ledger, desk.wrong)
    drawn = draw(desk, 20, judge=None)
    with pytest.raises(DrawError, match="no labels yet"):
        combined(ledger, anchors=drawn.draw_id)


JUDGES = (
    "gpt-4o-mini-2024-07-18",
    "Meta-Llama-3.1-70B-Instruct",
    "gemma-2-9b-it",
    "claude-3-haiku-20240307",
    "Mistral-Nemo-Instruct-2407",
)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("system", "error_rate", "single", "panel"),
    [
        ("gpt-3.5-turbo-0125", 0.196, 0.945, 0.975),
        ("gpt-4o-2024-08-06", 0.038, 0.752, 0.840),
    ],
)
def test_five_models_that_agree_or_not_on_real_answers(
    ledger: Ledger, shared_data: Path, system: str, error_rate: float, single: float, panel: float
) -> None:
    """Each judge says whether its own answer to the GSM8K problem is another one; truth is the gold answer."""
    answers: dict[str, dict[str, dict[str, Any]]] = {}
    with gzip.open(shared_data / "zeroeval_gsm" / "answers.jsonl.gz", "rt") as file:
        for line in file:
            row = json.loads(line)
            answers.setdefault(row["model"], {})[row["item"]] = row
    target = answers[system]
    for judge in JUDGES:
        said = {
            item: float(answers[judge][item]["value"] != row["value"])
            for item, row in target.items()
        }
        vote(ledger, judge, said)
    report = combined(ledger, *JUDGES)
    wrong = [not row["correct"] for row in target.values()]
    assert np.mean(wrong) == pytest.approx(error_rate, abs=5e-4)
    found = scores(ledger, report.judge)
    each = [scores(ledger, judge) for judge in JUDGES]
    best = max(auroc([one[item] for item in target], wrong) for one in each)
    mean = auroc([np.mean([one[item] for one in each]) for item in target], wrong)
    ours = auroc([found[item] for item in target], wrong)
    assert best == pytest.approx(single, abs=5e-4)
    assert ours == pytest.approx(panel, abs=1e-3)
    # Five judges beat the best of them by far; the weights hardly beat a plain mean.
    assert ours > best + 0.02
    assert abs(ours - mean) < 0.01
    # What the model assumes is not what is true: each of these limits misses the truth.
    member = report.members[0].specificity
    truth = np.mean([1 - each[0][item] for item, row in target.items() if row["correct"]])
    assert isinstance(member, Estimate)
    assert member.low > float(truth)

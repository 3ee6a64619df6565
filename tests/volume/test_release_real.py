"""A release threshold on real answers: GPT-3.5's to 1,319 sums, released where Llama 3.1 70B says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.quantity import Estimate
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.release import ReleaseQuestion, measure_release
from judge.gsm_judges import GOLD, LLAMA, gsm_ledger, judged_by

SYSTEM = "gpt-3.5-turbo-0125"
SAME, SAME_AND_WRONG, WRONG, ALL = 1_031, 17, 259, 1_319
"""By the gold: answers that agree, wrong ones among them, wrong ones in all."""

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def labeled(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = gsm_ledger(shared_data, tmp_path_factory.mktemp("gsm") / "runs.ledger")
    window = Window(SYSTEM, "", origin="exam")
    truth = {
        row["trace_id"]: row["error_probability"]
        for row in ledger.rows(
            f"SELECT trace_id, error_probability FROM verdicts WHERE judge = '{GOLD}'"
        )
    }
    for seed in range(4):
        drawn = draw_labels(ledger, DrawRequest(window, 600, seed))
        ledger.append("verdicts", [
            {"trace_id": one, "judge": "gold", "judge_kind": "person", "error_probability": truth[one],
             "draw_id": drawn.draw_id}
            for one in drawn.strata[0].trace_ids
        ])  # fmt: skip
    return ledger


def test_what_agrees_may_go_out_and_what_differs_may_not(labeled: Ledger) -> None:
    found = measure_release(labeled, ReleaseQuestion(judged_by(LLAMA), 0.05))
    assert found.tested.threshold == 0.0
    assert (found.released, found.outputs) == (SAME, ALL)
    coverage = found.tested.coverage
    assert isinstance(coverage, Estimate)
    assert coverage.low <= SAME / ALL <= coverage.high
    # 19.6 % of all are wrong, 1.6 % of what is released: five percent is promised and kept.
    assert SAME_AND_WRONG / SAME < 0.05 < WRONG / ALL


def test_a_promise_that_the_judge_can_not_keep_is_not_made(labeled: Ledger) -> None:
    made = 0
    for row in labeled.rows("SELECT DISTINCT draw_id FROM draws"):
        question = ReleaseQuestion(judged_by(LLAMA), 0.01, draw_id=row["draw_id"])
        found = measure_release(labeled, question)
        made += found.tested.threshold is not None
    assert made == 0

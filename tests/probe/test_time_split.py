"""A time split: LiveCodeBench as published figures have it, clean systems that are not blamed, and what is left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.probe.time_split import SplitQuestion, split_exam
from assay.probe.time_split_result import Drop, SplitPart, SplitReport
from assay.quantity import Estimate, Quantity, Unknown
from probe.exam_ledgers import CLEAN, add_answers, code_exam, spread

CUT = int(datetime(2023, 9, 1, tzinfo=UTC).timestamp() * 1e6)
REFERENCES = tuple((name, None) for name in CLEAN)


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def split(ledger: Ledger, question: SplitQuestion) -> SplitReport:
    report = split_exam(ledger, question, rng=np.random.default_rng(7))
    json.dumps(report.to_json(), allow_nan=False)
    return report


@pytest.mark.shared_data
def test_livecodebench_as_published(shared_data: Path, tmp_path: Path) -> None:
    tested = ("DSCoder-33b-Base", "GPT-4-0613", "Gemini-Pro-1.5 (n=1)")
    models = list(dict.fromkeys((*tested, *CLEAN)))
    ledger = code_exam(shared_data, tmp_path / "l", models, platforms=("leetcode", "atcoder"))
    question = SplitQuestion(
        CUT,
        tuple((name, None) for name in tested),
        REFERENCES,
        by="platform",
        placebos=("atcoder",),
    )
    coder, gpt, gemini = split(ledger, question).systems
    placebo, leetcode = coder.parts
    assert (leetcode.name, leetcode.tasks, placebo.tasks) == ("leetcode", (79, 102), (80, 130))
    assert [round(100 * known(side).value, 1) for side in (leetcode.before, leetcode.after)] == [
        56.2, 6.0,
    ]  # fmt: skip
    # +51.9 [41.9, 61.3], and +0.4 [-6.9, 7.3] for the placebo: limits of a bootstrap, to its own noise.
    found = known(leetcode.difference)
    assert 100 * found.value == pytest.approx(51.9, abs=0.05)
    assert (100 * found.low, 100 * found.high) == pytest.approx((41.9, 61.3), abs=1.5)
    nothing = known(placebo.difference)
    assert 100 * nothing.value == pytest.approx(0.4, abs=0.05)
    assert (100 * nothing.low, 100 * nothing.high) == pytest.approx((-6.9, 7.3), abs=1.0)
    assert placebo.is_placebo
    assert leetcode.drop(0.05) is Drop.YES
    assert placebo.drop(0.05) is not Drop.YES
    assert not leetcode.seen_at_a_placebo_cut
    _, clean = gpt.parts
    assert [round(100 * known(side).value, 1) for side in (clean.before, clean.after)] == [
        34.7, 36.9,
    ]  # fmt: skip
    assert clean.drop(0.05) is not Drop.YES
    # One try a problem: its training ended before the problems, and 9 points, [0, 18], are no finding either.
    assert gemini.asked_once
    assert gemini.to_json(0.05)["stability"] == "unknown"
    assert [part.drop(0.05) for part in gemini.parts] == [Drop.UNKNOWN, Drop.UNKNOWN]


@pytest.mark.nightly
@pytest.mark.shared_data
def test_none_of_32_models_trained_before_is_blamed(shared_data: Path, tmp_path: Path) -> None:
    import gzip

    with gzip.open(shared_data / "livecodebench" / "gen_20240417.json.gz", "rt") as stream:
        models = json.load(stream)["models"]
    ends = {one["model_repr"]: one["release_date"] / 1000 for one in models}
    ledger = code_exam(shared_data, tmp_path / "l", list(ends), platforms=("leetcode", "atcoder"))
    question = SplitQuestion(
        CUT, tuple((name, None) for name in ends), REFERENCES, by="platform", placebos=("atcoder",)
    )
    blamed = {True: 0, False: 0}
    for one in split(ledger, question).systems:
        placebo, leetcode = one.parts
        late = datetime.fromtimestamp(ends[one.system], UTC) > datetime(2023, 8, 1, tzinfo=UTC)
        blamed[late] += leetcode.drop(0.05) is Drop.YES
        assert placebo.drop(0.05) is not Drop.YES
    assert blamed == {True: 9, False: 0}


def add_exam(
    ledger: Ledger, name: str, before: float, after: float, *, part: str = "main", n: int = 100
) -> None:
    days = [f"2023-0{1 + place % 8}-15" for place in range(n)] + ["2023-10-01"] * n
    tags = [{"date": day, "part": part} for day in days]
    add_answers(ledger, name, [*spread(before, n), *spread(after, n)], tags=tags)


def one_part(report: SplitReport) -> SplitPart:
    return report.systems[0].parts[0]


def test_a_fall_that_everybody_has_is_no_finding(ledger: Ledger) -> None:
    for n in range(6):
        add_exam(ledger, f"clean-{n}", 0.5 + 0.05 * n, 0.3 + 0.05 * n)
    add_exam(ledger, "desk", 0.8, 0.6)
    clean = tuple((f"clean-{n}", None) for n in range(6))
    part = one_part(split(ledger, SplitQuestion(CUT, (("desk", None),), clean)))
    assert known(part.difference).value == pytest.approx(0, abs=1e-9)
    assert part.drop(0.05) is not Drop.YES
    assert part.drop(0.5) is Drop.NO
    few = split(ledger, SplitQuestion(CUT, (("desk", None),), clean[:4]))
    assert not few.systems[0].is_adjusted
    assert few.systems[0].to_json(0.05)["adjusted"] == "not adjusted for difficulty"
    # The plain fall is there, and without references it is no finding.
    assert known(one_part(few).difference).value == pytest.approx(0.2)
    assert one_part(few).drop(0.05) is Drop.UNKNOWN


def test_what_was_left_out_is_counted(ledger: Ledger) -> None:
    tags = [{"date": "2023-01-01"}, {"date": "2023-12-01"}, {}, {"date": "2023-12-02"}]
    add_answers(ledger, "desk", [1, 1, 1, None], tags=tags)
    (one,) = split(ledger, SplitQuestion(CUT)).systems
    assert (one.tasks, one.undated, one.left_out) == (2, 1, 1)
    assert one.parts[0].tasks == (1, 1)


def test_a_side_without_a_task_is_unknown(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [1, 0], tags=[{"date": "2023-01-01"}] * 2)
    part = one_part(split(ledger, SplitQuestion(CUT)))
    assert isinstance(part.difference, Unknown)
    assert isinstance(part.after, Unknown)
    assert part.drop(0.05) is Drop.UNKNOWN


def test_what_cannot_be_split_is_said(ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="no answer with origin=exam"):
        split(ledger, SplitQuestion(CUT))
    add_answers(ledger, "desk", [1, 0], tags=[{"date": "soon"}] * 2)
    with pytest.raises(BadInput, match="has the tag 'day'"):
        split(ledger, SplitQuestion(CUT, date="day"))
    with pytest.raises(BadInput, match="soon"):
        split(ledger, SplitQuestion(CUT))
    with pytest.raises(BadInput, match="--by"):
        split(ledger, SplitQuestion(CUT, placebos=("a",)))
    with pytest.raises(BadInput, match="there is none to test"):
        split(ledger, SplitQuestion(CUT, references=(("desk", None),)))
    with pytest.raises(BadInput, match="confidence"):
        split(ledger, SplitQuestion(CUT, confidence_level=0.2))


def test_a_placebo_must_be_a_part(ledger: Ledger) -> None:
    add_exam(ledger, "desk", 0.8, 0.6, part="a")
    with pytest.raises(BadInput, match="part=b"):
        split(ledger, SplitQuestion(CUT, by="part", placebos=("b",)))

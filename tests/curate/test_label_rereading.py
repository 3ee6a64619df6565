"""Labels drawn to be read again: blind, bound to their draw; and limits that hold, whatever the suspects are worth."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.curate.label_errors import LabelNoise, Suspect, find_label_errors
from assay.curate.label_rereading import (
    RereadDraw,
    Rereading,
    estimate_reread,
    read_reread,
    write_reread,
)
from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from curate.test_label_errors import JUDGE, flipped_desk


def noise(suspects: int, rest: int) -> LabelNoise:
    """Return labels that all say right, named by number."""
    none = Unknown("not asked")
    chosen = tuple(
        Suspect(f"s{number}", "", "reader", "right", 0.1, "") for number in range(suspects)
    )
    others = {f"r{number}": "right" for number in range(rest)}
    return LabelNoise({"right": suspects + rest, "wrong": 0}, "", none, none, chosen, 0, others, 0)


def reread(found: LabelNoise, draw: RereadDraw, wrong: set[str], **options: Any) -> Rereading:
    verdicts = {
        name: "wrong" if name in wrong else "right" for part in draw.of(found) for name in part
    }
    return estimate_reread(found, draw, verdicts, **options)


def test_what_was_read_in_full_is_counted() -> None:
    found = noise(20, 30)
    said = reread(found, RereadDraw(20, 30), {"s1", "s2", "s3", "r7"}, find=0.9)
    assert isinstance(said.errors, Estimate)
    assert (said.errors.low, said.errors.value, said.errors.high) == (4, 4, 4)
    assert isinstance(said.of_suspects, Estimate)
    assert said.of_suspects.value == pytest.approx(3 / 20)
    assert isinstance(said.found_by_suspects, Estimate)
    assert said.found_by_suspects.value == pytest.approx(0.75)
    # Of 4 one needs 3.6: the suspects' 3, and 18 of the 30 others for the 0.6.
    assert (said.to_read, said.to_read_at_most) == (18, 18)
    assert reread(found, RereadDraw(20, 30), {"s1", "r7"}, find=0.4).to_read == 0


def covered(suspects: tuple[int, int], rest: tuple[int, int], runs: int) -> tuple[float, float]:
    """Return how often the limits hold the errors and the share among suspects; each part: size and errors."""
    wrong = {f"s{n}" for n in range(suspects[1])} | {f"r{n}" for n in range(rest[1])}
    found = noise(suspects[0], rest[0])
    share = suspects[1] / len(wrong)
    held = Counter[str]()
    for seed in range(runs):
        said = reread(found, RereadDraw(30, 60, seed), wrong)
        assert isinstance(said.errors, Estimate)
        held["errors"] += said.errors.low <= len(wrong) <= said.errors.high
        of = said.found_by_suspects
        # Where nothing is said, nothing is said wrongly.
        held["share"] += isinstance(of, Unknown) or of.low <= share <= of.high
    return held["errors"] / runs, held["share"] / runs


def test_limits_hold_the_errors_and_the_share() -> None:
    errors, share = covered((100, 40), (900, 18), 60)
    # 60 runs at 95 % have at least 52 in all but one of 1,000.
    assert min(errors, share) >= 52 / 60


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("suspects", "rest"),
    [((100, 40), (900, 18)), ((100, 2), (900, 18)), ((50, 50), (950, 0)), ((200, 5), (800, 1)),
     ((100, 10), (900, 300))],
)  # fmt: skip
def test_limits_hold_in_the_grid(suspects: tuple[int, int], rest: tuple[int, int]) -> None:
    errors, share = covered(suspects, rest, 600)
    print(f"suspects {suspects}, rest {rest}: errors {errors:.3f}, share {share:.3f}")
    # 600 runs at 95 % have at least 553 in all but one of 1,000 cells.
    assert min(errors, share) >= 553 / 600


def test_nothing_wrong_is_not_no_errors() -> None:
    said = reread(noise(100, 900), RereadDraw(30, 60), set())
    assert isinstance(said.errors, Estimate)
    assert said.errors.high > 20
    assert isinstance(said.found_by_suspects, Unknown)
    assert isinstance(said.to_read, Unknown)
    unsure = noise(100, 900)
    verdicts = {name: "unsure" for part in RereadDraw().of(unsure) for name in part}
    wide = estimate_reread(unsure, RereadDraw(), verdicts).errors
    assert isinstance(wide, Estimate)
    assert (wide.low, wide.high) == (0, 1_000)


def test_without_suspects_the_rest_says_how_many() -> None:
    said = reread(noise(0, 300), RereadDraw(10, 100), {f"r{n}" for n in range(30)})
    assert isinstance(said.errors, Estimate)
    assert said.errors.low <= 30 <= said.errors.high
    assert isinstance(said.found_by_suspects, Unknown)
    assert "no suspects" in said.found_by_suspects.reason


def test_a_list_is_blind_and_comes_back(ledger: Ledger, tmp_path: Path) -> None:
    flipped = flipped_desk(ledger, tmp_path, answers=800, flips=30)
    found = find_label_errors(ledger, judge=JUDGE)
    draw, path = RereadDraw(40, 40, seed=3), tmp_path / "todo.jsonl"
    assert write_reread(ledger, found, draw, path) == 80
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert {key for row in rows for key in row} == {
        "trace_id",
        "input",
        "output",
        "verdict",
        "draw",
    }
    suspects = {one.trace_id for one in found.suspects}
    # Neither kind stands first.
    assert 5 < sum(row["trace_id"] in suspects for row in rows[:40]) < 35
    with pytest.raises(BadInput, match="there already"):
        write_reread(ledger, found, draw, path)
    with pytest.raises(BadInput, match=r"80 of 80 lines .* have no verdict"):
        read_reread(path)
    label = {one.trace_id: one.label for one in found.suspects} | dict(found.rest)
    other = {"right": "wrong", "wrong": "right"}
    for row in rows:
        said = label[row["trace_id"]]
        row["verdict"] = other[said] if row["trace_id"] in flipped else said
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    again, verdicts = read_reread(path)
    assert again == draw
    errors = estimate_reread(found, again, verdicts).errors
    assert isinstance(errors, Estimate)
    assert errors.low <= 30 <= errors.high
    with pytest.raises(BadInput, match="not what these labels and options draw"):
        estimate_reread(replace(found, suspects=()), again, verdicts)


LINE = {"trace_id": "a", "verdict": "right", "draw": {"suspects": 1, "rest": 1, "seed": 1}}


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (["hello"], "not a line of a list"),
        (["[1]"], "not a line of a list"),
        ([json.dumps({**LINE, "draw": {"suspects": "1", "rest": 1, "seed": 1}})], "not a line"),
        ([json.dumps({**LINE, "verdict": "maybe"})], "one of right, wrong, unsure, got 'maybe'"),
        ([json.dumps({**LINE, "verdict": ["right"]})], "one of right, wrong, unsure"),
        ([json.dumps(LINE)] * 2, "stands there twice"),
        ([json.dumps({**LINE, "verdict": ""})], "1 of 1 lines"),
        ([json.dumps({**LINE, "draw": {"suspects": 0, "rest": 1, "seed": 1}})], "at least 1"),
        ([], "holds 0 draws"),
    ],
)
def test_lists_that_are_none_are_refused(tmp_path: Path, lines: list[str], match: str) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(BadInput, match=match):
        read_reread(path)


def test_a_share_to_find_lies_between_0_and_1() -> None:
    with pytest.raises(BadInput, match="lies in"):
        reread(noise(10, 10), RereadDraw(), set(), find=1.0)

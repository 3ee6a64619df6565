"""The kept turns of examples/loop: the constants of the package's law are their fit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

import loop_phase
import loop_turns
from assay.curate.loop.loop_config import read_loop
from assay.curate.loop.loop_run import run_loop
from assay.estimate.loop_law import PACKAGE_LAW, fit_law
from assay.estimate.loop_law_package import GROWTH
from assay.quantity import Estimate, Quantity
from curate.loop_worlds import by_heart
from loop_audits import REDRAWS, VERDICTS, verdicts

KEPT = loop_turns.kept_rows()


def numbers(quantity: Quantity) -> Iterator[float]:
    assert isinstance(quantity, Estimate)
    yield from (quantity.value, quantity.low, quantity.high)


def test_the_constants_of_the_package_are_the_fit_of_the_kept_turns() -> None:
    law = fit_law(loop_turns.law_points(KEPT), growth=GROWTH)
    for name in (
        "alpha", "delta", "break_even", "alpha_of_next", "break_even_of_next", "alpha_spread",
    ):  # fmt: skip
        found, told = getattr(law, name), getattr(PACKAGE_LAW, name)
        assert list(numbers(told)) == pytest.approx(list(numbers(found)), rel=1e-3, abs=1e-5)
        assert (told.unit, told.n, told.method) == (found.unit, found.n, found.method)
    for found, told in zip(law.by_seed, PACKAGE_LAW.by_seed, strict=True):
        assert told.accuracy == pytest.approx(found.accuracy, abs=1e-4)
        for name in ("alpha", "delta", "break_even"):
            pair = getattr(told, name), getattr(found, name)
            assert list(numbers(pair[0])) == pytest.approx(
                list(numbers(pair[1])), rel=1e-3, abs=1e-5
            )
    assert PACKAGE_LAW.r_squared == pytest.approx(law.r_squared, abs=1e-4)
    assert (law.turns, law.loops, law.left_out) == (
        PACKAGE_LAW.turns, PACKAGE_LAW.loops, PACKAGE_LAW.left_out,
    )  # fmt: skip


def test_the_growth_of_alpha_makes_the_seeds_agree() -> None:
    points = loop_turns.law_points(KEPT)
    plain, grown = (fit_law(points, growth=growth).alpha_spread for growth in (0.0, GROWTH))
    assert isinstance(plain, Estimate)
    assert isinstance(grown, Estimate)
    assert grown.value < plain.value / 5
    assert loop_turns.fitted_growth(points) == pytest.approx(GROWTH, abs=0.05)
    for seed in (0, 1, 2):
        others = [point for point in points if point.seed != seed]
        assert loop_turns.fitted_growth(others) == pytest.approx(GROWTH, abs=0.11)


def test_the_phase_table_has_the_signs_of_the_law() -> None:
    last = max(row["turn"] for row in KEPT)
    for arm in {row["arm"] for row in KEPT}:
        own = [row for row in KEPT if row["arm"] == arm]
        if own[0]["colder"]:
            continue
        ratio = loop_turns.log_ratio(own[0]["verify"])
        changes = [loop_turns.change(own, seed, last) for seed in (0, 1, 2)]
        if ratio is None or ratio > 0.8:
            assert min(changes) > 0
        elif ratio < 0.4:
            assert max(changes) < 0
    assert loop_phase.phase_table(KEPT).count("\n") == 1 + len({row["arm"] for row in KEPT})


def test_log_ratios_are_known_by_how_a_verifier_is_made() -> None:
    assert loop_turns.log_ratio("judge:0.9/0.3") == pytest.approx(math.log(3))
    assert loop_turns.log_ratio("none") == 0
    assert loop_turns.log_ratio("exact") == math.inf
    assert loop_turns.log_ratio("blind:3") is None
    row = {"kept": [80, 100], "rejected": [20, 100]}
    assert loop_turns.counted_ratio(row) == pytest.approx(math.log(0.8 / 0.2))
    assert loop_turns.counted_ratio({"kept": [80, 80], "rejected": [20, 100]}) is None


def test_the_next_gain_of_real_loops_lies_inside_its_forecast() -> None:
    told = loop_phase.forecast_line(KEPT)
    inside = [int(part.split(" of ")[0].split()[-1]) for part in told.split(";")]
    assert len(inside) == 3
    assert min(inside) >= 0.9 * 33


def test_a_folder_is_read_turn_by_turn(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_loop(read_loop(by_heart(tmp_path)), out, processes=1)
    first, *rest = list(loop_turns.rows(out))
    assert first["turn"] == 0
    assert first["kept"] == first["rejected"] == [0, 0]
    assert all(row["held_out"][1] == 20 and row["any"][1] == 10 for row in rest)
    assert all(row["kept"][1] + row["rejected"][1] > 0 for row in rest)


def test_audits_of_200_labels_a_turn_have_the_right_sign() -> None:
    # As kept, of all redraws; an experiment of a few redraws is too noisy to be repeated here.
    found = json.loads(VERDICTS.read_text())["break-even for one seed more"]
    for arm in ("balanced-3", "balanced-4", "balanced-7", "balanced-9", "judge"):
        assert found[arm]["as it went"] >= 0.9 * 3 * REDRAWS
    for arm in ("balanced-5", "balanced-6"):
        assert found[arm].get("undecided", 0) > found[arm].get("through", 0)


def test_an_audit_is_drawn_of_the_turns_that_are_kept() -> None:
    few = [row for row in KEPT if row["arm"] in ("balanced-9", "balanced-3") and row["seed"] == 1]
    found = verdicts(few, {"package": PACKAGE_LAW.break_even_of_next}, redraws=2)["package"]
    assert found == {
        arm: {verdict: 2, "as it went": 2}
        for arm, verdict in (("balanced-9", "through"), ("balanced-3", "outside"))
    }


def test_the_page_has_every_part() -> None:
    told = loop_phase.page()
    for part in (
        "| oracle | inf |",
        "alpha by seed",
        "next gain inside",
        "break-even for one seed more",
    ):
        assert part in told

"""Worked examples I.6 and I.7 of the notes on capability, from the facts of the catalogue."""

from __future__ import annotations

import pytest

from assay.capability.catalogue import default_catalogue
from assay.capability.throughput import (
    answers_per_hour,
    apart,
    items_to_see,
    people_to_mend,
    tokens_per_second_per_megawatt,
    usd_per_million_tokens,
    wrong_per_day,
)
from assay.errors import EstimateError

CATALOGUE = default_catalogue()


def fact(name: str) -> float:
    return CATALOGUE.fact(name).value


def gsm8k(chip: str) -> tuple[float, float]:
    """Return the share and its standard error: the range is 1.96 of them to each side."""
    told = CATALOGUE.fact(f"r1-fp4-{chip}-gsm8k")
    return told.value, (told.high - told.low) / (2 * 1.96)


@pytest.mark.parametrize(
    ("chip", "owned", "rented", "per_megawatt", "per_correct", "wrong"),
    [
        ("mi355x", 0.706, 1.002, 220_000, 0.0280, 124),
        ("b200", 0.793, 1.179, 315_000, 0.0326, 170),
    ],
)
def test_accelerators(
    chip: str, owned: float, rented: float, per_megawatt: float, per_correct: float, wrong: float
) -> None:
    machine = CATALOGUE.machine(chip).values
    speed = fact(f"r1-fp4-{chip}-output-speed")
    own = usd_per_million_tokens(machine["owned_hyperscaler_price"].value, speed)
    assert own == pytest.approx(owned, abs=5e-4)
    assert usd_per_million_tokens(machine["rented_price"].value, speed) == pytest.approx(
        rented, abs=5e-4
    )
    assert tokens_per_second_per_megawatt(speed, machine["power"].value) == pytest.approx(
        per_megawatt, abs=500
    )
    length, (right, _) = fact("r1-fp4-output-length"), gsm8k(chip)
    # I.3 with r = 1, v = 0, E = 0, T = 0 and F = 0.50: all that is wrong is mended, so that G = 1.
    cost = own * length / 1e6 + (1 - right) * 0.50
    assert cost == pytest.approx(per_correct, abs=5e-5)
    assert answers_per_hour(speed, length) * (1 - right) == pytest.approx(wrong, abs=0.5)


def test_five_measures_of_power_flip_three_times_and_accuracy_cannot_tell() -> None:
    amd, nvidia = CATALOGUE.machine("mi355x").values, CATALOGUE.machine("b200").values
    speeds = [fact(f"r1-fp4-{chip}-output-speed") for chip in ("mi355x", "b200")]
    peak = amd["fp4_dense"].value / nvidia["fp4_dense"].value
    faster = speeds[1] / speeds[0]
    cheaper = usd_per_million_tokens(
        amd["owned_hyperscaler_price"].value, speeds[0]
    ) / usd_per_million_tokens(nvidia["owned_hyperscaler_price"].value, speeds[1])
    leaner = tokens_per_second_per_megawatt(
        speeds[1], nvidia["power"].value
    ) / tokens_per_second_per_megawatt(speeds[0], amd["power"].value)
    assert (peak, faster, cheaper, leaner) == pytest.approx((1.12, 1.17, 0.89, 1.43), abs=0.005)
    assert fact("r1-fp4-b200-latency-mean") < fact("r1-fp4-mi355x-latency-mean")
    assert apart(gsm8k("mi355x"), gsm8k("b200")) == pytest.approx(1.0, abs=0.05)


def test_how_many_items_would_tell_them_apart() -> None:
    first, second = gsm8k("mi355x")[0], gsm8k("b200")[0]
    # The notes' 35,000 is for half a point; the difference that was seen, 0.91 points, would need a third of that.
    assert items_to_see(first, second, difference=0.005) == pytest.approx(35_000, rel=0.01)
    assert items_to_see(first, second) == pytest.approx(10_550, rel=0.01)
    assert items_to_see(first, second) > 1319


@pytest.mark.parametrize(
    ("system", "wrong", "people"), [("gb300", 2.61e6, 10_895), ("vr200", 2.52e6, 10_483)]
)
def test_volume_of_two_racks(system: str, wrong: float, people: float) -> None:
    answers, right = (fact(f"mlperf61-r1-{system}-{name}") for name in ("answers", "exact-match"))
    found = wrong_per_day(answers, right)
    assert found == pytest.approx(wrong, abs=6e3)
    assert people_to_mend(found, 10) == pytest.approx(people, rel=5e-4)


def test_half_the_chips_double_the_errors_of_each_and_an_answer_costs_little() -> None:
    volumes = [
        wrong_per_day(fact(f"mlperf61-r1-{s}-answers"), fact(f"mlperf61-r1-{s}-exact-match"))
        / fact(f"mlperf61-r1-{s}-gpus")
        for s in ("gb300", "vr200")
    ]
    assert volumes[1] / volumes[0] == pytest.approx(1.93, abs=0.01)
    hour = CATALOGUE.machine("gb300-nvl72").values["owned_hyperscaler_price"].value
    each = fact("mlperf61-r1-gb300-gpus") * hour / 3600 / fact("mlperf61-r1-gb300-answers")
    assert each == pytest.approx(0.00034, abs=5e-6)


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(EstimateError, match="tokens_per_second"):
        usd_per_million_tokens(1.0, 0.0)
    with pytest.raises(EstimateError, match="right"):
        wrong_per_day(1.0, 80.67)
    with pytest.raises(EstimateError, match="differ"):
        items_to_see(0.5, 0.5)

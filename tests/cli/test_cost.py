"""`assay cost`: the ranking of a ledger, hours, capacity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from capability.test_cost_answer import fill

Assay = Callable[..., Any]
PRICES = ("--mend-cost", 5, "--escape-cost", 200)


def systems(said: Any) -> dict[str, Any]:
    return {system["name"]: system for system in said["systems"]}


@pytest.fixture
def two(ledger: Ledger) -> Ledger:
    fill(ledger, "quick", wrong=60, cost=0.001)
    fill(ledger, "careful", wrong=4, cost=0.5)
    return ledger


def test_a_ledger_alone_is_ranked(assay: Assay, two: Ledger) -> None:
    done = assay("cost", two.path, *PRICES)
    assert done.status == 0
    assert done.out.startswith("careful: $")
    assert "the cheapest with probability over 99 %" in done.out
    assert done.out == assay("cost", "rank", two.path, *PRICES).out


def test_without_prices_nothing_is_ranked(assay: Assay, two: Ledger) -> None:
    done = assay("cost", two.path)
    assert done.status == 0
    assert "--mend-cost and --escape-cost" in " ".join(done.out.split())
    assert "is cheaper, above it careful" in " ".join(done.out.split())
    said = assay("cost", two.path, "--json").json
    assert said["ranked_by_cost"] is False
    assert "cost" not in said["orders"]
    assert all(one["p_best"] is None for one in said["systems"])


def test_json_is_the_answer(assay: Assay, two: Ledger) -> None:
    said = assay("cost", two.path, *PRICES, "--json").json
    assert said["orders"]["cost"] == ["careful", "quick"]
    cost = systems(said)["careful"]["cost_per_verified_correct"]
    assert cost["value"] == pytest.approx((0.5 + 0.02 * 200) / 0.98)
    assert cost["low"] < cost["value"] < cost["high"]
    assert cost["unit"] == "USD/verified-correct"


def test_a_page_is_written(assay: Assay, two: Ledger, tmp_path: Path) -> None:
    page = tmp_path / "cost.html"
    done = assay("cost", two.path, *PRICES, "-o", page)
    assert f"{page}: {page.stat().st_size:,} bytes" in done.err
    assert "Which is cheapest hangs on what an error costs" in page.read_text("utf-8")
    done = assay("cost", two.path, *PRICES, "--html", tmp_path)
    assert done.status == 1
    assert "is a folder, and a page is a file" in done.err


def test_a_standard_that_none_meets_ends_with_three_and_the_cheapest_add_on(
    assay: Assay, two: Ledger
) -> None:
    asked = (*PRICES, "--standard", "10/1000")
    done = assay("cost", two.path, *asked, "--review-cost", 2, "--review-caught", 0.99)
    assert done.status == 3
    assert "No system is shown to meet the standard" in done.out
    assert "cheapest that would make it: more review" in " ".join(done.out.split())
    said = assay("cost", two.path, *asked, "--json")
    assert said.status == 3
    assert said.json["none_meets_standard"] is True


def test_a_standard_that_one_meets_ends_with_nought(assay: Assay, two: Ledger) -> None:
    done = assay("cost", two.path, *PRICES, "--standard", "60/1000")
    assert done.status == 0
    assert "careful: meets the standard" in done.out
    assert "; cheapest that would make it: careful instead" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mend-cost", "-1"), "--mend-cost"),
        (("--mend-cost", "nan"), "--mend-cost"),
        (("--escape-cost", "inf"), "--escape-cost"),
        (("--escape-cost", "1e300"), "--escape-cost"),
        (("--caught", "1.5"), "--caught"),
        (("--confidence", "1"), "--confidence"),
    ],
)
def test_a_number_out_of_range_is_wrong_usage(
    assay: Assay, two: Ledger, options: tuple[str, ...], said: str
) -> None:
    done = assay("cost", two.path, *options)
    assert done.status == 2
    assert said in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--flagged", "0.1"), "--caught"),
        (("--watts", "60"), "--usd-per-kwh"),
        (("--review-cost", "1"), "--review-caught"),
        (("--standard", "often"), "2/1000"),
        (("--standard", "3/day"), "--throughput-per-day"),
        (("--machine", "abacus"), "no machine 'abacus'"),
        (("--machine", "laptop", "--usd-per-hour", "1"), "--usd-per-hour"),
        (("--machine", "laptop", "--catalogue", "none.toml"), "No such file"),
        (("--second-pass", "x", "--pass-cost", "1"), "--standard says which"),
        (
            (
                "--second-pass",
                "x",
                "--pass-cost",
                "1",
                "--standard",
                "5/1000",
                "--escape-cost",
                "1",
            ),
            "no judge of that name",
        ),
        (("--system", "nobody"), 'no system "nobody"'),
        (("--judge", "nobody"), "is no judge"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    assay: Assay, two: Ledger, options: tuple[str, ...], said: str
) -> None:
    done = assay("cost", two.path, *options)
    assert done.status == 1
    assert said in done.err
    assert "Traceback" not in done.err


def test_no_ledger_is_said(assay: Assay, tmp_path: Path) -> None:
    done = assay("cost", tmp_path / "none.ledger")
    assert done.status == 1
    assert "there is no ledger" in done.err


def test_an_hour_of_a_machine(assay: Assay) -> None:
    listed = assay("cost", "hour", "--json").json
    assert "h100" in listed
    said = assay("cost", "hour", "h100", "--json").json
    own = said["options"][0]
    assert own["tenure"] == "own"
    assert own["per_hour"]["low"] < own["per_hour"]["value"] < own["per_hour"]["high"]
    shown = assay("cost", "hour", "h100")
    assert shown.status == 0
    assert "no confidence" not in shown.out
    assert "scenario ranges, not confidence intervals" in " ".join(shown.out.split())
    assert assay("cost", "hour").out.count("\n") > len(listed)


def test_a_catalogue_of_ones_own_is_laid_over_the_first_and_refused_by_line(
    assay: Assay, write: Callable[..., Path]
) -> None:
    value = '{ value = 9, low = 8, high = 10, unit = "USD/hour", source = "my bill", date = 2026-11-01 }'
    head = "[catalogue]\nname = 'Mine'\ndate = 2026-11-01\n[machine.mine]\ntitle = 'Mine'\non_demand_price = "
    mine = write("mine.toml", f"{head}{value}\n")
    said = assay("cost", "hour", "mine", "--catalogue", mine, "--json").json
    assert said["options"][1]["per_hour"]["value"] == 9
    negative = value.replace("= 8", "= -8")
    done = assay("cost", "hour", "mine", "--catalogue", write("bad.toml", f"{head}{negative}\n"))
    assert done.status == 1
    assert "bad.toml:6" in done.err


def test_what_binds(assay: Assay) -> None:
    line = ("--arrivals", "480/24", "--machines", 2, "--machine-minutes", 5)
    done = assay("cost", "--capacity", *line)
    assert done.status == 0
    assert done.out.startswith("What binds is too little work")
    done = assay(
        "cost",
        "capacity",
        "--arrivals",
        "2000/24",
        "--machines",
        2,
        "--machine-minutes",
        5,
        "--json",
    )
    assert done.json["binds"] == "too few machines"
    assert done.json["one_more"][0]["change"] == "one more machine"
    slow = (
        *line,
        "--reviewers",
        1,
        "--review-share",
        1,
        "--check-minutes",
        1,
        "--mend-minutes",
        60,
    )
    done = assay("cost", "--capacity", *slow, "--right", "90/100", "--json")
    assert done.json["binds"] == "too long a mending of answers"


@pytest.mark.parametrize("arrivals", ["many", "5", "5/0", "-1/4"])
def test_arrivals_that_are_none_are_wrong_usage(assay: Assay, arrivals: str) -> None:
    done = assay(
        "cost", "--capacity", "--arrivals", arrivals, "--machines", 1, "--machine-minutes", 1
    )
    assert done.status == 2
    assert "480/24" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--reviewers", 1), "--review-share"),
        (("--review-share", 0.5, "--reviewers", 1), "--check-minutes"),
        (("--review-share", 0.5, "--check-minutes", 1), "--reviewers"),
        (("--failures", "3/1000"), "--repair-hours"),
        (("--mend-minutes", "nan"), "--mend-minutes"),
    ],
)
def test_options_of_a_line_that_need_others_are_wrong_usage(
    assay: Assay, options: tuple[object, ...], said: str
) -> None:
    line = ("--arrivals", "90/24", "--machines", 1, "--machine-minutes", 1)
    done = assay("cost", "--capacity", *line, *options)
    assert done.status == 2
    assert said in done.err


def test_help_says_what_there_is(assay: Assay) -> None:
    shown = assay("cost", "--help")
    assert shown.status == 0
    for part in ("rank", "hour", "capacity", "probe"):
        assert part in shown.out
    assert "Example: assay cost" in " ".join(assay("cost", "rank", "--help").out.split())
    assert json.dumps(assay("cost").out)

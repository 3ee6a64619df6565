"""`assay loop gate`: from a loop's folder, from labels, from counts; and what it refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.curate.loop.turn import (
    Audit,
    Audited,
    Measured,
    Sampled,
    TurnRecord,
    turn_folder,
    version_of,
)

Assay = Callable[..., Any]
COUNTS = ("--kept", "80/100", "--rejected", "30/100", "--kept-of", "3000", "--rejected-of", "2000")
HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e"


def write_loop(
    folder: Path, verify: str, rates: tuple[float, float], *, turns: int = 3, seed: int = 0,
    gain: float = 0.2, kinds: dict[str, tuple[int, int]] | None = None,
) -> None:  # fmt: skip
    """Write the records of a loop whose accuracy follows the law: a line through ln(phi/psi) - 0.1."""
    rng = np.random.default_rng(seed)
    phi, psi = rates
    logit, log_ratio = -0.4 - 0.1 * seed, math.log(phi / psi)
    for turn in range(turns + 1):
        accuracy = 1 / (1 + math.exp(-logit))
        right, wrong = round(5_000 * accuracy), 5_000 - round(5_000 * accuracy)
        kept = (round(right * phi), round(wrong * psi))
        lost = (right - kept[0], wrong - kept[1])
        audit = Audit()
        if turn:
            lots = []
            for part in (kept, lost):
                of = sum(part)
                hits = int(rng.hypergeometric(part[0], part[1], 100))
                lots.append(Audited(100, hits, of))
            audit = Audit(lots[0], lots[1], kinds or {})
        by_task = tuple(rng.binomial(8, accuracy, 500).tolist())
        record = TurnRecord(
            turn, "small", version_of(turn), 5_000 if turn else 0, sum(kept) if turn else 0, None,
            3_000 if turn else 0, 4_000, audit, {}, Measured(1_000, round(1_000 * accuracy)), None,
            Sampled(500, 8, by_task), {},
        )  # fmt: skip
        place = turn_folder(folder, turn)
        place.mkdir(parents=True)
        (place / "turn.json").write_text(json.dumps(record.to_json()))
        logit += gain * (log_ratio - 0.1) * math.sqrt(accuracy / (1 - accuracy))
    work = folder / ".work"
    work.mkdir()
    key = {"arm": folder.parent.name, "seed": seed, "verify": verify, "mix": "replace"}
    (work / "key.json").write_text(json.dumps(key))


@pytest.fixture
def loops(tmp_path: Path) -> Path:
    for name, verify, rates in (
        ("good", "balanced:0.8", (0.8, 0.2)),
        ("coin", "balanced:0.5", (0.5, 0.5)),
        ("fair", "balanced:0.65", (0.65, 0.35)),
        ("bad", "balanced:0.3", (0.3, 0.7)),
    ):
        for seed in (0, 1):
            write_loop(tmp_path / "loops" / name / f"seed-{seed}", verify, rates, seed=seed)
    return tmp_path / "loops"


def test_counts_say_where_a_verifier_stands(assay: Assay, tmp_path: Path) -> None:
    page = tmp_path / "gate.html"
    found = assay(
        "loop", "gate", *COUNTS, "--generate-usd", "0.01", "--verify-usd", "0.002", "-o", page
    )
    assert found.status == 0
    said = " ".join(found.out.split())
    assert "this verifier: through the gate. ln(phi/psi) is 0.98 [0.64, 1.38]" in said
    assert "2.08 [1.90, 2.36] generated answers for each right one kept" in said
    assert "0.0250 [0.0229, 0.0283] USD for each right answer kept" in said
    assert "arXiv:2406.07515" in said
    assert "measured on the package's example" in said
    text = page.read_text()
    assert "Where you stand" in text
    assert "http" not in text.split("<svg")[1].split("</svg>")[0].replace("http://www.w3.org", "")


def test_json_has_every_number_with_its_limits(assay: Assay) -> None:
    found = assay("loop", "gate", *COUNTS, "--json")
    told = json.loads(found.out)
    gate = told["gates"][0]
    assert gate["verdict"] == gate["last_verdict"] == "through"
    assert gate["log_ratio"]["low"] < gate["log_ratio"]["value"] < gate["log_ratio"]["high"]
    assert gate["usd_per_right"]["value"] is None
    assert "was not said" in gate["usd_per_right"]["reason"]
    assert gate["turns"][0]["keeps_wrong"]["value"] == pytest.approx(0.3)
    assert told["law_of"] == "package"
    assert told["break_even"]["low"] < 0.2 < told["break_even"]["high"]


def test_a_bad_verifier_is_told_what_would_bring_it_through(assay: Assay) -> None:
    found = assay(
        "loop", "gate", "--kept", "60/100", "--rejected", "52/100", "--kept-of", "3000", "--rejected-of", "2000"
    )  # fmt: skip
    assert found.status == 3
    said = " ".join(found.out.split())
    assert "undecided" in said
    for way in (
        "a check that keeps",
        "checks like this one",
        "from real, right data",
        "run a few arms",
    ):
        assert f"What would bring it through: {way}" in said or way in said


def test_a_folder_has_a_law_of_its_own(assay: Assay, loops: Path) -> None:
    told = json.loads(assay("loop", "gate", loops, "--json").out)
    assert told["law_of"] == "own"
    verdicts = {gate["name"]: gate["verdict"] for gate in told["gates"]}
    assert {name: verdicts[f"{name}, seed 0"] for name in ("bad", "coin", "good")} == {
        "bad": "outside",
        "coin": "undecided",
        "good": "through",
    }
    one = assay("loop", "gate", loops, "--arm", "bad", "--seed", "1", "--law", "package")
    assert one.status == 3
    assert "bad, seed 1: outside the gate" in one.out
    assert "below 0: training on what it keeps loses" in " ".join(one.out.split())


def test_labels_in_a_file(assay: Assay, tmp_path: Path) -> None:
    rows = [{"kept": True, "right": True, "kind": ""}] * 60
    rows += [{"kept": True, "right": False, "kind": HOSTILE}] * 40
    rows += [{"kept": False, "right": False, "kind": "other"}] * 90
    rows += [{"kept": False, "right": True, "kind": ""}] * 2
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = tmp_path / "page.html"
    options = ("--labels", path, "--kept-of", "900", "--rejected-of", "600")
    found = assay("loop", "gate", *options, "-o", page)
    assert "Blind spot: errors of the kind" in found.out
    assert "\x1b" not in found.out
    assert "<script>alert" not in page.read_text()
    table = tmp_path / "labels.csv"
    table.write_text("kept,right,kind\n" + "".join(
        f"{'yes' if row['kept'] else 'no'},{'1' if row['right'] else '0'},x\n" for row in rows))  # fmt: skip
    same = json.loads(assay("loop", "gate", "--labels", table, *options[2:], "--json").out)
    first = json.loads(assay("loop", "gate", *options, "--json").out)
    assert same["gates"][0]["log_ratio"] == first["gates"][0]["log_ratio"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no labeled answer"),
        ('{"kept": true}\n', "the column 'right' is missing"),
        ('{"kept": true, "right": "maybe"}\n', "right must be true or false, got 'maybe'"),
        ('{"kept": true, "right"\n', "labels.jsonl:1: not JSON"),
        ('{"kept": true, "right": true}\n' * 3, "right <= labeled <= all must hold, got 3, 3 and 2"),
    ],
)  # fmt: skip
def test_labels_that_can_not_be_taken(assay: Assay, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(text)
    found = assay("loop", "gate", "--labels", path, "--kept-of", "2", "--rejected-of", "5")
    assert found.status == 1
    assert said in " ".join(found.err.split())


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ((), 2, "name FOLDER, or --kept-of"),
        (("--kept", "80", *COUNTS[4:]), 2, "not right/labeled"),
        (("--kept", "8/5", *COUNTS[4:]), 2, "more are right than labeled"),
        (COUNTS[4:], 2, "--kept or --rejected is missing"),
        ((*COUNTS, "--law", "own"), 2, "needs a folder"),
        ((*COUNTS, "--generate-usd", "-1"), 2, "generate-usd"),
        ((*COUNTS, "--generate-usd", "nan"), 2, "generate-usd"),
        (("nowhere",), 1, "there is no folder nowhere"),
    ],
)  # fmt: skip
def test_what_it_refuses(assay: Assay, options: tuple[str, ...], status: int, said: str) -> None:
    found = assay("loop", "gate", *options)
    assert found.status == status
    assert said in " ".join(found.err.split())


def test_a_folder_that_has_no_labels(assay: Assay, loops: Path, tmp_path: Path) -> None:
    assert "this is no folder of a loop" in assay("loop", "gate", tmp_path).err
    assert "there is no arm 'godo'" in assay("loop", "gate", loops, "--arm", "godo").err
    for path in loops.glob("*/*/turns/*/turn.json"):
        told = json.loads(path.read_text())
        told["audit"] = Audit().to_json()
        path.write_text(json.dumps(told))
    assert "purity is unknown" in assay("loop", "gate", loops).err
    assert assay("loop", "gate", loops, *COUNTS).status == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--arm", "judge"), "--arm and --seed choose among the loops of a folder"),
        (("--seed", "1"), "--arm and --seed choose among the loops of a folder"),
        (("--kept", "9" * 5_000 + "/" + "9" * 5_000), "is not right/labeled"),
    ],
)
def test_options_that_would_do_nothing_and_counts_without_end_are_refused(
    assay: Assay, given: tuple[str, ...], message: str
) -> None:
    done = assay("loop", "gate", *COUNTS, *given)
    assert done.status == 2
    assert message in " ".join(done.err.split())


def test_labels_that_set_no_limit_print_as_unknown(assay: Assay) -> None:
    labels = ("--kept", "0/100", "--rejected", "0/9", "--kept-of", "3000", "--rejected-of", "9")
    done = assay("loop", "gate", *labels)
    assert done.status == 3
    assert "inf" not in done.out
    (row,) = (line for line in done.out.splitlines() if line.startswith("1 "))
    assert row.split()[-1] == "unknown"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"kept": true, "right": true}]', "a JSON array: one labeled answer a line"),
        ('{"kept": ' + "[" * 100_000, "not JSON"),
        ("kept,kept,right\ntrue,false,true\n", "the column 'kept' stands twice"),
        ("kept,right,kind\ntrue,false,a,b\n", "more cells than the 3 columns"),
    ],
)
def test_labels_that_would_be_misread_are_refused(
    assay: Assay, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "labels.txt"
    file.write_text(text, "utf-8")
    done = assay("loop", "gate", "--labels", file, "--kept-of", "10", "--rejected-of", "10")
    assert done.status == 1
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "line",
    [
        '{"kept": true, "right": false, "kind": "a\u2028b"}\n',
        "kept,right,kind\ntrue,false,a\u2028b\n",
    ],
)
def test_a_line_of_labels_ends_where_its_format_says(
    assay: Assay, tmp_path: Path, line: str
) -> None:
    file = tmp_path / "labels.txt"
    file.write_text(line, "utf-8")
    done = assay(
        "loop", "gate", "--labels", file, "--kept-of", "10", "--rejected-of", "10", "--json"
    )
    assert done.status == 3
    assert done.json["gates"][0]["turns"][0]["purity"]["n"] == 1

"""`assay probe knows` as a user types it: find, draw, read back, and say it in error volume."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from assay.cli import cli
from assay.errors import BadInput
from assay.judge.rules import rule_named
from assay.judge.run_check import judge_by_check
from assay.ledger.store import Ledger
from probe.knows_ledgers import slip, trace

HOUR = 3_600_000_000
START = 1_759_622_400_000_000


class Probe:
    """The command, run in this process."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __call__(self, *arguments: object) -> Any:
        words = [str(self.ledger.path), *map(str, arguments)]
        done = CliRunner().invoke(cli, ["probe", "knows", *words], catch_exceptions=True)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done


@pytest.fixture
def probe(ledger: Ledger) -> Probe:
    """A desk with 40 slips among 100 wrong answers of 200, judged by a check."""
    rows = [slip(n) for n in range(40)]
    rows += [trace(n, answer="1", output="1", reasoning="3500 - 3499 = 1") for n in range(40, 100)]
    rows += [trace(n) for n in range(100, 200)]
    for n, row in enumerate(rows):
        row |= {"at": START + n * HOUR, "origin": "field"}
    ledger.append("traces", rows)
    judge_by_check(ledger, rule_named("numeric"))
    return Probe(ledger)


def fill(path: Path, say: Callable[[int], str]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for place, row in enumerate(rows):
        row["reading"] = say(place)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_from_the_log_to_the_volume(probe: Probe, tmp_path: Path) -> None:
    found = probe("--json")
    told = json.loads(found.stdout)
    assert (told["flagged"], told["read"]) == (40, 0)
    assert told["errors_per_day"]["value"] is None
    assert "--sample" in told["real"]["reason"]
    listed = tmp_path / "flagged.csv"
    drawn = probe("--sample", 20, "--seed", 7, "-o", listed)
    assert drawn.exit_code == 0
    assert "20 of 40 flagged answers" in drawn.stdout
    fill(listed, lambda place: "yes" if place < 15 else "no")
    read = json.loads(probe("--readings", listed, "--json").stdout)
    assert read["precision"]["value"] == pytest.approx(0.75)
    assert read["share_of_errors"]["value"] == pytest.approx(0.3)
    whole, part = read["all_errors_per_day"], read["errors_per_day"]
    assert part["value"] == pytest.approx(0.3 * whole["value"])
    assert part["low"] < part["value"] < part["high"]
    assert part["confidence_level"] >= 0.95
    busier = json.loads(probe("--readings", listed, "--per-day", 2000, "--json").stdout)
    assert busier["errors_per_day"]["value"] == pytest.approx(0.3 * 0.5 * 2000)
    text = probe("--readings", listed).stdout
    assert text.startswith("of your ")
    assert "errors a day" in text
    assert "knows-but-wrong@1 (numeric@1" in text


def test_a_list_that_is_there_is_not_written_over(probe: Probe, tmp_path: Path) -> None:
    listed = tmp_path / "flagged.csv"
    listed.write_text("mine", "utf-8")
    with pytest.raises(BadInput, match="there already"):
        probe("--sample", 20, "--seed", 7, "-o", listed)
    assert listed.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--sample", 5),
        ("--sample", 5, "--seed", 1),
        ("--sample", 5, "--seed", 1, "-o", "x.csv", "--readings", "y.csv"),
        ("--tasks", "tasks.jsonl"),
        ("--sample", 5, "--seed", 1, "-o", "x.csv", "--tasks", "t.jsonl", "--system", "a@1"),
        ("--sample", 0, "--seed", 1, "-o", "x.csv"),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    probe: Probe, arguments: tuple[object, ...]
) -> None:
    assert probe(*arguments).exit_code == 2


def test_marks_are_scores_that_a_draw_can_use_and_are_written_once(probe: Probe) -> None:
    probe("--mark")
    probe("--mark")
    rows = probe.ledger.rows(
        "SELECT judge, judge_kind, kind, error_probability, draw_id, count(*) AS n FROM verdicts "
        "WHERE judge LIKE 'knows-but-wrong@1%' GROUP BY judge, judge_kind, kind, error_probability, draw_id"
    )
    assert len(rows) == 1
    assert (rows[0]["judge_kind"], rows[0]["kind"]) == ("model", "slip")
    assert (rows[0]["error_probability"], rows[0]["draw_id"], rows[0]["n"]) == (1.0, None, 40)


def test_several_systems_have_no_common_volume(probe: Probe, tmp_path: Path) -> None:
    probe.ledger.append("traces", [slip(500, system="other")])
    listed = tmp_path / "flagged.csv"
    probe("--sample", 41, "--seed", 7, "-o", listed)
    fill(listed, lambda _: "yes")
    told = json.loads(probe("--readings", listed, "--json").stdout)
    assert told["real"]["low"] == told["real"]["high"] == 41
    assert "--system" in told["errors_per_day"]["reason"]


def test_pairs_variants_and_repeats_are_in_the_same_answer(ledger: Ledger) -> None:
    terse = {"ask.prompt": "terse.txt@0123456789ab"}
    ledger.append("traces", [
        trace(1), slip(2, task_id="task-1", tags=terse), slip(3, task_id="task-1", epoch=2, tags=terse),
        trace(4, output="Yes.", answer=None, reference=None, tags={"pair": "p", "side": "a"}),
        trace(5, output="Yes.", answer=None, reference=None, tags={"pair": "p", "side": "b"}),
    ])  # fmt: skip
    told = json.loads(Probe(ledger)("--production", "terse.txt", "--json").stdout)
    assert told["prompt_variants"][0]["only_plain_right"] == 1
    assert told["asked_again"][0]["wrong_first"] == 1
    assert told["mirrored_pairs"][0]["contradicting"] == 1
    text = Probe(ledger)("--production", "terse.txt").stdout
    for words in (
        "asked again",
        "mirrored pairs",
        "right under the plain prompt, wrong in production",
    ):
        assert words in text


def test_hostile_names_are_made_visible(ledger: Ledger) -> None:
    ledger.append("traces", [slip(1, system="evil\x1b[2J")])
    text = Probe(ledger)().stdout
    assert "\x1b[2J" not in text
    assert "evil" in text


def test_an_empty_ledger_says_so(ledger: Ledger) -> None:
    done = Probe(ledger)()
    assert done.exit_code == 0
    assert "no answer in this window has a reference" in done.stderr


def test_the_help_has_an_example() -> None:
    from assay.cli.probe_knows import command

    assert isinstance(command, click.Command)
    assert "assay probe knows runs.ledger" in (command.epilog or "")


@pytest.mark.local
def test_the_embedded_model_is_asked_in_two_turns_and_goes_on(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "runs.ledger")
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text(
        '{"task_id": "sum", "input": "What is 2 + 3?", "reference": "5"}\n'
        '{"task_id": "legs", "input": "How many legs has a cat?", "reference": "4"}\n',
        "utf-8",
    )
    words = ("--tasks", tasks, "--system", "small@1", "--model", "local", "--max-tokens", 60,
             "--temperature", 0, "--json")  # fmt: skip
    first = Probe(ledger)(*words)
    assert first.exit_code == 0
    assert "4 answers given now" in first.stderr
    told = json.loads(first.stdout)
    assert told["systems"][0]["traces"] == 2
    again = Probe(ledger)(*words)
    assert "0 answers given now, 4 there before" in again.stderr
    assert json.loads(again.stdout) == told

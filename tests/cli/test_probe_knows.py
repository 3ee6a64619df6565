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
from assay.errors import AssayError, BadInput
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


def test_each_class_is_drawn_read_and_told_and_a_poor_precision_is_said_first(
    probe: Probe, tmp_path: Path
) -> None:
    signs = [trace(n, answer="-500", output="-500", at=START) for n in range(300, 310)]
    probe.ledger.append("traces", signs)
    lists = [tmp_path / "slips.csv", tmp_path / "forms.csv"]
    for path, kind in zip(lists, ("slip", "format"), strict=True):
        drawn = probe("--sample", 10, "--seed", 7, "--class", kind, "-o", path, "--json")
        assert json.loads(drawn.stdout)["drawn"] == 10
    fill(lists[0], lambda place: "yes" if place < 3 else "no")
    fill(lists[1], lambda _: "yes")
    both = ("--readings", lists[0], "--readings", lists[1])
    told = json.loads(probe(*both, "--json").stdout)
    slip_class, form, disputed = told["classes"]
    assert (slip_class["flagged"], slip_class["read"], slip_class["confirmed"]) == (40, 10, 3)
    assert (form["flagged"], form["real"]["low"]) == (10, 10)
    assert disputed["precision"]["value"] is None
    # The corrected count is a part of 70 wrong answers: 12 of the 40 flagged.
    assert told["share_of_errors"]["value"] == pytest.approx(12 / 110)
    first, second, *_ = probe(*both).stdout.splitlines()
    assert "of your " in first or "of the 110 wrong answers" in first
    assert "is wrong in most of what it calls a slip here: 40 are flagged" in second
    with pytest.raises(BadInput, match="second list of the class"):
        probe("--readings", lists[0], "--readings", lists[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--check", "nonsense"), "check must be one of"),
        (("--answer", "nonsense"), "parser must be one of"),
        (("--conclusion", "nonsense"), "concluding-number"),
        (("--tolerance", "nan"), "at least 0"),
        (("--readings", "none.csv"), "can't be read"),
        (("--production", "none.txt"), "no answer was given under"),
        (("--tasks", "none.jsonl", "--system", "a@1", "--model", "local"), "there is no file"),
    ],
)
def test_wrong_input_is_refused_with_a_sentence(
    probe: Probe, arguments: tuple[object, ...], said: str
) -> None:
    with pytest.raises(AssayError, match=said):
        probe(*arguments)


def test_a_check_that_is_not_there_leaves_the_volume_unknown(probe: Probe, tmp_path: Path) -> None:
    listed = tmp_path / "flagged.csv"
    probe("--sample", 5, "--seed", 7, "-o", listed)
    fill(listed, lambda _: "yes")
    told = json.loads(probe("--readings", listed, "--judge", "nobody", "--json").stdout)
    assert told["errors_per_day"]["value"] is None
    assert "no check covers" in told["errors_per_day"]["reason"]


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
        ("--class", "format"),
        ("--sample", 5, "--seed", 1, "-o", "x.csv", "--class", "other"),
        ("-o", "x.csv"),
        ("--seed", 1),
        ("--plain", "long.txt"),
        ("--epochs", 3),
        ("--max-tokens", 30),
        ("--temperature", 0),
        ("--per-day", -5),
        ("--per-day", "nan"),
        ("--per-day", 0),
        ("--workers", 0),
        ("--per-day", 5, "--workers", 1),
        ("--from", "2026-01-02", "--to", "2026-01-01"),
        ("--mostly-right", 0.2),
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


def test_two_turns_are_read_and_drawn_apart_from_other_answers(
    ledger: Ledger, tmp_path: Path
) -> None:
    talk = {"conversation_id": "c", "answer": None, "reasoning": None, "tags": {"probe": "knows"}}
    ledger.append("traces", [
        trace(1, turn=0, output="4000 - 3500 = 500", reference=None, **talk),
        trace(2, task_id="task-1", turn=1, output="100", **talk),
        slip(3), trace(4),
    ])  # fmt: skip
    probe = Probe(ledger)
    assert json.loads(probe("--json").stdout)["systems"][0]["traces"] == 2
    told = json.loads(probe("--two-turns", "--json").stdout)
    assert (told["systems"][0]["traces"], told["flagged"]) == (1, 1)
    listed = tmp_path / "flagged.csv"
    probe("--two-turns", "--sample", 5, "--seed", 7, "-o", listed)
    text = listed.read_text("utf-8")
    # The first turn is the reasoning that the reader sees.
    assert "t2" in text
    assert "4000 - 3500 = 500" in text
    fill(listed, lambda _: "yes")
    read = json.loads(probe("--two-turns", "--readings", listed, "--json").stdout)
    assert read["real"]["low"] == read["real"]["high"] == 1
    with pytest.raises(BadInput, match="not those that this list was drawn from"):
        probe("--readings", listed)


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

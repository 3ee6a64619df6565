"""The published version pairs, from the files to the gate's answer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assay.cli import main
from assay.errors import BadInput, LedgerError
from assay.estimate.paired import PairedTable
from assay.judge.rules import rule_named
from assay.judge.run_check import Selection, judge_by_check
from assay.ledger.ingest.mapping import parse_mapping
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.ingest.source import ReadOptions
from assay.ledger.store import Ledger
from assay.quantity import Estimate
from assay.report.gate_words import sentences
from assay.volume.gate import GateQuestion, run_gate
from assay.volume.gate_result import GateResult
from assay.volume.gate_watch import WatchQuestion, watch
from cli.conftest import Done

pytestmark = pytest.mark.shared_data

GPT_4 = ("openaichat/gpt-4-0314", "openaichat/gpt-4-0613")
GPT_35 = ("openaichat/gpt-3.5-turbo-0301", "openaichat/gpt-3.5-turbo-0613")
STRICT = r"last-match=\[(yes|no)\]"
LAST_WORD = r"last-match=\b(yes|no)\b"
"""Near the authors' own scorer: GPT-4 goes from 84.0 % to 51.1 % by it, as published."""

ZEROEVAL = [
    # old, new, accuracies, broke, fixed, exact McNemar p, the gate's answer
    ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06", 0.954, 0.962, 11, 22, 0.080, "not enough data"),
    ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022", 0.956, 0.967, 6, 20, 0.009, "take"),
    ("deepseek-coder", "DeepSeek-Coder-V2-0724", 0.938, 0.915, 59, 29, 0.0018, "refuse"),
]  # fmt: skip


@pytest.fixture(scope="module")
def drift(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = Ledger.create(tmp_path_factory.mktemp("drift") / "drift.ledger")
    mapping = "output=answer,system=model,task_id=id,input=query,reference=ref_answer,latency_seconds=latency"
    file = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    ingest_file(ledger, file, ReadOptions(parse_mapping(mapping)))
    for parser in (STRICT, LAST_WORD):
        judge_by_check(ledger, rule_named("exact", parser=parser))
    return ledger


def gate(ledger: Ledger, pair: tuple[str, str], judge: str | None = None, **more: Any) -> GateResult:  # fmt: skip
    question = GateQuestion(*pair, judge=judge, without_noise_floor=True, **more)
    return run_gate(ledger, question)


def judge_name(parser: str) -> str:
    return rule_named("exact", parser=parser).judge


def test_gpt_4_from_march_to_june_is_refused_for_the_class_that_collapsed(drift: Ledger) -> None:
    result = gate(drift, GPT_4, judge_name(STRICT), by=("reference",))
    assert result.answer == "refuse"
    assert result.without_noise_floor
    assert result.whole.table == PairedTable(363, 477, 139, 21)
    classes = {one.name: one.table for one in result.strata}
    assert classes["reference=yes"].broke == 476
    assert classes["reference=yes"].fixed == 0
    assert classes["reference=No"].broke == 1
    assert classes["reference=No"].fixed == 139
    assert result.refusing[0].name == "reference=yes"
    assert any("class collapse: reference=yes went from 2.4% to 97.6%" in s for s in sentences(result))  # fmt: skip
    # 616 verdicts changed, and 11 answers more that are wrong both times: 62.7 % of the answers.
    different = result.both_wrong_different
    assert isinstance(different, Estimate)
    assert result.whole.table.discordant + different.value == 627


def test_gpt_4_makes_seven_times_the_errors_an_hour(drift: Ledger) -> None:
    volume = gate(drift, GPT_4, judge_name(STRICT)).volume
    assert isinstance(volume.old.errors_per_hour, Estimate)
    assert isinstance(volume.new.errors_per_hour, Estimate)
    assert isinstance(volume.times, Estimate)
    assert round(volume.old.errors_per_hour.value) == 72
    assert round(volume.new.errors_per_hour.value) == 559
    assert volume.times.value == pytest.approx(7.8, abs=0.05)


def test_gpt_35_got_better_on_average_and_lost_a_class(drift: Ledger) -> None:
    result = gate(drift, GPT_35, judge_name(STRICT), by=("reference",))
    assert (result.whole.table.broke, result.whole.table.fixed) == (242, 404)
    assert gate(drift, GPT_35, judge_name(STRICT), by=()).answer == "take"
    assert gate(drift, GPT_35, judge_name(STRICT)).answer == "refuse"
    assert result.answer == "refuse"
    assert [one.name for one in result.refusing] == ["reference=No"]


def test_two_parsers_give_two_figures_and_no_comparison(drift: Ledger, tmp_path: Path) -> None:
    strict = gate(drift, GPT_4, judge_name(STRICT))
    loose = gate(drift, GPT_4, judge_name(LAST_WORD))
    assert strict.whole.table.old_errors == loose.whole.table.old_errors == 160
    assert 1_000 - strict.whole.table.new_errors == 502
    assert 1_000 - loose.whole.table.new_errors == 511
    with pytest.raises(BadInput, match="2 judges"):
        gate(drift, GPT_4)
    file = tmp_path / "strict.json"
    file.write_text(json.dumps(strict.to_json()), "utf-8")
    with pytest.raises(LedgerError, match="judge was exact@1") as caught:
        gate(drift, GPT_4, judge_name(LAST_WORD), against=file)
    assert "parser was last-match@1" in caught.value.message


def test_one_parser_before_and_another_after_is_refused(shared_data: Path, ledger: Ledger) -> None:
    mapping = "output=answer,system=model,task_id=id,input=query,reference=ref_answer"
    file = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    ingest_file(ledger, file, ReadOptions(parse_mapping(mapping)))
    for system, parser in zip(GPT_4, (STRICT, LAST_WORD), strict=True):
        judge_by_check(ledger, rule_named("exact", parser=parser), window=Selection(system))
    with pytest.raises(BadInput, match="the grader changed between the versions"):
        gate(ledger, GPT_4)


@pytest.fixture(scope="module")
def zeroeval(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("zero")
    systems = {name for row in ZEROEVAL for name in row[:2]}
    lines = []
    source = shared_data / "zeroeval_gsm" / "answers.jsonl.gz"
    with gzip.open(source, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["model"] in systems:
                lines.append(json.dumps({
                    "task_id": row["item"], "system": row["model"], "output": row["answer"] or "",
                    "answer": row["answer"], "reference": row["gold"],
                }))  # fmt: skip
    path = folder / "answers.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    ledger = Ledger.create(folder / "zero.ledger")
    ingest_file(ledger, path, ReadOptions({}))
    judge_by_check(ledger, rule_named("numeric", parser="answer"))
    return ledger


@pytest.mark.parametrize("row", ZEROEVAL, ids=lambda row: row[1])
def test_published_pairs_of_zeroeval(zeroeval: Ledger, row: tuple[Any, ...]) -> None:
    old, new, before, after, broke, fixed, p, answer = row
    result = gate(zeroeval, (old, new))
    assert (result.whole.table.broke, result.whole.table.fixed) == (broke, fixed)
    assert result.whole.table.n == 1_319
    assert 1 - result.whole.table.old_errors / 1_319 == pytest.approx(before, abs=5e-4)
    assert 1 - result.whole.table.new_errors / 1_319 == pytest.approx(after, abs=5e-4)
    assert result.whole.p_value == pytest.approx(p, rel=0.06)
    assert result.answer == answer


@pytest.mark.parametrize("row", ZEROEVAL, ids=lambda row: row[1])
def test_published_pairs_from_the_command_line(
    zeroeval: Ledger, capsys: pytest.CaptureFixture[str], row: tuple[Any, ...]
) -> None:
    # Nothing was run twice here: a refusal stands, and nothing is taken without being told to.
    done = call(capsys, "gate", zeroeval.path, "--old", row[0], "--new", row[1], "--json")
    assert done.status == 3
    assert (done.json["all"]["broke"], done.json["all"]["fixed"]) == row[4:6]
    assert done.json["answer"] == ("refuse" if row[7] == "refuse" else "not enough data")
    told = call(
        capsys,
        "gate",
        zeroeval.path,
        "--old",
        row[0],
        "--new",
        row[1],
        "--no-noise-floor",
        "--json",
    )
    assert (told.json["answer"], told.status) == (row[7], 0 if row[7] == "take" else 3)
    if row[7] == "not enough data":
        assert 400 < told.json["more_tasks"]["value"] < 2_000


def test_gpt_4_is_refused_from_the_command_line(
    drift: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ("gate", drift.path, "--old", GPT_4[0], "--new", GPT_4[1])
    done = call(capsys, *both, "--judge", judge_name(STRICT))
    assert done.status == 3
    said = " ".join(done.out.split())
    assert said.startswith("Refuse it: openaichat/gpt-4-0314 to openaichat/gpt-4-0613")
    assert (
        "class collapse: reference=yes went from 2.4% to 97.6% wrong, while reference=No got better"
        in said
    )
    assert "noise floor unknown" in said
    assert "62.7% of the answers changed" in said
    done = call(capsys, *both)
    assert done.status == 1
    assert "2 judges have spoken on both versions" in done.err


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> Done:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return Done(int(ended.value.code or 0), printed.out, printed.err)


DAY = 86_400_000_000
FIRST = 19_560 * DAY
"""2023-07-22."""


def under_one_name(drift: Ledger, ledger: Ledger, order: str) -> Ledger:
    """Put real answers under one name, sixty a day: for twelve days those of March, then four days of June's."""
    rows = []
    for system, days in zip(GPT_4, (range(12), range(12, 16)), strict=True):
        answers = drift.rows(
            f"SELECT task_id, input, output, reference FROM traces WHERE system = '{system}' ORDER BY {order}"
        )
        for place, at in enumerate(at for at in days for _ in range(60)):
            rows.append(answers[place] | {
                "trace_id": f"{system}-{place}", "system": "gpt-4", "version": "", "epoch": 1, "source": "test",
                "origin": "field", "at": FIRST + at * DAY + place,
            })  # fmt: skip
    ledger.append("traces", rows)
    judge_by_check(ledger, rule_named("exact", parser=STRICT))
    return ledger


def test_the_swap_of_gpt_4_is_found_on_its_day(drift: Ledger, ledger: Ledger) -> None:
    under_one_name(drift, ledger, "digest(task_id, 'sha256')")
    result = watch(ledger, WatchQuestion("gpt-4"))
    assert result.day == "2023-08-03"
    assert result.between == ("2023-08-01", "2023-08-04")
    assert {"errors", "length"} <= set(result.changed)
    assert watch(ledger, WatchQuestion("gpt-4", end=FIRST + 12 * DAY)).changed == ()


def test_a_change_of_what_is_asked_looks_like_a_swap(drift: Ledger, ledger: Ledger) -> None:
    # The file's order: primes and composites are not mixed. A limit of the method that the notes say.
    under_one_name(drift, ledger, "CAST(task_id AS BIGINT)")
    assert watch(ledger, WatchQuestion("gpt-4", end=FIRST + 12 * DAY)).changed

"""Real answers of others: the published contradictions of GPT-3.5, and kinds of wrong answers as they were read."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from assay.estimate.detector_precision import ReadSample, confirmed_count
from assay.estimate.exact import clopper_pearson
from assay.ledger.store import Ledger
from assay.probe.knows import detector_named
from assay.probe.knows_kinds import FLAGGED, Kind
from assay.probe.knows_read import KINDS, KnowsColumns, read_columns
from assay.probe.knows_result import knows_result
from assay.probe.knows_sample import draw_flagged, flagged_ids
from assay.quantity import Estimate
from probe.knows_ledgers import gsm_ledger, trace

pytestmark = pytest.mark.shared_data
HERE = Path(__file__).parent

ANSWER = r"last-match=\[(yes|no)\]"
MARCH, JUNE = "openaichat/gpt-3.5-turbo-0301", "openaichat/gpt-3.5-turbo-0613"
GPT_4 = "openaichat/gpt-4-0314"


@pytest.fixture(scope="module")
def primes(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = Ledger.create(tmp_path_factory.mktemp("primes") / "runs.ledger")
    path = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        ledger.append("traces", [
            trace(
                place, trace_id=f"{row['model']}/{row['id']}", task_id=row["id"], system=row["model"], version="",
                input=row["query"], output=row["answer"], answer=None, reasoning=None, reference=row["ref_answer"],
            )
            for place, row in enumerate(csv.DictReader(stream))
        ])  # fmt: skip
    return ledger


def prime_columns(primes: Ledger, conclusion: str | None = None) -> KnowsColumns:
    return read_columns(primes, detector_named("exact", answer=ANSWER, conclusion=conclusion))


def test_the_march_version_contradicts_itself_as_was_found_before_and_the_june_version_does_not(
    primes: Ledger,
) -> None:
    result = knows_result(prime_columns(primes), "d")
    systems = {system.system: system for system in result.systems}
    march, june, gpt_4 = systems[MARCH], systems[JUNE], systems[GPT_4]
    assert {system.traces for system in result.systems} == {1000}
    # Found before with another parser: 32.2 % of 655 contradict each other, 25.5 % right with the answer wrong.
    assert march.table.n == pytest.approx(655, rel=0.1)
    for quantity, before in ((march.contradictions, 0.322), (march.knows_but_wrong, 0.255)):
        assert isinstance(quantity, Estimate)
        assert quantity.low < before < quantity.high
        assert quantity.value == pytest.approx(before, abs=0.02)
    assert isinstance(june.contradictions, Estimate)
    assert june.contradictions.value < 0.01
    assert june.table.only_second == 0
    assert gpt_4.table.only_first == gpt_4.table.only_second == 0


def test_the_parser_moves_the_share_and_travels_with_it(primes: Ledger) -> None:
    wide = knows_result(prime_columns(primes, "claim"), "d")
    march = next(system for system in wide.systems if system.system == MARCH)
    # More conclusions are read, and a smaller share of them contradicts.
    assert march.table.n > 850
    assert isinstance(march.contradictions, Estimate)
    assert 0.25 < march.contradictions.value < 0.31
    assert "claim@1" in detector_named("exact", conclusion="claim").name


def test_forty_of_the_flagged_were_read_and_most_are_real(primes: Ledger) -> None:
    detector = detector_named("exact", answer=ANSWER)
    flagged = [one for one in flagged_ids(prime_columns(primes)) if one.startswith(MARCH)]
    with (HERE / "prime_readings.csv").open(encoding="utf-8", newline="") as stream:
        said = {row["task_id"]: row["reading"] for row in csv.DictReader(stream)}
    read = [one for one in flagged if one.rpartition("/")[2] in said]
    assert len(read) == len(said) == 40
    counts = Counter(said.values())
    real = confirmed_count(ReadSample(len(flagged), 40, counts["yes"], counts["unsure"]))
    assert isinstance(real, Estimate)
    # Before: 31 of 40 clear, of 167.
    assert real.low > 0.75 * len(flagged)
    assert draw_flagged(flagged, detector.name, labels=40, seed=12).flagged == len(flagged)


@pytest.fixture(scope="module")
def gsm(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> KnowsColumns:
    ledger = gsm_ledger(shared_data, tmp_path_factory.mktemp("gsm") / "runs.ledger")
    # The published accuracies were counted by the first number of the answer.
    return read_columns(ledger, detector_named("numeric", answer="answer+first-number"))


TUNED, TESTED = ("1", "2"), "3"
"""Rounds of reading: the rules came from looking at the first two, and were then tried on the third."""

OTHERS = "not flagged"


def readings(*rounds: str, name: str = "gsm_readings.csv") -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if not rounds or row["round"] in rounds]


def shuffled(ids: list[str], seed: str) -> list[str]:
    return sorted(ids, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).digest())


def agreement(gsm: KnowsColumns, *rounds: str) -> dict[str, tuple[int, int]]:
    """Return class -> agreeing and read, by the class that the detector gives now."""
    place = {trace_id: place for place, trace_id in gsm.wrong_ids.items()}
    names = {kind.value for kind in FLAGGED}
    agree: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for row in readings(*rounds):
        kind = KINDS[gsm.kind[place[row["trace_id"]]]].value
        kind = kind if kind in names else OTHERS
        said = row["reading"] if row["reading"] in {*names, "unsure"} else OTHERS
        read[kind] += 1
        agree[kind] += kind == said
    return {kind: (agree[kind], read[kind]) for kind in read}


def test_the_wrong_answers_are_the_published_ones(gsm: KnowsColumns) -> None:
    result = knows_result(gsm, "d")
    assert sum(system.traces for system in result.systems) == 57_398
    assert result.wrong == 7_317
    assert len(result.systems) == 44
    # 15 items on which the five best systems give one other answer; more systems dispute a few more.
    assert 15 <= result.disputed_tasks <= 35


def test_the_readings_are_of_drawn_samples_and_say_which_of_them_tuned_the_rules(
    gsm: KnowsColumns,
) -> None:
    rows = readings()
    assert Counter(row["round"] for row in rows) == {"1": 60, "2": 62, "3": 48}
    assert all((row["used"] == "tested") == (row["round"] == TESTED) for row in rows)
    tuned = {row["trace_id"] for row in readings(*TUNED)}
    for kind in (Kind.FORMAT, Kind.DISPUTED):
        own = [row for row in readings(TESTED) if row["drawn_from"] == kind.value]
        ordered = shuffled([one for one in flagged_ids(gsm, kind) if one not in tuned], "2312")
        # What had been read is left out: the sample is fresh.
        assert [row["trace_id"] for row in own] == ordered[: len(own)]
        for row in own:
            assert int(row["flagged"]) == len(ordered)
            share = float(row["inclusion_probability"])
            assert share == pytest.approx(len(own) / len(ordered), abs=1e-6)
    assert not tuned & {row["trace_id"] for row in readings(TESTED)}


def test_kinds_are_told_apart_as_a_reader_does_on_a_sample_that_tuned_nothing(
    gsm: KnowsColumns,
) -> None:
    assert agreement(gsm, TESTED) == {
        "format fault": (12, 12), "disputed reference": (10, 12), OTHERS: (23, 24)
    }  # fmt: skip
    assert clopper_pearson(45, 48).low > 0.82
    # The rules of formats and disputes are older than all three rounds.
    every = agreement(gsm, *TUNED, TESTED)
    assert every["format fault"] == (49, 50)
    assert every["disputed reference"] == (43, 49)


def test_few_slips_are_left_and_all_of_them_were_read(gsm: KnowsColumns) -> None:
    slips = set(flagged_ids(gsm))
    for number in TUNED:
        said = {row["trace_id"]: row["reading"] for row in readings(number)}
        read = [said[one] for one in slips]
        # The parser before had 3 of 10, by both readings: these ten tuned it, so that no fresh one is left to try it.
        assert Counter(read) == {"slip": 3, "disputed reference": 1}
        drawn = [row["reading"] for row in readings(number) if row["drawn_from"] == "slip"]
        assert (drawn.count("slip"), len(drawn)) == (3, 10)
        real = confirmed_count(ReadSample(len(slips), len(read), read.count("slip")))
        assert isinstance(real, Estimate)
        assert (real.low, real.high) == (3, 3)
    others = [row for row in readings() if row["drawn_from"].startswith(OTHERS)]
    assert len(others) == 52
    assert not any(row["reading"] == "slip" for row in others)


def test_what_the_parsers_call_a_contradiction_is_mostly_none_on_these_answers(
    gsm: KnowsColumns,
) -> None:
    fresh = readings(TESTED, name="gsm_contradictions.csv")
    said = Counter(row["reading"] for row in fresh)
    assert said == {"no": 25, "yes": 3, "unsure": 2}
    assert clopper_pearson(said["yes"] + said["unsure"], 30).high < 0.35
    # The parser before it found four times as many; of the 24 that were read none was real.
    assert int(gsm.contradicts.sum()) < 0.3 * 1_365
    before = readings("1", name="gsm_contradictions.csv")
    assert Counter(row["reading"] for row in before) == {"no": 24}

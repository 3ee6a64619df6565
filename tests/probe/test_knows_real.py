"""Real answers of others: the published contradictions of GPT-3.5, and kinds of wrong answers as they were read."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assay.estimate.detector_precision import ReadSample, confirmed_count
from assay.estimate.exact import clopper_pearson
from assay.ledger.store import Ledger
from assay.probe.knows import detector_named
from assay.probe.knows_kinds import FLAGGED
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


def readings() -> list[dict[str, str]]:
    with (HERE / "gsm_readings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_wrong_answers_are_the_published_ones(gsm: KnowsColumns) -> None:
    result = knows_result(gsm, "d")
    assert sum(system.traces for system in result.systems) == 57_398
    assert result.wrong == 7_317
    assert len(result.systems) == 44
    # 15 items on which the five best systems give one other answer; more systems dispute a few more.
    assert 15 <= result.disputed_tasks <= 35


def test_the_readings_are_of_a_drawn_sample(gsm: KnowsColumns) -> None:
    rows = readings()
    assert len(rows) == 60
    for kind in FLAGGED:
        own = [row for row in rows if row["drawn_from"] == kind.value]
        ordered = sorted(
            flagged_ids(gsm, kind), key=lambda one: hashlib.sha256(f"7:{one}".encode()).digest()
        )
        assert [row["trace_id"] for row in own] == ordered[: len(own)]
        for row in own:
            assert int(row["flagged"]) == len(ordered)
            assert float(row["inclusion_probability"]) == pytest.approx(
                len(own) / len(ordered), abs=1e-6
            )


def test_kinds_are_told_apart_as_a_reader_does(gsm: KnowsColumns) -> None:
    place = {trace_id: place for place, trace_id in gsm.wrong_ids.items()}
    agree: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for row in readings():
        kind = KINDS[gsm.kind[place[row["trace_id"]]]].value
        read[kind] += 1
        agree[kind] += kind == row["reading"]
    assert (agree["format fault"], read["format fault"]) == (24, 25)
    assert (agree["disputed reference"], read["disputed reference"]) == (23, 25)
    # Few answers are called slips here, and few of those are: the figure has to be corrected.
    assert (agree["slip"], read["slip"]) == (3, 10)
    assert clopper_pearson(24, 25).low > 0.79
    assert clopper_pearson(23, 25).low > 0.73
    assert clopper_pearson(agree.total(), 60).low > 0.71


def test_the_corrected_count_of_slips_is_far_below_what_containment_flags(
    gsm: KnowsColumns,
) -> None:
    slips = np.count_nonzero(gsm.kind == 0)
    read = [row["reading"] for row in readings() if row["drawn_from"] == "slip"]
    real = confirmed_count(
        ReadSample(int(slips), len(read), read.count("slip"), read.count("unsure"))
    )
    assert isinstance(real, Estimate)
    # All ten were read: no sampling error, but two of which nobody can say.
    assert (real.low, real.high) == (3, 5)

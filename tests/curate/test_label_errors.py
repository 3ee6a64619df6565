"""Labels that were flipped in a real recording are found; where nothing can be told, that is said."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.curate.label_errors import LabelNoise, find_label_errors
from assay.errors import BadInput
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown

DESK = Path(__file__).parents[2] / "examples" / "desk"
JUDGE = "second-reading"


def rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DESK / f"{name}.jsonl.gz", "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def flipped_desk(ledger: Ledger, folder: Path, *, answers: int, flips: int) -> set[str]:
    """Fill a ledger with answers, a judge's scores, and a reader's labels, some of them flipped; return those."""
    traces = [row for row, _ in zip(rows("traces"), range(answers), strict=False)]
    ids = [row["trace_id"] for row in traces]
    flipped = set(random.Random(3).sample(ids, flips))
    labels = [
        {
            **row,
            "judge": "reader",
            "judge_kind": "person",
            "error_probability": float(
                int(row["error_probability"]) ^ (row["trace_id"] in flipped)
            ),
        }
        for row in rows("truth")
        if row["trace_id"] in set(ids)
    ]
    scores = [row for row in rows("judge") if row["trace_id"] in set(ids)]
    for name, records in (("traces", traces), ("labels", labels), ("scores", scores)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        ingest_file(ledger, path)
    return flipped


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, set[str]]:
    folder = tmp_path_factory.mktemp("desk")
    ledger = Ledger.create(folder / "runs.ledger")
    return ledger, flipped_desk(ledger, folder, answers=700, flips=30)


def limits(found: LabelNoise) -> Estimate:
    assert isinstance(found.errors, Estimate)
    return found.errors


def test_most_flipped_labels_are_among_the_suspects(desk: tuple[Ledger, set[str]]) -> None:
    ledger, flipped = desk
    found = find_label_errors(ledger)
    hits = [suspect.trace_id in flipped for suspect in found.suspects]
    assert sum(hits) >= 18
    assert len(hits) <= 80
    # A tenth of the labels read again finds most flips: by lot it would be one of ten.
    assert sum(hits[:70]) >= 18
    assert limits(found).low <= len(flipped) <= limits(found).high
    confidence = [suspect.self_confidence for suspect in found.suspects]
    assert confidence == sorted(confidence)


def test_a_judge_can_be_held_against_them_but_not_against_itself(
    desk: tuple[Ledger, set[str]],
) -> None:
    ledger, flipped = desk
    found = find_label_errors(ledger, judge=JUDGE)
    assert found.by == f"judge {JUDGE}"
    assert limits(found).low <= len(flipped) <= limits(found).high
    with pytest.raises(BadInput, match="can't be held against its own"):
        find_label_errors(ledger, judge=JUDGE, labels_by=JUDGE)
    with pytest.raises(BadInput, match="has said nothing"):
        find_label_errors(ledger, judge="nobody")
    with pytest.raises(BadInput, match="no answer has a label of 'nobody'"):
        find_label_errors(ledger, labels_by="nobody")


def test_suspects_by_noise_rate_are_as_many_as_are_counted(desk: tuple[Ledger, set[str]]) -> None:
    ledger, flipped = desk
    found = find_label_errors(ledger, judge=JUDGE, choose="noise-rate")
    # Counted before the value is cut to its limits.
    assert limits(found).value - 2 <= len(found.suspects)
    assert len(found.suspects) + len(found.rest) == 700
    assert not {one.trace_id for one in found.suspects} & set(found.rest)
    assert sum(one.trace_id in flipped for one in found.suspects) > len(found.suspects) / 15


@pytest.mark.nightly
def test_of_3_000_labels_most_flips_are_found_among_few(ledger: Ledger, tmp_path: Path) -> None:
    flipped = flipped_desk(ledger, tmp_path, answers=3_000, flips=60)
    found = find_label_errors(ledger)
    hits = [suspect.trace_id in flipped for suspect in found.suspects]
    assert sum(hits) >= 0.75 * len(flipped)
    assert sum(hits) >= 0.33 * len(hits)
    assert limits(found).high >= len(flipped)


def test_what_says_no_more_than_a_coin_names_no_suspects(ledger: Ledger, tmp_path: Path) -> None:
    flipped_desk(ledger, tmp_path, answers=400, flips=200)
    found = find_label_errors(ledger, judge=JUDGE)
    assert found.suspects == ()
    assert isinstance(found.errors, Unknown)
    assert "a coin" in found.errors.reason


def test_few_labels_say_nothing(ledger: Ledger, tmp_path: Path) -> None:
    flipped_desk(ledger, tmp_path, answers=60, flips=5)
    found = find_label_errors(ledger)
    assert isinstance(found.errors, Unknown)
    assert "fewer than 30 of one" in found.errors.reason
    assert sum(found.labels.values()) == 60

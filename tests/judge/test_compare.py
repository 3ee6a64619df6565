"""Two rules over the same outputs: the published scorer of LLMDrift and a strict parser move it by eight points."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.judge.compare import EXCERPT, ComparedRules, compare_rules
from assay.judge.rules import check_named, rules_named
from assay.judge.run_check import Selection
from assay.ledger.store import Ledger
from judge.traces import trace

STRICT = r"exact/last-match=\[(yes|no)\]"
PUBLISHED = r"exact/last-match=\A(?s:.*?\b(?=yes\b)|.*?\b(?=no\b))(yes|no)"
"""The authors': "yes" where it stands anywhere as a word, else "no" where that does."""


def compared(ledger: Ledger, *specs: str, **options: object) -> ComparedRules:
    return compare_rules(ledger, [check_named(spec) for spec in specs], **options)  # type: ignore[arg-type]


def test_the_four_cells_and_what_each_took(ledger: Ledger) -> None:
    ledger.append("traces", [
        trace("both", "3", "3"),
        trace("first", "3 then 4", "3"),
        trace("last", "5 then 3", "3"),
        trace("neither", "5 then 4", "3"),
        trace("nothing", "five", "3"),
        trace("unknown", "3", "three"),
        trace("none", "3", None),
    ])  # fmt: skip
    found = compared(ledger, "numeric/first-number", "numeric/last-number")
    pair = found.pairs[0]
    cells = (pair.both_right, pair.only_first_right, pair.only_second_right, pair.both_wrong)
    assert cells == (1, 1, 1, 2)
    assert (found.traces, pair.n, found.without_reference, found.unjudged) == (5, 5, 1, 1)
    assert found.first_unjudged == (("unknown", "the reference holds no number"),)
    assert (pair.disagreement.value, pair.disagreement.guarantee) == (0.4, "exact")
    examples = {example.trace_id: example for example in pair.examples}
    assert set(examples) == {"first", "last"}
    assert (examples["first"].taken, examples["first"].wrong) == (("3", "4"), (False, True))
    assert ledger.rows("SELECT count(*) AS n FROM verdicts") == [{"n": 0}]


def test_every_two_of_three_and_every_system(ledger: Ledger) -> None:
    ledger.append("traces", [
        trace("a", r"1 \boxed{2} 3", "2"),
        trace("b", r"1 \boxed{2} 3", "3", system="t"),
        trace("c", "3", "3", system="t"),
    ])  # fmt: skip
    found = compared(ledger, "numeric/boxed", "numeric/last-number", "numeric/first-number")
    assert [(rates.system, rates.traces, rates.wrong) for rates in found.systems] == [
        ("t", 2, (2, 0, 1)),
        ("s", 1, (0, 1, 1)),
        ("all", 3, (2, 1, 2)),
    ]
    assert len(found.pairs) == 3
    assert found.systems[0].error_rate(0, "x").value == 1.0
    only = compared(ledger, "numeric/boxed", "numeric/last-number", window=Selection(system="s"))
    assert [rates.system for rates in only.systems] == ["s"]


def test_rules_that_are_the_same_or_alone_are_refused(ledger: Ledger) -> None:
    ledger.append("traces", [trace("a", "1", None)])
    with pytest.raises(BadInput, match="two rules that differ"):
        compared(ledger, "exact", "exact")
    with pytest.raises(BadInput, match="two rules that differ"):
        compared(ledger, "exact")
    with pytest.raises(BadInput, match="none has a reference"):
        compared(ledger, "exact", "numeric")


def test_examples_are_short_and_as_many_as_asked(ledger: Ledger) -> None:
    ledger.append("traces", [trace(f"t{n}", "3 " + "x" * 5_000 + " 4", "4") for n in range(9)])
    found = compared(ledger, "numeric/first-number", "numeric/last-number", examples=2)
    assert len(found.pairs[0].examples) == 2
    assert len(found.pairs[0].examples[0].excerpt) < EXCERPT + 5
    assert not compared(ledger, "exact/whole", "numeric/last-number", examples=0).pairs[0].examples
    taken = compared(ledger, "exact/whole", "numeric/last-number").pairs[0].examples[0].taken[0]
    assert taken is not None
    assert len(taken) < EXCERPT + 5


@pytest.mark.shared_data
def test_the_scorer_moves_llmdrift_as_published(shared_data: Path, ledger: Ledger) -> None:
    csv.field_size_limit(1 << 30)
    path = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    with gzip.open(path, "rt", newline="") as stream:
        rows = list(csv.DictReader(stream))
    ledger.append("traces", [
        trace(str(place), row["answer"], row["ref_answer"], system=row["model"].partition("/")[2])
        for place, row in enumerate(rows)
    ])  # fmt: skip
    found = compare_rules(ledger, rules_named([PUBLISHED, STRICT]))
    right = {
        rates.system: tuple(rates.traces - wrong for wrong in rates.wrong)
        for rates in found.systems
    }
    assert right == {
        "gpt-4-0314": (840, 840),
        "gpt-4-0613": (511, 502),
        "gpt-3.5-turbo-0301": (496, 518),
        "gpt-3.5-turbo-0613": (762, 680),
        "all": (2609, 2540),
    }

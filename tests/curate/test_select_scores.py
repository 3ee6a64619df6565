"""The four scores, each used alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.tokenizer import train_tokenizer
from assay.curate.select_budget import Budget
from assay.curate.select_scores import (
    TargetModel,
    classifier_scores,
    importance_scores,
    perplexity_scores,
    read_measured,
    tenths,
    value_scores,
)
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from curate.value_world import world


def test_perplexity_and_importance_rank_the_language_of_the_target_first() -> None:
    planted = world(5, documents=60)
    texts, target = planted.column, TextColumn.from_texts(planted.target)
    kind = np.array(planted.source)
    model = TargetModel.of(target, train_tokenizer(texts))
    for scores in (
        perplexity_scores(texts, model),
        importance_scores(texts, target, rng=np.random.default_rng(1)),
    ):
        good = np.median(scores[(kind == "guide") | (kind == "manual")])
        assert good > np.quantile(scores[kind == "shuffled"], 0.95)
        assert good > scores[kind == "foreign"].max()


def test_the_classifier_of_the_package_prefers_prose_to_numbers() -> None:
    prose = "This option tells the program where it looks for the files of its user. " * 4
    texts = TextColumn.from_texts([prose, "0 1 2 7 9 " * 9])
    good, bad = classifier_scores(texts)
    assert good > 0.5 > bad


def test_a_text_without_a_byte_has_the_worst_perplexity() -> None:
    texts = TextColumn.from_texts(["some words", ""])
    scores = perplexity_scores(texts, TargetModel.of(texts, train_tokenizer(texts)))
    assert np.isfinite(scores[0])
    assert scores[1] == -np.inf
    with pytest.raises(BadInput, match="holds no text"):
        TargetModel.of(TextColumn.from_texts([""]), train_tokenizer(texts))


def part(name: str, verdict: str, value: float | None, high: float | None = None) -> object:
    change = {"value": value, "high": high}
    regimes = {"data-fixed": {"per_million_tokens": change}}
    return {"name": name, "verdict": verdict, "regimes": regimes}


def write(folder: Path, *parts: object, by: str = "source") -> Path:
    path = folder / "value.json"
    path.write_text(json.dumps({"value": {"by": by, "proxy": "p", "parts": parts}}))
    return path


def test_value_ranks_by_the_lower_limit_and_unknown_is_not_zero(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        part("sure", "helps", -1.1, -1.0),
        part("maybe", "cannot tell", -1.5, 0.2),
        part("open", "cannot tell", -2.0, None),
        part("junk", "hurts", 1.0, 2.0),
        part("nil", "worthless", 0.0, 0.1),
        part("small", "cannot tell", None),
    )
    measured = read_measured(path)
    names = ["sure", "maybe", "open", "junk", "nil", "small", "sure"]
    scores, excluded = value_scores(names, measured.parts)
    assert excluded == ("", "", "", "measured_hurts", "measured_worthless", "measured_unknown", "")
    assert scores[0] == scores[6] > scores[1] > scores[2] > -np.inf
    assert (scores[3:6] == -np.inf).all()
    with pytest.raises(BadInput, match="no value was measured of other"):
        value_scores(["other"], measured.parts)


@pytest.mark.parametrize("content", ["{}", "[1]", "no json", '{"value": {"parts": [1]}}'])
def test_what_is_no_measured_value_is_refused_with_the_next_command(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "value.json"
    path.write_text(content)
    with pytest.raises(BadInput, match="holds no measured value") as refused:
        read_measured(path)
    assert "assay curate value" in refused.value.next_command
    with pytest.raises(BadInput, match="can't be read: No such file"):
        read_measured(tmp_path / "none.json")


def test_tenths_hold_as_many_bytes_each_and_bear_the_names_of_the_valued_ones() -> None:
    quality = np.arange(100.0)
    found = tenths(quality, np.full(100, 7))
    assert found[99] == "tenth 1 of 10 (best)"
    assert found[0] == "tenth 10 of 10 (worst)"
    assert [found.count(name) for name in set(found)] == [10] * 10


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("10M", 10_000_000, "tokens"),
        ("1.5k tokens", 1_500, "tokens"),
        ("20MB", 20_000_000, "bytes"),
        ("1_000 bytes", 1_000, "bytes"),
        ("12", 12, "tokens"),
    ],
)
def test_budgets_as_people_write_them(text: str, amount: int, unit: str) -> None:
    found = Budget.parsed(text)
    assert (found.amount, found.unit) == (amount, unit)


@pytest.mark.parametrize("text", ["", "ten", "-5M", "1e6", "5TB", "0"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="a budget"):
        Budget.parsed(text)

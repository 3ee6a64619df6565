"""A generic filter that loses to the raw mix, on real text: Python's own reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.curate.proxies.named import ProxyChoice
from assay.curate.value_question import ValueQuestion
from assay.curate.value_run import value_files
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from filter_corpus import write


def test_rules_made_for_the_web_lose_to_the_raw_mix_on_a_manual(tmp_path: Path) -> None:
    corpus, target = write(tmp_path)
    question = ValueQuestion(
        (str(corpus),),
        target,
        by="filter",
        families=("c4", "fineweb"),
        settings=ValueSettings(tokens=20_000),
    )
    for found in value_files(question, ProxyChoice("word")).filters:
        assert 0.5 < found.kept_tokens < 0.9
        assert found.compute_verdict != "helps"
        assert found.data_verdict == "hurts"
        assert found.data_fixed.low > 0
        said = found.to_json()
        assert {"compute_fixed", "data_fixed"} <= set(said)
        assert "49 of 66" in str(said)


def test_a_filter_that_keeps_next_to_nothing_is_refused_by_name(tmp_path: Path) -> None:
    corpus, target = write(tmp_path)
    question = ValueQuestion(
        (str(corpus),), target, by="filter", families=("gopher",), settings=ValueSettings(tokens=20_000)
    )  # fmt: skip
    with pytest.raises(BadInput, match=r"the filter gopher keeps [0-9.]+% of the tokens"):
        value_files(question, ProxyChoice("word"))

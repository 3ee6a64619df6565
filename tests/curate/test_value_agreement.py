"""Agreement of proxies and budgets on the order of sources."""

from __future__ import annotations

import pytest

from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.word_model import WordProxy, word_list
from assay.curate.text_column import TextColumn
from assay.curate.value_agreement import measure_agreement
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.curate.value_result import TRACK_RECORD
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from assay.report.value_agreement_words import agreement_sentences, comparison_cells
from curate.value_world import world

SETTINGS = ValueSettings(tokens=6_000, seeds=3)


@pytest.fixture(scope="module")
def ready() -> ReadyCorpus:
    planted = world(1, documents=120)
    return ready_corpus(planted.column, planted.source, TextColumn.from_texts(planted.target))


def test_budgets_and_proxies_are_compared_in_the_same_words(ready: ReadyCorpus) -> None:
    words = WordProxy(word_list(ready.pool.pieces, ready.tokenizer))
    found = measure_agreement(ready, [NGramProxy(), words], SETTINGS, budgets=(6_000, 1_500))
    kinds = [one.of_budgets for one in found.comparisons]
    assert kinds == [False, False, True, True]
    assert [order.tokens for order in found.orders] == [1_500, 6_000, 1_500, 6_000]
    # Of a target of the same language, the same words in no order and another language are last to either.
    for order in found.orders:
        assert {name for name, _ in order.losses[-2:]} == {"foreign", "shuffled"}
    for one in found.comparisons:
        assert one.found.agreed + one.found.opposed <= min(
            one.found.separated_first, one.found.separated_second
        )
        assert comparison_cells(one)[-1] == "49 of 66"
    assert {name for name, _ in found.left_out} == {"boilerplate", "leak"}
    assert "shuffled" in found.nearly_all
    said = " ".join(agreement_sentences(found))
    assert "Kendall's tau-b" in said
    assert "1,500 and at 6,000 tokens" in said
    assert "boilerplate (192)" in said
    record = found.to_json()
    assert all(row["track_record"] == TRACK_RECORD for row in record["comparisons"])  # type: ignore[attr-defined]


def test_one_proxy_at_one_budget_has_nothing_to_agree_with(ready: ReadyCorpus) -> None:
    with pytest.raises(BadInput, match="nothing to agree with"):
        measure_agreement(ready, [NGramProxy()], SETTINGS)


@pytest.mark.parametrize(
    ("budgets", "said"), [((10, 2_000), "at least 1,000"), ((1_000, 10**7), "3 are needed")]
)
def test_budgets_that_cannot_be_are_refused(
    ready: ReadyCorpus, budgets: tuple[int, int], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        measure_agreement(ready, [NGramProxy()], SETTINGS, budgets=budgets)

"""Whether two targets share documents: told by sketches, of copies that were edited, cut or quoted."""

from __future__ import annotations

import numpy as np
import pytest

from assay.curate.shared_documents import KEPT, sharing, windows_sketch
from assay.curate.text_column import TextColumn


def page(seed: int, words: int = 400) -> str:
    rng = np.random.default_rng(seed)
    return " ".join(f"w{number}" for number in rng.integers(0, 5_000, words))


def edited(text: str, every: int) -> str:
    return " ".join(
        "other" if place % every == 0 else word for place, word in enumerate(text.split(), 1)
    )


def shared(old: list[str], new: list[str]) -> list[int]:
    found = sharing(TextColumn.from_texts(new), windows_sketch(TextColumn.from_texts(old)))
    return [int(row) for row in found]


def test_copies_are_found_also_edited_cut_and_quoted_ones() -> None:
    old = [page(seed) for seed in range(30)]
    words = old[4].split()
    quoted = f"{page(96)} {old[3]} {page(97)}"
    new = [page(99), old[0].upper(), edited(old[1], 60), " ".join(words[:320]), quoted, ""]
    assert shared(old, new) == [1, 2, 3, 4]


def test_other_documents_are_not_found_though_they_share_a_phrase() -> None:
    notice = " ".join(f"notice{number}" for number in range(60))
    old = [f"{page(seed)} {notice}" for seed in range(20)]
    new = [f"{page(seed)} {notice}" for seed in range(100, 180)]
    assert shared(old, new) == []
    # Short documents that are nothing but a notice of many are no sign, and two that few have are.
    assert shared([notice] * 20, [notice]) == []
    assert shared([notice, page(1)], [notice]) == [0]


def test_a_sketch_is_small_and_the_same_for_whoever_has_the_document() -> None:
    one, two = windows_sketch(TextColumn.from_texts([page(1), "Two words"]))
    assert (one[0], len(one), two[0], len(two)) == ("388", KEPT + 1, "1", 2)
    assert windows_sketch(TextColumn.from_texts([page(1).upper()])) == (one,)
    with pytest.raises(ValueError, match="invalid literal"):
        sharing(TextColumn.from_texts([page(1)]), [("many", "00")])

"""Columns of tokens: cut in two, they are what they were."""

from __future__ import annotations

import numpy as np
import pytest

from assay.curate.proxies.proxy import TokenColumn


def column(lengths: list[int]) -> TokenColumn:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    codes = np.arange(offsets[-1], dtype=np.uint16)
    return TokenColumn(codes, offsets, np.array(lengths, dtype=np.int64) * 4, 100)


@pytest.mark.parametrize("tokens", range(12))
def test_head_and_after_are_the_whole(tokens: int) -> None:
    whole = column([3, 0, 5, 2])
    head, after = whole.head(tokens), whole.after(tokens)
    assert np.concatenate([head.codes, after.codes]).tolist() == whole.codes.tolist()
    assert head.text_bytes.sum() + after.text_bytes.sum() == whole.text_bytes.sum()
    for part in (head, after):
        assert part.offsets[0] == 0
        assert part.offsets[-1] == part.n_tokens
        assert len(part.offsets) == len(part) + 1
    if after.n_tokens:
        assert after.lengths[-1] == min(2, 10 - tokens)

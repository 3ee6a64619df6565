import sys

import pytest

from assay.curate.missing_part import import_part
from assay.errors import MissingPart


def test_a_part_that_is_there() -> None:
    assert import_part("json.decoder", extra="curate", what="reading").JSONDecoder


def test_a_part_that_is_missing_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPart, match="training needs torch") as told:
        import_part("torch.nn", extra="train", what="training")
    assert 'pip install "assay[train]"' in str(told.value)

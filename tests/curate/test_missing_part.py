import sys

import pytest

from assay.curate.missing_part import import_part
from assay.errors import MissingPart


def test_a_part_that_is_there() -> None:
    assert import_part("json.decoder", extra="curate", what="reading").JSONDecoder


def test_a_part_that_is_missing_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # None stands for "not installed", for each part that an earlier test may have imported.
    for name in [n for n in sys.modules if n.split(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPart, match="training needs torch") as told:
        import_part("torch.nn", extra="train", what="training")
    assert 'pip install "assay[train]"' in str(told.value)

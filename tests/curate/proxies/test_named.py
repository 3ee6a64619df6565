"""Proxies by name: every row of the table makes what it says, and what can't be is refused at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assay.curate.proxies.named import DEARER, DEFAULT, NAMED, ProxyChoice
from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.errors import BadInput, MissingPart
from curate.value_world import world

COMMAND = f"'{sys.executable}' train.py {{data}} {{out}}"


@pytest.fixture(scope="module")
def ready() -> ReadyCorpus:
    planted = world(1, documents=20)
    return ready_corpus(planted.column, planted.source, TextColumn.from_texts(planted.target))


@pytest.mark.parametrize("kind", list(NAMED))
def test_each_row_makes_a_proxy_that_is_what_it_says(kind: str, ready: ReadyCorpus) -> None:
    if kind == "transformer":
        pytest.importorskip("torch")
    choice = ProxyChoice(kind, trainer=COMMAND if kind == "own" else None)
    proxy = choice.proxy(ready)
    assert proxy.values_repeats == choice.values_repeats
    assert proxy.name
    assert choice.rival.kind in {DEFAULT, DEARER} - {kind}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "llama"}, "proxies are"),
        ({"kind": "own"}, "needs a command"),
        ({"trainer": COMMAND}, "is the proxy own"),
        ({"kind": "transformer", "device": "tpu"}, "devices are"),
        ({"device": "cuda"}, "not trained on a device"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        ProxyChoice(**options)


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPart, match="torch") as raised:
        ProxyChoice("transformer").check()
    assert raised.value.next_command == 'pip install "assay[train]"'


def test_a_program_that_is_not_there_is_said_before_anything_is_read() -> None:
    with pytest.raises(BadInput, match="no program 'no-such-program'"):
        ProxyChoice("own", trainer="no-such-program {data} {out}").check()


def test_another_trainer_of_the_same_name_is_another_proxy(
    tmp_path: Path, ready: ReadyCorpus
) -> None:
    script = tmp_path / "train.py"
    script.write_text("1", encoding="utf-8")
    choice = ProxyChoice("own", trainer=f"'{sys.executable}' '{script}' {{data}} {{out}}")
    before = choice.proxy(ready).identity  # type: ignore[attr-defined]
    script.write_text("2", encoding="utf-8")
    assert choice.proxy(ready).identity != before  # type: ignore[attr-defined]


@pytest.mark.train
def test_auto_is_a_device_that_is_there() -> None:
    torch = pytest.importorskip("torch")
    from assay.curate.proxies.transformer import chosen_device

    there = torch.cuda.is_available()
    assert chosen_device("auto") == ("cuda" if there else "cpu")
    if not there:
        with pytest.raises(BadInput, match="sees no GPU"):
            ProxyChoice("transformer", device="cuda").check()

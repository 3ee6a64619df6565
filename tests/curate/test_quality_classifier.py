"""A classifier learns what two kinds of text differ in, says how well, and is told where that is length alone."""

from __future__ import annotations

import io
import pickle
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from assay.curate.documents import Documents
from assay.curate.quality_classifier import DEFAULT, KeepQuality, QualityClassifier, classifier
from assay.curate.quality_features import FeatureSettings, features
from assay.curate.quality_training import Telling, telling, train
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.quantity import Estimate, Unknown

COMMON = (
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "it",
    "was",
    "for",
    "on",
    "are",
    "as",
    "with",
    "they",
)
SMALL = FeatureSettings(bits=12)
PROSE = (
    "The program reads its settings from a file in your home directory when it starts. If the file does not exist, it "
    "is created with default values, which you can then change with any editor. See the manual for what each of them "
    "means, and restart the program afterwards so that the changes take effect."
)
JUNK = {
    "table": "id,name,qty,price\n" + "\n".join(f"{n},AB{n:03d},{n * 7},{n}.50" for n in range(30)),
    "code": "def f(x):\n    if x is None:\n        return []\n    return [y for y in x if y]\n\nclass A(B):\n  pass\n",
    "licence": "Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal "
    "in the Software without restriction. THE SOFTWARE IS PROVIDED AS IS, WITHOUT WARRANTY OF ANY KIND.",
    "changelog": "foo (1.2-3) unstable; urgency=low\n\n  * New upstream release. Closes: #12345\n  * Bump.\n\n"
    " -- A Person <a@example.org>  Mon, 01 Jan 2024 00:00:00 +0000\n",
}


def texts(
    special: str, count: int, *, words: tuple[int, int] = (30, 80), seed: int = 1
) -> TextColumn:
    """Texts of common words, one in eight of them special."""
    rng = random.Random(f"{seed}{special}")
    return TextColumn.from_texts(
        " ".join(
            special if rng.random() < 0.125 else rng.choice(COMMON)
            for _ in range(rng.randint(*words))
        )
        for _ in range(count)
    )


@pytest.fixture(scope="module")
def model() -> QualityClassifier:
    return train(texts("good", 60), texts("bad", 90), rng=np.random.default_rng(1), settings=SMALL)


def test_what_differs_is_learned_and_stated_with_an_interval(model: QualityClassifier) -> None:
    found = telling(model, texts("good", 80, seed=2), texts("bad", 80, seed=2))
    assert isinstance(found.auroc, Estimate)
    assert found.auroc.value > 0.99
    assert not found.no_better_than_length
    told = model.card["told_apart"]
    assert told["auroc"]["low"] <= told["auroc"]["value"] <= told["auroc"]["high"]
    assert told["auroc"]["value"] > 0.98
    assert 0.3 < told["length_alone"]["value"] < 0.7
    assert model.card["like"] == {"texts": 60, "bytes": texts("good", 60).nbytes}


def test_kinds_that_do_not_differ_are_not_told_apart() -> None:
    found = train(
        texts("same", 60), texts("same", 60, seed=9), rng=np.random.default_rng(1), settings=SMALL
    )
    told = found.card["told_apart"]
    assert told["auroc"]["low"] < 0.5 < told["auroc"]["high"]
    assert told["no_better_than_length"]


def test_one_that_learned_length_alone_is_told_so() -> None:
    long, short = texts("x", 60, words=(200, 300)), texts("x", 60, words=(5, 15), seed=3)
    told = train(long, short, rng=np.random.default_rng(1), settings=SMALL).card["told_apart"]
    assert told["length_alone"]["value"] == 1.0
    assert told["no_better_than_length"]


def test_word_order_is_seen() -> None:
    rng = random.Random(5)
    pairs = [("stop", "here"), ("go", "there"), ("turn", "left")]

    def text(*, straight: bool) -> str:
        chosen = [rng.choice(pairs) for _ in range(30)]
        return " , ".join(" ".join(pair if straight else pair[::-1]) for pair in chosen)

    kinds = [TextColumn.from_texts(text(straight=s) for _ in range(40)) for s in (True, False)]
    told = train(*kinds, rng=np.random.default_rng(1), settings=SMALL).card["told_apart"]
    assert told["auroc"]["value"] > 0.95


def test_training_is_repeatable_and_a_saved_model_scores_alike(
    model: QualityClassifier, tmp_path: Path
) -> None:
    again = train(texts("good", 60), texts("bad", 90), rng=np.random.default_rng(1), settings=SMALL)
    assert again.to_bytes() == model.to_bytes()
    path = tmp_path / "m.npz"
    model.save(path)
    held = QualityClassifier.load(path)
    sample = texts("good", 30, seed=4)
    assert held.scores(sample) == pytest.approx(model.scores(sample), abs=0.01)
    assert (held.name, held.card, held.settings) == (model.name, model.card, SMALL)
    assert held.to_bytes() == QualityClassifier.load(path).to_bytes()


def test_scores_do_not_depend_on_the_batch(
    model: QualityClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = texts("good", 40, seed=6)
    whole = model.scores(sample)
    monkeypatch.setattr("assay.curate.quality_classifier._BATCH_BYTES", 1_000)
    assert model.scores(sample) == pytest.approx(whole)
    assert ((whole >= 0) & (whole <= 1)).all()
    assert model.scores(TextColumn.from_texts(["", " \n"])).tolist() == [0.0, 0.0]
    assert len(model.scores(TextColumn.from_texts([]))) == 0


def test_features_are_of_unit_length_and_bounded_words() -> None:
    sample = TextColumn.from_texts(["a b c", "", "word " * 5_000 + "end"])
    found = features(sample, SMALL).toarray()
    assert np.linalg.norm(found, axis=1) == pytest.approx([1.0, 0.0, 1.0])
    short = FeatureSettings(bits=12, most_words=40)
    changed = TextColumn.from_texts(
        ["word " * 5_000 + "end", "word " * 600 + "other " + "word " * 4_399 + "end"]
    )
    first, second = features(changed, short).toarray()
    assert first == pytest.approx(second)


def test_too_few_texts_and_one_in_both_kinds_are_refused() -> None:
    with pytest.raises(BadInput, match="at least 10 texts of each kind, got 3 and 60"):
        train(texts("a", 3), texts("b", 60), rng=np.random.default_rng(1))
    with pytest.raises(BadInput, match="20 texts stand in both kinds"):
        train(texts("a", 20), texts("a", 20), rng=np.random.default_rng(1))
    assert isinstance(telling(classifier(), texts("a", 3), texts("a", 0)).auroc, Unknown)
    assert Telling(Unknown("x"), Unknown("x")).no_better_than_length


def test_a_file_that_is_no_classifier_is_refused(tmp_path: Path, model: QualityClassifier) -> None:
    def load(content: bytes) -> QualityClassifier:
        path = tmp_path / "x.npz"
        path.write_bytes(content)
        return QualityClassifier.load(path)

    stream = io.BytesIO()
    np.savez(stream, weights=np.array([object()], dtype=object), card=np.zeros(3))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("weights.npy", b"\0" * 20_000_000)
    for content in (b"", b"no zip", stream.getvalue(), bomb.getvalue(), model.to_bytes()[:-40]):
        with pytest.raises(BadInput, match="no quality classifier"):
            load(content)
    with pytest.raises(BadInput, match="can't be read"):
        QualityClassifier.load(tmp_path / "none.npz")
    with pytest.raises(BadInput, match="it is 'prose-1' or a file"):
        KeepQuality("prose-2")
    with pytest.raises(BadInput, match="at_least"):
        KeepQuality(at_least=2)


def test_the_classifier_of_the_package_tells_prose_from_junk() -> None:
    model = classifier()
    scores = model.scores(TextColumn.from_texts([PROSE, *JUNK.values()]))
    assert scores[0] > 0.5
    assert scores[1:].max() < 0.5
    rng = random.Random(1)
    words = (PROSE * 4).split()
    rng.shuffle(words)
    whole, mixed = model.scores(TextColumn.from_texts([PROSE * 4, " ".join(words)]))
    assert mixed < whole


def test_the_card_of_the_package_says_how_well_and_where_it_fails() -> None:
    card = classifier().card
    held_out = card["held_out_packages"]
    assert held_out["all_junk"]["auroc"]["low"] > 0.8
    assert {"change logs", "licences", "Python code"} <= set(held_out["by_kind_of_junk"])
    assert {"fiction", "poetry", "dialogue"} <= set(held_out["not_trained_with"])
    assert "quality_default.py" in card["made_by"]
    assert "wrong or made up" in card["fails"]
    assert len(classifier().to_bytes()) < 200_000


def test_the_step_drops_below_its_threshold(model: QualityClassifier, tmp_path: Path) -> None:
    docs = Documents.from_texts([PROSE, JUNK["table"]])
    done = KeepQuality()(docs)
    assert (done.docs.text.texts(), done.reasons) == ([PROSE], ("", "quality_too_low"))
    assert sum(done.counts.values()) == 2
    path = tmp_path / "mine.npz"
    model.save(path)
    step = KeepQuality(str(path), 0.5)
    assert step.files == (path,)
    assert pickle.loads(pickle.dumps(step)) == step
    assert KeepQuality(DEFAULT).files == ()
    kinds = (texts("good", 5, seed=7), texts("bad", 5, seed=7))
    both = Documents.joined([Documents.from_texts(kind.texts()) for kind in kinds])
    assert step(both).reasons == ("",) * 5 + ("quality_too_low",) * 5

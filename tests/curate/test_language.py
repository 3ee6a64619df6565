import pickle

import numpy as np
import pytest

from assay.curate.documents import Documents
from assay.curate.language import UNKNOWN_LANGUAGE, KeepLanguages, languages
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

pytest.importorskip("py3langid", reason="needs the extra [curate]")

ENGLISH = "The committee will meet on Thursday to decide what should be done about the old bridge."
GERMAN = (
    "Der Ausschuss trifft sich am Donnerstag und entscheidet, was mit der alten Brücke geschieht."
)
FRENCH = "Le comité se réunira jeudi pour décider de ce qu'il faut faire du vieux pont."
JAPANESE = "委員会は木曜日に会合を開き、古い橋をどうするかを決定する予定です。"


def test_sentences_of_four_languages() -> None:
    found = languages(TextColumn.from_texts([ENGLISH, GERMAN, FRENCH, JAPANESE]))
    assert found.codes == ("en", "de", "fr", "ja")
    assert found.confidence.min() > 0.9


@pytest.mark.parametrize("text", ["", " \n\t", "12 34 56", "\x00\x00", "\ud800", "x"])
def test_of_a_text_that_says_nothing_nothing_is_told(text: str) -> None:
    assert languages(TextColumn.from_texts([text])).codes == (UNKNOWN_LANGUAGE,)


def test_a_long_text_is_told_by_what_there_is_most_of() -> None:
    text = GERMAN + "\n" + f"{ENGLISH}\n" * 2_000
    assert languages(TextColumn.from_texts([text])).codes == ("en",)


def test_the_step_keeps_and_counts() -> None:
    docs = Documents.from_texts([ENGLISH, GERMAN, "", FRENCH])
    done = KeepLanguages(("en", "fr"))(docs)
    assert done.docs.text.texts() == [ENGLISH, FRENCH]
    assert done.reasons == ("", "language_de", "language_und", "")
    assert done.counts == {"is_de": 1, "is_en": 1, "is_fr": 1, "is_und": 1}
    assert pickle.loads(pickle.dumps(KeepLanguages())) == KeepLanguages()


def test_no_language_and_bad_bounds_are_refused() -> None:
    with pytest.raises(BadInput, match="codes like 'en'"):
        KeepLanguages(())
    with pytest.raises(BadInput, match="codes like 'en'"):
        KeepLanguages(("EN",))
    with pytest.raises(BadInput, match="at_least"):
        languages(TextColumn.from_texts(["a"]), at_least=2)
    assert not np.isnan(languages(TextColumn.from_texts([])).confidence).any()

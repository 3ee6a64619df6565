"""Personal data that has a form is found on lines written here, by kind; and what only looks like it is left alone."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.documents import Documents
from assay.curate.personal_data import KINDS, PersonalDataSettings, find_in_line
from assay.curate.personal_data_mask import MaskPersonalData, lines_to_see, mask_personal_data
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from curate.personal_data_lines import HARMLESS, PERSONAL, lines

pytest.importorskip("phonenumbers", reason="needs the extra [curate]")
pytest.importorskip("stdnum", reason="needs the extra [curate]")

SETTINGS = PersonalDataSettings()
MISSED = {"0049 30 23125123"}
"""With the prefix of an exchange in place of the plus."""
FALSE = {"Section 4.2.1.3 says so."}
"""Four numbers and three points are an address to whoever knows no better."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_covered_by_its_kind(kind: str) -> None:
    missed = []
    for _, value, line in (each for each in lines() if each[0] == kind):
        start = line.index(value)
        needed = {
            place for place, c in enumerate(line) if c.isalnum() and 0 <= place - start < len(value)
        }
        found = [each for each in find_in_line(line, SETTINGS) if each.kind == kind]
        if not needed <= {place for each in found for place in range(each.start, each.end)}:
            missed.append(value)
    assert set(missed) == MISSED & set(PERSONAL[kind])


def test_what_only_looks_like_it_is_left_alone() -> None:
    assert {line for line in HARMLESS if find_in_line(line, SETTINGS)} == FALSE


def test_nothing_found_is_hidden_from_the_step() -> None:
    texts = [line for _, _, line in lines()]
    column = TextColumn.from_texts(["\n".join(texts), *texts, "\r\n\r\n".join(texts)])
    seen = mask_personal_data(column, SETTINGS)
    alone = Counter(each.kind for line in texts for each in find_in_line(line, SETTINGS))
    assert seen.counts == Counter({kind: 3 * count for kind, count in alone.items()})


@given(st.lists(st.text(st.sampled_from("0123456789@.:+-( )abcDE89x\n"), max_size=60), max_size=6))
def test_whatever_a_line_holds_the_step_sees_what_the_finder_finds(texts: list[str]) -> None:
    column = TextColumn.from_texts(texts)
    seen = {(row, begin) for row, begin, _ in lines_to_see(column)}
    for row, text in enumerate(texts):
        begin = int(column.offsets[row])
        for line in text.split("\n"):
            if find_in_line(line, SETTINGS):
                assert (row, begin) in seen
            begin += len(line) + 1


@given(st.lists(st.text(max_size=80), max_size=8))
def test_texts_without_any_come_back_byte_by_byte(texts: list[str]) -> None:
    column = TextColumn.from_texts(texts)
    masked = mask_personal_data(column, SETTINGS)
    if not masked.changed:
        assert masked.texts.texts() == column.texts()
    assert len(masked.texts) == len(column)


def test_the_step_masks_counts_and_drops_nothing() -> None:
    docs = Documents.from_texts(
        [
            "No one.",
            "Mail ä@example.org,\nor jane@example.com; call +49 30 23125 123.",
            "\ud800 x@example.org",
        ]
    )
    done = MaskPersonalData()(docs)
    assert done.docs.text.texts() == [
        "No one.", "Mail <EMAIL>,\nor <EMAIL>; call <PHONE>.", "\ud800 <EMAIL>",
    ]  # fmt: skip
    assert done.reasons == ("", "", "")
    assert done.counts == {"masked_email": 3, "masked_phone": 1, "documents_masked": 2}
    assert "jane" not in repr(done.counts)
    step = MaskPersonalData(kinds=("PHONE",), regions=("DE",))
    assert pickle.loads(pickle.dumps(step)) == step
    assert step(docs).counts == {"masked_phone": 1, "documents_masked": 1}


def test_national_numbers_are_read_of_the_regions_named() -> None:
    line = "Tel. 030 23125123, oder (202) 555-0143."
    assert [each.start for each in find_in_line(line, SETTINGS)] == [24]
    german = PersonalDataSettings(regions=("DE",))
    assert [line[f.start : f.end] for f in find_in_line(line, german)] == ["030 23125123"]


@pytest.mark.parametrize(
    "hostile", ["1" * 200_000, "@" * 100_000, "a@" * 50_000, "1 " * 100_000, "::" * 50_000, "A1" * 100_000,
                "a." * 50_000 + "@" + "b." * 50_000, "+1-" * 60_000, "DE89 " * 30_000]
)  # fmt: skip
def test_a_hostile_line_ends(hostile: str) -> None:
    masked = mask_personal_data(TextColumn.from_texts([hostile]), SETTINGS)
    assert len(masked.texts) == 1


@pytest.mark.parametrize(
    ("kinds", "regions"), [(("NAME",), ("US",)), ((), ("US",)), (("EMAIL",), ("usa",))]
)
def test_kinds_and_regions_that_are_none_are_refused(
    kinds: tuple[str, ...], regions: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput):
        MaskPersonalData(kinds, regions)

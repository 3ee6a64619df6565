"""Recipes: what is printed is what is read, and what is mistyped is refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.curate.recipe import DEFAULT_STEPS, Recipe, parse_recipe, read_recipe, to_toml
from assay.curate.recipe_fields import keys_of
from assay.curate.steps import STEPS, Length, step_class
from assay.errors import BadInput


def test_what_is_printed_is_what_is_read() -> None:
    printed = to_toml(Recipe())
    assert parse_recipe(printed).to_json() == Recipe().to_json()
    assert to_toml(parse_recipe(printed)) == printed


def test_every_key_of_every_step_is_printed() -> None:
    printed = to_toml(Recipe())
    for entry in DEFAULT_STEPS:
        for key in entry.values():
            assert f"\n{key} = " in printed
    assert {entry.use for entry in DEFAULT_STEPS} <= set(STEPS)


def test_an_empty_recipe_is_the_default() -> None:
    assert parse_recipe("").to_json() == Recipe().to_json()


def test_steps_are_taken_in_order_with_their_values() -> None:
    recipe = parse_recipe(
        """
        [[step]]
        use = "length"
        max_characters = 9
        [[step]]
        use = "sources"
        on = false
        only = ["a"]
        [near_duplicates]
        on = false
        [[step]]
        use = "length"
        min_characters = 2
        """
    )
    assert recipe.built_steps() == (Length(1, 9), Length(2))
    assert not recipe.near_duplicates.on


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recipe = 2", "a recipe of version 2"),
        ("[outptu]", 'no key "outptu"; did you mean output?'),
        ("[near_duplicates]\ntreshold = 0.8", "did you mean threshold?"),
        ("[near_duplicates]\nthreshold = '0.8'", 'threshold: must be a number, got "0.8"'),
        ("[near_duplicates]\nthreshold = 1.5", "the threshold of Jaccard is in"),
        ("[near_duplicates]\nbands = 2.5", "bands: must be a whole number, got 2.5"),
        ("[near_duplicates]\non = 1", "on: must be true or false, got 1"),
        ("[near_duplicates]\nwords = 'tokens'", "words is one of"),
        ("[read]\nrecords = 'table'", "records is one of"),
        ("[output]\nformat = 'csv'", "format must be"),
        ("[[step]]\nuse = 'lenght'", "there is no step 'lenght'; did you mean length?"),
        ("[[step]]\nuse = 'length'\nmin_characters = true", "must be a whole number, got true"),
        ("[[step]]\nuse = 'length'\nmin = 3", 'no key "min"'),
        ("[[step]]\nuse = 'length'\non = 'yes'", "on must be true or false"),
        ("[[step]]\nuse = 'sources'\nonly = 'a'", 'only: must be a list, got "a"'),
        ("[step]\nuse = 'length'", "with two brackets"),
        ("[[step]]\non = true", "there is no step None"),
        ("read = 3", "must be a table"),
        ("a = = 3", "not TOML"),
    ],
)
def test_what_no_recipe_can_say_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_recipe(text, "my.toml")
    assert said in str(refused.value)
    assert str(refused.value).startswith("my.toml")


def test_a_recipe_that_is_not_there_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="print-recipe"):
        read_recipe(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff")
    with pytest.raises(BadInput, match="can't be read"):
        read_recipe(bad)


@pytest.mark.parametrize("name", STEPS)
def test_every_key_of_a_step_says_what_it_is(name: str) -> None:
    from assay.curate.recipe_fields import meanings

    kind = step_class(name)
    assert set(meanings(kind)) == set(keys_of(kind))

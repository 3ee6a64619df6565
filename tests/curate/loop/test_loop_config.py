from __future__ import annotations

from pathlib import Path

import pytest

from assay.curate.loop.loop_config import Arm, parse_loop, read_loop
from assay.errors import BadInput

SMALL = 'verify = "exact"\n[tasks]\nfamily = "reverse-addition"\n'


def test_a_short_file_is_one_loop() -> None:
    config = parse_loop(SMALL)
    assert config.single
    assert config.arms == (Arm("", "exact", "replace"),)
    assert (config.turns, config.seeds, config.train) == (4, (0,), "small")
    assert config.real_examples == 700


def test_arms_take_what_they_do_not_say_from_above() -> None:
    config = parse_loop(
        'seeds = [3, 4]\nmix = "accumulate"\nverify = "none"\n[tasks]\nfamily = "reverse-addition"\n'
        '[arm.plain]\n[arm.judge]\nverify = "judge:0.9/0.3"\nmix = "replace"\n'
    )
    assert config.arms == (
        Arm("plain", "none", "accumulate"),
        Arm("judge", "judge:0.9/0.3", "replace"),
    )
    assert not config.single
    assert [arm.name for arm in config.only(("judge",), (4,)).arms] == ["judge"]
    with pytest.raises(BadInput, match="no arm 'jugde'"):
        config.only(("jugde",), ())
    with pytest.raises(BadInput, match="seed 5"):
        config.only((), (5,))


def test_an_arm_may_keep_another_number_and_answer_colder() -> None:
    config = parse_loop(
        f"{SMALL}[generate]\nkeep = 50\nsamples = 2\n[arm.all]\n[arm.few]\nkeep = 9\n"
        "[arm.cold]\ntemperature = 0.5\n"
    )
    all_of_it, few, cold = config.arms
    assert (config.generation(cold).temperature, config.generation(cold).keep) == (0.5, 50)
    assert config.generation(all_of_it) == config.generate
    assert (config.generation(few).keep, config.generation(few).samples) == (9, 2)
    assert config.key(few, 0)["generate"] != config.key(all_of_it, 0)["generate"]


def test_the_key_leaves_out_what_may_be_raised_later() -> None:
    one, more = parse_loop(f"turns = 2\n{SMALL}"), parse_loop(f"turns = 9\n{SMALL}")
    assert one.key(one.arms[0], 0) == more.key(more.arms[0], 0)
    assert one.key(one.arms[0], 0) != one.key(one.arms[0], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('verfy = "exact"', "did you mean verify"),
        ("verify =", "not TOML"),
        ("loop = 2\n" + SMALL, "loop must be 1"),
        (f"turns = 0\n{SMALL}", "turns must be a whole number in 1..100, got 0"),
        (f"turns = 2.5\n{SMALL}", "turns must be a whole number"),
        (f"seeds = []\n{SMALL}", "seeds must be different"),
        (f"seeds = [1, 1]\n{SMALL}", "seeds must be different"),
        (f'train = "large"\n{SMALL}', "train must be"),
        (f'mix = "add"\n{SMALL}', "mix must be one of accumulate, replace"),
        (f"throughput_per_day = 0\n{SMALL}", "above 0"),
        (f"real_examples = 0\n{SMALL}", "real_examples must be a whole number in 1"),
        ('[tasks]\nfamily = "reverse-addition"', "verify is missing"),
        ('verify = "exact"', "training is missing"),
        ('verify = "exact"\n[tasks]\nfamily = "sums"', "family must be one of"),
        (SMALL + 'check = "numeric"', "not both"),
        (SMALL + "samples = 1", "samples must be at least 2"),
        (SMALL + "[generate]\nkeap = 3", "did you mean keep"),
        (SMALL + "[generate]\ntemperature = 0", "temperature must be in"),
        (SMALL + "[generate]\nkeep = 0", "keep must be at least 1"),
        (SMALL + "[audit]\nkept = -1", "kept must be at least 0"),
        (SMALL + '[arm.a]\nverify = "judge:2/0"', "chance must be in"),
        (SMALL + "[arm.a]\nkeep = 0", "keep must be a whole number in 1"),
        (SMALL + "[arm.a]\ntemperature = 0", "temperature must be in"),
        (SMALL + '[arm.a]\nturns = 3', "no key \"turns\""),
        (SMALL + '[arm."../x"]', "letters, digits"),
        ("generate = 3\n" + SMALL, "generate must be a table"),
    ],
)  # fmt: skip
def test_a_file_that_says_what_no_loop_can_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_loop(text)


def test_a_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"examples/loop/loop\.toml"):
        read_loop(tmp_path / "loop.toml")


@pytest.mark.parametrize(
    "name", ["turns", "ledger", "Turns", '"loop.toml"', '"leaks.json"', "a" * 101]
)
def test_an_arm_is_not_called_as_what_a_loops_folder_holds(name: str) -> None:
    with pytest.raises(BadInput, match="an arm is a folder of its own"):
        parse_loop(f'verify = "exact"\n[tasks]\nfamily = "reverse-addition"\n[arm.{name}]\n')


def test_a_seed_that_is_named_twice_is_one() -> None:
    config = parse_loop('verify = "exact"\nseeds = [0, 1]\n[tasks]\nfamily = "reverse-addition"')
    assert config.only((), (1, 1)).seeds == (1,)

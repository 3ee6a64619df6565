from __future__ import annotations

from pathlib import Path

from assay.curate.loop.turn import Generated
from assay.curate.loop.verdict_leaks import find_leaks
from curate.loop_folders import Said, answers, write_loop

STORY = "A train leaves the old station at {} o'clock in the morning and needs {} hours to the sea; when is it there?"


def folder(path: Path, prompts: list[str], *, kept: bool = True) -> Path:
    rows = [Generated(f"t{i}", text, "42", 0, True, kept) for i, text in enumerate(prompts)]
    return write_loop(path, [Said(answers(0.5, 4)), Said(answers(0.5, 4), generated=rows)])


def test_the_same_text_and_one_that_differs_in_case_and_space_are_copies(tmp_path: Path) -> None:
    found = find_leaks(
        folder(tmp_path, ["What is 3 + 4?", "other"]), 1, ["what is  3 + 4?", "What is 3 - 4?"]
    )
    assert (found.same, found.near, found.first_turn, found.examples) == ((0,), (), 1, 2)


def test_a_near_copy_is_found_and_the_same_story_with_other_numbers_is_not(tmp_path: Path) -> None:
    held_out = [STORY.format(7, 3), STORY.format(8, 5)]
    found = find_leaks(folder(tmp_path, ["Please say: " + STORY.format(7, 3)]), 1, held_out)
    assert (found.same, found.near, found.places) == ((), (0,), (0,))


def test_what_was_rejected_was_not_trained_on(tmp_path: Path) -> None:
    found = find_leaks(folder(tmp_path, ["What is 3 + 4?"], kept=False), 1, ["What is 3 + 4?"])
    assert (found.places, found.examples) == ((), 0)


def test_without_a_folder_nothing_is_known() -> None:
    assert find_leaks(None, 3, ["a"]).examples == 0


def test_leaks_that_the_loop_named_itself_are_told(tmp_path: Path) -> None:
    at = folder(tmp_path / "arm" / "seed-0", ["x"])
    (tmp_path / "leaks.json").write_text('["3 tasks of held_out are in tasks: a"]', "utf-8")
    assert find_leaks(at, 1, ["y"]).told == ("3 tasks of held_out are in tasks: a",)

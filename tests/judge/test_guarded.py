"""Patterns that take for ever are given up, in a process that is killed."""

from __future__ import annotations

import os
import subprocess

import pytest

from assay.errors import BadInput
from assay.judge import guarded as module
from assay.judge.guarded import WORKER, guarded

BAD = "a" * 40 + "!"
NESTED = {"step": "search", "pattern": "(a+)+$", "whole": False}


def test_a_text_that_takes_too_long_is_given_up_and_the_others_are_done() -> None:
    said = guarded(NESTED, [["aaa"], [BAD], ["b"], [BAD], ["a"]], seconds=0.3)
    assert [one.value for one in said] == [True, None, False, None, True]
    assert [one.gave_up for one in said] == ["", "it took longer than 0.3 seconds"] * 2 + [""]


def test_after_ten_the_user_is_told_that_it_is_the_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_GIVEN_UP", 2)
    with pytest.raises(BadInput, match=r"\(a\+\)\+.* on 2 of 2 texts"):
        guarded(NESTED, [[BAD]] * 50, seconds=0.2)


def test_no_process_is_left_behind() -> None:
    guarded(NESTED, [[BAD], ["a"]], seconds=0.2)
    left = subprocess.run(
        ["ps", "-eo", "ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    own = [line for line in left.splitlines() if str(WORKER) in line]
    assert not [line for line in own if line.split()[0] == str(os.getpid())]


def test_hostile_texts_come_through_as_they_are() -> None:
    texts = ["\ud800", "\x00\n\r\x1b[2J", "é" * 100_000, "", "\u2028"]
    job = {"step": "last-match", "pattern": r"(?s)\A.*\Z"}
    assert [one.value for one in guarded(job, [[text] for text in texts])] == texts


def test_nothing_to_do_starts_nothing() -> None:
    assert guarded(NESTED, []) == []

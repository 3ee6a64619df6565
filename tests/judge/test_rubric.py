"""Rubrics: what a file may say, what it may not, and that its hash follows its meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.judge.rubric import builtin_rubrics, load_rubric, read_rubric

PLAIN = """
name = "plain"
version = 1
reference = "required"
context = "none"
instructions = "Judge."
wrong = "What is not so."
[kinds]
slip = "a slip"
[severity]
1 = "bad"
2 = "middling"
3 = "small"
[[examples]]
task = "1 + 1"
answer = "3"
verdict = "wrong"
kind = "slip"
severity = 3
reason = "It is 2."
"""


def test_those_that_come_with_it_can_be_read() -> None:
    assert builtin_rubrics() == ["correctness", "groundedness"]
    for name in builtin_rubrics():
        rubric = load_rubric(name)
        assert rubric.name == name
        assert rubric.examples
        assert set(rubric.severity) == {1, 2, 3}
    assert load_rubric("correctness").reference == "optional"


def test_the_hash_follows_the_meaning_and_not_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text("# a remark\n" + PLAIN.replace("version = 1\n", "version   =  1\n"), "utf-8")
    plain = read_rubric(PLAIN, where="plain")
    assert load_rubric(str(path)).hash == plain.hash
    assert plain.title == f"plain@1 sha256:{plain.hash}"
    for old, new in [
        ("Judge.", "Judge well."),
        ("not so", "so"),
        ('"a slip"', '"a slap"'),
        ("It is 2.", "2."),
    ]:
        assert read_rubric(PLAIN.replace(old, new), where="plain").hash != plain.hash


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "plain"', "name = 3", "name must be text"),
        ('name = "plain"', 'name = "Plain Name"', "name must be 1 to 40 of a-z, 0-9 and -, got 'Plain Name'"),
        ("version = 1", "version = 0", "version must be a whole number from 1, got '0'"),
        ("version = 1", "version = true", "version must be"),
        ('reference = "required"', 'reference = "maybe"', "reference must be one of required, optional, none"),
        ('context = "none"', "", "context is missing"),
        ('wrong = "What is not so."', 'wrong = " "', "wrong must be text of 1 to 20,000"),
        ("[kinds]", "colour = 1\n[kinds]", "colour is no key of a rubric"),
        ('slip = "a slip"', '"A Slip" = "a slip"', "kinds.A Slip must have a key"),
        ('slip = "a slip"', "slip = 3", "kinds.slip must be text"),
        ('3 = "small"', "", "severity must have the keys 1 (worst), 2 and 3"),
        ('verdict = "wrong"', 'verdict = "bad"', "examples[1].verdict must be right, wrong or unsure"),
        ('kind = "slip"', 'kind = "slop"', "examples[1].kind must be one of the kinds"),
        ("severity = 3", "severity = 9", "examples[1].severity must be 1, 2 or 3"),
        ('reason = "It is 2."', "", "examples[1].reason must be text"),
        ('task = "1 + 1"', 'query = "1 + 1"', "examples[1].query must be no key"),
        ("[severity]", "[severity", "a rubric must be TOML"),
        ("[kinds]", "deep = " + "[" * 100_000 + "\n[kinds]", "without deep nesting"),
    ],
)  # fmt: skip
def test_a_broken_one_is_refused_with_file_key_and_rule(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "mine.toml"
    assert old in PLAIN
    path.write_text(PLAIN.replace(old, new), "utf-8")
    with pytest.raises(BadInput) as met:
        load_rubric(str(path))
    assert said in str(met.value)
    assert str(path) in str(met.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="correctness, groundedness"):
        load_rubric("corectness")
    (tmp_path / "latin.toml").write_bytes('name = "caf\xe9"'.encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        load_rubric(str(tmp_path / "latin.toml"))

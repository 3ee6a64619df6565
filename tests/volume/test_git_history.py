"""A repository's history, as git itself writes it: what is read, what is recognised, and what is not run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.volume.git_history import (
    MOST_MESSAGE,
    Commit,
    clean_environment,
    head_time,
    is_shallow,
    read_commits,
)
from assay.volume.git_history_changes import Change, changes_of
from assay.volume.git_history_marks import AuthorRule, pointers, pull_request
from volume.git_repository import START, Repository

CLAUDE = "\n\nCo-Authored-By: Claude <noreply@anthropic.com>"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "work")


def landed(repository: Repository, rule: AuthorRule | None = None) -> dict[str, Change]:
    """The changes by their subject."""
    commits = read_commits(repository.path)
    history = changes_of(commits, rule or AuthorRule(), start=0, end=repository.at)
    return {change.subject: change for change in history.changes}


def test_messages_come_through_whatever_is_in_them(repository: Repository) -> None:
    wild = 'x\x1b[2J \x1f\x1e "quote" \u202e\n\ncommit 1234567890\n\n<script>alert(1)</script>\n\n-- \n'
    first = repository.commit(wild)
    second = repository.commit("second\n", author="Bj\u00f6rn <b@example.org>")
    two, one = read_commits(repository.path)
    assert (one.sha, two.sha) == (first, second)
    assert one.message.rstrip("\n") == wild.rstrip("\n")
    assert two.author == "Bj\u00f6rn <b@example.org>"
    assert two.parents == (first,)
    assert head_time(repository.path) == repository.at == two.at
    assert not is_shallow(repository.path)


def test_a_message_of_megabytes_is_cut_in_its_middle(repository: Repository) -> None:
    repository.commit("big\n" + "x" * 3_000_000 + CLAUDE)
    (commit,) = read_commits(repository.path)
    assert len(commit.message) < 2 * MOST_MESSAGE + 10
    assert AuthorRule().holds(commit)


def test_reverts_and_fixes_are_found_and_a_revert_of_a_revert_undoes_nothing(
    repository: Repository,
) -> None:
    repository.commit("base")
    repository.commit("one" + CLAUDE)
    repository.git("revert", "--no-edit", "HEAD")
    two = repository.commit("two" + CLAUDE)
    repository.commit(f'repair\n\nFixes: {two[:12]} ("two")')
    repository.commit("three (#31)" + CLAUDE)
    repository.commit('Revert "three (#31)" (#32)\n\nReverts someone/thing#31')
    repository.commit("four (#33)")
    repository.commit('Revert "four"')
    repository.commit("five" + CLAUDE)
    repository.git("revert", "--no-edit", "HEAD")
    repository.git("revert", "--no-edit", "HEAD")
    repository.commit("six\n\nFixes: #12")
    found = landed(repository)
    how = {
        subject: change.undone_how
        for subject, change in found.items()
        if not subject.startswith(("Revert", "Reapply"))
    }
    assert how == {
        "base": "", "one": "revert", "two": "fix", "three (#31)": "revert", "four (#33)": "revert", "five": "",
        "repair": "", "six": "",
    }  # fmt: skip
    assert found["two"].undone_by == found["repair"].sha
    assert [s for s, c in found.items() if c.by_assistant] == ["one", "two", "three (#31)", "five"]


def test_a_merge_is_one_change_and_an_assistants_if_one_commit_of_it_is(
    repository: Repository,
) -> None:
    repository.commit("base")
    repository.git("checkout", "-q", "-b", "topic")
    inside = repository.commit("part one" + CLAUDE)
    repository.commit("part two")
    repository.git("checkout", "-q", "main")
    repository.commit("meanwhile")
    repository.merge("topic", "Merge pull request #7 from a/topic")
    repository.commit(f"undo a part\n\nThis reverts commit {inside}.")
    found = landed(repository)
    merged = found["Merge pull request #7 from a/topic"]
    assert list(found) == ["base", "meanwhile", merged.subject, "undo a part"]
    assert (merged.commits, merged.by_assistant, merged.undone_how) == (3, True, "revert")


def test_a_subject_means_the_newest_before_it_and_nothing_later(repository: Repository) -> None:
    repository.commit('Revert "again"')
    repository.commit("again")
    repository.commit("again")
    repository.commit('Revert "again"')
    commits = read_commits(repository.path)
    history = changes_of(commits, AuthorRule(), start=0, end=repository.at)
    assert [c.undone_how for c in history.changes] == ["", "", "revert", ""]
    assert history.unmatched == 1


def test_an_ambiguous_or_unknown_sha_undoes_nothing(repository: Repository) -> None:
    repository.commit("base")
    repository.commit("This reverts commit 0000000.")
    assert all(not change.undone_how for change in landed(repository).values())


@pytest.mark.parametrize(
    ("message", "author", "is_assistant"),
    [
        ("x" + CLAUDE, "Ann <a@b>", True),
        ("x\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>", "Ann <a@b>", True),
        ("x\n\nCo-authored-by: Cursor Agent <cursoragent@cursor.com>", "Ann <a@b>", True),
        ("x\n\n\U0001f916 Generated with [Claude Code](https://claude.com/claude-code)", "Ann <a@b>", True),
        ("x\n\nAssisted-by: gemini", "Ann <a@b>", True),
        ("x", "copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>", True),
        ("x", "Ann (aider) <a@b>", True),
        ("x", "Devin <devin@example.org>", True),
        ("x", "Claude Monet <monet@example.org>", False),
        ("x\n\nCo-authored-by: Claudette <c@example.org>", "Ann <a@b>", False),
        ("remove the cursor\n\nThe copilot seat was wrong.", "Ann <a@b>", False),
        ("x\n\nReviewed-by: Claude <noreply@anthropic.com>", "Ann <a@b>", False),
    ],
)  # fmt: skip
def test_who_counts_as_an_assistant(message: str, author: str, is_assistant: bool) -> None:
    assert AuthorRule().holds(Commit("a" * 40, (), START, author, message)) is is_assistant


def test_patterns_of_ones_own() -> None:
    commit = Commit("a" * 40, (), START, "robot <r@b>", "x\n\nTool: mill 3")
    assert AuthorRule(author="^Robot").holds(commit)
    assert AuthorRule(trailer="tool: mill").holds(commit)
    assert not AuthorRule(trailer="^x").holds(commit)
    with pytest.raises(BadInput, match="regular expression"):
        AuthorRule(author="(")


def test_a_revert_that_names_a_sha_means_no_subject() -> None:
    message = 'Revert "a"\n\nThis reverts commit abcdef1234, reversing\nchanges made to fedcba4321.'
    (one,) = pointers(Commit("a" * 40, (), START, "", message))
    assert one.sha == "abcdef1234"
    assert pull_request("Add x (#12)") == "12"
    assert pull_request("Add x #12") is None


def test_nothing_of_the_repository_is_run_and_no_setting_of_the_caller_leads_away(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("one")
    witness = tmp_path / "witness"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\nexit 1\n", "utf-8")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand", "diff.external"):
        repository.git("config", key, str(program))
    repository.git("config", "log.showSignature", "true")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    assert [c.subject for c in read_commits(repository.path)] == ["one"]
    assert head_time(repository.path) == repository.at
    assert not witness.exists()
    kept = clean_environment({"GIT_DIR": "x", "HOME": "/h", "GIT_SSH_COMMAND": "y"})
    assert kept["HOME"] == "/h"
    assert not {"GIT_DIR", "GIT_SSH_COMMAND"} & set(kept)


def test_what_is_no_repository(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(BadInput, match="no commits"):
        head_time(repository.path)
    with pytest.raises(BadInput, match="no commits"):
        list(read_commits(repository.path))
    empty = tmp_path / "-empty"
    empty.mkdir()
    with pytest.raises(BadInput, match="no git repository"):
        head_time(empty)
    with pytest.raises(BadInput, match="no folder"):
        head_time(tmp_path / "nowhere")


def test_a_missing_git_and_a_folder_of_others_are_said(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.commit("one")
    fake = tmp_path / "bin"
    fake.mkdir()
    program = fake / "git"
    program.write_text(
        '#!/bin/sh\necho "fatal: detected dubious ownership in repository" >&2\nexit 128\n', "utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake}:/usr/bin:/bin")
    with pytest.raises(BadInput, match="another user") as raised:
        head_time(repository.path)
    assert "safe.directory" in raised.value.next_command
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(BadInput, match="not installed"):
        head_time(repository.path)


def test_whoever_stops_reading_leaves_no_program_behind(repository: Repository) -> None:
    for number in range(3):
        repository.commit(f"c{number}")
    commits = read_commits(repository.path)
    next(commits)
    commits.close()  # type: ignore[attr-defined]
    assert len(list(read_commits(repository.path, since=repository.at - 1))) == 1


def test_a_shallow_clone_is_known(repository: Repository, tmp_path: Path) -> None:
    for number in range(3):
        repository.commit(f"c{number}")
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{repository.path}", str(clone)],
        check=True, capture_output=True,
    )  # fmt: skip
    assert is_shallow(clone)
    assert [c.subject for c in read_commits(clone)] == ["c2"]

"""A repository made by git itself, for the tests of its history."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

START = 1_760_000_000
DAY = 86_400


@dataclass
class Repository:
    """A folder with a history whose dates are given."""

    path: Path
    at: int = START
    made: list[str] = field(default_factory=list)

    @classmethod
    def create(cls, path: Path) -> Repository:
        path.mkdir()
        repository = cls(path)
        repository.git("init", "-q", "-b", "main")
        return repository

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """Run git with nothing of the machine's settings."""
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
            "GIT_AUTHOR_DATE": f"{self.at} +0000", "GIT_COMMITTER_DATE": f"{self.at} +0000",
        }  # fmt: skip
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, input=stdin, capture_output=True, text=True, check=True
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, message: str, *, author: str | None = None, days: float = 1.0) -> str:
        """Land a commit, so many days after the last one, and return its sha."""
        self.at += round(days * DAY)
        who = [] if author is None else ["--author", author]
        # A file of its own: git reverts no commit that changed nothing.
        name = f"file{len(self.made)}"
        (self.path / name).write_text(name, "utf-8")
        self.git("add", name)
        self.git(
            "commit", "-q", "--allow-empty", "--cleanup=verbatim", *who, "-F", "-", stdin=message
        )
        return self._newest()

    def merge(self, branch: str, message: str) -> str:
        """Merge a branch into main."""
        self.at += DAY
        self.git("merge", "-q", "--no-ff", "-m", message, branch)
        return self._newest()

    def _newest(self) -> str:
        sha = self.git("rev-parse", "HEAD")
        self.made.append(sha)
        return sha

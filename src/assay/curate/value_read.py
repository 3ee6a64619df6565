"""Reading a corpus and a target: the documents, and of what is none how much there is and where the first stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.curate.documents import Documents
from assay.curate.read.files import inputs_of, reader_of
from assay.curate.read.raw import ReadSettings
from assay.curate.rejected import Rejected
from assay.errors import BadInput


@dataclass(slots=True)
class Unread:
    """Records that are no documents.

    Parameters
    ----------
    counts
        Reason -> how many.
    first
        Reason -> the first of them.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Rejected] = field(default_factory=dict)

    def saw(self, one: Rejected) -> None:
        """Count a record."""
        self.counts[one.reason] += 1
        self.first.setdefault(one.reason, one)

    def add(self, other: Unread) -> None:
        """Count those of another reading, too."""
        self.counts += other.counts
        self.first = other.first | self.first

    @property
    def words(self) -> str:
        """How many, by reason, with the place of the first; "" where there is none."""
        said = []
        for reason, count in sorted(self.counts.items()):
            one = self.first[reason]
            detail = f", {one.detail}" if one.detail else ""
            said.append(f"{reason} {count:,} (the first: {one.where}{detail})")
        return "; ".join(said)


def check_apart(corpus: Sequence[str], target: Path) -> None:
    """Refuse a target that is a file of the corpus: none of it could be trained on.

    Raises
    ------
    BadInput
        If it is, or a file is not there.
    """
    held_out = {each.path.resolve() for each in inputs_of([str(target)])}
    for each in inputs_of(corpus):
        if each.path.resolve() in held_out:
            raise BadInput(
                f"the target {each.path} is a file of the corpus: what is trained on can't be held out",
                next_command="hold documents out into a file of their own, and name that with --target",
            )


def read_texts(
    named: Sequence[str], settings: ReadSettings, *, share: float = 1.0
) -> tuple[Documents, Unread]:
    """Return the documents of some files, and which records are none.

    Parameters
    ----------
    named
        ``PATH`` or ``NAME=PATH``.
    settings
    share : in (0, 1]
        Of the documents that is drawn, by their place in the file.
    """
    parts: list[Documents] = []
    unread = Unread()
    for each in inputs_of(named):
        reader = reader_of(each.path, settings)
        for block in reader.blocks(each.path, each.source):
            parsed = reader.parse(block, share)
            for one in parsed.rejected:
                unread.saw(one)
            if len(parsed.docs):
                parts.append(parsed.docs)
    return Documents.joined(parts) if parts else Documents.from_texts([]), unread

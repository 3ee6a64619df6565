"""Files that are one document each, web pages and plain texts, alone or all those of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.curate.read.pages import Page, Refused, blocks_of_pages, parse_pages
from assay.curate.read.raw import Parsed, RawBlock, ReadSettings, shown_path
from assay.curate.rejected import DAMAGED
from assay.errors import BadInput
from assay.ledger.ingest.source import Source

PAGES = (".html", ".htm", ".xhtml")
TEXTS = (".txt", ".md", ".rst")
SINGLE = (*PAGES, *TEXTS)


def single_files(path: Path) -> list[Path]:
    """Return the file, or those of a folder and its folders that are one document each, in order of name."""
    if path.is_file():
        return [path]
    found = (p for p in path.rglob("*") if p.suffix.lower() in SINGLE and p.is_file())
    return sorted(found)


@dataclass(frozen=True, slots=True)
class SingleFiles:
    """The reader of files that are one document each.

    Parameters
    ----------
    settings
    """

    settings: ReadSettings = field(default_factory=ReadSettings)

    def blocks(self, path: Path, source: str = "") -> Iterator[RawBlock]:
        """Yield the file, or those of the folder, in blocks; one that can't be read as rejected.

        Raises
        ------
        BadInput
            If there is nothing to read.
        """
        files = single_files(path)
        if not files:
            raise BadInput(f"no file in the folder {path} ends with one of {', '.join(SINGLE)}")
        yield from blocks_of_pages(files[0], source, self._pages(path, files))

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block."""
        return parse_pages(block, self.settings, share)

    def _pages(self, path: Path, files: list[Path]) -> Iterator[tuple[Page | Refused, float]]:
        root = path.parent if path.is_file() else path
        name = path.stem if path.is_file() else path.resolve().name
        for number, file in enumerate(files, start=1):
            doc_id = shown_path(file.relative_to(root))
            yield self._page(file, (number, doc_id, shown_path(Path(name)))), number / len(files)

    def _page(self, file: Path, named: tuple[int, str, str]) -> Page | Refused:
        number, doc_id, source = named
        where = f"{shown_path(file)}:1"
        markup = file.suffix.lower() in PAGES
        most = self.settings.max_page_bytes if markup else self.settings.max_record_bytes
        try:
            with Source(file).open() as stream:
                data = stream.read(most + 1)
        except (OSError, EOFError, BadInput) as error:
            said = error.message if isinstance(error, BadInput) else str(error)
            return Refused(number, where, DAMAGED, said)
        if len(data) > most:
            reason = "page too large" if markup else "record too long"
            return Refused(number, where, reason, f"more than {most:,} bytes")
        return Page(number, doc_id, source, where, data, markup)

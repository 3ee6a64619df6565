"""Which reader reads which file, and the files behind what a person named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.curate.documents import Documents
from assay.curate.read.csv_table import Csv
from assay.curate.read.json_array import Json
from assay.curate.read.jsonl import JsonLines
from assay.curate.read.parquet import Parquet
from assay.curate.read.raw import Reader, ReadSettings
from assay.curate.read.single_files import SINGLE, SingleFiles, single_files
from assay.curate.read.web_archive import WebArchive
from assay.curate.rejected import Rejected
from assay.errors import BadInput, UnknownFormat

PACKED = (".gz", ".zst", ".zstd")
READERS: dict[str, Callable[[ReadSettings], Reader]] = {
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".json": Json,
    ".parquet": Parquet,
    ".csv": Csv,
    ".tsv": Csv,
    ".warc": WebArchive,
    ".wet": WebArchive,
    **dict.fromkeys(SINGLE, SingleFiles),
}
"""Ending -> what reads it."""

RECORDS = tuple(ending for ending in READERS if ending not in SINGLE)
"""Endings of files that hold many documents."""


DOCUMENTS, LEFT_OUT, OF_OUTPUT = (
    "documents-",
    "dropped.jsonl.zst",
    {"run.json", "selection.json"},
)
"""How a folder is told that a run or a selection has written, and what in it are documents."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read, or a folder of files that are one document each; and the name that a person gave to it, or ""."""

    path: Path
    source: str = ""


def inputs_of(named: Sequence[str]) -> tuple[Input, ...]:
    """Return the files behind arguments ``PATH`` or ``NAME=PATH``; a folder stands for its files, in order of name.

    A folder with files of records stands for those: the pages and texts beside them tell of them. Where there is none,
    its pages and texts are the documents, all of them one input. A folder that a run or a selection has written stands
    for its documents alone: what was dropped, and what was said of it, are none.

    Raises
    ------
    BadInput
        If there is no such file, a folder holds none that can be read, or a file is named twice.
    """
    found: list[Input] = []
    for argument in named:
        source, path = _split(argument)
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and _ending(p) in RECORDS)
            inside = _documents_of(files)
            if files and not inside:
                raise BadInput(f"the folder {path} was written by a run that kept no document")
            if not inside and not single_files(path):
                raise BadInput(
                    f"no file in the folder {path} ends with one of {', '.join(READERS)}"
                )
            found += [Input(p, source) for p in inside or [path]]
        elif path.is_file():
            found.append(Input(path, source))
        elif path.exists():
            raise BadInput(
                f"{path} is a pipe or a device, which can't be read twice",
                next_command="write what comes out of it to a file first",
            )
        else:
            raise BadInput(f"there is no file {path}")
    seen: set[Path] = set()
    for each in found:
        real = each.path.resolve()
        if real in seen:
            raise BadInput(
                f"{each.path} is named twice: each of its documents would be a duplicate"
            )
        seen.add(real)
    return tuple(found)


def _documents_of(files: Sequence[Path]) -> list[Path]:
    """Return files without those that Assay wrote beside the documents that it kept."""
    names: dict[Path, set[str]] = {}
    for file in files:
        names.setdefault(file.parent, set()).add(file.name)
    own = {folder for folder, inside in names.items() if LEFT_OUT in inside and OF_OUTPUT & inside}
    return [p for p in files if p.parent not in own or p.name.startswith(DOCUMENTS)]


def reader_of(path: Path, settings: ReadSettings) -> Reader:
    """Return the reader of a file, told by its ending, or of a folder of pages and texts.

    Raises
    ------
    UnknownFormat
        If no reader knows the ending.
    """
    if _ending(path) in READERS:
        return READERS[_ending(path)](settings)
    if path.is_dir():
        return SingleFiles(settings)
    raise UnknownFormat(
        f"{path.name} ends with {_ending(path) or 'nothing'}; read are {', '.join(READERS)}, "
        f"plain or with {', '.join(PACKED)}",
        where=str(path),
    )


def read_documents(
    path: Path, *, source: str | None = None, settings: ReadSettings | None = None
) -> Iterator[Documents | Rejected]:
    """Yield the documents of a file, block by block, and what in it is none.

    Raises
    ------
    BadInput
        If it can't be opened.
    UnknownFormat
        If no reader knows it.
    """
    reader = reader_of(path, settings or ReadSettings())
    for block in reader.blocks(path, source or ""):
        parsed = reader.parse(block)
        yield from parsed.rejected
        if len(parsed.docs):
            yield parsed.docs


def _split(argument: str) -> tuple[str, Path]:
    whole = Path(argument)
    name, equals, rest = argument.partition("=")
    if equals and name and "/" not in name and not whole.exists():
        if not name.isprintable():
            raise BadInput(f"the name of a source is plain text, got {name!r}")
        return name, Path(rest)
    return "", whole


def _ending(path: Path) -> str:
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return Path(name).suffix


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of the pages and texts of a folder.

    Raises
    ------
    OSError
        If one can't be seen.
    """
    return sum(file.stat().st_size for file in files_of(path))


def files_of(path: Path) -> list[Path]:
    """Return the file of an input, or the files of one that is a folder."""
    return single_files(path) if path.is_dir() else [path]

"""Logs of Inspect (inspect.aisi.org.uk): the archive `.eval`, and the older single object `.json`.

A log has one sample for each item and epoch, and each sample becomes one `Record`; a damaged one is refused by itself.
In an archive a sample is one member or, where it is large, a folder of members ("chunked", since 0.3.285); the two are
told apart by name, and one log may hold both. Formats 1 to 3 are read, and logs of runs that failed or still run.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from shlex import quote

import msgspec

from assay.errors import BadInput
from assay.ledger.ingest.inspect_rows import LogFacts, Place, Resolve, sample_record
from assay.ledger.ingest.inspect_sample import Sample, decode_json, decode_sample, is_there
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Item, Record, Rejected, RowError
from assay.ledger.ingest.source import ReadOptions, Source
from assay.ledger.ingest.zip_members import MemberError, ZipMembers

MAX_JSON_BYTES = 2**29
"""A `.json` log is one object and is held in memory: 512 MiB. Inspect's own archive has no such limit."""

EXCERPT_BYTES = 1_000

_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVE_SIGNS = (b"_journal/", b"samples/", b"header.json", b"summaries.json")
_JSON_SIGNS = (b'"eval"', b'"status"', b'"version"', b'"task"')
_SHELL = "sample.json"
_CHUNK_OF_SAMPLE = re.compile(
    r"(?P<prefix>samples/.+_epoch_\d+/)"
    r"(?:(?:sample|metadata|skeleton)|(?:messages|events|calls)/[^/]+|attachments/(?P<start>\d+))\.json"
)
_JOURNAL = re.compile(r"_journal/summaries/(\d+)\.json")


class _Named(msgspec.Struct):
    name: str | None = None


class _Results(msgspec.Struct):
    scorer: _Named | None = None
    scorers: list[_Named] | None = None
    scores: list[_Named] | None = None


class _Eval(msgspec.Struct):
    task: str | None = None
    run_id: str | None = None
    created: str | None = None
    model: str | None = None


class _Header(msgspec.Struct):
    eval: _Eval | None = None
    results: _Results | None = None


class _Log(_Header):
    samples: list[msgspec.Raw] | None = None


_HEADER = msgspec.json.Decoder(_Header)
_LOG = msgspec.json.Decoder(_Log)
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_TEXTS = msgspec.json.Decoder(list[str])
_TEXT_BY_HASH = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True)
class InspectEval:
    """Reader of the archive `.eval`."""

    name: str = "inspect"
    title: str = "Inspect log (.eval)"

    def recognises(self, head: Head) -> bool:
        """Say whether it is an archive whose first members are those of a log."""
        if head.name.endswith(".eval"):
            # Something may stand before an archive, as a shell script that unpacks it does.
            return any(magic in head.start for magic in _ZIP_MAGICS)
        return head.start.startswith(_ZIP_MAGICS) and any(
            sign in head.start for sign in _ARCHIVE_SIGNS
        )

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield a record a sample, in the order of the file; of its summary where the log holds no samples."""
        with ZipMembers(source) as archive:
            log = _facts(_archive_header(archive, source), source, options)
            rows = _Rows(source, log)
            samples = _SampleMembers(archive)
            for line, member in enumerate(samples.members, 1):
                yield _archived_item(archive, samples, member, line, rows)
            if not samples.members:
                yield from _summarised(archive, rows)


@dataclass(frozen=True)
class InspectJson:
    """Reader of the single object `.json`."""

    name: str = "inspect-json"
    title: str = "Inspect log (.json)"

    def recognises(self, head: Head) -> bool:
        """Say whether it is a JSON object that begins as a log does."""
        return head.start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and all(
            sign in head.start for sign in _JSON_SIGNS
        )

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield a record a sample, in the order of the file."""
        with source.open() as stream:
            data = stream.read(MAX_JSON_BYTES + 1)
        if len(data) > MAX_JSON_BYTES:
            raise BadInput(
                f"{source.path.name} is a .json log of over {MAX_JSON_BYTES // 2**20} MiB, which is held in memory: "
                "convert it to .eval, which is not",
                where=str(source.path),
                next_command=f"inspect log convert --to eval --output-dir eval {quote(str(source.path))}",
            )
        try:
            log = decode_json(_LOG, data.removeprefix(b"\xef\xbb\xbf"))
        except RowError as error:
            raise BadInput(
                f"{source.path.name} is no Inspect log: {error}", where=str(source.path)
            ) from None
        rows = _Rows(source, _facts(log, source, options))
        for line, raw in enumerate(log.samples or (), 1):
            yield rows.item(line, raw)


INSPECT_EVAL = InspectEval()
INSPECT_JSON = InspectJson()


class _Rows:
    """Makes records of samples, and sees to it that no two samples of a file get one identity."""

    def __init__(self, source: Source, log: LogFacts) -> None:
        self._source = source
        self._log = log
        self._seen: set[str] = set()

    def record(self, line: int, sample: Sample, resolve: Resolve) -> Record:
        if sample.completed is False:
            # A summary of a sample that was still running when the log was written: nothing was answered yet.
            return Record(line)
        # Inspect's `samples_df` leaves out samples with a uuid that it has seen; here both are kept.
        trace_id = sample.uuid
        if not trace_id or trace_id in self._seen:
            trace_id = self._source.row_id(line)
        record = sample_record(
            sample, self._log, Place(line, trace_id, self._source.place(line)), resolve
        )
        self._seen.add(trace_id)
        return record

    def item(self, line: int, raw: msgspec.Raw, part: str = "") -> Item:
        try:
            sample = decode_sample(raw)
            return self.record(line, sample, _Attachments(sample))
        except RowError as error:
            return Rejected(line, str(error), _excerpt(bytes(raw)), part)


class _SampleMembers:
    """The samples of an archive: one member each, or the shell of a chunked sample and its attachments' chunks."""

    def __init__(self, archive: ZipMembers) -> None:
        self.members: list[zipfile.ZipInfo] = []
        self._chunk_starts: dict[str, list[int]] = {}
        shells = {
            member.filename.removesuffix(_SHELL)
            for member in archive.members
            if member.filename.startswith("samples/") and member.filename.endswith("/" + _SHELL)
        }
        for member in archive.members:
            name = member.filename
            if not (name.startswith("samples/") and name.endswith(".json")):
                continue
            chunk = _CHUNK_OF_SAMPLE.fullmatch(name) if shells else None
            if chunk is None or chunk["prefix"] not in shells or name == chunk["prefix"] + _SHELL:
                self.members.append(member)
            elif chunk["start"]:
                self._chunk_starts.setdefault(chunk["prefix"], []).append(int(chunk["start"]))
        for starts in self._chunk_starts.values():
            starts.sort()

    def chunk_starts(self, prefix: str) -> list[int]:
        return self._chunk_starts.get(prefix, [])


def _archived_item(
    archive: ZipMembers, samples: _SampleMembers, member: zipfile.ZipInfo, line: int, rows: _Rows
) -> Item:
    data = b""
    try:
        data = archive.read(member)
        sample = decode_sample(data)
        resolve: Resolve = _Attachments(sample)
        if member.filename.endswith("/" + _SHELL):
            prefix = member.filename.removesuffix(_SHELL)
            resolve = _ChunkedAttachments(archive, prefix, samples.chunk_starts(prefix))
            metadata = archive.get(prefix + "metadata.json")
            if metadata is not None:
                sample = msgspec.structs.replace(
                    sample, metadata=msgspec.Raw(archive.read(metadata))
                )
        return rows.record(line, sample, resolve)
    except (MemberError, RowError) as error:
        return Rejected(line, str(error), _excerpt(data), member.filename)


class _Attachments:
    """Long texts that a sample keeps once, by hash; decoded only where something refers to them."""

    def __init__(self, sample: Sample) -> None:
        self._raw = sample.attachments
        self._texts: dict[str, str] | None = None

    def __call__(self, reference: str) -> str:
        if self._texts is None:
            self._texts = decode_json(_TEXT_BY_HASH, self._raw) if is_there(self._raw) else {}
        return self._texts.get(reference.partition("://")[2], reference)


class _ChunkedAttachments:
    """Long texts of a chunked sample: a sequence in members that are named by the index of their first text."""

    def __init__(self, archive: ZipMembers, prefix: str, starts: list[int]) -> None:
        self._archive = archive
        self._prefix = prefix
        self._starts = starts

    def __call__(self, reference: str) -> str:
        index = reference.partition("://")[2]
        if not (index.isascii() and index.isdigit() and len(index) < 10):
            return reference
        place = bisect_right(self._starts, int(index)) - 1
        if place < 0:
            return reference
        start = self._starts[place]
        member = self._archive.get(f"{self._prefix}attachments/{start}.json")
        texts = decode_json(_TEXTS, self._archive.read(member)) if member is not None else []
        within = int(index) - start
        return texts[within] if within < len(texts) else reference


def _archive_header(archive: ZipMembers, source: Source) -> _Header:
    # `header.json` is written last: of a log that was broken off, or damaged there, the journal knows the start.
    fault = f"{source.path.name} is an archive without header.json and _journal/start.json: no Inspect log"
    for name in ("header.json", "_journal/start.json"):
        member = archive.get(name)
        if member is None:
            continue
        try:
            header = decode_json(_HEADER, archive.read(member))
        except (MemberError, RowError) as error:
            fault = f"{name} in {source.path.name}: {error}"
            continue
        if header.eval is not None:
            return header
        fault = f"{name} in {source.path.name}: `eval` is missing"
    raise BadInput(fault, where=str(source.path))


def _facts(header: _Header, source: Source, options: ReadOptions) -> LogFacts:
    spec = header.eval
    if spec is None:
        raise BadInput(
            f"`eval` is missing in {source.path.name}: no Inspect log", where=str(source.path)
        )
    # Inspect writes none/none for a run that has no default model, as an agent behind a bridge.
    system = options.system if spec.model in (None, "", "none", "none/none") else spec.model
    if not system:
        raise BadInput(
            f"{source.path.name} does not say which model answered: `eval.model` is {spec.model!r}",
            where=str(source.path),
            next_command=f"assay ingest {quote(str(source.path))} --into runs.ledger --system NAME",
        )
    task = spec.task or "task"
    tags = {"task": task, "run_id": spec.run_id}
    return LogFacts(
        task=task.rpartition("@")[2].rpartition("/")[2].removesuffix(".py"),
        system=system,
        version=options.version,
        origin=options.origin or "exam",
        created=spec.created,
        scorer=_scorer_name(header.results),
        tags={name: value for name, value in tags.items() if value},
    )


def _scorer_name(results: _Results | None) -> str:
    if results is None:
        return "score"
    named = [results.scorer, *(results.scores or ()), *(results.scorers or ())]
    return next((n.name for n in named if n is not None and n.name), "score")


def _summarised(archive: ZipMembers, rows: _Rows) -> Iterator[Item]:
    line = 0
    for member in _summary_members(archive):
        try:
            summaries = decode_json(_RAW_LIST, archive.read(member))
        except (MemberError, RowError) as error:
            line += 1
            yield Rejected(line, str(error), part=member.filename)
            continue
        for raw in summaries:
            line += 1
            yield rows.item(line, raw, member.filename)


def _summary_members(archive: ZipMembers) -> list[zipfile.ZipInfo]:
    whole = archive.get("summaries.json")
    if whole is not None:
        return [whole]
    numbered = [
        (int(match[1]), m) for m in archive.members if (match := _JOURNAL.fullmatch(m.filename))
    ]
    return [member for _, member in sorted(numbered, key=itemgetter(0))]


def _excerpt(data: bytes) -> str:
    return data[:EXCERPT_BYTES].decode("utf-8", "backslashreplace")

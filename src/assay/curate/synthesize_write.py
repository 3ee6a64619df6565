"""Writing a synthetic set: chats and a table for trainers, what was not kept with reasons, and the card.

    set/
        chat.jsonl          {"messages": [{"role": "user", ...}, {"role": "assistant", ...}]}, one example a line
        examples.parquet    the same, with where each comes from
        not-kept.jsonl      every other answer, with its reason
        card.json README.md what the set is, and how pure

The folder is put in place whole. The same answers and verdicts give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assay.curate.checkpoint import sync_folder, told_when_full, write_synced
from assay.curate.synthesize_choose import KEPT, Chosen, Decided

SET = "set"
CHAT, TABLE, NOT_KEPT, CARD, README = (
    "chat.jsonl",
    "examples.parquet",
    "not-kept.jsonl",
    "card.json",
    "README.md",
)
_LINE_ENDS = ("\x85", "\u2028", "\u2029")
_PART, _OLD = ".assay-part", ".assay-old"
_STRINGS = (
    "task_id", "trace_id", "system", "version", "model", "seed", "question", "output", "difficulty", "verdicts",
    "digest",
)  # fmt: skip


def example_digest(one: Decided) -> str:
    """Return the digest of an example: SHA-256 of its line in `chat.jsonl`."""
    return hashlib.sha256(chat_line(one)).hexdigest()


def chat_line(one: Decided) -> bytes:
    """Return an example as a line for trainers."""
    return json_line(
        {"messages": [{"role": role, "content": text} for role, text in _messages(one)]}
    )


def json_line(value: object) -> bytes:
    """Return a line of JSON that no reader takes for two: other line ends than the last one are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for end in _LINE_ENDS:
        text = text.replace(end, f"\\u{ord(end):04x}")
    return text.encode() + b"\n"


def set_files(chosen: Chosen, system: str, version: str) -> dict[str, bytes]:
    """Return the files of a set but for its card: name -> content."""
    kept = chosen.of(KEPT)
    return {
        CHAT: b"".join(map(chat_line, kept)),
        TABLE: _parquet(kept, system, version),
        NOT_KEPT: b"".join(_not_kept(one) for one in chosen.decided if one.outcome != KEPT),
    }


def write_set(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a set in place of one that may be there; at every moment one of them is whole.

    Parameters
    ----------
    folder
        The synthesis's folder.
    files
        Name -> content.

    Raises
    ------
    DiskFull
        If there is no room; the set before stays.
    """
    place = folder / SET
    part, old = folder / f"{SET}{_PART}", folder / f"{SET}{_OLD}"
    with told_when_full(folder):
        mend_set(folder)
        if _same(place, files):
            return
        part.mkdir()
        try:
            for name, content in files.items():
                write_synced(part / name, content)
            sync_folder(part)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        if place.exists():
            place.replace(old)
        part.replace(place)
        sync_folder(folder)
        shutil.rmtree(old, ignore_errors=True)


def mend_set(folder: Path) -> None:
    """Put back the set that a process which was killed has moved away, and remove what it had not finished."""
    place, old = folder / SET, folder / f"{SET}{_OLD}"
    shutil.rmtree(folder / f"{SET}{_PART}", ignore_errors=True)
    if old.exists():
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.replace(place)


def _same(place: Path, files: Mapping[str, bytes]) -> bool:
    if not place.is_dir() or {path.name for path in place.iterdir()} != set(files):
        return False
    return all((place / name).read_bytes() == content for name, content in files.items())


def _messages(one: Decided) -> Iterable[tuple[str, str]]:
    return (*one.candidate.messages, ("assistant", one.candidate.output))


def _not_kept(one: Decided) -> bytes:
    found = one.candidate
    row = {
        "task_id": found.task_id,
        "sample": found.sample,
        "trace_id": found.trace_id,
        "outcome": one.outcome,
        "why": one.why,
        "difficulty": one.bucket,
        "question": found.question,
        "output": found.output,
        "verdicts": [verdict.to_json() for verdict in one.verdicts],
    }
    return json_line(row)


def _parquet(kept: Sequence[Decided], system: str, version: str) -> bytes:
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    rows = [_provenance(one, system, version) for one in kept]
    columns = {"messages": _message_lists(kept)}
    for name in _STRINGS:
        columns[name] = Array([row[name] for row in rows], DataType.utf8())
    columns["sample"] = Array([one.candidate.sample for one in kept], DataType.int64())
    # Seconds are in the ledger: here they would make the same answers another file.
    columns["cost_usd"] = Array([one.candidate.cost_usd for one in kept], DataType.float64())
    stream = io.BytesIO()
    write_parquet(Table.from_pydict(columns), stream, compression="zstd(3)")
    return stream.getvalue()


def _provenance(one: Decided, system: str, version: str) -> dict[str, str]:
    found = one.candidate
    return {
        "task_id": found.task_id,
        "trace_id": found.trace_id,
        "system": system,
        "version": version,
        "model": found.model,
        "seed": found.seed,
        "question": found.question,
        "output": found.output,
        "difficulty": one.bucket,
        "verdicts": json.dumps([verdict.to_json() for verdict in one.verdicts], ensure_ascii=False),
        "digest": example_digest(one),
    }


def _message_lists(kept: Sequence[Decided]) -> object:
    """Return the chats as a column of lists of {role, content}, which trainers read as it is."""
    from arro3.core import Array, DataType, Field, list_array, struct_array

    ends, roles, texts = [0], [], []
    for one in kept:
        for role, text in _messages(one):
            roles.append(role)
            texts.append(text)
        ends.append(len(roles))
    fields = [Field(name, DataType.utf8(), nullable=True) for name in ("role", "content")]
    parts = [Array(values, DataType.utf8()) for values in (roles, texts)]
    return list_array(Array(ends, DataType.int32()), struct_array(parts, fields=fields))
